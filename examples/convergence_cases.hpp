// The methods whose order is measured, and the order that theory gives them.

#pragma once

#include <string>
#include <vector>

enum class Sweep {
  sigmas,     // custom sigmas, more and more of them
  calls,      // a budget of model calls (dpm_fast)
  tolerance,  // smaller and smaller (dpm_adaptive)
  timesteps   // whole timesteps of a fine training schedule (pndm, ddim)
};

struct ConvergenceCase {
  std::string name;
  // The solver in our own composition; `@` stands for the tolerance of a sweep over it.
  std::string solver;
  std::string frames;  // of "ve vp flow"
  double order = 1;
  bool is_plotted = false;
  // Steps are shorter at the beginning: a multistep method begins with a step of order 1,
  // whose error shows otherwise where the order is above 2.
  bool is_graded = false;
  Sweep sweep = Sweep::sigmas;
};

const std::vector<ConvergenceCase>& convergence_cases();
