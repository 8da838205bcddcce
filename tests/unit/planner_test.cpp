// Properties of the planner that need no tensor: numerics, grids and orders of convergence.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>

#include "../../core/plan/math.hpp"
#include "gaussian.hpp"

namespace {

using namespace sched;
using namespace sched::test;

double measured_order(const std::string& config, const Change& change, int steps, int power) {
  double error[2];
  for (int k = 0; k < 2; ++k) {
    const auto loop = smooth_loop(config, change, steps << k, power);
    error[k] = std::fabs(run_on_gaussian(*loop, 3.0) - exact_on_gaussian(*loop, 3.0));
  }
  return std::log2(error[0] / error[1]);
}

struct OrderCase {
  const char* name;
  const char* config;
  double order;
  int steps;
  Change change = nullptr;
  int power = 1;
};

class Order : public testing::TestWithParam<OrderCase> {};

TEST_P(Order, IsTheTheorys) {
  const OrderCase& c = GetParam();
  const double order = measured_order(c.config, c.change, c.steps, c.power);
  std::printf("%-28s order %.2f\n", c.name, order);
  EXPECT_NEAR(order, c.order, 0.15);
}

// The data's deviation is not the network's, or F would be zero everywhere.
#define EDM(rest)                                                                            \
  R"({"_class_name": "EDM)" rest R"(, "sigma_min": 0.2, "sigma_max": 8, "sigma_data": 0.3,)" \
  R"("final_sigmas_type": "sigma_min"})"

INSTANTIATE_TEST_SUITE_P(
    Solvers, Order,
    testing::Values(
        OrderCase{"euler ve", VE("\"euler\""), 1, 320},
        OrderCase{"euler flow", FLOW("\"euler\""), 1, 320},
        OrderCase{"ddim ve", VE("\"ddim\""), 1, 320}, OrderCase{"heun ve", VE("\"heun\""), 2, 160},
        OrderCase{"heun flow", FLOW("\"heun\""), 2, 160},
        OrderCase{"dpm_2 ve", VE("\"dpm_2\""), 2, 160},
        OrderCase{"dpm_2 flow", FLOW("\"dpm_2\""), 2, 160},
        OrderCase{"edm euler", EDM(R"(EulerScheduler")"), 1, 320},
        OrderCase{"edm dpm", EDM(R"(DPMSolverMultistepScheduler")"), 2, 320},
        OrderCase{"edm dpm v heun",
                  EDM(R"(DPMSolverMultistepScheduler", "solver_type": "heun",)"
                      R"("prediction_type": "v_prediction")"),
                  2, 320},
        OrderCase{"lms 2 ve", VE(R"({"name": "lms", "order": 2})"), 2, 320},
        OrderCase{"dpmpp 1 vp", VP_SIGMAS(R"({"name": "dpm_multistep", "order": 1})"), 1, 320},
        OrderCase{"dpmpp_2m vp", VP_SIGMAS(R"("dpmpp_2m")"), 2, 320},
        OrderCase{"dpmpp_2m heun vp", VP_SIGMAS(R"({"name": "dpmpp_2m", "type": "heun"})"), 2, 320},
        OrderCase{"dpmpp_2m ve", VE(R"("dpmpp_2m")"), 2, 320},
        OrderCase{"dpmpp_2m flow", FLOW(R"("dpmpp_2m")"), 2, 320},
        OrderCase{"dpm 2 noise vp",
                  VP_SIGMAS(R"({"name": "dpm_multistep", "order": 2, "algorithm": "noise"})"), 2,
                  320},
        OrderCase{"unipc 1 vp", VP_SIGMAS(R"({"name": "unipc", "order": 1})"), 2, 160},
        // The corrector raises the order by one, except where the last step is lowered to
        // order 1, which nothing corrects.
        OrderCase{"unipc 2 vp", VP_SIGMAS(R"({"name": "unipc", "order": 2})"), 2, 320},
        OrderCase{"unipc 2 vp, all steps",
                  VP_SIGMAS(R"({"name": "unipc", "order": 2, "lower_order_final": false})"), 3,
                  320},
        OrderCase{"unipc 2 flow, all steps",
                  FLOW(R"({"name": "unipc", "order": 2, "lower_order_final": false})"), 3, 320},
        // Multiples of the order, since each cycle is one step of it.
        OrderCase{"singlestep 1 vp", DPM_VP, 1, 320,
                  dpm_singlestep(1, DpmType::midpoint, DpmAlgorithm::data)},
        OrderCase{"singlestep 2 midpoint vp", DPM_VP, 2, 320,
                  dpm_singlestep(2, DpmType::midpoint, DpmAlgorithm::data)},
        OrderCase{"singlestep 2 heun flow", DPM_FLOW, 2, 320,
                  dpm_singlestep(2, DpmType::heun, DpmAlgorithm::data)},
        OrderCase{"singlestep 3 midpoint vp", DPM_VP, 3, 240,
                  dpm_singlestep(3, DpmType::midpoint, DpmAlgorithm::data)},
        OrderCase{"singlestep 3 heun vp", DPM_VP, 3, 240,
                  dpm_singlestep(3, DpmType::heun, DpmAlgorithm::data)},
        OrderCase{"singlestep 3 heun noise ve", VE(R"("dpmpp_2m")"), 3, 240,
                  dpm_singlestep(3, DpmType::heun, DpmAlgorithm::noise)},
        OrderCase{"deis 1 vp", DPM_VP, 1, 320, deis(1)},
        OrderCase{"deis 2 ve", VE(R"("dpmpp_2m")"), 2, 320, deis(2)},
        OrderCase{"deis 3 vp", DPM_VP, 3, 320, deis(3), 3},
        OrderCase{"deis 4 flow", DPM_FLOW, 4, 640, deis(4), 3},
        OrderCase{"sa p1 c0 vp", DPM_VP, 1, 320, sa_solver(1, 0)},
        OrderCase{"sa p2 c0 ve", VE(R"("dpmpp_2m")"), 2, 320, sa_solver(2, 0)},
        OrderCase{"sa p3 c0 flow", DPM_FLOW, 3, 320, sa_solver(3, 0), 3},
        OrderCase{"sa p2 c3 vp", DPM_VP, 3, 320, sa_solver(2, 3), 3},
        OrderCase{"sa p3 c4 vp", DPM_VP, 4, 640, sa_solver(3, 4), 3},
        OrderCase{"sa p3 c3 noise vp", DPM_VP, 3, 320, sa_solver(3, 3, DpmAlgorithm::noise), 3},
        OrderCase{"dpmpp_3m vp", VP_SIGMAS(R"("dpmpp_3m")"), 3, 320, nullptr, 3},
        // The authors' third order has half of the second derivative and is of order 2.
        OrderCase{"dpmpp_3m half vp",
                  VP_SIGMAS(R"({"name": "dpmpp_3m", "second_derivative": "half"})"), 2, 320,
                  nullptr, 3}),
    [](const testing::TestParamInfo<OrderCase>& instance) {
      std::string name = instance.param.name;
      for (char& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
      }
      return name;
    });

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

// Every step count gives finite weights or a clear sentence, from wherever a loop begins.
TEST(Steps, AnyNumberOfThemIsPlanned) {
  const std::pair<const char*, int> classes[] = {
      {R"("KDPM2DiscreteScheduler")", 1000},
      {R"("KDPM2DiscreteScheduler", "use_karras_sigmas": true)", 1000},
      {R"("KDPM2AncestralDiscreteScheduler", "use_beta_sigmas": true)", 1000},
      {R"("KDPM2AncestralDiscreteScheduler", "beta_schedule": "squaredcos_cap_v2")", 1000},
      {R"("DPMSolverSDEScheduler", "timestep_spacing": "trailing")", 1000},
      {R"("DPMSolverSDEScheduler", "timestep_spacing": "leading")", 1000},
      {R"("EDMEulerScheduler", "sigma_schedule": "exponential")", 1000},
      {R"("EDMEulerScheduler", "final_sigmas_type": "sigma_min")", 1000},
      {R"("EDMDPMSolverMultistepScheduler", "solver_order": 3)", 1000},
      {R"("EDMDPMSolverMultistepScheduler", "solver_order": 3, "solver_type": "heun",)"
       R"("algorithm_type": "sde-dpmsolver++", "final_sigmas_type": "sigma_min")",
       1000},
      {R"("CosineDPMSolverMultistepScheduler")", 1000},
      {R"("CosineDPMSolverMultistepScheduler", "final_sigmas_type": "sigma_min")", 1000},
      {R"("CMStochasticIterativeScheduler")", 40},
      {R"("SCMScheduler")", 1000}};
  for (const auto& [name, most] : classes) {
    const std::string config = text_of(R"({"_class_name": )", name, "}");
    for (int n = 1; n <= 51; ++n) {
      const int steps = n == 51 ? 1000 : n;
      const auto make = [&](int begin) {
        return loop_of(config, steps, [&](LoopRequest& r) { r.begin_step = begin; });
      };
      if (steps > most) {
        EXPECT_THROW(make(0), Error) << config << steps;
        continue;
      }
      EXPECT_EQ(make(0)->grid.total(), steps) << config;
      EXPECT_NO_THROW(make(steps / 2)) << config << steps;
      EXPECT_NO_THROW(make(steps - 1)) << config << steps;
    }
  }
  const std::string decoder = R"({"_class_name": "ConsistencyDecoderScheduler"})";
  EXPECT_EQ(loop_of(decoder, 2)->grid.total(), 2);
  EXPECT_THROW(loop_of(decoder, 3), Error);
}

TEST(Flow, ExponentialSolversStartAtPureNoise) {
  for (const int order : {1, 2, 3}) {
    for (const Change& change : {dpm_singlestep(order, DpmType::heun, DpmAlgorithm::data),
                                 deis(order), sa_solver(order, 3)}) {
      Scheduler scheduler = *make_scheduler(DPM_FLOW, sizeof(DPM_FLOW) - 1, false);
      change(scheduler.factors);
      scheduler.factors.options.tau = 1.0;
      LoopRequest request;
      request.grid.num_steps = 8;
      request.elements = 1;
      request.seeds = {0};
      const auto loop = make_loop(std::make_shared<const Scheduler>(scheduler), request);
      EXPECT_EQ(loop->grid.steps.front().from.alpha, 0.0);
      EXPECT_TRUE(loop->grid.steps.back().to.is_data());
    }
  }
}

// A loop that begins within a cycle of stages begins a cycle of its own.
TEST(Singlestep, MayBeginWithinACycle) {
  const char* config = R"({"_class_name": "DPMSolverSinglestepScheduler", "solver_order": 3})";
  for (int begin = 0; begin < 6; ++begin) {
    const auto loop = loop_of(config, 10, [&](LoopRequest& r) { r.begin_step = begin; });
    for (const Node& node : loop->grid.nodes) {
      EXPECT_LE(node.stage, std::min(node.step % 3, node.step - begin));
      const auto start = static_cast<std::size_t>(node.step - node.stage);
      EXPECT_EQ(node.from.sigma, loop->grid.steps[start].from.sigma);
    }
    EXPECT_EQ(loop->grid.nodes.back().stage, 0);
  }
}

// ------------------------------------------------------------------------- grids

TEST(Grid, AnglesOfTrigFlow) {
  const std::string scm = R"({"_class_name": "SCMScheduler"})";
  const auto times = [&](int steps, std::optional<double> first, std::optional<double> middle) {
    List<double> list;
    const auto loop = loop_of(scm, steps, [&](LoopRequest& r) {
      r.grid.max_time = first;
      r.grid.middle_time = middle;
    });
    for (const Node& node : loop->grid.nodes) {
      list.push_back(node.time);
      EXPECT_EQ(node.level.alpha, std::cos(node.time));
    }
    EXPECT_EQ(loop->grid.sigmas.back(), 0.0);
    return list;
  };
  EXPECT_EQ(times(2, {}, {}), (List<double>{1.5708, 1.3}));
  EXPECT_EQ(times(2, 1.4, 0.0), (List<double>{1.4, 0.7}));
  EXPECT_EQ(times(2, 1.4, 1.1), (List<double>{1.4, 1.1}));
  EXPECT_EQ(times(1, {}, {}), (List<double>{1.5708}));
  const List<double> even = times(4, 1.4, 0.0);
  ASSERT_EQ(even.size(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(even[static_cast<std::size_t>(i)], 1.4 - 0.35 * i, 1e-15);
  EXPECT_THROW(times(4, {}, 1.3), Error);
  EXPECT_THROW(times(2, 1.6, {}), Error);
  EXPECT_THROW(times(2, 1.0, {}), Error);
  const auto custom = loop_of(scm, 0, [](LoopRequest& r) { r.grid.timesteps = {1.5, 1.0, 0.5}; });
  EXPECT_EQ(custom->grid.total(), 2);
  EXPECT_EQ(custom->grid.steps.back().to.sigma, std::sin(0.5));
}

TEST(Grid, EdmTakesPositionsForSigmas) {
  const auto loop_on = [](List<double> ramp) {
    return loop_of(R"({"_class_name": "EDMEulerScheduler"})", 0,
                   [&](LoopRequest& r) { r.grid.sigmas = ramp; });
  };
  const auto even = loop_of(R"({"_class_name": "EDMEulerScheduler"})", 3);
  EXPECT_EQ(loop_on({0.0, 0.5, 1.0})->grid.sigmas, even->grid.sigmas);
  EXPECT_THROW(loop_on({0.5, 0.5}), Error);
  EXPECT_THROW(loop_on({0.5, 80.0}), Error);
}

// Two calls of one step overlap, so whoever makes the noise has to know from where to where.
TEST(Brownian, CallsSayOverWhichLevelsTheirNoiseRuns) {
  const auto loop = loop_of(
      R"({"_class_name": "DPMSolverSDEScheduler", "noise_sampler_seed": 9007199254740991})", 5);
  EXPECT_TRUE(loop->options.on_path);
  EXPECT_EQ(loop->options.noise_seed, 9007199254740991u);
  for (std::size_t i = 0; i + 1 < loop->plans.size(); ++i) {
    const Node& node = loop->grid.nodes[i];
    const GridStep& step = loop->grid.steps[static_cast<std::size_t>(node.step)];
    EXPECT_EQ(loop->plans[i].draws, 1);
    EXPECT_EQ(node.from.sigma, step.from.sigma);
    EXPECT_EQ(node.to.sigma, node.stage == 1 ? step.to.sigma : loop->grid.nodes[i + 1].level.sigma);
  }
  EXPECT_EQ(loop->plans.back().draws, 0);
}

// diffusers: the inverse class drops repeated timesteps and leaves their sigmas, so that
// the two lists no longer belong together.
TEST(Grid, AnInversionRisesAndListsATimestepOnceWithItsSigma) {
  for (const char* shape : {"none", "use_karras_sigmas"}) {
    for (const int n : {1, 7, 50, 1000}) {
      const auto loop =
          loop_of(text_of(R"({"_class_name": "DPMSolverMultistepInverseScheduler")",
                          shape[0] == 'n' ? "" : text_of(", \"", shape, "\": true"), "}"),
                  n);
      const TimeGrid& grid = loop->grid;
      ASSERT_EQ(grid.sigmas.size(), grid.steps.size() + 1);
      for (std::size_t i = 1; i < grid.steps.size(); ++i) {
        EXPECT_GT(grid.steps[i].time, grid.steps[i - 1].time);
        EXPECT_GT(grid.sigmas[i], grid.sigmas[i - 1]);
      }
      std::printf("%s, %d steps asked for: %d\n", shape, n, grid.total());
    }
  }
}

// 1000 steps over 1000 timesteps repeat one: there is no distance to take a difference over.
TEST(Grid, ARepeatedTimestepLeavesFiniteWeights) {
  for (const char* name : {"DPMSolverMultistep", "DPMSolverSinglestep", "DEISMultistep",
                           "UniPCMultistep", "SASolver"}) {
    const auto loop = loop_of(text_of(R"({"_class_name": ")", name, R"(Scheduler"})"), 1000);
    EXPECT_EQ(loop->plans.size(), 1000u) << name;
  }
}

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

TEST(Math, PhiFunctionsObeyTheirRecurrence) {
  double factorial = 1.0;  // of k
  double worst = 0;
  for (int k = 1; k <= 5; ++k) {
    factorial *= k;
    EXPECT_DOUBLE_EQ(phi(k, 0.0), 1.0 / factorial);
    // On both sides of where the way of evaluating changes, where the difference is benign.
    for (const double z : {-40.0, -4.1, -3.9, -2.0, 2.0, 3.9, 4.1, 40.0}) {
      worst = std::fmax(worst, std::fabs(phi(k + 1, z) * z / (phi(k, z) - 1.0 / factorial) - 1.0));
    }
  }
  std::printf("largest relative error %.2e\n", worst);
  EXPECT_LT(worst, 1e-14);
  EXPECT_NEAR(phi(1, 1e-9), 1.0 + 0.5e-9, 1e-16);
  EXPECT_NEAR(phi(2, -1e-9), 0.5 - 1e-9 / 6.0, 1e-16);
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
