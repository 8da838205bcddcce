// Grids over a continuous time in [0, 1] whose noise levels are a formula of it: the
// cosine of Wuerstchen, the sine of iPNDM.

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "grid_parts.hpp"
#include "math.hpp"

namespace sched {

namespace {

constexpr double kHalfPi = 1.57079632679489661923;

void append(TimeGrid& grid, double time, const NoiseLevel& from, const NoiseLevel& to) {
  if (grid.sigmas.empty()) grid.sigmas.push_back(from.ve_sigma());
  grid.steps.push_back({time, from, to});
  grid.sigmas.push_back(to.ve_sigma());
}

// Nichol and Dhariwal 2021, arXiv:2102.09672, eq. 17; the power is Wuerstchen's scaler
// (Pernias et al. 2023, arXiv:2306.00637).
NoiseLevel cosine_level(const GridSpec& spec, double time) {
  const double power = spec.cosine_power;
  const double t = power > 1.0 ? 1.0 - std::pow(1.0 - time, power) : std::pow(time, power);
  const double s = spec.cosine_offset;
  const double root = std::cos((t + s) / (1.0 + s) * kHalfPi) / std::cos(s / (1.0 + s) * kHalfPi);
  return level_from_alpha_bar(std::clamp(root * root, 0.0001, 0.9999));
}

// Falling times, where the loop ends included.
List<double> cosine_times(const GridRequest& request) {
  if (request.timesteps.empty()) {
    return linspace(1.0, 0.0, checked_steps(request.num_steps, kMaxSteps) + 1);
  }
  check_falling("timesteps", request.timesteps, 1.0, 0.0);
  if (request.timesteps.size() < 2 || request.timesteps.back() != 0.0) {
    fail(Status::timesteps,
         "timesteps must have two entries or more, the last being 0, where the "
         "loop ends; end_step stops earlier");
  }
  return request.timesteps;
}

// iPNDM (Zhang and Chen 2022, arXiv:2204.13902): sigma = sin^2, alpha = sqrt(1 - sigma^2).
NoiseLevel sine_level(double time) {
  const double sine = std::sin(time * kHalfPi);
  const double cosine = std::sin((1.0 - time) * kHalfPi);
  return {cosine * std::sqrt(1.0 + sine * sine), sine * sine};
}

NoiseLevel given_level(double sigma) { return {std::sqrt((1.0 - sigma) * (1.0 + sigma)), sigma}; }

std::vector<NoiseLevel> sine_levels(const GridSpec& spec, const GridRequest& request) {
  const int n = checked_steps(request.num_steps, kMaxSteps);
  std::vector<NoiseLevel> levels;
  if (spec.given_sigmas.empty()) {
    for (const double time : linspace(1.0, 0.0, n + 1)) levels.push_back(sine_level(time));
    return levels;
  }
  const std::size_t most = spec.given_sigmas.size() - 1;
  if (static_cast<std::size_t>(n) != most) {
    fail(Status::steps, "num_steps is ", n, ", but trained_betas lists the levels of ", most,
         " steps, the end included");
  }
  for (const double sigma : spec.given_sigmas) levels.push_back(given_level(sigma));
  return levels;
}

}  // namespace

void grid_of_cosine(const GridSpec& spec, const GridRequest& request, TimeGrid& grid) {
  const List<double> times = cosine_times(request);
  for (std::size_t i = 0; i + 1 < times.size(); ++i) {
    append(grid, times[i], cosine_level(spec, times[i]), cosine_level(spec, times[i + 1]));
  }
}

void grid_of_sine(const GridSpec& spec, const GridRequest& request, TimeGrid& grid) {
  const std::vector<NoiseLevel> levels = sine_levels(spec, request);
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
    const double time = std::atan2(levels[i].sigma, levels[i].alpha) / kHalfPi;
    append(grid, time, levels[i], levels[i + 1]);
  }
}

}  // namespace sched
