#include "noise_schedule.hpp"

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "math.hpp"

namespace sched {

namespace {

constexpr double kMaxBeta = 0.999;

// alpha_bar as a function of t in [0, 1].
double laplace(double t) {  // Hang and Gu 2024, arXiv:2407.03297
  const double log_snr =
      -0.5 * std::copysign(1.0, 0.5 - t) * std::log(1.0 - 2.0 * std::fabs(0.5 - t) + 1e-6);
  const double snr = std::exp(log_snr);
  return std::sqrt(snr / (1.0 + snr));
}
double exponential(double t) { return std::exp(t * -12.0); }

// cos^2 at evenly spaced angles: Nichol and Dhariwal 2021, arXiv:2102.09672, eq. 17.  A
// thousand cosines would be most of the cost of sched_create, so between exact ones the
// angle is turned by its fixed step, 15 times, which loses less than 1e-14.
class Cosine {
 public:
  explicit Cosine(int count)
      : step_(kPi / 2.0 / 1.008 / count), turn_cos_(std::cos(step_)), turn_sin_(std::sin(step_)) {}

  double operator()(int i) {
    if (i % 16 == 0) {
      const double angle = i * step_ + 0.008 / 1.008 * kPi / 2.0;
      cos_ = std::cos(angle);
      sin_ = std::sin(angle);
    } else {
      const double c = cos_ * turn_cos_ - sin_ * turn_sin_;
      sin_ = sin_ * turn_cos_ + cos_ * turn_sin_;
      cos_ = c;
    }
    return cos_ * cos_;
  }

 private:
  double step_, turn_cos_, turn_sin_;
  double cos_ = 1.0;
  double sin_ = 0.0;
};

// `alpha_bar` is asked for 0 .. count, in order.
template <typename AlphaBar>
List<double> betas_for(AlphaBar alpha_bar, int count) {
  List<double> betas(static_cast<std::size_t>(count));
  double here = alpha_bar(0);
  for (int i = 0; i < count; ++i) {
    const double there = alpha_bar(i + 1);
    betas[static_cast<std::size_t>(i)] = std::min(1.0 - there / here, kMaxBeta);
    here = there;
  }
  return betas;
}

List<double> betas_for(double (*alpha_bar)(double), int count) {
  return betas_for([=](int i) { return alpha_bar(static_cast<double>(i) / count); }, count);
}

List<double> make_betas(const ScheduleSpec& spec) {
  const int n = spec.train_steps;
  List<double> betas;
  switch (spec.kind) {
    case BetaSchedule::trained:
      return spec.trained_betas;
    case BetaSchedule::squaredcos_cap_v2:
      return betas_for(Cosine(n), n);
    case BetaSchedule::laplace:
      return betas_for(laplace, n);
    case BetaSchedule::exp:
      return betas_for(exponential, n);
    case BetaSchedule::linear:
      return linspace(spec.beta_start, spec.beta_end, n);
    case BetaSchedule::scaled_linear:
      betas = linspace(std::sqrt(spec.beta_start), std::sqrt(spec.beta_end), n);
      for (double& beta : betas) beta *= beta;
      return betas;
    case BetaSchedule::sigmoid:
      betas = linspace(-6.0, 6.0, n);
      for (double& beta : betas) {
        beta = spec.beta_start + (spec.beta_end - spec.beta_start) / (1.0 + std::exp(-beta));
      }
      return betas;
  }
  return betas;
}

// Shifts and scales sqrt(alpha_bar) so that the last is zero and the first unchanged
// (Lin et al. 2023, algorithm 1).
void rescale_to_zero_snr(List<double>& alpha_bar) {
  const double first = std::sqrt(alpha_bar.front());
  const double last = std::sqrt(alpha_bar.back());
  for (double& value : alpha_bar) {
    const double root = (std::sqrt(value) - last) * (first / (first - last));
    value = root * root;
  }
}

}  // namespace

NoiseSchedule::NoiseSchedule(const ScheduleSpec& spec) : train_steps_(spec.train_steps) {
  if (spec.flow || spec.tableless) return;
  alpha_bar_ = make_betas(spec);
  double product = 1.0;
  for (double& value : alpha_bar_) {
    if (!(value >= 0.0 && value < 1.0)) {
      fail(Status::value, "betas must lie in [0, 1), but one is ", value,
           ": check beta_start, beta_end or trained_betas");
    }
    product *= 1.0 - value;
    value = product;
  }
  if (spec.snr_shift != 1.0) {
    for (double& value : alpha_bar_) {
      value = value / (spec.snr_shift + (1.0 - spec.snr_shift) * value);
    }
  }
  if (spec.zero_snr == ZeroSnr::off) return;
  if (!(alpha_bar_.front() > alpha_bar_.back())) {
    fail(Status::conflict, "rescale_betas_zero_snr needs betas that add noise");
  }
  rescale_to_zero_snr(alpha_bar_);
  if (spec.zero_snr == ZeroSnr::smallest) alpha_bar_.back() = std::ldexp(1.0, -24);
}

double NoiseSchedule::sigma(int timestep) const {
  const double a = alpha_bar(timestep);
  return std::sqrt((1.0 - a) / a);
}

double NoiseSchedule::sigma_at(double timestep) const {
  if (!(timestep > 0.0)) return sigma(0);
  if (timestep >= train_steps_ - 1) return sigma(train_steps_ - 1);
  const int below = static_cast<int>(timestep);
  const double low = sigma(below);
  const double rest = timestep - below;
  return rest == 0.0 ? low : low + rest * (sigma(below + 1) - low);
}

double NoiseSchedule::sigma_between(double timestep) const {
  const int below = std::clamp(static_cast<int>(timestep), 0, train_steps_ - 1);
  const double rest = timestep - below;
  if (!(rest > 0.0) || below == train_steps_ - 1) return sigma(below);
  return std::exp((1.0 - rest) * std::log(sigma(below)) + rest * std::log(sigma(below + 1)));
}

double NoiseSchedule::timestep_of(double sigma_value) const {
  if (train_steps_ < 2) return 0.0;
  const double target = std::max(sigma_value, 1e-10);
  // First timestep whose sigma is above the target; alpha_bar falls, so sigma grows.
  const auto above = std::partition_point(alpha_bar_.begin(), alpha_bar_.end(), [&](double a) {
    return std::sqrt((1.0 - a) / a) <= target;
  });
  const int last_low = train_steps_ - 2;
  const int low = std::clamp(static_cast<int>(above - alpha_bar_.begin()) - 1, 0, last_low);
  const double log_low = std::log(sigma(low));
  const double log_high = std::log(sigma(low + 1));
  const double place = (log_low - std::log(target)) / (log_low - log_high);
  // Not a number between two levels that are the same, or above one of zero.
  const double w = std::isnan(place) ? 1.0 : std::clamp(place, 0.0, 1.0);
  return (1.0 - w) * low + w * (low + 1);
}

int NoiseSchedule::count_below(double log_snr) const {
  const auto first_below =
      std::partition_point(alpha_bar_.begin(), alpha_bar_.end(),
                           [&](double a) { return level_from_alpha_bar(a).log_snr() >= log_snr; });
  return static_cast<int>(alpha_bar_.end() - first_below);
}

}  // namespace sched
