// Philox4x32-10 and Box-Muller: element i of draw d of seed s, whatever is around it.
// Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
//
// The counter is {block, block >> 32, draw, stream} and the key is the seed; a block makes
// four numbers, which Box and Muller (1958) turn into four normals.  Everything is in the
// including file's anonymous namespace, after lanes.inl and polar.inl.

constexpr int kNoiseBlocks = 256;

// The four words of a block, or of several, each in the low half of 64 bits; what is in the high
// half never matters.
template <typename Wide>
struct PhiloxWords {
  Wide word[4];
};

// The key of each round.
template <typename Wide>
struct PhiloxKeys {
  explicit PhiloxKeys(uint64_t seed) {
    uint32_t low = static_cast<uint32_t>(seed);
    uint32_t high = static_cast<uint32_t>(seed >> 32);
    for (auto& each : round) {
      each[0] = Wide{} + low;
      each[1] = Wide{} + high;
      low += 0x9E3779B9u;
      high += 0xBB67AE85u;
    }
  }
  Wide round[10][2];
};

// Several at once, since a round waits for its products.
template <int Several, typename Wide>
inline void philox(Array<PhiloxWords<Wide>, Several>& c, const PhiloxKeys<Wide>& keys) {
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
#pragma GCC unroll 4
    for (int i = 0; i < Several; ++i) {
      Wide* word = c[i].word;
      const Wide p0 = product(word[0], 0xD2511F53u);
      const Wide p1 = product(word[2], 0xCD9E8D57u);
      word[0] = (p1 >> 32) ^ (word[1] ^ keys.round[round][0]);
      word[1] = p1;
      word[2] = (p0 >> 32) ^ (word[3] ^ keys.round[round][1]);
      word[3] = p0;
    }
  }
}

// Two normals from two words.  The radius uses all of the first, so that the tail
// reaches 6.66; the angle is reduced exactly, in whole numbers.
template <typename Word, typename Float>
inline void box_muller(Word a, Word b, Float& first, Float& second) {
  const Float u = number_of(signed_of(a >> 1)) * 0x1p-31f + 0x1p-32f;
  const Float radius = square_root(-2.0f * log_f(u));

  const auto turn = signed_of(b >> 8);  // of 2^24
  const auto quarter = (turn + (1 << 21)) >> 22;
  const Float x = number_of(turn - (quarter << 22)) * 3.7450703e-7f;  // 2 pi / 2^24
  const auto at = turned<Separate>(quarter, x);
  first = radius * at.cosine;
  second = radius * at.sine;
}

// As many as the registers hold.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kVectors = 4;
#else
constexpr int kVectors = 3;
#endif
constexpr int kBlocksAtOnce = kVectors * kWides;

// Several * kWides blocks from block `first` on.
template <int Several>
inline void normal_vectors(float* out, uint64_t first, const NoiseKey& key,
                           const PhiloxKeys<Wides>& keys) {
  Array<PhiloxWords<Wides>, Several> r;
  Wides block;
  for (int i = 0; i < kWides; ++i) block[i] = first + static_cast<uint64_t>(i);
#pragma GCC unroll 4
  for (int v = 0; v < Several; ++v) {
    r[v] = {{block, block >> 32, Wides{} + key.draw, Wides{} + key.stream}};
    block += static_cast<uint64_t>(kWides);
  }
  philox<Several>(r, keys);
#pragma GCC unroll 4
  for (int v = 0; v < Several; ++v) {
    // Words 0 and 2 of a block beside each other, and 1 and 3: a block is two lanes.
    const Wides* word = r[v].word;
    Floats even, odd;
    box_muller(alternate(word[0], word[2]), alternate(word[1], word[3]), even, odd);
    store_alternating(out + 2 * kLanes * v, even, odd);
  }
}

// `blocks` blocks of four normals each, from block `first` on.
inline void normal_blocks(float* out, uint64_t first, int blocks, const NoiseKey& key) {
  const PhiloxKeys<Wides> keys(key.seed);
  const auto at = [&](int i) { return first + static_cast<uint64_t>(i); };
  int i = 0;
  for (; i + kBlocksAtOnce <= blocks; i += kBlocksAtOnce) {
    normal_vectors<kVectors>(out + 4 * i, at(i), key, keys);
  }
  for (; i + kWides <= blocks; i += kWides) normal_vectors<1>(out + 4 * i, at(i), key, keys);
  if (i == blocks) return;
  float rest[4 * kWides];
  normal_vectors<1>(rest, at(i), key, keys);
  memcpy(out + 4 * i, rest, static_cast<size_t>(4 * (blocks - i)) * sizeof(float));
}

// Normals `first` .. `first + count` of a draw, at any alignment.
inline void normals(float* out, int64_t first, int64_t count, const NoiseKey& key) {
  float buffer[4 * kNoiseBlocks];
  while (count > 0) {
    const uint64_t block = static_cast<uint64_t>(first) / 4;
    const int skip = static_cast<int>(first % 4);
    int64_t blocks = (skip + count + 3) / 4;
    if (blocks > kNoiseBlocks) blocks = kNoiseBlocks;
    int64_t here = 4 * blocks - skip;
    if (here > count) here = count;
    if (skip == 0 && here == 4 * blocks) {
      normal_blocks(out, block, static_cast<int>(blocks), key);
    } else {
      normal_blocks(buffer, block, static_cast<int>(blocks), key);
      memcpy(out, buffer + skip, static_cast<size_t>(here) * sizeof(float));
    }
    out += here;
    first += here;
    count -= here;
  }
}
