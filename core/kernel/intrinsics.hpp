// The intrinsics of the instruction set that this is compiled for: lanes.inl and half.inl, which
// stand in namespaces, need them included before.

#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
