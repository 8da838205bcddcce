#include "composed_solvers.hpp"

#include "words.hpp"

namespace sched {

namespace {

// ------------------------------------------------------------------ groups of options

Keys noisy(double eta) { return {real("eta", eta, 0, 1), real("s_noise", 1.0, 0, 1000)}; }

void set_noise(const Values& v, Factors& f) {
  f.options.eta = v.number("eta");
  f.options.noise_scale = v.number("s_noise");
}

// Noise of a stochastic equation: on one path for every number of steps, or drawn anew.
// Whole numbers up to 2^53 are exact in JSON's doubles.
Keys brownian() {
  return noisy(1.0) + Keys{choice("noise", "brownian", "brownian | independent"),
                           optional_whole("noise_seed", 0, 9007199254740992.0)};
}

void set_brownian(const Values& v, Factors& f) {
  set_noise(v, f);
  f.options.on_path = v.text("noise") == "brownian";
  const auto seed = v.maybe("noise_seed");
  if (!seed) return;
  if (!f.options.on_path) fail(Status::conflict, "solver: noise_seed needs noise brownian");
  f.options.noise_seed = static_cast<std::uint64_t>(*seed);
}

Keys algorithms(const char* allowed) { return {choice("algorithm", "data", allowed)}; }

void set_algorithm(const Values& v, Factors& f) {
  const std::string& name = v.text("algorithm");
  f.options.algorithm = name == "noise"       ? DpmAlgorithm::noise
                        : name == "sde_data"  ? DpmAlgorithm::sde_data
                        : name == "sde_noise" ? DpmAlgorithm::sde_noise
                                              : DpmAlgorithm::data;
  if (is_sde(f.options.algorithm)) {
    set_brownian(v, f);
    return;
  }
  f.init_options &= ~static_cast<unsigned>(kEta | kNoiseScale);
  for (const char* key : {"eta", "s_noise", "noise", "noise_seed"}) {
    if (v.given(key)) {
      fail(Status::conflict, "solver: ", key, " needs algorithm sde_data or sde_noise, but it is ",
           name);
    }
  }
}

void set_order(const Values& v, Factors& f) {
  f.options.order = v.integer("order");
  f.options.lower_order_final = v.flag("lower_order_final");
}

DpmType dpm_type(const Values& v) {
  return v.text("type") == "heun" ? DpmType::heun : DpmType::midpoint;
}

Keys multistep(int order, bool lower_order_final, const char* second_derivative = "full") {
  return {whole("order", order, 1, 3), boolean("lower_order_final", lower_order_final),
          boolean("euler_at_final", false),
          choice("type", order == 3 ? "heun" : "midpoint", "midpoint | heun"),
          choice("second_derivative", second_derivative, "full | half")};
}

void set_multistep(const Values& v, Factors& f) {
  set_order(v, f);
  f.options.type = dpm_type(v);
  f.options.euler_at_final = v.flag("euler_at_final");
  f.options.quirk_half_curvature = v.text("second_derivative") == "half";
}

// ------------------------------------------------------------------------ one for each

void build_plain(const Values&, Factors&) {}

void build_churned(const Values&, Factors& f) { f.options.churn_place = ChurnPlace::before_call; }

void build_ddpm(const Values& v, Factors& f) {
  const std::string& name = v.text("variance");
  f.options.variance = name == "fixed_large"     ? Variance::fixed_large
                       : name == "learned"       ? Variance::learned
                       : name == "learned_range" ? Variance::learned_range
                                                 : Variance::fixed_small;
  f.learned_channels = name == "learned" || name == "learned_range";
}

void build_pndm(const Values& v, Factors& f) {
  f.options.skip_runge_kutta = !v.flag("runge_kutta_start");
}

// To clean data these go with order 1, which gives x0 itself.
Keys sigma_adams(int order) { return {whole("order", order, 1, 4)}; }

void build_sigma_adams(const Values& v, Factors& f) {
  f.options.order = v.integer("order");
  f.options.euler_at_data = true;
}

Keys gradient_estimation() { return {real("gamma", 2.0, 0, 100)}; }

void build_gradient_estimation(const Values& v, Factors& f) { f.options.gamma = v.number("gamma"); }

// The second call at the end of the step, as Heun's method has it.
void set_heun(Factors& f) {
  f.options.r = 1.0;
  f.options.phi_2 = true;
}

void build_seeds_3(const Values& v, Factors& f) {
  set_noise(v, f);
  f.options.r = v.number("r_1");
  f.options.r_2 = v.number("r_2");
  if (f.options.r >= f.options.r_2) {
    fail(Status::conflict, "solver: r_1 is ", f.options.r, ", which must be below r_2, ",
         f.options.r_2);
  }
}

void build_lms(const Values& v, Factors& f) { f.options.order = v.integer("order"); }

void build_multistep(const Values& v, Factors& f) {
  set_multistep(v, f);
  set_algorithm(v, f);
}

// In what flow models go; in the other frames both are the same.
Keys flow_axis() { return {choice("flow_axis", "log_snr", "log_snr | log_sigma")}; }

void build_multistep_ode(const Values& v, Factors& f) {
  set_multistep(v, f);
  f.options.sigma_axis = v.text("flow_axis") == "log_sigma";
  f.options.algorithm = DpmAlgorithm::data;
}

void build_multistep_sde(const Values& v, Factors& f) {
  set_multistep(v, f);
  f.options.algorithm = DpmAlgorithm::sde_data;
  set_brownian(v, f);
}

Keys singlestep(int order) {
  return {whole("order", order, 1, 3), boolean("lower_order_final", true),
          choice("type", "midpoint", "midpoint | heun")};
}

void build_singlestep(const Values& v, Factors& f) {
  set_order(v, f);
  f.options.type = dpm_type(v);
  set_algorithm(v, f);
}

void build_singlestep_ode(const Values& v, Factors& f) {
  set_order(v, f);
  f.options.type = dpm_type(v);
}

Keys sa_solver(int least_corrector_order) {
  return {whole("predictor_order", 3, 1, 4),
          whole("corrector_order", 4, least_corrector_order, 4),  // 0: none
          choice("algorithm", "data", "data | noise"),
          real("tau", 1.0, 0, 1000),
          optional_real("tau_start", 0, 1e30),  // null: infinity
          real("tau_end", 0.0, 0, 1e30),
          choice("tau_at", "start", "start | end"),  // of a step
          boolean("lower_order_final", true),
          boolean("simple_second_order", false),
          real("s_noise", 1.0, 0, 1000)};
}

void build_sa_solver(const Values& v, Factors& f) {
  SolverOptions& o = f.options;
  o.predictor_order = v.integer("predictor_order");
  o.corrector_order = v.integer("corrector_order");
  o.algorithm = v.text("algorithm") == "noise" ? DpmAlgorithm::noise : DpmAlgorithm::data;
  o.tau = v.number("tau");
  o.tau_start = v.maybe("tau_start").value_or(INFINITY);
  o.tau_end = v.number("tau_end");
  if (o.tau_end > o.tau_start) {
    fail(Status::conflict, "solver: tau_end is ", o.tau_end, ", above tau_start, ", o.tau_start);
  }
  o.tau_at_end = v.text("tau_at") == "end";
  o.lower_order_final = v.flag("lower_order_final");
  o.quirk_half_difference = v.flag("simple_second_order");
  o.noise_scale = v.number("s_noise");
}

void build_consistency(const Values& v, Factors& f) {
  f.options.noise_scale = v.number("s_noise");
  f.options.sigma_min = v.number("sigma_min");
  f.parameterization.boundary = f.options.sigma_min;
  f.options.noise_scale_end = v.maybe("s_noise_end");
  f.options.noise_clip = v.number("noise_clip_std");
}

void build_unipc(const Values& v, Factors& f) {
  set_order(v, f);
  f.options.predict_x0 = v.flag("predict_x0");
  f.options.basis = unipc_basis(v.text("basis"));
  f.options.disable_corrector = v.integers("disable_corrector");
}

void build_lcm(const Values& v, Factors& f) {
  f.options.timestep_scaling = v.number("timestep_scaling");
  f.grid.original_steps = v.integer("original_steps");
}

void build_flow(const Values& v, Factors& f) { f.options.stochastic = v.flag("stochastic"); }

void build_dpm_fast(const Values& v, Factors& f) {
  set_noise(v, f);
  f.options.calls = v.integer("calls");
}

void build_dpm_adaptive(const Values& v, Factors& f) {
  set_noise(v, f);
  SolverOptions& o = f.options;
  o.order = v.integer("order");
  o.relative_tolerance = v.number("rtol");
  o.absolute_tolerance = v.number("atol");
  o.first_step = v.number("h_init");
  o.proportional = v.number("pcoeff");
  o.integral = v.number("icoeff");
  o.differential = v.number("dcoeff");
  o.accept_safety = v.number("accept_safety");
}

void build_repaint(const Values& v, Factors& f) {
  f.options.eta = v.number("eta");
  f.options.jump_length = v.integer("jump_length");
  f.options.jump_count = v.integer("jump_n_sample");
}

void build_score_sde_ve(const Values& v, Factors& f) {
  f.options.correct_steps = v.integer("correct_steps");
  f.options.signal_to_noise = v.number("snr");
}

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<ComposedSolver> make_table() {
  const Keys lower = {boolean("lower_order_final", true)};
  return {
      {"ddim", "ddim", kEta | kClippedEpsilon | kGroups, {}, build_plain},
      {"ddpm",
       "ddpm",
       kGroups,
       {choice("variance", "fixed_small", "fixed_small | fixed_large | learned | learned_range")},
       build_ddpm},
      {"pndm", "pndm", 0, {boolean("runge_kutta_start", false)}, build_pndm},
      {"lms", "lms", kOrder, {whole("order", 4, 1, 4)}, build_lms},
      {"euler", "euler", kChurn | kGroups, {}, build_churned},
      {"heun", "heun", kChurn, {}, build_churned},
      {"euler_ancestral", "euler_ancestral", kEta | kNoiseScale | kGroups, noisy(1.0), set_noise},
      {"dpm_multistep", "dpm_multistep", kEta | kNoiseScale,
       multistep(2, true) + algorithms("data | noise | sde_data | sde_noise") + brownian(),
       build_multistep},
      {"dpmpp_2m", "dpm_multistep", 0, multistep(2, false) + flow_axis(), build_multistep_ode},
      {"dpmpp_3m", "dpm_multistep", 0, multistep(3, false) + flow_axis(), build_multistep_ode},
      {"dpmpp_2m_sde", "dpm_multistep", kEta | kNoiseScale, multistep(2, false) + brownian(),
       build_multistep_sde},
      {"dpmpp_3m_sde", "dpm_multistep", kEta | kNoiseScale,
       multistep(3, false, "half") + brownian(), build_multistep_sde},
      {"dpm_singlestep", "dpm_singlestep", kEta | kNoiseScale,
       singlestep(2) + algorithms("data | noise | sde_data") + brownian(), build_singlestep},
      {"dpmpp_2s", "dpm_singlestep", 0, singlestep(2), build_singlestep_ode},
      {"dpmpp_3s", "dpm_singlestep", 0, singlestep(3), build_singlestep_ode},
      {"deis", "deis", 0, lower + Keys{whole("order", 3, 1, 4)}, set_order},
      {"sa_solver", "sa_solver", kNoiseScale, sa_solver(0), build_sa_solver},
      {"ipndm", "ipndm", 0, sigma_adams(4) + Keys{boolean("euler_at_data", false)},
       [](const Values& v, Factors& f) {
         f.options.order = v.integer("order");
         f.options.euler_at_data = v.flag("euler_at_data");
       }},
      {"consistency",
       "consistency",
       kNoiseScale,
       {real("s_noise", 1.0, 0, 1000), real("sigma_min", 0.0, 0, 1e6),
        real("noise_clip_std", 0.0, 0, 1000), optional_real("s_noise_end", 0, 1000)},
       build_consistency},
      {"dpmpp_2s_ancestral", "dpmpp_2s_ancestral", kEta | kNoiseScale, noisy(1.0), set_noise},
      {"dpm_2", "dpm_2", kChurn, {}, build_churned},
      {"dpm_2_ancestral", "dpm_2_ancestral", kEta | kNoiseScale, noisy(1.0), set_noise},
      {"dpmpp_sde", "dpmpp_sde", kEta | kNoiseScale, brownian() + Keys{real("r", 0.5, 0, 1, true)},
       [](const Values& v, Factors& f) {
         set_brownian(v, f);
         f.options.r = v.number("r");
       }},
      {"dpm_fast", "dpm_fast", kEta | kNoiseScale, noisy(0.0) + Keys{whole("calls", 0, 0, 100000)},
       build_dpm_fast},
      {"dpm_adaptive", "dpm_adaptive", kEta | kNoiseScale,
       noisy(0.0) + Keys{whole("order", 3, 2, 3), real("rtol", 0.05, 0, 1e6),
                         real("atol", 0.0078, 0, 1e6, true), real("h_init", 0.05, 0, 100, true),
                         real("pcoeff", 0.0, -10, 10), real("icoeff", 1.0, -10, 10),
                         real("dcoeff", 0.0, -10, 10), real("accept_safety", 0.81, 0, 2)},
       build_dpm_adaptive},
      {"unipc", "unipc", 0,
       lower + Keys{whole("order", 2, 1, 6), choice("basis", "bh2", "bh1 | bh2"),
                    boolean("predict_x0", true), whole_list("disable_corrector", 0, 1e6)},
       build_unipc},
      {"lcm",
       "lcm",
       kOriginalSteps,
       {real("timestep_scaling", 10.0, 0, 1e9, true), whole("original_steps", 50, 1, 1000000)},
       build_lcm},
      {"tcd", "tcd", kEta | kOriginalSteps,
       Keys{real("eta", 0.3, 0, 1), whole("original_steps", 50, 1, 1000000)},
       [](const Values& v, Factors& f) {
         f.options.eta = v.number("eta");
         f.grid.original_steps = v.integer("original_steps");
       }},
      {"flow_match_euler", "flow_match_euler", kGroups, {boolean("stochastic", false)}, build_flow},
      {"euler_ancestral_rf", "euler_ancestral_rf", kEta | kNoiseScale | kGroups, noisy(1.0),
       set_noise},
      {"repaint",
       "repaint",
       kJumps,
       {real("eta", 0.0, 0, 1), whole("jump_length", 10, 1, 100000),
        whole("jump_n_sample", 10, 1, 100000)},
       build_repaint},
      {"score_sde_ve",
       "score_sde_ve",
       0,
       {whole("correct_steps", 1, 0, 100), real("snr", 0.15, 0, 1000, true)},
       build_score_sde_ve},
      {"score_sde_vp", "score_sde_vp", 0, {}, build_plain},
      {"ipndm_v", "ipndm_v", 0, sigma_adams(4), build_sigma_adams},
      {"deis_tab", "deis_tab", 0, sigma_adams(3), build_sigma_adams},
      {"deis_rhoab", "lms", 0, sigma_adams(3), build_sigma_adams},
      {"sa_solver_pece", "sa_solver_pece", kNoiseScale, sa_solver(1), build_sa_solver},
      {"seeds_2", "seeds_2", kEta | kNoiseScale,
       noisy(1.0) + Keys{real("r", 0.5, 0, 1, true), choice("type", "phi_1", "phi_1 | phi_2")},
       [](const Values& v, Factors& f) {
         set_noise(v, f);
         f.options.r = v.number("r");
         f.options.phi_2 = v.text("type") == "phi_2";
       }},
      {"exp_heun_2_x0", "seeds_2", 0, {}, [](const Values&, Factors& f) { set_heun(f); }},
      {"exp_heun_2_x0_sde", "seeds_2", kEta | kNoiseScale, noisy(1.0),
       [](const Values& v, Factors& f) {
         set_noise(v, f);
         set_heun(f);
       }},
      {"res_2s",
       "seeds_2",
       0,
       {},
       [](const Values&, Factors& f) {
         f.options.phi_2 = true;
         f.options.sigma_axis = true;
       }},
      {"heunpp2", "heunpp2", kChurn, {}, build_churned},
      {"res_multistep", "res_multistep", 0, {}, build_plain},
      {"res_multistep_ancestral", "res_multistep_ancestral", kEta | kNoiseScale, noisy(1.0),
       set_noise},
      {"gradient_estimation", "gradient_estimation", 0, gradient_estimation(),
       build_gradient_estimation},
      {"dpm_2_ancestral_rf", "dpm_2_ancestral_rf", kEta | kNoiseScale, noisy(1.0), set_noise},
      {"dpmpp_2s_ancestral_rf", "dpmpp_2s_ancestral_rf", kEta | kNoiseScale, noisy(1.0), set_noise},
      {"euler_cfg_pp", "euler_cfg_pp", 0, {}, build_plain},
      {"euler_ancestral_cfg_pp", "euler_ancestral_cfg_pp", kEta | kNoiseScale, noisy(1.0),
       set_noise},
      {"dpmpp_2m_cfg_pp", "dpmpp_2m_cfg_pp", 0, {}, build_plain},
      {"dpmpp_2s_ancestral_cfg_pp", "dpmpp_2s_ancestral_cfg_pp", kEta | kNoiseScale, noisy(1.0),
       set_noise},
      {"gradient_estimation_cfg_pp", "gradient_estimation_cfg_pp", 0, gradient_estimation(),
       build_gradient_estimation},
      {"res_multistep_cfg_pp", "res_multistep_cfg_pp", 0, {}, build_plain},
      {"res_multistep_ancestral_cfg_pp", "res_multistep_ancestral_cfg_pp", kEta | kNoiseScale,
       noisy(1.0), set_noise},
      {"er_sde",
       "er_sde",
       kNoiseScale,
       {whole("order", 3, 1, 3), real("s_noise", 1.0, 0, 1000)},
       [](const Values& v, Factors& f) {
         f.options.order = v.integer("order");
         f.options.noise_scale = v.number("s_noise");
       }},
      {"seeds_3", "seeds_3", kEta | kNoiseScale,
       noisy(1.0) + Keys{real("r_1", 1.0 / 3.0, 0, 1, true), real("r_2", 2.0 / 3.0, 0, 1, true)},
       build_seeds_3},
  };
}

}  // namespace

const std::vector<ComposedSolver>& composed_solvers() {
  static const std::vector<ComposedSolver> table = make_table();
  return table;
}

const ComposedSolver* find_composed_solver(const std::string& name) {
  for (const ComposedSolver& entry : composed_solvers()) {
    if (name == entry.name) return &entry;
  }
  return nullptr;
}

}  // namespace sched
