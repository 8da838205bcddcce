// Calls of the whole ABI over several handles, valid and not, in any order.

#include <sched/sched_flat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "arena.hpp"
#include "grammar.hpp"
#include "memory.hpp"
#include "options.hpp"

namespace {

using fuzz::Arena;
using fuzz::demand;
using fuzz::FlatTensor;

struct Loop {
  fuzz::State state;
  std::int32_t dtype = SCHED_F32;
};

class Sequence {
 public:
  explicit Sequence(fuzz::Bytes& choices) : b_(choices) {}
  void run();

 private:
  using Operation = void (Sequence::*)();

  sched_scheduler* scheduler() { return schedulers_[b_.byte() % schedulers_.size()].get(); }
  Loop& loop() { return loops_[b_.byte() % loops_.size()]; }

  // Calls on the state of `loop`, perhaps with an allocation that fails; a failure changes nothing.
  template <typename Call>
  sched_status call(Loop& loop, const Arena* arena, const Call& function);

  void make_scheduler();
  void make_state();
  static sched_state* init_bare(const sched_scheduler* from, const fuzz::InitInput& asked,
                                bool is_flat, long fault, sched_status& status);
  void free_one();
  void step();
  void step_wide();
  static int channels_of(const sched_state* state);
  void add_tensors(unsigned what, const sched_state* state, Arena& arena, sched_step_args& args);
  void noise();
  void scale_input();
  void add_noise();
  void save();
  void load();
  void clone();
  void ask();
  void ask_odd();

  static sched_status step_flat(sched_state* state, const sched_step_args& args,
                                std::int64_t times_count, std::int64_t targets_count);

  fuzz::Bytes& b_;
  std::array<fuzz::Scheduler, 3> schedulers_;
  std::array<Loop, 4> loops_;
  std::vector<std::uint8_t> saved_;
};

void Sequence::run() {
  static constexpr Operation operations[] = {&Sequence::make_scheduler,
                                             &Sequence::make_state,
                                             &Sequence::step,
                                             &Sequence::step,
                                             &Sequence::step_wide,
                                             &Sequence::step_wide,
                                             &Sequence::noise,
                                             &Sequence::scale_input,
                                             &Sequence::add_noise,
                                             &Sequence::save,
                                             &Sequence::load,
                                             &Sequence::clone,
                                             &Sequence::ask,
                                             &Sequence::ask_odd,
                                             &Sequence::free_one,
                                             &Sequence::step};
  make_scheduler();
  make_state();
  for (int i = 0; i < 48 && !b_.is_empty(); ++i) {
    (this->*operations[b_.byte() % std::size(operations)])();
  }
}

template <typename Call>
sched_status Sequence::call(Loop& loop, const Arena* arena, const Call& function) {
  sched_state* const state = loop.state.get();
  const std::vector<std::uint8_t> before =
      state != nullptr ? fuzz::save(state) : std::vector<std::uint8_t>{};
  sched_status status = SCHED_OK;
  if (b_.is_rare(16)) {
    const long count = b_.byte() % 16;
    const fuzz::AllocationFault fault(count);
    status = function(state);
  } else {
    status = function(state);
  }
  fuzz::check_status(status);
  if (status == SCHED_OK) {
    if (arena != nullptr) arena->demand_only_outputs();
    return status;
  }
  if (arena != nullptr) arena->demand_untouched();
  fuzz::check_sentence(sched_last_error(state));
  if (state != nullptr) demand(fuzz::save(state) == before, "a call that failed changed nothing");
  return status;
}

// ------------------------------------------------------------------------ handles

void Sequence::make_scheduler() {
  const auto& usual = fuzz::usual_configurations();
  const std::string text = b_.is_rare(4) ? fuzz::configuration(b_) : usual[b_.index(usual.size())];
  fuzz::show(text);
  fuzz::Scheduler& place = schedulers_[b_.byte() % schedulers_.size()];
  // No fault here: the JSON library allocates in its destructors, and ends the process.
  const unsigned how = b_.byte();
  const std::int32_t lenient = (how & 128u) != 0 ? 1 : 0;
  fuzz::Message message;
  if ((how & 16u) != 0) {
    std::int32_t status = 1;
    place.reset(sched_flat_create(text.data(), static_cast<std::int64_t>(text.size()), lenient,
                                  message.data(), static_cast<std::int64_t>(message.capacity()),
                                  &status));
    fuzz::check_status(static_cast<sched_status>(status));
    demand((status == SCHED_OK) == (place != nullptr), "a status goes with its handle");
    return;
  }
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.lenient = lenient;
  sched_scheduler* made = nullptr;
  const sched_status status = sched_create(text.data(), text.size(), &options, &made);
  fuzz::check_status(status);
  place.reset(made);
}

// sched_init() or its flat form, with an allocation that fails where `fault` is not negative.
sched_state* Sequence::init_bare(const sched_scheduler* from, const fuzz::InitInput& asked,
                                 bool is_flat, long fault, sched_status& status) {
  std::optional<fuzz::AllocationFault> armed;
  if (fault >= 0) armed.emplace(fault);
  sched_init_options options = asked.options;
  if (!is_flat) {
    sched_state* made = nullptr;
    status = sched_init(from, &options, &made);
    return made;
  }
  options.timesteps = options.sigmas = nullptr;
  options.item_seeds = nullptr;
  std::int32_t flat = 1;
  sched_state* const made = sched_flat_init(
      from, &options, asked.timesteps.data(), static_cast<std::int64_t>(asked.timesteps.size()),
      asked.sigmas.data(), static_cast<std::int64_t>(asked.sigmas.size()),
      asked.seeds.empty() ? nullptr : asked.seeds.data(),
      static_cast<std::int64_t>(asked.seeds.size()), nullptr, nullptr, 0, &flat);
  status = static_cast<sched_status>(flat);
  return made;
}

void Sequence::make_state() {
  const fuzz::InitInput asked(b_);
  const sched_scheduler* from = scheduler();
  Loop& place = loop();
  const unsigned how = b_.byte();
  const long fault = how % 16 == 15 ? b_.byte() : -1;
  const bool is_flat = (how & 16u) != 0;
  sched_status status = SCHED_OK;
  if (!is_flat && fault < 0) {
    place.state = fuzz::init(from, asked.options, status);
  } else {
    place.state.reset(init_bare(from, asked, is_flat, fault, status));
  }
  fuzz::check_status(status);
  demand((status == SCHED_OK) == (place.state != nullptr), "a status goes with its handle");
  place.dtype = asked.dtype();
}

void Sequence::free_one() {
  if (b_.flag()) {
    schedulers_[b_.byte() % schedulers_.size()].reset();
  } else {
    loop().state.reset();
  }
}

void Sequence::clone() {
  Loop& from = loop();
  Loop& to = loop();
  sched_state* made = nullptr;
  const bool is_flat = b_.flag();
  const sched_status status = [&] {
    std::optional<fuzz::AllocationFault> fault;
    if (b_.is_rare(8)) fault.emplace(b_.byte() % 8);
    if (!is_flat) return sched_clone(from.state.get(), &made);
    std::int32_t flat = 1;
    made = sched_flat_clone(from.state.get(), &flat);
    return static_cast<sched_status>(flat);
  }();
  fuzz::check_status(status);
  demand((status == SCHED_OK) == (made != nullptr), "a status goes with its handle");
  if (made == nullptr) return;
  fuzz::State owned(made);
  demand(fuzz::save(made) == fuzz::save(from.state.get()), "a clone saves the same bytes");
  to.dtype = from.dtype;
  to.state = std::move(owned);
}

// -------------------------------------------------------------------------- steps

void Sequence::step() {
  Loop& on = loop();
  Arena arena(on.state.get(), on.dtype, b_);
  sched_tensor* const sample = arena.input();
  sched_tensor* const prediction = arena.input(channels_of(on.state.get()));
  sched_tensor* const next = b_.flag() ? arena.output_on(sample) : arena.output();
  if (b_.is_rare(4)) {
    const FlatTensor x(sample), f(prediction), y(next);
    call(on, &arena, [&](sched_state* state) {
      return sched_flat_step(state, x.data, x.count, x.dtype, f.data, f.count, f.dtype, y.data,
                             y.count, y.dtype);
    });
    return;
  }
  call(on, &arena, [&](sched_state* state) { return sched_step(state, sample, prediction, next); });
}

sched_status Sequence::step_flat(sched_state* state, const sched_step_args& args,
                                 std::int64_t times_count, std::int64_t targets_count) {
  const FlatTensor x(args.sample), f(args.prediction), y(args.next), u(args.unconditional),
      z0(args.noise[0]), z1(args.noise[1]), d(args.denoised), i(args.next_input), m(args.mask),
      o(args.original), k(args.known_noise);
  return sched_flat_step_wide(
      state, x.data, x.count, x.dtype, f.data, f.count, f.dtype, y.data, y.count, y.dtype, u.data,
      u.count, u.dtype, z0.data, z0.count, z0.dtype, z1.data, z1.count, z1.dtype, d.data, d.count,
      d.dtype, i.data, i.count, i.dtype, m.data, m.count, m.dtype, o.data, o.count, o.dtype, k.data,
      k.count, k.dtype, args.group_timesteps, times_count, args.group_targets, targets_count,
      args.guidance_scale, args.without_noise);
}

// 2 where the variance is learned.
int Sequence::channels_of(const sched_state* state) {
  return sched_prediction_elements(state) > sched_elements(state) ? 2 : 1;
}

void Sequence::add_tensors(unsigned what, const sched_state* state, Arena& arena,
                           sched_step_args& args) {
  sched_tensor* const sample = arena.input();
  args.sample = sample;
  if ((what & 1u) == 0) args.prediction = arena.input(channels_of(state));
  args.next = (what & 2u) != 0 ? arena.output_on(sample) : arena.output();
  if ((what & 4u) != 0) args.unconditional = arena.input(channels_of(state));
  if ((what & 4u) != 0) args.guidance_scale = b_.number();
  const int draws = (what & 8u) != 0 ? sched_next_draws(state) : 0;
  for (int i = 0; i < draws; ++i) args.noise[i] = arena.input();
  if ((what & 16u) != 0) args.denoised = arena.output();
  if ((what & 32u) != 0) args.next_input = arena.output();
  if ((what & 64u) != 0) args.mask = arena.input();
  if ((what & 64u) != 0) args.original = arena.input();
  if ((what & 0x180u) == 0x180u) args.known_noise = arena.input();
}

void Sequence::step_wide() {
  Loop& on = loop();
  Arena arena(on.state.get(), on.dtype, b_);
  const auto what = b_.raw<std::uint16_t>();
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  add_tensors(what, on.state.get(), arena, args);
  if ((what & 0xe00u) == 0x200u) args.without_noise = 1;
  if ((what & 0xe00u) == 0x400u) args.without_noise = static_cast<std::int32_t>(b_.integer());
  if ((what & 0xe00u) == 0x600u) args.struct_size = b_.raw<std::uint16_t>();
  std::vector<double> times, targets;
  if ((what & 0x3000u) == 0x1000u) {
    args.groups = 1 + b_.byte() % 4;
    const std::int64_t items = std::max<std::int64_t>(1, sched_batch(on.state.get()));
    times.resize(static_cast<std::size_t>(args.groups * items));
    for (double& time : times) time = b_.number();
    args.group_timesteps = times.data();
    if (b_.is_rare(3)) targets.resize(times.size(), b_.number());
    if (!targets.empty()) args.group_targets = targets.data();
  }
  const bool is_flat = (what & 0xc000u) == 0x4000u;
  call(on, &arena, [&](sched_state* state) {
    return is_flat ? step_flat(state, args, static_cast<std::int64_t>(times.size()),
                               static_cast<std::int64_t>(targets.size()))
                   : sched_step_wide(state, &args);
  });
}

void Sequence::noise() {
  Loop& on = loop();
  Arena arena(on.state.get(), on.dtype, b_);
  sched_tensor* const out = arena.output();
  const FlatTensor flat(out);
  const bool is_flat = b_.is_rare(4);
  call(on, &arena, [&](sched_state* state) {
    return is_flat ? sched_flat_initial_noise(state, flat.data, flat.count, flat.dtype)
                   : sched_initial_noise(state, out);
  });
}

void Sequence::scale_input() {
  Loop& on = loop();
  Arena arena(on.state.get(), on.dtype, b_);
  sched_tensor* const sample = arena.input();
  sched_tensor* const out = b_.flag() ? arena.output_on(sample) : arena.output();
  const FlatTensor x(sample), y(out);
  const bool is_flat = b_.is_rare(4);
  call(on, &arena, [&](sched_state* state) {
    return is_flat
               ? sched_flat_scale_input(state, x.data, x.count, x.dtype, y.data, y.count, y.dtype)
               : sched_scale_input(state, sample, out);
  });
}

void Sequence::add_noise() {
  Loop& on = loop();
  Arena arena(on.state.get(), on.dtype, b_);
  const std::int64_t step = b_.integer();
  sched_tensor* const original = arena.input();
  sched_tensor* const given = b_.flag() ? arena.input() : nullptr;
  sched_tensor* const out = arena.output();
  const FlatTensor x(original), z(given), y(out);
  const bool is_flat = b_.is_rare(4);
  call(on, &arena, [&](sched_state* state) {
    return is_flat ? sched_flat_add_noise(state, step, x.data, x.count, x.dtype, z.data, z.count,
                                          z.dtype, y.data, y.count, y.dtype)
                   : sched_add_noise(state, step, original, given, out);
  });
}

// ----------------------------------------------------------------- save and load

void Sequence::save() {
  Loop& on = loop();
  if (on.state == nullptr || b_.is_rare(8)) {
    std::uint8_t few[8] = {};
    std::uint64_t size = 0;
    const bool asks = b_.flag();
    call(on, nullptr, [&](sched_state* state) {
      return sched_save(state, asks ? few : nullptr, sizeof few, asks ? &size : nullptr);
    });
    return;
  }
  saved_ = fuzz::save(on.state.get());
}

void Sequence::load() {
  Loop& on = loop();
  std::vector<std::uint8_t> bytes = saved_;
  if (b_.is_rare(4) && !bytes.empty()) bytes[b_.index(bytes.size())] ^= b_.byte();
  if (b_.is_rare(4)) bytes.resize(b_.index(bytes.size() + 8));
  const auto* const data = b_.is_rare(8) ? nullptr : bytes.data();
  call(on, nullptr, [&](sched_state* state) {
    return sched_load(state, data, data == nullptr ? 0 : bytes.size());
  });
}

// ---------------------------------------------------------------------- questions

void Sequence::ask() {
  Loop& on = loop();
  if (on.state != nullptr) fuzz::ask(on.state.get());
}

void Sequence::ask_odd() {
  Loop& on = loop();
  const std::int64_t index = b_.integer();
  sched_weights weights{};
  weights.struct_size = b_.is_rare(4) ? b_.raw<std::uint16_t>() : sizeof weights;
  sched_call described = SCHED_CALL_INIT;
  if (b_.is_rare(4)) described.struct_size = b_.raw<std::uint16_t>();
  call(on, nullptr, [&](sched_state* state) { return sched_step_weights(state, index, &weights); });
  call(on, nullptr, [&](sched_state* state) { return sched_call_at(state, index, &described); });
  call(on, nullptr, [&](sched_state* state) { return sched_next_call(state, &described); });
  const double time = b_.number();
  std::int64_t step = -1;
  call(on, nullptr,
       [&](sched_state* state) { return sched_step_for_timestep(state, time, &step); });
  double list[3];
  std::int64_t count = 0;
  call(on, nullptr,
       [&](sched_state* state) { return sched_timesteps(state, list, index % 4, &count); });
  sched_call_ends_step(on.state.get(), index);
  double row[SCHED_WEIGHTS_INPUTS];
  std::int32_t output = 0;
  sched_flat_weights_row(&weights, static_cast<std::int32_t>(index), row, index % 20, &output);
  sched_flat_weights_denoised(&weights, row, index % 20);
  sched_warning(scheduler(), static_cast<std::int32_t>(index));
  sched_quirk(scheduler(), static_cast<std::int32_t>(index));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes input(data, size);
  Sequence(input).run();
  return 0;
}
