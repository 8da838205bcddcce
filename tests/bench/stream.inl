// Included once for each instruction set, into a namespace of its own.
//
// Chunk by chunk, the counts of streams known at run time: as fast as loops with compile-time
// counts on 3 arrays, and faster on more, since each stream is followed for whole cache lines.

struct Regular {
  static void store(char* to, const Lanes& value) { *reinterpret_cast<Lanes*>(to) = value; }
};

#if defined(__AVX512F__)
struct NonTemporal {
  static void store(char* to, const Lanes& value) {
    _mm512_stream_ps(reinterpret_cast<float*>(to), reinterpret_cast<const __m512&>(value));
  }
};
#elif defined(__AVX__)
struct NonTemporal {
  static void store(char* to, const Lanes& value) {
    const auto* const parts = reinterpret_cast<const __m256*>(&value);
    for (int i = 0; i < 2; ++i) _mm256_stream_ps(reinterpret_cast<float*>(to) + 8 * i, parts[i]);
  }
};
#elif defined(__SSE__)
struct NonTemporal {
  static void store(char* to, const Lanes& value) {
    const auto* const parts = reinterpret_cast<const __m128*>(&value);
    for (int i = 0; i < 4; ++i) _mm_stream_ps(reinterpret_cast<float*>(to) + 4 * i, parts[i]);
  }
};
#endif

template <class Store>
void store_all(const std::vector<Stream>& streams, int64_t chunk, const Lanes* sum) {
  for (const Stream& stream : streams) {
    char* const to = stream.data + chunk * stream.stride;
#pragma GCC unroll 4
    for (int k = 0; k < kLanes; ++k) Store::store(to + int{sizeof(Lanes)} * k, sum[k]);
  }
}

template <class Store>
void run(const StreamPass& pass) {
  for (int64_t chunk = 0; chunk < pass.chunks; ++chunk) {
    Lanes sum[kLanes] = {};
    for (const Stream& stream : pass.reads) {
      const auto* const from = reinterpret_cast<const Lanes*>(stream.data + chunk * stream.stride);
#pragma GCC unroll 4
      for (int k = 0; k < kLanes; ++k) sum[k] += from[k];
    }
    store_all<Regular>(pass.kept, chunk, sum);
    store_all<Store>(pass.written, chunk, sum);
  }
}

inline void run_regular(const StreamPass& pass) { run<Regular>(pass); }

inline void run_non_temporal(const StreamPass& pass) {
#if defined(__SSE__)
  run<NonTemporal>(pass);
  _mm_sfence();
#else
  run<Regular>(pass);
#endif
}
