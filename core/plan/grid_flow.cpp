// Grids over flow sigmas in (0, 1]: shifted, stretched, inverted.

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "grid_parts.hpp"
#include "math.hpp"

namespace sched {

double dynamically_shifted(TimeShift kind, double mu, double sigma) {
  const double m = kind == TimeShift::exponential ? std::exp(mu) : mu;
  return m / (m + (1.0 / sigma - 1.0));
}

namespace {

double on_line(double tokens, double fewest, double at_fewest, double most, double at_most) {
  return at_fewest + (at_most - at_fewest) * (tokens - fewest) / (most - fewest);
}

// Black Forest Labs 2025: fitted to 10 and to 200 steps, and of one slope for large images.
double flux2_mu(double tokens, int steps) {
  const double of_200 = 0.00016927 * tokens + 0.45666666;
  if (tokens > 4300.0) return of_200;
  const double of_10 = 8.73809524e-05 * tokens + 1.89833333;
  return of_200 + (of_200 - of_10) / 190.0 * (steps - 200.0);
}

}  // namespace

double mu_from_tokens(const GridSpec& spec, const GridRequest& request) {
  if (request.mu) {
    fail(Status::conflict, "mu was given, but mu_from of the grid makes it from tokens");
  }
  const int steps =
      request.timesteps.empty() ? request.num_steps : static_cast<int>(request.timesteps.size());
  const double fewest = spec.mu_rule == MuRule::flux ? 256.0 : 1024.0;
  const double mu = spec.mu_rule == MuRule::flux2
                        ? flux2_mu(spec.tokens, steps)
                        : on_line(spec.tokens, fewest, spec.base_shift, 4096.0, spec.max_shift);
  if (!(std::fabs(mu) <= 100.0)) {
    fail(Status::value, "mu_from of the grid makes a mu of ", mu, " from ", spec.tokens,
         " tokens and ", steps, " steps; allowed are -100 to 100");
  }
  return mu;
}

void check_shift(const GridSpec& spec, const GridRequest& request) {
  if (spec.dynamic_shift && !request.mu) {
    fail(Status::conflict, "mu must be given, since use_dynamic_shifting is true");
  }
  if (!spec.dynamic_shift && request.mu) {
    fail(Status::conflict, "mu was given, but use_dynamic_shifting is false");
  }
  if (spec.dynamic_shift && spec.time_shift == TimeShift::linear && !(*request.mu > 0.0)) {
    fail(Status::value, "mu is ", *request.mu, "; with time_shift_type linear it must be above 0");
  }
}

namespace {

List<double> unshifted_sigmas(const GridSpec& spec, const NoiseSchedule& schedule,
                              const GridRequest& request) {
  const double train_steps = schedule.train_steps();
  if (!request.sigmas.empty()) {
    check_falling("sigmas", request.sigmas, 1.0, 1e-9);
    return request.sigmas;
  }
  if (!request.timesteps.empty()) {
    check_falling("timesteps", request.timesteps, train_steps, 1e-6);
    List<double> sigmas = request.timesteps;
    for (double& sigma : sigmas) sigma /= train_steps;
    return sigmas;
  }
  if (spec.counts_points && request.num_steps < 2) {
    fail(Status::steps, "num_steps is ", request.num_steps,
         "; it counts the points of the schedule here, and must be at least 2");
  }
  const int n = checked_steps(request.num_steps - (spec.counts_points ? 1 : 0), kMaxSteps);
  if (spec.to_zero) {
    List<double> sigmas = linspace(1.0, 0.0, n + 1);
    sigmas.pop_back();
    return sigmas;
  }
  if (spec.whole_range) {
    List<double> sigmas = linspace(1.0, 1.0 / train_steps, n + 1);
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
  List<double> sigmas = linspace(train_steps, low * train_steps, n);
  for (double& sigma : sigmas) sigma /= train_steps;
  return sigmas;
}

void stretch_to_terminal(List<double>& sigmas, double terminal) {
  const double scale = (1.0 - sigmas.back()) / (1.0 - terminal);
  if (!(scale > 0.0)) {
    fail(Status::steps, "shift_terminal needs at least two steps: the last sigma is ",
         sigmas.back(), " and cannot be stretched");
  }
  for (double& sigma : sigmas) sigma = 1.0 - (1.0 - sigma) / scale;
}

double shifted_as_asked(const GridSpec& spec, const GridRequest& request, double sigma) {
  return spec.dynamic_shift ? dynamically_shifted(spec.time_shift, *request.mu, sigma)
                            : shifted(spec.shift, sigma);
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

// The sigmas of a shape.  Those over the table span all of it, before any stretching.
List<double> shaped_flow_sigmas(const GridSpec& spec, const NoiseSchedule& schedule,
                                const GridRequest& request, const List<double>& spaced) {
  const int train_steps = schedule.train_steps();
  const int count = shaped_count(spec, static_cast<int>(spaced.size()));
  const double smallest = shifted_as_asked(spec, request, 1.0 / train_steps);
  List<double> sigmas;
  if (is_over_timesteps(spec.shape)) {
    // ComfyUI: the last timestep is that of the shifted sigma, and is shifted again.
    const double low = spec.shift_twice ? smallest * train_steps - 1.0 : 0.0;
    for (const double t : shaped_times(spec, train_steps, low, count)) {
      sigmas.push_back(shifted_as_asked(spec, request, (t + 1.0) / train_steps));
    }
    return sigmas;
  }
  const double high = spec.sigma_max.value_or(spec.shape_from_table ? 1.0 : spaced.front());
  const double low = spec.sigma_min.value_or(spec.shape_from_table ? smallest : spaced.back());
  check_sigma_range(high, low);
  sigmas = shaped_sigmas(spec, high, low, count);
  if (sigmas.front() > 1.0) {
    fail(Status::conflict, "the sigma shape begins at ", sigmas.front(),
         ", but flow sigmas are at most 1");
  }
  return sigmas;
}

Points flow_points(const GridSpec& spec, const NoiseSchedule& schedule,
                   const GridRequest& request) {
  if (spec.sigmas_with_end && !request.sigmas.empty()) {
    return custom_points(spec, schedule, request);
  }
  check_shift(spec, request);
  const bool shaped = spec.shape != SigmaShape::none;
  const bool from_table = shaped && (spec.shape_from_table || is_over_timesteps(spec.shape));
  Points points{{}, unshifted_sigmas(spec, schedule, request)};
  for (double& sigma : points.sigmas) sigma = shifted_as_asked(spec, request, sigma);
  if (from_table) points.sigmas = shaped_flow_sigmas(spec, schedule, request, points.sigmas);
  // ComfyUI: NaN where LTX's schedule has one step, which begins at 1 here as any other.
  const bool alone = spec.to_zero && points.sigmas.size() == 1;
  if (spec.shift_terminal && !alone) stretch_to_terminal(points.sigmas, *spec.shift_terminal);
  if (shaped && !from_table) {
    points.sigmas = shaped_flow_sigmas(spec, schedule, request, points.sigmas);
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
  if (spec.inverted) {
    points.sigmas.push_back(1.0);
  } else {
    append_final_sigma(spec, schedule, points.sigmas);
  }
  points.times.resize(points.sigmas.size() - 1);
  return points;
}

}  // namespace

void grid_of_flow(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                  TimeGrid& grid) {
  GridRequest asked = request;
  if (spec.mu_rule != MuRule::init) asked.mu = mu_from_tokens(spec, request);
  levels_from_sigmas(spec, schedule, flow_points(spec, schedule, asked), grid);
}

}  // namespace sched
