// Grids over sigmas: interpolated at spaced timesteps, then shaped (Euler, DPM-Solver).

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "grid_parts.hpp"
#include "math.hpp"

namespace sched {

namespace {

// Shaped from one end to the other, the last point where the loop ends.
Points even_points(const GridSpec& spec, const NoiseSchedule& schedule,
                   const GridRequest& request) {
  const int n = checked_steps(request.num_steps, kMaxSteps);
  const double high = spec.sigma_max.value_or(schedule.sigma_at(schedule.train_steps() - 1));
  const double low = spec.sigma_min.value_or(schedule.sigma_at(0));
  check_sigma_range(high, low);
  Points points{{}, shaped_sigmas(spec, high, low, n + 1)};
  for (int i = 0; i < n; ++i) {
    points.times.push_back(
        rounded_time_of(spec, schedule, points.sigmas[static_cast<std::size_t>(i)]));
  }
  return points;
}

void drop_repeated_times(Points& points) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < points.times.size(); ++i) {
    if (kept > 0 && points.times[i] == points.times[kept - 1]) continue;
    points.times[kept] = points.times[i];
    points.sigmas[kept++] = points.sigmas[i];
  }
  points.times.resize(kept);
  points.sigmas.resize(kept);
}

Points sigma_points(const GridSpec& spec, const NoiseSchedule& schedule,
                    const GridRequest& request) {
  if (!request.sigmas.empty()) return custom_sigma_points(spec, schedule, request);
  if (spec.end_included) return even_points(spec, schedule, request);
  Points points{chosen_times(spec, schedule, request), {}};
  const int n = static_cast<int>(points.times.size());
  for (const double t : points.times) points.sigmas.push_back(schedule.sigma_at(t));
  double high = spec.rising ? points.sigmas.back() : points.sigmas.front();
  double low = spec.rising ? points.sigmas.front() : points.sigmas.back();
  if (spec.log_linear || spec.shape_from_table) {
    high = schedule.sigma(schedule.train_steps() - 1);
    low = schedule.sigma(0);
  }
  if (spec.shape != SigmaShape::none) {
    high = spec.sigma_max.value_or(high);
    low = spec.sigma_min.value_or(low);
    check_sigma_range(high, low);
    points.sigmas = shaped_sigmas(spec, high, low, n);
    if (spec.rising) std::reverse(points.sigmas.begin(), points.sigmas.end());
    for (std::size_t i = 0; i < points.sigmas.size(); ++i) {
      double& sigma = points.sigmas[i];
      if (spec.frame == Frame::flow) sigma /= sigma + 1.0;
      points.times[i] = rounded_time_of(spec, schedule, sigma);
    }
  } else if (spec.log_linear) {
    check_sigma_range(high, low);
    points.sigmas = shaped_sigmas(spec, high, low, n + 1);
    return points;
  }
  if (spec.distinct_times) drop_repeated_times(points);
  points.sigmas.push_back(final_sigma(spec, schedule, points.sigmas.back()));
  return points;
}

}  // namespace

void grid_of_sigmas(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                    TimeGrid& grid) {
  levels_from_sigmas(spec, schedule, sigma_points(spec, schedule, request), grid);
}

}  // namespace sched
