// An immutable scheduler: a configuration taken apart, and its noise schedule.

#pragma once

#include <memory>

#include "config/factors.hpp"
#include "parallel/thread_pool.hpp"

namespace sched {

struct Scheduler {
  Memory memory;  // its own, and that of its states
  Factors factors;
  NoiseSchedule schedule;
  List<Text> warnings;
  // Whatever its states ask for, none of them sees a difference.
  std::shared_ptr<PoolHolder> pool;
};

// Throws Error.
std::shared_ptr<const Scheduler> make_scheduler(const char* text, std::size_t length, bool lenient,
                                                const Memory& memory = {});

}  // namespace sched
