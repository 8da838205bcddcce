#include "time_grid.hpp"

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "grid_parts.hpp"

namespace sched {

namespace {

double largest_sigma(const GridSpec& spec, const TimeGrid& grid) {
  // Shapes with sigmas of their own have no ends.
  if (spec.family == GridFamily::shaped && spec.sigma_max) return *spec.sigma_max;
  return *std::max_element(grid.sigmas.begin(), grid.sigmas.end());
}

void set_init_noise_sigma(const GridSpec& spec, TimeGrid& grid) {
  if (spec.init_sigma == GridSpec::InitSigma::one) return;
  const double largest = largest_sigma(spec, grid);
  switch (spec.init_sigma) {
    case GridSpec::InitSigma::first:
      grid.init_noise_sigma = grid.steps.front().from.sigma;
      return;
    case GridSpec::InitSigma::largest:
      grid.init_noise_sigma = largest;
      return;
    case GridSpec::InitSigma::largest_root:
      grid.init_noise_sigma = std::sqrt(largest);
      return;
    case GridSpec::InitSigma::hypot_one:
      grid.init_noise_sigma = std::sqrt(largest * largest + 1.0);
      return;
    case GridSpec::InitSigma::one:
      return;
  }
}

// The last step begins where the one before it does.
void skip_smallest(TimeGrid& grid) {
  if (grid.steps.size() < 2) return;
  const NoiseLevel end = grid.steps.back().to;
  grid.steps.pop_back();
  grid.steps.back().to = end;
  grid.sigmas.erase(grid.sigmas.end() - 2);
}

void make_steps(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                TimeGrid& grid) {
  switch (spec.family) {
    case GridFamily::timesteps:
      grid_of_timesteps(spec, schedule, request, grid);
      break;
    case GridFamily::subset:
      grid_of_subset(spec, schedule, request, grid);
      break;
    case GridFamily::sigmas:
      grid_of_sigmas(spec, schedule, request, grid);
      break;
    case GridFamily::staged:
      grid_of_stages(spec, schedule, request, grid);
      break;
    case GridFamily::geometric:
      grid_of_geometric(spec, request, grid);
      break;
    case GridFamily::vp_sde:
      grid_of_vp_sde(spec, request, grid);
      break;
    case GridFamily::angles:
      grid_of_angles(spec, schedule, request, grid);
      break;
    case GridFamily::shaped:
      grid_of_shape(spec, schedule, request, grid);
      break;
    case GridFamily::flow:
      grid_of_flow(spec, schedule, request, grid);
      break;
    case GridFamily::cosine:
      grid_of_cosine(spec, request, grid);
      break;
    case GridFamily::sine:
      grid_of_sine(spec, request, grid);
      break;
  }
}

}  // namespace

double time_of_level(const GridSpec& spec, const NoiseSchedule& schedule, const NoiseLevel& level) {
  if (spec.frame != Frame::flow) return time_of_sigma(spec, schedule, level.ve_sigma());
  return time_of_sigma(spec, schedule, spec.inverted ? 1.0 - level.sigma : level.sigma);
}

NoiseLevel level_of_time(const GridSpec& spec, const NoiseSchedule& schedule, double time) {
  const double most = schedule.train_steps();
  const bool flow = spec.frame == Frame::flow;
  if (!(time >= 0.0 && time <= (flow ? most : most - 1.0))) {
    fail(Status::value, "a group time is ", time, "; allowed are 0 to ", flow ? most : most - 1.0);
  }
  if (flow) return level_from_sigma(Frame::flow, time / most);
  if (spec.family != GridFamily::timesteps) {
    return level_from_sigma(spec.frame, schedule.sigma_at(time));
  }
  if (time != std::floor(time)) {
    fail(Status::value, "a group time is ", time, "; this method takes whole timesteps");
  }
  return table_level(spec, schedule, static_cast<int>(time));
}

NoiseLevel level_after_time(const GridSpec& spec, const NoiseSchedule& schedule,
                            const TimeGrid& grid, double time) {
  if (spec.family == GridFamily::timesteps) {
    double next = time - stride_of(schedule, grid.total());
    if (!spec.quirk_groups_by_stride) {
      next = -1.0;
      for (const GridStep& step : grid.steps) {
        if (step.time < time) next = std::max(next, step.time);
      }
    }
    // diffusers: whatever set_alpha_to_one says.
    if (next < 0.0 && spec.quirk_groups_end_at_data) return NoiseLevel{};
    return table_level(spec, schedule, static_cast<int>(next));
  }
  // The next lower sigma of the schedule, with room for the rounding of the time.
  const NoiseLevel from = level_of_time(spec, schedule, time);
  const double sigma = spec.frame == Frame::flow ? from.sigma : from.ve_sigma();
  double lower = 0.0;
  for (const double candidate : grid.sigmas) {
    if (candidate < sigma - 1e-6) lower = std::max(lower, candidate);
  }
  return level_from_sigma(spec.frame, lower);
}

TimeGrid make_grid(const GridSpec& spec, const NoiseSchedule& schedule,
                   const GridRequest& request) {
  TimeGrid grid;
  GridRequest asked = request;
  const bool skips = spec.skips_smallest && asked.timesteps.empty() && asked.sigmas.empty();
  if (skips) ++asked.num_steps;
  make_steps(spec, schedule, asked, grid);
  if (grid.steps.empty()) {
    fail(Status::conflict, "the schedule has one sigma only, and no step: sigma_min and sigma_max ",
         "must differ where the last sigma of the shape ends the loop");
  }
  if (skips) skip_smallest(grid);
  set_init_noise_sigma(spec, grid);
  if (!std::isfinite(grid.init_noise_sigma)) {
    fail(Status::not_finite, "the first sample would have a deviation of ", grid.init_noise_sigma,
         ": the schedule falls to zero SNR, where sigma / alpha is infinite; lower beta_end, or "
         "begin later");
  }
  return grid;
}

}  // namespace sched
