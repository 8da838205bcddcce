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

// Run A, run B, run A again, all on one scheduler: nothing of a loop stays behind.
TEST_P(EveryConfig, SameAgainAfterAnotherLoop) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    sched_init_options a = options_for(config);
    a.kernel = kernel;
    sched_init_options b = a;
    b.num_steps = 7;
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
  EXPECT_EQ(sched_num_steps(state.get()), options.num_steps);
  EXPECT_EQ(static_cast<std::int64_t>(timesteps(state.get()).size()), sched_num_calls(state.get()));
  EXPECT_EQ(sigmas(state.get()).size(), static_cast<std::size_t>(options.num_steps + 1));
  EXPECT_EQ(levels(state.get()).size(), static_cast<std::size_t>(2 * (options.num_steps + 1)));
  std::int64_t ends = 0;
  for (std::int64_t call = 0; call < sched_num_calls(state.get()); ++call)
    ends += sched_call_ends_step(state.get(), call);
  EXPECT_EQ(ends, options.num_steps);
  EXPECT_EQ(sched_call_ends_step(state.get(), sched_num_calls(state.get()) - 1), 1);
  EXPECT_EQ(sched_calls_done(state.get()), 0);
  run(state.get(), config, first_sample(state.get(), options));
  EXPECT_EQ(sched_calls_done(state.get()), sched_num_calls(state.get()));
}

TEST_P(EveryConfig, InPlaceIsTheSame) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    const std::vector<Tensor> expected = run(config, options);
    const State state = start(config, options);
    Tensor sample = first_sample(state.get(), options);
    const std::vector<double> times = timesteps(state.get());
    for (std::size_t call = 0; call < times.size(); ++call) {
      const Tensor prediction = predict(config, sample, times[call]);
      step(state.get(), sample, prediction, sample);
      ASSERT_EQ(sample, expected[call]) << kernel_name(kernel) << " call " << call;
    }
  }
}

// next, denoised and next_input of one wide step.
void step_with_extras(sched_state* state, const Tensor& sample, const Tensor& prediction,
                      std::vector<Tensor>& out) {
  const sched_tensor views[] = {sample.view(), prediction.view()};
  sched_tensor to[] = {out[0].view(), out[1].view(), out[2].view()};
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  args.sample = &views[0];
  args.prediction = &views[1];
  args.next = &to[0];
  args.denoised = &to[1];
  args.next_input = &to[2];
  if (sched_step_wide(state, &args) != SCHED_OK) throw std::runtime_error(sched_last_error(state));
}

// What stands in an output before the call does not matter, not even NaN.
TEST_P(EveryConfig, OutputsMayHoldNan) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    const State clean = start(config, options), dirty = start(config, options);
    Tensor sample = first_sample(clean.get(), options);
    const std::vector<double> times = timesteps(clean.get());
    for (std::size_t call = 0; call < times.size(); ++call) {
      const Tensor prediction = predict(config, sample, times[call]);
      std::vector<Tensor> expected(3, sample), out(3, sample);
      for (Tensor& tensor : expected) tensor.fill(0.0);
      for (Tensor& tensor : out) tensor.fill(kNan);
      step_with_extras(clean.get(), sample, prediction, expected);
      step_with_extras(dirty.get(), sample, prediction, out);
      for (std::size_t k = 0; k < 3; ++k)
        ASSERT_EQ(out[k], expected[k]) << kernel_name(kernel) << " output " << k;
      sample = out[0];
    }
  }
}

// NaN from the network in one item stays in that item.
TEST_P(EveryConfig, NanStaysInItsItem) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    const std::vector<Tensor> expected = run(config, options);
    const State state = start(config, options);
    Tensor sample = first_sample(state.get(), options);
    const std::vector<double> times = timesteps(state.get());
    for (std::size_t call = 0; call < times.size(); ++call) {
      Tensor prediction = predict(config, sample, times[call]);
      for (std::int64_t i = 0; i < prediction.elements(); ++i)
        prediction.set(static_cast<std::size_t>(i), kNan);
      Tensor next = sample;
      step(state.get(), sample, prediction, next);
      ASSERT_EQ(next.item(1), expected[call].item(1)) << kernel_name(kernel) << " call " << call;
      sample = next;
    }
  }
}

// An item alone has the same bits as in a batch, given its seed: for every kernel, with the
// seeds as a list and counted from the first.
TEST_P(EveryConfig, AloneAsInABatch) {
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
std::vector<Config> configs_that_may_be_cut() {
  std::vector<Config> configs;
  for (const Config& config : every_config()) {
    if (class_of(config) != "PNDMScheduler") configs.push_back(config);
  }
  return configs;
}

class Parts : public testing::TestWithParam<Config> {};
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

// Halves: arithmetic is float32, so a step from the same numbers differs from the float32
// step by one rounding.
TEST_P(EveryConfig, HalfStorageRoundsOnce) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    for (std::int32_t dtype : {SCHED_F16, SCHED_BF16}) {
      sched_init_options options = options_for(config);
      options.kernel = kernel;
      options.dtype = dtype;
      const State half = start(config, options);
      options.dtype = SCHED_F32;
      const State single = start(config, options);
      const std::vector<double> times = timesteps(half.get());
      options.dtype = dtype;
      Tensor sample = first_sample(half.get(), options);
      // 11 and 8 bits of precision; the smallest normal half is 2^-14.
      const double precision = dtype == SCHED_F16 ? std::ldexp(1.0, -11) : std::ldexp(1.0, -8);
      double worst = 0.0;
      for (double time : times) {
        const Tensor prediction = predict(config, sample, time);
        Tensor wide_sample(SCHED_F32, 2, 37);
        Tensor wide_prediction(SCHED_F32, 2, prediction.elements());
        for (std::size_t i = 0; i < sample.size(); ++i) wide_sample.set(i, sample.at(i));
        for (std::size_t i = 0; i < prediction.size(); ++i)
          wide_prediction.set(i, prediction.at(i));
        Tensor next(dtype, 2, 37), wide_next(SCHED_F32, 2, 37);
        step(half.get(), sample, prediction, next);
        step(single.get(), wide_sample, wide_prediction, wide_next);
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
    const auto in = [](const Tensor& tensor, std::int32_t dtype) {
      Tensor other(dtype, tensor.batch(), tensor.elements());
      for (std::size_t i = 0; i < tensor.size(); ++i) other.set(i, tensor.at(i));
      return other;
    };
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

// Every kernel within float32 of the reference in float64, call by call, for sizes around
// the widths of vector registers.
TEST_P(EveryConfig, KernelsAgree) {
  const Config& config = GetParam();
  double worst = 0.0;
  for (std::int64_t elements : {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 1000}) {
    sched_init_options options = options_for(config);
    options.elements = elements;
    options.dtype = SCHED_F64;
    options.kernel = SCHED_KERNEL_REFERENCE;
    const State reference = start(config, options);
    options.dtype = SCHED_F32;
    std::vector<State> others;
    for (std::int32_t kernel : kernels()) {
      options.kernel = kernel;
      others.push_back(start(config, options));
    }
    Tensor sample = first_sample(others[0].get(), options);
    for (double time : timesteps(reference.get())) {
      const Tensor prediction = predict(config, sample, time);
      Tensor wide_sample(SCHED_F64, 2, elements);
      Tensor wide_prediction(SCHED_F64, 2, prediction.elements());
      for (std::size_t i = 0; i < sample.size(); ++i) wide_sample.set(i, sample.at(i));
      for (std::size_t i = 0; i < prediction.size(); ++i) wide_prediction.set(i, prediction.at(i));
      Tensor expected(SCHED_F64, 2, elements);
      step(reference.get(), wide_sample, wide_prediction, expected);
      Tensor next(SCHED_F32, 2, elements);
      for (std::size_t k = 0; k < others.size(); ++k) {
        step(others[k].get(), sample, prediction, next);
        const double error = next.distance(expected) / std::max(1.0, expected.peak());
        ASSERT_LE(error, 2e-6) << kernel_name(kernels()[k]) << " elements " << elements;
        worst = std::max(worst, error);
      }
      sample = next;
    }
  }
  std::printf("%s: worst error %.2e\n", config.name.c_str(), worst);
}

// ------------------------------------------------------------ weights and levels

TEST_P(PlainConfig, FiniteAndFallingForEveryNumberOfSteps) {
  const Config& config = GetParam();
  // PNDM's Runge-Kutta start needs four steps; below that it is refused by name.
  for (int steps = config.name == "pndm" ? 4 : 1; steps <= 50; ++steps) {
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
      ASSERT_GE(all[i], 0.0);
      ASSERT_GE(all[i + 1], 0.0);
      // diffusers: PNDM without set_alpha_to_one ends at the level of timestep 0, where its
      // last step also begins.
      const bool may_stay = class_of(config) == "PNDMScheduler" && i + 4 == all.size();
      const double now = all[i] * all[i + 3], then = all[i + 2] * all[i + 1];
      ASSERT_TRUE(then > now || (may_stay && then == now)) << steps << " steps, step " << i / 2;
    }
    // Times fall, except where a two-stage method asks again.
    if (class_of(config) == "PNDMScheduler") continue;
    const std::vector<double> times = timesteps(state.get());
    for (std::size_t i = 1; i < times.size(); ++i) ASSERT_LE(times[i], times[i - 1]);
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
    if (flow) {
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
