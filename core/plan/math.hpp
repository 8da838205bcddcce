// The numerics that planning shares: each formula has its one home here.

#pragma once

#include "../memory.hpp"
#include "few.hpp"

namespace sched {

constexpr double kPi = 3.14159265358979323846;

// `count` points from `first` to `last`, both included; `first` alone for one point.
List<double> linspace(double first, double last, int count);

// Rounds halves to the even neighbour, as numpy and torch do.
double round_half_even(double value);

// sqrt(a^2 + b^2) to less than one rounding (Borges 2019, arXiv:1904.09481), the same bits on every
// machine: std::hypot() has others where it is made with fused multiplications.
double hypotenuse(double a, double b);

// The x at which the regularised incomplete beta function I_x(a, b) is p.
double beta_quantile(double p, double a, double b);

// The x below which a normal variable lies with probability p, 0 < p < 1.
double normal_quantile(double p);

// Integrates f from `from` to `to`: four-point Gauss-Legendre, exact up to degree 7
// (Abramowitz and Stegun, 25.4.30).
template <typename Function>
double gauss_legendre(double from, double to, Function f) {
  constexpr double abscissa[4] = {-0.861136311594052575224, -0.339981043584856264803,
                                  0.339981043584856264803, 0.861136311594052575224};
  constexpr double weight[4] = {0.347854845137453857373, 0.652145154862546142627,
                                0.652145154862546142627, 0.347854845137453857373};
  const double half = 0.5 * (to - from);
  const double middle = 0.5 * (to + from);
  double sum = 0.0;
  for (int g = 0; g < 4; ++g) sum += weight[g] * f(middle + half * abscissa[g]);
  return half * sum;
}

// The Lagrange polynomial through `nodes` that is 1 at nodes[which].
double lagrange(const Few<double>& nodes, int which, double x);

// Integrates the Lagrange polynomial through `nodes` that is 1 at nodes[which], from
// `from` to `to`.  Exact for up to 8 nodes (Gauss-Legendre of degree 7).
double integrate_lagrange(const Few<double>& nodes, int which, double from, double to);

// The functions of exponential integrators, k from 1 (Hochbruck and Ostermann 2010,
// doi:10.1017/S0962492910000048, eq. 2.10):
//   phi_k(z) = integral_0^1 e^(z (1 - u)) u^(k-1) / (k - 1)! du,   phi_1 = (e^z - 1) / z
// Exact to a few roundings for every finite z, z = 0 included.
double phi(int k, double z);

// integral_0^1 e^(z (1 - u)) L(u) du for the Lagrange polynomial L through `nodes` that
// is 1 at nodes[which].
double integrate_exponential_lagrange(const Few<double>& nodes, int which, double z);

// Solves the n x n system a x = b, row-major, n <= 8; x replaces b.  Returns false
// where a is singular.  Lives beside the BLAS kernel, since OpenBLAS's LAPACK does it.
bool solve_linear(int n, double* a, double* b);

}  // namespace sched
