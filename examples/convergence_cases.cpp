#include "convergence_cases.hpp"

#include <algorithm>

#include "text_table.hpp"

namespace {

using Cases = std::vector<ConvergenceCase>;

const char* kAll = "ve vp flow";

std::string named(const std::string& name, const std::string& options = "") {
  return R"({"name": ")" + name + '"' + (options.empty() ? "" : ", " + options) + "}";
}

void add_one_step_methods(Cases& cases) {
  cases.push_back({"euler", named("euler"), "ve flow", 1, true});
  cases.push_back({"flow_match_euler", named("flow_match_euler"), "flow", 1});
  cases.push_back({"euler_ancestral eta 0", named("euler_ancestral", R"("eta": 0)"), "ve", 1});
  cases.push_back(
      {"euler_ancestral_rf eta 0", named("euler_ancestral_rf", R"("eta": 0)"), "flow", 1});
  cases.push_back({"ddim", named("ddim"), "ve flow", 1, true});
  // Without a sigma shape it steps over timesteps in this frame.
  cases.push_back({"ddim", named("ddim"), "vp", 1, true, false, Sweep::timesteps});
  cases.push_back({"heun", named("heun"), "ve flow", 2, true});
  cases.push_back({"heunpp2", named("heunpp2"), "ve flow", 1});
  cases.push_back({"gradient_estimation", named("gradient_estimation"), "ve flow", 1, true});
  cases.push_back({"dpm_2", named("dpm_2"), "ve flow", 2, true});
  cases.push_back({"dpm_2_ancestral eta 0", named("dpm_2_ancestral", R"("eta": 0)"), "ve", 2});
  cases.push_back(
      {"dpmpp_2s_ancestral eta 0", named("dpmpp_2s_ancestral", R"("eta": 0)"), "ve vp", 2, true});
  cases.push_back({"dpmpp_sde eta 0", named("dpmpp_sde", R"("eta": 0)"), kAll, 2, true});
  cases.push_back({"dpmpp_sde eta 0, r 0.3", named("dpmpp_sde", R"("eta": 0, "r": 0.3)"), kAll, 2});
}

void add_exponential_runge_kutta(Cases& cases) {
  cases.push_back({"seeds_2 eta 0", named("seeds_2", R"("eta": 0)"), kAll, 2, true});
  cases.push_back({"seeds_2 eta 0, r 0.3", named("seeds_2", R"("eta": 0, "r": 0.3)"), kAll, 2});
  cases.push_back({"seeds_2 eta 0, phi_2",
                   named("seeds_2", R"("eta": 0, "r": 0.7, "type": "phi_2")"), kAll, 2});
  cases.push_back({"exp_heun_2_x0", named("exp_heun_2_x0"), kAll, 2, true});
  cases.push_back({"res_2s", named("res_2s"), kAll, 2, true});
}

// The ODE forms of the rectified-flow samplers, and CFG++ where both predictions agree.
void add_samplers_of_comfyui(Cases& cases) {
  const char* still = R"("eta": 0)";
  cases.push_back({"seeds_3 eta 0", named("seeds_3", still), kAll, 3, true});
  // The third order needs the last call at two thirds.
  cases.push_back({"seeds_3 eta 0, r 0.25 0.7",
                   named("seeds_3", R"("eta": 0, "r_1": 0.25, "r_2": 0.7)"), kAll, 2});
  cases.push_back({"dpm_2_ancestral_rf eta 0", named("dpm_2_ancestral_rf", still), "flow", 2});
  cases.push_back(
      {"dpmpp_2s_ancestral_rf eta 0", named("dpmpp_2s_ancestral_rf", still), "flow", 2, true});
  cases.push_back({"euler_cfg_pp", named("euler_cfg_pp"), kAll, 1});
  cases.push_back(
      {"euler_ancestral_cfg_pp eta 0", named("euler_ancestral_cfg_pp", still), kAll, 1});
  cases.push_back({"dpmpp_2m_cfg_pp", named("dpmpp_2m_cfg_pp"), kAll, 2});
  cases.push_back(
      {"dpmpp_2s_ancestral_cfg_pp eta 0", named("dpmpp_2s_ancestral_cfg_pp", still), "ve flow", 2});
  cases.push_back(
      {"gradient_estimation_cfg_pp", named("gradient_estimation_cfg_pp"), "ve flow", 1});
  cases.push_back({"res_multistep_cfg_pp", named("res_multistep_cfg_pp"), "ve flow", 2});
  cases.push_back({"res_multistep_ancestral_cfg_pp eta 0",
                   named("res_multistep_ancestral_cfg_pp", still), "ve", 2});
}

void add_multistep_methods(Cases& cases) {
  for (int order = 1; order <= 4; ++order) {
    const std::string option = format(R"("order": %d)", order);
    cases.push_back({format("lms %d", order), named("lms", option), "ve flow", double(order),
                     order == 4, order > 2});
    cases.push_back({format("deis %d", order),
                     named("deis", option + R"(, "lower_order_final": false)"), kAll, double(order),
                     order == 3, order > 2});
  }
  for (int order = 1; order <= 4; ++order) {
    const std::string option = format(R"("order": %d)", order);
    cases.push_back({format("ipndm_v %d", order), named("ipndm_v", option), "ve flow",
                     double(order), false, order > 2});
    cases.push_back({format("deis_tab %d", order), named("deis_tab", option), "ve flow",
                     double(order), order == 3, order > 2});
  }
  cases.push_back({"deis_rhoab 3", named("deis_rhoab"), "ve flow", 3, false, true});
  cases.push_back({"res_multistep", named("res_multistep"), "ve flow", 2, true});
  cases.push_back(
      {"res_multistep_ancestral eta 0", named("res_multistep_ancestral", R"("eta": 0)"), "ve", 2});
  cases.push_back(
      {"dpmpp_2m log_sigma", named("dpmpp_2m", R"("flow_axis": "log_sigma")"), "flow", 2});
  for (int order = 1; order <= 3; ++order) {
    for (const char* algorithm : {"data", "noise"}) {
      const std::string options =
          format(R"("order": %d, "algorithm": "%s", "lower_order_final": false)", order, algorithm);
      cases.push_back({format("dpm_multistep %d %s", order, algorithm),
                       named("dpm_multistep", options), kAll, double(order), false, order > 2});
    }
  }
  cases.push_back({"dpmpp_2m", named("dpmpp_2m"), kAll, 2, true});
  cases.push_back({"dpmpp_2m heun", named("dpmpp_2m", R"("type": "heun")"), kAll, 2});
  cases.push_back({"dpmpp_3m", named("dpmpp_3m"), kAll, 3, true, true});
  // The authors' third order has half of the second derivative, and is of order 2.
  cases.push_back(
      {"dpmpp_3m half", named("dpmpp_3m", R"("second_derivative": "half")"), kAll, 2, false, true});
  cases.push_back({"dpmpp_2m_sde eta 0", named("dpmpp_2m_sde", R"("eta": 0)"), kAll, 2});
  cases.push_back({"dpmpp_3m_sde eta 0",
                   named("dpmpp_3m_sde", R"("eta": 0, "second_derivative": "full")"), kAll, 3,
                   false, true});
}

void add_singlestep_methods(Cases& cases) {
  for (int order = 1; order <= 3; ++order) {
    for (const char* type : {"midpoint", "heun"}) {
      const std::string options =
          format(R"("order": %d, "type": "%s", "lower_order_final": false)", order, type);
      cases.push_back({format("dpm_singlestep %d %s", order, type),
                       named("dpm_singlestep", options), kAll, double(order),
                       order == 3 && type[0] == 'h'});
    }
  }
  // Budgets of 3 k + 2 calls make k steps of order 3 and one of 2, whose own error is of
  // order 3; 3 k + 1 calls end with one of 1, whose error is of order 2.
  cases.push_back(
      {"dpm_fast 3k+2", named("dpm_fast", R"("calls": @)"), "ve vp", 3, true, false, Sweep::calls});
  for (int order = 2; order <= 3; ++order) {
    const std::string options = format(R"("order": %d, "rtol": @, "atol": @)", order);
    cases.push_back({format("dpm_adaptive %d", order), named("dpm_adaptive", options), "ve vp",
                     double(order), order == 3, false, Sweep::tolerance});
  }
}

void add_predictor_correctors(Cases& cases) {
  // A corrector raises the order by one.  The last step has none, and its own error is of
  // order p + 1 as well.
  for (int order = 1; order <= 3; ++order) {
    for (const char* basis : {"bh1", "bh2"}) {
      const std::string options =
          format(R"("order": %d, "basis": "%s", "lower_order_final": false)", order, basis);
      cases.push_back({format("unipc %d %s", order, basis), named("unipc", options), kAll,
                       order + 1.0, order > 1 && basis[2] == '2', order > 1});
    }
  }
  cases.push_back({"unipc 2 noise",
                   named("unipc", R"("predict_x0": false, "lower_order_final": false)"), kAll, 3,
                   false, true});
  cases.push_back({"unipc 3, last lowered", named("unipc", R"("order": 3)"), kAll, 2, false, true});
  const int orders[][2] = {{1, 0}, {2, 0}, {3, 0}, {2, 3}, {3, 4}};
  for (const auto& [predictor, corrector] : orders) {
    const std::string options = format(
        R"("tau": 0, "predictor_order": %d, "corrector_order": %d, "lower_order_final": false)",
        predictor, corrector);
    const int order = std::max(predictor, corrector);
    cases.push_back({format("sa_solver tau 0, p%d c%d", predictor, corrector),
                     named("sa_solver", options), kAll, double(order), corrector == 4, order > 2});
    if (corrector == 0) continue;
    cases.push_back({format("sa_solver_pece tau 0, p%d c%d", predictor, corrector),
                     named("sa_solver_pece", options), kAll, double(order), false, order > 2});
  }
}

// Adams-Bashforth with the weights of an even grid, in a variable in which no grid is even:
// of order 2 (Liu et al. 2022, arXiv:2202.09778, theorem 3.1), however many rows it reads.
void add_pseudo_methods(Cases& cases) {
  cases.push_back({"ipndm", named("ipndm"), kAll, 2, true});
  cases.push_back({"pndm", named("pndm"), "vp", 2, true, false, Sweep::timesteps});
  cases.push_back({"pndm runge_kutta_start", named("pndm", R"("runge_kutta_start": true)"), "vp", 2,
                   false, false, Sweep::timesteps});
}

Cases make_cases() {
  Cases cases;
  add_one_step_methods(cases);
  add_exponential_runge_kutta(cases);
  add_samplers_of_comfyui(cases);
  add_multistep_methods(cases);
  add_singlestep_methods(cases);
  add_predictor_correctors(cases);
  add_pseudo_methods(cases);
  return cases;
}

}  // namespace

const std::vector<ConvergenceCase>& convergence_cases() {
  static const Cases cases = make_cases();
  return cases;
}
