#include "time_grid.hpp"

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "math.hpp"

namespace sched {

namespace {

constexpr int kMaxSteps = 100000;

// ------------------------------------------------------------- what was asked for

void check_falling(const char* name, const std::vector<double>& values, double highest,
                   double lowest) {
  if (values.size() > static_cast<std::size_t>(kMaxSteps)) {
    fail(Status::timesteps, name, " has ", values.size(), " entries; at most ", kMaxSteps,
         " are allowed");
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!(values[i] >= lowest && values[i] <= highest)) {
      fail(Status::timesteps, name, "[", i, "] is ", values[i], "; allowed are ", lowest, " to ",
           highest);
    }
    if (i > 0 && !(values[i] < values[i - 1])) {
      fail(Status::timesteps, name, " must fall, but ", name, "[", i, "] = ", values[i],
           " follows ", values[i - 1]);
    }
  }
}

void check_whole(const std::vector<double>& times) {
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i] != std::floor(times[i])) {
      fail(Status::timesteps, "timesteps[", i, "] is ", times[i],
           "; this method takes whole timesteps");
    }
  }
}

int checked_steps(int num_steps, int most) {
  if (num_steps < 1 || num_steps > most) {
    fail(Status::steps, "num_steps is ", num_steps, "; allowed are 1 to ", most,
         most == kMaxSteps ? "" : " (num_train_timesteps)");
  }
  return num_steps;
}

// ---------------------------------------------------------------- training timesteps

void reverse_drop(std::vector<double>& rising, bool drop_first) {
  if (drop_first) rising.erase(rising.begin());
  std::reverse(rising.begin(), rising.end());
}

std::vector<double> spaced_times(const GridSpec& spec, int train_steps, int noisiest, int n) {
  const int points = spec.drop_last ? n + 1 : n;
  std::vector<double> times;
  switch (spec.spacing) {
    case Spacing::linspace:
      times = linspace(0.0, noisiest - 1.0, points);
      if (spec.whole_times) {
        for (double& t : times) t = round_half_even(t);
      }
      reverse_drop(times, spec.drop_last);
      return times;
    case Spacing::leading: {
      const int ratio = noisiest / points;
      if (ratio < 1) {
        fail(Status::steps, "num_steps is ", n, ", but leading spacing over ", noisiest,
             " timesteps allows at most ", noisiest - (points - n));
      }
      for (int i = 0; i < points; ++i) times.push_back(static_cast<double>(i) * ratio);
      reverse_drop(times, spec.drop_last);
      for (double& t : times) t += spec.steps_offset;
      return times;
    }
    case Spacing::trailing:
      break;
  }
  // numpy's arange may add an entry at t = -1 where train_steps / n is not exact; it is
  // not a timestep, so there are never more than n entries here, nor one below zero.
  const double ratio = static_cast<double>(train_steps) / n;
  for (int i = 0; i < n; ++i) {
    const double t = round_half_even(noisiest - i * ratio) - 1.0;
    if (t < 0.0) break;
    times.push_back(t);
  }
  return times;
}

int noisiest_count(const GridSpec& spec, const NoiseSchedule& schedule, int train_steps) {
  if (std::isinf(spec.lambda_min_clipped)) return train_steps;
  const int left = schedule.train_steps() - schedule.count_below(spec.lambda_min_clipped);
  if (left < 1) {
    fail(Status::value, "lambda_min_clipped is ", spec.lambda_min_clipped,
         ", above the log SNR of every timestep");
  }
  return left;
}

// Timesteps as asked for: the caller's own, or evenly spaced.
std::vector<double> chosen_times(const GridSpec& spec, const NoiseSchedule& schedule,
                                 const GridRequest& request) {
  const int train_steps = request.train_steps > 0 ? request.train_steps : schedule.train_steps();
  if (!request.timesteps.empty()) {
    check_falling("timesteps", request.timesteps, schedule.train_steps() - 1.0, 0.0);
    if (spec.whole_times) check_whole(request.timesteps);
    return request.timesteps;
  }
  const int n = checked_steps(request.num_steps, train_steps);
  return spaced_times(spec, train_steps, noisiest_count(spec, schedule, train_steps), n);
}

// ------------------------------------------------------------------ timesteps family

int whole_timestep(const NoiseSchedule& schedule, double time) {
  const int last = schedule.train_steps() - 1;
  if (!(time >= 0.0 && time <= last)) {
    fail(Status::steps, "a step would begin at timestep ", time, "; the model was trained on 0 to ",
         last, " (is steps_offset too large for num_steps?)");
  }
  return static_cast<int>(time);
}

double ve_sigma(const NoiseLevel& level) { return level.sigma / level.alpha; }

void levels_from_table(const GridSpec& spec, const NoiseSchedule& schedule,
                       const std::vector<double>& times, TimeGrid& grid) {
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
    grid.sigmas.push_back(ve_sigma(grid.steps.back().from));
  }
  grid.sigmas.push_back(ve_sigma(grid.steps.back().to));
}

// --------------------------------------------------------------------- subset family

std::vector<double> training_subset(const NoiseSchedule& schedule, int original_steps,
                                    double strength) {
  const int stride = schedule.train_steps() / original_steps;
  std::vector<double> times;
  for (int i = 1; i <= static_cast<int>(original_steps * strength); ++i) {
    times.push_back(static_cast<double>(i) * stride - 1.0);
  }
  std::reverse(times.begin(), times.end());
  return times;
}

// Luo et al. 2023, arXiv:2310.04378: a subset of the timesteps of the distillation.
std::vector<double> subset_times(const GridSpec& spec, const NoiseSchedule& schedule,
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
  const std::vector<double> all = training_subset(schedule, original, strength);
  const int available = static_cast<int>(all.size());
  if (n > available) {
    fail(Status::steps, "num_steps is ", n, "; allowed are 1 to ", available,
         " (original_inference_steps ", original, " x strength ", strength, ")");
  }
  std::vector<double> times;
  for (int i = 0; i < n; ++i) {
    const double position = std::floor(i * (static_cast<double>(available) / n));
    times.push_back(all[static_cast<std::size_t>(position)]);
  }
  return times;
}

// --------------------------------------------------------------------- sigma shapes

// `count` sigmas from `high` down to `low`.
std::vector<double> shaped_sigmas(const GridSpec& spec, double high, double low, int count) {
  std::vector<double> sigmas;
  switch (spec.shape) {
    case SigmaShape::karras:  // Karras et al. 2022, arXiv:2206.00364, eq. 5
      for (const double ramp : linspace(0.0, 1.0, count)) {
        const double from = std::pow(high, 1.0 / spec.rho);
        const double to = std::pow(low, 1.0 / spec.rho);
        sigmas.push_back(std::pow(from + ramp * (to - from), spec.rho));
      }
      return sigmas;
    case SigmaShape::beta:  // Lee et al. 2024, arXiv:2407.12173
      for (const double ramp : linspace(0.0, 1.0, count)) {
        sigmas.push_back(low + beta_quantile(1.0 - ramp, 0.6, 0.6) * (high - low));
      }
      return sigmas;
    case SigmaShape::exponential:
    case SigmaShape::lu:  // with diffusers' rho of 1 the two are the same
    case SigmaShape::none:
      break;
  }
  sigmas = linspace(std::log(high), std::log(low), count);
  for (double& sigma : sigmas) sigma = std::exp(sigma);
  return sigmas;
}

double rounded_time(TimeRounding rounding, double time) {
  switch (rounding) {
    case TimeRounding::nearest:
      return round_half_even(time);
    case TimeRounding::truncate:
      return std::trunc(time);
    case TimeRounding::keep:
      break;
  }
  return time;
}

void check_sigma_range(double high, double low) {
  if (!(std::isfinite(high) && low > 0.0 && high >= low)) {
    fail(Status::not_finite,
         "the sigma shape needs 0 < sigma_min <= sigma_max < infinity, but has ", low, " and ",
         high, " (zero terminal SNR has no finite sigma_max)");
  }
}

// ---------------------------------------------------------------------- sigma family

struct Points {
  std::vector<double> times;
  std::vector<double> sigmas;
};

// Sigmas as the caller gives them, where the loop ends included.
Points custom_sigma_points(const GridSpec& spec, const NoiseSchedule& schedule,
                           const GridRequest& request) {
  const bool flow = spec.frame == Frame::flow;
  if (request.sigmas.size() < 2) {
    fail(Status::timesteps,
         "sigmas needs at least two entries, the last being where the loop ends");
  }
  check_falling("sigmas", request.sigmas, flow ? 1.0 : 1e6, 0.0);
  Points points{{}, request.sigmas};
  for (std::size_t i = 0; i + 1 < request.sigmas.size(); ++i) {
    const double time =
        flow ? request.sigmas[i] * schedule.train_steps() : schedule.timestep_of(request.sigmas[i]);
    points.times.push_back(rounded_time(spec.shaped_times, time));
  }
  return points;
}

double final_sigma(const GridSpec& spec, const NoiseSchedule& schedule, double last) {
  switch (spec.final_sigma) {
    case FinalSigma::sigma_min:
      return schedule.sigma(0);
    case FinalSigma::last:
      return last;
    case FinalSigma::zero:
      break;
  }
  return 0.0;
}

Points sigma_points(const GridSpec& spec, const NoiseSchedule& schedule,
                    const GridRequest& request) {
  if (!request.sigmas.empty()) return custom_sigma_points(spec, schedule, request);
  Points points{chosen_times(spec, schedule, request), {}};
  const int n = static_cast<int>(points.times.size());
  for (const double t : points.times) points.sigmas.push_back(schedule.sigma_at(t));
  double high = points.sigmas.front();
  double low = points.sigmas.back();
  if (spec.log_linear || spec.shape_from_table) {
    high = schedule.sigma(schedule.train_steps() - 1);
    low = schedule.sigma(0);
  }
  if (spec.shape != SigmaShape::none) {
    high = spec.sigma_max.value_or(high);
    low = spec.sigma_min.value_or(low);
    check_sigma_range(high, low);
    points.sigmas = shaped_sigmas(spec, high, low, n);
    for (std::size_t i = 0; i < points.sigmas.size(); ++i) {
      double& sigma = points.sigmas[i];
      double time = schedule.timestep_of(sigma);
      if (spec.frame == Frame::flow) {
        sigma /= sigma + 1.0;
        time = sigma * schedule.train_steps();
      }
      points.times[i] = rounded_time(spec.shaped_times, time);
    }
  } else if (spec.log_linear) {
    check_sigma_range(high, low);
    points.sigmas = shaped_sigmas(spec, high, low, n + 1);
    return points;
  }
  points.sigmas.push_back(final_sigma(spec, schedule, points.sigmas.back()));
  return points;
}

// ----------------------------------------------------------------------- flow family

double shifted(double shift, double sigma) { return shift * sigma / (1.0 + (shift - 1.0) * sigma); }

// Esser et al. 2024, arXiv:2403.03206: the shift for a resolution, mu its logarithm.
double dynamically_shifted(TimeShift kind, double mu, double sigma) {
  const double m = kind == TimeShift::exponential ? std::exp(mu) : mu;
  return m / (m + (1.0 / sigma - 1.0));
}

std::vector<double> unshifted_sigmas(const GridSpec& spec, const NoiseSchedule& schedule,
                                     const GridRequest& request) {
  const double train_steps = schedule.train_steps();
  if (!request.sigmas.empty()) {
    check_falling("sigmas", request.sigmas, 1.0, 1e-9);
    return request.sigmas;
  }
  if (!request.timesteps.empty()) {
    check_falling("timesteps", request.timesteps, train_steps, 1e-6);
    std::vector<double> sigmas = request.timesteps;
    for (double& sigma : sigmas) sigma /= train_steps;
    return sigmas;
  }
  const int n = checked_steps(request.num_steps, kMaxSteps);
  if (spec.whole_range) {
    std::vector<double> sigmas = linspace(1.0, 1.0 / train_steps, n + 1);
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
  std::vector<double> sigmas = linspace(train_steps, low * train_steps, n);
  for (double& sigma : sigmas) sigma /= train_steps;
  return sigmas;
}

void stretch_to_terminal(std::vector<double>& sigmas, double terminal) {
  const double scale = (1.0 - sigmas.back()) / (1.0 - terminal);
  if (!(scale > 0.0)) {
    fail(Status::steps, "shift_terminal needs at least two steps: the last sigma is ",
         sigmas.back(), " and cannot be stretched");
  }
  for (double& sigma : sigmas) sigma = 1.0 - (1.0 - sigma) / scale;
}

double flow_shift(const GridSpec& spec, const GridRequest& request) {
  if (spec.dynamic_shift && !request.mu) {
    fail(Status::conflict, "mu must be given, since use_dynamic_shifting is true");
  }
  if (!spec.dynamic_shift && request.mu) {
    fail(Status::conflict, "mu was given, but use_dynamic_shifting is false");
  }
  if (spec.dynamic_shift && spec.time_shift == TimeShift::linear && !(*request.mu > 0.0)) {
    fail(Status::value, "mu is ", *request.mu, "; with time_shift_type linear it must be above 0");
  }
  return spec.shift;
}

Points flow_points(const GridSpec& spec, const NoiseSchedule& schedule,
                   const GridRequest& request) {
  if (spec.sigmas_with_end && !request.sigmas.empty()) {
    return custom_sigma_points(spec, schedule, request);
  }
  const double shift = flow_shift(spec, request);
  Points points{{}, unshifted_sigmas(spec, schedule, request)};
  for (double& sigma : points.sigmas) {
    sigma = spec.dynamic_shift ? dynamically_shifted(spec.time_shift, *request.mu, sigma)
                               : shifted(shift, sigma);
  }
  if (spec.shift_terminal) stretch_to_terminal(points.sigmas, *spec.shift_terminal);
  if (spec.shape != SigmaShape::none) {
    const double high = spec.sigma_max.value_or(points.sigmas.front());
    const double low = spec.sigma_min.value_or(points.sigmas.back());
    check_sigma_range(high, low);
    points.sigmas = shaped_sigmas(spec, high, low, static_cast<int>(points.sigmas.size()));
  }
  if (spec.nudge_first && std::fabs(points.sigmas.front() - 1.0) < 1e-6) {
    points.sigmas.front() -= 1e-6;
  }
  for (double& sigma : points.sigmas) {
    if (spec.inverted) sigma = 1.0 - sigma;
    points.times.push_back(rounded_time(spec.shaped_times, sigma * schedule.train_steps()));
  }
  points.sigmas.push_back(spec.inverted ? 1.0 : final_sigma(spec, schedule, points.sigmas.back()));
  return points;
}

// -------------------------------------------------------------------------- together

void levels_from_sigmas(const GridSpec& spec, const Points& points, TimeGrid& grid) {
  grid.sigmas = points.sigmas;
  for (std::size_t i = 0; i < points.times.size(); ++i) {
    const auto level = [&](double sigma) {
      return level_from_sigma(spec.frame, spec.inverted ? 1.0 - sigma : sigma);
    };
    const double time = spec.continuous_times ? 0.25 * std::log(points.sigmas[i]) : points.times[i];
    grid.steps.push_back({time, level(points.sigmas[i]), level(points.sigmas[i + 1])});
  }
}

void set_init_noise_sigma(const GridSpec& spec, TimeGrid& grid) {
  if (spec.init_sigma == GridSpec::InitSigma::one) return;
  const double largest = *std::max_element(grid.sigmas.begin(), grid.sigmas.end());
  grid.init_noise_sigma = spec.init_sigma == GridSpec::InitSigma::largest
                              ? largest
                              : std::sqrt(largest * largest + 1.0);
}

}  // namespace

NoiseLevel table_level(const GridSpec& spec, const NoiseSchedule& schedule, int timestep) {
  if (timestep >= 0) return level_from_alpha_bar(schedule.alpha_bar(timestep));
  return spec.final_alpha_one ? NoiseLevel{1.0, 0.0} : level_from_alpha_bar(schedule.alpha_bar(0));
}

TimeGrid make_grid(const GridSpec& spec, const NoiseSchedule& schedule,
                   const GridRequest& request) {
  TimeGrid grid;
  switch (spec.family) {
    case GridFamily::timesteps:
      levels_from_table(spec, schedule, chosen_times(spec, schedule, request), grid);
      break;
    case GridFamily::subset:
      levels_from_table(spec, schedule, subset_times(spec, schedule, request), grid);
      break;
    case GridFamily::sigmas:
      levels_from_sigmas(spec, sigma_points(spec, schedule, request), grid);
      break;
    case GridFamily::flow:
      levels_from_sigmas(spec, flow_points(spec, schedule, request), grid);
      break;
  }
  set_init_noise_sigma(spec, grid);
  return grid;
}

}  // namespace sched
