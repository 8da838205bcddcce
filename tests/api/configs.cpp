// The configurations that the generic tests run through.

#include <stdexcept>

#include "support.hpp"

namespace sched_test {

std::ostream& operator<<(std::ostream& out, const Config& config) { return out << config.name; }

namespace {

// A configuration of the betas that latent diffusion models ship, with `keys` added.
std::string latent(const std::string& class_name, const std::string& keys = "") {
  return R"({"_class_name": ")" + class_name +
         R"(", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear")" +
         (keys.empty() ? "" : ", " + keys) + "}";
}

std::string flow(const std::string& keys = "") {
  return R"({"_class_name": "FlowMatchEulerDiscreteScheduler")" +
         (keys.empty() ? "" : ", " + keys) + "}";
}

void eta(sched_init_options& o) { o.eta = 0.7; }
void eta_clipped(sched_init_options& o) {
  o.eta = 0.4;
  o.use_clipped_model_output = 1;
}
void churn(sched_init_options& o) {
  o.s_churn = 2.8;
  o.s_noise = 1.003;
}
void order_2(sched_init_options& o) { o.order = 2; }
void mu(sched_init_options& o) { o.mu = 0.9; }

std::string of(const std::string& class_name, const std::string& keys) {
  return R"({"_class_name": ")" + class_name + "\"" + (keys.empty() ? "" : ", " + keys) + "}";
}

// Sigmas small enough for a network that knows nothing of their scale.
std::string score_ve(const std::string& keys) {
  return of("ScoreSdeVeScheduler", R"("sigma_max": 20.0, )" + keys);
}
std::string karras_ve(const std::string& keys) {
  return of("KarrasVeScheduler", R"("sigma_max": 5.0, )" + keys);
}

// A solver of our own composition, with options and sections.
std::string composed(const std::string& name, const std::string& options = "",
                     const std::string& sections = "") {
  return R"({"solver": {"name": ")" + name + "\"" + (options.empty() ? "" : ", " + options) + "}" +
         (sections.empty() ? "" : ", " + sections) + "}";
}

std::vector<Config> make_features() {
  const std::string ddim = "DDIMScheduler", ddpm = "DDPMScheduler", pndm = "PNDMScheduler";
  const std::string lms = "LMSDiscreteScheduler", euler = "EulerDiscreteScheduler";
  const std::string ancestral = "EulerAncestralDiscreteScheduler", heun = "HeunDiscreteScheduler";
  const std::string dpm = "DPMSolverMultistepScheduler", unipc = "UniPCMultistepScheduler";
  const std::string lcm = "LCMScheduler";
  const std::string v = R"("prediction_type": "v_prediction")";
  const std::string x0 = R"("prediction_type": "sample")";
  const std::string karras = R"("use_karras_sigmas": true)";
  const std::string trailing = R"("timestep_spacing": "trailing")";
  const std::string sigma_min = R"("final_sigmas_type": "sigma_min")";
  const std::string zero_snr = R"("rescale_betas_zero_snr": true)";
  const std::string flow_sigmas =
      R"("prediction_type": "flow_prediction", "use_flow_sigmas": true, "flow_shift": 3.0)";
  const Tune none = [](sched_init_options&) {};
  return {
      {"ddim_eta", latent(ddim), eta},
      {"ddim_eta_clipped", latent(ddim), eta_clipped},
      {"ddim_no_clip", latent(ddim, R"("clip_sample": false)")},
      {"ddim_zero_snr",
       latent(ddim, zero_snr + ", " + v + ", " + trailing + R"(, "clip_sample": false)")},
      {"ddim_threshold", latent(ddim, R"("thresholding": true, "sample_max_value": 1.5)")},
      {"ddpm_fixed_large", latent(ddpm, R"("variance_type": "fixed_large")")},
      {"ddpm_learned", latent(ddpm, R"("variance_type": "learned")"), none, kTwice},
      {"ddpm_learned_range", latent(ddpm, R"("variance_type": "learned_range")"), none, kTwice},
      {"ddpm_v", latent(ddpm, v)},
      {"pndm_skip", latent(pndm, R"("skip_prk_steps": true, "steps_offset": 1)"), none,
       kStartsAnew | kRepeats},
      {"pndm_v", latent(pndm, v), none, kStartsAnew | kRepeats, 4},
      {"lms_karras", latent(lms, karras)},
      {"lms_order_2", latent(lms), order_2},
      {"euler_churn", latent(euler), churn},
      {"euler_karras", latent(euler, karras)},
      {"euler_v", latent(euler, v + ", " + trailing)},
      {"euler_zero_snr", latent(euler, zero_snr + ", " + v + ", " + trailing)},
      {"euler_ancestral_v", latent(ancestral, v + ", " + trailing)},
      {"heun_karras", latent(heun, karras)},
      {"heun_clip", latent(heun, R"("clip_sample": true)")},
      {"dpm_order_3", latent(dpm, R"("solver_order": 3)")},
      {"dpm_karras", latent(dpm, karras)},
      {"dpm_noise", latent(dpm, R"("algorithm_type": "dpmsolver", )" + sigma_min)},
      {"dpm_sde", latent(dpm, R"("algorithm_type": "sde-dpmsolver++")")},
      {"dpm_sde_noise", latent(dpm, R"("algorithm_type": "sde-dpmsolver", )" + sigma_min)},
      {"dpm_threshold", latent(dpm, R"("thresholding": true)")},
      {"dpm_learned", latent(dpm, R"("variance_type": "learned_range")"), none, kTwice},
      {"dpm_flow", latent(dpm, flow_sigmas)},
      {"unipc_order_3", latent(unipc, R"("solver_order": 3)")},
      {"unipc_bh1", latent(unipc, R"("solver_type": "bh1", )" + sigma_min)},
      {"unipc_noise", latent(unipc, R"("predict_x0": false, )" + sigma_min)},
      {"unipc_no_corrector", latent(unipc, R"("disable_corrector": [0, 1])")},
      {"unipc_x0", latent(unipc, x0)},
      {"unipc_flow", latent(unipc, flow_sigmas)},
      {"lcm_v", latent(lcm, v)},
      {"lcm_threshold", latent(lcm, R"("thresholding": true)")},
      {"flow_shift", flow(R"("shift": 3.0)")},
      {"flow_karras", flow(karras)},
      {"flow_dynamic", flow(R"("use_dynamic_shifting": true)"), mu},
      {"flow_stochastic", flow(R"("stochastic_sampling": true)")},
      {"dpm_lu", latent(dpm, R"("use_lu_lambdas": true)")},
      {"deis_order_3", latent("DEISMultistepScheduler", R"("solver_order": 3)")},
      {"dpm_2_beta", latent("KDPM2DiscreteScheduler", R"("use_beta_sigmas": true)")},
      {"dpm_inverse_karras", latent("DPMSolverMultistepInverseScheduler", karras), none, kRises},
      {"single_3_heun",
       latent("DPMSolverSinglestepScheduler", R"("solver_order": 3, "solver_type": "heun")")},
      {"single_sde",
       latent("DPMSolverSinglestepScheduler", R"("algorithm_type": "sde-dpmsolver++")")},
      {"sa_orders", latent("SASolverScheduler", R"("predictor_order": 3, "corrector_order": 4)")},
      {"sa_noise", latent("SASolverScheduler", R"("algorithm_type": "noise_prediction")")},
      {"sa_learned", latent("SASolverScheduler", R"("variance_type": "learned")"), none, kTwice},
      {"unclip_learned", of("UnCLIPScheduler", R"("variance_type": "learned_range")"), none, kTwice,
       2},
      {"cogvideox_dpm_zero_snr",
       of("CogVideoXDPMScheduler", zero_snr + ", " + v + ", " + trailing)},
      {"edm_euler_churn", of("EDMEulerScheduler", ""), churn},
      {"edm_dpm_3_threshold",
       of("EDMDPMSolverMultistepScheduler", R"("solver_order": 3, "thresholding": true)")},
      {"edm_dpm_sde",
       of("EDMDPMSolverMultistepScheduler", R"("algorithm_type": "sde-dpmsolver++")")},
      {"consistency_unclipped", of("CMStochasticIterativeScheduler", R"("clip_denoised": false)"),
       none, 0, 1, 40},
      {"scm_two", of("SCMScheduler", ""), [](sched_init_options& o) { o.num_steps = 2; }, 0, 1, 2},
      {"tcd_eta", latent("TCDScheduler"), eta},
      // Undone timestep by timestep: each call is saved and continued to the end, which takes
      // the square of their number.
      {"repaint_jumps", latent("RePaintScheduler", R"("eta": 0.5, "num_train_timesteps": 50)"),
       [](sched_init_options& o) {
         o.jump_length = 2;
         o.jump_n_sample = 3;
       },
       kNeedsMask | kRepeats | kStartsAnew, 1, 50},
      {"score_ve_uncorrected", score_ve(R"("correct_steps": 0)")},
      {"karras_ve_no_churn", karras_ve(R"("s_churn": 0)")},
  };
}

std::vector<Config> make_all() {
  std::vector<Config> all = plain_configs();
  for (const auto& more : {composed_configs(), make_features()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<Config> make_composed() {
  const Tune none = [](sched_init_options&) {};
  const std::string flow = R"("schedule": "flow")";
  const std::string karras = R"("grid": "karras")";
  std::vector<Config> all;
  for (const char* name : {"ddim",
                           "ddpm",
                           "lms",
                           "euler",
                           "heun",
                           "euler_ancestral",
                           "dpm_multistep",
                           "dpmpp_2m",
                           "dpmpp_3m",
                           "dpmpp_2m_sde",
                           "dpmpp_3m_sde",
                           "dpmpp_2s_ancestral",
                           "dpm_2",
                           "dpm_2_ancestral",
                           "dpmpp_sde",
                           "unipc",
                           "lcm",
                           "tcd",
                           "score_sde_vp",
                           "ipndm_v",
                           "deis_tab",
                           "deis_rhoab",
                           "gradient_estimation",
                           "res_multistep",
                           "res_multistep_ancestral",
                           "seeds_2",
                           "exp_heun_2_x0",
                           "exp_heun_2_x0_sde",
                           "res_2s",
                           "seeds_3",
                           "er_sde"}) {
    all.push_back({std::string("our_") + name, composed(name)});
  }
  for (const char* name :
       {"euler_cfg_pp", "euler_ancestral_cfg_pp", "dpmpp_2m_cfg_pp", "dpmpp_2s_ancestral_cfg_pp",
        "gradient_estimation_cfg_pp", "res_multistep_cfg_pp", "res_multistep_ancestral_cfg_pp"}) {
    all.push_back({std::string("our_") + name, composed(name), none, kNeedsUnconditional});
  }
  const std::vector<Config> others = {
      {"our_pndm", composed("pndm"), none, kStartsAnew | kRepeats},
      {"our_flow_euler", composed("flow_match_euler")},
      {"our_flow_ancestral", composed("euler_ancestral_rf", "", flow)},
      {"our_flow_dpm_2_ancestral", composed("dpm_2_ancestral_rf", R"("eta": 0.7)", flow)},
      {"our_flow_dpmpp_2s_ancestral", composed("dpmpp_2s_ancestral_rf", "", flow)},
      {"our_flow_dpmpp_2s_ancestral_cfg_pp", composed("dpmpp_2s_ancestral_cfg_pp", "", flow), none,
       kNeedsUnconditional},
      {"our_flow_euler_ancestral_cfg_pp", composed("euler_ancestral_cfg_pp", "", flow), none,
       kNeedsUnconditional},
      {"our_flow_seeds_3", composed("seeds_3", R"("eta": 0.5)", flow)},
      {"our_flow_er_sde", composed("er_sde", R"("order": 2)", flow)},
      {"our_ddpm_ve", composed("ddpm", "", R"("parameterization": {"frame": "ve"})")},
      {"our_flow_dpmpp_2m", composed("dpmpp_2m", "", flow)},
      {"our_sa_solver_pece", composed("sa_solver_pece"), none, kStartsAnew},
      {"our_seeds_2_phi_2", composed("seeds_2", R"("type": "phi_2")")},
      {"our_flow_axis", composed("dpmpp_2m", R"("flow_axis": "log_sigma")", flow)},
      {"our_flow_ipndm", composed("ipndm", R"("order": 3, "euler_at_data": true)", flow)},
      {"our_flow_heunpp2", composed("heunpp2", "", flow), none, kRepeats},
      {"our_flow_seeds_2", composed("seeds_2", R"("eta": 0.5, "r": 0.3)", flow)},
      {"our_flow_res_2s", composed("res_2s", "", flow)},
      {"our_deis_rectangles", composed("deis_tab", "", R"("quirks": ["rectangles"])")},
      {"our_heunpp2_churn", composed("heunpp2"), churn, kChurns | kRepeats},
      {"our_heunpp2", composed("heunpp2"), none, kRepeats},
      {"our_heun_churn", composed("heun"), churn, kChurns},
      {"our_dpm_2_churn", composed("dpm_2", "", karras), churn, kChurns},
      {"our_sde_independent", composed("dpmpp_sde", R"("noise": "independent", "eta": 0.5)")},
      {"our_dpm_fast", composed("dpm_fast", R"("eta": 0.5)"), none, kOwnSteps},
      {"our_adaptive", composed("dpm_adaptive"), none, kAdaptive | kOwnSteps | kNorms},
      {"our_adaptive_2_eta", composed("dpm_adaptive", R"("order": 2, "eta": 0.5, "rtol": 0.01)"),
       none, kAdaptive | kOwnSteps | kNorms},
      {"our_repaint", composed("repaint", R"("jump_length": 2, "jump_n_sample": 2)"), none,
       kNeedsMask | kRepeats | kStartsAnew},
      {"our_score_ve", composed("score_sde_ve"), none, kNorms},
      {"our_consistency_clamped",
       composed("consistency", R"("noise_clip_std": 1.5, "s_noise_end": 0.8)"), none, kNorms},
      {"our_flow_consistency_clamped", composed("consistency", R"("noise_clip_std": 2.5)", flow),
       none, kNorms},
      {"our_threshold",
       composed("dpmpp_2m", "", R"("parameterization": {"threshold_ratio": 0.9})")},
  };
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

}  // namespace

const std::vector<Config>& plain_configs() {
  static const Tune none = [](sched_init_options&) {};
  static const std::vector<Config> configs = {
      {"ddim", latent("DDIMScheduler")},
      {"ddpm", latent("DDPMScheduler")},
      {"pndm", latent("PNDMScheduler"), none, kStartsAnew | kRepeats, 4},
      {"lms", latent("LMSDiscreteScheduler")},
      {"euler", latent("EulerDiscreteScheduler")},
      {"euler_ancestral", latent("EulerAncestralDiscreteScheduler")},
      {"heun", latent("HeunDiscreteScheduler")},
      {"dpm", latent("DPMSolverMultistepScheduler")},
      {"unipc", latent("UniPCMultistepScheduler")},
      {"lcm", latent("LCMScheduler"), none, 0, 1, 50},
      {"flow", flow()},
      {"tcd", latent("TCDScheduler"), none, 0, 1, 50},
      {"ddim_parallel", latent("DDIMParallelScheduler")},
      {"ddpm_parallel", latent("DDPMParallelScheduler")},
      {"cogvideox_ddim", of("CogVideoXDDIMScheduler", "")},
      {"cogvideox_dpm", of("CogVideoXDPMScheduler", "")},
      {"ddim_inverse", latent("DDIMInverseScheduler"), none, kRises},
      {"unclip", of("UnCLIPScheduler", ""), none, 0, 2},
      {"wuerstchen", of("DDPMWuerstchenScheduler", "")},
      {"ipndm", of("IPNDMScheduler", "")},
      {"dpm_2", latent("KDPM2DiscreteScheduler")},
      {"dpm_2_ancestral", latent("KDPM2AncestralDiscreteScheduler")},
      {"dpm_sde_tree", latent("DPMSolverSDEScheduler")},
      {"dpm_inverse", latent("DPMSolverMultistepInverseScheduler"), none, kRises},
      {"single", latent("DPMSolverSinglestepScheduler")},
      {"deis", latent("DEISMultistepScheduler")},
      {"sa", latent("SASolverScheduler")},
      {"flow_heun", of("FlowMatchHeunDiscreteScheduler", "")},
      {"flow_lcm", of("FlowMatchLCMScheduler", "")},
      {"flow_map", of("FlowMapEulerDiscreteScheduler", "")},
      {"flow_ltx", of("LTXEulerAncestralRFScheduler", "")},
      {"flow_minimax", of("MiniMaxH3Scheduler", ""), none, kOwnSteps, 2},
      {"edm_euler", of("EDMEulerScheduler", "")},
      {"edm_dpm", of("EDMDPMSolverMultistepScheduler", "")},
      {"cosine_dpm", of("CosineDPMSolverMultistepScheduler", "")},
      {"consistency", of("CMStochasticIterativeScheduler", ""), none, 0, 1, 40},
      {"decoder", of("ConsistencyDecoderScheduler", ""), none, 0, 2, 2},
      {"scm", of("SCMScheduler", "")},
      {"score_ve", score_ve(R"("snr": 0.15)"), none, kNorms},
      {"score_vp", of("ScoreSdeVpScheduler", "")},
      {"karras_ve", karras_ve(R"("s_noise": 1.007)"), none, kChurns},
      {"flow_helios", of("HeliosScheduler", R"("stages": 1)"), none, 0, 2},
      {"flow_helios_dmd", of("HeliosDMDScheduler", R"("stages": 1)"), none, 0, 2},
      {"repaint", latent("RePaintScheduler"), none, kNeedsMask | kRepeats | kStartsAnew},
  };
  return configs;
}

const std::vector<Config>& composed_configs() {
  static const std::vector<Config> configs = make_composed();
  return configs;
}

const std::vector<Config>& every_config() {
  static const std::vector<Config> configs = make_all();
  return configs;
}

const std::vector<Config>& generator_configs() {
  const auto with = [](sched_generator generator, sched_draw_policy policy) {
    return [=](sched_init_options& options) {
      options.generator = generator;
      options.draw_policy = policy;
      if (generator != SCHED_GENERATOR_TORCH_CUDA) return;
      options.cuda_multiprocessors = 1;
      options.cuda_threads_per_multiprocessor = 256;
    };
  };
  static const std::vector<Config> configs = {
      {"ddpm_torch_cpu", R"({"_class_name": "DDPMScheduler"})",
       with(SCHED_GENERATOR_TORCH_CPU, SCHED_DRAWS_DIFFUSERS)},
      {"cogvideox_torch_cuda", R"({"_class_name": "CogVideoXDPMScheduler"})",
       with(SCHED_GENERATOR_TORCH_CUDA, SCHED_DRAWS_DIFFUSERS)},
      {"lcm_nx", R"({"_class_name": "LCMScheduler"})",
       with(SCHED_GENERATOR_NX, SCHED_DRAWS_BUMBLEBEE)},
      {"sa_solver_jax", R"({"_class_name": "SASolverScheduler"})",
       with(SCHED_GENERATOR_JAX, SCHED_DRAWS_NONE)},
      {"ancestral_comfyui", R"({"solver": "euler_ancestral"})",
       with(SCHED_GENERATOR_TORCH_CUDA, SCHED_DRAWS_COMFYUI)}};
  return configs;
}

const Config& config_named(const std::string& name) {
  for (const Config& config : every_config())
    if (config.name == name) return config;
  throw std::runtime_error("no configuration " + name);
}

std::vector<Config> configs_without(unsigned traits) {
  std::vector<Config> configs;
  for (const Config& config : every_config())
    if (!config.has(traits)) configs.push_back(config);
  return configs;
}

std::string class_of(const Config& config) {
  const std::string key = R"("_class_name": ")";
  const std::size_t found = config.json.find(key);
  if (found == std::string::npos) return "";
  const std::size_t from = found + key.size();
  return config.json.substr(from, config.json.find('"', from) - from);
}

}  // namespace sched_test
