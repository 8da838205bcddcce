#version 450
#extension GL_GOOGLE_include_directive : require
// Runs one StepPlan: each row is a weighted sum of the inputs.  Elements are independent,
// and all rows of an element are computed before any is written, so that a row may
// overwrite an input in place.

#include "plan.glsl"
#include "noise.glsl"
#include "inputs.glsl"

// Above 0: float32 in whole vectors, so many inputs and rows, and nothing optional.
layout(constant_id = 1) const uint kPlainInputs = 0;
layout(constant_id = 2) const uint kPlainRows = 0;

// An input with weight zero may hold NaN: its product is replaced by -0, which adds nothing.
void run_plain(uint q) {
  vec4 value[8];
  for (uint k = 0; k < kPlainInputs; ++k) {
    const Operand o = plan.source[k];
    value[k] = uintBitsToFloat(read_vector(binding_of(o), (o.offset + plan.first >> 2) + q));
  }
  precise vec4 sum[4];
  for (uint r = 0; r < kPlainRows; ++r) {
    for (uint k = 0; k < kPlainInputs; ++k) {
      const float w = table_at(r * kPlainInputs + k);
      precise const vec4 product = w * value[k];
      precise const vec4 part = w == 0.0 ? vec4(-0.0) : product;
      sum[r] = k == 0 ? part : sum[r] + part;
    }
  }
  for (uint r = 0; r < kPlainRows; ++r) {
    const Operand o = plan.result[r];
    write_vector(binding_of(o), (o.offset + plan.first >> 2) + q, floatBitsToUint(sum[r]));
  }
}

float limit_of(uint e) {
  if (plan.clip != 2u) return plan.clip_range;
  const uint span = (clamp(e, plan.begin, plan.end - 1) - plan.begin) / plan.quantile_elements;
  return uintBitsToFloat(read_word(binding_of(plan.limits), plan.limits.offset + span));
}

vec4 clipped(vec4 x0, uint e) {
  for (uint j = 0; j < 4; ++j) {
    const float limit = limit_of(e + j);
    const float low = x0[j] < -limit ? -limit : x0[j];
    const float both = low > limit ? limit : low;
    x0[j] = plan.clip == 2u ? both / limit : both;
  }
  return x0;
}

void main() {
  const uint q = invocation();
  if (q >= plan.quads) return;
  if (kPlainInputs > 0) {
    run_plain(q);
    return;
  }
  const uint e = 4 * q;
  if (e + 3 < plan.begin) return;
  gather(e);
  if (plan.has_denoised != 0u) {
    const vec4 x0 = clipped(sum_of(plan.denoised_at, e), e);
    for (uint k = 0; k < plan.inputs; ++k) {
      if (source_of(plan.source[k]) == kFromDenoised) x[k] = x0;
    }
  }
  vec4 y[kRows];
  for (uint r = 0; r < plan.rows; ++r) y[r] = sum_of(r * plan.inputs, e);
  if (plan.masked != 0u) {
    const vec4 mask = read_four(plan.mask, e);
    const vec4 known = sum_of(plan.known_at, e);
    for (uint r = 0; r < plan.rows; ++r) {
      const float part = plan.result[r].part;
      if (part == 0.0) continue;
      precise const vec4 blended = mask * (part * known) + (1.0 - mask) * y[r];
      y[r] = blended;
    }
  }
  for (uint r = 0; r < plan.rows; ++r) write_four(plan.result[r], e, y[r]);
}
