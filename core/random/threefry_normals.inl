// JAX's and Nx's normals: sqrt(2) erf_inv of a uniform number of 23 bits between -1 and 1.
// Everything is in the including file's anonymous namespace, after polar.inl, segments.inl and
// threefry.inl.

// Giles 2010, "Approximating the erfinv function", the single-precision one, which XLA and Nx use;
// |x| < 1.
template <typename Float>
inline Float erf_inv_f(Float x) {
  constexpr float central[] = {2.81022636e-08f,  3.43273939e-07f, -3.5233877e-06f,
                               -4.39150654e-06f, 0.00021858087f,  -0.00125372503f,
                               -0.00417768164f,  0.246640727f,    1.50140941f};
  constexpr float tail[] = {-0.000200214257f, 0.000100950558f, 0.00134934322f,
                            -0.00367342844f,  0.00573950773f,  -0.0076224613f,
                            0.00943887047f,   1.00167406f,     2.83297682f};
  const Float w = -log_f((1.0f - x) * (1.0f + x));
  const auto is_central = w < 5.0f;
  const Float y = choose(is_central, w - 2.5f, square_root(w) - 3.0f);
  Float sum = choose(is_central, Float{} + central[0], Float{} + tail[0]);
#pragma GCC unroll 8
  for (int i = 1; i < 9; ++i) {
    sum = sum * y + choose(is_central, Float{} + central[i], Float{} + tail[i]);
  }
  return sum * x;
}

// From the smallest float above -1 on.
template <typename Word>
inline auto normal_of_bits(Word bits) {
  const auto uniform = number_of(signed_of(bits >> 9)) * 0x1p-22f - 0x1.fffffep-1f;
  return 1.41421356f * erf_inv_f(uniform);
}

inline Words words_from(int64_t first) {
  Words words;
  for (int i = 0; i < kLanes; ++i) words[i] = static_cast<uint32_t>(i);
  return words + static_cast<uint32_t>(first);
}

constexpr int kThreefryVectors = 4;
constexpr int kThreefryCalls = kThreefryVectors * kLanes;

// The first `count` of the normals of so many words.
inline void store_normals(float* out, const Words (&bits)[kThreefryVectors], int64_t count) {
  if (count < kThreefryCalls) {
    float rest[kThreefryCalls];
    store_normals(rest, bits, kThreefryCalls);
    memcpy(out, rest, static_cast<size_t>(count) * sizeof(float));
    return;
  }
#pragma GCC unroll 4
  for (int v = 0; v < kThreefryVectors; ++v) {
    const Floats normals = normal_of_bits(bits[v]);
    memcpy(out + v * kLanes, &normals, sizeof normals);
  }
}

// A call makes element c of the first half and element c of the second.
inline void threefry_halves(float* out, int64_t first, int64_t end, const ThreefryDraw& draw) {
  const int64_t half = (draw.count + 1) / 2;
  const WantedRow row[2] = {wanted_row(first, end, 0, half),
                            wanted_row(first, end, half, draw.count - half)};
  for_each_stretch(row, [&](int64_t from, int64_t to, unsigned rows) {
    for (int64_t c = from; c < to; c += kThreefryCalls) {
      ThreefryWords<Words> words[kThreefryVectors];
      for (int v = 0; v < kThreefryVectors; ++v) {
        const Words low = words_from(c + v * kLanes);
        const Words high = low + static_cast<uint32_t>(half);
        // An odd count is filled up with a counter of zero.
        words[v] = {low, choose(high == static_cast<uint32_t>(draw.count), Words{}, high)};
      }
      threefry(words, draw.key);
      Words bits[2][kThreefryVectors];
      for (int v = 0; v < kThreefryVectors; ++v) {
        bits[0][v] = words[v].first;
        bits[1][v] = words[v].second;
      }
      for (int r = 0; r < 2; ++r) {
        if ((rows >> r & 1u) != 0) store_normals(out + (c + row[r].shift), bits[r], to - c);
      }
    }
  });
}

// A call makes one element.
inline void threefry_counters(float* out, int64_t first, int64_t end, const ThreefryDraw& draw) {
  for (int64_t c = first; c < end; c += kThreefryCalls) {
    ThreefryWords<Words> words[kThreefryVectors];
    const Words base = Words{} + static_cast<uint32_t>(c);
    const Words high = Words{} + static_cast<uint32_t>(static_cast<uint64_t>(c) >> 32);
    for (int v = 0; v < kThreefryVectors; ++v) {
      const Words low = words_from(c + v * kLanes);
      words[v] = {choose(low < base, high + 1u, high), low};
    }
    threefry(words, draw.key);
    Words bits[kThreefryVectors];
    for (int v = 0; v < kThreefryVectors; ++v) bits[v] = words[v].first ^ words[v].second;
    store_normals(out + (c - first), bits, end - c);
  }
}

inline void threefry_normals(float* out, int64_t first, int64_t wanted, const ThreefryDraw& draw) {
  if (draw.layout == ThreefryLayout::halves) {
    threefry_halves(out, first, first + wanted, draw);
  } else {
    threefry_counters(out, first, first + wanted, draw);
  }
}
