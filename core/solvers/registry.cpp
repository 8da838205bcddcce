// The list of solvers.  A new method is one file in this folder, a line here and in solvers.hpp.

#include <cstring>

#include "solvers.hpp"

namespace sched {

const Solver* find_solver(const char* name) {
  static constexpr const Solver* solvers[] = {&kDdim,
                                              &kDdpm,
                                              &kPndm,
                                              &kLms,
                                              &kEuler,
                                              &kHeun,
                                              &kEulerAncestral,
                                              &kDpmMultistep,
                                              &kUnipc,
                                              &kLcm,
                                              &kFlowEuler,
                                              &kEulerAncestralRf,
                                              &kTcd,
                                              &kDpm2,
                                              &kDpm2Ancestral,
                                              &kDpmppSde,
                                              &kConsistency,
                                              &kDpmFast,
                                              &kDpmAdaptive,
                                              &kDpmpp2sAncestral,
                                              &kRepaint,
                                              &kScoreSdeVe,
                                              &kScoreSdeVp,
                                              &kDpmSinglestep,
                                              &kDeis,
                                              &kSaSolver,
                                              &kIpndm,
                                              &kIpndmV,
                                              &kDeisTab,
                                              &kHeunpp2,
                                              &kGradientEstimation,
                                              &kResMultistep,
                                              &kResMultistepAncestral,
                                              &kSeeds2,
                                              &kSaSolverPece,
                                              &kSeeds3,
                                              &kErSde,
                                              &kDpm2AncestralRf,
                                              &kDpmpp2sAncestralRf,
                                              &kEulerCfgPp,
                                              &kEulerAncestralCfgPp,
                                              &kDpmpp2mCfgPp,
                                              &kDpmpp2sAncestralCfgPp,
                                              &kGradientEstimationCfgPp,
                                              &kResMultistepCfgPp,
                                              &kResMultistepAncestralCfgPp};
  for (const Solver* solver : solvers) {
    if (std::strcmp(solver->name, name) == 0) return solver;
  }
  return nullptr;
}

}  // namespace sched
