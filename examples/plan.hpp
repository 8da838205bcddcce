// `sched plan`: every step of a loop as numbers.

#pragma once

#include <sched/sched.hpp>
#include <string>

struct PlanOptions {
  std::string config;  // file, "-" for standard input, or a built-in checkpoint
  std::string format = "table";
  sched::InitOptions loop;
  bool lenient = false;
};

// Returns 0.  Throws UsageError where there is no such configuration, sched::Error where the
// library refuses it.
int run_plan(const PlanOptions& options);
