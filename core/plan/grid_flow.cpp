// Grids over flow sigmas in (0, 1]: shifted, stretched, inverted.

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "grid_parts.hpp"
#include "math.hpp"

namespace sched {

namespace {

double shifted(double shift, double sigma) { return shift * sigma / (1.0 + (shift - 1.0) * sigma); }

// Esser et al. 2024, arXiv:2403.03206: the shift for a resolution, mu its logarithm.
double dynamically_shifted(TimeShift kind, double mu, double sigma) {
  const double m = kind == TimeShift::exponential ? std::exp(mu) : mu;
  return m / (m + (1.0 / sigma - 1.0));
}

std::vector<double> unshifted_sigmas(const GridSpec& spec, const NoiseSchedule& schedule,
                                     const GridRequest& request) {
  const double train_steps = schedule.train_steps();
  if (!request.sigmas.empty()) {
    check_falling("sigmas", request.sigmas, 1.0, 1e-9);
    return request.sigmas;
  }
  if (!request.timesteps.empty()) {
    check_falling("timesteps", request.timesteps, train_steps, 1e-6);
    std::vector<double> sigmas = request.timesteps;
    for (double& sigma : sigmas) sigma /= train_steps;
    return sigmas;
  }
  if (spec.counts_points && request.num_steps < 2) {
    fail(Status::steps, "num_steps is ", request.num_steps,
         "; it counts the points of the schedule here, and must be at least 2");
  }
  const int n = checked_steps(request.num_steps - (spec.counts_points ? 1 : 0), kMaxSteps);
  if (spec.to_zero) {
    std::vector<double> sigmas = linspace(1.0, 0.0, n + 1);
    sigmas.pop_back();
    return sigmas;
  }
  if (spec.whole_range) {
    std::vector<double> sigmas = linspace(1.0, 1.0 / train_steps, n + 1);
    if (spec.shift_from_one) {
      std::reverse(sigmas.begin(), sigmas.end());
      for (double& sigma : sigmas) sigma = 1.0 - sigma;
    }
    sigmas.pop_back();
    return sigmas;
  }
  // diffusers: the end points are shifted once here and all points once more below.
  const bool first_shift = spec.shift_twice && !spec.dynamic_shift;
  const double low = first_shift ? shifted(spec.shift, 1.0 / train_steps) : 1.0 / train_steps;
  std::vector<double> sigmas = linspace(train_steps, low * train_steps, n);
  for (double& sigma : sigmas) sigma /= train_steps;
  return sigmas;
}

void stretch_to_terminal(std::vector<double>& sigmas, double terminal) {
  const double scale = (1.0 - sigmas.back()) / (1.0 - terminal);
  if (!(scale > 0.0)) {
    fail(Status::steps, "shift_terminal needs at least two steps: the last sigma is ",
         sigmas.back(), " and cannot be stretched");
  }
  for (double& sigma : sigmas) sigma = 1.0 - (1.0 - sigma) / scale;
}

double flow_shift(const GridSpec& spec, const GridRequest& request) {
  if (spec.dynamic_shift && !request.mu) {
    fail(Status::conflict, "mu must be given, since use_dynamic_shifting is true");
  }
  if (!spec.dynamic_shift && request.mu) {
    fail(Status::conflict, "mu was given, but use_dynamic_shifting is false");
  }
  if (spec.dynamic_shift && spec.time_shift == TimeShift::linear && !(*request.mu > 0.0)) {
    fail(Status::value, "mu is ", *request.mu, "; with time_shift_type linear it must be above 0");
  }
  return spec.shift;
}

// Sigmas as the caller gives them, where the loop ends included.
Points custom_points(const GridSpec& spec, const NoiseSchedule& schedule,
                     const GridRequest& request) {
  Points points = custom_sigma_points(spec, schedule, request);
  if (spec.counts_points && points.sigmas.back() != 0.0) {
    fail(Status::timesteps, "sigmas must end at 0, but end at ", points.sigmas.back());
  }
  return points;
}

Points flow_points(const GridSpec& spec, const NoiseSchedule& schedule,
                   const GridRequest& request) {
  if (spec.sigmas_with_end && !request.sigmas.empty()) {
    return custom_points(spec, schedule, request);
  }
  const double shift = flow_shift(spec, request);
  Points points{{}, unshifted_sigmas(spec, schedule, request)};
  for (double& sigma : points.sigmas) {
    sigma = spec.dynamic_shift ? dynamically_shifted(spec.time_shift, *request.mu, sigma)
                               : shifted(shift, sigma);
  }
  if (spec.shift_terminal) stretch_to_terminal(points.sigmas, *spec.shift_terminal);
  if (spec.shape != SigmaShape::none) {
    const double high = spec.sigma_max.value_or(points.sigmas.front());
    const double low = spec.sigma_min.value_or(points.sigmas.back());
    check_sigma_range(high, low);
    points.sigmas = shaped_sigmas(spec, high, low, static_cast<int>(points.sigmas.size()));
  }
  if (spec.nudge_first && std::fabs(points.sigmas.front() - 1.0) < 1e-6) {
    points.sigmas.front() -= 1e-6;
  }
  for (double& sigma : points.sigmas) {
    if (spec.inverted) sigma = 1.0 - sigma;
    points.times.push_back(rounded_time_of(spec, schedule, sigma));
  }
  if (spec.keeps_custom_times && !request.timesteps.empty() && !spec.inverted) {
    points.times = request.timesteps;
  }
  points.sigmas.push_back(spec.inverted ? 1.0 : final_sigma(spec, schedule, points.sigmas.back()));
  return points;
}

}  // namespace

void grid_of_flow(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                  TimeGrid& grid) {
  levels_from_sigmas(spec, schedule, flow_points(spec, schedule, request), grid);
}

}  // namespace sched
