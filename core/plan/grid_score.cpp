// Grids of the score-based SDEs, which know no training timesteps.
// Song et al. 2020, arXiv:2011.13456, section 3.4; Karras et al. 2022, arXiv:2206.00364.

#include <cmath>

#include "grid_parts.hpp"
#include "math.hpp"

namespace sched {

namespace {

// alpha^2 + sigma^2 = 1 with alpha = exp(-integral of beta / 2), beta linear in t.
NoiseLevel vp_level(const GridSpec& spec, double t) {
  const double log_alpha =
      -0.25 * t * t * (spec.beta_max - spec.beta_min) - 0.5 * t * spec.beta_min;
  return {std::exp(log_alpha), std::sqrt(-std::expm1(2.0 * log_alpha))};
}

void add_steps(const List<double>& times, const std::vector<NoiseLevel>& levels, TimeGrid& grid) {
  for (std::size_t i = 0; i < times.size(); ++i) {
    const NoiseLevel to = i + 1 < levels.size() ? levels[i + 1] : NoiseLevel{};
    grid.steps.push_back({times[i], levels[i], to});
    grid.sigmas.push_back(levels[i].ve_sigma());
  }
  grid.sigmas.push_back(0.0);
}

}  // namespace

void grid_of_geometric(const GridSpec& spec, const GridRequest& request, TimeGrid& grid) {
  const int n = checked_steps(request.num_steps, kMaxSteps);
  GridSpec even;
  even.shape = SigmaShape::exponential;
  std::vector<NoiseLevel> levels;
  for (const double sigma : shaped_sigmas(even, *spec.sigma_max, *spec.sigma_min, n)) {
    levels.push_back({1.0, spec.squared_sigmas ? sigma * sigma : sigma});
  }
  List<double> times = linspace(1.0, spec.time_end, n);
  for (std::size_t i = 0; i < times.size() && spec.sigma_times; ++i) times[i] = levels[i].sigma;
  add_steps(times, levels, grid);
}

void grid_of_vp_sde(const GridSpec& spec, const GridRequest& request, TimeGrid& grid) {
  const List<double> times =
      linspace(1.0, spec.time_end, checked_steps(request.num_steps, kMaxSteps));
  std::vector<NoiseLevel> levels;
  levels.reserve(times.size());
  for (const double t : times) levels.push_back(vp_level(spec, t));
  add_steps(times, levels, grid);
}

}  // namespace sched
