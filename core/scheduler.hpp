// An immutable scheduler: a configuration taken apart, and its noise schedule.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/factors.hpp"
#include "parallel/thread_pool.hpp"

namespace sched {

struct Scheduler {
  Factors factors;
  NoiseSchedule schedule;
  std::vector<std::string> warnings;
  // Whatever its states ask for, none of them sees a difference.
  std::shared_ptr<PoolHolder> pool = std::make_shared<PoolHolder>();
};

// Throws Error.
std::shared_ptr<const Scheduler> make_scheduler(const char* text, std::size_t length, bool lenient);

}  // namespace sched
