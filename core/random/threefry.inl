// Threefry2x32-20: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
// Everything is in the including file's anonymous namespace.

template <typename Word>
struct ThreefryWords {
  Word first, second;
};

template <typename Word>
inline ThreefryWords<Word> threefry(ThreefryWords<Word> counter, const ThreefryKey& key) {
  constexpr int rotation[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  const uint32_t part[3] = {key.word[0], key.word[1], key.word[0] ^ key.word[1] ^ 0x1bd11bdau};
  Word a = counter.first + part[0];
  Word b = counter.second + part[1];
#pragma GCC unroll 20
  for (int round = 0; round < 20; ++round) {
    const int left = rotation[round % 8];
    a += b;
    b = (b << left | b >> (32 - left)) ^ a;
    if (round % 4 != 3) continue;
    const uint32_t group = static_cast<uint32_t>(round) / 4 + 1;
    a += part[group % 3];
    b += part[(group + 1) % 3] + group;
  }
  return {a, b};
}
