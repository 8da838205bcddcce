// Threefry2x32-20: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
// Everything is in the including file's anonymous namespace.

template <typename Word>
struct ThreefryWords {
  Word first, second;
};

// Several at once, since a round waits for the last one.
template <size_t Several, typename Word>
inline void threefry(ThreefryWords<Word> (&c)[Several], const ThreefryKey& key) {
  constexpr int rotation[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  const uint32_t part[3] = {key.word[0], key.word[1], key.word[0] ^ key.word[1] ^ 0x1bd11bdau};
  for (auto& each : c) {
    each.first += part[0];
    each.second += part[1];
  }
#pragma GCC unroll 20
  for (int round = 0; round < 20; ++round) {
    const int left = rotation[round % 8];
    const uint32_t group = static_cast<uint32_t>(round) / 4 + 1;
    const bool is_injection = round % 4 == 3;
    for (auto& each : c) {
      each.first += each.second;
      each.second = (each.second << left | each.second >> (32 - left)) ^ each.first;
      if (!is_injection) continue;
      each.first += part[group % 3];
      each.second += part[(group + 1) % 3] + group;
    }
  }
}
