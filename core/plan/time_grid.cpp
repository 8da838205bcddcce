#include "time_grid.hpp"

#include <algorithm>
#include <cmath>

#include "grid_parts.hpp"

namespace sched {

namespace {

void set_init_noise_sigma(const GridSpec& spec, TimeGrid& grid) {
  if (spec.init_sigma == GridSpec::InitSigma::one) return;
  const double largest = spec.family == GridFamily::shaped
                             ? *spec.sigma_max
                             : *std::max_element(grid.sigmas.begin(), grid.sigmas.end());
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
  if (spec.frame != Frame::flow) return time_of_sigma(spec, schedule, level.sigma / level.alpha);
  return time_of_sigma(spec, schedule, spec.inverted ? 1.0 - level.sigma : level.sigma);
}

TimeGrid make_grid(const GridSpec& spec, const NoiseSchedule& schedule,
                   const GridRequest& request) {
  TimeGrid grid;
  GridRequest asked = request;
  const bool skips = spec.skips_smallest && asked.timesteps.empty() && asked.sigmas.empty();
  if (skips) ++asked.num_steps;
  make_steps(spec, schedule, asked, grid);
  if (skips) skip_smallest(grid);
  set_init_noise_sigma(spec, grid);
  return grid;
}

}  // namespace sched
