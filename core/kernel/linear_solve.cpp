// The small dense systems of UniPC, by OpenBLAS's LAPACK where it is there.

#include <cmath>

#include "../plan/math.hpp"

namespace sched {

namespace {

// Two unknowns: the bits of LAPACK's answer, which takes a lock and costs more to ask for than to
// work out.  Columns are exchanged, since LAPACK is given the transpose.
bool solve_two(const double* a, double* b) {
  const int first = std::fabs(a[1]) > std::fabs(a[0]) ? 1 : 0;
  const int second = 1 - first;
  if (a[first] == 0.0) return false;
  const double factor = a[second] / a[first];
  const double pivot = a[2 + second] - factor * a[2 + first];
  if (pivot == 0.0) return false;
  const double start = b[0] / a[first];
  const double end = (b[1] - a[2 + first] * start) / pivot;
  b[first] = start - factor * end;
  b[second] = end;
  return true;
}

}  // namespace

}  // namespace sched

#if defined(SCHED_HAVE_BLAS)

// The Fortran symbols of LAPACK, which libopenblas carries without a header.
extern "C" {
void dgetrf_(const int* rows, const int* columns, double* a, const int* stride, int* pivots,
             int* info);
void dgetrs_(const char* form, const int* order, const int* right_sides, const double* a,
             const int* stride, const int* pivots, double* b, const int* b_stride, int* info);
}

namespace sched {

bool solve_linear(int n, double* a, double* b) {
  if (n == 2) return solve_two(a, b);
  int pivots[8];
  int info = 0;
  const int one = 1;
  // LAPACK reads columns, so what it sees is the transpose: solve with that transposed.
  dgetrf_(&n, &n, a, &n, pivots, &info);
  if (info != 0) return false;
  dgetrs_("T", &n, &one, a, &n, pivots, b, &n, &info);
  return info == 0;
}

}  // namespace sched

#else

#include <utility>

namespace sched {

// Gaussian elimination with partial pivoting.
bool solve_linear(int n, double* a, double* b) {
  if (n == 2) return solve_two(a, b);
  for (int column = 0; column < n; ++column) {
    int pivot = column;
    for (int row = column + 1; row < n; ++row) {
      if (std::fabs(a[row * n + column]) > std::fabs(a[pivot * n + column])) pivot = row;
    }
    if (!(std::fabs(a[pivot * n + column]) > 0.0)) return false;
    for (int k = 0; k < n; ++k) std::swap(a[pivot * n + k], a[column * n + k]);
    std::swap(b[pivot], b[column]);
    for (int row = column + 1; row < n; ++row) {
      const double factor = a[row * n + column] / a[column * n + column];
      for (int k = column; k < n; ++k) a[row * n + k] -= factor * a[column * n + k];
      b[row] -= factor * b[column];
    }
  }
  for (int row = n - 1; row >= 0; --row) {
    for (int k = row + 1; k < n; ++k) b[row] -= a[row * n + k] * b[k];
    b[row] /= a[row * n + row];
  }
  return true;
}

}  // namespace sched

#endif
