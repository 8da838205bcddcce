// sched_step() and sched_step_wide() allocate nothing, as the manual promises.

#include "count_allocations.hpp"
#include "parallel_fors.hpp"
#include "support.hpp"

namespace sched_test {
namespace {

class Allocations : public testing::TestWithParam<Config> {
 protected:
  void SetUp() override {
    if (!kCountsAllocations) GTEST_SKIP() << "AddressSanitizer owns malloc";
  }
};

// The counter sees the library's own allocations, or the other tests would prove nothing.
TEST(Counter, SeesTheLibrary) {
  if (!kCountsAllocations) GTEST_SKIP() << "AddressSanitizer owns malloc";
  const Config& config = config_named("dpm");
  const sched_init_options options = options_for(config);
  const Scheduler scheduler = create(config.json);
  sched_state* state = nullptr;
  EXPECT_GT(allocations_of([&] { (void)sched_init(scheduler.get(), &options, &state); }), 0);
  sched_state_free(state);
  EXPECT_EQ(allocations_of([] {}), 0);
  void* volatile p = nullptr;
  EXPECT_EQ(allocations_of([&] { p = std::malloc(10); }), 1);
  std::free(p);
}

INSTANTIATE_TEST_SUITE_P(All, Allocations, testing::ValuesIn(every_config()), CaseName());
INSTANTIATE_TEST_SUITE_P(Generators, Allocations, testing::ValuesIn(generator_configs()),
                         CaseName());

// Large enough for tiles and, where there are any, for threads; the halves go the same ways.
constexpr std::int64_t kElements = 20011;
constexpr std::int64_t kHalfElements = 5011;

void expect_none_in_steps(const Config& config, const sched_init_options& options) {
  const State state = start(config, options);
  Tensor sample = first_sample(state.get(), options);
  Tensor next = sample;
  while (is_next(state.get())) {
    Step step(state.get(), config, sample, next);
    sched_status status = SCHED_OK;
    const long count = allocations_of([&] { status = step.try_run(); });
    ASSERT_EQ(status, SCHED_OK) << sched_last_error(state.get());
    ASSERT_EQ(count, 0) << kernel_name(options.kernel) << " dtype " << options.dtype << " call "
                        << sched_calls_done(state.get());
    std::swap(sample, next);
  }
}

TEST_P(Allocations, NoneInStep) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    for (std::int32_t dtype : {SCHED_F32, SCHED_F16, SCHED_BF16}) {
      sched_init_options options = options_for(config);
      options.kernel = kernel;
      options.dtype = dtype;
      options.elements = dtype == SCHED_F32 ? kElements : kHalfElements;
      expect_none_in_steps(config, options);
    }
  }
}

TEST_P(Allocations, NoneInWideStep) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    options.elements = kElements;
    const State state = start(config, options);
    Tensor sample = first_sample(state.get(), options);
    Tensor next = sample, denoised = sample, input = sample, noise = sample;
    while (is_next(state.get())) {
      Step step(state.get(), config, sample, next);
      step.use_mask();
      const Tensor other = predict(config, sample, step.call.timestep + 10.0);
      const sched_tensor views[] = {other.view(), noise.view()};
      sched_tensor out[] = {denoised.view(), input.view()};
      step.args.unconditional = &views[0];
      step.args.guidance_scale = 5.0;
      if (step.call.needs_model != 0) step.args.denoised = &out[0];
      step.args.next_input = &out[1];
      for (int draw = 0; draw < step.call.draws; ++draw) step.args.noise[draw] = &views[1];
      sched_status status = SCHED_OK;
      const long count = allocations_of([&] { status = step.try_run(); });
      ASSERT_EQ(status, SCHED_OK) << sched_last_error(state.get());
      ASSERT_EQ(count, 0) << kernel_name(kernel) << " call " << sched_calls_done(state.get());
      std::swap(sample, next);
    }
  }
}

// On the pool's threads, and on those of a caller.
TEST(ThreadedAllocations, NoneInStep) {
  for (const char* name : {"dpm_sde", "dpm", "ddpm_learned"}) {
    for (std::int32_t kernel : {SCHED_KERNEL_FUSED, SCHED_KERNEL_REFERENCE}) {
      for (sched_parallel_for parallel_for : {sched_parallel_for(nullptr), callers::in_order}) {
        Caller caller;
        sched_init_options options = options_for(config_named(name));
        options.kernel = kernel;
        options.num_steps = 3;
        options.elements = 600011;
        options.threads = 3;
        options.parallel_for = parallel_for;
        options.parallel_context = parallel_for == nullptr ? nullptr : &caller;
        expect_none_in_steps(config_named(name), options);
        EXPECT_EQ(caller.calls > 0, parallel_for != nullptr) << name;
      }
    }
  }
}

void expect_none_in_grouped_step(const Config& config, std::int32_t kernel) {
  sched_init_options options = options_for(config);
  options.kernel = kernel;
  options.elements = 1000;
  const State state = start(config, options);
  const Tensor sample = first_sample(state.get(), options);
  Tensor next = sample;
  const std::vector<double> loop_times = timesteps(state.get());
  const std::vector<double> times(2 * 100, loop_times[1]);
  const sched_tensor view = sample.view();
  sched_tensor out = next.view();
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  args.sample = &view;
  args.prediction = &view;
  args.next = &out;
  args.groups = 100;
  args.group_timesteps = times.data();
  sched_status status = SCHED_OK;
  EXPECT_EQ(allocations_of([&] { status = sched_step_wide(state.get(), &args); }), 0)
      << kernel_name(kernel);
  EXPECT_EQ(status, SCHED_OK) << sched_last_error(state.get());
}

TEST_P(Allocations, NoneInGroupedStep) {
  const Config& config = GetParam();
  if (class_of(config) != "FlowMatchEulerDiscreteScheduler" || config.name == "flow_stochastic")
    return;
  for (std::int32_t kernel : kernels()) expect_none_in_grouped_step(config, kernel);
}

}  // namespace
}  // namespace sched_test
