#include "math.hpp"

#include <cmath>
#include <limits>

namespace sched {

List<double> linspace(double first, double last, int count) {
  List<double> points(static_cast<std::size_t>(count), first);
  if (count < 2) return points;
  const double step = (last - first) / (count - 1);
  for (int i = 1; i < count; ++i) points[static_cast<std::size_t>(i)] = first + i * step;
  points.back() = last;
  return points;
}

double hypotenuse(double a, double b) {
  const double x = std::fmax(std::fabs(a), std::fabs(b));
  const double y = std::fmin(std::fabs(a), std::fabs(b));
  // Zero, infinity, and what squares to neither.
  constexpr double kSmall = 1e-140, kLarge = 1e140;
  if (!(y > kSmall && x < kLarge)) return std::hypot(a, b);
  const double h = std::sqrt(x * x + y * y);
  // What h^2 - x^2 - y^2 is, without cancellation.
  double excess = 0.0;
  if (h <= 2.0 * y) {
    const double d = h - y;
    excess = x * (2.0 * d - x) + (d - 2.0 * (x - y)) * d;
  } else {
    const double d = h - x;
    excess = 2.0 * d * (x - 2.0 * y) + ((4.0 * d - y) * y + d * d);
  }
  return h - excess / (2.0 * h);
}

double round_half_even(double value) {
  const double down = std::floor(value);
  const double rest = value - down;
  if (rest < 0.5) return down;
  if (rest > 0.5) return down + 1.0;
  return std::fmod(down, 2.0) == 0.0 ? down : down + 1.0;
}

namespace {

// Continued fraction of the incomplete beta function (DLMF 8.17.22), by the method of
// Lentz.  Converges quickly for x < (a + 1) / (a + b + 2).
double beta_fraction(double x, double a, double b) {
  constexpr double tiny = 1e-300;
  constexpr double epsilon = 1e-17;
  double c = 1.0;
  double d = 1.0 / (1.0 - (a + b) * x / (a + 1.0));
  double fraction = d;
  for (int m = 1; m < 500; ++m) {
    const double m2 = 2.0 * m;
    for (const double numerator : {m * (b - m) * x / ((a + m2 - 1.0) * (a + m2)),
                                   -(a + m) * (a + b + m) * x / ((a + m2) * (a + m2 + 1.0))}) {
      d = 1.0 + numerator * d;
      c = 1.0 + numerator / c;
      d = 1.0 / (std::fabs(d) < tiny ? tiny : d);
      c = std::fabs(c) < tiny ? tiny : c;
      fraction *= d * c;
    }
    if (std::fabs(d * c - 1.0) < epsilon) break;
  }
  return fraction;
}

double log_beta(double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); }

double beta_cumulative(double x, double a, double b) {
  if (x <= 0.0) return 0.0;
  if (x >= 1.0) return 1.0;
  const double front = std::exp(a * std::log(x) + b * std::log1p(-x) - log_beta(a, b));
  if (x < (a + 1.0) / (a + b + 2.0)) return front * beta_fraction(x, a, b) / a;
  return 1.0 - front * beta_fraction(1.0 - x, b, a) / b;
}

}  // namespace

double beta_quantile(double p, double a, double b) {
  if (p <= 0.0) return 0.0;
  if (p >= 1.0) return 1.0;
  // Exact, since a quantile is rounded to a timestep: the middle one of 999 is at a half.
  if (p == 0.5 && a == b) return 0.5;
  // The lower half keeps its relative accuracy; the upper half is its mirror image.
  if (p > beta_cumulative(0.5, a, b)) return 1.0 - beta_quantile(1.0 - p, b, a);
  double low = 0.0;
  double high = 0.5;
  // I_x ~ x^a / (a B(a, b)) near zero starts Newton's method; bisection keeps it in bounds.
  double x = std::fmin(0.5, std::exp((std::log(p * a) + log_beta(a, b)) / a));
  for (int i = 0; i < 100; ++i) {
    const double error = beta_cumulative(x, a, b) - p;
    (error > 0.0 ? high : low) = x;
    const double density =
        std::exp((a - 1.0) * std::log(x) + (b - 1.0) * std::log1p(-x) - log_beta(a, b));
    double better = x - error / density;
    if (!(better > low && better < high)) better = 0.5 * (low + high);
    if (std::fabs(better - x) <= 2.0 * std::numeric_limits<double>::epsilon() * x) return better;
    x = better;
  }
  return x;
}

double normal_quantile(double p) {
  if (p > 0.5) return -normal_quantile(1.0 - p);
  // Below the middle the distribution is convex: Newton's steps from there only go down.
  double x = 0.0;
  for (int i = 0; i < 1000; ++i) {
    const double density = std::exp(-0.5 * x * x) / std::sqrt(2.0 * kPi);
    const double better = x - (0.5 * std::erfc(-x * std::sqrt(0.5)) - p) / density;
    if (!(better < x)) break;
    x = better;
  }
  return x;
}

double lagrange(const Few<double>& nodes, int which, double x) {
  double product = 1.0;
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    if (static_cast<int>(k) == which) continue;
    product *= (x - nodes[k]) / (nodes[static_cast<std::size_t>(which)] - nodes[k]);
  }
  return product;
}

double integrate_lagrange(const Few<double>& nodes, int which, double from, double to) {
  return gauss_legendre(from, to, [&](double x) { return lagrange(nodes, which, x); });
}

double phi(int k, double z) {
  double factorial = 1.0;  // of k
  if (std::fabs(z) > 4.0) {
    // phi_(i+1) = (phi_i - 1 / i!) / z divides errors by z.
    double value = std::expm1(z) / z;
    for (int i = 1; i < k; ++i) {
      factorial *= i;
      value = (value - 1.0 / factorial) / z;
    }
    return value;
  }
  for (int i = 2; i <= k; ++i) factorial *= i;
  // Taylor's series for z >= 0; below, Kummer's transformation of it (DLMF 13.2.39): all
  // terms are positive, so that nothing cancels.
  double term = (z < 0.0 ? std::exp(z) : 1.0) / factorial;
  double sum = term;
  for (int j = 1; term > 0.25 * std::numeric_limits<double>::epsilon() * sum; ++j) {
    const double ratio = z < 0.0 ? (k + j - 1.0) / j : 1.0;
    term *= std::fabs(z) * ratio / (k + j);
    sum += term;
  }
  return sum;
}

double integrate_exponential_lagrange(const Few<double>& nodes, int which, double z) {
  double coefficient[8] = {1.0};  // of the powers of u
  int degree = 0;
  const double own = nodes[static_cast<std::size_t>(which)];
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    if (static_cast<int>(k) == which) continue;
    const double distance = own - nodes[k];
    coefficient[++degree] = 0.0;
    for (int i = degree; i >= 0; --i) {
      const double lower = i > 0 ? coefficient[i - 1] : 0.0;
      coefficient[i] = (lower - nodes[k] * coefficient[i]) / distance;
    }
  }
  double sum = 0.0;
  double factorial = 1.0;
  for (int i = 0; i <= degree; ++i) {
    if (i > 1) factorial *= i;
    sum += coefficient[i] * factorial * phi(i + 1, z);
  }
  return sum;
}

}  // namespace sched
