// Stochastic samplers on Gaussian data: the law of what they make, exactly from their plans,
// against the law of the data; their convergence along one Brownian path.

#include <gtest/gtest.h>
#include <sched/sched.h>

#include <cctype>
#include <cmath>
#include <cstdio>
#include <vector>

#include "gaussian.hpp"

namespace {

using namespace sched;
using namespace sched::test;

std::string test_name(std::string name) {
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

Change stochastic(const char* solver, double eta = 1.0, bool on_path = false) {
  return [=](Factors& f) {
    f.solver = find_solver(solver);
    f.options.eta = eta;
    f.options.on_path = on_path;
    if (f.options.order == 1) f.options.lower_order_final = false;
  };
}

Change sde_multistep(int order, DpmAlgorithm algorithm = DpmAlgorithm::sde_data, double eta = 1.0,
                     bool on_path = false) {
  return [=](Factors& f) {
    f.options.order = order;
    f.options.algorithm = algorithm;
    f.options.type = order == 3 ? DpmType::heun : DpmType::midpoint;
    f.options.eta = eta;
    f.options.on_path = on_path;
  };
}

Change sde_stages(double r, double eta = 1.0, bool on_path = false) {
  return [=](Factors& f) {
    f.solver = find_solver("dpmpp_sde");
    f.options.r = r;
    f.options.eta = eta;
    f.options.on_path = on_path;
  };
}

Change sa_solver_pece() {
  return [](Factors& f) {
    sa_solver(3, 4, DpmAlgorithm::data, 1.0)(f);
    f.solver = find_solver("sa_solver_pece");
  };
}

Change exponential_heun() {
  return [](Factors& f) {
    f.solver = find_solver("seeds_2");
    f.options.r = 1.0;
    f.options.phi_2 = true;
    f.options.eta = 1.0;
  };
}

Change seeds_3(double eta) {
  return [=](Factors& f) {
    f.solver = find_solver("seeds_3");
    f.options.r = 1.0 / 3.0;
    f.options.r_2 = 2.0 / 3.0;
    f.options.eta = eta;
  };
}

Change er_sde(int order) {
  return [=](Factors& f) {
    f.solver = find_solver("er_sde");
    f.options.order = order;
  };
}

Change ddpm(Variance variance) {
  return [=](Factors& f) {
    f.solver = find_solver("ddpm");
    f.options.variance = variance;
  };
}

Change sde_singlestep(int order) {
  return dpm_singlestep(order, DpmType::midpoint, DpmAlgorithm::sde_data);
}

// ------------------------------------------------------------------------ exact laws

struct LawCase {
  const char* name;
  const char* config;
  Change change;
  double order = 1;  // weak: of the end's variance, with the number of steps
};

void PrintTo(const LawCase& c, std::ostream* out) { *out << c.name; }

struct LawError {
  double mean, variance;  // relative to the theory's deviation and variance
};

LawError law_error(const Loop& loop, const Gaussian& data) {
  const NoiseLevel& end = loop.grid.steps.back().to;
  const Spread law = law_of(loop, data);
  return {std::fabs(law.mean - end.alpha * data.mean) / data.deviation_at(end),
          std::fabs(law.variance() / data.variance_at(end) - 1.0)};
}

// All data in one point: the best denoiser always says that point, and whatever the number
// of steps the noise is all that has a law.  Every method that is exact for a constant x0
// leaves just the noise of the level where it arrives.
class ExactForAPoint : public testing::TestWithParam<LawCase> {};

TEST_P(ExactForAPoint, InLawWithAnySteps) {
  const Gaussian point{0.7, 0.0};
  for (const int steps : {1, 2, 3, 10, 50}) {
    const LawError error =
        law_error(*smooth_loop(GetParam().config, GetParam().change, steps), point);
    std::printf("%-32s %2d steps: mean %.1e, variance %.1e off\n", GetParam().name, steps,
                error.mean, error.variance);
    EXPECT_LE(error.mean, 1e-10);
    EXPECT_LE(error.variance, 1e-10);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Solvers, ExactForAPoint,
    testing::Values(
        LawCase{"ddpm fixed_small", DPM_VP, ddpm(Variance::fixed_small)},
        LawCase{"ddpm posterior", DPM_VP, ddpm(Variance::posterior)},
        LawCase{"ddim eta 1 vp", DPM_VP, stochastic("ddim")},
        LawCase{"ddim eta 0.6 ve", DPM_VE, stochastic("ddim", 0.6)},
        LawCase{"ddim eta 0.3 flow", DPM_FLOW, stochastic("ddim", 0.3)},
        LawCase{"euler_ancestral", DPM_VE, stochastic("euler_ancestral")},
        LawCase{"euler_ancestral eta 0.4", DPM_VE, stochastic("euler_ancestral", 0.4)},
        LawCase{"euler_ancestral_rf", DPM_FLOW, stochastic("euler_ancestral_rf")},
        LawCase{"euler_ancestral_rf eta 0.4", DPM_FLOW, stochastic("euler_ancestral_rf", 0.4)},
        LawCase{"dpm_2_ancestral", DPM_VE, stochastic("dpm_2_ancestral")},
        LawCase{"dpm_2_ancestral eta 0.4", DPM_VE, stochastic("dpm_2_ancestral", 0.4)},
        LawCase{"dpmpp_2s_ancestral ve", DPM_VE, stochastic("dpmpp_2s_ancestral")},
        LawCase{"dpmpp_2s_ancestral vp", DPM_VP, stochastic("dpmpp_2s_ancestral")},
        LawCase{"dpmpp_2s_ancestral vp eta 0.4", DPM_VP, stochastic("dpmpp_2s_ancestral", 0.4)},
        LawCase{"dpmpp_sde ve", DPM_VE, sde_stages(0.5)},
        LawCase{"dpmpp_sde vp r 0.3", DPM_VP, sde_stages(0.3)},
        LawCase{"dpmpp_sde flow eta 0.5", DPM_FLOW, sde_stages(0.5, 0.5)},
        LawCase{"seeds_2 vp", DPM_VP, stochastic("seeds_2")},
        LawCase{"seeds_2 ve eta 0.5", DPM_VE, stochastic("seeds_2", 0.5)},
        LawCase{"seeds_2 flow", DPM_FLOW, stochastic("seeds_2")},
        LawCase{"seeds_3 vp", DPM_VP, seeds_3(1.0)},
        LawCase{"seeds_3 flow eta 0.5", DPM_FLOW, seeds_3(0.5)},
        LawCase{"er_sde 1 ve", DPM_VE, er_sde(1)}, LawCase{"er_sde 3 vp", DPM_VP, er_sde(3)},
        LawCase{"er_sde 3 flow", DPM_FLOW, er_sde(3)},
        LawCase{"ddpm ve", DPM_VE, ddpm(Variance::posterior)},
        LawCase{"ddpm flow", DPM_FLOW, ddpm(Variance::posterior)},
        LawCase{"dpm_2_ancestral_rf", DPM_FLOW, stochastic("dpm_2_ancestral_rf")},
        LawCase{"dpmpp_2s_ancestral_rf eta 0.4", DPM_FLOW,
                stochastic("dpmpp_2s_ancestral_rf", 0.4)},
        LawCase{"euler_ancestral_cfg_pp vp", DPM_VP, stochastic("euler_ancestral_cfg_pp")},
        LawCase{"euler_ancestral_cfg_pp flow", DPM_FLOW, stochastic("euler_ancestral_cfg_pp", 0.4)},
        LawCase{"dpmpp_2s_ancestral_cfg_pp ve", DPM_VE, stochastic("dpmpp_2s_ancestral_cfg_pp")},
        LawCase{"dpmpp_2s_ancestral_cfg_pp flow", DPM_FLOW,
                stochastic("dpmpp_2s_ancestral_cfg_pp")},
        LawCase{"res_multistep_ancestral_cfg_pp", DPM_VE,
                stochastic("res_multistep_ancestral_cfg_pp")},
        LawCase{"dpm_multistep sde_data 1 vp", DPM_VP, sde_multistep(1)},
        LawCase{"dpmpp_2m_sde ve", DPM_VE, sde_multistep(2)},
        LawCase{"dpmpp_2m_sde flow eta 0.5", DPM_FLOW,
                sde_multistep(2, DpmAlgorithm::sde_data, 0.5)},
        LawCase{"dpmpp_3m_sde vp", DPM_VP, sde_multistep(3)},
        LawCase{"dpmpp_3m_sde vp eta 0.5", DPM_VP, sde_multistep(3, DpmAlgorithm::sde_data, 0.5)},
        LawCase{"dpm_singlestep sde_data 2 vp", DPM_VP, sde_singlestep(2)},
        LawCase{"dpm_singlestep sde_data 3 ve", DPM_VE, sde_singlestep(3)},
        LawCase{"sa_solver tau 1 ve", DPM_VE, sa_solver(3, 4, DpmAlgorithm::data, 1.0)},
        LawCase{"sa_solver tau 0.5 vp", DPM_VP, sa_solver(2, 2, DpmAlgorithm::data, 0.5)},
        LawCase{"sa_solver tau 1.4 flow", DPM_FLOW, sa_solver(3, 0, DpmAlgorithm::data, 1.4)},
        LawCase{"consistency ve", DPM_VE, stochastic("consistency")},
        LawCase{"consistency flow", DPM_FLOW, stochastic("consistency")}),
    [](const auto& instance) { return test_name(instance.param.name); });

// Ho et al. 2020, arXiv:2006.11239, section 3.2: the larger variance is the best choice for
// data of variance 1, for which the process is the same in both directions of time.
TEST(ExactLaw, DdpmWithTheLargerVarianceForDataOfVarianceOne) {
  for (const int steps : {1, 2, 10, 50}) {
    const auto loop = smooth_loop(DPM_VP, ddpm(Variance::fixed_large), steps);
    const LawError error = law_error(*loop, {0.0, 1.0});
    std::printf("%d steps: variance %.1e off\n", steps, error.variance);
    EXPECT_LE(error.variance, 1e-10);
  }
}

// A perfect consistency function carries a sample along the probability-flow ODE, and what
// is noised again from there has the law of its level, whatever the data.
class ExactForConsistency : public testing::TestWithParam<LawCase> {};

TEST_P(ExactForConsistency, WithAPerfectConsistencyFunction) {
  const Gaussian data{0.7, 0.25};
  for (const int steps : {1, 2, 4, 8}) {
    const auto loop = smooth_loop(GetParam().config, GetParam().change, steps);
    Normals normals;
    const NoiseLevel clean{1.0, loop->options.sigma_min};
    const auto say = [&](const Spread& x, std::size_t call) {
      const NoiseLevel& level = loop->grid.nodes[call].level;
      const LinearForm& preview = loop->plans[call].preview;
      // The answer with which the jump ends where the ODE does.
      const double scale = data.deviation_at(clean) / data.deviation_at(level);
      Spread said;
      said.add((scale - preview[Input::sample]) / preview[Input::prediction], x);
      said.mean += data.mean * (1.0 - scale * level.alpha) / preview[Input::prediction];
      return said;
    };
    const Spread law = run_plans(*loop, first_sample(*loop, data, normals), say,
                                 [&](std::size_t call, std::array<Spread, kInputs>& value) {
                                   set_draws(*loop, call, normals, value);
                                 });
    // LCM's last step stays at clean data.
    const bool noised = loop->plans.back().draws > 0;
    const NoiseLevel end = noised ? loop->grid.steps.back().to : clean;
    std::printf("%-20s %d steps: mean %.1e, variance %.1e off\n", GetParam().name, steps,
                law.mean - end.alpha * data.mean, law.variance() - data.variance_at(end));
    EXPECT_NEAR(law.mean, end.alpha * data.mean, 1e-10);
    EXPECT_NEAR(law.variance(), data.variance_at(end), 1e-10);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Solvers, ExactForConsistency,
    testing::Values(LawCase{"consistency ve", DPM_VE, stochastic("consistency")},
                    LawCase{"consistency sigma_min", DPM_VE,
                            [](Factors& f) {
                              f.solver = find_solver("consistency");
                              f.options.sigma_min = 0.1;
                            }},
                    LawCase{"consistency vp", DPM_VP, stochastic("consistency")},
                    LawCase{"lcm vp", DPM_VP, stochastic("lcm")},
                    LawCase{"lcm flow", DPM_FLOW, stochastic("lcm")}),
    [](const auto& instance) { return test_name(instance.param.name); });

// TCD's network jumps along the ODE to any level: past the next one, from where noise takes
// the sample back.
TEST(ExactLaw, TcdWithAPerfectConsistencyFunction) {
  const Gaussian data{0.7, 0.25};
  for (const double eta : {0.0, 0.3, 1.0}) {
    const auto loop = loop_with(R"({"solver": "tcd"})", 6, [&](SolverOptions& o) { o.eta = eta; });
    Normals normals;
    const auto say = [&](const Spread& x, std::size_t call) {
      const NoiseLevel& s = loop->grid.nodes[call].level;
      const bool last = call + 1 == loop->plans.size();
      const double next = last ? 0.0 : loop->grid.nodes[call + 1].time;
      const double jump = std::floor((1.0 - eta) * next);
      const NoiseLevel t = level_from_alpha_bar(
          loop->scheduler->schedule.alpha_bar(static_cast<int>(last ? 0.0 : jump)));
      // The noise with which alpha_t x0 + sigma_t noise is where the ODE ends.
      const double scale = data.deviation_at(t) / data.deviation_at(s);
      const double ratio = t.alpha / s.alpha;
      const double slope = t.sigma - ratio * s.sigma;
      Spread noise;
      noise.add((scale - ratio) / slope, x);
      noise.mean += data.mean * (t.alpha - scale * s.alpha) / slope;
      return noise;
    };
    const Spread law = run_plans(*loop, first_sample(*loop, data, normals), say,
                                 [&](std::size_t call, std::array<Spread, kInputs>& value) {
                                   set_draws(*loop, call, normals, value);
                                 });
    const NoiseLevel end = level_from_alpha_bar(loop->scheduler->schedule.alpha_bar(0));
    std::printf("eta %.1f: mean %.1e, variance %.1e off\n", eta, law.mean - end.alpha * data.mean,
                law.variance() - data.variance_at(end));
    EXPECT_NEAR(law.mean, end.alpha * data.mean, 1e-10);
    EXPECT_NEAR(law.variance(), data.variance_at(end), 1e-10);
  }
}

// ------------------------------------------------------------------ weak convergence

// The law at the end comes near to that of the data as the steps grow.
//
// Ancestral methods take an ODE step below the target and noise the result back up.  Were
// the ODE solved exactly the law would be exact, too: their weak order is that of their ODE
// step.  DDIM's noise is of that kind, with a step of order 1.
//
// SDE methods integrate a polynomial through predictions along the path.  With one of order
// 1, so is the law.  The noise of a step enters the next predictions only, but with the
// weight of the extrapolation, as if it had come half a step earlier, where the middle of
// the step's true noise is: the law has order 2 with order 2.  It stays there with more, since
// one normal for each step says nothing of how the noise is spread over it.
class WeakOrder : public testing::TestWithParam<LawCase> {};

TEST_P(WeakOrder, IsTheTheorys) {
  constexpr int kFewest = 320;
  const LawCase& c = GetParam();
  LawError error[3];
  for (int k = 0; k < 3; ++k) {
    error[k] = law_error(*smooth_loop(c.config, c.change, kFewest << k), {0.5, 0.25});
  }
  const double order = std::log2(error[1].variance / error[2].variance);
  std::printf("%-30s variance off by %.1e, %.1e, %.1e: weak order %.2f; mean off by %.1e\n", c.name,
              error[0].variance, error[1].variance, error[2].variance, order, error[2].mean);
  EXPECT_NEAR(order, c.order, 0.2);
  EXPECT_LE(error[2].variance, 0.03);
  EXPECT_LE(error[2].mean, 0.03);
}

INSTANTIATE_TEST_SUITE_P(
    Solvers, WeakOrder,
    testing::Values(
        LawCase{"ddpm fixed_small", DPM_VP, ddpm(Variance::fixed_small)},
        LawCase{"ddpm fixed_large", DPM_VP, ddpm(Variance::fixed_large)},
        LawCase{"ddim eta 1 vp", DPM_VP, stochastic("ddim")},
        LawCase{"ddim eta 0.5 flow", DPM_FLOW, stochastic("ddim", 0.5)},
        LawCase{"euler_ancestral", DPM_VE, stochastic("euler_ancestral")},
        LawCase{"euler_ancestral_rf", DPM_FLOW, stochastic("euler_ancestral_rf")},
        LawCase{"dpm_2_ancestral", DPM_VE, stochastic("dpm_2_ancestral"), 2},
        LawCase{"dpmpp_2s_ancestral vp", DPM_VP, stochastic("dpmpp_2s_ancestral"), 2},
        // Without one path the noise at the middle is not part of the step's own.
        LawCase{"dpmpp_sde independent", DPM_VP, sde_stages(0.5)},
        LawCase{"dpmpp_sde path", DPM_VP, sde_stages(0.5, 1.0, true), 2},
        LawCase{"dpmpp_sde r 0.3 path", DPM_VP, sde_stages(0.3, 1.0, true), 2},
        LawCase{"seeds_2", DPM_VP, stochastic("seeds_2"), 2},
        LawCase{"exp_heun_2_x0_sde", DPM_VP, exponential_heun(), 2},
        LawCase{"res_multistep_ancestral", DPM_VE, stochastic("res_multistep_ancestral"), 2},
        LawCase{"seeds_3", DPM_VP, seeds_3(1.0), 2}, LawCase{"er_sde 1", DPM_VP, er_sde(1)},
        LawCase{"er_sde 2", DPM_VP, er_sde(2), 2}, LawCase{"er_sde 3", DPM_VP, er_sde(3), 2},
        LawCase{"ddpm ve", DPM_VE, ddpm(Variance::posterior)},
        LawCase{"dpm_2_ancestral_rf", DPM_FLOW, stochastic("dpm_2_ancestral_rf"), 2},
        LawCase{"dpmpp_2s_ancestral_rf", DPM_FLOW, stochastic("dpmpp_2s_ancestral_rf"), 2},
        LawCase{"euler_ancestral_cfg_pp", DPM_FLOW, stochastic("euler_ancestral_cfg_pp")},
        LawCase{"dpm_multistep sde_data 1", DPM_VP, sde_multistep(1)},
        LawCase{"dpm_multistep sde_noise 1", DPM_VP, sde_multistep(1, DpmAlgorithm::sde_noise)},
        LawCase{"dpm_multistep sde_noise 2", DPM_VP, sde_multistep(2, DpmAlgorithm::sde_noise), 2},
        LawCase{"dpmpp_2m_sde", DPM_VP, sde_multistep(2), 2},
        LawCase{"dpmpp_2m_sde path", DPM_VP, sde_multistep(2, DpmAlgorithm::sde_data, 1.0, true),
                2},
        LawCase{"dpmpp_3m_sde", DPM_VP, sde_multistep(3), 2},
        LawCase{"sa_solver tau 1 p1", DPM_VP, sa_solver(1, 0, DpmAlgorithm::data, 1.0)},
        LawCase{"sa_solver tau 1 p2", DPM_VP, sa_solver(2, 0, DpmAlgorithm::data, 1.0), 2},
        LawCase{"sa_solver tau 1 p3 c4", DPM_VP, sa_solver(3, 4, DpmAlgorithm::data, 1.0), 2},
        LawCase{"sa_solver_pece tau 1 p3 c4", DPM_VP, sa_solver_pece(), 2},
        LawCase{"sa_solver tau 1 noise p2 c2", DPM_VP, sa_solver(2, 2, DpmAlgorithm::noise, 1.0),
                2},
        LawCase{"dpm_singlestep sde_data 2", DPM_VP, sde_singlestep(2), 2},
        LawCase{"score_sde_ve", DPM_VE,
                [](Factors& f) {
                  f.solver = find_solver("score_sde_ve");
                  f.options.correct_steps = 0;
                }},
        LawCase{"score_sde_vp", DPM_VP, stochastic("score_sde_vp")}),
    [](const auto& instance) { return test_name(instance.param.name); });

// ---------------------------------------------------------------- one Brownian path

// The root of the mean square of what two loops make differently of the same first sample
// and the same path, over all samples and paths.
double distance(const Spread& a, const Spread& b) {
  const Spread difference = a - b;
  return std::sqrt(difference.variance() + difference.mean * difference.mean);
}

// Additive noise of which only increments are known, not its integral over a step: strong
// order 1, whatever the order without noise (Kloeden and Platen 1992, section 10.4).
class StrongOrder : public testing::TestWithParam<LawCase> {};

TEST_P(StrongOrder, IsTheTheorys) {
  constexpr int kSteps = 16;
  const LawCase& c = GetParam();
  const Gaussian data{0.5, 0.25};
  for (const bool on_path : {true, false}) {
    const auto change = [&](Factors& f) {
      c.change(f);
      f.options.on_path = on_path;
    };
    Normals normals;
    const auto law = [&](int steps) {
      return law_of(*smooth_loop(c.config, change, steps), data, normals);
    };
    const Spread exact = law(64 * kSteps);
    double error[3];
    for (int k = 0; k < 3; ++k) error[k] = distance(law(kSteps << k), exact);
    const double order = std::log2(error[0] / error[2]) / 2.0;
    std::printf("%-26s %-12s %.2e %.2e %.2e: strong order %.2f\n", c.name,
                on_path ? "one path" : "independent", error[0], error[1], error[2], order);
    if (on_path) {
      EXPECT_NEAR(order, c.order, 0.2);
    } else {
      EXPECT_NEAR(order, 0.0, 0.1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Solvers, StrongOrder,
                         testing::Values(LawCase{"dpmpp_sde vp", DPM_VP, sde_stages(0.5), 1},
                                         LawCase{"dpmpp_sde ve", DPM_VE, sde_stages(0.5), 1},
                                         LawCase{"dpmpp_sde r 0.3 vp", DPM_VP, sde_stages(0.3), 1},
                                         LawCase{"dpm_multistep 1 vp", DPM_VP, sde_multistep(1), 1},
                                         LawCase{"dpmpp_2m_sde vp", DPM_VP, sde_multistep(2), 1},
                                         LawCase{"dpmpp_2m_sde flow", DPM_FLOW, sde_multistep(2),
                                                 1},
                                         LawCase{"dpmpp_3m_sde vp", DPM_VP, sde_multistep(3), 1}),
                         [](const auto& instance) { return test_name(instance.param.name); });

// diffusers' class, whose grid ends with a step to clean data.
TEST(StrongOrder, OfDpmSolverSde) {
  const Gaussian data{0.5, 0.25};
  const std::string config = CLASS("DPMSolverSDE", R"(, "use_exponential_sigmas": true)");
  for (const bool on_path : {true, false}) {
    Normals normals;
    const auto law = [&](int steps) {
      const auto loop = loop_with(config, steps, [&](SolverOptions& o) { o.on_path = on_path; });
      return law_of(*loop, data, normals);
    };
    const Spread exact = law(960);
    double error[3];
    for (int k = 0; k < 3; ++k) error[k] = distance(law(30 << k), exact);
    const double order = std::log2(error[0] / error[2]) / 2.0;
    std::printf("%s: %.2e %.2e %.2e: strong order %.2f\n", on_path ? "one path" : "independent",
                error[0], error[1], error[2], order);
    EXPECT_NEAR(order, on_path ? 1.0 : 0.0, 0.2);
  }
}

// ---------------------------------------------------------------- through the kernels

constexpr int kElements = 100000;

struct FreeScheduler {
  void operator()(sched_scheduler* scheduler) const { sched_free(scheduler); }
};
struct FreeState {
  void operator()(sched_state* state) const { sched_state_free(state); }
};

sched_tensor tensor_of(std::vector<float>& values) {
  sched_tensor tensor = SCHED_TENSOR_INIT;
  tensor.data = values.data();
  tensor.dtype = SCHED_F32;
  tensor.batch = 1;
  tensor.elements = static_cast<std::int64_t>(values.size());
  return tensor;
}

// The loop in float32 as an application runs it, with the best denoiser for a network that
// predicts noise.
std::vector<float> run_on_kernel(const std::string& config, const List<double>& sigmas,
                                 const Gaussian& data) {
  sched_scheduler* made = nullptr;
  EXPECT_EQ(sched_create(config.data(), config.size(), nullptr, &made), SCHED_OK);
  const std::unique_ptr<sched_scheduler, FreeScheduler> scheduler(made);
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.sigmas = sigmas.data();
  options.sigmas_count = static_cast<std::int32_t>(sigmas.size());
  options.batch = 1;
  options.elements = kElements;
  options.seed = 7;
  sched_state* begun = nullptr;
  EXPECT_EQ(sched_init(scheduler.get(), &options, &begun), SCHED_OK);
  const std::unique_ptr<sched_state, FreeState> state(begun);
  std::vector<float> x(kElements), prediction(kElements);
  const sched_tensor sample = tensor_of(x);
  sched_tensor next = sample;
  const sched_tensor said = tensor_of(prediction);
  EXPECT_EQ(sched_initial_noise(state.get(), &next), SCHED_OK);
  sched_call call = SCHED_CALL_INIT;
  for (bool first = true; sched_next_call(state.get(), &call) == SCHED_OK; first = false) {
    const NoiseLevel level{call.alpha, call.sigma};
    const double spread = data.deviation_at(level) / sched_init_noise_sigma(state.get());
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (first) x[i] = static_cast<float>(level.alpha * data.mean + spread * x[i]);
      const double clean = data.denoise(double{x[i]}, level);
      prediction[i] = static_cast<float>((x[i] - level.alpha * clean) / level.sigma);
    }
    EXPECT_EQ(sched_step(state.get(), &sample, &said, &next), SCHED_OK);
  }
  return x;
}

Spread law_on(const std::string& config, const List<double>& sigmas, const Gaussian& data,
              Normals& normals) {
  return law_of(*loop_of(config, 0, [&](LoopRequest& r) { r.grid.sigmas = sigmas; }), data,
                normals);
}

class Kernels : public testing::TestWithParam<const char*> {};

TEST_P(Kernels, MakeTheLawThatThePlansSay) {
  const Gaussian data{0.5, 0.25};
  const List<double> sigmas = smooth_sigmas(12, false);
  Normals normals;
  const Spread law = law_on(GetParam(), sigmas, data, normals);
  const std::vector<float> made = run_on_kernel(GetParam(), sigmas, data);
  double mean = 0.0;
  for (const float x : made) mean += x / double{kElements};
  double variance = 0.0;
  for (const float x : made) variance += (x - mean) * (x - mean) / (kElements - 1.0);
  // In standard errors of the two.
  const double mean_off = (mean - law.mean) / std::sqrt(law.variance() / kElements);
  const double variance_off = (variance / law.variance() - 1.0) / std::sqrt(2.0 / kElements);
  std::printf("mean %.4f, %.1f standard errors off; variance %.4f, %.1f off\n", mean, mean_off,
              variance, variance_off);
  EXPECT_LE(std::fabs(mean_off), 5.0);
  EXPECT_LE(std::fabs(variance_off), 5.0);
}

INSTANTIATE_TEST_SUITE_P(
    Solvers, Kernels,
    testing::Values(VE(R"("euler_ancestral")"), VP_SIGMAS(R"("dpmpp_2m_sde")"),
                    VP_SIGMAS(R"("dpmpp_sde")"),
                    VP_SIGMAS(R"({"name": "dpmpp_3m_sde", "noise": "independent"})")));

// With the same seed 12 and 48 steps follow the same paths: their results differ as the
// plans say.
TEST(StrongOrder, IsTheSameOnTheKernels) {
  const Gaussian data{0.5, 0.25};
  for (const char* config : {VP_SIGMAS(R"("dpmpp_2m_sde")"), VP_SIGMAS(R"("dpmpp_sde")")}) {
    Normals normals;
    const double expected = distance(law_on(config, smooth_sigmas(12, false), data, normals),
                                     law_on(config, smooth_sigmas(48, false), data, normals));
    const std::vector<float> few = run_on_kernel(config, smooth_sigmas(12, false), data);
    const std::vector<float> many = run_on_kernel(config, smooth_sigmas(48, false), data);
    double square = 0.0;
    for (std::size_t i = 0; i < few.size(); ++i) {
      const double difference = double{few[i]} - many[i];
      square += difference * difference / kElements;
    }
    const double off = (std::sqrt(square) / expected - 1.0) * std::sqrt(2.0 * kElements);
    std::printf("root mean square %.5f, by the plans %.5f: %.1f standard errors off\n",
                std::sqrt(square), expected, off);
    EXPECT_LE(std::fabs(off), 5.0);
  }
}

}  // namespace
