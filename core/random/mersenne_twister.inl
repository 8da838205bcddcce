// MT19937: Matsumoto and Nishimura 1998, "Mersenne Twister".  Everything is in the including
// file's anonymous namespace.

constexpr int kTwisterWords = 624;
constexpr int kTwisterMiddle = 397;

inline uint32_t twisted(uint32_t high, uint32_t low, uint32_t far) {
  const uint32_t joined = (high & 0x80000000u) | (low & 0x7fffffffu);
  return far ^ (joined >> 1) ^ ((0u - (low & 1u)) & 0x9908b0dfu);
}

// Every word anew.  Both long loops read what lies further away than a vector is long.
inline void twist(uint32_t* word) {
  constexpr int rest = kTwisterWords - kTwisterMiddle;
  for (int i = 0; i < rest; ++i) {
    word[i] = twisted(word[i], word[i + 1], word[i + kTwisterMiddle]);
  }
  for (int i = rest; i < kTwisterWords - 1; ++i) {
    word[i] = twisted(word[i], word[i + 1], word[i - rest]);
  }
  word[kTwisterWords - 1] = twisted(word[kTwisterWords - 1], word[0], word[kTwisterMiddle - 1]);
}

inline uint32_t tempered(uint32_t word) {
  word ^= word >> 11;
  word ^= (word << 7) & 0x9d2c5680u;
  word ^= (word << 15) & 0xefc60000u;
  return word ^ (word >> 18);
}

inline void temper(uint32_t* __restrict out, const uint32_t* __restrict word, int count) {
  for (int i = 0; i < count; ++i) out[i] = tempered(word[i]);
}

// The next `count` words; without `out` they are drawn and not written.
inline void twister_words(uint32_t* out, int64_t count, MersenneTwister& twister) {
  while (count > 0) {
    if (twister.next == kTwisterWords) {
      twist(twister.word);
      twister.next = 0;
    }
    const int left = kTwisterWords - twister.next;
    const int here = count < left ? static_cast<int>(count) : left;
    if (out != nullptr) {
      temper(out, twister.word + twister.next, here);
      out += here;
    }
    twister.next += here;
    count -= here;
  }
}
