#version 450
#extension GL_GOOGLE_include_directive : require
// Sums over an item that the next step depends on: of squares of `low` and `high`, of the error
// of an adaptive step, or of `low` and its squares.  In pairs of float32 (Dekker 1971), since `low`
// and `high` are nearly equal and the CPU measures in float64.  The host adds up what the groups of
// invocations leave.
//
// Rows of the table: low, high and before, then what their float32 weights are off by.

#include "plan.glsl"
#include "noise.glsl"
#include "inputs.glsl"

const uint kMost = 128;  // invocations

shared vec4 sums[kMost];  // two pairs

vec2 two_sum(float a, float b) {
  precise const float sum = a + b;
  precise const float b_part = sum - a;
  precise const float error = (a - (sum - b_part)) + (b - b_part);
  return vec2(sum, error);
}

vec2 add(vec2 a, vec2 b) {
  const vec2 high = two_sum(a.x, b.x);
  precise const float low = high.y + (a.y + b.y);
  return two_sum(high.x, low);
}

vec2 square(vec2 a) {
  const vec2 high = two_product(a.x, a.x);
  precise const float low = high.y + 2.0 * (a.x * a.y);
  return two_sum(high.x, low);
}

vec2 form_of(uint row, uint j) {
  vec2 sum = vec2(0.0);
  for (uint k = 0; k < plan.inputs; ++k) {
    const float high = table_at(row * plan.inputs + k);
    const float low = table_at((row + 3) * plan.inputs + k);
    if (high == 0.0 && low == 0.0) continue;
    const vec2 product = two_product(high, x[k][j]);
    precise const float rest = product.y + low * x[k][j];
    sum = add(sum, vec2(product.x, rest));
  }
  return sum;
}

void main() {
  const uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
  const uint item = group / plan.spans;
  if (item * plan.item_elements >= plan.end) return;  // the same for the whole group
  const uint size = gl_WorkGroupSize.x;
  const uint self = gl_LocalInvocationID.x;
  vec2 first = vec2(0.0);
  vec2 second = vec2(0.0);
  for (uint i = 4 * ((group % plan.spans) * size + self); i < plan.item_elements;
       i += 4 * size * plan.spans) {
    gather(item * plan.item_elements + i);
    for (uint j = 0; j < 4 && i + j < plan.item_elements; ++j) {
      const vec2 low = form_of(0, j);
      if (plan.measure == 3u) {
        first = add(first, low);
        second = add(second, square(low));
        continue;
      }
      const vec2 high = form_of(1, j);
      if (plan.measure == 2u) {
        first = add(first, square(low));
        second = add(second, square(high));
        continue;
      }
      const vec2 before = form_of(2, j);
      const float largest = max(abs(low.x), abs(before.x));
      const vec2 difference = add(low, -high);
      precise const float part =
          (difference.x + difference.y) / max(plan.absolute, plan.relative * largest);
      first = add(first, two_product(part, part));
    }
  }
  sums[self] = vec4(first, second);
  barrier();
  if (self != 0) return;
  for (uint t = 1; t < size; ++t) {
    first = add(first, sums[t].xy);
    second = add(second, sums[t].zw);
  }
  const uint at = plan.result[0].offset + 4 * group;
  const vec4 both = vec4(first, second);
  for (uint j = 0; j < 4; ++j) {
    write_word(binding_of(plan.result[0]), at + j, floatBitsToUint(both[j]));
  }
}
