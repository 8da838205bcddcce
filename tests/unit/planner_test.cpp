// Properties of the planner that need no tensor: numerics, grids, orders of convergence
// and reductions of one method to another.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>

#include "../../core/loop.hpp"
#include "../../core/plan/math.hpp"

namespace {

using namespace sched;

std::shared_ptr<const Loop> loop_of(const std::string& config, int steps,
                                    const std::function<void(LoopRequest&)>& change = nullptr) {
  LoopRequest request;
  request.grid.num_steps = steps;
  request.elements = 1;
  request.kernel = 1;
  request.dtype = DType::f64;
  request.seeds = {0};
  if (change) change(request);
  return make_loop(make_scheduler(config.data(), config.size(), false), request);
}

// Runs a deterministic loop on one number in float64 straight from its plans.  The data
// are N(0, 1/4), for which the best denoiser is exact and linear in x.
constexpr double kDataVariance = 0.25;

double denoise(double x, const NoiseLevel& level) {
  const double variance = level.alpha * level.alpha * kDataVariance + level.sigma * level.sigma;
  return level.alpha * kDataVariance / variance * x;
}

double predict(Prediction prediction, double x, const NoiseLevel& level) {
  const double x0 = denoise(x, level);
  const double noise = (x - level.alpha * x0) / level.sigma;
  return prediction == Prediction::flow ? noise - x0 : noise;
}

double evaluate(const LinearForm& form, const std::array<double, kInputs>& value) {
  double sum = 0;
  for (std::size_t i = 0; i < kInputs; ++i) {
    if (form.weight[i] != 0) sum += form.weight[i] * value[i];
  }
  return sum;
}

double run_on_gaussian(const Loop& loop, double x) {
  std::array<double, kInputs> value{};
  for (std::size_t call = 0; call < loop.plans.size(); ++call) {
    const StepPlan& plan = loop.plans[call];
    value[index_of(Input::sample)] = x;
    value[index_of(Input::prediction)] =
        predict(loop.parameterization().prediction, x, loop.grid.nodes[call].level);
    const auto before = value;
    x = evaluate(plan.next, before);
    for (int k = 0; k < plan.kept_count; ++k) {
      const KeptRow& kept = plan.kept[static_cast<std::size_t>(k)];
      value[index_of(memory_input(kept.slot))] = evaluate(kept.form, before);
    }
  }
  return x;
}

// The probability-flow ODE keeps x in units of its own standard deviation.
double exact_on_gaussian(const Loop& loop, double x) {
  const auto deviation = [](const NoiseLevel& level) {
    return std::sqrt(level.alpha * level.alpha * kDataVariance + level.sigma * level.sigma);
  };
  const TimeGrid& grid = loop.grid;
  return x * deviation(grid.steps.back().to) / deviation(grid.steps.front().from);
}

// Even in log sigma between two levels, the end included: the grid on which orders show.
std::vector<double> smooth_sigmas(int steps, bool flow) {
  std::vector<double> sigmas;
  for (int i = 0; i <= steps; ++i) {
    const double ve = std::exp(std::log(8.0) + (std::log(0.2) - std::log(8.0)) * i / steps);
    sigmas.push_back(flow ? ve / (1.0 + ve) : ve);
  }
  return sigmas;
}

double measured_order(const std::string& config, int steps, bool flow) {
  double error[2];
  for (int k = 0; k < 2; ++k) {
    const auto loop = loop_of(config, 0, [&](LoopRequest& request) {
      request.grid.sigmas = smooth_sigmas(steps << k, flow);
    });
    error[k] = std::fabs(run_on_gaussian(*loop, 3.0) - exact_on_gaussian(*loop, 3.0));
  }
  return std::log2(error[0] / error[1]);
}

struct OrderCase {
  const char* name;
  const char* config;
  bool flow;
  double order;
  int steps;
};

class Order : public testing::TestWithParam<OrderCase> {};

TEST_P(Order, IsTheTheorys) {
  const OrderCase& c = GetParam();
  const double order = measured_order(c.config, c.steps, c.flow);
  std::printf("%-28s order %.2f\n", c.name, order);
  EXPECT_NEAR(order, c.order, 0.15);
}

#define VE(solver) R"({"solver": )" solver R"(, "parameterization": {"frame": "ve"}})"
#define FLOW(solver) R"({"solver": )" solver R"(, "schedule": "flow"})"
#define VP_SIGMAS(solver) R"({"solver": )" solver R"(, "parameterization": {"frame": "vp"}})"

INSTANTIATE_TEST_SUITE_P(
    Solvers, Order,
    testing::Values(
        OrderCase{"euler ve", VE("\"euler\""), false, 1, 320},
        OrderCase{"euler flow", FLOW("\"euler\""), true, 1, 320},
        OrderCase{"ddim ve", VE("\"ddim\""), false, 1, 320},
        OrderCase{"heun ve", VE("\"heun\""), false, 2, 160},
        OrderCase{"heun flow", FLOW("\"heun\""), true, 2, 160},
        OrderCase{"lms 2 ve", VE(R"({"name": "lms", "order": 2})"), false, 2, 320},
        OrderCase{"dpmpp 1 vp", VP_SIGMAS(R"({"name": "dpm_multistep", "order": 1})"), false, 1,
                  320},
        OrderCase{"dpmpp_2m vp", VP_SIGMAS(R"("dpmpp_2m")"), false, 2, 320},
        OrderCase{"dpmpp_2m heun vp", VP_SIGMAS(R"({"name": "dpmpp_2m", "type": "heun"})"), false,
                  2, 320},
        OrderCase{"dpmpp_2m ve", VE(R"("dpmpp_2m")"), false, 2, 320},
        OrderCase{"dpmpp_2m flow", FLOW(R"("dpmpp_2m")"), true, 2, 320},
        OrderCase{"dpm 2 noise vp",
                  VP_SIGMAS(R"({"name": "dpm_multistep", "order": 2, "algorithm": "noise"})"),
                  false, 2, 320},
        OrderCase{"unipc 1 vp", VP_SIGMAS(R"({"name": "unipc", "order": 1})"), false, 2, 160},
        // The corrector raises the order by one, except where the last step is lowered to
        // order 1, which nothing corrects.
        OrderCase{"unipc 2 vp", VP_SIGMAS(R"({"name": "unipc", "order": 2})"), false, 2, 320},
        OrderCase{"unipc 2 vp, all steps",
                  VP_SIGMAS(R"({"name": "unipc", "order": 2, "lower_order_final": false})"), false,
                  3, 320},
        OrderCase{"unipc 2 flow, all steps",
                  FLOW(R"({"name": "unipc", "order": 2, "lower_order_final": false})"), true, 3,
                  320}),
    [](const testing::TestParamInfo<OrderCase>& info) {
      std::string name = info.param.name;
      for (char& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
      }
      return name;
    });

// -------------------------------------------------------------------- reductions

void expect_same_rows(const Loop& a, const Loop& b) {
  ASSERT_EQ(a.plans.size(), b.plans.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.plans.size(); ++i) {
    for (std::size_t k = 0; k < kInputs; ++k) {
      worst = std::fmax(worst, std::fabs(a.plans[i].next.weight[k] - b.plans[i].next.weight[k]));
    }
  }
  std::printf("largest difference of a weight %.2e\n", worst);
  EXPECT_LE(worst, 1e-12);
}

TEST(Reductions, DpmSolverOfOrderOneIsDdim) {
  const auto sigmas = [](LoopRequest& r) {
    r.grid.num_steps = 0;
    r.grid.sigmas = smooth_sigmas(20, false);
  };
  const auto a = loop_of(R"({"solver": "ddim", "grid": "karras"})", 20);
  const auto b =
      loop_of(R"({"solver": {"name": "dpm_multistep", "order": 1}, "grid": "karras"})", 20);
  expect_same_rows(*a, *b);
  const auto c = loop_of(
      R"({"solver": {"name": "dpm_multistep", "order": 1, "algorithm": "noise"}})", 0, sigmas);
  const auto d = loop_of(R"({"solver": {"name": "dpm_multistep", "order": 1}})", 0, sigmas);
  expect_same_rows(*c, *d);
}

TEST(Reductions, UnipcOfOrderOneWithoutCorrectorIsDpmSolverOfOrderOne) {
  std::string off;
  for (int i = 0; i < 20; ++i) off += (i > 0 ? "," : "") + std::to_string(i);
  const auto a = loop_of(
      R"({"solver": {"name": "unipc", "order": 1, "disable_corrector": [)" + off + "]}}", 20);
  const auto b = loop_of(R"({"solver": {"name": "dpm_multistep", "order": 1}})", 20);
  expect_same_rows(*a, *b);
}

TEST(Reductions, EulerInVeIsDdimInVpAfterTheChangeOfFrame) {
  const auto sigmas = [](LoopRequest& r) {
    r.grid.num_steps = 0;
    r.grid.sigmas = smooth_sigmas(20, false);
  };
  const auto ve = loop_of(VE(R"("euler")"), 0, sigmas);
  const auto vp = loop_of(VP_SIGMAS(R"({"name": "dpm_multistep", "order": 1})"), 0, sigmas);
  for (std::size_t i = 0; i < ve->plans.size(); ++i) {
    // x_ve = x_vp / alpha_vp on both sides of the step.
    const NoiseLevel& s = vp->grid.steps[i].from;
    const NoiseLevel& t = vp->grid.steps[i].to;
    const LinearForm& a = ve->plans[i].next;
    const LinearForm& b = vp->plans[i].next;
    EXPECT_NEAR(a[Input::sample], b[Input::sample] * s.alpha / t.alpha, 1e-12);
    EXPECT_NEAR(a[Input::prediction], b[Input::prediction] / t.alpha, 1e-12);
  }
}

// Flow sigmas may begin at 1, where alpha is 0 and log SNR infinite.
TEST(Flow, EverySolverStartsAtPureNoise) {
  for (const char* solver : {"euler", "ddim", "heun", "lms", "dpmpp_2m", "dpmpp_3m", "unipc", "lcm",
                             "flow_match_euler", "dpmpp_2m_sde"}) {
    for (const int order : {1, 2, 3}) {
      std::string name = text_of('"', solver, '"');
      if (std::string(solver) == "unipc") {
        name = text_of(R"({"name": "unipc", "order": )", order, "}");
      }
      const auto loop = loop_of(text_of(R"({"solver": )", name, R"(, "schedule": "flow"})"), 8);
      EXPECT_EQ(loop->grid.steps.front().from.alpha, 0.0) << solver;
      EXPECT_TRUE(loop->grid.steps.back().to.is_data()) << solver;
    }
  }
}

// ------------------------------------------------------------------------- grids

TEST(Grid, TrailingNeverListsMoreStepsThanAskedForNorTimesBelowZero) {
  int odd = 0;
  for (int n = 1; n <= 1000; ++n) {
    const auto loop = loop_of(R"({"solver": "euler", "grid": {"spacing": "trailing"}})", n);
    ASSERT_EQ(loop->grid.total(), n);
    for (const GridStep& step : loop->grid.steps) ASSERT_GE(step.time, 0.0) << n;
    odd += std::ceil(1000.0 / (1000.0 / n)) > n ? 1 : 0;
  }
  std::printf("%d step counts have an entry at -1 in numpy's arange\n", odd);
  EXPECT_GT(odd, 0);
}

struct CountCase {
  const char* config;
  std::vector<int> refused;
};

class StepCounts : public testing::TestWithParam<CountCase> {};

// init refuses a plan with a weight that is not finite, so that planning is the test.
TEST_P(StepCounts, AreFiniteOrRefused) {
  const CountCase& c = GetParam();
  for (int n = 1; n <= 1000; n = n < 50 ? n + 1 : n + 475) {
    const bool refused = std::find(c.refused.begin(), c.refused.end(), n) != c.refused.end();
    if (refused) {
      EXPECT_THROW(loop_of(c.config, n), Error) << c.config << " " << n;
    } else {
      EXPECT_EQ(loop_of(c.config, n)->grid.total(), n) << c.config;
    }
  }
}

#define CLASS(name, rest) R"({"_class_name": ")" name R"(Scheduler")" rest "}"

INSTANTIATE_TEST_SUITE_P(
    Classes, StepCounts,
    testing::Values(CountCase{CLASS("DDIMInverse", ""), {}},
                    CountCase{CLASS("DDIMInverse", R"(, "rescale_betas_zero_snr": true)"), {}},
                    CountCase{CLASS("CogVideoXDPM", ""), {}},
                    CountCase{CLASS("CogVideoXDPM", R"(, "set_alpha_to_one": false,
                                    "timestep_spacing": "trailing")"),
                              {}},
                    // diffusers: UnCLIP's spacing divides by n - 1.
                    CountCase{CLASS("UnCLIP", ""), {1}},
                    CountCase{CLASS("UnCLIP", R"(, "variance_type": "learned_range")"), {1}},
                    CountCase{CLASS("DDPMWuerstchen", ""), {}},
                    CountCase{CLASS("DDPMWuerstchen", R"(, "scaler": 0.5, "s": 0)"), {}},
                    CountCase{CLASS("IPNDM", ""), {}}));

// Inversion stands one step short of where DDIM stands: its levels are those of DDIM with
// the same timesteps, from the clean end up.
TEST(Reductions, DdimInverseRisesOverTheLevelsOfDdim) {
  const auto down = loop_of(CLASS("DDIM", R"(, "clip_sample": false)"), 10);
  const auto up = loop_of(CLASS("DDIMInverse", R"(, "clip_sample": false)"), 10);
  for (std::size_t i = 0; i < 10; ++i) {
    const GridStep& fall = down->grid.steps[9 - i];
    const GridStep& rise = up->grid.steps[i];
    EXPECT_EQ(rise.time, fall.time);
    EXPECT_EQ(rise.from.sigma, fall.to.sigma);
    EXPECT_EQ(rise.to.sigma, fall.from.sigma);
  }
}

TEST(Quirks, CogVideoXDrawsTwiceAndUsesTheSecond) {
  const auto loop = loop_of(CLASS("CogVideoXDPM", ""), 5);
  EXPECT_EQ(loop->plans.front().draws, 1);
  EXPECT_EQ(loop->plans[1].draws, 2);
  EXPECT_EQ(loop->plans[1].next[Input::noise0], 0.0);
  EXPECT_GT(loop->plans[1].next[Input::noise1], 0.0);
  EXPECT_EQ(loop->plans.back().draws, 1);
}

TEST(Quirks, WuerstchenDrawsInTheLastStepAndAddsNothing) {
  const auto loop = loop_of(CLASS("DDPMWuerstchen", ""), 5);
  EXPECT_EQ(loop->plans.back().draws, 1);
  EXPECT_EQ(loop->plans.back().next[Input::noise0], 0.0);
  EXPECT_GT(loop->grid.steps.back().to.sigma, 0.0);
}

TEST(Quirks, IpndmLosesX0AtPureNoise) {
  const auto loop = loop_of(CLASS("IPNDM", ""), 5);
  EXPECT_EQ(loop->plans.front().next[Input::prediction], 0.0);
}

TEST(Grid, RoundingIsToTheEvenNeighbour) {
  EXPECT_EQ(round_half_even(0.5), 0.0);
  EXPECT_EQ(round_half_even(1.5), 2.0);
  EXPECT_EQ(round_half_even(2.5), 2.0);
  EXPECT_EQ(round_half_even(-0.5), 0.0);
  EXPECT_EQ(round_half_even(2.4999), 2.0);
}

TEST(Math, BetaQuantileInvertsTheBetaDistribution) {
  // The arcsine distribution has a closed form: I_x(1/2, 1/2) = 2/pi asin(sqrt(x)).
  double worst = 0;
  for (int i = 1; i < 1000; ++i) {
    const double p = i / 1000.0;
    const double s = std::sin(p * std::acos(-1.0) / 2.0);
    worst = std::fmax(worst, std::fabs(beta_quantile(p, 0.5, 0.5) / (s * s) - 1.0));
  }
  std::printf("largest relative error %.2e\n", worst);
  EXPECT_LT(worst, 1e-13);
  EXPECT_EQ(beta_quantile(0.0, 0.6, 0.6), 0.0);
  EXPECT_EQ(beta_quantile(1.0, 0.6, 0.6), 1.0);
  EXPECT_NEAR(beta_quantile(0.5, 0.6, 0.6), 0.5, 1e-15);
}

TEST(Math, LinearSystemsAreSolved) {
  // A Hilbert matrix of order 6 is as badly conditioned as UniPC's systems get.
  double a[36];
  double b[6] = {};
  for (int i = 0; i < 6; ++i) {
    for (int k = 0; k < 6; ++k) {
      a[6 * i + k] = 1.0 / (i + k + 1);
      b[i] += a[6 * i + k] * (k + 1);
    }
  }
  ASSERT_TRUE(solve_linear(6, a, b));
  for (int k = 0; k < 6; ++k) EXPECT_NEAR(b[k], k + 1, 1e-8);
  double singular[4] = {1, 2, 2, 4};
  double right[2] = {1, 1};
  EXPECT_FALSE(solve_linear(2, singular, right));
}

TEST(Math, AZeroFactorRemovesInfiniteWeights) {
  LinearForm form = LinearForm::of(Input::sample);
  form.weight[1] = INFINITY;
  EXPECT_TRUE(is_finite(0.0 * form));
  EXPECT_EQ((0.0 * form)[Input::prediction], 0.0);
}

}  // namespace
