// Numbers that are no ordinary ones: NaN and infinity stay where they are, denormals count, halves
// overflow to infinity, and the caller's rounding and flushing are respected and left alone.

#include <cfenv>
#include <limits>

#include "support.hpp"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace sched_test {
namespace {

constexpr std::size_t kDirty = 37 + 5;  // element 5 of the second item

bool has_quantile(sched_state* state) {
  sched_weights w = {};
  w.struct_size = sizeof w;
  return sched_step_weights(state, 0, &w) == SCHED_OK && w.clip == SCHED_CLIP_QUANTILE;
}

class Numbers : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(All, Numbers, testing::ValuesIn(configs_without(kNorms | kAdaptive)),
                         CaseName());

// What one loop does with a sample that has one bad value, beside the same loop without it.
void compare_loops(const Config& config, const sched_init_options& options, double bad) {
  const State clean = start(config, options);
  const State dirty = start(config, options);
  // Dynamic thresholding looks at all of an item.
  if (has_quantile(clean.get())) return;
  Tensor sample = first_sample(clean.get(), options);
  Tensor spoilt = sample;
  spoilt.set(kDirty, bad);
  int seen = 0;
  while (is_next(clean.get())) {
    Tensor next = sample, bad_next = sample;
    Step good(clean.get(), config, sample, next);
    Step worse(dirty.get(), config, spoilt, bad_next);
    good.run();
    worse.run();
    for (std::size_t i = 0; i < next.size(); ++i) {
      if (i == kDirty) continue;
      ASSERT_EQ(next.at(i), bad_next.at(i)) << kernel_name(options.kernel) << " element " << i;
    }
    const double touched = bad_next.at(kDirty);
    if (std::isnan(bad)) {
      // Unless this call has no use for the sample.
      EXPECT_TRUE(std::isnan(touched) || touched == next.at(kDirty)) << touched;
    }
    seen += std::isfinite(touched) ? 0 : 1;
    sample = next;
    spoilt = bad_next;
  }
  EXPECT_TRUE(seen > 0 || !std::isnan(bad)) << "no call has used the sample";
}

TEST_P(Numbers, StayInTheElementsThatTheyTouch) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    for (std::int32_t dtype : {SCHED_F32, SCHED_F16, SCHED_BF16}) {
      for (double bad :
           {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        sched_init_options options = options_for(config);
        options.kernel = kernel;
        options.dtype = dtype;
        compare_loops(config, options, bad);
      }
    }
  }
}

// A step of a plain method on values of the caller's, the same in every element.
Tensor step_of(const Config& config, std::int32_t kernel, std::int32_t dtype, double sample_value,
               double prediction_value) {
  sched_init_options options = options_for(config);
  options.kernel = kernel;
  options.dtype = dtype;
  const State state = start(config, options);
  Tensor sample(dtype, 2, 37), prediction(dtype, 2, 37), next(dtype, 2, 37);
  sample.fill(sample_value);
  prediction.fill(prediction_value);
  step(state.get(), sample, prediction, next);
  return next;
}

TEST(SmallNumbers, AreNotFlushed) {
  const Config& config = config_named("ddim_no_clip");
  const double smallest = std::ldexp(1.0, -149);
  for (std::int32_t kernel : kernels()) {
    const double expected =
        step_of(config, SCHED_KERNEL_REFERENCE, SCHED_F64, 1e-40, 0.0).at(kDirty);
    ASSERT_GT(expected, 100 * smallest);
    ASSERT_LT(expected, std::ldexp(1.0, -126));
    EXPECT_NEAR(step_of(config, kernel, SCHED_F32, 1e-40, 0.0).at(kDirty), expected, smallest)
        << kernel_name(kernel);
  }
}

TEST(LargeNumbers, OfFloat16BecomeInfinite) {
  const Config& config = config_named("flow");
  for (std::int32_t kernel : kernels()) {
    for (double sign : {1.0, -1.0}) {
      // The velocity points away from zero, so the step goes beyond 65504.
      const Tensor next = step_of(config, kernel, SCHED_F16, sign * 60000.0, sign * -60000.0);
      EXPECT_EQ(next.at(kDirty), sign * std::numeric_limits<double>::infinity())
          << kernel_name(kernel);
      const Tensor wide = step_of(config, kernel, SCHED_BF16, sign * 60000.0, sign * -60000.0);
      EXPECT_TRUE(std::isfinite(wide.at(kDirty))) << kernel_name(kernel);
    }
  }
}

#if defined(__SSE2__)
// Without the flags that say what has happened.
unsigned control_bits() { return _mm_getcsr() & ~0x3fu; }
constexpr unsigned kFlush = 0x8040;  // results and inputs
#else
unsigned control_bits() { return 0; }
#endif

TEST(FloatingPointEnvironment, IsAsTheCallerLeftIt) {
  const Config& config = config_named("dpm_sde");
  for (std::int32_t kernel : kernels()) {
    for (int rounding : {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
      sched_init_options options = options_for(config);
      options.kernel = kernel;
      options.elements = 5000;
      const State state = start(config, options);
      const Tensor sample = first_sample(state.get(), options);
      const Tensor prediction = predict(config, sample, 500.0);
      Tensor next = sample;
      std::fesetround(rounding);
#if defined(__SSE2__)
      _mm_setcsr(_mm_getcsr() | kFlush);
#endif
      const unsigned before = control_bits();
      step(state.get(), sample, prediction, next);
      const unsigned after = control_bits();
      const int rounding_after = std::fegetround();
#if defined(__SSE2__)
      _mm_setcsr(_mm_getcsr() & ~kFlush);
#endif
      std::fesetround(FE_TONEAREST);
      EXPECT_EQ(after, before) << kernel_name(kernel);
      EXPECT_EQ(rounding_after, rounding) << kernel_name(kernel);
    }
  }
}

#if defined(__SSE2__)
TEST(FloatingPointEnvironment, FlushingIsRespected) {
  const Config& config = config_named("ddim_no_clip");
  for (std::int32_t kernel : kernels()) {
    if (kernel == SCHED_KERNEL_VULKAN || kernel == SCHED_KERNEL_REFERENCE) continue;
    _mm_setcsr(_mm_getcsr() | kFlush);
    const Tensor flushed = step_of(config, kernel, SCHED_F32, 1e-40, 0.0);
    _mm_setcsr(_mm_getcsr() & ~kFlush);
    EXPECT_EQ(flushed.at(kDirty), 0.0) << kernel_name(kernel);
  }
}
#endif

}  // namespace
}  // namespace sched_test
