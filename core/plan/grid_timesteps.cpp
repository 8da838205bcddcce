// Grids over whole training timesteps: evenly spaced (DDIM, DDPM, PNDM), or a subset of a
// training subset (LCM).

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "grid_parts.hpp"
#include "math.hpp"

namespace sched {

namespace {

int whole_timestep(const NoiseSchedule& schedule, double time) {
  const int last = schedule.train_steps() - 1;
  if (!(time >= 0.0 && time <= last)) {
    fail(Status::steps, "a step would begin at timestep ", time, "; the model was trained on 0 to ",
         last, " (is steps_offset too large for num_steps?)");
  }
  return static_cast<int>(time);
}

void levels_from_table(const GridSpec& spec, const NoiseSchedule& schedule,
                       const List<double>& times, TimeGrid& grid) {
  const int n = static_cast<int>(times.size());
  const int stride = stride_of(schedule, n);
  for (int i = 0; i < n; ++i) {
    const int t = whole_timestep(schedule, times[static_cast<std::size_t>(i)]);
    // diffusers: DDIM and PNDM end a step at t - T / n, which is an entry of the list
    // in leading spacing only.
    const int ends_at = spec.stride_previous ? t - stride
                        : i + 1 < n ? static_cast<int>(times[static_cast<std::size_t>(i) + 1])
                                    : -1;
    grid.steps.push_back({times[static_cast<std::size_t>(i)], table_level(spec, schedule, t),
                          table_level(spec, schedule, ends_at)});
    grid.sigmas.push_back(grid.steps.back().from.ve_sigma());
  }
  grid.sigmas.push_back(grid.steps.back().to.ve_sigma());
}

// Song et al. 2020, arXiv:2010.02502, section 4.3: the ODE run from data to noise.
void rising_levels_from_table(const GridSpec& spec, const NoiseSchedule& schedule,
                              const List<double>& times, TimeGrid& grid) {
  const int stride = stride_of(schedule, static_cast<int>(times.size()));
  // The model is asked with the timestep where a step ends.
  for (const double time : times) {
    const int t = whole_timestep(schedule, time);
    grid.steps.push_back(
        {time, table_level(spec, schedule, t - stride), table_level(spec, schedule, t)});
    grid.sigmas.push_back(grid.steps.back().from.ve_sigma());
  }
  grid.sigmas.push_back(grid.steps.back().to.ve_sigma());
}

List<double> training_subset(const NoiseSchedule& schedule, int original_steps, double strength) {
  const int stride = schedule.train_steps() / original_steps;
  List<double> times;
  for (int i = 1; i <= static_cast<int>(original_steps * strength); ++i) {
    times.push_back(static_cast<double>(i) * stride - 1.0);
  }
  std::reverse(times.begin(), times.end());
  return times;
}

// Luo et al. 2023, arXiv:2310.04378: a subset of the timesteps of the distillation.
List<double> subset_times(const GridSpec& spec, const NoiseSchedule& schedule,
                          const GridRequest& request) {
  const int original = request.original_steps > 0 ? request.original_steps : spec.original_steps;
  if (original > schedule.train_steps()) {
    fail(Status::steps, "original_inference_steps is ", original, "; allowed are 1 to ",
         schedule.train_steps(), " (num_train_timesteps)");
  }
  const double strength = request.strength.value_or(1.0);
  if (!request.timesteps.empty()) {
    check_falling("timesteps", request.timesteps, schedule.train_steps() - 1.0, 0.0);
    check_whole(request.timesteps);
    const int n = static_cast<int>(request.timesteps.size());
    const int kept = std::max(1, std::min(static_cast<int>(n * strength), n));
    return {request.timesteps.end() - kept, request.timesteps.end()};
  }
  const int n = checked_steps(request.num_steps, schedule.train_steps());
  const bool every = spec.argument_means_all && request.original_steps > 0;
  const List<double> all =
      training_subset(schedule, every ? schedule.train_steps() : original, strength);
  const int available = static_cast<int>(all.size());
  if (n > available) {
    fail(Status::steps, "num_steps is ", n, "; allowed are 1 to ", available,
         " (original_inference_steps ", original, " x strength ", strength, ")");
  }
  List<double> times;
  for (int i = 0; i < n; ++i) {
    const double position = std::floor(i * (static_cast<double>(available) / n));
    times.push_back(all[static_cast<std::size_t>(position)]);
  }
  return times;
}

}  // namespace

void grid_of_timesteps(const GridSpec& spec, const NoiseSchedule& schedule,
                       const GridRequest& request, TimeGrid& grid) {
  const List<double> times = chosen_times(spec, schedule, request);
  if (spec.rising) {
    rising_levels_from_table(spec, schedule, times, grid);
  } else {
    levels_from_table(spec, schedule, times, grid);
  }
}

void grid_of_subset(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                    TimeGrid& grid) {
  levels_from_table(spec, schedule, subset_times(spec, schedule, request), grid);
}

NoiseLevel table_level(const GridSpec& spec, const NoiseSchedule& schedule, int timestep) {
  if (timestep >= 0) return level_from_alpha_bar(schedule.alpha_bar(timestep));
  return spec.final_alpha_one ? NoiseLevel{1.0, 0.0} : level_from_alpha_bar(schedule.alpha_bar(0));
}

}  // namespace sched
