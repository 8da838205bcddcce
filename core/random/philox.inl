// Philox4x32-10 and Box-Muller: element i of draw d of seed s, whatever is around it.
// Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
//
// The counter is {block, block >> 32, draw, stream} and the key is the seed; a block makes
// four numbers, which Box and Muller (1958) turn into four normals.  Everything is in the
// including file's anonymous namespace; see float_math.inl.

constexpr int kNoiseBlocks = 256;

struct PhiloxWords {
  uint32_t word[4];
};

inline PhiloxWords philox(PhiloxWords counter, uint32_t key0, uint32_t key1) {
  uint32_t c0 = counter.word[0];
  uint32_t c1 = counter.word[1];
  uint32_t c2 = counter.word[2];
  uint32_t c3 = counter.word[3];
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = static_cast<uint64_t>(0xD2511F53u) * c0;
    const uint64_t p1 = static_cast<uint64_t>(0xCD9E8D57u) * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ key0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ key1;
    c3 = static_cast<uint32_t>(p0);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

// Two normals from two words.  The radius uses all of the first, so that the tail
// reaches 6.66; the angle is reduced exactly, in whole numbers.
inline void box_muller(uint32_t a, uint32_t b, float& first, float& second) {
  const float u = static_cast<float>(static_cast<int32_t>(a >> 1)) * 0x1p-31f + 0x1p-32f;
  const float radius = __builtin_sqrtf(-2.0f * log_f(u));

  const int32_t turn = static_cast<int32_t>(b >> 8);  // of 2^24
  const int32_t quarter = (turn + (1 << 21)) >> 22;
  const float x = static_cast<float>(turn - (quarter << 22)) * 3.7450703e-7f;  // 2 pi / 2^24
  const float z = x * x;
  float s = -1.9515295891e-4f;
  s = s * z + 8.3321608736e-3f;
  s = s * z + -1.6666654611e-1f;
  s = s * z * x + x;
  float c = 2.443315711809948e-5f;
  c = c * z + -1.388731625493765e-3f;
  c = c * z + 4.166664568298827e-2f;
  c = c * z * z - 0.5f * z + 1.0f;

  const bool swap = (quarter & 1) != 0;
  const float cosine = swap ? s : c;
  const float sine = swap ? c : s;
  // cos is negative in quarters 1 and 2, sin in quarters 2 and 3.
  const uint32_t flip_cos = static_cast<uint32_t>((quarter + 1) & 2) << 30;
  const uint32_t flip_sin = static_cast<uint32_t>(quarter & 2) << 30;
  first = radius * float_of(bits_of(cosine) ^ flip_cos);
  second = radius * float_of(bits_of(sine) ^ flip_sin);
}

// `blocks` blocks of four normals each, from block `first` on.
inline void normal_blocks(float* __restrict out, uint64_t first, int blocks, const NoiseKey& key) {
  const uint32_t key0 = static_cast<uint32_t>(key.seed);
  const uint32_t key1 = static_cast<uint32_t>(key.seed >> 32);
  for (int i = 0; i < blocks; ++i) {
    const uint64_t block = first + static_cast<uint64_t>(i);
    const PhiloxWords r = philox(
        {{static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), key.draw, key.stream}},
        key0, key1);
    float z[4];
    box_muller(r.word[0], r.word[1], z[0], z[1]);
    box_muller(r.word[2], r.word[3], z[2], z[3]);
    out[4 * i + 0] = z[0];
    out[4 * i + 1] = z[1];
    out[4 * i + 2] = z[2];
    out[4 * i + 3] = z[3];
  }
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
