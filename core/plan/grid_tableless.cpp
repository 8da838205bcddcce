// Grids along a shape of sigmas, from sigma_max to sigma_min, with no training table: EDM
// and consistency models.

#include <algorithm>

#include "../status.hpp"
#include "grid_parts.hpp"
#include "math.hpp"

namespace sched {

namespace {

void check_ramp(const List<double>& ramp) {
  for (std::size_t i = 0; i < ramp.size(); ++i) {
    const double before = i > 0 ? ramp[i - 1] : -1.0;
    if (ramp[i] >= 0.0 && ramp[i] <= 1.0 && ramp[i] > before) continue;
    fail(Status::timesteps, "sigmas[", i, "] is ", ramp[i],
         "; sigmas are positions from sigma_max to sigma_min here and must rise within 0 to 1");
  }
}

// Song et al. 2023, arXiv:2303.01469, section 2: position i of N on the shape.
List<double> whole_positions(const GridSpec& spec, const NoiseSchedule& schedule,
                             const GridRequest& request) {
  List<double> positions = chosen_times(spec, schedule, request);
  std::reverse(positions.begin(), positions.end());
  for (double& position : positions) position /= schedule.train_steps() - 1.0;
  return positions;
}

// Where along the shape the sigmas lie, for those that do not take the whole of it.
List<double> positions_of(const GridSpec& spec, const NoiseSchedule& schedule,
                          const GridRequest& request) {
  if (spec.whole_positions) return whole_positions(spec, schedule, request);
  if (!request.sigmas.empty()) {
    check_ramp(request.sigmas);
    return request.sigmas;
  }
  const int n = checked_steps(request.num_steps, kMaxSteps);
  // diffusers: its exponential shape is made upside down, which shows with one point only.
  if (n == 1 && spec.quirk_single_is_lowest && spec.shape == SigmaShape::exponential) return {1.0};
  return {};
}

List<double> sigmas_of(const GridSpec& spec, const NoiseSchedule& schedule,
                       const GridRequest& request) {
  // Shapes with sigmas of their own have no ends.
  const double high = spec.sigma_max.value_or(1.0);
  const double low = spec.sigma_min.value_or(high);
  check_sigma_range(high, low);
  const List<double> positions = positions_of(spec, schedule, request);
  if (positions.empty()) {
    return shaped_sigmas(spec, high, low, shaped_count(spec, request.num_steps));
  }
  List<double> sigmas = sigmas_along(spec, high, low, positions);
  // The ends exactly; diffusers' consistency models have them as they are rounded.
  if (spec.whole_positions) return sigmas;
  if (positions.front() == 0.0) sigmas.front() = high;
  if (positions.back() == 1.0) sigmas.back() = low;
  return sigmas;
}

}  // namespace

void grid_of_shape(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                   TimeGrid& grid) {
  const bool given = !request.sigmas.empty() && !spec.quirk_sigmas_are_ramp;
  Points points;
  if (given) {
    points = custom_sigma_points(spec, schedule, request);
  } else {
    points.sigmas = sigmas_of(spec, schedule, request);
    append_final_sigma(spec, schedule, points.sigmas);
    for (std::size_t i = 0; i + 1 < points.sigmas.size(); ++i) {
      points.times.push_back(time_of_sigma(spec, schedule, points.sigmas[i]));
    }
  }
  levels_from_sigmas(spec, schedule, points, grid);
}

}  // namespace sched
