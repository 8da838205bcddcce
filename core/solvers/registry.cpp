// The list of solvers.  A new method is one file in this folder and one line here.

#include <cstring>

#include "../plan/solver.hpp"

namespace sched {

extern const Solver kDdim, kDdpm, kPndm, kLms, kEuler, kEulerAncestral, kHeun, kDpmMultistep,
    kUnipc, kLcm, kFlowEuler, kEulerAncestralRf, kTcd, kIpndm;

const Solver* find_solver(const char* name) {
  static constexpr const Solver* solvers[] = {&kDdim,  &kDdpm, &kPndm,           &kLms,
                                              &kEuler, &kHeun, &kEulerAncestral, &kDpmMultistep,
                                              &kUnipc, &kLcm,  &kFlowEuler,      &kEulerAncestralRf,
                                              &kTcd,   &kIpndm};
  for (const Solver* solver : solvers) {
    if (std::strcmp(solver->name, name) == 0) return solver;
  }
  return nullptr;
}

void expand_single(const Expansion& expansion) {
  TimeGrid& grid = expansion.grid;
  for (int i = grid.begin; i < grid.end; ++i) {
    const GridStep& step = grid.steps[static_cast<std::size_t>(i)];
    grid.nodes.push_back({step.time, step.from, step.from, step.to, i, 0, i - grid.begin, true});
  }
}

}  // namespace sched
