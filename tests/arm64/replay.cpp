// Replays recorded loops as `sched replay` does, without the rest of the program.
// usage: arm64_replay reference|fused FILE...

#include "replay.hpp"

#include <cstdio>
#include <string_view>

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "usage: arm64_replay reference|fused FILE...\n");
    return 2;
  }
  ReplayOptions options;
  const bool is_reference = std::string_view(arguments[1]) == "reference";
  options.kernel = is_reference ? SCHED_KERNEL_REFERENCE : SCHED_KERNEL_FUSED;
  options.files.assign(arguments + 2, arguments + count);
  return run_replay(options);
}
