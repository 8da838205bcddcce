// The probability-flow ODE run up from data to noise and down again: the sample comes back,
// and what is missing shrinks with the order of the method.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <utility>

#include "gaussian.hpp"

namespace {

using namespace sched;
using namespace sched::test;

using LoopPair = std::pair<std::shared_ptr<const Loop>, std::shared_ptr<const Loop>>;

// How far a sample is from where it began, in deviations of the data there.
double round_trip_error(const LoopPair& loops) {
  const Gaussian data{0.5, 0.25};
  const auto& [up, down] = loops;
  const NoiseLevel& start = up->grid.steps.front().from;
  EXPECT_EQ(start.sigma, down->grid.steps.back().to.sigma);
  EXPECT_EQ(up->grid.steps.back().to.sigma, down->grid.steps.front().from.sigma);
  const double x = start.alpha * data.mean + 1.3 * data.deviation_at(start);
  const double noisy = run_on_gaussian(*up, x, data);
  return std::fabs(run_on_gaussian(*down, noisy, data) - x) / data.deviation_at(start);
}

// Song et al. 2020, arXiv:2010.02502, section 4.3.  The training schedule is fine enough for
// many steps and noisy enough to forget most of the data.
LoopPair ddim_pair(int steps) {
  const std::string rest =
      R"(, "clip_sample": false, "num_train_timesteps": 16000, "beta_start": 0.00026,)"
      R"("beta_end": 0.00026, "set_alpha_to_one": false)";
  return {loop_of(R"({"_class_name": "DDIMInverseScheduler")" + rest + "}", steps),
          loop_of(R"({"_class_name": "DDIMScheduler")" + rest + "}", steps)};
}

TEST(Inversion, DdimComesBackWithOrderOne) {
  double error[3];
  for (int k = 0; k < 3; ++k) error[k] = round_trip_error(ddim_pair(400 << k));
  const double order = std::log2(error[1] / error[2]);
  std::printf("%.2e %.2e %.2e: order %.2f\n", error[0], error[1], error[2], order);
  EXPECT_NEAR(order, 1.0, 0.15);
}

// The two classes of diffusers over the same levels, which are close together at both ends:
// both loops begin with a step of order 1.
std::shared_ptr<const Loop> dpm_loop(const char* config, int order, int steps) {
  const auto scheduler = changed(config, [&](Factors& f) {
    f.options.order = order;
    f.options.lower_order_final = false;
    f.options.type = DpmType::heun;
    f.options.quirk_half_curvature = false;  // or order 3 would be 2
    f.grid.sigma_min = kCleanest;
    f.grid.sigma_max = 2.0;
    f.grid.shape = SigmaShape::beta;
    f.grid.beta_alpha = f.grid.beta_beta = 1.0 / 3.0;
    f.grid.final_sigma = FinalSigma::shaped;
    f.grid.distinct_times = false;
  });
  return loop_of(scheduler, steps);
}

LoopPair dpm_pair(int order, int steps) {
  return {dpm_loop(CLASS("DPMSolverMultistepInverse", ""), order, steps),
          dpm_loop(CLASS("DPMSolverMultistep", ""), order, steps)};
}

// The run down is the same method with negative steps, which undoes its adjoint.  Where the
// order is even a method and its adjoint have the same leading error (Hairer, Norsett, Wanner,
// Solving Ordinary Differential Equations I, theorem II.8.5), and the round trip gains one.
class DpmInversion : public testing::TestWithParam<int> {};

TEST_P(DpmInversion, ComesBackWithTheSolversOrderAndOneMoreIfEven) {
  const int order = GetParam();
  double there_and_back[3];
  double there[3];
  for (int k = 0; k < 3; ++k) {
    const LoopPair loops = dpm_pair(order, 160 << k);
    there_and_back[k] = round_trip_error(loops);
    there[k] = std::fabs(run_on_gaussian(*loops.first, 3.0) - exact_on_gaussian(*loops.first, 3.0));
  }
  const double up = std::log2(there[1] / there[2]);
  const double both = std::log2(there_and_back[1] / there_and_back[2]);
  std::printf("up %.2e %.2e %.2e: order %.2f; up and down %.2e %.2e %.2e: order %.2f\n", there[0],
              there[1], there[2], up, there_and_back[0], there_and_back[1], there_and_back[2],
              both);
  EXPECT_NEAR(up, order, 0.2);
  EXPECT_NEAR(both, order % 2 == 0 ? order + 1 : order, 0.2);
}

INSTANTIATE_TEST_SUITE_P(Orders, DpmInversion, testing::Values(1, 2, 3));

}  // namespace
