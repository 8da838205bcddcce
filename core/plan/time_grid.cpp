#include "time_grid.hpp"

#include <algorithm>
#include <cmath>

#include "grid_parts.hpp"

namespace sched {

namespace {

void set_init_noise_sigma(const GridSpec& spec, TimeGrid& grid) {
  if (spec.init_sigma == GridSpec::InitSigma::one) return;
  const double largest = *std::max_element(grid.sigmas.begin(), grid.sigmas.end());
  grid.init_noise_sigma = spec.init_sigma == GridSpec::InitSigma::largest
                              ? largest
                              : std::sqrt(largest * largest + 1.0);
}

}  // namespace

TimeGrid make_grid(const GridSpec& spec, const NoiseSchedule& schedule,
                   const GridRequest& request) {
  TimeGrid grid;
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
  set_init_noise_sigma(spec, grid);
  return grid;
}

}  // namespace sched
