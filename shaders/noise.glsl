// Philox4x32-10 and Box-Muller: the numbers of core/random/philox.inl, in its order of
// operations.  Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".

uvec4 philox(uvec4 counter, uvec2 key) {
  for (int round = 0; round < 10; ++round) {
    uint high0, low0, high1, low1;
    umulExtended(0xD2511F53u, counter.x, high0, low0);
    umulExtended(0xCD9E8D57u, counter.z, high1, low1);
    counter = uvec4(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
    key += uvec2(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}

// Natural logarithm of a positive normal number: Cephes' logf.
float log_of(float x) {
  const uint shifted = floatBitsToUint(x) - 0x3f3504f3u;
  const int exponent = int(shifted) >> 23;
  precise const float m = uintBitsToFloat((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0;
  precise const float e = float(exponent);
  precise const float z = m * m;
  precise float p = 7.0376836292e-2;
  p = p * m + -1.1514610310e-1;
  p = p * m + 1.1676998740e-1;
  p = p * m + -1.2420140846e-1;
  p = p * m + 1.4249322787e-1;
  p = p * m + -1.6668057665e-1;
  p = p * m + 2.0000714765e-1;
  p = p * m + -2.4999993993e-1;
  p = p * m + 3.3333331174e-1;
  precise float y = m * z * p;
  y = y + e * -2.12194440e-4;
  y = y - 0.5 * z;
  precise const float result = (m + y) + e * 0.693359375;
  return result;
}

// e^x, clamped to the range of normal numbers: Cephes' expf.
float exp_of(float x) {
  precise const float within = x < -87.0 ? -87.0 : (x > 88.0 ? 88.0 : x);
  precise const float scaled = within * 1.44269504088896341;
  const int n = int(scaled + (scaled < 0.0 ? -0.5 : 0.5));
  precise const float k = float(n);
  precise const float r = (within - k * 0.693359375) - k * -2.12194440e-4;
  precise float p = 1.9875691500e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  precise const float y = (p * (r * r) + r) + 1.0;
  precise const float result = y * uintBitsToFloat(uint(n + 127) << 23);
  return result;
}

// a b as the rounded product and what it is off by (Dekker 1971).
vec2 two_product(float a, float b) {
  precise const float product = a * b;
  precise const float a_split = a * 4097.0;
  precise const float b_split = b * 4097.0;
  precise const float a_high = a_split - (a_split - a);
  precise const float b_high = b_split - (b_split - b);
  precise const float a_low = a - a_high;
  precise const float b_low = b - b_high;
  precise const float error =
      ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
  return vec2(product, error);
}

// Devices may be off by several units in a square root: one correction, by the exact square.
float sqrt_of(float x) {
  if (!(x > 0.0) || isinf(x)) return sqrt(x);
  precise const float root = sqrt(x);
  const vec2 square = two_product(root, root);
  precise const float rest = (x - square.x) - square.y;
  precise const float corrected = root + rest / (root + root);
  return corrected;
}

vec2 box_muller(uint a, uint b) {
  precise const float u =
      float(int(a >> 1)) * 4.656612873077393e-10 + 2.3283064365386963e-10;  // 2^-31, 2^-32
  precise const float square = -2.0 * log_of(u);
  const float radius = sqrt_of(square);

  const int turn = int(b >> 8);  // of 2^24
  const int quarter = (turn + (1 << 21)) >> 22;
  precise const float x = float(turn - (quarter << 22)) * 3.7450703e-7;  // 2 pi / 2^24
  precise const float z = x * x;
  precise float s = -1.9515295891e-4;
  s = s * z + 8.3321608736e-3;
  s = s * z + -1.6666654611e-1;
  s = s * z * x + x;
  precise float c = 2.443315711809948e-5;
  c = c * z + -1.388731625493765e-3;
  c = c * z + 4.166664568298827e-2;
  c = c * z * z - 0.5 * z + 1.0;

  const bool swap = (quarter & 1) != 0;
  const float cosine = swap ? s : c;
  const float sine = swap ? c : s;
  // cos is negative in quarters 1 and 2, sin in quarters 2 and 3.
  const uint flip_cos = uint((quarter + 1) & 2) << 30;
  const uint flip_sin = uint(quarter & 2) << 30;
  precise const vec2 normals =
      radius * vec2(uintBitsToFloat(floatBitsToUint(cosine) ^ flip_cos),
                    uintBitsToFloat(floatBitsToUint(sine) ^ flip_sin));
  return normals;
}

// The four normals of a block of an item's draw.
vec4 normal_block(uvec2 seed, uint draw, uint stream, uint block) {
  const uvec4 words = philox(uvec4(block, 0u, draw, stream), seed);
  return vec4(box_muller(words.x, words.y), box_muller(words.z, words.w));
}

uvec2 seed_of(uint item, bool on_path) {
  const uint at = plan.header.offset + 2 * (item + (on_path ? plan.items : 0));
  const uint binding = binding_of(plan.header);
  return uvec2(read_word(binding, at), read_word(binding, at + 1));
}

// Normals of four elements from `e` on, which may lie across blocks and items.
vec4 normal_four(uint e, uint draw, uint stream, bool on_path) {
  const uint element = element_of(e);
  const uint number = element + plan.noise_skip;
  if ((number & 3u) == 0u && element + 3 < plan.item_elements) {
    return normal_block(seed_of(item_of(e), on_path), draw, stream,
                        plan.noise_block + (number >> 2));
  }
  vec4 z;
  for (uint j = 0; j < 4; ++j) {
    const uint inside = min(e + j, plan.end - 1);
    const uint inner = element_of(inside) + plan.noise_skip;
    z[j] = normal_block(seed_of(item_of(inside), on_path), draw, stream,
                        plan.noise_block + (inner >> 2))[inner & 3u];
  }
  return z;
}

// An increment of a path: the weighted sum of the draws of its nodes.
vec4 path_four(uint e, uint stream) {
  precise vec4 sum = vec4(0.0);
  for (uint t = 0; t < plan.terms; ++t) {
    const uvec4 pair = plan.term[t >> 1];
    const uvec2 term = (t & 1u) == 0u ? pair.xy : pair.zw;
    precise const vec4 part = uintBitsToFloat(term.y) * normal_four(e, term.x, stream, true);
    sum = t == 0 ? part : sum + part;
  }
  return sum;
}
