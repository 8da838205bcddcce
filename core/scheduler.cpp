#include "scheduler.hpp"

namespace sched {

std::shared_ptr<const Scheduler> make_scheduler(const char* text, std::size_t length,
                                                bool lenient) {
  Notes notes{lenient, {}};
  Factors factors = read_factors(text, length, notes);
  NoiseSchedule schedule(factors.schedule);
  return std::make_shared<const Scheduler>(
      Scheduler{std::move(factors), std::move(schedule), std::move(notes.warnings)});
}

}  // namespace sched
