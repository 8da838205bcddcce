// Blocks of float16 to float32 and back, by the processor where it can: the bits of from_f16 and
// to_f16.  In the including file's anonymous namespace, after float_math.inl.

inline void widen_f16(const uint16_t* __restrict half, int64_t n, float* __restrict out) {
  int64_t i = 0;
#if defined(__AVX512F__)
  for (; i + 16 <= n; i += 16) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(half + i));
    _mm512_storeu_ps(out + i, _mm512_maskz_cvtph_ps(static_cast<__mmask16>(-1), bits));
  }
#elif defined(__F16C__)
  for (; i + 8 <= n; i += 8) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(half + i));
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(bits));
  }
#elif defined(__aarch64__)
  for (; i + 4 <= n; i += 4) {
    vst1q_f32(out + i, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(half + i))));
  }
#endif
  for (; i < n; ++i) out[i] = from_f16(half[i]);
}

inline void narrow_f16(const float* __restrict values, int64_t n, uint16_t* __restrict half) {
  int64_t i = 0;
#if defined(__AVX512F__)
  for (; i + 16 <= n; i += 16) {
    const __m256i bits = _mm512_maskz_cvtps_ph(static_cast<__mmask16>(-1),
                                               _mm512_loadu_ps(values + i),
                                               _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(half + i), bits);
  }
#elif defined(__F16C__)
  for (; i + 8 <= n; i += 8) {
    const __m128i bits = _mm256_cvtps_ph(_mm256_loadu_ps(values + i),
                                         _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(half + i), bits);
  }
#elif defined(__aarch64__)
  for (; i + 4 <= n; i += 4) {
    vst1_u16(half + i, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(values + i))));
  }
#endif
  for (; i < n; ++i) half[i] = to_f16(values[i]);
}
