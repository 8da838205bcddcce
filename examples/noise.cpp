#include "noise.hpp"

#include <cstdio>
#include <vector>

#include "usage_error.hpp"

namespace {

constexpr std::int64_t kMostPrinted = 1000000;

// The first sample of a method whose first deviation is 1.
sched::State start(const NoiseOptions& options) {
  sched::InitOptions loop;
  loop.num_steps = 1;
  loop.elements = options.count;
  loop.seed = options.seed;
  loop.generator = options.generator;
  loop.first_sample_draw = options.draw;
  if (options.dtype == SCHED_F64) {
    loop.kernel = SCHED_KERNEL_REFERENCE;
    loop.dtype = SCHED_F64;
  }
  if (options.dtype != SCHED_F32) loop.noise_dtype = options.dtype;
  if (!options.card.empty()) loop.use_cuda_card(options.card);
  return sched::Scheduler(R"({"_class_name": "DDPMScheduler"})").init(loop);
}

template <typename Value>
void print(sched::State& state, std::int64_t count, const char* format) {
  std::vector<Value> values(static_cast<std::size_t>(count));
  state.initial_noise(values);
  for (const Value value : values) std::printf(format, static_cast<double>(value));
}

}  // namespace

int run_noise(const NoiseOptions& options) {
  if (options.count < 1 || options.count > kMostPrinted) {
    throw UsageError("--count is " + std::to_string(options.count) + "; allowed are 1 to " +
                     std::to_string(kMostPrinted));
  }
  if (options.generator == SCHED_GENERATOR_TORCH_CUDA && options.card.empty()) {
    std::string cards;
    for (std::int32_t i = 0; sched_cuda_card_name(i) != nullptr; ++i) {
      cards += (i == 0 ? "" : ", ") + std::string(sched_cuda_card_name(i));
    }
    throw UsageError("torch_cuda needs --card, one of: " + cards);
  }
  sched::State state = start(options);
  if (options.dtype == SCHED_F64) {
    print<double>(state, options.count, "%.17g\n");
  } else {
    print<float>(state, options.count, "%.9g\n");
  }
  return 0;
}
