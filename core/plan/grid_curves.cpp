// The shapes that reForge has besides those of k-diffusion (Panchovix 2024): curves from the
// largest sigma to the smallest that were found by trying.

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "grid_shapes.hpp"
#include "math.hpp"

namespace sched {

namespace {

using Sigmas = List<double>;

// Half a cosine of the root of the way.
double cosine(double high, double low, double way) {
  return low + 0.5 * (high - low) * (1.0 - std::cos(kPi * (1.0 - std::sqrt(way))));
}

// From the cosine to an exponential on the way.  reForge's newer exponential falls to 0.9 of
// sigma_max whatever sigma_min is, so that the sigmas rise again from three steps on.
double blend(const GridSpec& spec, double high, double low, double way) {
  const double exponential = high * std::pow(spec.blend_decay.value_or(low / high), way);
  const double around = cosine(high, low, way);
  return around + way * (exponential - around);
}

// Karras et al. 2022 with a power that goes from rho + 2 to rho - 2 and back.
double karras_dynamic(const GridSpec& spec, double high, double low, double way, double turn) {
  const double from = std::pow(high, 1.0 / spec.rho);
  const double to = std::pow(low, 1.0 / spec.rho);
  return std::pow(from + way * (to - from), spec.rho + 2.0 * std::cos(2.0 * kPi * turn));
}

double powered(double high, double low, double left, double power) {
  return high * std::pow((low + (high - low) * left) / high, power);
}

double point(const GridSpec& spec, double high, double low, double way, double turn) {
  switch (spec.shape) {
    case SigmaShape::cosine:
      return cosine(high, low, way);
    case SigmaShape::cosexpblend:
      return blend(spec, high, low, way);
    case SigmaShape::phi:
      return low + (high - low) * std::pow(1.0 - way, spec.rho);
    case SigmaShape::karras_dynamic:
      return karras_dynamic(spec, high, low, way, turn);
    case SigmaShape::sinusoidal_sf:
      return powered(high, low, 1.0 - std::sin(0.5 * kPi * way), spec.rho);
    case SigmaShape::invcosinusoidal_sf:
      return powered(high, low, 0.5 * (std::cos(kPi * way) + 1.0), spec.rho);
    default:  // react_cosinusoidal_dynsf
      return powered(high, low, std::cos(0.5 * kPi * way), spec.rho * way);
  }
}

}  // namespace

List<double> curve(const GridSpec& spec, double high, double low, int count) {
  const bool rooted = spec.shape == SigmaShape::cosine || spec.shape == SigmaShape::cosexpblend ||
                      spec.shape == SigmaShape::phi;
  // reForge: where a single step has no way to go, these begin at the root of the largest.
  if (count == 1 && rooted) return {std::min(high, std::sqrt(high))};
  Sigmas sigmas = linspace(0.0, 1.0, count);
  for (std::size_t i = 0; i < sigmas.size(); ++i) {
    sigmas[i] = point(spec, high, low, sigmas[i], static_cast<double>(i) / count);
  }
  // The first sigma of the dynamic power is above the largest, or below it.
  if (spec.shape != SigmaShape::karras_dynamic) sigmas.front() = high;
  if (!(std::isfinite(sigmas.front()) && sigmas.back() > 0.0)) {
    fail(Status::conflict, "the sigmas of this shape would go from ", sigmas.front(), " to ",
         sigmas.back(), "; rho does not suit sigma_min and sigma_max");
  }
  return checked_to_fall(without_repeats(sigmas),
                         ": sigma_min, sigma_max, rho or decay do not suit this shape");
}

}  // namespace sched
