// Schedules by name against the numbers of ComfyUI and of the forks of A1111, recorded in
// float64: each name's composition, and what is done where the reference does something else.

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "../../core/config/names.hpp"
#include "../../core/plan/math.hpp"
#include "compose.hpp"

namespace {

using namespace sched;
using namespace sched_unit;

// The recorded names, and ours where it is another.
struct Recorded {
  const char* name;
  const char* system;
  const char* ours;
  // In place of the name's own composition: an option that the recording was made with.
  const char* grid = "";
};

constexpr Recorded kRecorded[] = {
    {"normal", "ComfyUI", "normal"},
    {"simple", "ComfyUI", "simple"},
    {"sgm_uniform", "ComfyUI", "sgm_uniform"},
    {"ddim_uniform", "ComfyUI", "ddim_uniform"},
    {"beta", "ComfyUI", "beta"},
    {"linear_quadratic", "ComfyUI", "linear_quadratic"},
    {"karras", "ComfyUI", "karras"},
    {"exponential", "ComfyUI", "exponential"},
    {"kl_optimal", "ComfyUI", "kl_optimal"},
    {"kl_optimal_a1111", "A1111", "KL Optimal"},
    {"laplace_comfy", "ComfyUI", "LaplaceScheduler"},
    {"polyexponential", "A1111", "Polyexponential"},
    {"laplace", "reForge", "Laplace"},
    {"cosine", "reForge", "Cosine"},
    {"cosexpblend", "reForge", "Cosine-exponential Blend", R"("decay": 0.9)"},
    {"phi", "reForge", "Phi"},
    {"karras_dynamic", "reForge", "Karras Dynamic"},
    {"sinusoidal_sf", "reForge", "Sinusoidal SF"},
    {"invcosinusoidal_sf", "reForge", "Invcosinusoidal SF"},
    {"react_cosinusoidal_dynsf", "reForge", "React Cosinusoidal DynSF"},
    {"turbo", "reForge", "Turbo"},
    {"align_your_steps", "reForge", "Align Your Steps"},
    {"align_your_steps_sdxl", "reForge", "Align Your Steps", R"("model": "reforge_sdxl")"},
    {"align_your_steps_GITS", "reForge", "Align Your Steps GITS"},
    {"align_your_steps_GITS_sdxl", "reForge", "Align Your Steps GITS",
     R"("model": "reforge_gits_sdxl")"}};

std::string config_of(const nlohmann::json& entry) {
  const std::string name = entry.at("name");
  for (const Recorded& recorded : kRecorded) {
    if (name != recorded.name) continue;
    const KnownName* const known = find_name(recorded.ours, recorded.system);
    if (known == nullptr) return "";
    nlohmann::json config = nlohmann::json::parse(known->composition);
    if (config.at("grid").is_string()) config["grid"] = {{"shape", config.at("grid")}};
    config["grid"].update(nlohmann::json::parse(text_of("{", recorded.grid, "}")));
    config["solver"] = "euler";
    if (entry.at("model") == "flow") {
      config["schedule"] = "flow";
      config["grid"]["shift"] = 3.0;
      // ComfyUI: a flow model's last timestep is that of a sigma with the shift in it.
      if (name == "normal" || name == "sgm_uniform") config["quirks"] = {"shift_twice"};
    }
    return config.dump();
  }
  return "";
}

nlohmann::json recorded_schedules() {
  std::ifstream file(SCHED_GOLDEN "/schedules.json");
  return nlohmann::json::parse(file).at("schedules");
}

// What is not made as it is recorded: with what is made instead, in the tests below.
bool is_made_otherwise(const nlohmann::json& entry) {
  const std::string name = entry.at("name");
  const int n = entry.at("n");
  const bool no_step = name == "laplace_comfy" && n == 1;
  const bool begins_at_end = name.rfind("align_your_steps", 0) == 0 && n == 1;
  return no_step || begins_at_end || entry.contains("rises");
}

int steps_of(const nlohmann::json& entry) {
  // ComfyUI's laplace of n sigmas has no 0: it is n - 1 steps.
  return entry.at("n").get<int>() - (entry.at("name") == "laplace_comfy" ? 1 : 0);
}

TEST(Schedules, MeetTheRecordedNumbers) {
  std::map<std::string, double> worst;
  int count = 0;
  int otherwise = 0;
  for (const nlohmann::json& entry : recorded_schedules()) {
    const std::string where =
        entry.at("name").get<std::string>() + " " + entry.at("model").get<std::string>();
    if (is_made_otherwise(entry)) {
      ++otherwise;
      continue;
    }
    const std::string config = config_of(entry);
    ASSERT_NE(config, "") << where;
    // A sigma that is repeated is a step of no length, which is left out.
    auto expected = entry.at("sigmas").get<List<double>>();
    expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
    const List<double> sigmas = loop_of(config, steps_of(entry))->grid.sigmas;
    ASSERT_EQ(sigmas.size(), expected.size()) << config;
    for (std::size_t i = 0; i < sigmas.size(); ++i) {
      const double error = std::fabs(sigmas[i] - expected[i]) / std::fmax(expected[i], 1e-300);
      worst[where] = std::fmax(worst[where], error);
    }
    ++count;
  }
  for (const auto& [where, error] : worst) {
    std::printf("%-32s %.1e\n", where.c_str(), error);
    EXPECT_LE(error, 1e-12) << where;
  }
  std::printf("%d schedules, %d are made otherwise\n", count, otherwise);
  EXPECT_EQ(count, 254);
  EXPECT_EQ(otherwise, 14);
}

// ------------------------------------------------ what is done instead of the reference

List<double> sigmas_of(const std::string& config, int steps) {
  return loop_of(config, steps)->grid.sigmas;
}

std::string refusal_of(const std::string& config, int steps) {
  try {
    sigmas_of(config, steps);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Schedules, OneStepBeginsAtTheLargestSigma) {
  for (const char* name : {"karras", "exponential", "kl_optimal", "gits", "Align Your Steps GITS",
                           "Align Your Steps", "align_your_steps"}) {
    const List<double> sigmas =
        sigmas_of(text_of(R"({"solver": "euler", "grid": ")", name, "\"}"), 1);
    ASSERT_EQ(sigmas.size(), 2u) << name;
    EXPECT_NEAR(sigmas[0], 14.6146412, 1e-7) << name;
    EXPECT_EQ(sigmas[1], 0.0) << name;
  }
}

TEST(Schedules, ABlendThatRisesIsRefusedAndTheNameFalls) {
  for (const nlohmann::json& entry : recorded_schedules()) {
    if (!entry.contains("rises")) continue;
    const std::string reason = refusal_of(config_of(entry), entry.at("n"));
    EXPECT_NE(reason.find("must fall"), std::string::npos) << reason;
    EXPECT_NE(reason.find("decay"), std::string::npos) << reason;
  }
  const List<double> sigmas =
      sigmas_of(R"({"solver": "euler", "grid": "Cosine-exponential Blend"})", 5);
  EXPECT_NEAR(sigmas[4], 0.029167158151720367, 1e-15);
}

TEST(Schedules, RepeatedSigmasAreLeftOut) {
  // laplace of a flow is 1 from its first sigma to its middle one.
  const auto loop = loop_of(R"({"solver": "euler", "grid": {"shape": "laplace", "shift": 3},
      "schedule": "flow"})",
                            10);
  EXPECT_LT(loop->grid.total(), 10);
}

TEST(Schedules, DdimUniformHasWhatItsStrideGives) {
  EXPECT_EQ(loop_of(R"({"solver": "euler", "grid": "ddim_uniform"})", 30)->grid.total(), 31);
}

TEST(Schedules, SdTurboHasTenTimesteps) {
  const auto loop = loop_of(R"({"solver": "euler", "grid": "SDTurboScheduler"})", 3);
  EXPECT_EQ(loop->grid.steps[0].time, 999.0);
  EXPECT_EQ(loop->grid.steps[1].time, 899.0);
  EXPECT_EQ(loop->grid.steps[2].time, 799.0);
  EXPECT_EQ(loop_of(R"({"solver": "euler", "grid": "sd_turbo"})", 20)->grid.total(), 10);
}

TEST(Schedules, LcmIsTheSubsetOfTheDistillation) {
  const auto grid = loop_of(R"({"solver": "euler", "grid": "lcm"})", 4)->grid;
  const auto method = loop_of(R"({"solver": "lcm"})", 4)->grid;
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(grid.steps[i].time, method.steps[i].time);
  EXPECT_EQ(loop_of(R"({"solver": "euler", "grid": "lcm"})", 80)->grid.total(), 50);
}

// ----------------------------------------------------------------------------- tables

TEST(Schedules, GitsAreItsTables) {
  const auto levels = [](const char* coefficient, int steps) {
    return sigmas_of(text_of(R"({"solver": "euler", "grid": {"shape": "gits", "coefficient": )",
                             coefficient, "}}"),
                     steps);
  };
  EXPECT_EQ(levels("0.8", 3), (List<double>{14.61464119, 11.54541874, 6.77309084, 0.0}));
  EXPECT_EQ(levels("1", 4), (List<double>{14.61464119, 6.77309084, 2.36326075, 0.803307, 0.0}));
  EXPECT_EQ(levels("1.04", 2), (List<double>{14.61464119, 0.95350921, 0.0}));  // 1.05
  EXPECT_EQ(levels("1.2", 5), sigmas_of(R"({"solver": "euler", "grid": "GITSScheduler"})", 5));
  for (int hundredths = 80; hundredths <= 150; hundredths += 5) {
    const std::string coefficient = std::to_string(hundredths / 100.0);
    for (int n = 1; n <= 60; ++n) {
      const List<double> sigmas = levels(coefficient.c_str(), n);
      ASSERT_EQ(sigmas.size(), static_cast<std::size_t>(n) + 1);
      EXPECT_EQ(sigmas.front(), 14.61464119);
      for (std::size_t i = 1; i < sigmas.size(); ++i) ASSERT_LT(sigmas[i], sigmas[i - 1]);
    }
  }
}

// More than twenty steps are the row of twenty, log sigma between its levels linear.
TEST(Schedules, GitsAreStretchedBeyondTwentySteps) {
  const std::string config =
      R"({"solver": "euler", "grid": {"shape": "gits", "final_sigma": "shaped"}})";
  const List<double> twenty = sigmas_of(config, 20);
  const List<double> forty = sigmas_of(config, 40);
  for (std::size_t i = 0; i <= 20; ++i) EXPECT_NEAR(forty[2 * i], twenty[i], 1e-14 * twenty[i]);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_NEAR(forty[2 * i + 1], std::sqrt(twenty[i] * twenty[i + 1]), 1e-13);
  }
}

// ------------------------------------------------------------------- mu from the tokens

// e^mu of a dynamic shift, from the middle of two steps: sigma = e^mu / (e^mu + 1).
double mu_of(const char* grid, int steps) {
  const List<double> sigmas = sigmas_of(
      text_of(R"({"solver": "euler", "schedule": "flow", "grid": {"shape": "even", )", grid, "}}"),
      steps);
  const double sigma = sigmas[static_cast<std::size_t>(steps) / 2];
  return std::log(sigma / (1.0 - sigma));
}

TEST(Schedules, MuIsALineOfTheTokens) {
  EXPECT_NEAR(mu_of(R"("mu_from": "flux")", 2), 1.15, 1e-14);
  EXPECT_NEAR(mu_of(R"("mu_from": "flux", "tokens": 256)", 4), 0.5, 1e-14);
  EXPECT_NEAR(mu_of(R"("mu_from": "flux", "tokens": 2176, "max_shift": 1.5)", 4), 1.0, 1e-14);
  EXPECT_NEAR(mu_of(R"("mu_from": "ltx", "tokens": 1024)", 4), 0.95, 1e-14);
  EXPECT_NEAR(mu_of(R"("mu_from": "ltx", "tokens": 2560)", 4), 1.5, 1e-14);
  // Black Forest Labs' lines at 10 and at 200 steps, and above 4300 tokens.
  EXPECT_NEAR(mu_of(R"("mu_from": "flux2", "tokens": 4096)", 10),
              8.73809524e-05 * 4096 + 1.89833333, 1e-13);
  EXPECT_NEAR(mu_of(R"("mu_from": "flux2", "tokens": 4096)", 200), 0.00016927 * 4096 + 0.45666666,
              1e-13);
  EXPECT_NEAR(mu_of(R"("mu_from": "flux2", "tokens": 8000)", 20), 0.00016927 * 8000 + 0.45666666,
              1e-13);
}

TEST(Schedules, MuIsSaidOnce) {
  try {
    loop_of(R"({"solver": "euler", "schedule": "flow", "grid": "flux"})", 4,
            [](LoopRequest& r) { r.grid.mu = 1.15; });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::conflict);
    EXPECT_NE(std::string(error.what()).find("mu_from"), std::string::npos) << error.what();
  }
  // FLUX.2's line is steep in the steps.
  const std::string reason =
      refusal_of(R"({"solver": "euler", "schedule": "flow", "grid": "flux2"})", 90000);
  EXPECT_NE(reason.find("mu"), std::string::npos) << reason;
}

TEST(Schedules, CurvesThatVanishAreRefused) {
  const std::string reason =
      refusal_of(R"({"solver": "euler", "grid": {"shape": "sinusoidal_sf", "rho": 900}})", 10);
  EXPECT_NE(reason.find("rho"), std::string::npos) << reason;
}

TEST(Schedules, ASingleSigmaThatEndsTheLoopIsRefused) {
  for (const char* shape : {"polyexponential", "laplace", "cosine", "phi", "sinusoidal_sf"}) {
    for (const char* schedule : {"scaled_linear", "tableless"}) {
      const std::string reason = refusal_of(
          text_of(R"({"solver": "euler", "schedule": ")", schedule, R"(", "grid": {"shape": ")",
                  shape, R"(", "sigma_min": 5, "sigma_max": 5, "final_sigma": "shaped"}})"),
          3);
      EXPECT_NE(reason.find("must differ"), std::string::npos) << shape << ": " << reason;
    }
  }
}

TEST(Schedules, MuOfInitIsTheSameGrid) {
  const auto of_tokens =
      sigmas_of(R"({"solver": "euler", "schedule": "flow", "grid": "flux"})", 12);
  const auto of_init = loop_of(R"({"solver": "euler", "schedule": "flow",
      "grid": {"shape": "even", "dynamic_shift": true}})",
                               12, [](LoopRequest& r) { r.grid.mu = 1.15; });
  for (std::size_t i = 0; i < 13; ++i) {
    EXPECT_NEAR(of_tokens[i], of_init->grid.sigmas[i], 1e-15);
  }
}

TEST(Schedules, LtxEndsAtItsTerminal) {
  for (const char* name : {"LTXVScheduler", "ltx2"}) {
    const std::string config =
        text_of(R"({"solver": "euler", "schedule": "flow", "grid": ")", name, "\"}");
    EXPECT_NEAR(sigmas_of(config, 8)[7], 0.1, 1e-15);
    // Nothing to stretch: NaN in the reference.
    EXPECT_EQ(sigmas_of(config, 1), (List<double>{1.0, 0.0}));
  }
}

TEST(Schedules, LogitNormalHasTheQuantiles) {
  const auto levels = [](const char* more) {
    return sigmas_of(text_of(R"({"solver": "euler", "schedule": "flow", "grid": {"shape": )",
                             R"("logit_normal")", more, "}}"),
                     4);
  };
  const auto logit = [](double sigma) { return std::log(sigma / (1.0 - sigma)); };
  const List<double> sigmas = levels("");
  EXPECT_NEAR(logit(sigmas[0]), 9.0, 1e-11);
  EXPECT_NEAR(logit(sigmas[1]), 1.75 * 0.67448975019608174, 1e-14);
  EXPECT_NEAR(sigmas[2], 0.5, 1e-16);
  EXPECT_EQ(sigmas[4], 0.0);
  EXPECT_NEAR(logit(levels(R"(, "tokens": 4096)")[2]), std::log(2.0), 1e-14);
  EXPECT_NEAR(logit(levels(R"(, "mu": 0.5, "deviation": 1)")[2]), 0.5, 1e-14);
}

TEST(Schedules, TheNormalQuantileInvertsTheDistribution) {
  for (const double p : {1e-300, 1e-9, 1e-5, 0.02, 0.3, 0.5}) {
    EXPECT_NEAR(0.5 * std::erfc(-normal_quantile(p) * std::sqrt(0.5)) / p, 1.0, 1e-12) << p;
  }
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(0.025), -1.959963984540054, 1e-14);
}

}  // namespace
