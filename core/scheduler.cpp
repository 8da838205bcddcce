#include "scheduler.hpp"

namespace sched {

std::shared_ptr<const Scheduler> make_scheduler(const char* text, std::size_t length,
                                                bool lenient) {
  Notes notes{lenient, {}};
  Factors factors = read_factors(text, length, notes);
  NoiseSchedule schedule(factors.schedule);
  Scheduler scheduler{std::move(factors), std::move(schedule), std::move(notes.warnings)};
  return std::make_shared<const Scheduler>(std::move(scheduler));
}

}  // namespace sched
