// Shapes of a grid: how sigmas, or the timesteps at which they are looked up, are spread.

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "grid_shapes.hpp"
#include "math.hpp"

namespace sched {

using Sigmas = List<double>;

Sigmas without_repeats(Sigmas sigmas) {
  sigmas.erase(std::unique(sigmas.begin(), sigmas.end()), sigmas.end());
  return sigmas;
}

// One unit more than 1 would be a negative alpha in the flow frame.
Sigmas pinned(Sigmas sigmas, double high, double low) {
  if (sigmas.size() > 1) sigmas.back() = low;
  sigmas.front() = high;
  return sigmas;
}

Sigmas checked_to_fall(Sigmas sigmas, const char* reason) {
  for (std::size_t i = 1; i < sigmas.size(); ++i) {
    if (!(sigmas[i] < sigmas[i - 1])) {
      fail(Status::conflict, "the sigmas must fall, but ", sigmas[i], " follows ", sigmas[i - 1],
           reason);
    }
  }
  return sigmas;
}

void check_no_range(const GridSpec& spec) {
  if (!spec.sigma_min && !spec.sigma_max) return;
  fail(Status::conflict, "sigma_min and sigma_max are not used by this sigma shape");
}

bool has_own_sigmas(SigmaShape shape) {
  return shape == SigmaShape::vp || shape == SigmaShape::table || shape == SigmaShape::gits ||
         shape == SigmaShape::logit_normal;
}

namespace {

// ------------------------------------------------------- from the largest to the smallest

// Karras et al. 2022, arXiv:2206.00364, eq. 5.
Sigmas karras(double rho, double high, double low, Sigmas sigmas) {
  const double from = std::pow(high, 1.0 / rho);
  const double to = std::pow(low, 1.0 / rho);
  for (double& s : sigmas) s = std::pow(from + s * (to - from), rho);
  return sigmas;
}

// k-diffusion, Crowson 2022: a power of the way in log sigma; rho 1 is exponential.
Sigmas polyexponential(double rho, double high, double low, int count) {
  Sigmas sigmas = linspace(1.0, 0.0, count);
  for (double& s : sigmas) {
    s = std::exp(std::pow(s, rho) * std::log(high / low) + std::log(low));
  }
  return without_repeats(sigmas);
}

Sigmas exponential(double high, double low, Sigmas sigmas) {
  const double from = std::log(high);
  const double to = std::log(low);
  for (double& s : sigmas) s = std::exp(from + s * (to - from));
  return sigmas;
}

// Lee et al. 2024, arXiv:2407.12173.
Sigmas beta(const GridSpec& spec, double high, double low, Sigmas sigmas) {
  for (double& s : sigmas) {
    s = low + beta_quantile(1.0 - s, spec.beta_alpha, spec.beta_beta) * (high - low);
  }
  return sigmas;
}

// Hang and Gu 2024, arXiv:2407.03297: log sigma by the quantiles of a Laplace distribution.
Sigmas laplace(const GridSpec& spec, double high, double low, int count) {
  constexpr double epsilon = 1e-5;  // ComfyUI's, which bounds the tails
  Sigmas sigmas = linspace(0.0, 1.0, count);
  for (double& s : sigmas) {
    const double away = 0.5 - s;
    const double tail = std::log(1.0 - 2.0 * std::fabs(away) + epsilon);
    const double sign = away > 0.0 ? 1.0 : away < 0.0 ? -1.0 : 0.0;
    s = std::clamp(std::exp(spec.laplace_mu - spec.laplace_beta * sign * tail), low, high);
  }
  return without_repeats(sigmas);
}

// Sabour et al. 2024, arXiv:2404.14507, section 3.1: optimal where the data are Gaussian.
Sigmas kl_optimal(double high, double low, int count) {
  Sigmas sigmas = linspace(std::atan(high), std::atan(low), count);
  for (double& s : sigmas) s = std::tan(s);
  return sigmas;
}

// -------------------------------------------------------- with the end as their last point

// Mochi's (Genmo 2024): 1 - sigma rises along a line to the threshold, then along a
// parabola that continues its slope to 1.
Sigmas linear_quadratic(const GridSpec& spec, double high, int points) {
  const int n = points - 1;
  if (n < 2) return {high, 0.0};
  const int line = spec.linear_steps > 0 ? spec.linear_steps : n / 2;
  if (line >= n) {
    fail(Status::steps, "num_steps is ", n, ", but linear_steps is ", line,
         " and must leave a step for the parabola");
  }
  const double slope = spec.threshold_noise / line;
  const double rest = n - line;
  const double bend = (1.0 - spec.threshold_noise - slope * rest) / (rest * rest);
  Sigmas sigmas;
  for (int i = 0; i < n; ++i) {
    const double past = std::max(0, i - line);
    sigmas.push_back(high * (1.0 - slope * i - bend * past * past));
  }
  sigmas.push_back(0.0);
  return checked_to_fall(sigmas, ": threshold_noise is too large for linear_steps");
}

// One arm of an arc tangent, from `from` to `to`.
void append_arc(double slope, double pivot, double from, double to, int count, Sigmas& sigmas) {
  const auto arc = [&](int i) { return std::atan(slope * (pivot - i)); };
  const double range = arc(0) - arc(count - 1);
  for (int i = 0; i < count; ++i) {
    sigmas.push_back(to + (from - to) * (arc(i) - arc(count - 1)) / range);
  }
}

// RES4LYF's (ClownsharkBatwing 2025): two arc tangents that meet half way, three fifths
// along.
Sigmas bong_tangent(double high, double low, int points) {
  if (points < 3) return {high, low};
  const int all = points + 1;  // the middle counts twice
  const int first = 3 * all / 5;
  const double slope = 0.2 * 40.0 / all;
  const double middle = low + 0.5 * (high - low);
  Sigmas sigmas;
  append_arc(slope, first, high, middle, first, sigmas);
  sigmas.pop_back();
  append_arc(slope, 0.0, middle, low, all - first, sigmas);
  return pinned(sigmas, high, low);
}

// Song et al. 2021, arXiv:2011.13456, appendix C: the continuous VP schedule.
Sigmas variance_preserving(const GridSpec& spec, int count) {
  Sigmas sigmas = linspace(1.0, spec.vp_eps_s, count);
  for (double& s : sigmas) {
    s = std::sqrt(std::expm1((0.5 * spec.vp_beta_d * s + spec.vp_beta_min) * s));
  }
  return sigmas;
}

// Esser et al. 2024, arXiv:2403.03206, section 3.1, as Ideogram's quantiles have it: the
// log SNR is a normal variable, between -15 and 18.
Sigmas logit_normal(const GridSpec& spec, int points) {
  const auto sigmoid = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  Sigmas sigmas = linspace(1.0, 0.0, points);
  for (double& s : sigmas) {
    const double sigma = s >= 1.0 ? 1.0
                         : s <= 0.0
                             ? 0.0
                             : sigmoid(spec.logit_mean + spec.logit_deviation * normal_quantile(s));
    s = std::clamp(sigma, sigmoid(-0.5 * 15.0), sigmoid(0.5 * 18.0));
  }
  return without_repeats(sigmas);
}

List<double> levels_of(const GridSpec& spec, double high) {
  List<double> levels = spec.levels;
  if (!spec.levels_are_parts) return levels;
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) levels[i] *= high;
  return levels;
}

}  // namespace

List<double> sigmas_along(const GridSpec& spec, double high, double low, List<double> positions) {
  switch (spec.shape) {
    case SigmaShape::karras:
      return karras(spec.rho, high, low, std::move(positions));
    case SigmaShape::beta:
      return beta(spec, high, low, std::move(positions));
    default:  // with diffusers' rho of 1, lu is exponential too
      return exponential(high, low, std::move(positions));
  }
}

List<double> shaped_sigmas(const GridSpec& spec, double high, double low, int count) {
  // Shapes that name their end make it too, and it is replaced.
  const bool keeps_end = spec.final_sigma == FinalSigma::shaped;
  const auto before_end = [&](auto shape) {
    Sigmas sigmas = shape(keeps_end ? count : count + 1);
    if (!keeps_end) sigmas.pop_back();
    return sigmas;
  };
  if (spec.shape >= SigmaShape::cosine && spec.shape <= SigmaShape::react_cosinusoidal_dynsf) {
    return curve(spec, high, low, count);
  }
  switch (spec.shape) {
    case SigmaShape::polyexponential:
      return pinned(polyexponential(spec.rho, high, low, count), high, low);
    case SigmaShape::laplace:
      return laplace(spec, high, low, count);
    case SigmaShape::kl_optimal:
      return pinned(kl_optimal(high, low, count), high, low);
    case SigmaShape::linear_quadratic:
      return before_end([&](int points) { return linear_quadratic(spec, high, points); });
    case SigmaShape::bong_tangent:
      return before_end([&](int points) { return bong_tangent(high, low, points); });
    case SigmaShape::vp:
      check_no_range(spec);
      return variance_preserving(spec, count);
    case SigmaShape::table:
      check_no_range(spec);
      if (spec.levels_without_end) return resampled(levels_of(spec, high), count);
      return before_end([&](int points) { return resampled(levels_of(spec, high), points); });
    case SigmaShape::gits:
      check_no_range(spec);
      return before_end([&](int points) { return gits(spec.gits_coefficient, points); });
    case SigmaShape::logit_normal:
      check_no_range(spec);
      return before_end([&](int points) { return logit_normal(spec, points); });
    default:
      return pinned(sigmas_along(spec, high, low, linspace(0.0, 1.0, count)), high, low);
  }
}

}  // namespace sched
