// Helios has no recorded loops: its stages against numbers from the formulas of the
// reference, evaluated apart from this library, and its steps against each method's own.

#include <gtest/gtest.h>

#include <cmath>

#include "../../core/loop.hpp"

namespace {

using namespace sched;

std::shared_ptr<const Loop> loop_of(const std::string& config, const LoopRequest& asked) {
  LoopRequest request = asked;
  request.elements = 1;
  request.kernel = 1;
  request.dtype = DType::f64;
  request.seeds = {0};
  return make_loop(make_scheduler(config.data(), config.size(), false), request);
}

LoopRequest asking(int steps, int stage, bool first_chunk = false) {
  LoopRequest request;
  request.grid.num_steps = steps;
  request.grid.stage = stage;
  request.grid.amplify_first_chunk = first_chunk;
  return request;
}

void expect_grid(const Loop& loop, const List<double>& times, const List<double>& sigmas) {
  ASSERT_EQ(loop.grid.steps.size(), times.size());
  double worst = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    worst = std::fmax(worst, std::fabs(loop.grid.steps[i].time / times[i] - 1.0));
  }
  for (std::size_t i = 0; i < sigmas.size(); ++i) {
    worst = std::fmax(worst, std::fabs(loop.grid.sigmas[i] - sigmas[i]));
  }
  std::printf("largest difference %.2e\n", worst);
  EXPECT_LT(worst, 1e-12);
}

TEST(Helios, StagesAreTheReferences) {
  const std::string config = R"({"_class_name": "HeliosScheduler"})";
  const List<double> sigmas = {0.999, 0.4999995, 0.000999, 0.0};
  expect_grid(*loop_of(config, asking(3, 0)), {999.0, 871.255872, 743.511744}, sigmas);
  expect_grid(*loop_of(config, asking(3, 1)), {743.256, 564.613821, 385.971642}, sigmas);
  expect_grid(*loop_of(config, asking(3, 2)), {385.614, 193.4988075, 1.383615}, sigmas);
}

// Shifted by mu = 0.7 the sigmas share the stage's own timesteps out anew.
TEST(Helios, AStageIsShiftedByMu) {
  const std::string config = R"({"_class_name": "HeliosScheduler", "use_dynamic_shifting": true})";
  LoopRequest request = asking(3, 0);
  request.grid.mu = 0.7;
  expect_grid(*loop_of(config, request), {998.8730643855254, 914.2257593016614, 744.0251996805105},
              {0.9995031645819575, 0.6681873287422704, 0.002009703649589538, 0.0});
}

TEST(Helios, DmdHasAPointMoreAndDropsIt) {
  const std::string config = R"({"_class_name": "HeliosDMDScheduler", "shift": 3.0, "stages": 2,)"
                             R"("stage_range": [0, 0.4, 1], "gamma": 0.5})";
  const List<double> sigmas = {0.999, 0.74949975, 0.4999995, 0.25049925, 0.0};
  // Two steps for the first chunk are five points.
  expect_grid(*loop_of(config, asking(2, 0, true)),
              {999.0, 983.2003385251699, 967.4006770503397, 951.6010155755095}, sigmas);
  expect_grid(*loop_of(config, asking(2, 1, true)),
              {935.7380921928722, 702.7845118952637, 469.83093159765514, 236.8773513000466},
              sigmas);
}

// The stages share the timesteps out among them: each begins where the one before ends.
TEST(Helios, StagesFollowEachOther) {
  for (const int n : {1, 2, 10, 50, 1000}) {
    double before = INFINITY;
    for (int stage = 0; stage < 3; ++stage) {
      const auto loop = loop_of(R"({"_class_name": "HeliosScheduler"})", asking(n, stage));
      for (const GridStep& step : loop->grid.steps) {
        EXPECT_LT(step.time, before) << n;
        before = step.time;
      }
      EXPECT_TRUE(loop->grid.steps.back().to.is_data());
    }
  }
}

TEST(Helios, StepsAreThoseOfTheirMethods) {
  const auto euler =
      loop_of(R"({"_class_name": "HeliosScheduler", "scheduler_type": "euler"})", asking(4, 1));
  const auto dmd = loop_of(R"({"_class_name": "HeliosDMDScheduler"})", asking(4, 1));
  for (std::size_t i = 0; i < 4; ++i) {
    const NoiseLevel& s = euler->grid.steps[i].from;
    const NoiseLevel& t = euler->grid.steps[i].to;
    EXPECT_EQ(euler->plans[i].next[Input::sample], 1.0);
    EXPECT_DOUBLE_EQ(euler->plans[i].next[Input::prediction], t.sigma - s.sigma);
    // x0 = x - sigma v, noised to the next level.
    const double from = dmd->grid.sigmas[i];
    const double to = dmd->grid.sigmas[i + 1];
    EXPECT_DOUBLE_EQ(dmd->plans[i].next[Input::sample], 1.0 - to);
    EXPECT_DOUBLE_EQ(dmd->plans[i].next[Input::prediction], -(1.0 - to) * from);
    EXPECT_DOUBLE_EQ(dmd->plans[i].next[Input::noise0], to);
  }
  // UniPC over the same sigmas as a flow of its own.
  const auto helios =
      loop_of(R"({"_class_name": "HeliosScheduler", "solver_order": 3})", asking(6, 0));
  LoopRequest same;
  same.grid.sigmas = helios->grid.sigmas;
  const auto unipc =
      loop_of(R"({"solver": {"name": "unipc", "order": 3}, "schedule": "flow"})", same);
  double worst = 0;
  for (std::size_t i = 0; i < helios->plans.size(); ++i) {
    for (std::size_t k = 0; k < kInputs; ++k) {
      worst = std::fmax(
          worst, std::fabs(helios->plans[i].next.weight[k] - unipc->plans[i].next.weight[k]));
    }
  }
  std::printf("largest difference of a weight %.2e\n", worst);
  EXPECT_LT(worst, 1e-12);
}

Status status_of(const std::string& config, const LoopRequest& request) {
  try {
    loop_of(config, request);
  } catch (const Error& error) {
    std::printf("%s\n", error.what());
    return error.status();
  }
  return Status::ok;
}

TEST(Helios, BadInputIsRefused) {
  const std::string open = R"({"_class_name": "HeliosScheduler", )";
  EXPECT_EQ(status_of(open + R"("thresholding": true})", asking(4, 0)), Status::unsupported);
  EXPECT_EQ(status_of(open + R"("predict_x0": false})", asking(4, 0)), Status::conflict);
  EXPECT_EQ(status_of(open + R"("stage_range": [0, 1]})", asking(4, 0)), Status::conflict);
  EXPECT_EQ(status_of(open + R"("stage_range": [0, 0.6, 0.5, 1]})", asking(4, 0)),
            Status::conflict);
  EXPECT_EQ(status_of(open + R"("use_dynamic_shifting": true, "shift": 2.0})", asking(4, 0)),
            Status::conflict);
  EXPECT_EQ(status_of(open + R"("use_dynamic_shifting": true})", asking(4, 0)), Status::conflict);
  EXPECT_EQ(status_of(open + R"("stages": 3})", asking(4, 3)), Status::value);
  LoopRequest none = asking(4, 0);
  none.grid.stage.reset();
  EXPECT_EQ(status_of(open + R"("stages": 3})", none), Status::conflict);
  EXPECT_EQ(status_of(open + R"("stages": 1})", asking(4, 0)), Status::option);
  EXPECT_EQ(status_of(open + R"("stages": 1})", none), Status::ok);
}

}  // namespace
