// Runs a loop to its end, with what a caller may do on the way.

#pragma once

#include "support.hpp"

namespace fuzz {

// Up to `most` calls.  `choices` says at which of them there are previews, saves, odd values...
void run(sched_state* state, std::int32_t dtype, Bytes& choices, std::int64_t most);

}  // namespace fuzz
