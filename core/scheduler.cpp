#include "scheduler.hpp"

namespace sched {

namespace {

void keep_in(const Memory& memory, Factors& factors) {
  keep_in(memory, factors.schedule.trained_betas);
  keep_in(memory, factors.grid.levels);
  keep_in(memory, factors.grid.only_times);
  keep_in(memory, factors.grid.stage_range);
  keep_in(memory, factors.grid.given_sigmas);
  keep_in(memory, factors.options.disable_corrector);
}

List<Text> kept_texts(const Memory& memory, const std::vector<std::string>& texts) {
  List<Text> kept{Allocator<Text>(memory)};
  kept.reserve(texts.size());
  for (const std::string& text : texts) kept.emplace_back(text.c_str(), Allocator<char>(memory));
  return kept;
}

}  // namespace

std::shared_ptr<const Scheduler> make_scheduler(const char* text, std::size_t length, bool lenient,
                                                const Memory& memory) {
  Notes notes{lenient, {}};
  Factors factors = read_factors(text, length, notes);
  NoiseSchedule schedule(factors.schedule);
  keep_in(memory, factors);
  schedule.keep_in(memory);
  Scheduler scheduler{memory, std::move(factors), std::move(schedule),
                      kept_texts(memory, notes.warnings),
                      std::allocate_shared<PoolHolder>(Allocator<PoolHolder>(memory))};
  return std::allocate_shared<const Scheduler>(Allocator<Scheduler>(memory), std::move(scheduler));
}

}  // namespace sched
