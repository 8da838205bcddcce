// Our own composition: what goes together, what is refused and why, and a checkpoint's file
// with another sampler.

#include <gtest/gtest.h>

#include <cmath>

#include "../../core/plan/grid_parts.hpp"
#include "compose.hpp"

namespace {

using namespace sched;
using namespace sched_unit;

// ------------------------------------------------------------------------- refusals

struct Refusal {
  const char* name;
  const char* config;
  Status status;
  std::vector<const char*> words;
};

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, WithTheReason) {
  const Refusal& c = GetParam();
  try {
    scheduler_of(c.config);
    FAIL() << c.config;
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), c.status) << error.what();
    for (const char* word : c.words) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos)
          << word << " in " << error.what();
    }
  }
}

#define MODEL(solver, rest) R"({"solver": ")" solver R"(", "parameterization": {)" rest "}}"
#define GRID(solver, rest) R"({"solver": ")" solver R"(", "grid": {)" rest "}}"
#define FLOW_GRID(rest) R"({"solver": "euler", "schedule": "flow", "grid": {)" rest "}}"
#define BARE(solver, rest) \
  R"({"solver": ")" solver R"(", "schedule": "tableless", "grid": {)" rest "}}"

constexpr Status kConflict = Status::conflict;

INSTANTIATE_TEST_SUITE_P(
    Rules, Refused,
    testing::Values(
        Refusal{"flow_frame", MODEL("euler", R"("frame": "flow")"), kConflict, {"schedule flow"}},
        Refusal{"tableless_frame",
                R"({"solver": "ddim", "schedule": "tableless",
                    "grid": {"sigma_min": 0.1, "sigma_max": 9},
                    "parameterization": {"frame": "vp"}})",
                kConflict,
                {"frame vp", "tableless"}},
        Refusal{"flow_prediction",
                MODEL("euler", R"("prediction": "flow")"),
                kConflict,
                {"needs schedule flow"}},
        Refusal{"epsilon_in_flow",
                R"({"solver": "euler", "schedule": "flow", "parameterization": "epsilon"})",
                kConflict,
                {"flow | sample"}},
        Refusal{"reversed_epsilon",
                MODEL("euler", R"("reversed_flow": true)"),
                kConflict,
                {"prediction flow"}},
        Refusal{"flow_form_of_betas",
                R"({"solver": "dpm_2_ancestral_rf", "schedule": "scaled_linear"})",
                kConflict,
                {"dpm_2_ancestral_rf", "flow models alone", "schedule flow"}},
        Refusal{"flow_form_of_sigmas",
                R"({"solver": "dpmpp_2s_ancestral_rf", "schedule": "tableless",
                    "grid": {"sigma_min": 0.1, "sigma_max": 9}})",
                kConflict,
                {"dpmpp_2s_ancestral_rf", "flow models alone"}},
        Refusal{"flow_form_in_ve",
                MODEL("dpmpp_2s_ancestral_rf", R"("frame": "ve")"),
                kConflict,
                {"frame flow and schedule flow"}},
        Refusal{"sigma_form_in_flow",
                R"({"solver": "dpmpp_2s_ancestral", "schedule": "flow"})",
                kConflict,
                {"dpmpp_2s_ancestral", "frame flow"}},
        Refusal{"sigma_guidance_in_flow",
                R"({"solver": "res_multistep_ancestral_cfg_pp", "schedule": "flow"})",
                kConflict,
                {"res_multistep_ancestral_cfg_pp", "frame flow"}},
        Refusal{"clipped_guidance",
                MODEL("euler_cfg_pp", R"("clip": 1)"),
                kConflict,
                {"clip", "euler_cfg_pp", "two predictions"}},
        Refusal{"seeds_3_out_of_order",
                R"({"solver": {"name": "seeds_3", "r_1": 0.7, "r_2": 0.5}})",
                kConflict,
                {"r_1", "below r_2"}},
        Refusal{"euler_in_vp", MODEL("euler", R"("frame": "vp")"), kConflict, {"euler", "vp"}},
        Refusal{"pndm_in_flow",
                R"({"solver": "pndm", "schedule": "flow"})",
                kConflict,
                {"pndm", "flow"}},
        Refusal{
            "pndm_sample", MODEL("pndm", R"("prediction": "sample")"), kConflict, {"epsilon | v"}},
        Refusal{"unscaled_in_vp",
                MODEL("ddim", R"("scales_input": false)"),
                kConflict,
                {"scales_input", "vp"}},
        Refusal{"flow_time",
                R"({"solver": "euler", "schedule": "flow",
                    "parameterization": {"model_time": "quarter_log"}})",
                kConflict,
                {"model_time"}},
        Refusal{"ignored_clip", MODEL("tcd", R"("clip": 1)"), kConflict, {"no effect", "tcd"}},
        Refusal{"two_clips",
                MODEL("ddim", R"("clip": 1, "threshold_ratio": 0.9)"),
                kConflict,
                {"exclude"}},
        Refusal{"sigma_data", MODEL("ddim", R"("sigma_data": 0.5)"), kConflict, {"v | edm"}},
        Refusal{"boundary", MODEL("ddim", R"("boundary": 0.5)"), kConflict, {"v | edm"}},
        Refusal{"third_order_noise_sde",
                R"({"solver": {"name": "dpm_multistep", "order": 3, "algorithm": "sde_noise"}})",
                kConflict,
                {"order 3"}},
        Refusal{"noise_seed_without_noise",
                R"({"solver": {"name": "dpm_multistep", "noise_seed": 3}})",
                kConflict,
                {"noise_seed"}},
        Refusal{"noise_seed_without_path",
                R"({"solver": {"name": "dpmpp_sde", "noise": "independent", "noise_seed": 3}})",
                kConflict,
                {"noise_seed", "brownian"}},
        Refusal{"tau_ends",
                R"({"solver": {"name": "sa_solver", "tau_start": 1, "tau_end": 2}})",
                kConflict,
                {"tau_end", "tau_start"}},
        Refusal{"shaped_pndm", GRID("pndm", R"("shape": "karras")"), kConflict, {"must be none"}},
        Refusal{"shaped_fast", GRID("dpm_fast", R"("shape": "beta")"), kConflict, {"exponential"}},
        Refusal{"tableless_timesteps",
                BARE("euler", R"("shape": "simple")"),
                kConflict,
                {"tableless", "karras"}},
        Refusal{"tableless_ends", BARE("euler", ""), kConflict, {"sigma_min", "sigma_max"}},
        Refusal{"tableless_time",
                R"({"solver": "euler", "schedule": "tableless",
                    "grid": {"sigma_min": 0.1, "sigma_max": 9},
                    "parameterization": {"model_time": "timestep"}})",
                kConflict,
                {"model_time"}},
        Refusal{"skipping_fast",
                GRID("dpm_fast", R"("skip_smallest": true)"),
                kConflict,
                {"skip_smallest", "dpm_fast"}},
        Refusal{"tableless_lcm",
                R"({"solver": "lcm", "schedule": "tableless",
                    "grid": {"sigma_min": 0.1, "sigma_max": 9}})",
                kConflict,
                {"lcm", "timesteps"}},
        Refusal{"shaped_end", GRID("euler", R"("final_sigma": "shaped")"), kConflict, {"shape"}},
        Refusal{"inverse_flow",
                R"({"solver": "euler", "schedule": "flow", "grid": {"inverse": true}})",
                kConflict,
                {"inverse", "flow"}},
        Refusal{"inverse_sde",
                R"({"solver": "dpmpp_2m_sde", "grid": {"inverse": true}})",
                kConflict,
                {"inverse", "variance"}},
        Refusal{"inverse_simple",
                GRID("euler", R"("shape": "simple", "inverse": true)"),
                kConflict,
                {"inverse", "karras"}},
        Refusal{"inverse_trailing",
                GRID("euler", R"("spacing": "trailing", "inverse": true)"),
                kConflict,
                {"inverse", "linspace"}},
        Refusal{"inverse_end",
                GRID("euler", R"("final_sigma": "zero", "inverse": true)"),
                kConflict,
                {"inverse", "final_sigma"}},
        Refusal{"shift", GRID("euler", R"("shift": 3)"), kConflict, {"shift", "flow"}},
        Refusal{"betas_in_flow",
                R"({"solver": "euler", "schedule": {"type": "flow", "beta_end": 0.1}})",
                kConflict,
                {"beta_end", "flow"}},
        Refusal{"unused_rho",
                GRID("euler", R"("shape": "simple", "rho": 3)"),
                kConflict,
                {"rho", "karras | polyexponential"}},
        Refusal{"unused_spacing",
                GRID("euler", R"("shape": "karras", "spacing": "leading")"),
                kConflict,
                {"spacing", "shape none"}},
        Refusal{"vp_of_flow", FLOW_GRID(R"("shape": "vp")"), kConflict, {"shape vp", "at most 1"}},
        Refusal{"steps_of_flow",
                FLOW_GRID(R"("shape": "align_your_steps")"),
                kConflict,
                {"shape align_your_steps", "at most 1"}},
        Refusal{"gits_of_flow", FLOW_GRID(R"("shape": "gits")"), kConflict, {"shape gits"}},
        Refusal{"even_without_flow",
                GRID("euler", R"("shape": "even")"),
                kConflict,
                {"shape even", "schedule flow"}},
        Refusal{"logit_without_flow",
                GRID("euler", R"("shape": "logit_normal")"),
                kConflict,
                {"shape logit_normal", "schedule flow"}},
        Refusal{"logit_shifted",
                FLOW_GRID(R"("shape": "logit_normal", "shift": 3)"),
                kConflict,
                {"shift", "logit_normal"}},
        Refusal{"parts_of_tableless",
                BARE("euler", R"("shape": "align_your_steps", "model": "reforge_sdxl")"),
                kConflict,
                {"reforge_sdxl", "sd1 | sdxl | svd"}},
        Refusal{"lcm_of_tableless", BARE("euler", R"("shape": "lcm")"), kConflict, {"timesteps"}},
        Refusal{"coefficient_of_karras",
                GRID("euler", R"("shape": "karras", "coefficient": 1)"),
                kConflict,
                {"coefficient", "gits"}},
        Refusal{"coefficient_out_of_range",
                GRID("euler", R"("shape": "gits", "coefficient": 1.6)"),
                Status::value,
                {"coefficient", "1.5"}},
        Refusal{"decay_of_cosine",
                GRID("euler", R"("shape": "cosine", "decay": 0.5)"),
                kConflict,
                {"decay", "cosexpblend"}},
        Refusal{"mu_without_flow",
                GRID("euler", R"("mu_from": "flux")"),
                kConflict,
                {"mu_from", "schedule flow"}},
        Refusal{"tokens_alone", FLOW_GRID(R"("tokens": 256)"), kConflict, {"tokens", "mu_from"}},
        Refusal{"tokens_of_none",
                FLOW_GRID(R"("mu_from": "flux", "tokens": 0)"),
                Status::value,
                {"tokens", "1"}},
        Refusal{"line_of_flux2",
                FLOW_GRID(R"("mu_from": "flux2", "max_shift": 1)"),
                kConflict,
                {"max_shift", "flux | ltx"}},
        Refusal{"mu_without_shift",
                FLOW_GRID(R"("mu_from": "flux", "dynamic_shift": false)"),
                kConflict,
                {"mu_from", "dynamic_shift"}},
        Refusal{"mu_of_linear_shift",
                FLOW_GRID(R"("mu_from": "flux", "time_shift": "linear")"),
                kConflict,
                {"mu_from", "time_shift"}},
        Refusal{"no_levels", GRID("euler", R"("shape": "levels")"), kConflict, {"levels"}},
        Refusal{"own_grid",
                R"({"solver": "euler", "schedule": {"_class_name": "SCMScheduler"}})",
                kConflict,
                {"SCMScheduler", "own grid"}},
        Refusal{"unknown_quirk",
                R"({"solver": "euler", "quirks": ["x"]})",
                Status::value,
                {"unknown quirk x", "stride_previous"}},
        Refusal{"idle_quirk",
                R"({"solver": "euler", "quirks": ["unit_undo"]})",
                kConflict,
                {"unit_undo", "repaint"}},
        Refusal{"quirks_text", R"({"solver": "euler", "quirks": "x"})", Status::type, {"list"}}),
    [](const testing::TestParamInfo<Refusal>& instance) {
      return std::string(instance.param.name);
    });

// ---------------------------------------------------------------------------- grids

// Every shape for every number of steps: sigmas that fall to 0.
TEST(Composition, EveryShapeFallsForEveryNumberOfSteps) {
  for (const char* shape : {"none",
                            "karras",
                            "exponential",
                            "polyexponential",
                            "beta",
                            "laplace",
                            "kl_optimal",
                            "bong_tangent",
                            "linear_quadratic",
                            "cosine",
                            "cosexpblend",
                            "phi",
                            "karras_dynamic",
                            "sinusoidal_sf",
                            "invcosinusoidal_sf",
                            "react_cosinusoidal_dynsf",
                            "vp",
                            "align_your_steps",
                            "gits",
                            "normal",
                            "sgm_uniform",
                            "simple",
                            "ddim_uniform",
                            "beta_timesteps",
                            "smoothstep",
                            "lcm",
                            "sd_turbo",
                            "even",
                            "logit_normal"}) {
    for (const char* schedule : {"scaled_linear", "flow"}) {
      const bool flow = schedule[0] == 'f';
      const std::string name = shape;
      if (flow && (name == "vp" || name == "align_your_steps" || name == "gits")) continue;
      if (!flow && (name == "even" || name == "logit_normal")) continue;
      const auto scheduler = scheduler_of(text_of(R"({"solver": "euler", "schedule": ")", schedule,
                                                  R"(", "grid": ")", shape, "\"}"));
      for (int n = 1; n <= 1000; n = n < 50 ? n + 1 : n + 475) {
        const auto loop = loop_of(scheduler, n);
        for (std::size_t i = 0; i + 1 < loop->grid.sigmas.size(); ++i) {
          ASSERT_GT(loop->grid.sigmas[i], loop->grid.sigmas[i + 1]) << shape << " " << n;
        }
        ASSERT_EQ(loop->grid.sigmas.back(), 0.0) << shape << " " << n;
      }
    }
  }
}

TEST(Composition, LevelsAreTakenAsTheyAre) {
  const auto loop = loop_of(
      R"({"solver": "euler", "grid": {"shape": "levels", "levels": [14, 6, 2, 0.5, 0.03]}})", 4);
  EXPECT_EQ(loop->grid.sigmas, (sched::List<double>{14, 6, 2, 0.5, 0}));
  const auto whole = loop_of(R"({"solver": "euler", "grid": {"shape": "levels",
      "levels": [14, 6, 2, 0.5, 0.03], "levels_include_end": false}})",
                             5);
  EXPECT_EQ(whole->grid.sigmas, (sched::List<double>{14, 6, 2, 0.5, 0.03, 0}));
}

TEST(Composition, AnInversionRisesToTheNoisiestLevel) {
  for (const char* grid :
       {R"("inverse": true)", R"("inverse": true, "spacing": "leading")",
        R"("inverse": true, "shape": "karras")", R"("inverse": true, "shape": "align_your_steps")",
        R"("inverse": true, "shape": "gits")", R"("inverse": true, "shape": "cosine")"}) {
    for (const char* solver :
         {"ddim", "euler", "heun", "dpmpp_2m", "deis", "unipc", "ipndm", "ipndm_v", "deis_tab",
          "gradient_estimation", "res_multistep", "res_2s"}) {
      for (const int n : {1, 2, 7, 20, 50}) {
        const auto loop =
            loop_of(text_of(R"({"solver": ")", solver, R"(", "grid": {)", grid, "}}"), n);
        const sched::List<double>& sigmas = loop->grid.sigmas;
        for (std::size_t i = 1; i < sigmas.size(); ++i) ASSERT_GT(sigmas[i], sigmas[i - 1]) << grid;
        EXPECT_NEAR(sigmas.back(), 14.6146, 5e-5) << grid;  // its four decimals
        EXPECT_EQ(loop->grid.total(), n) << grid;
      }
    }
  }
}

TEST(Composition, TablelessIsEdm) {
  const auto ours = loop_of(R"({"solver": "euler", "schedule": "tableless",
      "grid": {"sigma_min": 0.002, "sigma_max": 80}})",
                            12);
  expect_same(*ours, *loop_of(R"({"_class_name": "EDMEulerScheduler"})", 12));
}

TEST(Composition, TablelessTakesEveryShapeOverSigmasAndCustomSigmas) {
  for (const char* shape :
       {"karras", "exponential", "polyexponential", "beta", "laplace", "kl_optimal", "bong_tangent",
        "linear_quadratic", "cosine", "cosexpblend", "phi", "sinusoidal_sf", "invcosinusoidal_sf",
        "react_cosinusoidal_dynsf"}) {
    const char* low = shape == std::string("linear_quadratic") ? "" : R"("sigma_min": 0.1, )";
    const auto scheduler =
        scheduler_of(text_of(R"({"solver": "dpmpp_2m", "schedule": "tableless", "grid": {)", low,
                             R"("sigma_max": 10, "shape": ")", shape, "\"}}"));
    for (const int n : {1, 2, 7, 20, 50}) {
      const auto loop = loop_of(scheduler, n);
      EXPECT_LE(loop->grid.total(), n) << shape;
      EXPECT_LE(loop->grid.sigmas.front(), 10.0) << shape;
      EXPECT_EQ(loop->grid.sigmas.back(), 0.0) << shape;
    }
    const sched::List<double> sigmas = {8, 3, 1, 0};
    const auto custom = loop_of(scheduler, 0, [&](LoopRequest& r) { r.grid.sigmas = sigmas; });
    EXPECT_EQ(custom->grid.sigmas, sigmas);
    EXPECT_DOUBLE_EQ(custom->grid.nodes.front().time, 0.25 * std::log(8.0));
    EXPECT_EQ(custom->grid.init_noise_sigma, 8.0);
  }
}

TEST(Composition, TablelessTakesTheSigmasOfATable) {
  const auto loop = loop_of(R"({"solver": "euler",
      "grid": {"shape": "align_your_steps", "model": "svd"},
      "schedule": {"_class_name": "EDMEulerScheduler", "sigma_max": 700}})",
                            10);
  EXPECT_EQ(loop->grid.sigmas.front(), 700.0);
  EXPECT_EQ(loop->grid.init_noise_sigma, 700.0);
}

TEST(Composition, ChurnIsForTheVeFrame) {
  try {
    loop_of(R"({"solver": "heun", "schedule": "flow"})", 5, [](LoopRequest& r) { r.churn = 1.0; });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::option);
    EXPECT_NE(std::string(error.what()).find("frame ve only"), std::string::npos) << error.what();
  }
}

// ----------------------------------------------------------- a checkpoint's own file

TEST(Composition, ACheckpointsFileGivesTheModel) {
  const char* const file = R"({"_class_name": "EulerDiscreteScheduler", "beta_start": 0.0005,
      "beta_end": 0.013, "beta_schedule": "linear", "prediction_type": "v_prediction",
      "timestep_spacing": "leading"})";
  const auto taken =
      loop_of(text_of(R"({"solver": "DPM++ 2M Karras", "schedule": )", file, "}"), 10);
  const auto said = loop_of(R"({"solver": "dpmpp_2m", "grid": "karras", "parameterization": "v",
      "schedule": {"type": "linear", "beta_start": 0.0005, "beta_end": 0.013}})",
                            10);
  expect_same(*taken, *said);
}

TEST(Composition, ACheckpointsFileGivesTheShiftOfAFlow) {
  const auto taken = loop_of(R"({"solver": "dpmpp_2m", "schedule":
      {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3}})",
                             10);
  const auto said =
      loop_of(R"({"solver": "dpmpp_2m", "schedule": "flow", "grid": {"shift": 3}})", 10);
  expect_same(*taken, *said);
  const auto changed = loop_of(R"({"solver": "dpmpp_2m", "grid": {"shift": 1}, "schedule":
      {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3}})",
                               10);
  EXPECT_LT(changed->grid.sigmas[5], taken->grid.sigmas[5]);
}

TEST(Composition, ACheckpointsFileGivesThePreconditioning) {
  const auto taken = loop_of(R"({"solver": {"name": "dpm_multistep", "order": 1}, "schedule":
      {"_class_name": "EDMEulerScheduler", "sigma_max": 40, "sigma_data": 0.7}})",
                             10);
  const auto euler =
      loop_of(R"({"_class_name": "EDMEulerScheduler", "sigma_max": 40, "sigma_data": 0.7})", 10);
  expect_same(*taken, *euler);
}

TEST(Composition, ACheckpointsZeroSnrIsKept) {
  const auto loop =
      loop_of(R"({"solver": "ddim", "schedule": {"_class_name": "EulerDiscreteScheduler",
      "rescale_betas_zero_snr": true, "prediction_type": "v_prediction"}})",
              10);
  EXPECT_EQ(loop->grid.steps.front().from.alpha, 0.0);
}

// A distilled model's jumps, and the end of a consistency model's: clean at sigma_min.
TEST(Composition, ConsistencyOfACheckpointsFile) {
  const auto loop = loop_of(R"({"solver": {"name": "consistency", "sigma_min": 0.002},
      "schedule": {"_class_name": "CMStochasticIterativeScheduler"}})",
                            3);
  EXPECT_EQ(loop->plans.front().draws, 1);
  EXPECT_EQ(loop->plans.back().draws, 0);
  EXPECT_EQ(loop->parameterization().boundary, 0.002);
}

// ComfyUI's s_noise and s_noise_end: evenly from the first step to the last, which adds no noise.
TEST(Composition, NoiseOfConsistencyChangesFromStepToStep) {
  const auto noise = [](const char* solver, std::size_t call, const Ask& ask = nullptr) {
    const auto loop =
        loop_of(text_of(R"({"solver": {"name": "consistency")", solver, "}}"), 5, ask);
    return loop->plans[call].next[Input::noise0];
  };
  const char* const changing = R"(, "s_noise": 0.5, "s_noise_end": 1.5)";
  EXPECT_NEAR(noise(changing, 0), 0.5 * noise("", 0), 1e-12);
  EXPECT_NEAR(noise(changing, 1), 0.75 * noise("", 1), 1e-12);
  EXPECT_NEAR(noise(changing, 2), noise("", 2), 1e-12);
  EXPECT_NEAR(noise(R"(, "s_noise": 0.5)", 2), 0.5 * noise("", 2), 1e-12);
  const Ask last_three = [](LoopRequest& r) { r.begin_step = 2; };
  EXPECT_NEAR(noise(changing, 0, last_three), 0.5 * noise("", 2), 1e-12);
  const Ask last = [](LoopRequest& r) { r.begin_step = 3, r.end_step = 4; };
  EXPECT_NEAR(noise(changing, 0, last), 0.5 * noise("", 3), 1e-12);
}

// With nine steps diffusers' timesteps need no rounding.
TEST(Composition, SolversAreThoseOfTheirClasses) {
  const char* const linear = R"("schedule": {"type": "linear", "beta_start": 0.0001,
      "beta_end": 0.02})";
  const auto composed = [&](const char* solver, const char* grid) {
    return loop_of(text_of(R"({"solver": )", solver, ", ", linear, R"(, "grid": )", grid, "}"), 9);
  };
  const char* const low = R"({"final_sigma": "sigma_min"})";
  expect_same(*composed(R"({"name": "deis", "order": 3})", low),
              *loop_of(R"({"_class_name": "DEISMultistepScheduler", "solver_order": 3})", 9));
  expect_same(*composed(R"({"name": "dpm_singlestep", "order": 3, "lower_order_final": false})",
                        R"("none")"),
              *loop_of(R"({"_class_name": "DPMSolverSinglestepScheduler", "solver_order": 3})", 9));
  expect_same(*composed(R"("unipc")", R"("none")"),
              *loop_of(R"({"_class_name": "UniPCMultistepScheduler"})", 9));
}

TEST(Composition, SolversTakeEveryNumberOfSteps) {
  for (const char* config :
       {R"({"solver": {"name": "dpm_singlestep", "order": 3, "type": "heun"}})",
        R"({"solver": {"name": "dpm_singlestep", "algorithm": "sde_data"}})",
        R"({"solver": "dpmpp_2s"})",
        R"({"solver": "dpmpp_3s"})",
        R"({"solver": {"name": "deis", "order": 4}})",
        R"({"solver": "sa_solver"})",
        R"({"solver": {"name": "sa_solver", "corrector_order": 0, "tau": 0}})",
        R"({"solver": {"name": "sa_solver", "tau_start": 10, "tau_end": 0.1}})",
        R"({"solver": "ipndm"})",
        R"({"solver": "ipndm", "parameterization": {"frame": "ve"}})",
        R"({"solver": "consistency"})",
        R"({"solver": {"name": "dpmpp_sde", "noise_seed": 7}})",
        R"({"solver": {"name": "ipndm", "order": 1}, "schedule": "flow"})",
        R"({"solver": {"name": "ipndm_v", "order": 4}})",
        R"({"solver": "deis_tab"})",
        R"({"solver": {"name": "deis_rhoab", "order": 2}, "schedule": "flow"})",
        R"({"solver": "heunpp2"})",
        R"({"solver": "gradient_estimation"})",
        R"({"solver": "res_multistep"})",
        R"({"solver": "res_multistep", "schedule": "flow"})",
        R"({"solver": "res_multistep_ancestral"})",
        R"({"solver": "sa_solver_pece"})",
        R"({"solver": {"name": "sa_solver_pece", "tau_at": "end"}, "schedule": "flow"})",
        R"({"solver": "seeds_2"})",
        R"({"solver": "exp_heun_2_x0_sde", "schedule": "flow"})",
        R"({"solver": "res_2s", "schedule": "flow"})",
        R"({"solver": {"name": "dpmpp_2m", "flow_axis": "log_sigma"}, "schedule": "flow"})",
        R"({"solver": "sa_solver", "schedule": "flow"})",
        R"({"solver": "dpm_singlestep", "schedule": "flow"})",
        R"({"solver": "deis", "schedule": "flow"})"}) {
    for (int n = 1; n <= 1000; n = n < 50 ? n + 1 : n + 475) {
      EXPECT_EQ(loop_of(config, n)->grid.total(), n) << config;
    }
  }
}

}  // namespace
