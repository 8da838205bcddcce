// torch's normals on a card (at::native::distribution_nullary_kernel): in round r, thread t makes
// four numbers from the Philox counter {offset / 4 + r, t}, which land `threads` elements apart;
// curand's Box-Muller.  Everything is in the including file's anonymous namespace, after
// philox.inl and segments.inl.

constexpr int kCudaRows = 4;

// Four numbers for each of kLanes threads from `thread` on.
inline void cuda_words(uint64_t counter, uint64_t thread, const PhiloxKeys<Wides>& keys,
                       Words (&words)[kCudaRows]) {
  // Threads of even and odd numbers, which lie in each other's upper halves afterwards.
  Array<PhiloxWords<Wides>, 2> r;
  Wides even;
  for (int i = 0; i < kWides; ++i) even[i] = thread + 2 * static_cast<uint64_t>(i);
  for (int v = 0; v < 2; ++v) {
    const Wides at = even + static_cast<uint64_t>(v);
    r[v] = {{Wides{} + counter, Wides{} + (counter >> 32), at, at >> 32}};
  }
  philox<2>(r, keys);
  for (int i = 0; i < kCudaRows; ++i) words[i] = alternate(r[0].word[i], r[1].word[i]);
}

// Sine first, as curand has it.
inline void curand_box_muller(Words a, Words b, Floats& first, Floats& second) {
  constexpr float two_pi = 2.3283064e-10f * 6.2831855f;  // times 2^-32
  const Floats u = number_of_word(a) * 0x1p-32f + 0x1p-33f;
  const Floats angle =
      Fused::multiply_add(number_of_word(b), Floats{} + two_pi, Floats{} + two_pi / 2.0f);
  const Floats radius = square_root(-2.0f * fused_log_f(u));
  const auto at = fused_direction(angle);
  first = radius * at.sine;
  second = radius * at.cosine;
}

// What is wanted of one round.
inline void cuda_round(float* out, const WantedRow (&row)[kCudaRows], uint64_t counter,
                       const PhiloxKeys<Wides>& keys) {
  for_each_stretch(row, [&](int64_t from, int64_t to, unsigned wanted) {
    for (int64_t t = from; t < to; t += kLanes) {
      Words words[kCudaRows];
      cuda_words(counter, static_cast<uint64_t>(t), keys, words);
      for (int r = 0; r < kCudaRows; r += 2) {
        const unsigned pair = wanted >> r;
        if ((pair & 3u) == 0) continue;
        Floats first, second;
        curand_box_muller(words[r], words[r + 1], first, second);
        if ((pair & 1u) != 0) store_lanes(out + (t + row[r].shift), first, to - t);
        if ((pair & 2u) != 0) store_lanes(out + (t + row[r + 1].shift), second, to - t);
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
