// sched_init() with any options, over every method; what begins is run.

#include "grammar.hpp"
#include "loop.hpp"
#include "options.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<fuzz::Scheduler> schedulers = [] {
    std::vector<fuzz::Scheduler> made;
    for (const std::string& text : fuzz::usual_configurations()) {
      fuzz::Message message;
      made.push_back(fuzz::create(text, false, message));
    }
    return made;
  }();
  fuzz::Bytes input(data, size);
  const fuzz::Scheduler& scheduler = schedulers[input.index(schedulers.size())];
  if (!scheduler) return 0;  // a method that needs more than its defaults
  const fuzz::InitInput asked(input);
  sched_status status = SCHED_OK;
  const fuzz::State state = fuzz::init(scheduler.get(), asked.options, status);
  if (!state) return 0;
  fuzz::ask(state.get());
  fuzz::run(state.get(), asked.dtype(), input, 60);
  return 0;
}
