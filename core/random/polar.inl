// What Box and Muller (1958) need, in float32: a logarithm, and the sine and cosine of an angle.
// Polynomials of Cephes' logf, sinf and cosf.  Everything is in the including file's anonymous
// namespace, after lanes.inl.

// a * b + c in two roundings, which every machine and every shader has.
struct Separate {
  template <typename Float>
  static Float multiply_add(Float a, Float b, Float c) {
    return a * b + c;
  }
};

// In one, as the references' own builds do.
struct Fused {
  template <typename Float>
  static Float multiply_add(Float a, Float b, Float c) {
    return fused_multiply_add(a, b, c);
  }
};

// A polynomial by Horner's rule, the highest power first.
template <typename Rounding, size_t count, typename Float>
inline Float polynomial(const float (&coefficient)[count], Float x) {
  Float sum = Float{} + coefficient[0];
#pragma GCC unroll 9
  for (size_t i = 1; i < count; ++i) {
    sum = Rounding::multiply_add(sum, x, Float{} + coefficient[i]);
  }
  return sum;
}

// x = 2^exponent (1 + m), split at sqrt(1/2), so that 1 + m lies around one.
template <typename Float>
struct Logarithm {
  Float exponent, m, square, series;
};

template <typename Rounding, typename Float>
inline Logarithm<Float> split_logarithm(Float x) {
  constexpr float series[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                              -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                              2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
  const auto shifted = bits_of(x) - 0x3f3504f3u;
  const Float m = float_of((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  return {number_of(signed_of(shifted) >> 23), m, m * m, polynomial<Rounding>(series, m)};
}

constexpr float kLn2High = 0.693359375f;  // its product with an exponent is exact
constexpr float kLn2Low = -2.12194440e-4f;

template <typename Float>
inline Float join_logarithm(const Logarithm<Float>& of, Float small) {
  return (of.m + (small - 0.5f * of.square)) + of.exponent * kLn2High;
}

// Natural logarithm of a positive normal number, within 1 ulp or so.
template <typename Float>
inline Float log_f(Float x) {
  const Logarithm<Float> of = split_logarithm<Separate>(x);
  const Float cube = of.m * of.square * of.series;
  return join_logarithm(of, cube + of.exponent * kLn2Low);
}

// The same, as a compiler fuses it.
template <typename Float>
inline Float fused_log_f(Float x) {
  const Logarithm<Float> of = split_logarithm<Fused>(x);
  return join_logarithm(of,
                        Fused::multiply_add(of.series * of.m, of.square, of.exponent * kLn2Low));
}

template <typename Float>
struct Direction {
  Float sine, cosine;
};

// The direction of so many quarters of a turn and x, which is at most an eighth of one.
template <typename Rounding, typename Quarters, typename Float>
inline Direction<Float> turned(Quarters quarter, Float x) {
  const Float z = x * x;
  constexpr float sines[] = {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f};
  constexpr float cosines[] = {2.443315711809948e-5f, -1.388731625493765e-3f,
                               4.166664568298827e-2f};
  const Float s = Rounding::multiply_add(polynomial<Rounding>(sines, z) * z, x, x);
  const Float c = Rounding::multiply_add(polynomial<Rounding>(cosines, z) * z, z, -0.5f * z) + 1.0f;

  const auto swap = (quarter & 1) != 0;
  // cos is negative in quarters 1 and 2, sin in quarters 2 and 3.
  const auto flip_cos = unsigned_of((quarter + 1) & 2) << 30;
  const auto flip_sin = unsigned_of(quarter & 2) << 30;
  return {float_of(bits_of(choose(swap, c, s)) ^ flip_sin),
          float_of(bits_of(choose(swap, s, c)) ^ flip_cos)};
}

// The direction of an angle from 0 to a few turns, reduced by pi / 4 in three parts.
template <typename Rounding, typename Float>
inline Direction<Float> direction(Float angle) {
  const auto quarter = (integer_of(angle * 1.27323954473516f) + 1) >> 1;
  const Float eighths = number_of(quarter << 1);
  Float x = Rounding::multiply_add(eighths, Float{} + -0.78515625f, angle);
  x = Rounding::multiply_add(eighths, Float{} + -2.4187564849853515625e-4f, x);
  x = Rounding::multiply_add(eighths, Float{} + -3.77489497744594108e-8f, x);
  return turned<Rounding>(quarter, x);
}
