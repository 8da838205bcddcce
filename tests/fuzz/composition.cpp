// Compositions and diffusers files that a grammar makes, so that most get as far as a loop.

#include "grammar.hpp"
#include "loop.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes input(data, size);
  const unsigned choice = input.byte();
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = 1 + static_cast<std::int32_t>(choice % 12);
  options.elements = 6;
  options.batch = 1 + input.byte() % 2;
  options.kernel = input.byte() % 4;
  if (input.is_rare(4)) options.mu = input.number();
  if (input.is_rare(4)) options.s_churn = input.byte() / 8.0;
  if (input.is_rare(4)) options.eta = input.byte() / 255.0;
  fuzz::Message message;
  const std::string text = fuzz::configuration(input);
  const fuzz::Scheduler scheduler = fuzz::create(text, (choice & 128u) != 0, message);
  if (!scheduler) return 0;
  sched_status status = SCHED_OK;
  fuzz::State state = fuzz::init(scheduler.get(), options, status);
  if (status == SCHED_ERROR_CONFLICT && options.mu == SCHED_UNSET) {
    options.mu = 0.9;
    state = fuzz::init(scheduler.get(), options, status);
  }
  if (!state) return 0;
  fuzz::ask(state.get());
  fuzz::run(state.get(), options.dtype, input, 30);
  return 0;
}
