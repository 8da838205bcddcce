// torch's normals in float32 from 16 elements on: blocks of 16 uniform numbers, of which j and
// j + 8 make a pair (at::native::normal_fill).  Everything is in the including file's anonymous
// namespace, after polar.inl and mersenne_twister.inl.

constexpr int kTorchBlock = 16;
constexpr int kTorchHalf = kTorchBlock / 2;

// Vectors of more than half a block hold the halves of several.
constexpr int kTorchHalves = kLanes > kTorchHalf ? kLanes / kTorchHalf : 1;
constexpr int kTorchPart = kLanes / kTorchHalves;

template <typename Vector, typename Each>
inline Vector load_halves(const Each* from) {
  Vector vector;
  for (int i = 0; i < kTorchHalves; ++i) {
    memcpy(reinterpret_cast<Each*>(&vector) + kTorchPart * i, from + kTorchBlock * i,
           kTorchPart * sizeof(Each));
  }
  return vector;
}

inline void store_halves(float* to, Floats values) {
  for (int i = 0; i < kTorchHalves; ++i) {
    memcpy(to + kTorchBlock * i, reinterpret_cast<const float*>(&values) + kTorchPart * i,
           kTorchPart * sizeof(float));
  }
}

// 24 bits, in [0, 1).
inline Floats torch_uniform(Words words) {
  return number_of(signed_of(words & 0xffffffu)) * 0x1p-24f;
}

// kTorchHalves blocks.
inline void torch_cpu_blocks(float* out, const uint32_t* words) {
  for (int j = 0; j < kTorchHalf; j += kTorchPart) {
    const Floats u = torch_uniform(load_halves<Words>(words + j));
    const Floats turn = torch_uniform(load_halves<Words>(words + j + kTorchHalf));
    const Floats radius = square_root(-2.0f * fused_log_f(1.0f - u));
    const auto at = fused_direction(turn * 6.28318530717958648f);
    // torch adds a mean of zero, which makes -0 to 0.
    store_halves(out + j, radius * at.cosine + 0.0f);
    store_halves(out + j + kTorchHalf, radius * at.sine + 0.0f);
  }
}

inline void torch_cpu_normals(float* out, int64_t blocks, MersenneTwister& twister) {
  constexpr int most = 64;
  uint32_t words[most * kTorchBlock];
  while (blocks > 0) {
    const int here = blocks < most ? static_cast<int>(blocks) : most;
    twister_words(words, here * kTorchBlock, twister);
    int i = 0;
    for (; i + kTorchHalves <= here; i += kTorchHalves) {
      torch_cpu_blocks(out + i * kTorchBlock, words + i * kTorchBlock);
    }
    if (i < here) {
      uint32_t last[kTorchHalves * kTorchBlock] = {};
      float rest[kTorchHalves * kTorchBlock];
      memcpy(last, words + i * kTorchBlock, kTorchBlock * sizeof(uint32_t));
      torch_cpu_blocks(rest, last);
      memcpy(out + i * kTorchBlock, rest, kTorchBlock * sizeof(float));
    }
    out += here * kTorchBlock;
    blocks -= here;
  }
}
