// Rows of weighted sums over a span, every row from registers.  In the including file's anonymous
// namespace, after storage.inl.
//
// Every input of a vector is read before any row of it is written, and elements are independent,
// so a row may overwrite an input in place.  The order of a sum is that of the inputs, without
// contraction: the same bits for every shape, type and instruction set.

// What a function is compiled for.  Plain: all in float32, and none streamed.
struct Shape {
  int inputs, rows;
  bool dense, plain;
  int denoised;  // the input that is x0; -1 for none
};

struct Rows;
using RunRows = void (*)(const Rows&, const From*, const To*, int64_t);

constexpr int kMaxSums = kMaxRows + 1;  // with a mask, its known part is one more

// How one of the inputs, x0, comes about from the others.
struct Denoised {
  int input;  // which it is; -1 for none
  float weight[kMaxLive];
  bool used[kMaxLive];
  float limit;   // clamped to +-limit
  bool divided;  // and divided by it
};

// Weights in float32, and the function for their shape.
struct Rows {
  float weight[kMaxSums][kMaxLive];
  bool used[kMaxSums][kMaxLive];  // false where the weight is zero: that input may hold NaN
  Shape shape;
  Denoised denoised;
  RunRows run;
};

// x0, which is input `at`, of several vectors of `inputs` inputs.  NaN stays.
template <int Several>
__attribute__((always_inline)) inline void add_denoised(const Denoised& x0, int at, Floats* value,
                                                        int inputs) {
  Array<Floats, Several> sum;
#pragma GCC unroll 16
  for (int v = 0; v < Several; ++v) sum[v] = -Floats{};
#pragma GCC unroll 16
  for (int k = 0; k < inputs; ++k) {
    if (k == at || !x0.used[k]) continue;
#pragma GCC unroll 16
    for (int v = 0; v < Several; ++v) sum[v] = sum[v] + x0.weight[k] * value[v * inputs + k];
  }
  const Floats limit = Floats{} + x0.limit;
#pragma GCC unroll 16
  for (int v = 0; v < Several; ++v) {
    sum[v] = choose(sum[v] < -limit, -limit, sum[v]);
    sum[v] = choose(sum[v] > limit, limit, sum[v]);
    value[v * inputs + at] = x0.divided ? sum[v] / limit : sum[v];
  }
}

// Any number of inputs and rows, from element `from` on.
__attribute__((noinline)) void run_rest(const Rows& rows, const From* x, const To* y, int64_t from,
                                        int64_t n) {
  for (int64_t i = from; i < n; i += kLanes) {
    const int64_t some = n - i < kLanes ? n - i : 0;
    Floats value[kMaxLive];
    for (int k = 0; k < rows.shape.inputs; ++k) {
      if (k != rows.denoised.input) value[k] = some == 0 ? load(x[k], i) : load_some(x[k], i, some);
    }
    if (rows.denoised.input >= 0) {
      add_denoised<1>(rows.denoised, rows.denoised.input, value, rows.shape.inputs);
    }
    Floats sum[kMaxSums];
    for (int r = 0; r < rows.shape.rows; ++r) {
      sum[r] = -Floats{};
      for (int k = 0; k < rows.shape.inputs; ++k) {
        if (rows.used[r][k]) sum[r] = sum[r] + rows.weight[r][k] * value[k];
      }
    }
    for (int r = 0; r < rows.shape.rows; ++r) {
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

// The function for a shape.
RunRows choose_rows(const Shape& shape);

// The weights of one form; whether none is zero.
inline bool set_weights(const double* weight, int inputs, float* out, bool* used) {
  bool dense = true;
  for (int k = 0; k < inputs; ++k) {
    out[k] = static_cast<float>(weight[k]);
    used[k] = weight[k] != 0.0;
    dense = dense && used[k];
  }
  return dense;
}

inline void add_row(const double* weight, Rows& rows) {
  Shape& shape = rows.shape;
  const bool dense =
      set_weights(weight, shape.inputs, rows.weight[shape.rows], rows.used[shape.rows]);
  shape.dense = shape.dense && dense;
  ++shape.rows;
}

inline void set_denoised(const double* weight, int input, float limit, bool divided, Rows& rows) {
  Denoised& x0 = rows.denoised;
  x0.input = rows.shape.denoised = input;
  set_weights(weight, rows.shape.inputs, x0.weight, x0.used);
  x0.limit = limit;
  x0.divided = divided;
}

// One row.  Plain as run_rows has it.
inline void set_one_row(const double* weight, int inputs, bool plain, Rows& rows) {
  rows.shape = {inputs, 0, true, plain, -1};
  rows.denoised.input = -1;
  add_row(weight, rows);
  rows.run = choose_rows(rows.shape);
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
  const int64_t head = elements_to_alignment(to, rows.shape.rows, n);
  for (int r = 0; r < rows.shape.rows; ++r) y[r] = {to[r].data, to[r].type, false};
  rows.run(rows, from, y, head);
  for (int k = 0; k < rows.shape.inputs; ++k) x[k] = from[k].after(head);
  for (int r = 0; r < rows.shape.rows; ++r) {
    y[r] = to[r].after(head);
    y[r].streamed = can_be_streamed(y[r]);
  }
  rows.run(rows, x, y, n - head);
}
