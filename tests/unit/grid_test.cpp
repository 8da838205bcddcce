// Properties of the grids' shapes that were not recorded; those that were: schedules_test.cpp.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

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

TimeGrid grid_of(const Model& model, int steps) {
  GridRequest request;
  request.num_steps = steps;
  return make_grid(model.spec, model.schedule, request);
}

double relative(double value, double expected) {
  return std::fabs(value - expected) / std::fmax(std::fabs(expected), 1e-300);
}

// Every shape and frame, from one step on: sigmas that fall, a step for each of them.
TEST(NamedGrid, FallsForEveryNumberOfSteps) {
  for (const Frame frame : {Frame::vp, Frame::ve, Frame::flow}) {
    Model model = frame == Frame::flow ? flow_model() : sd_model();
    model.spec.frame = frame;
    model.spec.levels = align_your_steps_levels(AlignYourSteps::sdxl);
    if (frame == Frame::flow) model.spec.levels = {1.0, 0.9, 0.4, 0.01};
    for (int shape = 1; shape <= static_cast<int>(SigmaShape::sd_turbo); ++shape) {
      model.spec.shape = static_cast<SigmaShape>(shape);
      const bool above_one =
          model.spec.shape == SigmaShape::vp || model.spec.shape == SigmaShape::gits;
      if (frame == Frame::flow && above_one) continue;
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
