// Separate passes that a program makes where it does not ask the library for them.

#pragma once

#include <cstdint>

// out = a x + b y
void combine(float a, const float* x, float b, const float* y, float* out, int64_t count);
