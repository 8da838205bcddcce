// An immutable scheduler: a configuration taken apart, and its noise schedule.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/factors.hpp"

namespace sched {

struct Scheduler {
  Factors factors;
  NoiseSchedule schedule;
  std::vector<std::string> warnings;
};

// Throws Error.
std::shared_ptr<const Scheduler> make_scheduler(const char* text, std::size_t length, bool lenient);

}  // namespace sched
