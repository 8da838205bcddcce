#version 450
#extension GL_GOOGLE_include_directive : require
// The limit of dynamic thresholding (Saharia et al. 2022, arXiv:2205.11487), one group of
// invocations for each span, which is an item, or a group of one with times of its own: the quantile of abs(x0), exactly, by selection in whole
// passes over its bits, four at a time.  Each invocation reads what it wrote itself.

#include "plan.glsl"
#include "noise.glsl"
#include "inputs.glsl"

const uint kBins = 16;
const uint kMost = 128;  // invocations

shared uint counts[kBins * kMost];
shared uint totals[kBins];
shared uint least[kMost];

// Elements of the span that this invocation owns are 4 (index + size j) .. + 3.
uint scratch_place(uint span, uint i) {
  return place_of(plan.scratch, plan.begin + span * plan.quantile_elements + i);
}

void write_magnitudes(uint span) {
  const uint size = gl_WorkGroupSize.x;
  for (uint i = 4 * gl_LocalInvocationID.x; i < plan.quantile_elements; i += 4 * size) {
    const uint e = plan.begin + span * plan.quantile_elements + i;
    gather(e);
    const vec4 x0 = sum_of(plan.denoised_at, e);
    for (uint j = 0; j < 4 && i + j < plan.quantile_elements; ++j) {
      write_word(binding_of(plan.scratch), scratch_place(span, i + j),
                 floatBitsToUint(x0[j]) & 0x7fffffffu);
    }
  }
}

// How many of the span's values agree with `prefix` above bit `shift + 4` and have each
// value of the four bits from `shift` on.
void count_bins(uint span, uint prefix, uint shift) {
  uint bins[kBins];
  for (uint b = 0; b < kBins; ++b) bins[b] = 0;
  const uint size = gl_WorkGroupSize.x;
  for (uint i = 4 * gl_LocalInvocationID.x; i < plan.quantile_elements; i += 4 * size) {
    for (uint j = 0; j < 4 && i + j < plan.quantile_elements; ++j) {
      const uint bits = read_word(binding_of(plan.scratch), scratch_place(span, i + j));
      const bool agrees = shift == 28u || bits >> (shift + 4u) == prefix >> (shift + 4u);
      if (agrees) ++bins[bits >> shift & 15u];
    }
  }
  for (uint b = 0; b < kBins; ++b) counts[b * size + gl_LocalInvocationID.x] = bins[b];
  barrier();
  for (uint b = gl_LocalInvocationID.x; b < kBins; b += size) {
    uint total = 0;
    for (uint t = 0; t < size; ++t) total += counts[b * size + t];
    totals[b] = total;
  }
  barrier();
}

uint least_above(uint span, uint low) {
  const uint size = gl_WorkGroupSize.x;
  uint above = 0xffffffffu;
  for (uint i = 4 * gl_LocalInvocationID.x; i < plan.quantile_elements; i += 4 * size) {
    for (uint j = 0; j < 4 && i + j < plan.quantile_elements; ++j) {
      const uint bits = read_word(binding_of(plan.scratch), scratch_place(span, i + j));
      if (bits > low) above = min(above, bits);
    }
  }
  least[gl_LocalInvocationID.x] = above;
  barrier();
  for (uint t = 0; t < size; ++t) above = min(above, least[t]);
  return above;
}

void main() {
  const uint span = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
  if (plan.begin + span * plan.quantile_elements >= plan.end) return;  // the same for the whole group
  write_magnitudes(span);
  uint low = 0;
  uint rank = plan.quantile_below;  // among those that agree with `low` so far
  uint equal = 0;
  for (uint pass = 0; pass < 8; ++pass) {
    const uint shift = 28u - 4u * pass;
    count_bins(span, low, shift);
    uint bin = 0;
    while (bin < 15 && rank >= totals[bin]) rank -= totals[bin++];
    equal = totals[bin];
    low |= bin << shift;
    barrier();
  }
  uint high = low;
  if (rank + 1 >= equal) {
    const uint above = least_above(span, low);
    if (above != 0xffffffffu) high = above;
  }
  if (gl_LocalInvocationID.x != 0) return;
  const float below = uintBitsToFloat(low);
  precise const float between = below + plan.quantile_rest * (uintBitsToFloat(high) - below);
  const float quantile = plan.quantile_rest == 0.0 ? below : between;
  const float at_least_one = quantile < 1.0 ? 1.0 : quantile;
  const float limit = at_least_one > plan.quantile_max ? plan.quantile_max : at_least_one;
  write_word(binding_of(plan.limits), plan.limits.offset + span, floatBitsToUint(limit));
}
