// float32 functions in a fixed order of plain operations, so that every instruction set
// and every compiler gives the same bits.  Compiled without contraction; everything is in
// the including file's anonymous namespace.

inline uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
inline float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// A choice for one number, or lane by lane.
template <typename Which, typename Value>
inline Value choose(Which which, Value yes, Value no) {
  return which ? yes : no;
}

// ------------------------------------------------------------------ storage types

// Each formula is for one word of 32 bits, or for a vector of them (lanes.inl, included before).

template <typename Word>
inline auto float_of_bf16(Word half) {
  return float_of(half << 16);
}

// In the upper half of the word.
template <typename Float>
inline auto high_bf16_of(Float value) {
  const auto bits = bits_of(value);
  const auto rounded = bits + (((bits >> 16) & 1u) + 0x7fffu);
  // NaN is made quiet.  NOLINTNEXTLINE(misc-redundant-expression): what else differs from itself?
  return choose(value != value, bits | 0x00400000u, rounded);
}

// Exponent and mantissa moved into place and scaled by 2^112: subnormals come out right.  NaN is
// made quiet, as processors do.
template <typename Word>
inline auto float_of_f16(Word half) {
  const Word magnitude = (half & 0x7fffu) << 13;
  const Word scaled = bits_of(float_of(magnitude) * 0x1p112f);
  const Word quiet = choose(magnitude > 0x0f800000u, Word{} + 0x7fc00000u, Word{} + 0x7f800000u);
  const Word value = choose(magnitude >= 0x0f800000u, magnitude | quiet, scaled);
  return float_of(value | ((half & 0x8000u) << 16));
}

template <typename Float>
inline auto f16_of(Float value) {
  const auto bits = bits_of(value);
  const auto magnitude = bits & 0x7fffffffu;
  // Subnormal halves: adding 0.5 puts the bits where the rounding happens.
  const auto small = bits_of(float_of(magnitude) + 0.5f) - 0x3f000000u;
  const auto normal = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  const auto nan = 0x7e00u | ((magnitude >> 13) & 0x1ffu);
  const auto large = choose(magnitude > 0x7f800000u, nan, magnitude * 0u + 0x7c00u);
  const auto finite = choose(magnitude < 0x38800000u, small, normal);
  return choose(magnitude >= 0x477ff000u, large, finite) | ((bits >> 16) & 0x8000u);
}

inline float from_bf16(uint16_t half) { return float_of_bf16(uint32_t{half}); }
inline uint16_t to_bf16(float value) { return static_cast<uint16_t>(high_bf16_of(value) >> 16); }
inline float from_f16(uint16_t half) { return float_of_f16(uint32_t{half}); }
inline uint16_t to_f16(float value) { return static_cast<uint16_t>(f16_of(value)); }

// --------------------------------------------------------------------- functions

// e^x, clamped to the range of normal numbers: Cephes' expf.
inline float exp_f(float x) {
  x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  const float scaled = x * 1.44269504088896341f;
  // NaN is no integer; it comes through by the remainder.
  const float rounded = x != x ? 0.0f : scaled + (scaled < 0.0f ? -0.5f : 0.5f);
  const int32_t n = static_cast<int32_t>(rounded);
  const float k = static_cast<float>(n);
  const float r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float y = (p * (r * r) + r) + 1.0f;
  return y * float_of(static_cast<uint32_t>(n + 127) << 23);
}
