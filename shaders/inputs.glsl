// The inputs of four elements, and weighted sums of them.

vec4 x[kInputs];

// Weight `k` of the row that begins at `row` within a set, for each of four elements.
vec4 weight_of(uint row, uint k, uint e) {
  if (plan.group_elements == 0u) return vec4(table_at(row + k));
  vec4 w;
  for (uint j = 0; j < 4; ++j) {
    const uint inside = clamp(e + j, plan.begin, plan.end - 1);
    const uint group = (plan.group_first + inside) / plan.group_elements;
    w[j] = table_at(group * plan.set_floats + row + k);
  }
  return w;
}

// An input with weight zero may hold NaN: it takes no part.
vec4 sum_of(uint row, uint e) {
  precise vec4 sum = vec4(0.0);
  bvec4 begun = bvec4(false);
  for (uint k = 0; k < plan.inputs; ++k) {
    const vec4 w = weight_of(row, k, e);
    const bvec4 used = notEqual(w, vec4(0.0));
    precise const vec4 part = w * x[k];
    precise const vec4 more = sum + part;
    sum = mix(sum, mix(part, more, begun), used);
    begun = bvec4(begun.x || used.x, begun.y || used.y, begun.z || used.z, begun.w || used.w);
  }
  return sum;
}

void apply_gain(uint e) {
  const vec4 offset = weight_of(plan.gain_at, 0, e);
  if (plan.gain == 3u) {
    const vec4 z = x[plan.gain_input];
    const vec4 low = mix(z, -offset, lessThan(z, -offset));
    x[plan.gain_input] = mix(low, offset, greaterThan(low, offset));
    return;
  }
  const vec4 v = read_four(plan.variance, e);
  const vec4 slope = weight_of(plan.gain_at, 1, e);
  vec4 factor;
  for (uint j = 0; j < 4; ++j) {
    precise const float exponent = offset[j] + slope[j] * v[j];
    factor[j] = plan.gain == 1u ? exp_of(exponent) : sqrt_of(v[j]);
  }
  precise const vec4 noise = x[plan.gain_input] * factor;
  x[plan.gain_input] = noise;
}

void gather(uint e) {
  for (uint k = 0; k < plan.inputs; ++k) {
    const Operand o = plan.source[k];
    switch (source_of(o)) {
      case kFromMemory: x[k] = read_four(o, e); break;
      case kFromNoise: x[k] = normal_four(e, o.offset, o.stride, false); break;
      case kFromPath: x[k] = path_four(e, o.stride); break;
      default: x[k] = vec4(0.0); break;
    }
  }
  if (plan.gain != 0u) apply_gain(e);
}
