// The words that both forms of configuration share, as what they stand for.  Which words a
// key allows is in its specification and has been checked.

#pragma once

#include <string>

#include "../plan/solver.hpp"

namespace sched {

// Of a schedule that is not trained.
inline BetaSchedule beta_schedule(const std::string& name) {
  if (name == "scaled_linear") return BetaSchedule::scaled_linear;
  if (name == "squaredcos_cap_v2") return BetaSchedule::squaredcos_cap_v2;
  if (name == "sigmoid") return BetaSchedule::sigmoid;
  if (name == "laplace") return BetaSchedule::laplace;
  if (name == "exp") return BetaSchedule::exp;
  return BetaSchedule::linear;
}

inline Spacing spacing(const std::string& name) {
  if (name == "leading") return Spacing::leading;
  if (name == "trailing") return Spacing::trailing;
  return Spacing::linspace;
}

inline TimeShift time_shift(const std::string& name) {
  return name == "linear" ? TimeShift::linear : TimeShift::exponential;
}

inline UnipcBasis unipc_basis(const std::string& name) {
  return name == "bh1" ? UnipcBasis::bh1 : UnipcBasis::bh2;
}

}  // namespace sched
