// dpm_adaptive chooses its steps as it goes: attempts, and what a loop without a plan means
// for the rest of the interface.

#include <limits>

#include "support.hpp"

namespace sched_test {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();
const double kInf = std::numeric_limits<double>::infinity();

struct Attempts {
  std::int64_t accepted = -1, rejected = -1;
};

Attempts attempts(const sched_state* state) {
  Attempts a;
  EXPECT_EQ(sched_attempts(state, &a.accepted, &a.rejected), SCHED_OK);
  return a;
}

// A tolerance that is met only by steps shorter than the first, so that some are rejected.
Config config_of(int order, const std::string& more = "") {
  return {"adaptive",
          R"({"solver": {"name": "dpm_adaptive", "order": )" + std::to_string(order) + more + "}}",
          [](sched_init_options&) {}, kAdaptive | kOwnSteps | kNorms};
}
const char kLongFirstStep[] = R"(, "h_init": 4.0, "rtol": 0.01)";

// Of x = alpha x0 + sigma n, where the data are N(0, 1/4).
double variance(double alpha, double sigma) { return 0.25 * alpha * alpha + sigma * sigma; }

// The model that knows that they are, as epsilon.
Tensor exact(const Tensor& sample, const sched_call& call) {
  Tensor prediction = sample;
  for (std::size_t i = 0; i < sample.size(); ++i)
    prediction.set(i, sample.at(i) * call.sigma / variance(call.alpha, call.sigma));
  return prediction;
}

TEST(Adaptive, HasNoPlan) {
  const State state = start(config_of(3));
  EXPECT_EQ(sched_num_calls(state.get()), -2);
  double out[4];
  std::int64_t count = 77;
  EXPECT_EQ(sched_timesteps(state.get(), out, 4, &count), SCHED_ERROR_UNSUPPORTED);
  EXPECT_EQ(count, 77);
  EXPECT_TRUE(names(sched_last_error(state.get()), {"dpm_adaptive", "sched_next_call"}));
  sched_call call = SCHED_CALL_INIT;
  EXPECT_EQ(sched_call_at(state.get(), 0, &call), SCHED_ERROR_UNSUPPORTED);
  sched_weights w = {};
  w.struct_size = sizeof w;
  EXPECT_EQ(sched_step_weights(state.get(), 0, &w), SCHED_ERROR_UNSUPPORTED);
  EXPECT_EQ(sched_call_ends_step(state.get(), 0), 0);
  // Where the loop begins and ends is known.
  EXPECT_EQ(sigmas(state.get()).size(), 2u);
}

// Calls come in attempts of `order`, each from where the last accepted one ended; a rejected
// attempt gives back the sample at which it began, bit for bit.
TEST(Adaptive, RejectedAttemptsGiveTheSampleBack) {
  for (int order : {2, 3}) {
    for (std::int32_t kernel : kernels()) {
      const Config config = config_of(order, kLongFirstStep);
      sched_init_options options = options_for(config);
      options.kernel = kernel;
      const State state = start(config, options);
      Tensor sample = first_sample(state.get(), options), begun = sample;
      Attempts before = attempts(state.get());
      double level = kInf;
      int calls = 0;
      for (; is_next(state.get()); ++calls) {
        Step step(state.get(), config, sample, sample);
        EXPECT_EQ(step.call.stage, calls % order);
        EXPECT_EQ(step.call.ends_step, step.call.stage + 1 == order ? 1 : 0);
        if (step.call.stage == 0) {
          begun = sample;
          EXPECT_LE(step.call.sigma, level * (1.0 + 1e-12));
          level = step.call.sigma;
        }
        step.prediction = exact(sample, step.call);
        step.run();
        const Attempts after = attempts(state.get());
        EXPECT_EQ(after.accepted + after.rejected,
                  before.accepted + before.rejected + step.call.ends_step);
        if (after.rejected > before.rejected) {
          EXPECT_EQ(sample, begun);
        }
        before = after;
      }
      EXPECT_EQ(calls, order * (before.accepted + before.rejected));
      EXPECT_GT(before.rejected, 0);
      EXPECT_GT(before.accepted, 1);
      std::printf("order %d, %s: %d accepted, %d rejected\n", order, kernel_name(kernel).c_str(),
                  static_cast<int>(before.accepted), static_cast<int>(before.rejected));
    }
  }
}

// A smaller tolerance takes more steps and comes closer to the exact flow, in which a sample
// keeps its place in units of its deviation.
TEST(Adaptive, ConvergesWithItsTolerance) {
  for (int order : {2, 3}) {
    double last = kInf;
    std::int64_t steps = 0;
    for (const char* tolerance : {"0.01", "0.001", "0.0001"}) {
      const Config config =
          config_of(order, std::string(R"(, "atol": )") + tolerance + R"(, "rtol": )" + tolerance);
      sched_init_options options = options_for(config);
      options.dtype = SCHED_F64;
      options.kernel = SCHED_KERNEL_REFERENCE;
      const State state = start(config, options);
      Tensor sample = first_sample(state.get(), options);
      const Tensor first = sample;
      const std::vector<double> ends = levels(state.get());
      while (is_next(state.get())) {
        Step step(state.get(), config, sample, sample);
        step.prediction = exact(sample, step.call);
        step.run();
      }
      const double ratio = std::sqrt(variance(ends[2], ends[3]) / variance(ends[0], ends[1]));
      double worst = 0.0;
      for (std::size_t i = 0; i < sample.size(); ++i)
        worst = std::max(worst, std::fabs(sample.at(i) - ratio * first.at(i)));
      const std::int64_t accepted = attempts(state.get()).accepted;
      std::printf("order %d, tolerance %s: %d steps, error %.1e\n", order, tolerance,
                  static_cast<int>(accepted), worst);
      EXPECT_LT(worst, last);
      EXPECT_GT(accepted, steps);
      last = worst;
      steps = accepted;
    }
    EXPECT_LT(last, 3e-3);
  }
}

// What is not finite cannot be measured: refused, nothing written, and the loop goes on as if
// the call had not been made.
TEST(Adaptive, NotFiniteIsRefusedAndChangesNothing) {
  for (std::int32_t kernel : kernels()) {
    const Config config = config_of(3);
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    const State state = start(config, options);
    const std::vector<Tensor> expected = run(config, options);
    Tensor sample = first_sample(state.get(), options);
    int refused = 0;
    for (std::size_t call = 0; is_next(state.get()); ++call) {
      for (double bad : {kNan, kInf}) {
        const std::vector<std::uint8_t> before = save(state.get());
        Tensor next = sample;
        Step step(state.get(), config, sample, next);
        if (step.call.ends_step == 0) continue;  // those before it measure nothing
        step.prediction.set(40, bad);
        EXPECT_EQ(step.try_run(), SCHED_ERROR_NOT_FINITE) << call;
        EXPECT_TRUE(names(sched_last_error(state.get()), {"finite"}));
        EXPECT_EQ(next, sample);
        EXPECT_EQ(save(state.get()), before);
        ++refused;
      }
      Step(state.get(), config, sample, sample).run();
      ASSERT_EQ(sample, expected[call]);
    }
    EXPECT_GT(refused, 4);
  }
}

// The same for the Langevin corrector, whose step is a ratio of norms; a score of zero has
// no direction and is refused as well.
TEST(Langevin, NotFiniteIsRefusedAndChangesNothing) {
  const Config& config = config_named("score_ve");
  const sched_init_options options = options_for(config);
  for (double bad : {kNan, kInf, -kInf}) {
    const State state = start(config, options);
    const std::vector<std::uint8_t> before = save(state.get());
    const Tensor sample = first_sample(state.get(), options);
    Tensor next = sample;
    Step step(state.get(), config, sample, next);
    step.prediction.set(3, bad);
    EXPECT_EQ(step.try_run(), SCHED_ERROR_NOT_FINITE);
    EXPECT_EQ(next, sample);
    EXPECT_EQ(save(state.get()), before);
  }
  const State state = start(config, options);
  const Tensor sample = first_sample(state.get(), options);
  Tensor next = sample;
  Step step(state.get(), config, sample, next);
  step.prediction.fill(0.0);
  EXPECT_EQ(step.try_run(), SCHED_ERROR_NOT_FINITE) << next;
  EXPECT_EQ(next, sample);
}

// Tolerances that cannot be met end in a sentence, not in a loop without end.
TEST(Adaptive, TolerancesThatCannotBeMet) {
  const Config config = config_of(3, R"(, "atol": 1e-30, "rtol": 0)");
  const State state = start(config);
  const sched_init_options options = options_for(config);
  Tensor sample = first_sample(state.get(), options);
  sched_status status = SCHED_OK;
  int calls = 0;
  for (; calls < 100000 && status == SCHED_OK && is_next(state.get()); ++calls)
    status = Step(state.get(), config, sample, sample).try_run();
  EXPECT_EQ(status, SCHED_ERROR_NOT_FINITE);
  EXPECT_TRUE(names(sched_last_error(state.get()), {"rtol", "atol"}));
  EXPECT_LT(calls, 1000);
}

// ------------------------------------------------------------------- saved control

std::uint64_t checksum(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (std::size_t i = 0; i + 8 < bytes.size(); ++i) hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return hash;
}

// A control block that contradicts itself is refused even where its checksum is right.
TEST(AdaptiveSaved, DamagedControlIsRefused) {
  const Config config = config_of(3);
  const sched_init_options options = options_for(config);
  const State state = start(config, options);
  Tensor sample = first_sample(state.get(), options);
  for (int call = 0; call < 4; ++call) Step(state.get(), config, sample, sample).run();
  const std::vector<std::uint8_t> right = save(state.get());

  // Offsets of the format: see core/state_bytes.cpp.
  const auto with = [&right](std::size_t offset, auto value) {
    std::vector<std::uint8_t> bytes = right;
    std::memcpy(bytes.data() + offset, &value, sizeof value);
    const std::uint64_t hash = checksum(bytes);
    for (std::size_t i = 0; i < 8; ++i)
      bytes[bytes.size() - 8 + i] = static_cast<std::uint8_t>(hash >> (8 * i));
    return bytes;
  };
  const State victim = start(config, options);
  ASSERT_EQ(sched_load(victim.get(), right.data(), right.size()), SCHED_OK);
  double position = 0.0;
  std::memcpy(&position, right.data() + 40, 8);
  const std::vector<double> ends = sigmas(state.get());
  const std::vector<std::vector<std::uint8_t>> wrong = {
      with(24, std::int64_t{-1}),  // calls done
      with(40, kNan),              // position
      with(40, -1e9),
      with(40, 1e9),
      with(40, -std::log(ends[1])),  // at the end, and not done
      with(48, 0.0),                 // step
      with(48, kNan),
      with(48, -1.0),
      with(48, kInf),
      with(56, kNan),  // inverse errors
      with(64, -1.0),
      with(72, kInf),
      with(80, std::int64_t{-1}),  // accepted
      with(88, std::int64_t{-5}),  // rejected
      with(96, std::int64_t{-1}),  // draws
      with(104, std::int32_t{3}),  // stage
      with(104, std::int32_t{-1}),
      with(108, std::int32_t{1}),  // done, with a way left to go
      with(108, std::int32_t{2}),
  };
  for (std::size_t k = 0; k < wrong.size(); ++k) {
    EXPECT_EQ(sched_load(victim.get(), wrong[k].data(), wrong[k].size()), SCHED_ERROR_DAMAGED)
        << "case " << k << ": " << sched_last_error(victim.get());
    EXPECT_EQ(save(victim.get()), right) << "case " << k;
  }
  EXPECT_EQ(sched_load(victim.get(), with(48, 0.5).data(), right.size()), SCHED_OK);
}

// Every option on which an adaptive loop depends is part of what it is.
TEST(AdaptiveSaved, OtherOptionsAreRefused) {
  const Config right = config_of(3);
  const State state = start(right);
  for (const std::string& other :
       {std::string(R"(, "rtol": 0.06)"), std::string(R"(, "atol": 0.01)"),
        std::string(R"(, "h_init": 0.06)"), std::string(R"(, "pcoeff": 0.1)"),
        std::string(R"(, "icoeff": 0.9)"), std::string(R"(, "dcoeff": 0.1)"),
        std::string(R"(, "accept_safety": 0.8)"), std::string(R"(, "eta": 0.1)"),
        std::string(R"(, "s_noise": 1.1)")}) {
    const std::vector<std::uint8_t> bytes = save(start(config_of(3, other)).get());
    EXPECT_EQ(sched_load(state.get(), bytes.data(), bytes.size()), SCHED_ERROR_MISMATCH) << other;
  }
  const std::vector<std::uint8_t> order = save(start(config_of(2)).get());
  EXPECT_EQ(sched_load(state.get(), order.data(), order.size()), SCHED_ERROR_MISMATCH);
  Config v = right;
  v.json = R"({"solver": {"name": "dpm_adaptive"}, "parameterization": "v"})";
  const std::vector<std::uint8_t> prediction = save(start(v).get());
  EXPECT_EQ(sched_load(state.get(), prediction.data(), prediction.size()), SCHED_ERROR_MISMATCH);
  const double ends[] = {10.0, 0.1};
  sched_init_options options = options_for(right);
  options.num_steps = 0;
  options.sigmas = ends;
  options.sigmas_count = 2;
  const std::vector<std::uint8_t> range = save(start(right, options).get());
  EXPECT_EQ(sched_load(state.get(), range.data(), range.size()), SCHED_ERROR_MISMATCH);
}

// And those of methods that are planned: what only a finished step or a draw would show.
TEST(PlannedSaved, OtherOptionsAreRefused) {
  const std::pair<const char*, const char*> pairs[] = {
      {R"({"_class_name": "ScoreSdeVeScheduler", "snr": 0.15})",
       R"({"_class_name": "ScoreSdeVeScheduler", "snr": 0.16})"},
      {R"({"solver": {"name": "dpmpp_sde", "noise": "brownian"}})",
       R"({"solver": {"name": "dpmpp_sde", "noise": "independent"}})"},
      {R"({"_class_name": "DDIMScheduler", "thresholding": true, "sample_max_value": 1.5})",
       R"({"_class_name": "DDIMScheduler", "thresholding": true, "sample_max_value": 2.5})"},
      {R"({"_class_name": "DDPMScheduler", "variance_type": "learned"})",
       R"({"_class_name": "DDPMScheduler", "variance_type": "learned_range"})"},
  };
  for (const auto& [one, other] : pairs) {
    const State a = start({"one", one}), b = start({"other", other});
    const std::vector<std::uint8_t> bytes = save(b.get());
    EXPECT_EQ(sched_load(a.get(), bytes.data(), bytes.size()), SCHED_ERROR_MISMATCH) << other;
  }
}

}  // namespace
}  // namespace sched_test
