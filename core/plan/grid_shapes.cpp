// Shapes of a grid: how sigmas, or the timesteps at which they are looked up, are spread.

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "grid_parts.hpp"
#include "math.hpp"

namespace sched {

namespace {

using Sigmas = List<double>;

// A repeated sigma would be a step of no length, and divided differences over it.
Sigmas without_repeats(Sigmas sigmas) {
  sigmas.erase(std::unique(sigmas.begin(), sigmas.end()), sigmas.end());
  return sigmas;
}

// The ends exactly: one unit more than 1 would be a negative alpha in the flow frame.
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

// `levels` at evenly spread places, log sigma between them linear.
Sigmas resampled(const Sigmas& levels, int points) {
  if (levels.size() < 2) fail(Status::value, "levels must have two entries or more");
  if (!(levels.back() > 0.0)) fail(Status::value, "levels must be above 0");
  checked_to_fall(levels, " in levels");
  const double last = static_cast<double>(levels.size() - 1);
  Sigmas sigmas = linspace(0.0, last, points);
  for (double& s : sigmas) {
    const auto below = static_cast<std::size_t>(s);
    const double rest = s - std::floor(s);
    s = rest == 0.0
            ? levels[below]
            : std::exp((1.0 - rest) * std::log(levels[below]) + rest * std::log(levels[below + 1]));
  }
  return sigmas;
}

// Song et al. 2021, arXiv:2011.13456, appendix C: the continuous VP schedule.
Sigmas variance_preserving(const GridSpec& spec, int count) {
  Sigmas sigmas = linspace(1.0, spec.vp_eps_s, count);
  for (double& s : sigmas) {
    s = std::sqrt(std::expm1((0.5 * spec.vp_beta_d * s + spec.vp_beta_min) * s));
  }
  return sigmas;
}

void check_no_range(const GridSpec& spec) {
  if (!spec.sigma_min && !spec.sigma_max) return;
  fail(Status::conflict, "sigma_min and sigma_max are not used by this sigma shape");
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
      if (spec.levels_without_end) return resampled(spec.levels, count);
      return before_end([&](int points) { return resampled(spec.levels, points); });
    default:
      return pinned(sigmas_along(spec, high, low, linspace(0.0, 1.0, count)), high, low);
  }
}

// ---------------------------------------------------------------------- over timesteps

bool is_over_timesteps(SigmaShape shape) { return shape >= SigmaShape::normal; }

namespace {

List<double> sgm_uniform(double high, double low, int count) {
  List<double> times = linspace(high, low, count + 1);
  times.pop_back();
  return times;
}

// Every k-th timestep from the top.
List<double> simple(int train_steps, int count) {
  List<double> times;
  times.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    times.push_back(train_steps - 1.0 - std::floor(i * (static_cast<double>(train_steps) / count)));
  }
  return times;
}

// Every k-th timestep from 1 up: one or more too many where the stride is rounded.
List<double> ddim_uniform(int train_steps, int count) {
  const int stride = std::max(train_steps / count, 1);
  List<double> times;
  for (int t = 1; t < train_steps; t += stride) times.push_back(t);
  if (times.empty()) times.push_back(0.0);
  std::reverse(times.begin(), times.end());
  return times;
}

List<double> beta_times(const GridSpec& spec, int train_steps, int count) {
  List<double> times;
  for (int i = 0; i < count; ++i) {
    const double left = 1.0 - static_cast<double>(i) / count;
    const double place = beta_quantile(left, spec.beta_alpha, spec.beta_beta);
    times.push_back(round_half_even(place * (train_steps - 1)));
  }
  return times;
}

// stable-diffusion.cpp's: the cubic that is flat at both ends.
List<double> smoothstep(int train_steps, int count) {
  List<double> times;
  for (int i = 0; i < count; ++i) {
    const double left = 1.0 - static_cast<double>(i) / count;
    times.push_back(std::round(left * left * (3.0 - 2.0 * left) * (train_steps - 1)));
  }
  return times;
}

}  // namespace

List<double> shaped_times(const GridSpec& spec, int train_steps, double low, int count) {
  check_no_range(spec);
  const double high = train_steps - 1.0;
  switch (spec.shape) {
    case SigmaShape::sgm_uniform:
      return without_repeats(sgm_uniform(high, low, count));
    case SigmaShape::simple:
      return without_repeats(simple(train_steps, count));
    case SigmaShape::ddim_uniform:
      return ddim_uniform(train_steps, count);
    case SigmaShape::beta_timesteps:
      return without_repeats(beta_times(spec, train_steps, count));
    case SigmaShape::smoothstep:
      return without_repeats(smoothstep(train_steps, count));
    default:
      return without_repeats(linspace(high, low, count));
  }
}

// ---------------------------------------------------------------------------- tables

List<double> align_your_steps_levels(AlignYourSteps model) {
  switch (model) {
    case AlignYourSteps::sd1:
      return {14.6146412293, 6.4745760956, 3.8636745985, 2.6946151520, 1.8841921177, 1.3943805092,
              0.9642583904,  0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582};
    case AlignYourSteps::sdxl:
      return {14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141,
              0.5550693289,  0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582};
    case AlignYourSteps::svd:
      break;
  }
  return {700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002};
}

}  // namespace sched
