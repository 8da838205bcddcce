// The list of solvers.  A new method is one file in this folder and one line here.

#include <cstring>

#include "../plan/solver.hpp"

namespace sched {

extern const Solver kDdim, kDdpm, kPndm, kLms, kEuler, kEulerAncestral, kHeun, kDpmMultistep,
    kUnipc, kLcm, kFlowEuler, kEulerAncestralRf, kTcd, kDpm2, kDpm2Ancestral, kDpmppSde,
    kConsistency, kDpmFast, kDpmAdaptive, kDpmpp2sAncestral, kRepaint, kScoreSdeVe, kScoreSdeVp,
    kDpmSinglestep, kDeis, kSaSolver, kIpndm;

const Solver* find_solver(const char* name) {
  static constexpr const Solver* solvers[] = {
      &kDdim,        &kDdpm,       &kPndm,           &kLms,
      &kEuler,       &kHeun,       &kEulerAncestral, &kDpmMultistep,
      &kUnipc,       &kLcm,        &kFlowEuler,      &kEulerAncestralRf,
      &kTcd,         &kDpm2,       &kDpm2Ancestral,  &kDpmppSde,
      &kConsistency, &kDpmFast,    &kDpmAdaptive,    &kDpmpp2sAncestral,
      &kRepaint,     &kScoreSdeVe, &kScoreSdeVp,     &kDpmSinglestep,
      &kDeis,        &kSaSolver,   &kIpndm};
  for (const Solver* solver : solvers) {
    if (std::strcmp(solver->name, name) == 0) return solver;
  }
  return nullptr;
}

}  // namespace sched
