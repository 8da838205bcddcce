// The plan of a loop, asked from the library call by call, and ways to print it.

#pragma once

#include <cstdint>
#include <optional>
#include <sched/sched.hpp>
#include <string>
#include <vector>

// log(alpha / sigma); infinite at clean data.
double log_snr(const sched::Level& level);

struct PlannedCall {
  sched_weights weights;
  std::int64_t step = 0;  // of the whole schedule
  // Of the sample that the model sees.  A two-stage method may call the model at a level that
  // belongs to no step; the library does not tell it.
  std::optional<sched::Level> level;
};

struct PlannedLoop {
  std::string solver, class_name;
  std::int64_t steps = 0;
  double init_noise_sigma = 1;
  sched::Level end = {1, 0};
  std::vector<PlannedCall> calls;
};

PlannedLoop plan_loop(const sched::Scheduler& scheduler, sched::InitOptions options);

void print_plan_table(const PlannedLoop& loop);
void print_plan_csv(const PlannedLoop& loop);
void print_plan_json(const PlannedLoop& loop);
