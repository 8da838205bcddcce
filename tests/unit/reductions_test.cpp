// Methods that theory says are one and the same: their weights agree.

#include <gtest/gtest.h>

#include <cmath>

#include "gaussian.hpp"

namespace {

using namespace sched;
using namespace sched::test;

constexpr int kSteps = 20;

double worst_difference(const LinearForm& a, const LinearForm& b) {
  double worst = 0;
  for (std::size_t k = 0; k < kInputs; ++k) {
    worst = std::fmax(worst, std::fabs(a.weight[k] - b.weight[k]));
  }
  return worst;
}

// The rows that make the next sample, those of the last calls left out.
void expect_same_rows(const Loop& a, const Loop& b, std::size_t left_out = 0) {
  ASSERT_EQ(a.plans.size(), b.plans.size());
  double worst = 0;
  for (std::size_t i = 0; i + left_out < a.plans.size(); ++i) {
    worst = std::fmax(worst, worst_difference(a.plans[i].next, b.plans[i].next));
    EXPECT_EQ(a.grid.nodes[i].level.sigma, b.grid.nodes[i].level.sigma);
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

TEST(Reductions, EdmDpmSolverOfOrderOneIsEdmEuler) {
  const auto a = loop_of(R"({"_class_name": "EDMEulerScheduler"})", 20);
  const auto b =
      loop_of(R"({"_class_name": "EDMDPMSolverMultistepScheduler", "solver_order": 1})", 20);
  expect_same_rows(*a, *b);
}

TEST(Reductions, EdmEulerIsEulerInVeOnTheNetworksX0) {
  const auto edm = loop_of(R"({"_class_name": "EDMEulerScheduler"})", 20);
  const auto ve =
      loop_of(R"({"solver": "euler", "parameterization": {"frame": "ve", "prediction": "sample"}})",
              0, [&](LoopRequest& r) { r.grid.sigmas = edm->grid.sigmas; });
  for (std::size_t i = 0; i < ve->plans.size(); ++i) {
    const LinearForm x0 = edm->plans[i].denoised;
    const LinearForm next = substitute(ve->plans[i].next, Input::prediction, x0);
    EXPECT_NEAR(edm->plans[i].next[Input::sample], next[Input::sample], 1e-12);
    EXPECT_NEAR(edm->plans[i].next[Input::prediction], next[Input::prediction], 1e-12);
  }
}

TEST(Reductions, AncestralMethodsWithoutNewNoiseAreDeterministic) {
  const auto no_noise = [](SolverOptions& options) { options.eta = 0.0; };
  const auto a = loop_with(R"({"_class_name": "KDPM2AncestralDiscreteScheduler"})", 20, no_noise);
  const auto b = loop_of(R"({"_class_name": "KDPM2DiscreteScheduler"})", 20);
  expect_same_rows(*a, *b);
  for (const StepPlan& plan : a->plans) EXPECT_EQ(plan.draws, 0);
}

TEST(Reductions, DpmppSdeWithoutNoiseHasOrderTwo) {
  const std::string config = R"({"_class_name": "DPMSolverSDEScheduler",)"
                             R"("use_exponential_sigmas": true})";
  for (const double r : {0.5, 0.3, 1.0}) {
    double error[2];
    for (int k = 0; k < 2; ++k) {
      const auto loop = loop_with(config, 160 << k, [&](SolverOptions& options) {
        options.eta = 0.0;
        options.r = r;
      });
      // The last step, to clean data, has order 1 and is left out.
      Loop most = *loop;
      most.grid.steps.pop_back();
      most.plans.pop_back();
      error[k] = std::fabs(run_on_gaussian(most, 3.0) - exact_on_gaussian(most, 3.0));
    }
    const double order = std::log2(error[0] / error[1]);
    std::printf("r %.1f order %.2f\n", r, order);
    EXPECT_NEAR(order, 2.0, 0.15);
  }
}

std::shared_ptr<const Loop> vp_loop(const Change& change) {
  return smooth_loop(DPM_VP, change, kSteps);
}

TEST(Reductions, SinglestepDeisAndSaSolverOfOrderOneAreDdim) {
  const auto ddim = vp_loop(use_solver("ddim"));
  for (const DpmAlgorithm algorithm : {DpmAlgorithm::data, DpmAlgorithm::noise}) {
    expect_same_rows(*ddim, *vp_loop(dpm_singlestep(1, DpmType::midpoint, algorithm)));
    expect_same_rows(*ddim, *vp_loop(sa_solver(1, 0, algorithm)));
  }
  expect_same_rows(*ddim, *vp_loop(deis(1)));
}

TEST(Reductions, DeisIsSaSolverOnNoiseWithoutNoiseOrCorrector) {
  expect_same_rows(*vp_loop(deis(3)), *vp_loop(sa_solver(3, 0, DpmAlgorithm::noise)));
}

TEST(Reductions, SaSolverWithTauOneIsSdeDpmSolver) {
  const auto sa = vp_loop(sa_solver(1, 0, DpmAlgorithm::data, 1.0));
  const auto dpm = vp_loop([](Factors& f) {
    f.options.order = 1;
    f.options.algorithm = DpmAlgorithm::sde_data;
    f.options.eta = 1.0;
  });
  expect_same_rows(*sa, *dpm);
}

// ------------------------------------------------------ methods without their noise

Change with_eta(const char* solver, double eta) {
  return [=](Factors& f) {
    f.solver = find_solver(solver);
    f.options.eta = eta;
  };
}

TEST(Reductions, EulerAncestralWithoutNoiseIsEuler) {
  expect_same_rows(*smooth_loop(DPM_VE, with_eta("euler_ancestral", 0.0), kSteps),
                   *smooth_loop(DPM_VE, use_solver("euler"), kSteps));
  expect_same_rows(*smooth_loop(DPM_FLOW, with_eta("euler_ancestral_rf", 0.0), kSteps),
                   *smooth_loop(DPM_FLOW, use_solver("euler"), kSteps));
}

TEST(Reductions, Dpm2AncestralWithoutNoiseIsDpm2) {
  expect_same_rows(*smooth_loop(DPM_VE, with_eta("dpm_2_ancestral", 0.0), kSteps),
                   *smooth_loop(DPM_VE, use_solver("dpm_2"), kSteps));
}

TEST(Reductions, MultistepSdeWithoutNoiseIsTheOdes) {
  for (const char* config : {DPM_VE, DPM_VP, DPM_FLOW}) {
    for (const int order : {1, 2, 3}) {
      const auto loop = [&](DpmAlgorithm algorithm) {
        return smooth_loop(
            config,
            [=](Factors& f) {
              f.options.order = order;
              f.options.algorithm = algorithm;
              f.options.eta = 0.0;
            },
            kSteps);
      };
      expect_same_rows(*loop(DpmAlgorithm::sde_data), *loop(DpmAlgorithm::data));
      expect_same_rows(*loop(DpmAlgorithm::sde_noise), *loop(DpmAlgorithm::noise));
    }
  }
}

// Both take an exponential midpoint step, and differ in their noise only.
TEST(Reductions, Dpmpp2sAncestralWithoutNoiseIsDpmppSdeWithoutNoise) {
  for (const char* config : {DPM_VE, DPM_VP}) {
    expect_same_rows(*smooth_loop(config, with_eta("dpmpp_2s_ancestral", 0.0), kSteps),
                     *smooth_loop(config, with_eta("dpmpp_sde", 0.0), kSteps));
  }
}

// Where both predictions agree CFG++ has nothing to do.
struct Guided {
  const char* guided;
  const char* plain;
  const char* config;
};

TEST(Reductions, CfgPlusPlusOfOnePredictionIsThePlainMethod) {
  for (const Guided& c :
       {Guided{"euler_cfg_pp", "euler", DPM_VE}, Guided{"euler_cfg_pp", "ddim", DPM_VP},
        Guided{"euler_ancestral_cfg_pp", "euler_ancestral", DPM_VE},
        Guided{"gradient_estimation_cfg_pp", "gradient_estimation", DPM_VE},
        Guided{"gradient_estimation_cfg_pp", "gradient_estimation", DPM_FLOW},
        Guided{"res_multistep_cfg_pp", "res_multistep", DPM_VE},
        Guided{"res_multistep_cfg_pp", "res_multistep", DPM_FLOW},
        Guided{"res_multistep_ancestral_cfg_pp", "res_multistep_ancestral", DPM_VE},
        Guided{"dpmpp_2s_ancestral_cfg_pp", "dpmpp_2s_ancestral", DPM_VE},
        Guided{"dpmpp_2s_ancestral_cfg_pp", "dpmpp_2s_ancestral_rf", DPM_FLOW}}) {
    SCOPED_TRACE(c.guided);
    for (const double eta : {0.0, 0.6}) {
      const auto guided = smooth_loop(c.config, with_eta(c.guided, eta), kSteps);
      // DDIM has an eta of its own.
      const bool is_ddim = std::string(c.plain) == "ddim";
      const auto plain = smooth_loop(c.config, with_eta(c.plain, is_ddim ? 0.0 : eta), kSteps);
      const double x = guided->grid.init_noise_sigma;
      EXPECT_NEAR(run_on_gaussian(*guided, x), run_on_gaussian(*plain, x), 1e-12 * x);
      EXPECT_NEAR(law_of(*guided, {}).variance(), law_of(*plain, {}).variance(), 1e-12);
    }
  }
}

TEST(Reductions, DdpmInVeIsEulerAncestral) {
  expect_same_rows(*smooth_loop(DPM_VE, with_eta("ddpm", 1.0), kSteps),
                   *smooth_loop(DPM_VE, with_eta("euler_ancestral", 1.0), kSteps));
}

// ------------------------------------------------------------- noise of one step's law

// Given x0, the reverse SDE over one step has DDPM's posterior.
TEST(Reductions, DdpmIsDdimWithEtaOneAndTheFirstOrderOfTheSde) {
  const Change first_order_sde = [](Factors& f) {
    f.options.order = 1;
    f.options.algorithm = DpmAlgorithm::sde_data;
    f.options.eta = 1.0;
  };
  const auto ddim = vp_loop(with_eta("ddim", 1.0));
  expect_same_rows(*vp_loop(use_solver("ddpm")), *ddim);
  expect_same_rows(*vp_loop(first_order_sde), *ddim);
  expect_same_rows(*smooth_loop(DPM_VE, with_eta("euler_ancestral", 1.0), kSteps),
                   *smooth_loop(DPM_VE, first_order_sde, kSteps));
  expect_same_rows(*smooth_loop(DPM_FLOW, with_eta("ddim", 1.0), kSteps),
                   *smooth_loop(DPM_FLOW, first_order_sde, kSteps));
}

// The reverse diffusion sampler moves the mean as ancestral sampling does; its noise is that
// of the beginning of a step instead of that of its end.
TEST(Reductions, ScoreSdeVeIsEulerAncestralButForTheSizeOfItsNoise) {
  const auto score = smooth_loop(
      DPM_VE,
      [](Factors& f) {
        f.solver = find_solver("score_sde_ve");
        f.options.correct_steps = 0;
      },
      kSteps);
  const auto ancestral = smooth_loop(DPM_VE, with_eta("euler_ancestral", 1.0), kSteps);
  for (std::size_t i = 0; i < score->plans.size(); ++i) {
    const GridStep& step = score->grid.steps[i];
    LinearForm next = score->plans[i].next;
    next.weight[index_of(Input::noise0)] *= step.to.sigma / step.from.sigma;
    EXPECT_LE(worst_difference(next, ancestral->plans[i].next), 1e-12);
  }
}

// With c_out = 1 and c_skip = 0 LCM is consistency sampling down to sigma 0.
TEST(Reductions, LcmFarFromItsBoundaryIsConsistencySampling) {
  const auto lcm = vp_loop([](Factors& f) {
    f.solver = find_solver("lcm");
    f.options.timestep_scaling = 1e9;
  });
  // LCM takes the last step to be one to clean data.
  expect_same_rows(*lcm, *vp_loop(use_solver("consistency")), 1);
}

TEST(Reductions, TcdWithEtaZeroIsDdim) {
  const List<double> times = {999, 720, 500, 259, 40};
  const auto on_times = [&](LoopRequest& r) { r.grid.timesteps = times; };
  const auto tcd = loop_of(R"({"solver": {"name": "tcd", "eta": 0}})", 0, on_times);
  // Its last step ends at the first timestep instead of at clean data.
  expect_same_rows(*tcd, *loop_of(R"({"solver": "ddim"})", 0, on_times), 1);
}

// ----------------------------------------------------------------- orders and frames

TEST(Reductions, EveryFirstOrderIsDdimInEveryFrame) {
  for (const char* config : {DPM_VE, DPM_VP, DPM_FLOW}) {
    const auto ddim = smooth_loop(config, use_solver("ddim"), kSteps);
    const auto order_one = [](Factors& f) { f.options.order = 1; };
    expect_same_rows(*smooth_loop(config, order_one, kSteps), *ddim);
    expect_same_rows(*smooth_loop(config, deis(1), kSteps), *ddim);
    expect_same_rows(*smooth_loop(config, sa_solver(1, 0), kSteps), *ddim);
    const auto uncorrected = [](Factors& f) {
      f.solver = find_solver("unipc");
      f.options.order = 1;
      for (int i = 0; i < kSteps; ++i) f.options.disable_corrector.push_back(i);
    };
    expect_same_rows(*smooth_loop(config, uncorrected, kSteps), *ddim);
  }
}

TEST(Reductions, LmsOfOrderOneAndFlowMatchEulerAreEuler) {
  const auto lms = [](Factors& f) {
    f.solver = find_solver("lms");
    f.options.order = 1;
  };
  for (const char* config : {DPM_VE, DPM_FLOW}) {
    const auto euler = smooth_loop(config, use_solver("euler"), kSteps);
    expect_same_rows(*smooth_loop(config, lms, kSteps), *euler);
    // Euler in sigma and DDIM agree where alpha is linear in sigma, as in both frames.
    expect_same_rows(*smooth_loop(config, use_solver("ddim"), kSteps), *euler);
  }
  expect_same_rows(*smooth_loop(DPM_FLOW, use_solver("flow_match_euler"), kSteps),
                   *smooth_loop(DPM_FLOW, use_solver("euler"), kSteps));
}

// Heun's first call, and the only one of a step without a second, is Euler's.
TEST(Reductions, HeunIsEulerWhereItAsksOnce) {
  const auto heun = loop_of(VE(R"("heun")"), kSteps);
  const auto euler = loop_of(VE(R"("euler")"), kSteps);
  for (std::size_t i = 0; i < heun->plans.size(); ++i) {
    const Node& node = heun->grid.nodes[i];
    if (node.stage != 0) continue;
    const auto step = static_cast<std::size_t>(node.step);
    EXPECT_LE(worst_difference(heun->plans[i].next, euler->plans[step].next), 1e-12);
  }
  EXPECT_TRUE(heun->grid.nodes.back().ends_step);
  EXPECT_EQ(heun->grid.nodes.back().stage, 0);
}

// All of them integrate the polynomial through the last predictions exactly.
TEST(Reductions, AdamsMethodsOnTheSamePredictionAreOne) {
  for (const char* config : {DPM_VE, DPM_VP, DPM_FLOW}) {
    for (const int order : {2, 3}) {
      const auto multistep = [&](DpmAlgorithm algorithm) {
        return smooth_loop(
            config,
            [=](Factors& f) {
              f.options.order = order;
              f.options.type = DpmType::heun;
              f.options.algorithm = algorithm;
              f.options.lower_order_final = false;
            },
            kSteps);
      };
      expect_same_rows(*multistep(DpmAlgorithm::noise), *smooth_loop(config, deis(order), kSteps));
      expect_same_rows(*multistep(DpmAlgorithm::data),
                       *smooth_loop(config, sa_solver(order, 0), kSteps));
    }
  }
}

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

}  // namespace
