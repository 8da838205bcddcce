// The quantile of absolute values that come in blocks, exactly, without keeping them all: only the
// few that are still above enough others to matter.  In the including file's anonymous namespace,
// after stage.inl's kBlock; includes nothing that defines inline functions, as sorting would.
//
// Values are compared as the bits of their absolute values, which order as the numbers do, with
// NaN last.  Where the rank lies in the lower half, bits are taken from the largest, so that the
// same code keeps the smallest.  A pivot rises as values come; what is not above it is dropped by
// one vectorised pass.  No order of the values makes it slower than linear.

// Writes those of `n` keys that are above `pivot` to `out`, in their order, and says how many they
// are.  `out` has room for `n`, and may be `keys`.
#if defined(__AVX512F__)
inline int64_t keep_above(const int32_t* keys, int64_t n, int32_t pivot, int32_t* out) {
  const __m512i low = _mm512_set1_epi32(pivot);
  int64_t kept = 0;
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m512i key = _mm512_loadu_si512(keys + i);
    const __mmask16 above = _mm512_cmpgt_epi32_mask(key, low);
    // Compressed in a register: to memory it is slow on some processors.
    _mm512_storeu_si512(out + kept, _mm512_maskz_compress_epi32(above, key));
    kept += __builtin_popcount(above);
  }
  for (; i < n; ++i) {
    out[kept] = keys[i];
    kept += keys[i] > pivot ? 1 : 0;
  }
  return kept;
}
#elif defined(__AVX2__)
// For each set of lanes, which they are, in order.
struct LaneTable {
  uint8_t lane[256][8];
};
constexpr LaneTable make_lane_table() {
  LaneTable table{};
  for (int set = 0; set < 256; ++set) {
    int count = 0;
    for (int i = 0; i < 8; ++i) {
      if ((set >> i & 1) != 0) table.lane[set][count++] = static_cast<uint8_t>(i);
    }
  }
  return table;
}
constexpr LaneTable kLaneTable = make_lane_table();

inline int64_t keep_above(const int32_t* keys, int64_t n, int32_t pivot, int32_t* out) {
  const __m256i low = _mm256_set1_epi32(pivot);
  int64_t kept = 0;
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256i key = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(keys + i));
    const int above = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(key, low)));
    const __m256i lanes = _mm256_cvtepu8_epi32(
        _mm_loadl_epi64(reinterpret_cast<const __m128i*>(kLaneTable.lane[above])));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + kept),
                        _mm256_permutevar8x32_epi32(key, lanes));
    kept += __builtin_popcount(static_cast<unsigned>(above));
  }
  for (; i < n; ++i) {
    out[kept] = keys[i];
    kept += keys[i] > pivot ? 1 : 0;
  }
  return kept;
}
#else
inline int64_t keep_above(const int32_t* keys, int64_t n, int32_t pivot, int32_t* out) {
  int64_t kept = 0;
  for (int64_t i = 0; i < n; ++i) {
    const int32_t key = keys[i];
    out[kept] = key;
    kept += key > pivot ? 1 : 0;
  }
  return kept;
}
#endif

inline int64_t count_above(const int32_t* keys, int64_t n, int32_t pivot) {
  int64_t count = 0;
  for (int64_t from = 0; from < n; from += kBlock) {
    const int64_t end = n - from < kBlock ? n : from + kBlock;
    int32_t part = 0;  // lanes of 32 bits
    for (int64_t i = from; i < end; ++i) part += keys[i] > pivot ? 1 : 0;
    count += part;
  }
  return count;
}

constexpr int32_t kHighestKey = 0x7fffffff;

// There must be one.
inline int32_t least_above(const int32_t* keys, int64_t n, int32_t pivot) {
  // As distances without a sign, so that those below are the farthest.
  const uint32_t start = static_cast<uint32_t>(pivot) + 1u;
  uint32_t nearest = 0xffffffffu;
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t distance = static_cast<uint32_t>(keys[i]) - start;
    nearest = distance < nearest ? distance : nearest;
  }
  return static_cast<int32_t>(start + nearest);
}

inline int32_t highest_of(const int32_t* keys, int64_t n) {
  int32_t highest = 0;
  for (int64_t i = 0; i < n; ++i) highest = keys[i] > highest ? keys[i] : highest;
  return highest;
}

class Selection {
 public:
  // `room` is for quantile_room(count, ratio) numbers.
  Selection(int64_t count, double ratio, void* room)
      : rank_(rank_of(count, ratio)),
        keys_(static_cast<int32_t*>(room)),
        capacity_(quantile_room(count, ratio)),
        wanted_(rank_.kept),
        flip_(rank_.from_below ? kHighestKey : 0) {}

  // The next `n` values, at most kBlock.
  void add(const float* __restrict values, int64_t n) {
    int32_t keys[kBlock];
    for (int64_t i = 0; i < n; ++i) {
      keys[i] = static_cast<int32_t>(bits_of(values[i]) & 0x7fffffffu) ^ flip_;
    }
    if (count_ + n > capacity_) shrink();
    count_ += keep_above(keys, n, pivot_, keys_ + count_);
  }

  // Once all have been added; interpolated linearly, as torch.quantile does.
  float result() const {
    const Bracket b = narrow(wanted_);
    const int32_t last = b.above_low == wanted_ ? least_above(keys_, count_, b.low) : b.high;
    const bool is_repeated = count_above(keys_, count_, last) + 1 < wanted_;
    const int32_t next = wanted_ == 1 || is_repeated ? last : least_above(keys_, count_, last);
    const float low = value_of(rank_.from_below ? next : last);
    const float rest = static_cast<float>(rank_.rest);
    if (rest == 0.0f) return low;
    const float high = value_of(rank_.from_below ? last : next);
    return low + rest * (high - low);
  }

 private:
  // `wanted_` keys or more are above `low`, fewer above `high`.
  struct Bracket {
    int32_t low;
    int32_t high;
    int64_t above_low;
  };

  // Halves the bracket until those above `low` are at most `enough`, or `high` is the last of the
  // keys that are wanted.
  Bracket narrow(int64_t enough) const {
    Bracket b = {least_above(keys_, count_, -1) - 1, highest_of(keys_, count_), count_};
    while (b.above_low > enough && b.low < b.high - 1) {
      const int32_t middle = static_cast<int32_t>((int64_t{b.low} + b.high) / 2);
      const int64_t above = count_above(keys_, count_, middle);
      if (above >= wanted_) {
        b.low = middle;
        b.above_low = above;
      } else {
        b.high = middle;
      }
    }
    return b;
  }

  // Raises the pivot so that an eighth of the room at most is taken by more than is wanted.
  void shrink() {
    const int64_t enough = wanted_ + (capacity_ - wanted_) / 8;
    const Bracket b = narrow(enough);
    pivot_ = b.above_low <= enough ? b.low : b.high;
    count_ = keep_above(keys_, count_, pivot_, keys_);
    // Of many that are equal, as many as are wanted.
    while (count_ < wanted_) keys_[count_++] = pivot_;
  }

  float value_of(int32_t key) const { return float_of(static_cast<uint32_t>(key ^ flip_)); }

  Rank rank_;
  int32_t* keys_;
  int64_t capacity_;
  int64_t wanted_;  // so many of the highest keys have to be known
  int32_t flip_;
  int32_t pivot_ = -1;
  int64_t count_ = 0;
};
