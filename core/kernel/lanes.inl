// Numbers side by side in one vector register of the instruction set that this is compiled for,
// by the vector extensions of GCC and Clang; and the same functions for one number, so that a
// formula is written once.  In the including file's anonymous namespace, before float_math.inl.

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

typedef float Floats __attribute__((vector_size(kVectorBytes)));
typedef uint32_t Words __attribute__((vector_size(kVectorBytes)));
typedef int32_t Integers __attribute__((vector_size(kVectorBytes)));
typedef uint64_t Wides __attribute__((vector_size(kVectorBytes)));

constexpr int kLanes = kVectorBytes / 4;  // of 32 bits
constexpr int kWides = kVectorBytes / 8;  // of 64 bits

// As many as are known when this is compiled.
template <typename Each, int count>
using Array = Each[size_t{count}];

inline Words bits_of(Floats values) { return reinterpret_cast<Words>(values); }
inline Floats float_of(Words bits) { return reinterpret_cast<Floats>(bits); }

inline int32_t signed_of(uint32_t word) { return static_cast<int32_t>(word); }
inline Integers signed_of(Words words) { return reinterpret_cast<Integers>(words); }
inline uint32_t unsigned_of(int32_t integer) { return static_cast<uint32_t>(integer); }
inline Words unsigned_of(Integers integers) { return reinterpret_cast<Words>(integers); }

inline float number_of(int32_t integer) { return static_cast<float>(integer); }
inline Floats number_of(Integers integers) { return __builtin_convertvector(integers, Floats); }

// Towards zero.
inline int32_t integer_of(float number) { return static_cast<int32_t>(number); }
inline Integers integer_of(Floats numbers) { return __builtin_convertvector(numbers, Integers); }

// A word as a number, rounded once: each half is exact.
template <typename Word>
inline auto number_of_word(Word word) {
  return number_of(signed_of(word >> 16)) * 65536.0f + number_of(signed_of(word & 0xffffu));
}

inline float square_root(float x) { return __builtin_sqrtf(x); }
inline Floats square_root(Floats x) {
#if defined(__AVX512F__)
  return _mm512_maskz_sqrt_ps(static_cast<__mmask16>(-1), x);
#elif defined(__AVX2__)
  return _mm256_sqrt_ps(x);
#elif defined(__SSE2__)
  return _mm_sqrt_ps(x);
#else
  for (int i = 0; i < kLanes; ++i) x[i] = __builtin_sqrtf(x[i]);
  return x;
#endif
}

// a * b + c, rounded once; finite numbers.
inline float fused_multiply_add(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  // The product of doubles is exact.  Their sum is rounded to the odd neighbour where it is not,
  // so that the rounding to float32 sees on which side it lies.
  const double product = static_cast<double>(a) * static_cast<double>(b);
  const double wide = static_cast<double>(c);
  double sum = product + wide;
  const double added = sum - product;
  const double lost = (product - (sum - added)) + (wide - added);
  uint64_t bits;
  memcpy(&bits, &sum, sizeof bits);
  const bool grows = (lost > 0.0) == (sum > 0.0);
  if (lost != 0.0 && (bits & 1u) == 0) bits += grows ? uint64_t{1} : ~uint64_t{0};
  memcpy(&sum, &bits, sizeof bits);
  return static_cast<float>(sum);
#endif
}
inline Floats fused_multiply_add(Floats a, Floats b, Floats c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__)
  return _mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
  return reinterpret_cast<Floats>(vfmaq_f32(c, a, b));
#else
  for (int i = 0; i < kLanes; ++i) c[i] = fused_multiply_add(a[i], b[i], c[i]);
  return c;
#endif
}

// The low halves of 64 bits times a constant of 32 bits: whole products.
inline uint64_t product(uint64_t a, uint32_t b) { return (a & 0xffffffffu) * b; }
inline Wides product(Wides a, uint32_t b) {
  const Wides factor = Wides{} + b;
#if defined(__AVX512F__)
  return reinterpret_cast<Wides>(_mm512_maskz_mul_epu32(
      static_cast<__mmask8>(-1), reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(factor)));
#elif defined(__AVX2__)
  return reinterpret_cast<Wides>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(factor)));
#elif defined(__SSE2__)
  return reinterpret_cast<Wides>(
      _mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(factor)));
#elif defined(__aarch64__)
  return reinterpret_cast<Wides>(vmull_u32(vmovn_u64(reinterpret_cast<uint64x2_t>(a)),
                                           vmovn_u64(reinterpret_cast<uint64x2_t>(factor))));
#else
  return (a & 0xffffffffu) * factor;
#endif
}

// The low halves of 64 bits of `even` and `odd`, taking turns.
inline Words alternate(Wides even, Wides odd) {
  return reinterpret_cast<Words>((even & 0xffffffffu) | (odd << 32));
}

// Words of 16 bits and of 32.
typedef uint16_t Halves __attribute__((vector_size(kVectorBytes / 2)));

inline Words word_of(Halves halves) {
#if defined(__AVX512F__)
  return reinterpret_cast<Words>(
      _mm512_maskz_cvtepu16_epi32(static_cast<__mmask16>(-1), reinterpret_cast<__m256i>(halves)));
#elif defined(__AVX2__)
  return reinterpret_cast<Words>(_mm256_cvtepu16_epi32(reinterpret_cast<__m128i>(halves)));
#else
  return __builtin_convertvector(halves, Words);
#endif
}

#if defined(__AVX2__) && !defined(__AVX512F__)
// Words below 2^16, packed within each 128 bits and then the two of them together.
inline Halves pack(__m256i words) {
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(words, words), 0x08);
  return reinterpret_cast<Halves>(_mm256_castsi256_si128(packed));
}
#endif

inline Halves half_of(Words words) {
#if defined(__AVX512F__)
  return reinterpret_cast<Halves>(
      _mm512_maskz_cvtepi32_epi16(static_cast<__mmask16>(-1), reinterpret_cast<__m512i>(words)));
#elif defined(__AVX2__)
  return pack(reinterpret_cast<__m256i>(words & 0xffffu));
#else
  return __builtin_convertvector(words, Halves);
#endif
}

// The upper halves.
inline Halves high_half_of(Words words) {
#if defined(__AVX512BW__)
  // Every second word of 16 bits; the second half of the vector is not used.
  const __m512i odd = _mm512_setr_epi32(0x00030001, 0x00070005, 0x000b0009, 0x000f000d, 0x00130011,
                                        0x00170015, 0x001b0019, 0x001f001d, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m512i gathered = _mm512_maskz_permutexvar_epi16(static_cast<__mmask32>(-1), odd,
                                                          reinterpret_cast<__m512i>(words));
  Halves halves;
  memcpy(&halves, &gathered, sizeof halves);
  return halves;
#elif defined(__AVX2__)
  return pack(reinterpret_cast<__m256i>(words >> 16));
#else
  return half_of(words >> 16);
#endif
}

// Writes the lanes of `even` and `odd` taking turns, 2 kLanes numbers.
inline void store_alternating(float* out, Floats even, Floats odd) {
  Floats low, high;
#if defined(__AVX512F__)
  const __m512i at = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  low = _mm512_permutex2var_ps(even, at, odd);
  high = _mm512_permutex2var_ps(even, _mm512_add_epi32(at, _mm512_set1_epi32(8)), odd);
#elif defined(__AVX2__)
  const __m256 first = _mm256_unpacklo_ps(even, odd);
  const __m256 second = _mm256_unpackhi_ps(even, odd);
  low = _mm256_permute2f128_ps(first, second, 0x20);
  high = _mm256_permute2f128_ps(first, second, 0x31);
#elif defined(__SSE2__)
  low = _mm_unpacklo_ps(even, odd);
  high = _mm_unpackhi_ps(even, odd);
#else
  for (int i = 0; i < kLanes; ++i) {
    // Lane by lane they are written all the same.
    // cppcheck-suppress legacyUninitvar
    (i < kLanes / 2 ? low : high)[2 * i % kLanes] = even[i];
    (i < kLanes / 2 ? low : high)[2 * i % kLanes + 1] = odd[i];
  }
#endif
  memcpy(out, &low, sizeof low);
  memcpy(out + kLanes, &high, sizeof high);
}
