// What the project asks of itself; times and ratios by size as in kSizes.

#pragma once

#include <cstddef>
#include <string>

constexpr std::size_t kSizeCount = 5;

// Of the stream limit, out of place, a step without noise in float32.
constexpr double kLimitTargets[kSizeCount] = {0.80, 0.90, 0.95, 0.95, 0.95};
// In place, of the out-of-place limit.
constexpr double kInPlaceTarget = 1.2;
// Times as fast with tensors in float16, beyond the caches.
constexpr double kHalfTarget = 1.3;
// Microseconds.
constexpr double kFixedCostTarget = 0.3;
constexpr double kCreateTarget = 20.0;
// Nanoseconds for each normal: 1.2 times the fastest of torch.randn on the machine of the figures.
constexpr double kTorchCpuTarget = 1.2 * 3.0;
constexpr double kNxTarget = 4.0;

struct PeerTarget {
  const char* name;
  double ratio[kSizeCount];  // time of diffusers' step over ours
};

constexpr PeerTarget kPeerTargets[] = {
    {"flow", {5, 2.7, 2.2, 2.1, 1.9}}, {"Euler", {17, 8, 6.5, 6.3, 6}},
    {"DDIM", {33, 12, 7.5, 7.2, 5.8}}, {"DPM++ 2M", {38, 9, 6.8, 6, 6.5}},
    {"UniPC", {70, 16, 14, 14, 12}},   {"Euler ancestral", {4, 3, 3, 3, 3.7}},
    {"LCM", {4, 3, 3, 3, 3.7}}};
