// sched_step_wide(): what it does besides in one pass is what separate calls give.

#include <stdexcept>

#include "support.hpp"

namespace sched_test {
namespace {

class Wide : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(All, Wide, testing::ValuesIn(every_config()), CaseName());

// The plain step, where it can be said with it, is the wide step with nothing besides.
TEST_P(Wide, BareIsTheSameAsStep) {
  const Config& config = GetParam();
  if (config.has(kNeedsMask | kNeedsUnconditional)) return;
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    const std::vector<Tensor> expected = run(config, options);
    const State state = start(config, options);
    Tensor sample = first_sample(state.get(), options);
    for (std::size_t at = 0; is_next(state.get()); ++at) {
      sched_call call = SCHED_CALL_INIT;
      ASSERT_EQ(sched_next_call(state.get(), &call), SCHED_OK);
      const Tensor prediction = predict(config, sample, call.timestep);
      const sched_tensor views[] = {sample.view(), prediction.view()};
      sched_tensor next = sample.view();
      ASSERT_EQ(
          sched_step(state.get(), &views[0], call.needs_model != 0 ? &views[1] : nullptr, &next),
          SCHED_OK)
          << sched_last_error(state.get());
      ASSERT_EQ(sample, expected[at]) << kernel_name(kernel);
    }
  }
}

// next_input is sched_scale_input() of next, and asking for extras does not change next.
TEST_P(Wide, NextInputIsScaledNext) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    const std::vector<Tensor> expected = run(config, options);
    const State state = start(config, options);
    Tensor sample = first_sample(state.get(), options);
    double worst = 0.0;
    for (std::size_t call = 0; is_next(state.get()); ++call) {
      Tensor next = sample, denoised = sample, next_input = sample;
      Step wide(state.get(), config, sample, next);
      sched_tensor extra[] = {denoised.view(), next_input.view()};
      if (wide.call.needs_model != 0) wide.args.denoised = &extra[0];
      wide.args.next_input = &extra[1];
      wide.run();
      // The BLAS kernel multiplies inputs in groups, by the rows that use them, so more rows
      // may mean other roundings.
      const double limit =
          kernel == SCHED_KERNEL_BLAS ? 2e-6 * std::max(1.0, expected[call].peak()) : 0.0;
      ASSERT_LE(next.distance(expected[call]), limit) << kernel_name(kernel) << " call " << call;
      sample = expected[call];
      if (!is_next(state.get())) break;
      Tensor scaled = sample;
      const sched_tensor from = sample.view();
      sched_tensor to = scaled.view();
      ASSERT_EQ(sched_scale_input(state.get(), &from, &to), SCHED_OK);
      const double error = next_input.distance(scaled) / std::max(1.0, scaled.peak());
      EXPECT_LE(error, 2e-6) << kernel_name(kernel) << " call " << call;
      worst = std::max(worst, error);
      // And sched_scale_input() is the factor it says.
      const double factor = sched_input_scale(state.get());
      for (std::size_t i = 0; i < sample.size(); ++i)
        ASSERT_NEAR(scaled.at(i), factor * sample.at(i), 1e-6 * std::max(1.0, scaled.peak()));
    }
    std::printf("%s: %.1e\n", kernel_name(kernel).c_str(), worst);
  }
}

// The preview is the same with and without the other extras, and the same for all kernels.
TEST_P(Wide, DenoisedIsTheReferences) {
  const Config& config = GetParam();
  sched_init_options options = options_for(config);
  const auto [reference, others] = start_with_reference(config, options);
  Tensor sample = first_sample(others[0].get(), options);
  double worst = 0.0;
  while (is_next(reference.get())) {
    const Tensor wide_sample = in(sample, SCHED_F64);
    Tensor wide_next = wide_sample, expected = wide_sample;
    Step first(reference.get(), config, wide_sample, wide_next);
    const Tensor prediction = predict(config, sample, first.call.timestep);
    first.prediction = in(prediction, SCHED_F64);
    sched_tensor view = expected.view();
    const bool asks = first.call.needs_model != 0;
    if (asks) first.args.denoised = &view;
    first.run();
    Tensor next = sample;
    for (std::size_t k = 0; k < others.size(); ++k) {
      Tensor denoised(SCHED_F32, 2, 37);
      Step wide(others[k].get(), config, sample, next);
      sched_tensor to = denoised.view();
      if (asks) wide.args.denoised = &to;
      wide.run();
      if (!asks) continue;
      const double error = denoised.distance(expected) / std::max(1.0, expected.peak());
      EXPECT_LE(error, 2e-6) << kernel_name(kernels()[k]);
      worst = std::max(worst, error);
    }
    sample = next;
  }
  std::printf("%s: %.1e\n", config.name.c_str(), worst);
}

// Guidance in the step is guidance before the step.
TEST_P(Wide, GuidanceIsALinearCombination) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    for (double scale : {7.5, 1.0, 0.0, -1.0}) {
      sched_init_options options = options_for(config);
      options.kernel = kernel;
      const State guided = start(config, options), manual = start(config, options);
      Tensor sample = first_sample(guided.get(), options);
      double worst = 0.0;
      while (is_next(guided.get())) {
        Tensor next = sample, expected = sample;
        Step wide(guided.get(), config, sample, next);
        Step before(manual.get(), config, sample, expected);
        const Tensor& conditional = wide.prediction;
        const Tensor unconditional = predict(config, sample, wide.call.timestep + 40.0);
        Tensor combined = conditional;
        for (std::size_t i = 0; i < combined.size(); ++i) {
          const auto in_item = static_cast<std::int64_t>(i) % combined.elements();
          // A learned variance is taken from the conditional prediction.
          if (in_item >= 37) continue;
          combined.set(i, unconditional.at(i) + scale * (conditional.at(i) - unconditional.at(i)));
        }
        before.prediction = combined;
        const sched_tensor view = unconditional.view();
        wide.args.unconditional = &view;
        wide.args.guidance_scale = scale;
        wide.run();
        before.run();
        const double error = next.distance(expected) / std::max(1.0, expected.peak());
        ASSERT_LE(error, 2e-6) << kernel_name(kernel) << " scale " << scale;
        worst = std::max(worst, error);
        sample = expected;
      }
      std::printf("%s, scale %g: %.1e\n", kernel_name(kernel).c_str(), scale, worst);
    }
  }
}

// scale 1 is the prediction itself, and guidance_scale without unconditional changes nothing.
TEST_P(Wide, NoGuidanceIsNoChange) {
  const Config& config = GetParam();
  const sched_init_options options = options_for(config);
  const State plain = start(config, options), other = start(config, options);
  const Tensor sample = first_sample(plain.get(), options);
  Tensor expected = sample, next = sample;
  Step(plain.get(), config, sample, expected).run();
  Step wide(other.get(), config, sample, next);
  wide.args.guidance_scale = 1.0;
  wide.run();
  EXPECT_EQ(next, expected);
}

// Without the unconditional prediction a CFG++ method takes no step, and says what it needs.
TEST_P(Wide, CfgPlusPlusNeedsTheUnconditional) {
  const Config& config = GetParam();
  if (!config.has(kNeedsUnconditional)) return;
  const sched_init_options options = options_for(config);
  const State state = start(config, options);
  const Tensor sample = first_sample(state.get(), options);
  Tensor next = sample;
  const Tensor prediction = predict(config, sample, 500.0);
  const sched_tensor views[] = {sample.view(), prediction.view()};
  sched_tensor out = next.view();
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  args.sample = &views[0];
  args.prediction = &views[1];
  args.next = &out;
  for (const bool wide : {false, true}) {
    EXPECT_EQ(wide ? sched_step_wide(state.get(), &args)
                   : sched_step(state.get(), &views[0], &views[1], &out),
              SCHED_ERROR_ARGUMENT);
    const std::string sentence = sched_last_error(state.get());
    EXPECT_NE(sentence.find("_cfg_pp"), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("`unconditional` of a wide step"), std::string::npos) << sentence;
  }
  EXPECT_EQ(next, sample);
  EXPECT_EQ(sched_calls_done(state.get()), 0);
}

// The noise that is put back is the unconditional prediction's, which moves the result.
TEST_P(Wide, CfgPlusPlusUsesTheUnconditional) {
  const Config& config = GetParam();
  if (!config.has(kNeedsUnconditional)) return;
  const sched_init_options options = options_for(config);
  const State one = start(config, options), other = start(config, options);
  Tensor sample = first_sample(one.get(), options);
  Tensor moved = sample;
  while (is_next(one.get())) {
    Step(one.get(), config, sample, sample).run();
    Step step(other.get(), config, moved, moved);
    step.unconditional = step.prediction;
    step.run();
  }
  EXPECT_GT(moved.distance(sample), 1e-3);
}

// The caller's normals in place of the library's: the library's own, handed back, give the
// library's own step.
TEST_P(Wide, OwnNoiseHandedBack) {
  const Config& config = GetParam();
  // Where the weights are not numbers, or the draw is shared with a mask, it cannot be found.
  if (config.has(kNorms | kNeedsMask)) return;
  sched_init_options options = options_for(config);
  options.dtype = SCHED_F64;
  options.kernel = SCHED_KERNEL_REFERENCE;
  const State own = start(config, options);
  Tensor sample(SCHED_F64, 2, 37);
  fill_random(sample, 8);
  int recovered = 0;
  const std::vector<double> times = timesteps(own.get());
  for (std::size_t call = 0; call < times.size(); ++call) {
    const sched_weights w = weights(own.get(), static_cast<std::int64_t>(call));
    Tensor zeros = sample;
    zeros.fill(0.0);
    Tensor next = sample, without = sample, again = sample;
    // From the same history each: SA-Solver keeps rows that have the noise of the call before.
    sched_state* copies[2] = {};
    for (sched_state*& copy : copies) ASSERT_EQ(sched_clone(own.get(), &copy), SCHED_OK);
    const State zero(copies[0]), given(copies[1]);
    Step(own.get(), config, sample, next).run();
    Step bare(zero.get(), config, sample, without);
    const sched_tensor zero_view = zeros.view();
    for (int draw = 0; draw < w.draws; ++draw) bare.args.noise[draw] = &zero_view;
    bare.run();

    double factor = 0.0;
    for (int row = 0; row < w.rows; ++row)
      if (w.output[row] == SCHED_OUTPUT_NEXT) factor = w.weight[row][SCHED_INPUT_NOISE0];
    Tensor noise = zeros;
    // Below 1e-3 the division would lose the digits that are compared.
    const bool used = w.draws == 1 && w.gain == 0 && std::fabs(factor) > 1e-3;
    if (used) {
      for (std::size_t i = 0; i < noise.size(); ++i)
        noise.set(i, (next.at(i) - without.at(i)) / factor);
      ++recovered;
    }
    Step wide(given.get(), config, sample, again);
    const sched_tensor noise_view = noise.view();
    for (int draw = 0; draw < w.draws; ++draw) wide.args.noise[draw] = &noise_view;
    wide.run();
    if (used) {
      EXPECT_LE(again.distance(next) / std::max(1.0, next.peak()), 1e-12) << call;
      EXPECT_LT(noise.peak(), 6.0) << "not a normal";
    }
    if (w.draws == 0) {
      EXPECT_EQ(again, next);
    }
    // From the same sample each time, so that one call's residue does not reach the next.
    fill_random(sample, 100 + call);
  }
  std::printf("%s: %d draws recovered\n", config.name.c_str(), recovered);
}

// A step with the caller's noise does not move the library's: the draws that follow are
// those of a loop that drew itself.
TEST(WideNoise, KeepsItsPlace) {
  const Config& config = config_named("euler_ancestral");
  const sched_init_options options = options_for(config);
  const State own = start(config, options), mixed = start(config, options);
  Tensor sample = first_sample(own.get(), options);
  const Tensor prediction = predict(config, sample, 900.0);
  Tensor a = sample, b = sample, noise = sample;
  fill_random(noise, 4);
  step(own.get(), sample, prediction, a);
  Step wide(mixed.get(), config, sample, b);
  wide.prediction = prediction;
  const sched_tensor view = noise.view();
  wide.args.noise[0] = &view;
  wide.run();
  EXPECT_NE(a, b);
  step(own.get(), sample, prediction, a);
  step(mixed.get(), sample, prediction, b);
  EXPECT_EQ(a, b);
}

// ComfyUI's lcm: torch's std() over the whole tensor, and clamp().
TEST(WideNoise, IsClampedToItsDeviation) {
  const Config clamping = {"", R"({"solver": {"name": "consistency", "noise_clip_std": 0.8}})"};
  const Config plain = {"", R"({"solver": "consistency"})"};
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(plain);
    options.kernel = kernel;
    const State state = start(clamping, options), other = start(plain, options);
    const Tensor sample = first_sample(state.get(), options);
    Tensor noise = sample, by_hand = sample, next = sample, expected = sample;
    fill_random(noise, 4);
    const auto n = static_cast<double>(noise.size());
    double sum = 0.0, squares = 0.0;
    for (std::size_t i = 0; i < noise.size(); ++i) sum += noise.at(i);
    for (std::size_t i = 0; i < noise.size(); ++i) squares += std::pow(noise.at(i) - sum / n, 2);
    const double limit = 0.8 * std::sqrt(squares / (n - 1.0));
    int clamped = 0;
    for (std::size_t i = 0; i < noise.size(); ++i) {
      by_hand.set(i, std::clamp(noise.at(i), -limit, limit));
      if (std::fabs(noise.at(i)) > limit) ++clamped;
    }
    EXPECT_GT(clamped, 0);
    EXPECT_LT(clamped, n);
    const auto take = [&](const State& from, const Config& config, const Tensor& z, Tensor& to) {
      Step wide(from.get(), config, sample, to);
      const sched_tensor view = z.view();
      wide.args.noise[0] = &view;
      wide.run();
    };
    take(state, clamping, noise, next);
    take(other, plain, by_hand, expected);
    EXPECT_LE(next.distance(expected), 1e-6 * expected.peak()) << kernel_name(kernel);
  }
}

// ----------------------------------------------------------------- group times

// diffusers: with times of their own the step has the opposite sign, and its pipelines pass
// the negated prediction.  All groups at the loop's own time, and the prediction negated,
// are the plain step.
TEST(GroupTimes, AllTheSameIsThePlainStepOfTheNegatedPrediction) {
  for (std::int32_t kernel : kernels()) {
    const Config& config = config_named("flow_shift");
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    options.elements = 40;
    const State plain = start(config, options), grouped = start(config, options);
    Tensor sample = first_sample(plain.get(), options);
    for (double time : timesteps(plain.get())) {
      const Tensor prediction = predict(config, sample, time);
      Tensor negated = prediction, expected = sample, next = sample;
      for (std::size_t i = 0; i < negated.size(); ++i) negated.set(i, -prediction.at(i));
      step(plain.get(), sample, prediction, expected);
      const std::vector<double> times(2 * 8, time);
      Step wide(grouped.get(), config, sample, next);
      wide.prediction = negated;
      wide.args.groups = 8;
      wide.args.group_timesteps = times.data();
      wide.run();
      EXPECT_LE(next.distance(expected), 2e-6 * std::max(1.0, expected.peak()))
          << kernel_name(kernel);
      sample = expected;
    }
  }
}

// Each group moves as an item of its own at that time would, again with diffusers' sign.
TEST(GroupTimes, EachGroupGoesByItsOwn) {
  for (std::int32_t kernel : kernels()) {
    const Config& config = config_named("flow");
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    options.batch = 2;
    options.elements = 12;
    const State state = start(config, options);
    const std::vector<double> times = timesteps(state.get());
    const std::vector<double> level = sigmas(state.get());
    const Tensor sample = first_sample(state.get(), options);
    const Tensor prediction = predict(config, sample, times[0]);
    Tensor next = sample;
    // Three groups of four values in each item, at three steps of the schedule.
    const std::size_t steps[] = {0, 2, 4, 1, 1, 3};
    std::vector<double> group_times;
    for (std::size_t step : steps) group_times.push_back(times[step]);
    Step wide(state.get(), config, sample, next);
    wide.args.groups = 3;
    wide.args.group_timesteps = group_times.data();
    wide.run();
    for (std::size_t i = 0; i < sample.size(); ++i) {
      const std::size_t step = steps[i / 4];
      const double expected = sample.at(i) + (level[step] - level[step + 1]) * prediction.at(i);
      EXPECT_NEAR(next.at(i), expected, 2e-6) << kernel_name(kernel) << " element " << i;
    }
  }
}

}  // namespace
}  // namespace sched_test
