// Named sigma grids against the numbers of ComfyUI, A1111 and k-diffusion, recorded in
// float64, and properties of the grids that were not recorded.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "../../core/plan/time_grid.hpp"
#include "../../core/status.hpp"

namespace {

using namespace sched;

// A model as those programs see it: a table of 1000 sigmas.
struct Model {
  GridSpec spec;
  NoiseSchedule schedule;
};

Model sd_model() {
  ScheduleSpec schedule;
  schedule.kind = BetaSchedule::scaled_linear;
  schedule.beta_start = 0.00085;
  schedule.beta_end = 0.012;
  GridSpec spec;
  spec.family = GridFamily::sigmas;
  spec.frame = Frame::ve;
  spec.spacing = Spacing::linspace;
  spec.shape_from_table = true;
  return {spec, NoiseSchedule(schedule)};
}

Model flow_model() {
  ScheduleSpec schedule;
  schedule.flow = true;
  GridSpec spec;
  spec.family = GridFamily::flow;
  spec.frame = Frame::flow;
  spec.shift = 3.0;
  spec.whole_range = true;
  spec.shape_from_table = true;
  return {spec, NoiseSchedule(schedule)};
}

Model model_named(const std::string& name) { return name == "flow" ? flow_model() : sd_model(); }

TimeGrid grid_of(const Model& model, int steps) {
  GridRequest request;
  request.num_steps = steps;
  return make_grid(model.spec, model.schedule, request);
}

const std::map<std::string, SigmaShape>& shapes() {
  static const std::map<std::string, SigmaShape> table = {
      {"karras", SigmaShape::karras},
      {"exponential", SigmaShape::exponential},
      {"polyexponential", SigmaShape::polyexponential},
      {"laplace", SigmaShape::laplace},
      {"laplace_comfy", SigmaShape::laplace},
      {"kl_optimal", SigmaShape::kl_optimal},
      {"kl_optimal_a1111", SigmaShape::kl_optimal},
      {"linear_quadratic", SigmaShape::linear_quadratic},
      {"normal", SigmaShape::normal},
      {"sgm_uniform", SigmaShape::sgm_uniform},
      {"simple", SigmaShape::simple},
      {"ddim_uniform", SigmaShape::ddim_uniform},
      {"beta", SigmaShape::beta_timesteps},
      {"turbo", SigmaShape::none}};
  return table;
}

// reForge's tables: the largest sigma over these, and 0.029.
List<double> reforge_levels(const std::string& name, double high) {
  static const std::map<std::string, List<double>> ratios = {
      {"align_your_steps", {2.257, 3.785, 5.418, 7.749, 10.469, 15.176, 22.415, 36.629, 96.151}},
      {"align_your_steps_sdxl",
       {2.314, 3.875, 6.701, 10.89, 16.954, 26.333, 38.46, 62.457, 129.336}},
      {"align_your_steps_GITS",
       {3.165, 5.829, 11.824, 20.819, 36.355, 60.895, 93.685, 140.528, 155.478}},
      {"align_your_steps_GITS_sdxl",
       {3.087, 5.693, 9.558, 14.807, 22.415, 34.964, 54.533, 81.648, 115.078}}};
  List<double> levels{high};
  for (const double ratio : ratios.at(name)) levels.push_back(high / ratio);
  levels.push_back(0.029);
  return levels;
}

Model model_of(const nlohmann::json& entry) {
  const std::string name = entry.at("name");
  Model model = model_named(entry.at("model"));
  GridSpec& spec = model.spec;
  if (name.rfind("align_your_steps", 0) == 0) {
    spec.shape = SigmaShape::table;
    spec.levels = reforge_levels(name, model.schedule.sigma(999));
    // A1111: n levels and then 0; ComfyUI puts 0 in the place of the last of n + 1.
    spec.levels_without_end = true;
    return model;
  }
  spec.shape = shapes().at(name);
  if (name == "polyexponential") spec.rho = 1.0;
  if (name == "turbo") spec.spacing = Spacing::trailing;
  if (entry.contains("ends_at")) spec.final_sigma = FinalSigma::shaped;
  // ComfyUI: a flow model's last timestep is that of a sigma with the shift in it.
  spec.shift_twice = name == "normal" || name == "sgm_uniform";
  return model;
}

double relative(double value, double expected) {
  return std::fabs(value - expected) / std::fmax(std::fabs(expected), 1e-300);
}

nlohmann::json recorded() {
  std::ifstream file(SCHED_GOLDEN "/schedules.json");
  return nlohmann::json::parse(file);
}

TEST(NamedGrid, MeetsTheRecordedNumbers) {
  std::map<std::string, double> worst;
  int count = 0;
  const nlohmann::json file = recorded();
  for (const nlohmann::json& entry : file.at("schedules")) {
    const std::string name = entry.at("name");
    // ComfyUI's laplace of n sigmas has no 0: it is n - 1 steps, and none where n is 1.
    const int n = entry.at("n").get<int>() - (name == "laplace_comfy" ? 1 : 0);
    // A1111's tables begin one step at their smallest level; here it is the largest.
    const bool begins_at_end = name.rfind("align_your_steps", 0) == 0 && n == 1;
    if (n == 0 || begins_at_end) continue;
    auto expected = entry.at("sigmas").get<List<double>>();
    expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
    const List<double> sigmas = grid_of(model_of(entry), n).sigmas;
    const std::string where = name + " " + entry.at("model").get<std::string>();
    ASSERT_EQ(sigmas.size(), expected.size()) << where << " " << n;
    for (std::size_t i = 0; i < sigmas.size(); ++i) {
      worst[where] = std::fmax(worst[where], relative(sigmas[i], expected[i]));
    }
    ++count;
  }
  for (const auto& [where, error] : worst) {
    std::printf("%-32s %.1e\n", where.c_str(), error);
    EXPECT_LE(error, 1e-12) << where;
  }
  std::printf("%d schedules\n", count);
  EXPECT_GT(count, 150);
}

// Every shape and frame, from one step on: sigmas that fall, a step for each of them.
TEST(NamedGrid, FallsForEveryNumberOfSteps) {
  for (const Frame frame : {Frame::vp, Frame::ve, Frame::flow}) {
    Model model = frame == Frame::flow ? flow_model() : sd_model();
    model.spec.frame = frame;
    model.spec.levels = align_your_steps_levels(AlignYourSteps::sdxl);
    if (frame == Frame::flow) model.spec.levels = {1.0, 0.9, 0.4, 0.01};
    for (int shape = 1; shape <= static_cast<int>(SigmaShape::smoothstep); ++shape) {
      model.spec.shape = static_cast<SigmaShape>(shape);
      if (frame == Frame::flow && model.spec.shape == SigmaShape::vp) continue;
      for (const FinalSigma final : {FinalSigma::zero, FinalSigma::shaped}) {
        model.spec.final_sigma = final;
        for (int n = 1; n <= 1000; n = n < 50 ? n + 1 : n + 475) {
          const TimeGrid grid = grid_of(model, n);
          ASSERT_EQ(grid.sigmas.size(), grid.steps.size() + 1) << shape << " " << n;
          ASSERT_GE(grid.total(), 1) << shape << " " << n;
          for (std::size_t i = 0; i < grid.steps.size(); ++i) {
            ASSERT_TRUE(std::isfinite(grid.sigmas[i])) << shape << " " << n;
            ASSERT_GT(grid.sigmas[i], grid.sigmas[i + 1]) << shape << " " << n << " " << i;
          }
        }
      }
    }
  }
}

TEST(NamedGrid, AlignYourStepsWithTenStepsIsItsTable) {
  for (const AlignYourSteps kind :
       {AlignYourSteps::sd1, AlignYourSteps::sdxl, AlignYourSteps::svd}) {
    Model model = sd_model();
    model.spec.shape = SigmaShape::table;
    model.spec.levels = align_your_steps_levels(kind);
    List<double> expected = model.spec.levels;
    expected.back() = 0.0;
    EXPECT_EQ(grid_of(model, 10).sigmas, expected);
  }
}

// The tables are sigmas of the SD schedule: NVIDIA lists their timesteps too.
TEST(NamedGrid, AlignYourStepsOfSd1AreTrainingTimesteps) {
  const Model model = sd_model();
  const List<double> levels = align_your_steps_levels(AlignYourSteps::sd1);
  const int timesteps[] = {999, 850, 736, 645, 545, 455, 343, 233, 124, 24, 0};
  for (std::size_t i = 0; i < levels.size(); ++i) {
    EXPECT_NEAR(levels[i], model.schedule.sigma(timesteps[i]), 1e-10);
  }
}

TEST(NamedGrid, BongTangentPassesTheMiddleAtThreeFifths) {
  Model model = flow_model();
  model.spec.shift = 1.0;
  model.spec.shape = SigmaShape::bong_tangent;
  const TimeGrid grid = grid_of(model, 18);
  EXPECT_EQ(grid.sigmas.front(), 1.0);
  // 20 points of which the middle one is listed twice: the 12th.
  EXPECT_NEAR(grid.sigmas[11], 0.001 + 0.5 * 0.999, 1e-15);
  EXPECT_EQ(grid.sigmas.size(), 19u);
}

TEST(NamedGrid, SmoothstepRoundsHalvesAwayFromZero) {
  Model model = sd_model();
  model.spec.shape = SigmaShape::smoothstep;
  const TimeGrid grid = grid_of(model, 2);
  EXPECT_EQ(grid.steps[0].time, 999.0);
  EXPECT_EQ(grid.steps[1].time, 500.0);
}

TEST(NamedGrid, VpIsTheContinuousSchedule) {
  Model model = sd_model();
  model.spec.shape = SigmaShape::vp;
  const TimeGrid grid = grid_of(model, 3);
  EXPECT_NEAR(grid.sigmas[0], std::sqrt(std::exp(19.9 / 2 + 0.1) - 1), 1e-11);
  EXPECT_NEAR(grid.sigmas[2], std::sqrt(std::exp(19.9e-6 / 2 + 1e-4) - 1), 1e-13);
}

TEST(NamedGrid, PolyexponentialOfRhoOneIsExponential) {
  Model model = sd_model();
  model.spec.rho = 1.0;
  model.spec.shape = SigmaShape::polyexponential;
  const TimeGrid a = grid_of(model, 20);
  model.spec.shape = SigmaShape::exponential;
  const TimeGrid b = grid_of(model, 20);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_LE(relative(a.sigmas[i], b.sigmas[i]), 1e-14);
}

// Both ways of interpolating agree on whole timesteps and differ between them.
TEST(NamedGrid, LogInterpolationIsTheGeometricMean) {
  const NoiseSchedule& schedule = sd_model().schedule;
  EXPECT_EQ(schedule.sigma_between(500.0), schedule.sigma(500));
  EXPECT_NEAR(schedule.sigma_between(500.5), std::sqrt(schedule.sigma(500) * schedule.sigma(501)),
              1e-14);
  EXPECT_EQ(schedule.sigma_between(2000.0), schedule.sigma(999));
  EXPECT_EQ(schedule.sigma_between(-1.0), schedule.sigma(0));
}

TEST(NamedGrid, ShapesThatMakeNoSenseAreRefused) {
  Model flow = flow_model();
  flow.spec.shape = SigmaShape::vp;
  EXPECT_THROW(grid_of(flow, 5), Error);
  flow.spec.shape = SigmaShape::table;
  flow.spec.levels = align_your_steps_levels(AlignYourSteps::sd1);
  EXPECT_THROW(grid_of(flow, 5), Error);
  Model sd = sd_model();
  sd.spec.shape = SigmaShape::table;
  for (const List<double>& levels :
       {List<double>{}, {1.0}, {1.0, 2.0}, {1.0, 0.0}, {1.0, NAN, 0.1}}) {
    sd.spec.levels = levels;
    EXPECT_THROW(grid_of(sd, 5), Error);
  }
  sd.spec.shape = SigmaShape::linear_quadratic;
  sd.spec.linear_steps = 5;
  EXPECT_THROW(grid_of(sd, 5), Error);
  sd.spec.linear_steps = 2;
  sd.spec.threshold_noise = 0.99;
  EXPECT_THROW(grid_of(sd, 5), Error);
  sd.spec.shape = SigmaShape::normal;
  sd.spec.sigma_min = 0.1;
  EXPECT_THROW(grid_of(sd, 5), Error);
}

}  // namespace
