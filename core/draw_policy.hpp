// What a reference takes from its generator besides the normals that its method needs.

#pragma once

#include <string>

#include "config/factors.hpp"
#include "random/noise_spec.hpp"

namespace sched {

// Does the reference have this method, as far as its noise goes?
bool knows(DrawPolicy policy, const Factors& factors);
// Their names, for a sentence.
std::string policies_that_know(const Factors& factors);

// Draws thrown away around those of a call.
struct IdleDraws {
  std::uint32_t before = 0;
  std::uint32_t after = 0;
};

// `next` is the call that follows, or NULL; `is_first` of a loop.  With churn, the noise of the
// next call is a draw of this one; that of the first call comes before its own.
IdleDraws idle_draws(DrawPolicy policy, const Factors& factors, const Node& node, const Node* next,
                     bool is_first);

}  // namespace sched
