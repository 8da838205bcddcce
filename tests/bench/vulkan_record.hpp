// What recording a step costs the host.

#pragma once

#include <string>
#include <vector>

#include "statistics.hpp"
#include "vulkan_device.hpp"

struct RecordResult {
  std::string step;  // what was recorded
  uint32_t bindings = 0;
  bool phone = false;
  Spread whole;  // seconds of a call
  Spread own;    // with a driver that does nothing: the library's part
};

std::vector<RecordResult> measure_recording(BenchDevice& device, bool phone);
void print_recording(const std::vector<RecordResult>& results);
