#include "support.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace fuzz {

namespace {

constexpr char kPoison = 0x5a;

// RFC 3629, as far as lengths go: the library echoes what its JSON parser has checked.
bool is_utf8(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xc2 ? 0
                               : first < 0xe0 ? 2
                               : first < 0xf0 ? 3
                               : first < 0xf5 ? 4
                                              : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0u) != 0x80u) return false;
    }
    i += length;
  }
  return true;
}

void ask(const sched_scheduler* scheduler) {
  sched_method_info info = SCHED_METHOD_INFO_INIT;
  demand(sched_method_at(sched_method(scheduler), &info) == SCHED_OK, "a scheduler has a method");
  for (std::int32_t i = 0; i < sched_warning_count(scheduler); ++i) {
    check_sentence(sched_warning(scheduler, i));
  }
  demand(sched_warning(scheduler, sched_warning_count(scheduler)) == nullptr, "no more warnings");
  for (std::int32_t i = 0; i < sched_quirk_count(scheduler); ++i) {
    demand(sched_quirk_description(sched_quirk(scheduler, i)) != nullptr, "a quirk is described");
  }
}

void check_weights(const sched_weights& weights) {
  demand(weights.rows >= 2 && weights.rows <= SCHED_WEIGHTS_ROWS, "rows fit into the struct");
  demand(weights.draws >= 0 && weights.draws <= 2, "a call takes up to two draws");
  for (std::int32_t row = 0; row < weights.rows; ++row) {
    for (const double weight : weights.weight[row]) {
      demand(std::isfinite(weight), "every weight is finite");
    }
  }
  for (const double weight : weights.denoised) demand(std::isfinite(weight), "x0 is finite");
}

void ask_calls(sched_state* state) {
  const std::int64_t calls = sched_num_calls(state);
  demand(calls > 0 || calls == -2, "a loop has calls");
  for (std::int64_t i = 0; i < calls && i < 64; ++i) {
    sched_call call = SCHED_CALL_INIT;
    demand(sched_call_at(state, i, &call) == SCHED_OK, "each call is described");
    demand(!std::isnan(call.timestep) && std::isfinite(call.alpha) && std::isfinite(call.sigma) &&
               std::isfinite(call.input_scale),
           "the numbers of a call are numbers");
    demand(call.needs_model == (call.needs_model & 1) && call.step >= 0, "a call says its step");
    sched_weights weights{};
    weights.struct_size = sizeof weights;
    const sched_status status = sched_step_weights(state, i, &weights);
    demand(status == SCHED_OK || status == SCHED_ERROR_UNSUPPORTED, "weights are to be had");
    if (status == SCHED_OK) check_weights(weights);
  }
}

using GetList = sched_status (*)(const sched_state*, double*, std::int64_t, std::int64_t*);

void ask_list(const sched_state* state, GetList get) {
  std::int64_t count = 0;
  const sched_status status = get(state, nullptr, 0, &count);
  if (status == SCHED_ERROR_UNSUPPORTED) return;
  demand(status == SCHED_OK && count > 0, "a list has a length");
  std::vector<double> list(static_cast<std::size_t>(count));
  demand(get(state, list.data(), count - 1, nullptr) == SCHED_ERROR_CAPACITY, "too small");
  demand(get(state, list.data(), count, nullptr) == SCHED_OK, "a list fits into its length");
  for (const double value : list) demand(!std::isnan(value), "a list has no NaN");
}

}  // namespace

void demand(bool holds, const char* sentence) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: this does not hold: %s\n", sentence);
  std::abort();
}

Message::Message() : text_(300, kPoison) {}

std::string Message::text() const {
  if (text_[0] == kPoison) return "";
  const void* const end = std::memchr(text_.data(), '\0', text_.size());
  demand(end != nullptr, "a message is ended by a zero");
  return text_.data();
}

void check_status(sched_status status) {
  if (status == SCHED_ERROR_INTERNAL) demand(false, "no call finds a bug in the library");
  demand(*sched_status_name(status) == 'S', "a status has a name");
}

void check_sentence(const std::string& sentence) {
  demand(!sentence.empty(), "a failure has a sentence");
  demand(is_utf8(sentence), "a sentence is UTF-8");
}

void check_state_call(const sched_state* state, sched_status status) {
  check_status(status);
  if (status != SCHED_OK) check_sentence(sched_last_error(state));
}

// Where FUZZ_VERBOSE is set, what an input means.
bool is_verbose() {
  static const bool is_set = std::getenv("FUZZ_VERBOSE") != nullptr;
  return is_set;
}

void show(std::string_view config) {
  if (!is_verbose()) return;
  std::fprintf(stderr, "config %.*s\n", static_cast<int>(config.size()), config.data());
}

Scheduler create(std::string_view config, bool lenient, Message& message) {
  show(config);
  const std::vector<char> text(config.begin(), config.end());
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.lenient = lenient ? 1 : 0;
  options.message = message.data();
  options.message_capacity = message.capacity();
  sched_scheduler* made = nullptr;
  const sched_status status = sched_create(text.data(), text.size(), &options, &made);
  check_status(status);
  demand((status == SCHED_OK) == (made != nullptr), "a scheduler is made where create succeeds");
  if (status != SCHED_OK) {
    check_sentence(message.text());
    return nullptr;
  }
  Scheduler scheduler(made);
  ask(made);
  return scheduler;
}

State init(const sched_scheduler* scheduler, sched_init_options options, sched_status& status) {
  Message message;
  options.message = message.data();
  options.message_capacity = message.capacity();
  sched_state* made = nullptr;
  if (is_verbose()) {
    std::fprintf(stderr, "init num_steps %d, begin_step %d, end_step %d, %d timesteps, %d sigmas\n",
                 options.num_steps, options.begin_step, options.end_step, options.timesteps_count,
                 options.sigmas_count);
  }
  status = sched_init(scheduler, &options, &made);
  check_status(status);
  demand((status == SCHED_OK) == (made != nullptr), "a state is made where init succeeds");
  if (status == SCHED_ERROR_STRUCT_SIZE) return nullptr;
  if (status != SCHED_OK) check_sentence(message.text());
  return State(made);
}

void ask(sched_state* state) {
  demand(sched_batch(state) > 0 && sched_elements(state) > 0, "a loop has a shape");
  demand(sched_num_steps(state) > 0, "a loop has steps");
  demand(sched_state_bytes(state) > 0 && sched_can_continue(state) == 1, "a loop is there");
  demand(std::isfinite(sched_init_noise_sigma(state)), "the first sample is finite");
  demand(std::isfinite(sched_input_scale(state)), "the next input is finite");
  demand(sched_next_draws(state) >= 0 && sched_next_draws(state) <= 2, "up to two draws");
  ask_calls(state);
  for (const GetList get : {sched_timesteps, sched_sigmas, sched_levels}) ask_list(state, get);
}

std::size_t width_of(std::int32_t dtype) {
  return dtype == SCHED_F64 ? 8 : dtype == SCHED_F32 ? 4 : 2;
}

Tensor::Tensor(std::int32_t dtype, std::int64_t batch, std::int64_t elements)
    : bytes_(static_cast<std::size_t>(batch * elements) * width_of(dtype),
             static_cast<std::uint8_t>(kPoison)),
      tensor_{sizeof(sched_tensor), dtype, bytes_.data(), batch, elements} {}

void Tensor::fill(std::uint32_t seed) {
  const std::size_t width = width_of(tensor_.dtype);
  for (std::size_t i = 0; i < bytes_.size() / width; ++i) {
    seed = seed * 1664525u + 1013904223u;
    const double value = static_cast<std::int32_t>(seed) / 1073741824.0;
    const auto single = static_cast<float>(value);
    std::uint32_t bits = 0;
    std::memcpy(&bits, &single, sizeof bits);
    // binary16 of a number between 2^-14 and 2^15, cut; smaller ones become zero.
    const std::uint32_t exponent = bits >> 23 & 0xffu;
    const std::uint32_t half = (bits >> 16 & 0x8000u) |
                               (exponent < 113 ? 0 : (exponent - 112) << 10 | (bits >> 13 & 1023u));
    const auto bfloat = static_cast<std::uint16_t>(bits >> 16);
    const auto half16 = static_cast<std::uint16_t>(half);
    const void* from = &single;
    if (tensor_.dtype == SCHED_F64) from = &value;
    if (tensor_.dtype == SCHED_F16) from = &half16;
    if (tensor_.dtype == SCHED_BF16) from = &bfloat;
    std::memcpy(&bytes_[i * width], from, width);
  }
}

std::vector<std::uint8_t> save(sched_state* state) {
  std::uint64_t size = 0;
  demand(sched_save(state, nullptr, 0, &size) == SCHED_OK, "a state says its size");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  demand(sched_save(state, bytes.data(), size, nullptr) == SCHED_OK, "a state is saved");
  return bytes;
}

}  // namespace fuzz
