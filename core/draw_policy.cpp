#include "draw_policy.hpp"

#include <iterator>

namespace sched {

namespace {

constexpr const char* kGenerators[] = {"philox", "torch_cpu", "torch_cuda", "nx", "jax", "caller"};
constexpr const char* kPolicies[] = {"none", "diffusers", "k_diffusion", "comfyui", "bumblebee"};

bool is_of_class(const Factors& f) {
  return methods()[static_cast<std::size_t>(f.method)].is_class();
}

bool can_churn(const Factors& f) {
  return !is_of_class(f) && is_solver(f, {"euler", "heun", "dpm_2"});
}

// k-diffusion makes the normals of a churn at every step, and then looks whether there is one.
bool draws_before_testing(DrawPolicy policy, const Factors& f) {
  return policy == DrawPolicy::k_diffusion && can_churn(f);
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
      return is_of_class(f);
    case DrawPolicy::bumblebee:
      return is_of_class(f) && is_solver(f, {"ddim", "pndm", "lcm"});
    case DrawPolicy::k_diffusion:
    case DrawPolicy::comfyui:
      return !is_of_class(f);
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
