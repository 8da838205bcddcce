// The loops into which fuzz_state loads, and where in a saved state its parts are: see
// core/state_bytes.cpp.

#pragma once

#include "support.hpp"

namespace fuzz {

constexpr std::size_t kFingerprint = 16;
constexpr std::size_t kHeader = 112;

constexpr std::int32_t kLoopDtype = SCHED_F32;

// One loop for each method whose state is not like that of another.
State begin_loop(std::size_t which);

}  // namespace fuzz
