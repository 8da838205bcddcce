// Whole loops that are recorded into the application's command buffers, against the `fused`
// kernel: the same bits where neither noise nor thresholding takes part.

#include "steps.hpp"

namespace vulkan_test {
namespace {

using Loops = Validated<testing::TestWithParam<Config>>;
INSTANTIATE_TEST_SUITE_P(Recorded, Loops, testing::ValuesIn(configs_without(kNorms)), CaseName());

State fused(const Config& config, sched_init_options options) {
  options.kernel = SCHED_KERNEL_FUSED;
  return start(config, options);
}

// The sample after each call, from the same first sample; returns the largest difference.
double run_both(const Config& config, const sched_init_options& options,
                const Arrangement& arrangement, bool exact) {
  const State host = fused(config, options);
  const State state = start(config, on(shared_context(), options));
  const Tensor sample = first_sample(host.get(), options);
  const std::vector<Tensor> expected = run(host.get(), config, sample);
  const std::vector<Tensor> got =
      run_recorded(shared_context(), state.get(), config, sample, arrangement);
  EXPECT_EQ(got.size(), expected.size());
  double worst = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (exact) {
      EXPECT_EQ(got[i], expected[i]) << arrangement << ", call " << i;
    }
    worst = std::max(worst, relative_distance(got[i], expected[i]));
  }
  return worst;
}

TEST_P(Loops, AreThoseOfTheFusedKernel) {
  const Config& config = GetParam();
  for (std::int32_t dtype : {SCHED_F32, SCHED_F16, SCHED_BF16}) {
    sched_init_options options = options_for(config);
    options.dtype = dtype;
    const bool exact = is_exact(start(config, options).get(), config);
    double worst = 0.0;
    for (const Arrangement& arrangement : every_arrangement()) {
      // Halves take the same way through all of them.
      const bool is_one = !arrangement.is_aligned && arrangement.one_buffer == (dtype == SCHED_F16);
      if (dtype != SCHED_F32 && !is_one) continue;
      worst = std::max(worst, run_both(config, options, arrangement, exact));
    }
    std::printf("dtype %d: %.1e%s\n", dtype, worst, exact ? ", exact" : "");
    EXPECT_LE(worst, bound_for(dtype));
  }
}

// Whole vectors: the way of float32 with nothing optional.
TEST_P(Loops, InWholeVectorsToo) {
  const Config& config = GetParam();
  sched_init_options options = options_for(config);
  options.elements = 64;
  options.batch = 3;
  const bool exact = is_exact(start(config, options).get(), config);
  for (const Arrangement& arrangement : every_arrangement()) {
    if (!arrangement.is_aligned) continue;
    EXPECT_LE(run_both(config, options, arrangement, exact), bound_for(SCHED_F32)) << arrangement;
  }
}

}  // namespace
}  // namespace vulkan_test
