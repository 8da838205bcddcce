// sched_create() on any bytes: the first chooses strict or lenient and the loop that follows, the
// rest is the text.

#include "loop.hpp"

namespace {

// The first of a few usual ways to begin a loop that the configuration takes.
fuzz::State begin(const sched_scheduler* scheduler, std::int32_t dtype, sched_kernel kernel) {
  sched_status status = SCHED_OK;
  for (const int steps : {4, 3, 2, 1}) {
    for (const double mu : {SCHED_UNSET, 0.7}) {
      sched_init_options options = SCHED_INIT_OPTIONS_INIT;
      options.num_steps = steps;
      options.elements = 5;
      options.dtype = dtype;
      options.kernel = kernel;
      options.mu = mu;
      fuzz::State state = fuzz::init(scheduler, options, status);
      if (state) return state;
    }
  }
  return nullptr;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes input(data, size);
  const std::uint8_t choice = input.byte();
  const std::string_view text = input.rest();
  fuzz::Message message;
  const fuzz::Scheduler scheduler = fuzz::create(text, (choice & 1u) != 0, message);
  if (!scheduler) return 0;
  const std::int32_t dtype = SCHED_F32 + (choice >> 1) % 3;
  const sched_kernel kernel = (choice & 8u) != 0 ? SCHED_KERNEL_REFERENCE : SCHED_KERNEL_DEFAULT;
  const fuzz::State state = begin(scheduler.get(), dtype, kernel);
  if (!state) return 0;
  fuzz::ask(state.get());
  fuzz::Bytes choices(data, size);
  fuzz::run(state.get(), dtype, choices, 24);
  return 0;
}
