// The names as data.  What differs from the program that a name is taken from is said here.

#include "names.hpp"

namespace sched {

namespace {

constexpr const char* kDiffusers = "diffusers";
constexpr const char* kComfy = "ComfyUI";
constexpr const char* kA1111 = "A1111";
constexpr const char* kCpp = "stable-diffusion.cpp";
constexpr const char* kKDiffusion = "k-diffusion";
constexpr const char* kFork = "reForge";

// The JSON of a solver, and of a grid and what else goes with it.
struct Sampler {
  const char* name;
  const char* solver;
  const char* rest = "";
};

struct Schedule {
  const char* name;
  const char* grid;
};

// The sigma before the end is left out.
constexpr const char* kSkip = R"("skip_smallest": true)";
constexpr const char* kSkipGrid = R"("grid": {"skip_smallest": true})";

// Labels that take the suffix of a schedule.
constexpr Sampler kLabels[] = {{"Euler a", R"("euler_ancestral")"},
                               {"Euler", R"("euler")"},
                               {"LMS", R"("lms")"},
                               {"Heun", R"("heun")"},
                               {"DPM2", R"("dpm_2")", kSkip},
                               {"DPM2 a", R"("dpm_2_ancestral")", kSkip},
                               {"DPM++ 2S a", R"("dpmpp_2s_ancestral")"},
                               {"DPM++ 2M", R"("dpmpp_2m")"},
                               {"DPM++ SDE", R"("dpmpp_sde")"},
                               {"DPM++ 2M SDE", R"("dpmpp_2m_sde")"},
                               {"DPM++ 2M SDE Heun", R"({"name": "dpmpp_2m_sde", "type": "heun"})"},
                               {"DPM++ 3M SDE", R"("dpmpp_3m_sde")", kSkip}};

// A label without a suffix means even timesteps.
constexpr Schedule kSuffixes[] = {
    {"", "normal"}, {" Karras", "karras"}, {" Exponential", "exponential"}};

// These make grids of their own.  A1111 gives eta_ancestral, 1, to the first two.
constexpr Sampler kOwnGrids[] = {
    {"DPM fast", R"({"name": "dpm_fast", "eta": 1})"},
    {"DPM adaptive", R"({"name": "dpm_adaptive", "eta": 1})"},
    {"LCM", R"("lcm")"},
    {"DDIM", R"("ddim")", R"("grid": {"spacing": "leading", "steps_offset": 1})"},
    {"PLMS", R"("pndm")", R"("grid": {"spacing": "leading", "steps_offset": 1})"},
    {"UniPC", R"({"name": "unipc", "order": 3, "basis": "bh1"})"}};

constexpr Schedule kLabelSchedules[] = {
    {"Uniform", R"("normal")"},
    {"Karras", R"("karras")"},
    {"Exponential", R"("exponential")"},
    {"Polyexponential", R"("polyexponential")"},
    {"SGM Uniform", R"("sgm_uniform")"},
    {"KL Optimal", R"({"shape": "kl_optimal", "final_sigma": "shaped"})"},
    {"Align Your Steps", R"({"shape": "align_your_steps", "levels_include_end": false})"},
    {"Simple", R"("simple")"},
    {"Normal", R"("normal")"},
    {"DDIM", R"("ddim_uniform")"},
    {"Beta", R"("beta")"}};

constexpr Sampler kComfySamplers[] = {
    {"euler", R"("euler")"},
    {"euler_ancestral", R"("euler_ancestral")"},
    {"heun", R"("heun")"},
    {"heunpp2", R"("heunpp2")"},
    {"dpm_2", R"("dpm_2")", kSkipGrid},
    {"dpm_2_ancestral", R"("dpm_2_ancestral")", kSkipGrid},
    {"lms", R"("lms")"},
    {"dpm_fast", R"("dpm_fast")"},
    {"dpm_adaptive", R"("dpm_adaptive")"},
    {"dpmpp_2s_ancestral", R"("dpmpp_2s_ancestral")"},
    {"dpmpp_sde", R"("dpmpp_sde")"},
    {"dpmpp_sde_gpu", R"("dpmpp_sde")"},
    {"dpmpp_2m", R"({"name": "dpmpp_2m", "flow_axis": "log_sigma"})"},
    {"dpmpp_2m_sde", R"("dpmpp_2m_sde")"},
    {"dpmpp_2m_sde_gpu", R"("dpmpp_2m_sde")"},
    {"dpmpp_2m_sde_heun", R"({"name": "dpmpp_2m_sde", "type": "heun"})"},
    {"dpmpp_2m_sde_heun_gpu", R"({"name": "dpmpp_2m_sde", "type": "heun"})"},
    {"dpmpp_3m_sde", R"("dpmpp_3m_sde")"},
    {"dpmpp_3m_sde_gpu", R"("dpmpp_3m_sde")"},
    {"ddpm", R"("ddpm")"},
    // Its own scaling of x0 is the model's there, and any grid may go with it.
    {"lcm", R"("consistency")"},
    {"ipndm", R"({"name": "ipndm", "euler_at_data": true})",
     R"("parameterization": {"frame": "ve"})"},
    {"ipndm_v", R"("ipndm_v")", R"("quirks": ["misplaced_terms"])"},
    {"deis", R"("deis_tab")", R"("quirks": ["rectangles"])"},
    {"exp_heun_2_x0", R"("exp_heun_2_x0")"},
    {"exp_heun_2_x0_sde", R"("exp_heun_2_x0_sde")"},
    {"seeds_2", R"("seeds_2")"},
    {"res_multistep", R"("res_multistep")"},
    {"res_multistep_ancestral", R"("res_multistep_ancestral")"},
    {"gradient_estimation", R"("gradient_estimation")"},
    {"seeds_3", R"("seeds_3")"},
    {"er_sde", R"("er_sde")", R"("quirks": ["rectangles"])"},
    {"euler_cfg_pp", R"("euler_cfg_pp")"},
    {"euler_ancestral_cfg_pp", R"("euler_ancestral_cfg_pp")"},
    {"dpmpp_2m_cfg_pp", R"("dpmpp_2m_cfg_pp")"},
    {"dpmpp_2s_ancestral_cfg_pp", R"("dpmpp_2s_ancestral_cfg_pp")"},
    {"gradient_estimation_cfg_pp", R"("gradient_estimation_cfg_pp")"},
    {"res_multistep_cfg_pp", R"("res_multistep_cfg_pp")"},
    {"res_multistep_ancestral_cfg_pp", R"("res_multistep_ancestral_cfg_pp")"},
    // Noise is injected between two fifths of the schedule.
    {"sa_solver", R"({"name": "sa_solver", "tau_start": 800, "tau_end": 200, "tau_at": "end"})",
     R"("quirks": ["tau_by_time", "early_lowering"])"},
    {"sa_solver_pece",
     R"({"name": "sa_solver_pece", "tau_start": 800, "tau_end": 200, "tau_at": "end"})",
     R"("quirks": ["tau_by_time", "early_lowering"])"},
    {"ddim", R"("ddim")"},
    {"uni_pc", R"({"name": "unipc", "order": 3, "basis": "bh1"})", kSkipGrid},
    {"uni_pc_bh2", R"({"name": "unipc", "order": 3, "basis": "bh2"})", kSkipGrid}};

constexpr Schedule kComfySchedules[] = {{"simple", R"("simple")"},
                                        {"sgm_uniform", R"("sgm_uniform")"},
                                        {"karras", R"("karras")"},
                                        {"exponential", R"("exponential")"},
                                        {"ddim_uniform", R"("ddim_uniform")"},
                                        {"beta", R"("beta_timesteps")"},
                                        {"normal", R"("normal")"},
                                        {"linear_quadratic", R"("linear_quadratic")"},
                                        {"kl_optimal", R"("kl_optimal")"}};

// The nodes that make sigmas.  What LaplaceScheduler calls n steps are n sigmas without a 0.
constexpr Schedule kComfyNodes[] = {
    {"KarrasScheduler", R"("karras")"},
    {"ExponentialScheduler", R"("exponential")"},
    {"PolyexponentialScheduler", R"("polyexponential")"},
    {"LaplaceScheduler", R"({"shape": "laplace", "final_sigma": "shaped"})"},
    {"VPScheduler", R"("vp")"},
    {"BetaSamplingScheduler", R"("beta_timesteps")"},
    {"SDTurboScheduler", R"("sd_turbo")"},
    {"AlignYourStepsScheduler", R"("align_your_steps")"},
    {"GITSScheduler", R"("gits")"},
    // For FLUX (Pei et al. 2025, arXiv:2503.21774).
    {"OptimalStepsScheduler",
     R"({"shape": "levels", "levels": [0.9968, 0.9886, 0.9819, 0.975, 0.966, 0.9471, 0.9158,)"
     R"( 0.8287, 0.5512, 0.2808, 0.001]})"},
    {"LTXVScheduler", R"({"shape": "even", "mu_from": "ltx", "shift_terminal": 0.1})"},
    {"Flux2Scheduler", R"({"shape": "even", "mu_from": "flux2"})"}};

constexpr Sampler kCppSamplers[] = {
    {"euler", R"("euler")"},
    {"euler_a", R"("euler_ancestral")"},
    {"heun", R"("heun")"},
    {"dpm2", R"("dpm_2")"},
    {"dpm++2s_a", R"("dpmpp_2s_ancestral")"},
    {"dpm++2m", R"({"name": "dpmpp_2m", "flow_axis": "log_sigma"})"},
    {"dpm++2mv2", R"({"name": "dpmpp_2m", "flow_axis": "log_sigma"})",
     R"("quirks": ["mean_step"])"},
    {"euler_cfg_pp", R"("euler_cfg_pp")"},
    {"euler_a_cfg_pp", R"("euler_ancestral_cfg_pp")"},
    {"er_sde", R"("er_sde")", R"("quirks": ["rectangles"])"},
    {"ipndm", R"("ipndm")", R"("parameterization": {"frame": "ve"})"},
    // Its orders 3 and 4 have the weights of an even grid.
    {"ipndm_v", R"("ipndm_v")"},
    // Its own scaling of x0 is the model's there, and any grid may go with it.
    {"lcm", R"("consistency")"},
    {"res_multistep", R"("res_multistep")"},
    {"res_2s", R"("res_2s")"},
    {"euler_ge", R"("gradient_estimation")"},
    {"ddim_trailing", R"("ddim")", R"("grid": {"spacing": "trailing"})"},
    {"tcd", R"("tcd")"},
    {"dpm++2m_sde", R"({"name": "dpmpp_2m_sde", "noise": "independent"})"},
    // Its tree of Brownian motion is another.
    {"dpm++2m_sde_bt", R"("dpmpp_2m_sde")"},
    // Its history is shifted by a step unless lms_shift is 0.
    {"lms", R"("lms")"}};

constexpr Schedule kCppSchedules[] = {
    {"discrete", R"("normal")"},
    {"karras", R"("karras")"},
    {"exponential", R"("exponential")"},
    {"ays", R"("align_your_steps")"},
    {"gits", R"("gits")"},
    {"sgm_uniform", R"("sgm_uniform")"},
    {"simple", R"("simple")"},
    {"smoothstep", R"("smoothstep")"},
    {"kl_optimal", R"("kl_optimal")"},
    {"lcm", R"("lcm")"},
    {"bong_tangent", R"("bong_tangent")"},
    {"ltx2", R"({"shape": "even", "mu_from": "ltx", "shift_terminal": 0.1})"},
    {"logit_normal", R"("logit_normal")"},
    {"flux2", R"({"shape": "even", "mu_from": "flux2"})"},
    {"flux", R"({"shape": "even", "mu_from": "flux"})"},
    {"beta", R"("beta_timesteps")"}};

// Where a fork has more than A1111.  Its exponential blend rises again unless its decay is set to
// sigma_min / sigma_max, as it was made; here it is.
constexpr Schedule kForkSchedules[] = {
    {"Cosine", R"("cosine")"},
    {"Cosine-exponential Blend", R"("cosexpblend")"},
    {"Phi", R"("phi")"},
    {"Laplace", R"("laplace")"},
    {"Karras Dynamic", R"("karras_dynamic")"},
    {"Sinusoidal SF", R"("sinusoidal_sf")"},
    {"Invcosinusoidal SF", R"("invcosinusoidal_sf")"},
    {"React Cosinusoidal DynSF", R"("react_cosinusoidal_dynsf")"},
    {"Turbo", R"({"shape": "none", "spacing": "trailing"})"},
    {"Align Your Steps", R"({"shape": "align_your_steps", "model": "reforge_sd1",)"
                         R"( "levels_include_end": false})"},
    {"Align Your Steps GITS", R"({"shape": "align_your_steps", "model": "reforge_gits_sd1",)"
                              R"( "levels_include_end": false})"}};

constexpr Sampler kFunctions[] = {{"sample_euler", R"("euler")"},
                                  {"sample_euler_ancestral", R"("euler_ancestral")"},
                                  {"sample_heun", R"("heun")"},
                                  {"sample_dpm_2", R"("dpm_2")"},
                                  {"sample_dpm_2_ancestral", R"("dpm_2_ancestral")"},
                                  {"sample_lms", R"("lms")"},
                                  {"sample_dpm_fast", R"("dpm_fast")"},
                                  {"sample_dpm_adaptive", R"("dpm_adaptive")"},
                                  {"sample_dpmpp_2s_ancestral", R"("dpmpp_2s_ancestral")"},
                                  {"sample_dpmpp_sde", R"("dpmpp_sde")"},
                                  {"sample_dpmpp_2m", R"("dpmpp_2m")"},
                                  {"sample_dpmpp_2m_sde", R"("dpmpp_2m_sde")"},
                                  {"sample_dpmpp_3m_sde", R"("dpmpp_3m_sde")"}};

constexpr Schedule kFunctionSchedules[] = {{"get_sigmas", R"("normal")"},
                                           {"get_sigmas_karras", R"("karras")"},
                                           {"get_sigmas_exponential", R"("exponential")"},
                                           {"get_sigmas_polyexponential", R"("polyexponential")"},
                                           {"get_sigmas_vp", R"("vp")"}};

#define LEADING R"("grid": {"spacing": "leading"})"
#define KARRAS R"("grid": "karras")"
#define SHAPED(shape, low, high)                                                    \
  R"("schedule": "tableless", "grid": {"shape": ")" shape R"(", "sigma_min": )" low \
  R"(, "sigma_max": )" high "}"
#define SIGMA_MIN R"("grid": {"final_sigma": "sigma_min"})"

// The classes without their keys, and those with the flags of A1111's labels.
constexpr Sampler kClasses[] = {
    {"DDIMScheduler", R"("ddim")", LEADING},
    {"DDIMParallelScheduler", R"("ddim")", LEADING},
    {"DDIMInverseScheduler", R"("ddim")", R"("grid": {"spacing": "leading", "inverse": true})"},
    {"DDPMScheduler", R"("ddpm")", LEADING},
    {"DDPMParallelScheduler", R"("ddpm")", LEADING},
    {"CogVideoXDDIMScheduler", R"("ddim")",
     R"("schedule": {"snr_shift": 3}, "grid": {"spacing": "leading"})"},
    {"CogVideoXDPMScheduler",
     R"({"name": "dpm_multistep", "algorithm": "sde_data", "noise": "independent"})",
     R"("schedule": {"snr_shift": 3}, "grid": {"spacing": "leading"})"},
    {"UnCLIPScheduler", R"("ddpm")", R"("schedule": "squaredcos_cap_v2")"},
    {"PNDMScheduler", R"({"name": "pndm", "runge_kutta_start": true})", LEADING},
    {"IPNDMScheduler", R"("ipndm")"},
    {"LCMScheduler", R"("lcm")"},
    {"TCDScheduler", R"("tcd")"},
    {"RePaintScheduler", R"("repaint")", LEADING},
    {"LMSDiscreteScheduler", R"("lms")"},
    {"LMSDiscreteScheduler, use_karras_sigmas=True", R"("lms")", KARRAS},
    {"EulerDiscreteScheduler", R"("euler")"},
    {"EulerDiscreteScheduler, use_karras_sigmas=True", R"("euler")", KARRAS},
    {"EulerAncestralDiscreteScheduler", R"("euler_ancestral")"},
    {"HeunDiscreteScheduler", R"("heun")"},
    {"HeunDiscreteScheduler, use_karras_sigmas=True", R"("heun")", KARRAS},
    {"KDPM2DiscreteScheduler", R"("dpm_2")"},
    {"KDPM2DiscreteScheduler, use_karras_sigmas=True", R"("dpm_2")", KARRAS},
    {"KDPM2AncestralDiscreteScheduler", R"("dpm_2_ancestral")"},
    {"KDPM2AncestralDiscreteScheduler, use_karras_sigmas=True", R"("dpm_2_ancestral")", KARRAS},
    {"DPMSolverSDEScheduler", R"("dpmpp_sde")"},
    {"DPMSolverSDEScheduler, use_karras_sigmas=True", R"("dpmpp_sde")", KARRAS},
    {"DPMSolverSinglestepScheduler", R"({"name": "dpm_singlestep", "lower_order_final": false})"},
    {"DPMSolverSinglestepScheduler, use_karras_sigmas=True",
     R"({"name": "dpm_singlestep", "lower_order_final": false})", KARRAS},
    {"DPMSolverMultistepScheduler", R"("dpm_multistep")"},
    {"DPMSolverMultistepScheduler, use_karras_sigmas=True", R"("dpm_multistep")", KARRAS},
    {"DPMSolverMultistepScheduler, algorithm_type=sde-dpmsolver++",
     R"({"name": "dpm_multistep", "algorithm": "sde_data", "noise": "independent"})"},
    {"DPMSolverMultistepScheduler, algorithm_type=sde-dpmsolver++, use_karras_sigmas=True",
     R"({"name": "dpm_multistep", "algorithm": "sde_data", "noise": "independent"})", KARRAS},
    {"DPMSolverMultistepInverseScheduler", R"("dpm_multistep")", R"("grid": {"inverse": true})"},
    {"DEISMultistepScheduler", R"({"name": "deis", "order": 2})", SIGMA_MIN},
    {"UniPCMultistepScheduler", R"("unipc")"},
    {"SASolverScheduler",
     R"({"name": "sa_solver", "predictor_order": 2, "corrector_order": 2, "tau_start": 800,)"
     R"( "tau_end": 200, "simple_second_order": true})",
     R"("quirks": ["tau_by_time"], )" SIGMA_MIN},
    {"FlowMatchEulerDiscreteScheduler", R"("flow_match_euler")"},
    {"FlowMatchHeunDiscreteScheduler", R"("heun")", R"("schedule": "flow")"},
    {"FlowMatchLCMScheduler", R"({"name": "flow_match_euler", "stochastic": true})"},
    {"FlowMapEulerDiscreteScheduler", R"("flow_match_euler")"},
    {"LTXEulerAncestralRFScheduler", R"("euler_ancestral_rf")"},
    {"MiniMaxH3Scheduler", R"("flow_match_euler")",
     R"("grid": {"shift": 12}, "parameterization": {"reversed_flow": true})"},
    {"EDMEulerScheduler", R"("euler")", SHAPED("karras", "0.002", "80")},
    {"EDMDPMSolverMultistepScheduler", R"("dpm_multistep")", SHAPED("karras", "0.002", "80")},
    {"CosineDPMSolverMultistepScheduler", R"({"name": "dpm_multistep", "algorithm": "sde_data"})",
     SHAPED("exponential", "0.3",
            "500") R"(, "parameterization": {"prediction": "v", "model_time": "arctan"})"},
    {"CMStochasticIterativeScheduler", R"({"name": "consistency", "sigma_min": 0.002})",
     SHAPED(
         "karras", "0.002",
         "80") R"(, "parameterization": {"prediction": "edm", "model_time": "quarter_log_thousand"})"},
    {"ScoreSdeVpScheduler", R"("score_sde_vp")"},
    {"ScoreSdeVeScheduler", R"("score_sde_ve")",
     SHAPED("exponential", "0.01",
            "1348") R"(, "parameterization": {"prediction": "score", "scales_input": false)"
                    R"(, "model_time": "sigma"})"},
    {"KarrasVeScheduler", R"("heun")",
     SHAPED("exponential", "0.02",
            "100") R"(, "parameterization": {"prediction": "scaled_score", "scales_input": false)"
                   R"(, "model_time": "sigma"})"}};

#undef LEADING
#undef KARRAS
#undef SHAPED
#undef SIGMA_MIN

// ------------------------------------------------------------------------- building

std::string joined(const char* solver, const std::string& rest) {
  return std::string(R"({"solver": )") + solver + (rest.empty() ? "" : ", " + rest) + "}";
}

template <std::size_t N>
void add(const char* system, const Sampler (&samplers)[N], std::vector<KnownName>& all) {
  for (const Sampler& s : samplers) {
    all.push_back({NameKind::sampler, system, s.name, joined(s.solver, s.rest)});
  }
}

template <std::size_t N>
void add(const char* system, const Schedule (&schedules)[N], std::vector<KnownName>& all) {
  for (const Schedule& s : schedules) {
    all.push_back({NameKind::schedule, system, s.name, std::string(R"({"grid": )") + s.grid + "}"});
  }
}

std::string label_grid(const Sampler& label, const Schedule& suffix) {
  std::string shape = std::string("\"") + suffix.grid + "\"";
  if (*label.rest == '\0') return shape;
  return R"({"shape": )" + shape + ", " + label.rest + "}";
}

void add_labels(std::vector<KnownName>& all) {
  for (const Sampler& label : kLabels) {
    for (const Schedule& suffix : kSuffixes) {
      all.push_back({NameKind::sampler, kA1111, std::string(label.name) + suffix.name,
                     joined(label.solver, R"("grid": )" + label_grid(label, suffix))});
    }
  }
}

}  // namespace

const std::vector<KnownName>& known_names() {
  static const std::vector<KnownName> table = [] {
    std::vector<KnownName> all;
    add(kDiffusers, kClasses, all);
    add_labels(all);
    add(kA1111, kOwnGrids, all);
    add(kComfy, kComfySamplers, all);
    add(kCpp, kCppSamplers, all);
    add(kKDiffusion, kFunctions, all);
    add(kA1111, kLabelSchedules, all);
    add(kComfy, kComfySchedules, all);
    add(kComfy, kComfyNodes, all);
    add(kCpp, kCppSchedules, all);
    add(kKDiffusion, kFunctionSchedules, all);
    add(kFork, kForkSchedules, all);
    return all;
  }();
  return table;
}

}  // namespace sched
