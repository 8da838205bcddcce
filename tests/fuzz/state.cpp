// sched_load() of any bytes, then the rest of the loop: the first byte chooses the loop, the
// second how it goes on, the rest is loaded.

#include "loop.hpp"
#include "saved.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes input(data, size);
  const fuzz::State state = fuzz::begin_loop(input.byte());
  const unsigned how = input.byte();
  const std::string_view rest = input.rest();
  const std::vector<std::uint8_t> bytes(rest.begin(), rest.end());
  const std::vector<std::uint8_t> before = fuzz::save(state.get());
  const sched_status status = sched_load(state.get(), bytes.data(), bytes.size());
  fuzz::check_state_call(state.get(), status);
  if (status != SCHED_OK) {
    fuzz::demand(fuzz::save(state.get()) == before, "a load that failed changed nothing");
    return 0;
  }
  const std::vector<std::uint8_t> after = fuzz::save(state.get());
  fuzz::demand(after.size() == bytes.size(), "what was loaded has its size");
  fuzz::demand(sched_load(state.get(), after.data(), after.size()) == SCHED_OK,
               "what was saved is loaded");
  std::int64_t accepted = -1, rejected = -1;
  fuzz::demand(sched_attempts(state.get(), &accepted, &rejected) == SCHED_OK && accepted >= 0 &&
                   rejected >= 0 && sched_calls_done(state.get()) >= 0,
               "counts are not negative");
  const std::uint8_t choices[16] = {static_cast<std::uint8_t>(how)};
  fuzz::Bytes steps(choices, sizeof choices);
  fuzz::run(state.get(), fuzz::kLoopDtype, steps, 20);
  fuzz::save(state.get());
  return 0;
}
