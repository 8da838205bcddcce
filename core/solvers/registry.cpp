// The list of solvers.  A new method is one file in this folder, a line here and in solvers.hpp.

#include <cstring>

#include "solvers.hpp"

namespace sched {

namespace {

constexpr const Solver* kSolvers[] = {&kDdim,
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

}  // namespace

const Solver* find_solver(const char* name) {
  for (const Solver* solver : kSolvers) {
    if (std::strcmp(solver->name, name) == 0) return solver;
  }
  return nullptr;
}

}  // namespace sched
