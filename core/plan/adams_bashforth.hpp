// Adams-Bashforth on an even grid, orders 1 to 4.
// Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, III.1, eq. 1.5.

#pragma once

#include <algorithm>

#include "solver.hpp"

namespace sched {

constexpr int kAdamsOrder = 4;
constexpr int kAdamsRows = kAdamsOrder - 1;

// Extrapolates slopes from the one `now` and those that the solver kept in the ring of
// `order` - 1 rows from slot 0 on; the order grows with the history.
inline LinearForm adams_bashforth(const StepView& step, const LinearForm& now,
                                  int order = kAdamsOrder) {
  static constexpr double weights[4][4] = {{1.0, 0.0, 0.0, 0.0},
                                           {3.0 / 2.0, -1.0 / 2.0, 0.0, 0.0},
                                           {23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0, 0.0},
                                           {55.0 / 24.0, -59.0 / 24.0, 37.0 / 24.0, -9.0 / 24.0}};
  const int rows = order - 1;
  const int past = std::min(step.history(), rows);
  LinearForm sum = weights[past][0] * now;
  for (int age = 1; age <= past; ++age) {
    sum = sum + weights[past][age] * step.past(age, rows);
  }
  return sum;
}

}  // namespace sched
