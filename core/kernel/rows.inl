// Rows of weighted sums over a span, every row from registers.  In the including file's anonymous
// namespace, after storage.inl.
//
// Every input of a vector is read before any row of it is written, and elements are independent,
// so a row may overwrite an input in place.  The order of a sum is that of the inputs, without
// contraction: the same bits for every shape, type and instruction set.

constexpr int kFastRows = 4;

struct Rows;
using RunRows = void (*)(const Rows&, const From*, const To*, int64_t);

// Weights in float32, and the function for their shape.
struct Rows {
  float weight[kMaxRows][kMaxLive];
  uint32_t used[kMaxRows][kMaxLive];  // all ones, or zero: that input may hold NaN
  int inputs;
  int count;
  RunRows run;
};

// The sum and one more term, where the row uses it.
inline Floats add_used(Floats sum, Floats term, uint32_t used) {
#if defined(__AVX512F__)
  return _mm512_mask_add_ps(sum, static_cast<__mmask16>(used), sum, term);
#else
  return choose(signed_of(Words{} + used), sum + term, sum);
#endif
}

// One vector of every row.  Nothing is added to zero: -0 is the neutral element of addition.
template <int I, int R, bool Dense>
__attribute__((always_inline)) inline void sum_rows(const float (&weight)[R][I],
                                                    const uint32_t (&used)[R][I],
                                                    const Floats (&value)[I], Floats (&sum)[R]) {
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    if (!Dense) sum[r] = -Floats{};
#pragma GCC unroll 16
    for (int k = 0; k < I; ++k) {
      const Floats term = weight[r][k] * value[k];
      if (!Dense) {
        sum[r] = add_used(sum[r], term, used[r][k]);
      } else {
        sum[r] = k == 0 ? term : sum[r] + term;
      }
    }
  }
}

// Any number of inputs and rows, from element `from` on.
__attribute__((noinline)) void run_rest(const Rows& rows, const From* x, const To* y, int64_t from,
                                        int64_t n) {
  for (int64_t i = from; i < n; i += kLanes) {
    const int64_t some = n - i < kLanes ? n - i : 0;
    Floats sum[kMaxRows];
    for (int r = 0; r < rows.count; ++r) sum[r] = -Floats{};
    for (int k = 0; k < rows.inputs; ++k) {
      const Floats value = some == 0 ? load(x[k], i) : load_some(x[k], i, some);
      for (int r = 0; r < rows.count; ++r) {
        sum[r] = add_used(sum[r], rows.weight[r][k] * value, rows.used[r][k]);
      }
    }
    for (int r = 0; r < rows.count; ++r) {
      if (some == 0) {
        store(y[r], i, sum[r]);
      } else {
        store_some(y[r], i, some, sum[r]);
      }
    }
  }
}

void run_many_rows(const Rows& rows, const From* x, const To* y, int64_t n) {
  run_rest(rows, x, y, 0, n);
}

// Plain: all in float32, and none streamed.
template <int I, int R, bool Dense, bool Plain>
void run_rows(const Rows& rows, const From* inputs, const To* outputs, int64_t n) {
  From x[I];
  To y[R];
  float weight[R][I];
  uint32_t used[R][I];
  for (int k = 0; k < I; ++k) x[k] = {inputs[k].data, Plain ? DType::f32 : inputs[k].type};
  for (int r = 0; r < R; ++r) {
    y[r] = Plain ? To{outputs[r].data, DType::f32, false} : outputs[r];
    for (int k = 0; k < I; ++k) {
      weight[r][k] = rows.weight[r][k];
      if (!Dense) used[r][k] = rows.used[r][k];
    }
  }
  constexpr int kSeveral = Plain ? 1 : I <= 4 ? 4 : 2;
  Floats value[kSeveral][I];
  Floats sum[kSeveral][R];
  int64_t i = 0;
  for (; i + kSeveral * kLanes <= n; i += kSeveral * kLanes) {
#pragma GCC unroll 16
    for (int k = 0; k < I; ++k) load_several<kSeveral>(x[k], i, &value[0][k], I);
#pragma GCC unroll 16
    for (int v = 0; v < kSeveral; ++v) sum_rows<I, R, Dense>(weight, used, value[v], sum[v]);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) store_several<kSeveral>(y[r], i, &sum[0][r], R);
  }
  if (i < n) run_rest(rows, inputs, outputs, i, n);
}

template <int I, int R>
RunRows rows_of_shape(bool dense, bool plain) {
  if (dense) return plain ? run_rows<I, R, true, true> : run_rows<I, R, true, false>;
  return plain ? run_rows<I, R, false, true> : run_rows<I, R, false, false>;
}

template <int I>
RunRows rows_of(int rows, bool dense, bool plain) {
  switch (rows) {
    case 1:
      return rows_of_shape<I, 1>(dense, plain);
    case 2:
      return rows_of_shape<I, 2>(dense, plain);
    case 3:
      return rows_of_shape<I, 3>(dense, plain);
    default:
      return rows_of_shape<I, 4>(dense, plain);
  }
}

RunRows choose_rows(int inputs, int rows, bool dense, bool plain) {
  if (rows > kFastRows) return run_many_rows;
  switch (inputs) {
    case 1:
      return rows_of<1>(rows, dense, plain);
    case 2:
      return rows_of<2>(rows, dense, plain);
    case 3:
      return rows_of<3>(rows, dense, plain);
    case 4:
      return rows_of<4>(rows, dense, plain);
    case 5:
      return rows_of<5>(rows, dense, plain);
    case 6:
      return rows_of<6>(rows, dense, plain);
    case 7:
      return rows_of<7>(rows, dense, plain);
    case 8:
      return rows_of<8>(rows, dense, plain);
    default:
      return run_many_rows;
  }
}

void set_rows(const double (*weight)[kMaxLive], int count, int inputs, bool plain, Rows& rows) {
  rows.inputs = inputs;
  rows.count = count;
  bool dense = true;
  for (int r = 0; r < count; ++r) {
    for (int k = 0; k < inputs; ++k) {
      rows.weight[r][k] = static_cast<float>(weight[r][k]);
      rows.used[r][k] = weight[r][k] != 0.0 ? 0xffffffffu : 0u;
      dense = dense && weight[r][k] != 0.0;
    }
  }
  rows.run = choose_rows(inputs, count, dense, plain);
}

inline int64_t bytes_past_alignment(const To& to) {
  const auto vector = static_cast<uintptr_t>(kLanes * bytes_of(to.type));
  return static_cast<int64_t>(reinterpret_cast<uintptr_t>(to.data) % vector);
}

// Up to where the first row that is streamed can be.
inline int64_t elements_to_alignment(const To* to, int rows, int64_t n) {
  for (int r = 0; r < rows; ++r) {
    if (!to[r].streamed) continue;
    const int64_t past = bytes_past_alignment(to[r]);
    const int64_t head = past == 0 ? 0 : kLanes - past / bytes_of(to[r].type);
    return head < n ? head : n;
  }
  return 0;
}

// Rows of which some are streamed, from where they can be; others are stored as usual.
inline void run_streamed(const Rows& rows, const From* from, const To* to, int64_t n) {
  From x[kMaxLive];
  To y[kMaxRows];
  const int64_t head = elements_to_alignment(to, rows.count, n);
  for (int r = 0; r < rows.count; ++r) y[r] = {to[r].data, to[r].type, false};
  rows.run(rows, from, y, head);
  for (int k = 0; k < rows.inputs; ++k) x[k] = from[k].after(head);
  for (int r = 0; r < rows.count; ++r) {
    y[r] = to[r].after(head);
    y[r].streamed = y[r].streamed && bytes_past_alignment(y[r]) == 0;
  }
  rows.run(rows, x, y, n - head);
}
