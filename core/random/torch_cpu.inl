// torch's normals in float32 from 16 elements on: blocks of 16 uniform numbers, of which j and
// j + 8 make a pair (at::native::normal_fill).  Everything is in the including file's anonymous
// namespace, after polar.inl and mersenne_twister.inl.

constexpr int kTorchBlock = 16;

// The first halves of pairs, and then the second; in vectors of a whole block, those of two.
#if defined(__AVX512F__)
constexpr int kTorchBlocks = 2;
// The lower halves of both go to the first, the upper ones to the second; twice changes nothing.
inline void exchange_halves(Floats& first, Floats& second) {
  const __m512i low = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
  const Floats both = _mm512_permutex2var_ps(first, low, second);
  second = _mm512_permutex2var_ps(first, high, second);
  first = both;
}
#else
constexpr int kTorchBlocks = 1;
inline void exchange_halves(Floats&, Floats&) {}
#endif
constexpr int kTorchPairs = kTorchBlocks * kTorchBlock / 2;

// 24 bits, in [0, 1).
inline Floats torch_uniform(Words words) {
  return number_of(signed_of(words & 0xffffffu)) * 0x1p-24f;
}

// kTorchBlocks blocks.
inline void torch_cpu_blocks(float* out, const uint32_t* words) {
  for (int j = 0; j < kTorchPairs; j += kLanes) {
    Floats first, second;
    memcpy(&first, words + j, sizeof first);
    memcpy(&second, words + j + kTorchPairs, sizeof second);
    exchange_halves(first, second);
    const Floats u = torch_uniform(bits_of(first));
    const Floats turn = torch_uniform(bits_of(second));
    const Floats radius = square_root(-2.0f * fused_log_f(1.0f - u));
    const auto at = direction<Fused>(turn * 6.28318530717958648f);
    // torch adds a mean of zero, which makes -0 to 0.
    first = radius * at.cosine + 0.0f;
    second = radius * at.sine + 0.0f;
    exchange_halves(first, second);
    memcpy(out + j, &first, sizeof first);
    memcpy(out + j + kTorchPairs, &second, sizeof second);
  }
}

inline void torch_cpu_normals(float* out, int64_t blocks, MersenneTwister& twister) {
  constexpr int most = 64;
  uint32_t words[most * kTorchBlock];
  while (blocks > 0) {
    const int here = blocks < most ? static_cast<int>(blocks) : most;
    twister_words(words, here * kTorchBlock, twister);
    int i = 0;
    for (; i + kTorchBlocks <= here; i += kTorchBlocks) {
      torch_cpu_blocks(out + i * kTorchBlock, words + i * kTorchBlock);
    }
    if (i < here) {
      uint32_t last[kTorchBlocks * kTorchBlock] = {};
      float rest[kTorchBlocks * kTorchBlock];
      memcpy(last, words + i * kTorchBlock, kTorchBlock * sizeof(uint32_t));
      torch_cpu_blocks(rest, last);
      memcpy(out + i * kTorchBlock, rest, kTorchBlock * sizeof(float));
    }
    out += here * kTorchBlock;
    blocks -= here;
  }
}
