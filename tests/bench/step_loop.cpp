#include "step_loop.hpp"

#include <algorithm>
#include <stdexcept>

namespace {

// History is complete by then; the ends of a loop have lower orders.
constexpr int kStart = 24, kEnd = 8;
constexpr int kLeast = 8;

std::vector<char> saved_bytes(sched_state* state) {
  uint64_t size = 0;
  sched_save(state, nullptr, 0, &size);
  std::vector<char> bytes(size);
  if (sched_save(state, bytes.data(), size, nullptr) != SCHED_OK) {
    throw std::runtime_error(sched_last_error(state));
  }
  return bytes;
}

}  // namespace

SchedulerHandle create_scheduler(const std::string& config) {
  char message[1024] = "";
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.message = message;
  options.message_capacity = sizeof message;
  sched_scheduler* scheduler = nullptr;
  if (sched_create(config.data(), config.size(), &options, &scheduler) != SCHED_OK) {
    throw std::runtime_error(message);
  }
  return {scheduler, sched_free};
}

StateHandle init_state(const sched_scheduler* scheduler, const LoopSpec& spec) {
  char message[1024] = "";
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = spec.steps;
  options.elements = spec.elements;
  options.dtype = spec.dtype;
  options.kernel = spec.kernel;
  options.threads = spec.threads;
  options.history_dtype = spec.history;
  options.message = message;
  options.message_capacity = sizeof message;
  sched_state* state = nullptr;
  if (sched_init(scheduler, &options, &state) != SCHED_OK) throw std::runtime_error(message);
  return {state, sched_state_free};
}

int64_t bytes_of(sched_dtype dtype) { return dtype == SCHED_F32 ? 4 : 2; }

sched_tensor tensor_at(void* data, const LoopSpec& spec) {
  sched_tensor tensor = SCHED_TENSOR_INIT;
  tensor.dtype = spec.dtype;
  tensor.data = data;
  tensor.elements = spec.elements;
  return tensor;
}

StepLoop::StepLoop(const LoopSpec& spec)
    : spec_(spec), state_(init_state(create_scheduler(spec.config).get(), spec)) {
  const auto calls = static_cast<int>(sched_num_calls(state_.get()));
  if (calls < 0) throw std::runtime_error("the method chooses its steps as it goes");
  const int first = std::min(kStart, calls / 3), last = calls - std::min(kEnd, calls / 6);
  if (last - first < kLeast) {
    throw std::runtime_error("a loop of " + std::to_string(calls) + " calls has no middle");
  }
  middle_ = longest_stretch(state_.get(), first, last);
  is_cfg_pp_ = reads(middle_.cycle, kUnconditionalArray);
  for (int64_t index = 0; index < calls; ++index) {
    sched_call call = SCHED_CALL_INIT;
    check(sched_call_at(state_.get(), index, &call));
    needs_model_.push_back(call.needs_model != 0);
  }
}

void StepLoop::check(sched_status status) const {
  if (status != SCHED_OK) throw std::runtime_error(sched_last_error(state_.get()));
}

void StepLoop::bind(void* sample, void* prediction, void* next, void* unconditional) {
  sample_ = tensor_at(sample, spec_);
  prediction_ = tensor_at(prediction, spec_);
  next_ = tensor_at(next, spec_);
  unconditional_ = tensor_at(unconditional, spec_);
}

void StepLoop::begin(void* sample, void* prediction, void* next, void* unconditional) {
  bind(sample, prediction, next, unconditional);
  while (next_call_ < middle_.first) step();
  saved_ = saved_bytes(state_.get());
}

void StepLoop::prepare(int count) {
  if (middle_.last - next_call_ >= count) return;
  check(sched_load(state_.get(), saved_.data(), saved_.size()));
  next_call_ = middle_.first;
}

void StepLoop::step() {
  if (is_cfg_pp_) {
    sched_step_args args = SCHED_STEP_ARGS_INIT;
    args.unconditional = &unconditional_;
    step_wide(args);
    return;
  }
  const bool asks = needs_model_[static_cast<std::size_t>(next_call_++)];
  check(sched_step(state_.get(), &sample_, asks ? &prediction_ : nullptr, &next_));
}

void StepLoop::step_wide(sched_step_args args) {
  args.sample = &sample_;
  args.prediction = &prediction_;
  args.next = &next_;
  ++next_call_;
  check(sched_step_wide(state_.get(), &args));
}

std::shared_ptr<StepLoop> plain_loop(const std::string& config, int64_t elements) {
  LoopSpec spec;
  spec.config = config;
  spec.elements = elements;
  return std::make_shared<StepLoop>(spec);
}

Contestant step_contestant(const std::string& name, const std::shared_ptr<StepLoop>& loop) {
  const auto run = [loop](int count) {
    for (int i = 0; i < count; ++i) loop->step();
  };
  return {name, run, [loop](int count) { loop->prepare(count); }, loop->most(), nullptr};
}
