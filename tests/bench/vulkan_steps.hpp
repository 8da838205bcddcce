// What a step costs the device, beside a copy that moves as many bytes.

#pragma once

#include <string>
#include <vector>

#include "statistics.hpp"
#include "vulkan_device.hpp"

struct StepSize {
  std::string name;  // "1MiB", of the tensor in float32
  int64_t elements;
};

struct StepResult {
  std::string size, method, dtype;
  bool in_place = false;
  double moved = 0.0;   // bytes that the step reads and writes
  Spread step, copy;    // seconds
  Spread fraction;      // copy over step, in pairs
  std::string skipped;  // why there is no result
};

struct StepChoice {
  std::vector<StepSize> sizes;
  std::vector<std::string> methods, types;  // empty: all
  double seconds = 0.25;                    // for each case
};

std::vector<std::string> step_methods();
std::vector<std::string> step_types();

std::vector<StepResult> measure_steps(BenchDevice& device, const StepChoice& choice);

// The fractions, a row for each method and a column for each size.
void print_steps(const std::vector<StepResult>& results, const std::vector<StepSize>& sizes);
