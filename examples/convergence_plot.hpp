// Error against model calls, both in powers, one panel under the other.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "demo_plot.hpp"

struct ConvergenceCurve {
  std::string name;
  std::size_t ink = 0;                            // curves of one ink have one colour and mark
  std::vector<std::pair<double, double>> points;  // calls, error; both above 0
};

struct ConvergencePanel {
  std::string title;
  std::vector<ConvergenceCurve> curves;
};

demo::Canvas draw_convergence(const std::vector<ConvergencePanel>& panels);
