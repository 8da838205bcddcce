// Vectors of numbers in the caller's memory, stored as float32, float16 or bfloat16.  Float16 goes
// by the processor where it can: the bits of float_of_f16 and f16_of.  In the including file's
// anonymous namespace, after lanes.inl and float_math.inl.

// Long without the processor's help, and not worth a copy in every loop.
__attribute__((noinline)) inline Floats widen_f16_by_words(Halves half) {
  return float_of_f16(word_of(half));
}
__attribute__((noinline)) inline Halves narrow_f16_by_words(Floats values) {
  return half_of(f16_of(values));
}

inline Floats widen_f16(Halves half) {
#if defined(__AVX512F__)
  return _mm512_maskz_cvtph_ps(static_cast<__mmask16>(-1), reinterpret_cast<__m256i>(half));
#elif defined(__F16C__)
  return _mm256_cvtph_ps(reinterpret_cast<__m128i>(half));
#elif defined(__aarch64__)
  return vcvt_f32_f16(vreinterpret_f16_u16(reinterpret_cast<uint16x4_t>(half)));
#else
  return widen_f16_by_words(half);
#endif
}

inline Halves narrow_f16(Floats values) {
#if defined(__AVX512F__)
  return reinterpret_cast<Halves>(_mm512_maskz_cvtps_ph(
      static_cast<__mmask16>(-1), values, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#elif defined(__F16C__)
  return reinterpret_cast<Halves>(
      _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#elif defined(__aarch64__)
  return reinterpret_cast<Halves>(vreinterpret_u16_f16(vcvt_f16_f32(values)));
#else
  return narrow_f16_by_words(values);
#endif
}

inline Floats widen_bf16(Halves half) { return float_of_bf16(word_of(half)); }

inline Halves narrow_bf16(Floats values) { return high_half_of(high_bf16_of(values)); }

// Past the caches, where the address is a multiple of the vector's bytes.
inline void stream(char* at, Floats values) {
#if defined(__AVX512F__)
  _mm512_stream_ps(reinterpret_cast<float*>(at), values);
#elif defined(__AVX2__)
  _mm256_stream_ps(reinterpret_cast<float*>(at), values);
#elif defined(__SSE2__)
  _mm_stream_ps(reinterpret_cast<float*>(at), values);
#else
  memcpy(at, &values, sizeof values);
#endif
}

inline void stream(char* at, Halves values) {
#if defined(__AVX512F__)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(at), reinterpret_cast<__m256i>(values));
#elif defined(__AVX2__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(at), reinterpret_cast<__m128i>(values));
#elif defined(__SSE2__)
  long long bits;
  memcpy(&bits, &values, sizeof bits);
  _mm_stream_si64(reinterpret_cast<long long*>(at), bits);
#else
  memcpy(at, &values, sizeof values);
#endif
}

// Orders what was streamed before what is stored later, as other threads see it.
inline void end_streaming() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

constexpr bool kCanStream =
#if defined(__SSE2__)
    true;
#else
    false;
#endif

// ------------------------------------------------------------------- typed memory

inline int64_t bytes_of(DType type) { return type == DType::f32 ? 4 : 2; }

struct From {
  const char* data;
  DType type;

  From after(int64_t elements) const { return {data + elements * bytes_of(type), type}; }
};

struct To {
  char* data;
  DType type;
  bool streamed;

  To after(int64_t elements) const { return {data + elements * bytes_of(type), type, streamed}; }
};

template <typename Vector>
__attribute__((always_inline)) inline Vector load_vector(const char* at) {
  Vector values;
  memcpy(&values, at, sizeof values);
  return values;
}

template <typename Vector>
__attribute__((always_inline)) inline void store_vector(char* at, Vector values, bool streamed) {
  if (streamed) {
    stream(at, values);
  } else {
    memcpy(at, &values, sizeof values);
  }
}

// Several vectors, so that the type is asked for once.
template <int Several>
__attribute__((always_inline)) inline void load_several(const From& from, int64_t i, Floats* out,
                                                        int stride) {
  if (from.type == DType::f32) {
#pragma GCC unroll 8
    for (int v = 0; v < Several; ++v) {
      out[v * stride] = load_vector<Floats>(from.data + 4 * (i + v * kLanes));
    }
  } else if (from.type == DType::f16) {
#pragma GCC unroll 8
    for (int v = 0; v < Several; ++v) {
      out[v * stride] = widen_f16(load_vector<Halves>(from.data + 2 * (i + v * kLanes)));
    }
  } else {
#pragma GCC unroll 8
    for (int v = 0; v < Several; ++v) {
      out[v * stride] = widen_bf16(load_vector<Halves>(from.data + 2 * (i + v * kLanes)));
    }
  }
}

template <int Several>
__attribute__((always_inline)) inline void store_several(const To& to, int64_t i,
                                                         const Floats* values) {
  if (to.type == DType::f32) {
#pragma GCC unroll 8
    for (int v = 0; v < Several; ++v) {
      store_vector(to.data + 4 * (i + v * kLanes), values[v], to.streamed);
    }
  } else if (to.type == DType::f16) {
#pragma GCC unroll 8
    for (int v = 0; v < Several; ++v) {
      store_vector(to.data + 2 * (i + v * kLanes), narrow_f16(values[v]), to.streamed);
    }
  } else {
#pragma GCC unroll 8
    for (int v = 0; v < Several; ++v) {
      store_vector(to.data + 2 * (i + v * kLanes), narrow_bf16(values[v]), to.streamed);
    }
  }
}

// kLanes values from element `i` on.
inline Floats load(const From& from, int64_t i) {
  Floats values;
  load_several<1>(from, i, &values, 1);
  return values;
}

inline void store(const To& to, int64_t i, Floats values) { store_several<1>(to, i, &values); }

// Fewer than kLanes of them.
inline Floats load_some(const From& from, int64_t i, int64_t count) {
  char few[kVectorBytes] = {};
  const From part = from.after(i);
  memcpy(few, part.data, static_cast<size_t>(count * bytes_of(part.type)));
  return load({few, part.type}, 0);
}

inline void store_some(const To& to, int64_t i, int64_t count, Floats values) {
  char few[kVectorBytes];
  const To part = to.after(i);
  store({few, part.type, false}, 0, values);
  memcpy(part.data, few, static_cast<size_t>(count * bytes_of(part.type)));
}

// ------------------------------------------------------------------------- blocks

inline From from_floats(const float* values) {
  return {reinterpret_cast<const char*>(values), DType::f32};
}

inline To to_floats(float* values) { return {reinterpret_cast<char*>(values), DType::f32, false}; }

inline int64_t bytes_past_alignment(const To& to) {
  const auto vector = static_cast<uintptr_t>(kLanes * bytes_of(to.type));
  return static_cast<int64_t>(reinterpret_cast<uintptr_t>(to.data) % vector);
}

inline bool can_be_streamed(const To& to) { return to.streamed && bytes_past_alignment(to) == 0; }

inline void convert(const From& from, int64_t n, const To& out) {
  const To to = {out.data, out.type, can_be_streamed(out)};
  constexpr int kSeveral = 4;
  Floats values[kSeveral];
  int64_t i = 0;
  for (; i + kSeveral * kLanes <= n; i += kSeveral * kLanes) {
    load_several<kSeveral>(from, i, values, 1);
    store_several<kSeveral>(to, i, values);
  }
  for (; i + kLanes <= n; i += kLanes) store(to, i, load(from, i));
  if (i < n) store_some(to, i, n - i, load_some(from, i, n - i));
}
