// Times of their own for items and tokens, targets, and the mean of a step: what
// diffusers' parallel classes, UnCLIP's prev_timestep and a flow map's r_timestep are for.

#include <gtest/gtest.h>

#include <cmath>
#include <sched/sched.hpp>

namespace {

struct Batch {
  std::vector<float> x, f, next;

  explicit Batch(std::size_t size) : x(size), f(size), next(size) {
    for (std::size_t i = 0; i < size; ++i) {
      x[i] = std::sin(0.7f * static_cast<float>(i));
      f[i] = std::cos(1.3f * static_cast<float>(i));
    }
  }
};

sched::State start(const std::string& config, std::int64_t batch, std::int64_t elements,
                   int steps = 10) {
  sched::InitOptions options;
  options.num_steps = steps;
  options.batch = batch;
  options.elements = elements;
  return sched::Scheduler(config).init(options);
}

std::vector<float> grouped(sched::State& state, Batch& b, const std::vector<double>& times,
                           const std::vector<double>& targets = {}, bool mean = false) {
  sched::StepArgs args;
  args.sample = b.x;
  args.prediction = b.f;
  args.next = b.next;
  args.group_timesteps = times;
  args.group_targets = targets;
  args.without_noise = mean;
  state.step(args);
  return b.next;
}

double alpha_bar(int timestep) {  // linear betas from 0.0001 to 0.02
  double product = 1.0;
  for (int t = 0; t <= timestep; ++t) product *= 1.0 - (0.0001 + (0.02 - 0.0001) * t / 999.0);
  return timestep < 0 ? 1.0 : product;
}

// Item by item the same as a state that stands at that time.
TEST(Groups, ItemsAtTimesOfTheirOwnAreEachItsOwnStep) {
  const std::string config = R"({"_class_name": "DDIMParallelScheduler", "clip_sample": false,
                                 "set_alpha_to_one": false})";
  sched::State state = start(config, 3, 4);
  Batch b(12);
  const std::vector<double> times = {900, 400, 0};
  const std::vector<float> next = grouped(state, b, times);
  double worst = 0;
  for (std::size_t item = 0; item < 3; ++item) {
    const int t = static_cast<int>(times[item]);
    const double a = alpha_bar(t);
    // diffusers: past the first timestep 1, whatever set_alpha_to_one says.
    const double to = alpha_bar(t - 100);
    for (std::size_t i = 4 * item; i < 4 * item + 4; ++i) {
      const double x0 = (b.x[i] - std::sqrt(1 - a) * b.f[i]) / std::sqrt(a);
      const double expected = std::sqrt(to) * x0 + std::sqrt(1 - to) * b.f[i];
      worst = std::fmax(worst, std::fabs(next[i] - expected) / std::fmax(1.0, std::fabs(expected)));
    }
  }
  std::printf("largest error %.2e\n", worst);
  EXPECT_LT(worst, 1e-6);
}

// batch_step_no_noise of DDPMParallelScheduler is the mean of the posterior.
TEST(Groups, TheMeanOfAStepLeavesTheNoiseOut) {
  const std::string config = R"({"_class_name": "DDPMParallelScheduler", "clip_sample": false})";
  sched::State state = start(config, 2, 4);
  sched::State noisy = start(config, 2, 4);
  Batch b(8);
  const std::vector<float> mean = grouped(state, b, {500, 100}, {}, true);
  double worst = 0;
  for (std::size_t item = 0; item < 2; ++item) {
    const int t = item == 0 ? 500 : 100;
    const double a = alpha_bar(t), to = alpha_bar(t - 100);
    const double ratio = a / to;
    for (std::size_t i = 4 * item; i < 4 * item + 4; ++i) {
      const double x0 = (b.x[i] - std::sqrt(1 - a) * b.f[i]) / std::sqrt(a);
      const double expected = std::sqrt(to) * (1 - ratio) / (1 - a) * x0 +
                              std::sqrt(ratio) * (1 - to) / (1 - a) * b.x[i];
      worst = std::fmax(worst, std::fabs(mean[i] - expected) / std::fmax(1.0, std::fabs(expected)));
    }
  }
  std::printf("largest error %.2e\n", worst);
  EXPECT_LT(worst, 2e-6);
  EXPECT_NE(grouped(noisy, b, {500, 100}), mean);
}

TEST(Groups, AFlowMapJumpsAnywhere) {
  sched::State state = start(R"({"_class_name": "FlowMapEulerDiscreteScheduler"})", 2, 6);
  Batch b(12);
  // Three tokens of two values for each item.
  const std::vector<double> times = {1000, 700, 500, 250, 125, 10};
  const std::vector<double> targets = {0, 650, 500, 0, 100, 5};
  const std::vector<float> next = grouped(state, b, times, targets);
  for (std::size_t i = 0; i < 12; ++i) {
    const double expected = b.x[i] - (times[i / 2] - targets[i / 2]) / 1000.0 * b.f[i];
    EXPECT_NEAR(next[i], expected, 1e-6) << i;
  }
}

TEST(Groups, UnclipTakesAPreviousTimestep) {
  const std::string config = R"({"_class_name": "UnCLIPScheduler", "clip_sample": false})";
  sched::State jump = start(config, 1, 4), list = start(config, 1, 4);
  Batch a(4), b(4);
  const std::vector<double> times = list.timesteps();
  // To the list's own next entry it is the ordinary step.
  const std::vector<float> stepped = grouped(jump, a, {times[0]}, {times[1]});
  list.step(sched::ConstTensorView(b.x), sched::ConstTensorView(b.f), sched::TensorView(b.next));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(stepped[i], b.next[i], 1e-6);
}

// Each item has the variance of its own second half, whether times are given or not.
TEST(Groups, ALearnedVarianceIsEachItemsOwn) {
  const std::string config =
      R"({"_class_name": "DDPMParallelScheduler", "variance_type": "learned_range"})";
  sched::State plain = start(config, 2, 6), timed = start(config, 2, 6);
  Batch b(12);
  std::vector<float> prediction(24);
  for (std::size_t i = 0; i < prediction.size(); ++i)
    prediction[i] = std::sin(0.9f * static_cast<float>(i));
  const double time = plain.timesteps()[0];
  const std::vector<double> times = {time, time};
  sched::StepArgs args;
  args.sample = b.x;
  args.prediction = prediction;
  args.next = b.next;
  plain.step(args);
  std::vector<float> next(12);
  args.next = next;
  args.group_timesteps = times;
  timed.step(args);
  for (std::size_t i = 0; i < 12; ++i)
    EXPECT_EQ(next[i], b.next[i]) << "item " << i / 6 << ", element " << i % 6;
}

// Without per-token times the composition's Euler and with them agree on the grid.
TEST(Groups, TimesOfTheGridAreTheGridsStep) {
  for (const char* config :
       {R"({"solver": "flow_match_euler", "schedule": "flow"})",
        R"({"solver": "euler", "parameterization": {"frame": "ve"}})",
        R"({"solver": "euler_ancestral", "parameterization": {"frame": "ve"}})",
        R"({"solver": "euler_ancestral_rf", "schedule": "flow"})"}) {
    sched::State plain = start(config, 2, 4), tokens = start(config, 2, 4);
    Batch a(8), b(8);
    const double time = plain.timesteps()[0];
    plain.step(sched::ConstTensorView(a.x), sched::ConstTensorView(a.f), sched::TensorView(a.next));
    grouped(tokens, b, {time, time, time, time});
    for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(a.next[i], b.next[i], 2e-6) << config;
  }
}

// The mean on an ordinary step, and that its draws count as taken.
TEST(Groups, WithoutNoiseTheDrawsAreStillCounted) {
  const std::string config = R"({"_class_name": "EulerAncestralDiscreteScheduler"})";
  sched::State a = start(config, 1, 8), b = start(config, 1, 8);
  Batch first(8), second(8);
  sched::StepArgs args;
  args.sample = first.x;
  args.prediction = first.f;
  args.next = first.next;
  args.without_noise = true;
  a.step(args);
  const sched_weights weights = b.weights(0);
  for (std::size_t i = 0; i < 8; ++i) {
    const double kept = weights.weight[0][SCHED_INPUT_SAMPLE] * first.x[i];
    const double moved = weights.weight[0][SCHED_INPUT_PREDICTION] * first.f[i];
    // In float32 the weight, the product and the sum are each rounded once.
    const double rounding = 3 * 0x1p-24 * (std::fabs(kept) + std::fabs(moved));
    EXPECT_NEAR(first.next[i], kept + moved, rounding);
  }
  b.step(sched::ConstTensorView(second.x), sched::ConstTensorView(second.f),
         sched::TensorView(second.next));
  // The second steps draw the same numbers.
  std::vector<float> next_a(8), next_b(8);
  a.step(sched::ConstTensorView(first.x), sched::ConstTensorView(first.f),
         sched::TensorView(next_a));
  b.step(sched::ConstTensorView(first.x), sched::ConstTensorView(first.f),
         sched::TensorView(next_b));
  EXPECT_EQ(next_a, next_b);
}

TEST(Groups, BadTimesAreRefusedAndChangeNothing) {
  const auto refused = [](const std::string& config, const std::vector<double>& times,
                          const std::vector<double>& targets = {}) {
    sched::State state = start(config, 2, 4);
    Batch b(8);
    const std::vector<float> before = b.next;
    try {
      grouped(state, b, times, targets);
    } catch (const sched::Error& error) {
      std::printf("%s\n", error.what());
      EXPECT_EQ(b.next, before);
      EXPECT_EQ(state.calls_done(), 0);
      return error.status();
    }
    return SCHED_OK;
  };
  const std::string ddim = R"({"_class_name": "DDIMParallelScheduler"})";
  EXPECT_EQ(refused(ddim, {900, 400.5}), SCHED_ERROR_VALUE);
  EXPECT_EQ(refused(ddim, {900, 1000}), SCHED_ERROR_VALUE);
  EXPECT_EQ(refused(ddim, {900, -1}), SCHED_ERROR_VALUE);
  EXPECT_EQ(refused(ddim, {900, NAN}), SCHED_ERROR_VALUE);
  EXPECT_EQ(refused(ddim, {900, 400}, {800, 1e9}), SCHED_ERROR_VALUE);
  EXPECT_EQ(refused(R"({"_class_name": "DDIMScheduler"})", {900, 400}), SCHED_ERROR_OPTION);
  EXPECT_EQ(refused(R"({"solver": "dpmpp_2m"})", {900, 400}), SCHED_ERROR_OPTION);
  EXPECT_EQ(refused(R"({"_class_name": "FlowMapEulerDiscreteScheduler"})", {900, 1000.5}),
            SCHED_ERROR_VALUE);
}

// diffusers' FlowMatchHeun adds churn after the call, as if the sample were in the ve frame.
TEST(FlowMatchHeun, ChurnsAsTheReference) {
  sched::InitOptions options;
  options.num_steps = 4;
  options.elements = 4;
  options.s_churn = 2.0;
  options.s_noise = 1.1;
  sched::State state =
      sched::Scheduler(R"({"_class_name": "FlowMatchHeunDiscreteScheduler"})").init(options);
  const std::vector<double> sigmas = state.sigmas();
  // The reference's list has its inner sigmas twice.
  const double gamma = std::fmin(2.0 / 7.0, std::sqrt(2.0) - 1.0);
  const double s = sigmas[0], t = sigmas[1], hat = s * (1.0 + gamma);
  Batch b(4);
  std::vector<float> z = {0.3f, -1.2f, 0.8f, 2.0f}, second = {0.1f, 0.2f, -0.4f, 0.5f}, after(4);
  sched::StepArgs args;
  args.sample = b.x;
  args.prediction = b.f;
  args.next = b.next;
  args.noise[0] = z;
  state.step(args);
  args.sample = b.next;
  args.prediction = second;
  args.next = after;
  state.step(args);
  for (std::size_t i = 0; i < 4; ++i) {
    const double x = b.x[i] + 1.1 * z[i] * std::sqrt(hat * hat - s * s);
    const double d1 = b.f[i] * s / hat;
    EXPECT_NEAR(b.next[i], x + (t - hat) * d1, 1e-6);
    EXPECT_NEAR(after[i], x + (t - hat) * 0.5 * (d1 + second[i]), 1e-6);
  }
}

}  // namespace
