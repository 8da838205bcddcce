// torch's normals on a card (at::native::distribution_nullary_kernel): in round r, thread t makes
// four numbers from the Philox counter {offset / 4 + r, t}, which land `threads` elements apart;
// curand's Box-Muller.  Everything is in the including file's anonymous namespace, after
// philox.inl and segments.inl.

constexpr int kCudaRows = 4;

constexpr int kCudaVectors = 2;
constexpr int kCudaThreads = kCudaVectors * kLanes;

// Four numbers for each of kCudaThreads threads from `thread` on.
inline void cuda_words(uint64_t counter, uint64_t thread, const PhiloxKeys<Wides>& keys,
                       Words (&words)[kCudaVectors][kCudaRows]) {
  // Threads of even and odd numbers, which lie in each other's upper halves afterwards.
  Array<PhiloxWords<Wides>, 2 * kCudaVectors> r;
  Wides even{};
  for (int i = 0; i < kWides; ++i) even[i] = thread + 2 * static_cast<uint64_t>(i);
  for (int v = 0; v < 2 * kCudaVectors; ++v) {
    const Wides at = even + static_cast<uint64_t>(v / 2 * kLanes + v % 2);
    r[v] = {{Wides{} + counter, Wides{} + (counter >> 32), at, at >> 32}};
  }
  philox<2 * kCudaVectors>(r, keys);
  for (int v = 0; v < kCudaVectors; ++v) {
    for (int i = 0; i < kCudaRows; ++i) {
      words[v][i] = alternate(r[2 * v].word[i], r[2 * v + 1].word[i]);
    }
  }
}

// Sine first, as curand has it.
inline void curand_box_muller(Words a, Words b, Floats& first, Floats& second) {
  constexpr float two_pi = 2.3283064e-10f * 6.2831855f;  // times 2^-32
  const Floats u = number_of_word(a) * 0x1p-32f + 0x1p-33f;
  const Floats angle =
      Fused::multiply_add(number_of_word(b), Floats{} + two_pi, Floats{} + two_pi / 2.0f);
  const Floats radius = square_root(-2.0f * log_f(u));
  const auto at = direction<Separate>(angle);
  first = radius * at.sine;
  second = radius * at.cosine;
}

// The first `count` lanes of the rows that are wanted, at place `at` of each.
inline void store_rows(float* out, const WantedRow (&row)[kCudaRows], unsigned wanted,
                       const Words (&words)[kCudaRows], int64_t at, int64_t count) {
  for (int r = 0; r < kCudaRows; r += 2) {
    const unsigned pair = wanted >> r;
    if ((pair & 3u) == 0) continue;
    Floats first, second;
    curand_box_muller(words[r], words[r + 1], first, second);
    if ((pair & 1u) != 0) store_lanes(out + (at + row[r].shift), first, count);
    if ((pair & 2u) != 0) store_lanes(out + (at + row[r + 1].shift), second, count);
  }
}

// What is wanted of one round.
inline void cuda_round(float* out, const WantedRow (&row)[kCudaRows], uint64_t counter,
                       const PhiloxKeys<Wides>& keys) {
  for_each_stretch(row, [&](int64_t from, int64_t to, unsigned wanted) {
    for (int64_t t = from; t < to; t += kCudaThreads) {
      Words words[kCudaVectors][kCudaRows];
      cuda_words(counter, static_cast<uint64_t>(t), keys, words);
      for (int v = 0; v < kCudaVectors && t + v * kLanes < to; ++v) {
        const int64_t at = t + v * kLanes;
        store_rows(out, row, wanted, words[v], at, to - at);
      }
    }
  });
}

inline void torch_cuda_normals(float* out, int64_t first, int64_t wanted, const CudaDraw& draw) {
  const PhiloxKeys<Wides> keys(draw.seed);
  const int64_t end = first + wanted;
  const int64_t elements = kCudaRows * draw.threads;  // of a round
  for (int64_t round = first / elements; round * elements < end; ++round) {
    WantedRow row[kCudaRows];
    for (int r = 0; r < kCudaRows; ++r) {
      row[r] = wanted_row(first, end, round * elements + r * draw.threads, draw.threads);
    }
    cuda_round(out, row, draw.offset / 4 + static_cast<uint64_t>(round), keys);
  }
}
