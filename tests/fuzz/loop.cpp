#include "loop.hpp"

#include <cstring>

namespace fuzz {

namespace {

class Runner {
 public:
  Runner(sched_state* state, std::int32_t dtype, Bytes& choices)
      : state_(state),
        choices_(choices),
        sample_(dtype, sched_batch(state), sched_elements(state)),
        mask_(sample_),
        original_(sample_),
        prediction_(dtype, sched_batch(state), sched_prediction_elements(state)),
        unconditional_(prediction_) {
    mask_.fill(1);
    original_.fill(2);
  }

  void run(std::int64_t most);

 private:
  void step(const sched_call& call);
  void add_options(unsigned what, const sched_call& call, sched_step_args& args);
  bool needs_mask();
  bool needs_unconditional(sched_status status) const;
  void save_and_load();

  // Copies of a tensor would point to the memory of the first.
  struct Own : Tensor {
    Own(std::int32_t dtype, std::int64_t batch, std::int64_t elements)
        : Tensor(dtype, batch, elements) {}
    Own(Own& like) : Tensor(like.get()->dtype, like.get()->batch, like.get()->elements) {}
  };

  sched_state* state_;
  Bytes& choices_;
  Own sample_, mask_, original_, prediction_, unconditional_;
  bool is_noise_ours_ = false;
};

void Runner::run(std::int64_t most) {
  const sched_status begun = sched_initial_noise(state_, sample_.get());
  // Where the normals are the caller's.
  is_noise_ours_ = begun == SCHED_ERROR_OPTION;
  demand(begun == SCHED_OK || is_noise_ours_, "a loop begins with noise");
  if (is_noise_ours_) sample_.fill(choices_.byte());
  for (std::int64_t i = 0; i < most; ++i) {
    sched_call call = SCHED_CALL_INIT;
    const sched_status status = sched_next_call(state_, &call);
    check_state_call(state_, status);
    if (status == SCHED_ERROR_FINISHED) break;
    demand(status == SCHED_OK, "the next call is described");
    const std::int64_t before = sched_calls_done(state_);
    step(call);
    if (sched_calls_done(state_) == before) break;
    demand(sched_calls_done(state_) == before + 1, "a step is one call");
    if (choices_.is_rare(8)) save_and_load();
  }
}

// Where the weights say that a row is the known part.
bool Runner::needs_mask() {
  sched_weights weights{};
  weights.struct_size = sizeof weights;
  if (sched_step_weights(state_, sched_calls_done(state_), &weights) != SCHED_OK) return false;
  for (std::int32_t row = 0; row < weights.rows; ++row) {
    if (weights.output[row] == SCHED_OUTPUT_KNOWN) return true;
  }
  return false;
}

// The sentence of a step that was refused says what to pass.
bool Runner::needs_unconditional(sched_status status) const {
  return status == SCHED_ERROR_ARGUMENT &&
         std::strstr(sched_last_error(state_), "pass it as `unconditional`") != nullptr;
}

void Runner::add_options(unsigned what, const sched_call& call, sched_step_args& args) {
  if (call.needs_model != 0) args.prediction = prediction_.get();
  if (needs_mask() || (what & 15u) == 1) {
    args.mask = mask_.get();
    args.original = original_.get();
    if (is_noise_ours_ && !needs_mask()) args.known_noise = original_.get();
  }
  for (int i = 0; is_noise_ours_ && i < call.draws; ++i) args.noise[i] = original_.get();
  if ((what & 15u) == 2 && call.needs_model != 0) {
    args.unconditional = unconditional_.get();
    args.guidance_scale = 7.5;
  }
  args.without_noise = (what & 15u) == 3 ? 1 : 0;
}

void Runner::step(const sched_call& call) {
  const unsigned what = choices_.byte();
  prediction_.fill(what);
  unconditional_.fill(what + 1);
  Own next(sample_), denoised(sample_), input(sample_);
  const Own untouched(sample_);
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  args.sample = sample_.get();
  args.next = (what & 16u) != 0 ? sample_.get() : next.get();
  if ((what & 32u) != 0 && call.needs_model != 0) args.denoised = denoised.get();
  if ((what & 64u) != 0) args.next_input = input.get();
  add_options(what, call, args);
  sched_status status = sched_step_wide(state_, &args);
  check_state_call(state_, status);
  if (args.unconditional == nullptr && needs_unconditional(status)) {
    args.unconditional = unconditional_.get();
    status = sched_step_wide(state_, &args);
    check_state_call(state_, status);
  }
  if (status == SCHED_OK) {
    if (args.next == next.get()) {
      std::memcpy(sample_.get()->data, next.get()->data, next.bytes().size());
    }
    return;
  }
  demand(status == SCHED_ERROR_NOT_FINITE, "a step fails only where norms are not finite");
  for (const Own* output : {&next, &denoised, &input}) {
    demand(output->bytes() == untouched.bytes(), "a step that failed wrote nothing");
  }
}

void Runner::save_and_load() {
  const std::vector<std::uint8_t> bytes = save(state_);
  sched_state* copy = nullptr;
  demand(sched_clone(state_, &copy) == SCHED_OK, "a state is cloned");
  const State owned(copy);
  demand(save(copy) == bytes, "a clone saves the same bytes");
  demand(sched_load(state_, bytes.data(), bytes.size()) == SCHED_OK, "what was saved is loaded");
  demand(save(state_) == bytes, "what was loaded is saved the same");
}

}  // namespace

void run(sched_state* state, std::int32_t dtype, Bytes& choices, std::int64_t most) {
  Runner(state, dtype, choices).run(most);
}

}  // namespace fuzz
