// Grids of TrigFlow: a sample is cos(t) x0 + sin(t) n at the angle t.
// Lu and Song 2024, arXiv:2410.11081, section 3.

#include <cmath>

#include "../status.hpp"
#include "grid_parts.hpp"
#include "math.hpp"

namespace sched {

namespace {

// diffusers' first angle is half of pi in five digits, and slightly above it.
constexpr double kHighest = 1.5708;

double checked_angle(const char* name, double angle, double highest) {
  if (angle > 0.0 && angle <= highest) return angle;
  fail(Status::value, name, " is ", angle, "; allowed are angles above 0 up to ", highest);
}

// The beginnings of all steps, and where the last one ends.
List<double> angles_of(const GridSpec& spec, const NoiseSchedule& schedule,
                       const GridRequest& request) {
  if (!request.timesteps.empty()) {
    if (request.max_time || request.middle_time) {
      fail(Status::conflict,
           "timesteps exclude max_timesteps and intermediate_timesteps: they hold every angle");
    }
    if (request.timesteps.size() < 2) {
      fail(Status::timesteps, "timesteps needs at least two angles, the last being the end");
    }
    check_falling("timesteps", request.timesteps, kHighest, 0.0);
    return request.timesteps;
  }
  const int n = checked_steps(request.num_steps, schedule.train_steps());
  const double first =
      checked_angle("max_timesteps", request.max_time.value_or(spec.max_time), kHighest);
  const double middle = request.middle_time.value_or(n == 2 ? spec.middle_time : 0.0);
  if (middle == 0.0) return linspace(first, 0.0, n + 1);
  if (n != 2) {
    fail(Status::conflict, "intermediate_timesteps needs num_steps to be 2, but it is ", n);
  }
  return {first, checked_angle("intermediate_timesteps", middle, first), 0.0};
}

}  // namespace

void grid_of_angles(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                    TimeGrid& grid) {
  const List<double> angles = angles_of(spec, schedule, request);
  const auto level = [&](std::size_t i) {
    return NoiseLevel{std::cos(angles[i]), std::sin(angles[i])};
  };
  for (std::size_t i = 0; i + 1 < angles.size(); ++i) {
    grid.steps.push_back({angles[i], level(i), level(i + 1)});
    grid.sigmas.push_back(level(i).sigma);
  }
  grid.sigmas.push_back(grid.steps.back().to.sigma);
}

}  // namespace sched
