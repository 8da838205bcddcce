// What the tests of configurations share: a loop from a configuration's text, and whether
// two loops are one.

#ifndef SCHED_TESTS_UNIT_COMPOSE_HPP_
#define SCHED_TESTS_UNIT_COMPOSE_HPP_

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>

#include "../../core/loop.hpp"

namespace sched_unit {

inline std::shared_ptr<const sched::Scheduler> scheduler_of(const std::string& config) {
  return sched::make_scheduler(config.data(), config.size(), false);
}

using Ask = std::function<void(sched::LoopRequest&)>;

inline std::shared_ptr<const sched::Loop> loop_of(std::shared_ptr<const sched::Scheduler> scheduler,
                                                  int steps, const Ask& ask = nullptr) {
  sched::LoopRequest request;
  request.grid.num_steps = steps;
  request.elements = 1;
  request.kernel = 1;
  request.dtype = sched::DType::f64;
  request.seeds = {0};
  if (ask) ask(request);
  return sched::make_loop(std::move(scheduler), request);
}

inline std::shared_ptr<const sched::Loop> loop_of(const std::string& config, int steps,
                                                  const Ask& ask = nullptr) {
  return loop_of(scheduler_of(config), steps, ask);
}

// The same calls, times and weights.
inline void expect_same(const sched::Loop& a, const sched::Loop& b, double time_tolerance = 1e-9) {
  ASSERT_EQ(a.plans.size(), b.plans.size());
  for (std::size_t i = 0; i < a.plans.size(); ++i) {
    EXPECT_NEAR(a.grid.nodes[i].time, b.grid.nodes[i].time, time_tolerance) << i;
    for (std::size_t k = 0; k < sched::kInputs; ++k) {
      const double expected = b.plans[i].next.weight[k];
      EXPECT_NEAR(a.plans[i].next.weight[k], expected, 1e-12 * std::fmax(1.0, std::fabs(expected)))
          << i << " " << k;
    }
  }
}

}  // namespace sched_unit

#endif  // SCHED_TESTS_UNIT_COMPOSE_HPP_
