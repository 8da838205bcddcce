// Whole loops: the same again, in place, in a batch, from the middle, in other storage.

#include <limits>
#include <stdexcept>

#include "support.hpp"

namespace sched_test {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

class EveryConfig : public testing::TestWithParam<Config> {};
class PlainConfig : public testing::TestWithParam<Config> {};

INSTANTIATE_TEST_SUITE_P(All, EveryConfig, testing::ValuesIn(every_config()), CaseName());
INSTANTIATE_TEST_SUITE_P(All, PlainConfig, testing::ValuesIn(plain_configs()), CaseName());
INSTANTIATE_TEST_SUITE_P(Start, PlainConfig, testing::Values(config_named("pndm_skip")),
                         CaseName());
INSTANTIATE_TEST_SUITE_P(Ours, PlainConfig, testing::ValuesIn(composed_configs()), CaseName());

// Run A, run B, run A again, all on one scheduler: nothing of a loop stays behind.
TEST_P(EveryConfig, SameAgainAfterAnotherLoop) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    sched_init_options a = options_for(config);
    a.kernel = kernel;
    sched_init_options b = a;
    b.num_steps = std::min(7, config.most);
    b.seed = 99;
    b.elements = 50;
    const std::vector<Tensor> first = run(config, a);
    const std::vector<Tensor> between = run(config, b);
    EXPECT_EQ(run(config, a), first) << kernel_name(kernel);
    EXPECT_EQ(run(config, b), between) << kernel_name(kernel);
    for (const Tensor& sample : first) {
      EXPECT_TRUE(std::isfinite(sample.peak()));
      EXPECT_LT(sample.peak(), 1e4);
    }
  }
}

// Counts that a caller relies on: one entry per call, one end per step.
TEST_P(EveryConfig, CountsAgree) {
  const Config& config = GetParam();
  const sched_init_options options = options_for(config);
  const State state = start(config, options);
  const std::int64_t steps = sched_num_steps(state.get());
  if (!config.has(kOwnSteps)) {
    EXPECT_EQ(steps, options.num_steps);
  }
  EXPECT_EQ(sigmas(state.get()).size(), static_cast<std::size_t>(steps + 1));
  EXPECT_EQ(levels(state.get()).size(), static_cast<std::size_t>(2 * (steps + 1)));
  EXPECT_EQ(sched_calls_done(state.get()), 0);
  if (config.has(kAdaptive)) {
    EXPECT_EQ(sched_num_calls(state.get()), -2);
    return;
  }
  const std::int64_t count = sched_num_calls(state.get());
  EXPECT_EQ(static_cast<std::int64_t>(timesteps(state.get()).size()), count);
  std::int64_t ends = 0;
  for (std::int64_t call = 0; call < count; ++call) ends += sched_call_ends_step(state.get(), call);
  if (config.has(kNeedsMask)) {
    EXPECT_GE(ends, steps);
  } else {
    EXPECT_EQ(ends, steps);
  }
  EXPECT_EQ(sched_call_ends_step(state.get(), count - 1), 1);
  run(state.get(), config, first_sample(state.get(), options));
  EXPECT_EQ(sched_calls_done(state.get()), count);
}

// What sched_next_call() says in a loop is what sched_call_at() said before it, and what the
// lists say; asking does not move the loop.
TEST_P(EveryConfig, CallsAreAsDescribed) {
  const Config& config = GetParam();
  const sched_init_options options = options_for(config);
  const State state = start(config, options);
  const std::vector<sched_call> all = calls(state.get());
  const std::vector<double> times =
      config.has(kAdaptive) ? std::vector<double>() : timesteps(state.get());
  EXPECT_EQ(all.size(), times.size());
  Tensor sample = first_sample(state.get(), options), next = sample;
  std::size_t done = 0;
  for (; is_next(state.get()); ++done) {
    sched_call call = SCHED_CALL_INIT;
    ASSERT_EQ(sched_next_call(state.get(), &call), SCHED_OK);
    EXPECT_EQ(sched_calls_done(state.get()), static_cast<std::int64_t>(done));
    EXPECT_EQ(call.input_scale, sched_input_scale(state.get()));
    EXPECT_EQ(call.draws, sched_next_draws(state.get()));
    EXPECT_EQ(call.reserved, 0);
    // diffusers: SCM's first angle, 1.5708, is a little above pi / 2.
    EXPECT_TRUE(std::isfinite(call.timestep) && call.alpha > -4e-6 && call.sigma >= 0.0);
    if (config.has(kAdaptive)) {
      EXPECT_EQ(call.step, -1);
    } else {
      EXPECT_EQ(std::memcmp(&call, &all[done], sizeof call), 0) << done;
      EXPECT_EQ(call.timestep, times[done]);
      EXPECT_EQ(call.ends_step, sched_call_ends_step(state.get(), static_cast<std::int64_t>(done)));
    }
    Step(state.get(), config, sample, next).run();
    sample = next;
  }
  sched_call call = SCHED_CALL_INIT;
  EXPECT_EQ(sched_next_call(state.get(), &call), SCHED_ERROR_FINISHED);
  std::int64_t accepted = -1, rejected = -1;
  EXPECT_EQ(sched_attempts(state.get(), &accepted, &rejected), SCHED_OK);
  EXPECT_EQ(accepted > 0, config.has(kAdaptive));
  EXPECT_GE(rejected, 0);
}

TEST_P(EveryConfig, InPlaceIsTheSame) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    const std::vector<Tensor> expected = run(config, options);
    const State state = start(config, options);
    Tensor sample = first_sample(state.get(), options);
    for (std::size_t call = 0; is_next(state.get()); ++call) {
      Step(state.get(), config, sample, sample).run();
      ASSERT_EQ(sample, expected[call]) << kernel_name(kernel) << " call " << call;
    }
  }
}

// next, denoised and next_input of one wide step.
void step_with_extras(sched_state* state, const Config& config, const Tensor& sample,
                      std::vector<Tensor>& out) {
  Step step(state, config, sample, out[0]);
  sched_tensor to[] = {out[1].view(), out[2].view()};
  step.args.denoised = step.call.needs_model != 0 ? &to[0] : nullptr;
  step.args.next_input = &to[1];
  step.run();
}

// What stands in an output before the call does not matter, not even NaN.
TEST_P(EveryConfig, OutputsMayHoldNan) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    const State clean = start(config, options), dirty = start(config, options);
    Tensor sample = first_sample(clean.get(), options);
    while (is_next(clean.get())) {
      std::vector<Tensor> expected(3, sample), out(3, sample);
      for (Tensor& tensor : expected) tensor.fill(0.0);
      for (Tensor& tensor : out) tensor.fill(kNan);
      sched_call call = SCHED_CALL_INIT;
      ASSERT_EQ(sched_next_call(clean.get(), &call), SCHED_OK);
      step_with_extras(clean.get(), config, sample, expected);
      step_with_extras(dirty.get(), config, sample, out);
      for (std::size_t k = 0; k < 3; ++k) {
        if (k == 1 && call.needs_model == 0) continue;
        ASSERT_EQ(out[k], expected[k]) << kernel_name(kernel) << " output " << k;
      }
      sample = out[0];
    }
  }
}

// Methods whose steps depend on norms over the batch refuse what is not finite.
class Elementwise : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(All, Elementwise, testing::ValuesIn(configs_without(kNorms)), CaseName());

// NaN from the network in one item stays in that item.
TEST_P(Elementwise, NanStaysInItsItem) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    const std::vector<Tensor> expected = run(config, options);
    const State state = start(config, options);
    Tensor sample = first_sample(state.get(), options);
    for (std::size_t call = 0; is_next(state.get()); ++call) {
      Tensor next = sample;
      Step step(state.get(), config, sample, next);
      for (std::int64_t i = 0; i < step.prediction.elements(); ++i)
        step.prediction.set(static_cast<std::size_t>(i), kNan);
      step.run();
      ASSERT_EQ(next.item(1), expected[call].item(1)) << kernel_name(kernel) << " call " << call;
      sample = next;
    }
  }
}

// An item alone has the same bits as in a batch, given its seed: for every kernel, with the
// seeds as a list and counted from the first.
TEST_P(Elementwise, AloneAsInABatch) {
  const Config& config = GetParam();
  const std::uint64_t seeds[] = {7, 1000003, 12};
  for (std::int32_t kernel : kernels()) {
    for (std::int64_t elements : {1, 37, 131}) {
      sched_init_options options = options_for(config);
      options.kernel = kernel;
      options.batch = 3;
      options.elements = elements;
      options.item_seeds = seeds;
      const std::vector<Tensor> batch = run(config, options);
      for (std::int64_t k = 0; k < 3; ++k) {
        sched_init_options one = options;
        one.batch = 1;
        one.item_seeds = nullptr;
        one.seed = seeds[k];
        const std::vector<Tensor> alone = run(config, one);
        for (std::size_t call = 0; call < alone.size(); ++call)
          ASSERT_EQ(alone[call], batch[call].item(k))
              << kernel_name(kernel) << " elements " << elements << " item " << k << " call "
              << call;
      }
      options.item_seeds = nullptr;
      options.seed = 40;
      const std::vector<Tensor> counted = run(config, options);
      sched_init_options last = options;
      last.batch = 1;
      last.seed = 42;
      EXPECT_EQ(run(config, last).back(), counted.back().item(2)) << kernel_name(kernel);
    }
  }
}

// PNDM's start may not be cut short, and its calls differ where it starts anew: that is
// tested by PndmStartsAnew.
class Parts : public testing::TestWithParam<Config> {};
std::vector<Config> configs_that_may_be_cut() {
  std::vector<Config> configs;
  for (const Config& config : configs_without(kStartsAnew | kOwnSteps))
    if (config.most >= 8) configs.push_back(config);
  return configs;
}
INSTANTIATE_TEST_SUITE_P(All, Parts, testing::ValuesIn(configs_that_may_be_cut()), CaseName());

// begin_step and end_step choose a part of the calls and leave the schedule as it is.
TEST_P(Parts, OfASchedule) {
  const Config& config = GetParam();
  sched_init_options options = options_for(config);
  options.num_steps = 8;
  const State whole = start(config, options);
  const std::vector<double> all = timesteps(whole.get());
  for (int begin = 0; begin < 8; ++begin) {
    for (int end = begin + 1; end <= 8; ++end) {
      options.begin_step = begin;
      options.end_step = end;
      const State part = start(config, options);
      EXPECT_EQ(sched_num_steps(part.get()), end - begin);
      EXPECT_EQ(sigmas(part.get()), sigmas(whole.get()));
      EXPECT_EQ(levels(part.get()), levels(whole.get()));
      const std::vector<double> some = timesteps(part.get());
      ASSERT_EQ(static_cast<std::int64_t>(some.size()), sched_num_calls(part.get()));
      // From the call after the end of step begin-1 to the call that ends step end-1.
      std::vector<double> expected;
      for (std::int64_t call = 0, ended = 0; ended < end; ++call) {
        if (ended >= begin) expected.push_back(all[static_cast<std::size_t>(call)]);
        ended += sched_call_ends_step(whole.get(), call);
      }
      EXPECT_EQ(some, expected) << begin << " to " << end;
    }
  }
}

// A part of PNDM's schedule begins with a start of its own: every step's time is there, and
// the calls are those of a whole loop from that step on.
TEST(Parts, PndmStartsAnew) {
  for (const char* name : {"pndm", "pndm_v", "pndm_skip"}) {
    const Config& config = config_named(name);
    sched_init_options options = options_for(config);
    options.num_steps = 8;
    const State whole = start(config, options);
    for (int begin = 0; begin <= 4; ++begin) {
      options.begin_step = begin;
      const State part = start(config, options);
      EXPECT_EQ(sched_num_steps(part.get()), 8 - begin);
      EXPECT_EQ(levels(part.get()), levels(whole.get()));
      EXPECT_EQ(timesteps(part.get()).back(), timesteps(whole.get()).back());
      std::int64_t ends = 0;
      for (std::int64_t call = 0; call < sched_num_calls(part.get()); ++call)
        ends += sched_call_ends_step(part.get(), call);
      EXPECT_EQ(ends, 8 - begin) << name << " from " << begin;
      const std::vector<Tensor> after = run(part.get(), config, first_sample(part.get(), options));
      EXPECT_LT(after.back().peak(), 1e4);
    }
  }
}

// Methods without history: two parts, one after the other, are the whole.
TEST(Parts, JoinedAreTheWhole) {
  for (const char* name : {"ddim", "ddim_no_clip", "euler", "euler_karras", "flow", "heun"}) {
    const Config& config = config_named(name);
    sched_init_options options = options_for(config);
    options.num_steps = 9;
    const std::vector<Tensor> expected = run(config, options);
    for (int cut = 1; cut < 9; ++cut) {
      options.begin_step = 0;
      options.end_step = cut;
      const State head = start(config, options);
      const std::vector<Tensor> first = run(head.get(), config, first_sample(head.get(), options));
      options.begin_step = cut;
      options.end_step = 0;
      const State tail = start(config, options);
      EXPECT_EQ(run(tail.get(), config, first.back()).back(), expected.back())
          << name << " cut at " << cut;
    }
  }
}

// strength runs the last part of the schedule, as image to image does.
TEST(Parts, StrengthIsASuffix) {
  for (const char* name : {"ddim", "euler", "dpm", "flow"}) {
    const Config& config = config_named(name);
    sched_init_options options = options_for(config);
    options.num_steps = 10;
    const std::vector<double> all = timesteps(start(config, options).get());
    for (double strength : {0.1, 0.3, 0.5, 0.8, 1.0}) {
      options.strength = strength;
      const State state = start(config, options);
      const std::vector<double> some = timesteps(state.get());
      EXPECT_EQ(some.size(), static_cast<std::size_t>(std::floor(10.0 * strength + 1e-9))) << name;
      ASSERT_LE(some.size(), all.size());
      EXPECT_EQ(some, std::vector<double>(all.end() - static_cast<std::ptrdiff_t>(some.size()),
                                          all.end()))
          << name << " " << strength;
      EXPECT_EQ(sigmas(state.get()).size(), 11u);
    }
  }
}

TEST(Parts, StepForTimestep) {
  for (const char* name : {"ddim", "euler", "euler_karras", "dpm", "unipc", "flow", "lcm"}) {
    const State state = start(config_named(name));
    const std::vector<double> times = timesteps(state.get());
    for (std::size_t i = 0; i < times.size(); ++i) {
      std::int64_t step = -1;
      EXPECT_EQ(sched_step_for_timestep(state.get(), times[i], &step), SCHED_OK);
      EXPECT_EQ(step, static_cast<std::int64_t>(i)) << name;
      EXPECT_EQ(sched_step_for_timestep(state.get(), times[i] + 5e-7, &step), SCHED_OK);
      EXPECT_EQ(sched_step_for_timestep(state.get(), times[i] + 1e-3, &step), SCHED_ERROR_VALUE);
    }
  }
}

// ------------------------------------------------------------ weights and levels

TEST_P(PlainConfig, FiniteAndFallingForEveryNumberOfSteps) {
  const Config& config = GetParam();
  // Too few or too many are refused by name; those are tested with the errors.
  for (int steps = config.least; steps <= std::min(50, config.most); ++steps) {
    if (config.has(kOwnSteps | kNorms)) break;
    sched_init_options options = options_for(config);
    options.num_steps = steps;
    const State state = start(config, options);
    for (std::int64_t call = 0; call < sched_num_calls(state.get()); ++call) {
      const sched_weights w = weights(state.get(), call);
      ASSERT_GE(w.rows, 1);
      ASSERT_LE(w.rows, SCHED_WEIGHTS_ROWS);
      ASSERT_TRUE(std::isfinite(w.timestep) && std::isfinite(w.input_scale));
      for (double weight : w.denoised) ASSERT_TRUE(std::isfinite(weight));
      for (int row = 0; row < w.rows; ++row)
        for (double weight : w.weight[row])
          ASSERT_TRUE(std::isfinite(weight)) << steps << " steps, call " << call;
    }
    // log SNR grows: alpha' / sigma' > alpha / sigma, written without a division by zero.
    const std::vector<double> all = levels(state.get());
    for (std::size_t i = 0; i + 3 < all.size(); i += 2) {
      ASSERT_GT(all[i], -4e-6);  // SCM again
      ASSERT_GE(all[i + 1], 0.0);
      // diffusers: some classes end at the level of the last timestep, where their last step
      // also begins.
      const bool last = i + 4 == all.size();
      const double sign = config.has(kRises) ? -1.0 : 1.0;
      const double now = sign * all[i] * all[i + 3], then = sign * all[i + 2] * all[i + 1];
      ASSERT_TRUE(then > now || (last && then == now)) << steps << " steps, step " << i / 2;
    }
    // Times fall, except where a method asks again.
    if (config.has(kRepeats | kChurns)) continue;
    const std::vector<double> times = timesteps(state.get());
    for (std::size_t i = 1; i < times.size(); ++i) {
      const double fall = config.has(kRises) ? times[i] - times[i - 1] : times[i - 1] - times[i];
      ASSERT_GE(fall, -1e-9) << steps << " steps, call " << i;
    }
  }
}

// sigmas() is sigma / alpha of levels(), or sigma itself for flow matching.
TEST_P(EveryConfig, SigmasAndLevelsAgree) {
  const Config& config = GetParam();
  const State state = start(config);
  const std::vector<double> pairs = levels(state.get());
  const std::vector<double> all = sigmas(state.get());
  const bool flow = config.name.find("flow") != std::string::npos;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double alpha = pairs[2 * i], sigma = pairs[2 * i + 1];
    if (class_of(config) == "SCMScheduler") {
      EXPECT_EQ(all[i], sigma);  // of an angle; tan of the first would be negative
    } else if (flow) {
      EXPECT_NEAR(all[i], sigma, 1e-12);
      EXPECT_NEAR(alpha + sigma, 1.0, 1e-12);
    } else if (alpha == 0.0) {
      EXPECT_TRUE(std::isinf(all[i])) << "sigma at zero SNR is " << all[i];
    } else {
      EXPECT_NEAR(all[i], sigma / alpha, 1e-9 * std::max(1.0, all[i]));
    }
  }
}

}  // namespace
}  // namespace sched_test
