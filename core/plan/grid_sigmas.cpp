// Grids over sigmas: interpolated at spaced timesteps, then shaped (Euler, DPM-Solver).

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "grid_parts.hpp"
#include "math.hpp"

namespace sched {

namespace {

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

double looked_up(const GridSpec& spec, const NoiseSchedule& schedule, double time) {
  return spec.log_interpolation ? schedule.sigma_between(time) : schedule.sigma_at(time);
}

Points points_over_timesteps(const GridSpec& spec, const NoiseSchedule& schedule,
                             const GridRequest& request) {
  const int train_steps = schedule.train_steps();
  const int n = checked_steps(request.num_steps, train_steps);
  Points points;
  for (const double t : shaped_times(spec, train_steps, 0.0, shaped_count(spec, n))) {
    points.times.push_back(rounded_time(spec.shaped_times, t));
    points.sigmas.push_back(schedule.sigma_between(t));
  }
  check_sigma_range(points.sigmas.front(), points.sigmas.back());
  append_final_sigma(spec, schedule, points.sigmas);
  points.times.resize(points.sigmas.size() - 1);
  return points;
}

Points shaped_points(const GridSpec& spec, const NoiseSchedule& schedule, double high, double low,
                     int n) {
  high = spec.sigma_max.value_or(high);
  low = spec.sigma_min.value_or(low);
  check_sigma_range(high, low);
  Points points{{}, shaped_sigmas(spec, high, low, shaped_count(spec, n))};
  if (spec.rising) std::reverse(points.sigmas.begin(), points.sigmas.end());
  for (double& sigma : points.sigmas) {
    if (spec.frame == Frame::flow) sigma /= sigma + 1.0;
    points.times.push_back(rounded_time_of(spec, schedule, sigma));
  }
  if (spec.distinct_times) drop_repeated_times(points);
  append_final_sigma(spec, schedule, points.sigmas);
  points.times.resize(points.sigmas.size() - 1);
  return points;
}

Points sigma_points(const GridSpec& spec, const NoiseSchedule& schedule,
                    const GridRequest& request) {
  if (!request.sigmas.empty()) return custom_sigma_points(spec, schedule, request);
  if (is_over_timesteps(spec.shape)) return points_over_timesteps(spec, schedule, request);
  Points points{chosen_times(spec, schedule, request), {}};
  const int n = static_cast<int>(points.times.size());
  for (const double t : points.times) points.sigmas.push_back(looked_up(spec, schedule, t));
  double high = spec.rising ? points.sigmas.back() : points.sigmas.front();
  double low = spec.rising ? points.sigmas.front() : points.sigmas.back();
  if (spec.log_linear || spec.shape_from_table) {
    high = schedule.sigma(schedule.train_steps() - 1);
    low = schedule.sigma(0);
  }
  if (spec.shape != SigmaShape::none) return shaped_points(spec, schedule, high, low, n);
  if (spec.log_linear) {
    check_sigma_range(high, low);
    points.sigmas = shaped_sigmas(spec, high, low, n + 1);
    return points;
  }
  if (spec.distinct_times) drop_repeated_times(points);
  append_final_sigma(spec, schedule, points.sigmas);
  return points;
}

}  // namespace

void grid_of_sigmas(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                    TimeGrid& grid) {
  levels_from_sigmas(spec, schedule, sigma_points(spec, schedule, request), grid);
}

}  // namespace sched
