// Rows compiled for their numbers of inputs and rows.  In the including file's anonymous namespace,
// after rows.inl.

// One row of several vectors.  Nothing is added to zero: -0 is the neutral element of addition.
// What is not used is asked once for all of them: cheaper than masked additions.
template <int Several, int I, bool Dense>
__attribute__((always_inline)) inline void sum_row(const Array<float, I>& weight,
                                                   const Array<bool, I>& used,
                                                   const Array<Array<Floats, I>, Several>& value,
                                                   Array<Floats, Several>& sum) {
#pragma GCC unroll 16
  for (int v = 0; v < Several; ++v) sum[v] = Dense ? weight[0] * value[v][0] : -Floats{};
#pragma GCC unroll 16
  for (int k = Dense ? 1 : 0; k < I; ++k) {
    if (!Dense && !used[k]) continue;
#pragma GCC unroll 16
    for (int v = 0; v < Several; ++v) {
      sum[v] = sum[v] + weight[k] * value[v][k];
    }
  }
}

// Several vectors of every row, from element `i` on.
template <int Several, bool Dense, int At, int I, int R>
__attribute__((always_inline)) inline void run_vectors(const Array<From, I>& x,
                                                       const Array<To, R>& y,
                                                       const Array<Array<float, I>, R>& weight,
                                                       const Array<Array<bool, I>, R>& used,
                                                       const Denoised& x0, int64_t i) {
  Array<Array<Floats, I>, Several> value;
  Array<Floats, Several> sum;
#pragma GCC unroll 16
  for (int k = 0; k < I; ++k) {
    if (k != At) load_several<Several>(x[k], i, &value[0][k], I);
  }
  if (At >= 0) add_denoised<Several>(x0, At, &value[0][0], I);
    // Everything is read by now: a row may be stored before the next is made.
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    sum_row<Several, I, Dense>(weight[r], used[r], value, sum);
    store_several<Several>(y[r], i, sum);
  }
}

// Input `At` is x0; -1: none is.
template <int I, int R, bool Dense, bool Plain, int At>
void run_rows(const Rows& rows, const From* inputs, const To* outputs, int64_t n) {
  Array<From, I> x;
  Array<To, R> y;
  Array<Array<float, I>, R> weight;
  Array<Array<bool, I>, R> used;
  Denoised x0;
  for (int k = 0; k < I; ++k) x[k] = {inputs[k].data, Plain ? DType::f32 : inputs[k].type};
  for (int r = 0; r < R; ++r) {
    y[r] = Plain ? To{outputs[r].data, DType::f32, false} : outputs[r];
    for (int k = 0; k < I; ++k) {
      weight[r][k] = rows.weight[r][k];
      if (!Dense) used[r][k] = rows.used[r][k];
    }
  }
  if (At >= 0) x0 = rows.denoised;
  constexpr int kSeveral = Plain && Dense ? 1 : I <= 6 ? 4 : 2;
  int64_t i = 0;
  for (; i + kSeveral * kLanes <= n; i += kSeveral * kLanes) {
    run_vectors<kSeveral, Dense, At, I, R>(x, y, weight, used, x0, i);
  }
  if (Plain && !Dense) {
    for (; i + kLanes <= n; i += kLanes) run_vectors<1, Dense, At, I, R>(x, y, weight, used, x0, i);
  }
  if (i < n) run_rest(rows, inputs, outputs, i, n);
}

// With x0 in the middle: beside sample and prediction, or beside the prediction alone.
template <int I, int R, bool Dense, bool Plain>
RunRows rows_with_denoised(int denoised) {
  if constexpr (I >= 2 && I <= 5 && R <= 3) {
    if (denoised == 1) return run_rows<I, R, Dense, Plain, 1>;
    if constexpr (I >= 3) {
      if (denoised == 2) return run_rows<I, R, Dense, Plain, 2>;
    }
  }
  return denoised < 0 ? run_rows<I, R, Dense, Plain, -1> : run_many_rows;
}

template <int I, int R>
RunRows rows_of(const Shape& shape) {
  const int x0 = shape.denoised;
  if (shape.dense) {
    return shape.plain ? rows_with_denoised<I, R, true, true>(x0)
                       : rows_with_denoised<I, R, true, false>(x0);
  }
  return shape.plain ? rows_with_denoised<I, R, false, true>(x0)
                     : rows_with_denoised<I, R, false, false>(x0);
}

template <int I>
RunRows rows_of(const Shape& shape) {
  switch (shape.rows) {
    case 1:
      return rows_of<I, 1>(shape);
    case 2:
      return rows_of<I, 2>(shape);
    case 3:
      return rows_of<I, 3>(shape);
    case 4:
      return rows_of<I, 4>(shape);
    default:
      return run_many_rows;
  }
}

RunRows choose_rows(const Shape& shape) {
  switch (shape.inputs) {
    case 1:
      return rows_of<1>(shape);
    case 2:
      return rows_of<2>(shape);
    case 3:
      return rows_of<3>(shape);
    case 4:
      return rows_of<4>(shape);
    case 5:
      return rows_of<5>(shape);
    case 6:
      return rows_of<6>(shape);
    case 7:
      return rows_of<7>(shape);
    case 8:
      return rows_of<8>(shape);
    default:
      return run_many_rows;
  }
}
