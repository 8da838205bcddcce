// What every shader of a step shares: the storage buffers, the plan, and how an operand's
// elements are read and written.  core/vulkan/plan_block.hpp is the plan's other side.
//
// BUFFERS is 4, what every Vulkan device has, or 12.  Operands that lie in one buffer share a
// binding.  All types are stored in words: float32 as it is, float16 and bfloat16 in pairs.  No
// 16-bit type, no subgroup and no atomic is used.

layout(local_size_x_id = 0) in;

// Every buffer as words, and as vectors for operands that lie on whole vectors.
#define BUFFER(i)                                                            \
  layout(std430, binding = i) buffer Words##i { uint words##i[]; };          \
  layout(std430, binding = i) buffer Vectors##i { uvec4 vectors##i[]; };
BUFFER(0)
BUFFER(1)
BUFFER(2)
BUFFER(3)
#if BUFFERS > 4
BUFFER(4)
BUFFER(5)
BUFFER(6)
BUFFER(7)
BUFFER(8)
BUFFER(9)
BUFFER(10)
BUFFER(11)
#endif

const uint kInputs = 16;
const uint kRows = 7;
const uint kTerms = 40;

const uint kFloat32 = 1;
const uint kFloat16 = 2;

const uint kFromMemory = 0;
const uint kFromNoise = 1;
const uint kFromPath = 2;
const uint kFromDenoised = 3;

// where: binding | type << 4 | source << 8
// From memory: `offset` of the first item's first element, and `stride` between items, in
// elements.  From noise: `offset` is the draw and `stride` the stream.
struct Operand {
  uint where;
  uint offset;
  uint stride;
  float part;  // of an output: how much of the known form it is made of
};

layout(std140, binding = 16) uniform Plan {
  uint item_elements;   // of one item
  uint first;           // element of its item at which quad 0 begins
  uint begin;           // elements from quad 0 on that are run
  uint end;

  uint quads;           // of four elements, from quad 0 to `end`
  uint inputs;
  uint rows;
  uint clip;            // 0 none, 1 range, 2 quantile

  uint gain;            // 0 none, 1 exp(offset + slope v), 2 sqrt(v), 3 clamp to +-offset
  uint gain_input;
  uint masked;
  uint terms;           // of a path's increment

  uint group_elements;  // 0: one set of weights
  uint group_first;     // element of its group at which quad 0 begins
  uint set_floats;      // between the sets of the groups
  uint has_denoised;

  uint items;           // for which the header has room: seeds, then path seeds
  uint denoised_at;     // within a set
  uint known_at;
  uint gain_at;

  uint quantile_below;  // rank of the order statistic below the quantile
  float quantile_rest;  // how far it is towards the next
  float quantile_max;
  float clip_range;

  uint measure;         // 1 error, 2 norms, 3 deviation
  float absolute;
  float relative;
  uint spans;           // groups of invocations for each item

  uint quantile_elements;
  uint noise_block;     // of four normals, in which those of an item's element 0 lie,
  uint noise_skip;      // and how many of it come before them
  uint reserved;

  Operand header;       // seeds and path seeds, two words for each item
  Operand limits;       // one float32 for each span of quantile_elements
  Operand scratch;      // one float32 for each element
  Operand variance;
  Operand mask;
  Operand source[kInputs];
  Operand result[kRows];
  uvec4 term[kTerms / 2];  // draw and weight, two in each
  vec4 table[900];         // sets of weights: rows, denoised, known, gain
} plan;

#if BUFFERS > 4
#define EACH_BUFFER(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#else
#define EACH_BUFFER(X) X(0) X(1) X(2) X(3)
#endif

#define READ_WORD(b) case b: return words##b[i];
#define WRITE_WORD(b) case b: words##b[i] = word; break;
#define READ_VECTOR(b) case b: return vectors##b[i];
#define WRITE_VECTOR(b) case b: vectors##b[i] = vector; break;

uint read_word(uint binding, uint i) {
  switch (binding) { EACH_BUFFER(READ_WORD) }
  return 0;
}
void write_word(uint binding, uint i, uint word) {
  switch (binding) { EACH_BUFFER(WRITE_WORD) }
}
uvec4 read_vector(uint binding, uint i) {
  switch (binding) { EACH_BUFFER(READ_VECTOR) }
  return uvec4(0);
}
void write_vector(uint binding, uint i, uvec4 vector) {
  switch (binding) { EACH_BUFFER(WRITE_VECTOR) }
}

uint binding_of(Operand o) { return o.where & 15u; }
uint type_of(Operand o) { return o.where >> 4 & 15u; }
uint source_of(Operand o) { return o.where >> 8; }

float table_at(uint i) { return plan.table[i >> 2][i & 3u]; }

// The item of element `e` from quad 0 on, counted from the first item that is run, and the
// element within it.
uint item_of(uint e) { return (plan.first + e) / plan.item_elements; }
uint element_of(uint e) { return (plan.first + e) % plan.item_elements; }

uint place_of(Operand o, uint e) {
  const uint at = plan.first + e;
  if (o.stride == plan.item_elements) return o.offset + at;
  return o.offset + at / plan.item_elements * o.stride + at % plan.item_elements;
}

float half_of(uint type, uint bits) {
  if (type == kFloat16) return unpackHalf2x16(bits).x;
  return uintBitsToFloat(bits << 16);
}

float read_element(Operand o, uint e) {
  const uint i = place_of(o, e);
  if (type_of(o) == kFloat32) return uintBitsToFloat(read_word(binding_of(o), i));
  const uint word = read_word(binding_of(o), i >> 1);
  return half_of(type_of(o), (i & 1u) == 0 ? word & 0xffffu : word >> 16);
}

// Four elements from `e` on; those outside of begin .. end are the nearest inside.
vec4 read_four(Operand o, uint e) {
  const uint last = plan.end - 1;
  vec4 x;
  for (uint j = 0; j < 4; ++j) x[j] = read_element(o, clamp(e + j, plan.begin, last));
  return x;
}

// To the nearest, ties to even, as the CPU does; what is too large becomes infinite.
uint to_float16(float value) {
  const uint bits = floatBitsToUint(value);
  const uint sign = bits >> 16 & 0x8000u;
  const uint magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign | 0x7e00u;
  if (magnitude >= 0x477ff000u) return sign | 0x7c00u;
  if (magnitude >= 0x38800000u) {
    return sign | (magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
  }
  if (magnitude < 0x33000000u) return sign;
  // A subnormal half: the mantissa shifted into units of 2^-24.
  const uint shift = 126u - (magnitude >> 23);
  const uint mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  const uint down = mantissa >> shift;
  const uint rest = mantissa & ((1u << shift) - 1u);
  const uint middle = 1u << (shift - 1u);
  return sign | (down + uint(rest > middle || (rest == middle && (down & 1u) == 1u)));
}

uint to_bfloat16(float value) {
  const uint bits = floatBitsToUint(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return bits >> 16 | 0x40u;
  return bits + 0x7fffu + (bits >> 16 & 1u) >> 16;
}

uint to_half(uint type, float value) {
  return type == kFloat16 ? to_float16(value) : to_bfloat16(value);
}

bool is_run(uint e) { return e >= plan.begin && e < plan.end; }

// Two halves of one word.  Only this invocation writes any of them, so that the one that is
// not run can be kept.
void write_pair(Operand o, uint e, vec2 values) {
  const uint binding = binding_of(o);
  const uint i = place_of(o, e) >> 1;
  const bool low = is_run(e);
  const bool high = is_run(e + 1);
  if (!low && !high) return;
  const uint word =
      to_half(type_of(o), values.x) | to_half(type_of(o), values.y) << 16;
  const uint keep = (low ? 0u : 0xffffu) | (high ? 0u : 0xffff0000u);
  write_word(binding, i, keep == 0u ? word : word & ~keep | read_word(binding, i) & keep);
}

// Outputs lie end to end, and begin on a whole word.
void write_four(Operand o, uint e, vec4 values) {
  if (type_of(o) != kFloat32) {
    write_pair(o, e, values.xy);
    write_pair(o, e + 2, values.zw);
    return;
  }
  for (uint j = 0; j < 4; ++j) {
    if (is_run(e + j)) write_word(binding_of(o), place_of(o, e + j), floatBitsToUint(values[j]));
  }
}

// The invocation's number, in a grid that may have a second dimension.
uint invocation() {
  return (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * gl_WorkGroupSize.x +
         gl_LocalInvocationID.x;
}
