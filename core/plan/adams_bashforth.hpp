// Adams-Bashforth on an even grid, orders 1 to 4.
// Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, III.1, eq. 1.5.

#pragma once

#include <algorithm>

#include "solver.hpp"

namespace sched {

constexpr int kAdamsRows = 3;

// Extrapolates slopes from the one `now` and those that the solver kept in the ring of
// kAdamsRows rows from slot 0 on; the order grows with the history.
inline LinearForm adams_bashforth(const StepView& step, const LinearForm& now) {
  static constexpr double weights[4][4] = {{1.0, 0.0, 0.0, 0.0},
                                           {3.0 / 2.0, -1.0 / 2.0, 0.0, 0.0},
                                           {23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0, 0.0},
                                           {55.0 / 24.0, -59.0 / 24.0, 37.0 / 24.0, -9.0 / 24.0}};
  const int past = std::min(step.history(), kAdamsRows);
  LinearForm sum = weights[past][0] * now;
  for (int age = 1; age <= past; ++age) {
    sum = sum + weights[past][age] * step.past(age, kAdamsRows);
  }
  return sum;
}

}  // namespace sched
