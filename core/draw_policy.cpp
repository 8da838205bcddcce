#include "draw_policy.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace sched {

namespace {

constexpr const char* kGenerators[] = {"philox", "torch_cpu", "torch_cuda", "nx", "jax", "caller"};
constexpr const char* kPolicies[] = {"none", "diffusers", "k_diffusion", "comfyui", "bumblebee"};

const Method& method_of(const Factors& f) { return methods()[static_cast<std::size_t>(f.method)]; }

bool is_of_class(const Factors& f) { return method_of(f).is_class(); }

template <std::size_t N>
bool is_composed_of(const Factors& f, const char* const (&names)[N]) {
  if (is_of_class(f)) return false;
  return std::any_of(std::begin(names), std::end(names),
                     [&](const char* name) { return std::strcmp(name, method_of(f).name()) == 0; });
}

// Samplers of k-diffusion whose noise is not torchsde's; ComfyUI has them all.
constexpr const char* kKDiffusion[] = {"euler",           "heun",
                                       "dpm_2",           "euler_ancestral",
                                       "dpm_2_ancestral", "dpmpp_2s_ancestral",
                                       "dpm_fast",        "dpmpp_2m",
                                       "dpm_adaptive",    "lms"};
// What ComfyUI has besides.
constexpr const char* kComfyUi[] = {"euler_ancestral_rf",
                                    "ddpm",
                                    "lcm",
                                    "ipndm",
                                    "ipndm_v",
                                    "deis",
                                    "deis_tab",
                                    "deis_rhoab",
                                    "unipc",
                                    "heunpp2",
                                    "gradient_estimation",
                                    "res_multistep",
                                    "res_multistep_ancestral",
                                    "seeds_2",
                                    "seeds_3",
                                    "er_sde",
                                    "consistency",
                                    "dpm_2_ancestral_rf",
                                    "dpmpp_2s_ancestral_rf",
                                    "euler_cfg_pp",
                                    "euler_ancestral_cfg_pp",
                                    "dpmpp_2m_cfg_pp",
                                    "dpmpp_2s_ancestral_cfg_pp",
                                    "gradient_estimation_cfg_pp",
                                    "res_multistep_cfg_pp",
                                    "res_multistep_ancestral_cfg_pp",
                                    "exp_heun_2_x0"};

bool is_helios_dmd(const Factors& f) {
  return f.grid.family == GridFamily::staged && is_solver(f, {"flow_match_euler"}) &&
         f.options.stochastic;
}

// k-diffusion makes the normals of a churn at every step, and then looks whether there is one;
// so does ComfyUI in heunpp2.
bool draws_before_testing(DrawPolicy policy, const Factors& f) {
  if (is_of_class(f)) return false;
  return policy == DrawPolicy::k_diffusion
             ? is_solver(f, {"euler", "heun", "dpm_2"})
             : policy == DrawPolicy::comfyui && is_solver(f, {"heunpp2"});
}

}  // namespace

const char* name_of(Generator generator) { return kGenerators[static_cast<int>(generator)]; }
const char* name_of(DrawPolicy policy) { return kPolicies[static_cast<int>(policy)]; }

bool knows(DrawPolicy policy, const Factors& f) {
  switch (policy) {
    case DrawPolicy::none:
      return true;
    // What its classes draw idly is in their plans, by the quirk idle_draw.
    case DrawPolicy::diffusers:
      // Helios DMD takes the noise with which a stage began, at each step the same.
      return is_of_class(f) && !is_helios_dmd(f);
    case DrawPolicy::bumblebee:
      return is_of_class(f) && is_solver(f, {"ddim", "pndm", "lcm"});
    case DrawPolicy::k_diffusion:
      return is_composed_of(f, kKDiffusion);
    case DrawPolicy::comfyui:
      return is_composed_of(f, kKDiffusion) || is_composed_of(f, kComfyUi);
  }
  return false;
}

std::string policies_that_know(const Factors& f) {
  std::string names;
  for (int i = 0; i < static_cast<int>(std::size(kPolicies)); ++i) {
    if (!knows(static_cast<DrawPolicy>(i), f)) continue;
    names += (names.empty() ? "" : ", ") + std::string(kPolicies[i]);
  }
  return names;
}

IdleDraws idle_draws(DrawPolicy policy, const Factors& f, const Node& node, const Node* next,
                     bool is_first) {
  const bool always = draws_before_testing(policy, f);
  IdleDraws idle;
  idle.before = is_first && (always || node.added_noise > 0.0) ? 1 : 0;
  idle.after = always && next != nullptr && node.ends_step && next->added_noise == 0.0 ? 1 : 0;
  return idle;
}

}  // namespace sched
