// The library's normals: that they are normal, independent, and depend on seed and element
// only; and sched_add_noise().

#include <algorithm>

#include "support.hpp"

namespace sched_test {
namespace {

struct Moments {
  double mean, variance, skewness, kurtosis;
};

Moments moments(const Tensor& x) {
  const auto n = static_cast<double>(x.size());
  double mean = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) mean += x.at(i) / n;
  double m2 = 0.0, m3 = 0.0, m4 = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double d = x.at(i) - mean;
    m2 += d * d / n;
    m3 += d * d * d / n;
    m4 += d * d * d * d / n;
  }
  return {mean, m2, m3 / std::pow(m2, 1.5), m4 / (m2 * m2)};
}

double correlation(const Tensor& x, const Tensor& y, std::size_t lag) {
  double xy = 0.0, xx = 0.0, yy = 0.0;
  for (std::size_t i = 0; i + lag < x.size(); ++i) {
    xy += x.at(i) * y.at(i + lag);
    xx += x.at(i) * x.at(i);
    yy += y.at(i + lag) * y.at(i + lag);
  }
  return xy / std::sqrt(xx * yy);
}

Tensor million(std::uint64_t seed, std::int32_t kernel = SCHED_KERNEL_DEFAULT) {
  const Config& config = config_named("ddpm");  // init_noise_sigma 1
  sched_init_options options = options_for(config);
  options.batch = 1;
  options.elements = 1000000;
  options.seed = seed;
  options.kernel = kernel;
  const State state = start(config, options);
  return first_sample(state.get(), options);
}

// Each bound is five standard errors of the moment for 1e6 independent normals.
TEST(InitialNoise, HasTheMomentsOfANormal) {
  for (std::int32_t kernel : kernels()) {
    const Moments m = moments(million(1, kernel));
    std::printf("%s: mean %.5f variance %.5f skewness %.5f kurtosis %.5f\n",
                kernel_name(kernel).c_str(), m.mean, m.variance, m.skewness, m.kurtosis);
    EXPECT_NEAR(m.mean, 0.0, 5.0 / 1e3);
    EXPECT_NEAR(m.variance, 1.0, 5.0 * std::sqrt(2.0) / 1e3);
    EXPECT_NEAR(m.skewness, 0.0, 5.0 * std::sqrt(6.0) / 1e3);
    EXPECT_NEAR(m.kurtosis, 3.0, 5.0 * std::sqrt(24.0) / 1e3);
  }
}

// Kolmogorov and Smirnov's distance to the normal distribution; 1.95 / sqrt(n) is p = 0.001.
TEST(InitialNoise, HasTheDistributionOfANormal) {
  const Tensor x = million(2);
  std::vector<double> sorted(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) sorted[i] = x.at(i);
  std::sort(sorted.begin(), sorted.end());
  double distance = 0.0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double expected = 0.5 * std::erfc(-sorted[i] / std::sqrt(2.0));
    const double before = static_cast<double>(i) / 1e6, after = static_cast<double>(i + 1) / 1e6;
    distance = std::max({distance, expected - before, after - expected});
  }
  std::printf("distance %.6f, largest %.3f\n", distance, x.peak());
  EXPECT_LT(distance, 1.95e-3);
  EXPECT_GT(x.peak(), 4.4);  // 1e6 normals reach about 4.9
  EXPECT_LT(x.peak(), 6.5);
}

TEST(InitialNoise, SeedsAreIndependent) {
  const Tensor a = million(1);
  for (std::uint64_t seed : {UINT64_C(2), UINT64_C(3), UINT64_C(1) << 32, ~UINT64_C(0)}) {
    const double r = correlation(a, million(seed), 0);
    std::printf("seed %llu: correlation %.5f\n", static_cast<unsigned long long>(seed), r);
    EXPECT_NEAR(r, 0.0, 5e-3);
  }
}

TEST(InitialNoise, ElementsAreIndependent) {
  const Tensor a = million(4);
  for (std::size_t lag : {1u, 2u, 3u, 4u, 5u, 8u, 16u, 64u, 1024u}) {
    const double r = correlation(a, a, lag);
    std::printf("lag %zu: correlation %.5f\n", lag, r);
    EXPECT_NEAR(r, 0.0, 5e-3);
  }
}

// Draws of different steps, and the initial noise, are different numbers.
TEST(InitialNoise, DrawsAreIndependent) {
  const Config& config = config_named("euler_ancestral");
  sched_init_options options = options_for(config);
  options.batch = 1;
  options.elements = 200000;
  const State state = start(config, options), control = start(config, options);
  Tensor zero(SCHED_F32, 1, 200000);
  zero.fill(0.0);
  std::vector<Tensor> draws = {first_sample(state.get(), options)};
  for (int call = 0; call < 4; ++call) {
    Tensor next = zero;
    step(state.get(), zero, zero, next);  // of zeros only the noise is left
    draws.push_back(next);
  }
  for (std::size_t i = 0; i < draws.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double r = correlation(draws[i], draws[j], 0);
      EXPECT_NEAR(r, 0.0, 5.0 / std::sqrt(200000.0)) << "draws " << j << " and " << i;
    }
    const Moments m = moments(draws[i]);
    EXPECT_NEAR(m.kurtosis, 3.0, 5.0 * std::sqrt(24.0 / 200000.0)) << i;
  }
}

TEST(InitialNoise, DependsOnSeedAndElementOnly) {
  const Config& config = config_named("ddpm");  // init_noise_sigma 1
  sched_init_options options = options_for(config);
  options.elements = 1000;
  options.batch = 3;
  options.seed = 5;
  const State state = start(config, options);
  const Tensor batch = first_sample(state.get(), options);
  EXPECT_EQ(first_sample(state.get(), options), batch) << "not the same when asked again";
  for (int steps : {1, 3}) {
    sched_init_options one = options;
    one.batch = 1;
    one.seed = 7;
    one.num_steps = steps;
    one.kernel = kernels()[static_cast<std::size_t>(steps) % kernels().size()];
    const Tensor alone = first_sample(start(config, one).get(), one);
    EXPECT_EQ(alone, batch.item(2));
    one.elements = 10;  // a shorter item is a prefix
    const Tensor prefix = first_sample(start(config, one).get(), one);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(prefix.at(i), alone.at(i));
  }
  // After steps it is still the first sample.
  run(state.get(), config, batch);
  EXPECT_EQ(first_sample(state.get(), options), batch);
}

TEST(InitialNoise, HasTheStandardDeviationOfTheSchedule) {
  for (const Config& config : every_config()) {
    sched_init_options options = options_for(config);
    options.batch = 1;
    options.elements = 20000;
    const State state = start(config, options);
    const double sigma = sched_init_noise_sigma(state.get());
    const double measured = std::sqrt(moments(first_sample(state.get(), options)).variance);
    EXPECT_NEAR(measured / sigma, 1.0, 0.03) << config.name;
  }
}

// The numbers are the same for every kernel and, to their precision, for every dtype.
TEST(InitialNoise, IsTheSameEverywhere) {
  const Config& config = config_named("ddpm");
  sched_init_options options = options_for(config);
  options.elements = 5000;
  options.kernel = SCHED_KERNEL_REFERENCE;
  options.dtype = SCHED_F64;
  const Tensor wide = first_sample(start(config, options).get(), options);
  for (std::int32_t kernel : kernels()) {
    options.kernel = kernel;
    options.dtype = SCHED_F32;
    const Tensor single = first_sample(start(config, options).get(), options);
    std::printf("%s: %.1e from float64\n", kernel_name(kernel).c_str(), single.distance(wide));
    EXPECT_LE(single.distance(wide), 1e-6);
    for (std::int32_t dtype : {SCHED_F16, SCHED_BF16}) {
      options.dtype = dtype;
      const Tensor half = first_sample(start(config, options).get(), options);
      Tensor rounded = half;
      for (std::size_t i = 0; i < half.size(); ++i) rounded.set(i, single.at(i));
      EXPECT_EQ(half, rounded) << kernel_name(kernel);
    }
  }
}

// ------------------------------------------------------------------- add_noise

TEST(AddNoise, MeetsTheLevels) {
  for (const Config& config : every_config()) {
    for (std::int32_t kernel : kernels()) {
      sched_init_options options = options_for(config);
      options.kernel = kernel;
      const State state = start(config, options);
      const std::vector<double> level = levels(state.get());
      Tensor original(SCHED_F32, 2, 37), noise(SCHED_F32, 2, 37);
      fill_random(original, 21);
      fill_random(noise, 22);
      const sched_tensor x0 = original.view(), n = noise.view();
      // The first call's level: with churn before it, a little above the first of the list.
      sched_call call = SCHED_CALL_INIT;
      ASSERT_EQ(sched_next_call(state.get(), &call), SCHED_OK);
      for (std::int64_t step = 0; step <= sched_num_steps(state.get()); ++step) {
        Tensor out(SCHED_F32, 2, 37);
        sched_tensor to = out.view();
        ASSERT_EQ(sched_add_noise(state.get(), step, &x0, &n, &to), SCHED_OK)
            << config.name << ": " << sched_last_error(state.get());
        const auto at = static_cast<std::size_t>(2 * step);
        const double alpha = level[at];
        const double churn = step == 0 ? call.sigma * call.sigma - level[1] * level[1] : 0.0;
        const double scale = options.s_noise == SCHED_UNSET ? 1.0 : options.s_noise;
        const double sigma = std::sqrt(level[at + 1] * level[at + 1] + scale * scale * churn);
        double worst = 0.0;
        for (std::size_t i = 0; i < out.size(); ++i)
          worst =
              std::max(worst, std::fabs(out.at(i) - alpha * original.at(i) - sigma * noise.at(i)));
        EXPECT_LE(worst / std::max(1.0, out.peak()), 1e-6)
            << config.name << " " << kernel_name(kernel) << " step " << step;
        Tensor in_place = original;
        sched_tensor same = in_place.view();
        ASSERT_EQ(sched_add_noise(state.get(), step, &same, &n, &same), SCHED_OK);
        EXPECT_EQ(in_place, out) << config.name;
      }
    }
  }
}

// Without noise of the caller's it is that of sched_initial_noise().
TEST(AddNoise, OwnNoiseIsTheInitialOne) {
  for (const char* name : {"ddim", "euler", "flow", "dpm_sde"}) {
    const Config& config = config_named(name);
    const sched_init_options options = options_for(config);
    const State state = start(config, options);
    const Tensor initial = first_sample(state.get(), options);
    const double sigma = sched_init_noise_sigma(state.get());
    const std::vector<double> level = levels(state.get());
    Tensor zero(SCHED_F32, 2, 37), out(SCHED_F32, 2, 37);
    zero.fill(0.0);
    const sched_tensor x0 = zero.view();
    sched_tensor to = out.view();
    ASSERT_EQ(sched_add_noise(state.get(), 2, &x0, nullptr, &to), SCHED_OK);
    for (std::size_t i = 0; i < out.size(); ++i)
      EXPECT_NEAR(out.at(i), level[5] * initial.at(i) / sigma, 4e-6 * std::max(1.0, level[5]))
          << name;
  }
}

TEST(ScaleInput, InPlaceIsTheSame) {
  for (const Config& config : every_config()) {
    const sched_init_options options = options_for(config);
    const State state = start(config, options);
    Tensor sample = first_sample(state.get(), options), out = sample;
    const sched_tensor from = sample.view();
    sched_tensor to = out.view(), same = sample.view();
    ASSERT_EQ(sched_scale_input(state.get(), &from, &to), SCHED_OK);
    ASSERT_EQ(sched_scale_input(state.get(), &same, &same), SCHED_OK);
    EXPECT_EQ(sample, out) << config.name;
  }
}

}  // namespace
}  // namespace sched_test
