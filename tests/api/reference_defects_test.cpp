// Defects of the reference implementations in what is implemented here: each is right in this
// library, or refused with the reason, and never NaN.

#include <set>

#include "support.hpp"

namespace sched_test {
namespace {

// Create and init; the sentence of whichever fails.
sched_status status_of(const std::string& json, const Tune& tune, std::string* sentence) {
  Message message;
  sched_create_options create_options = SCHED_CREATE_OPTIONS_INIT;
  create_options.message = message.data();
  create_options.message_capacity = message.capacity();
  sched_scheduler* scheduler = nullptr;
  sched_status status = sched_create(json.data(), json.size(), &create_options, &scheduler);
  const Scheduler owner(scheduler);
  sched_state* state = nullptr;
  if (status == SCHED_OK) {
    sched_init_options options = SCHED_INIT_OPTIONS_INIT;
    options.num_steps = 5;
    options.elements = 4;
    tune(options);
    options.message = message.data();
    options.message_capacity = message.capacity();
    status = sched_init(scheduler, &options, &state);
  }
  sched_state_free(state);
  *sentence = status == SCHED_OK ? "" : message.text();
  return status;
}

std::string of(const std::string& class_name, const std::string& keys = "") {
  return R"({"_class_name": ")" + class_name + "\"" + (keys.empty() ? "" : ", " + keys) + "}";
}

void none(sched_init_options&) {}

// Runs to the end with the library's own first sample; every sample is finite.
std::vector<Tensor> finite_run(const Config& config, int steps) {
  sched_init_options options = options_for(config);
  options.num_steps = steps;
  const std::vector<Tensor> after = run(config, options);
  for (const Tensor& sample : after) EXPECT_TRUE(std::isfinite(sample.peak())) << config.json;
  return after;
}

// D: the default of intermediate_timesteps makes every number of steps but two an error.
TEST(Defects, ScmTakesAnyNumberOfSteps) {
  for (int steps : {1, 2, 3, 4, 10}) finite_run({"scm", of("SCMScheduler")}, steps);
  std::string sentence;
  const auto three = [](sched_init_options& o) {
    o.num_steps = 3;
    o.intermediate_timesteps = 1.3;
  };
  EXPECT_EQ(status_of(of("SCMScheduler"), three, &sentence), SCHED_ERROR_CONFLICT);
  EXPECT_TRUE(names(sentence, {"intermediate_timesteps", "2"}));
}

// D: calls a function that does not exist.
TEST(Defects, HeliosThresholdingIsRefused) {
  std::string sentence;
  EXPECT_EQ(status_of(of("HeliosScheduler", R"("thresholding": true)"), none, &sentence),
            SCHED_ERROR_UNSUPPORTED);
  EXPECT_TRUE(names(sentence, {"thresholding"}));
}

// D: leaves the result unbound.
TEST(Defects, SdeDpmSolverHasNoThirdOrder) {
  std::string sentence;
  const std::string keys =
      R"("algorithm_type": "sde-dpmsolver", "solver_order": 3, "final_sigmas_type": "sigma_min")";
  EXPECT_EQ(status_of(of("DPMSolverMultistepScheduler", keys), none, &sentence),
            SCHED_ERROR_CONFLICT);
  EXPECT_TRUE(names(sentence, {"solver_order", "sde-dpmsolver", "orders 1 and 2"}));
}

// D: the same for sde-dpmsolver++, which has one; here it runs.
TEST(Defects, EdmSdeHasAThirdOrder) {
  const std::string keys = R"("solver_order": 3, "algorithm_type": "sde-dpmsolver++")";
  for (int steps : {1, 2, 3, 10})
    finite_run({"edm", of("EDMDPMSolverMultistepScheduler", keys)}, steps);
}

// D: asserts in the middle of a loop.
TEST(Defects, AnInverseHasNoNoise) {
  for (const char* algorithm : {"sde-dpmsolver", "sde-dpmsolver++"}) {
    for (int order : {1, 2, 3}) {
      std::string sentence;
      const std::string keys = std::string(R"("algorithm_type": ")") + algorithm +
                               R"(", "solver_order": )" + std::to_string(order);
      EXPECT_EQ(status_of(of("DPMSolverMultistepInverseScheduler", keys), none, &sentence),
                SCHED_ERROR_CONFLICT);
      EXPECT_TRUE(names(sentence, {algorithm, "no inverse", "dpmsolver"}));
    }
  }
}

// D: drops repeated timesteps and keeps their sigmas, so that later steps go astray.
TEST(Defects, AnInverseHasASigmaForEachTimestep) {
  for (int steps : {5, 50, 999, 1000}) {
    const Config config = {
        "inverse", of("DPMSolverMultistepInverseScheduler", R"("use_karras_sigmas": true)")};
    sched_init_options options = options_for(config);
    options.num_steps = steps;
    const State state = start(config, options);
    const std::vector<double> times = timesteps(state.get());
    const std::vector<double> all = sigmas(state.get());
    ASSERT_EQ(all.size(), times.size() + 1);
    for (std::size_t i = 1; i < times.size(); ++i) {
      ASSERT_GT(times[i], times[i - 1]);
      ASSERT_GT(all[i], all[i - 1]);
    }
  }
}

// D: the square root of a negative logarithm.
TEST(Defects, FixedLargeLogIsRefused) {
  for (const char* name : {"DDPMScheduler", "DDPMParallelScheduler"}) {
    std::string sentence;
    EXPECT_EQ(status_of(of(name, R"("variance_type": "fixed_large_log")"), none, &sentence),
              SCHED_ERROR_VALUE);
    EXPECT_TRUE(names(sentence, {"variance_type", "fixed_large_log", "negative logarithm"}));
  }
}

// D: takes s_churn and the like, and does nothing with them.
TEST(Defects, FlowMatchEulerHasNoChurn) {
  const std::pair<const char*, Tune> options[] = {
      {"s_churn", [](sched_init_options& o) { o.s_churn = 1.0; }},
      {"s_tmin", [](sched_init_options& o) { o.s_tmin = 0.1; }},
      {"s_tmax", [](sched_init_options& o) { o.s_tmax = 0.9; }},
      {"s_noise", [](sched_init_options& o) { o.s_noise = 1.1; }}};
  for (const auto& [name, tune] : options) {
    std::string sentence;
    EXPECT_EQ(status_of(of("FlowMatchEulerDiscreteScheduler"), tune, &sentence),
              SCHED_ERROR_OPTION);
    EXPECT_TRUE(names(sentence, {name}));
  }
}

// D: keeps every prediction for ever.
TEST(Defects, IpndmKeepsThreeRows) {
  const Config config = {"ipndm", of("IPNDMScheduler")};
  std::set<std::size_t> sizes;
  for (int steps : {1, 10, 1000}) {
    sched_init_options options = options_for(config);
    options.num_steps = steps;
    const State state = start(config, options);
    run(state.get(), config, first_sample(state.get(), options));
    sizes.insert(save(state.get()).size());
  }
  EXPECT_EQ(sizes.size(), 1u);
}

// D: use_lu_lambdas is the exponential shape under another name (even log SNR is both).  The
// class has it so, and so have checkpoints; their model times differ in rounding only.
TEST(Defects, LuLambdasAreTheExponentialShape) {
  const Config lu = {"lu", of("DPMSolverMultistepScheduler", R"("use_lu_lambdas": true)")};
  const Config exponential = {
      "exponential", of("DPMSolverMultistepScheduler", R"("use_exponential_sigmas": true)")};
  for (int steps : {1, 2, 5, 20}) {
    sched_init_options options = options_for(lu);
    options.num_steps = steps;
    const std::vector<double> a = sigmas(start(lu, options).get());
    const std::vector<double> b = sigmas(start(exponential, options).get());
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-12 * std::max(1.0, b[i]));
  }
}

// D: draws twice for a step of order 2, and uses the second.  The draws are counted as the
// reference counts them; the first has weight zero.
TEST(Defects, CogVideoXUsesItsSecondDraw) {
  const State state = start({"cogvideox", of("CogVideoXDPMScheduler")});
  const std::vector<sched_call> all = calls(state.get());
  int twice = 0;
  for (std::size_t call = 0; call < all.size(); ++call) {
    const sched_weights w = weights(state.get(), static_cast<std::int64_t>(call));
    EXPECT_EQ(w.draws, all[call].draws);
    if (w.draws != 2) continue;
    ++twice;
    EXPECT_EQ(w.weight[0][SCHED_INPUT_NOISE0], 0.0);
    EXPECT_NE(w.weight[0][SCHED_INPUT_NOISE1], 0.0);
  }
  EXPECT_GT(twice, 0);
}

// D: thresholds in a singlestep cycle are lost; here every call limits x0.
TEST(Defects, SinglestepThresholds) {
  for (int order : {1, 2, 3}) {
    const Config config = {"single",
                           of("DPMSolverSinglestepScheduler",
                              R"("thresholding": true, "solver_order": )" + std::to_string(order))};
    const State state = start(config);
    for (std::int64_t call = 0; call < sched_num_calls(state.get()); ++call)
      EXPECT_EQ(weights(state.get(), call).clip, SCHED_CLIP_QUANTILE);
    finite_run(config, 6);
  }
}

// S, C: karras, exponential and kl_optimal divide by the number of steps less one, so that one
// step is NaN.  (Every shape, inside the library: Sweep.EveryShapeHasEveryNumberOfSteps.)
TEST(Defects, OneStepOfEveryShape) {
  for (const char* name :
       {"EulerDiscreteScheduler", "LMSDiscreteScheduler", "HeunDiscreteScheduler",
        "KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler", "DPMSolverSDEScheduler",
        "DPMSolverMultistepScheduler", "DPMSolverMultistepInverseScheduler",
        "DPMSolverSinglestepScheduler", "DEISMultistepScheduler", "UniPCMultistepScheduler",
        "SASolverScheduler", "FlowMatchEulerDiscreteScheduler", "FlowMatchLCMScheduler"}) {
    for (const char* shape : {"karras", "exponential", "beta"})
      finite_run({"shaped", of(name, "\"use_" + std::string(shape) + "_sigmas\": true")}, 1);
  }
  for (const char* shape : {"karras", "exponential"})
    finite_run(
        {"edm", of("EDMEulerScheduler", "\"sigma_schedule\": \"" + std::string(shape) + "\"")}, 1);
}

// O: DDIM refuses clip_sample, its own default; X, O: v and sample predictions are wrong.  All
// three say the same where the network means the same x0.
TEST(Defects, PredictionTypesMeanTheSame) {
  for (const char* name : {"DDIMScheduler", "EulerDiscreteScheduler", "LCMScheduler",
                           "DPMSolverMultistepScheduler", "HeunDiscreteScheduler"}) {
    std::vector<Tensor> ends;
    for (const char* type : {"epsilon", "sample", "v_prediction"}) {
      const Config config = {"typed",
                             of(name, std::string(R"("prediction_type": ")") + type + "\"")};
      sched_init_options options = options_for(config);
      options.dtype = SCHED_F64;
      options.kernel = SCHED_KERNEL_REFERENCE;
      const State state = start(config, options);
      Tensor sample(SCHED_F64, 2, 37), next = sample;
      fill_original(sample);
      Step step(state.get(), config, sample, next);
      // alpha and sigma of the vp frame, which v is said in.
      const double norm = std::hypot(step.call.alpha, step.call.sigma);
      const double alpha = step.call.alpha / norm, sigma = step.call.sigma / norm;
      for (std::size_t i = 0; i < sample.size(); ++i) {
        const double noise = 0.5 * std::sin(static_cast<double>(i));
        const double x0 = (sample.at(i) / norm - sigma * noise) / alpha;
        const std::string word = type;
        step.prediction.set(i, word == "epsilon"  ? noise
                               : word == "sample" ? x0
                                                  : alpha * noise - sigma * x0);
      }
      step.run();
      ends.push_back(next);
    }
    EXPECT_LE(ends[1].distance(ends[0]) / std::max(1.0, ends[0].peak()), 1e-10) << name;
    EXPECT_LE(ends[2].distance(ends[0]) / std::max(1.0, ends[0].peak()), 1e-10) << name;
  }
}

// U, X: original_inference_steps or the training steps are ignored; LCM's times are not scaled.
TEST(Defects, LcmsTimesAreThoseOfItsTraining) {
  const Config config = {"lcm", of("LCMScheduler")};
  sched_init_options options = options_for(config);
  options.num_steps = 4;
  EXPECT_EQ(timesteps(start(config, options).get()), (std::vector<double>{999, 759, 499, 259}));
  options.original_inference_steps = 20;
  const std::vector<double> fewer = timesteps(start(config, options).get());
  EXPECT_EQ(fewer[0], 999.0);
  EXPECT_NE(fewer[1], 759.0);
}

// R: draws in every step of Euler, so that the same seed gives other noise elsewhere.
TEST(Defects, EulerDrawsOnlyWhereItChurns) {
  const State plain = start({"euler", of("EulerDiscreteScheduler")});
  for (const sched_call& call : calls(plain.get())) EXPECT_EQ(call.draws, 0);
}

// The Brownian path of DPMSolverSDEScheduler is that of its own seed, whatever the loop's.
TEST(Seeds, OfTheConfigurationsPath) {
  const Config config = {"seeded", of("DPMSolverSDEScheduler", R"("noise_sampler_seed": 5)")};
  const Config free = {"free", of("DPMSolverSDEScheduler")};
  const auto last = [](const Config& c, std::uint64_t seed) {
    sched_init_options options = options_for(c);
    options.seed = seed;
    const State state = start(c, options);
    Tensor sample(SCHED_F32, 2, 37);
    fill_original(sample);
    return run(state.get(), c, sample).back();
  };
  EXPECT_EQ(last(config, 1), last(config, 2));
  EXPECT_NE(last(free, 1), last(free, 2));
  EXPECT_EQ(last(config, 1), last(free, 5));
}

}  // namespace
}  // namespace sched_test
