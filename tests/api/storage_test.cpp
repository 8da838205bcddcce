// Loops in other storage and with other kernels: the same numbers, to their precision.

#include "support.hpp"

namespace sched_test {
namespace {

class StoredConfig : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(Storage, StoredConfig, testing::ValuesIn(every_config()), CaseName());

// Halves: arithmetic is float32, so a step from the same numbers differs from the float32
// step by one rounding.
TEST_P(StoredConfig, HalfStorageRoundsOnce) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    for (std::int32_t dtype : {SCHED_F16, SCHED_BF16}) {
      sched_init_options options = options_for(config);
      options.kernel = kernel;
      options.dtype = dtype;
      const State half = start(config, options);
      options.dtype = SCHED_F32;
      const State single = start(config, options);
      options.dtype = dtype;
      Tensor sample = first_sample(half.get(), options);
      // 11 and 8 bits of precision; the smallest normal half is 2^-14.
      const double precision = dtype == SCHED_F16 ? std::ldexp(1.0, -11) : std::ldexp(1.0, -8);
      double worst = 0.0;
      while (is_next(half.get())) {
        Tensor next(dtype, 2, 37), wide_next(SCHED_F32, 2, 37);
        const Tensor wide_sample = in(sample, SCHED_F32);
        Step narrow(half.get(), config, sample, next);
        Step wide(single.get(), config, wide_sample, wide_next);
        wide.prediction = in(narrow.prediction, SCHED_F32);
        wide.unconditional = in(narrow.unconditional, SCHED_F32);
        narrow.run();
        wide.run();
        for (std::size_t i = 0; i < next.size(); ++i) {
          const double limit =
              precision * std::max(std::fabs(wide_next.at(i)), std::ldexp(1.0, -14)) + 1e-7;
          const double error = std::fabs(next.at(i) - wide_next.at(i));
          ASSERT_LE(error, limit) << kernel_name(kernel) << " " << wide_next.at(i);
          worst = std::max(worst, error / limit);
        }
        sample = next;
      }
      std::printf("%s %s: at most %.3f of one rounding\n", kernel_name(kernel).c_str(),
                  dtype == SCHED_F16 ? "f16" : "bf16", worst);
    }
  }
}

// Each tensor of a step says its own dtype; only the bytes differ, not the numbers.
TEST(Storage, TensorsOfOneStepMayDiffer) {
  const Config& config = config_named("dpm");
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    // Values that every dtype has exactly.
    Tensor sample(SCHED_BF16, 2, 37), prediction(SCHED_BF16, 2, 37);
    fill_random(sample, 1);
    fill_random(prediction, 2);
    Tensor expected(SCHED_F32, 2, 37);
    step(start(config, options).get(), in(sample, SCHED_F32), in(prediction, SCHED_F32), expected);
    const std::int32_t dtypes[] = {SCHED_F32, SCHED_F16, SCHED_BF16};
    for (std::int32_t a : dtypes) {
      for (std::int32_t b : dtypes) {
        for (std::int32_t c : dtypes) {
          Tensor next(c, 2, 37);
          step(start(config, options).get(), in(sample, a), in(prediction, b), next);
          EXPECT_EQ(next, in(expected, c)) << kernel_name(kernel) << " " << a << b << c;
        }
      }
    }
  }
}

// How far apart two calls stand in log SNR.
double shift(const sched_call& a, const sched_call& b) {
  return std::fabs(std::log(a.alpha / a.sigma) - std::log(b.alpha / b.sigma));
}

// Every kernel within float32 of the reference in float64, call by call, for sizes around
// the widths of vector registers.
TEST_P(StoredConfig, KernelsAgree) {
  const Config& config = GetParam();
  double worst = 0.0;
  for (std::int64_t elements : {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 1000}) {
    sched_init_options options = options_for(config);
    options.elements = elements;
    const auto [reference, others] = start_with_reference(config, options);
    Tensor sample = first_sample(others[0].get(), options);
    while (is_next(reference.get())) {
      Tensor expected(SCHED_F64, 2, elements), next(SCHED_F32, 2, elements);
      const Tensor wide_sample = in(sample, SCHED_F64);
      Step wide(reference.get(), config, wide_sample, expected);
      const Tensor prediction = predict(config, sample, wide.call.timestep);
      wide.prediction = in(prediction, SCHED_F64);
      wide.run();
      for (std::size_t k = 0; k < others.size(); ++k) {
        Step narrow(others[k].get(), config, sample, next);
        narrow.prediction = prediction;
        narrow.run();
        const double error = next.distance(expected) / std::max(1.0, expected.peak());
        // dpm_adaptive chooses its steps by a difference of two results that agree to a few
        // digits: in float32 a call stands a little elsewhere, and the result moves with it.
        const double moved = config.has(kAdaptive) ? shift(narrow.call, wide.call) : 0.0;
        const double limit = std::min(2e-5, 2e-6 + moved);
        ASSERT_LE(error, limit) << kernel_name(kernels()[k]) << " elements " << elements;
        worst = std::max(worst, error);
      }
      sample = next;
    }
  }
  std::printf("%s: worst error %.2e\n", config.name.c_str(), worst);
}

}  // namespace
}  // namespace sched_test
