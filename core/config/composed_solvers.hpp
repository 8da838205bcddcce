// The solvers of our own composition, as data: each name with its options, their defaults,
// and how they become factors.

#pragma once

#include "factors.hpp"
#include "keys.hpp"

namespace sched {

struct ComposedSolver {
  const char* name;
  const char* solver;  // in the registry
  unsigned init_options;
  Keys keys;
  void (*build)(const Values&, Factors&);
};

const std::vector<ComposedSolver>& composed_solvers();

// nullptr where there is none.
const ComposedSolver* find_composed_solver(const std::string& name);

}  // namespace sched
