#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "grid_parts.hpp"
#include "math.hpp"

namespace sched {

// ------------------------------------------------------------- what was asked for

void check_falling(const char* name, const List<double>& values, double highest, double lowest) {
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

void check_whole(const List<double>& times) {
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

namespace {

// Drops the point at which the last step ends, and turns the list to the way of the loop.
void arrange(const GridSpec& spec, List<double>& rising) {
  if (spec.drop_last) rising.erase(spec.rising ? rising.end() - 1 : rising.begin());
  if (!spec.rising) std::reverse(rising.begin(), rising.end());
}

List<double> spaced_times(const GridSpec& spec, int train_steps, int noisiest, int n) {
  const int points = spec.drop_last ? n + 1 : n;
  List<double> times;
  switch (spec.spacing) {
    case Spacing::linspace:
      times = linspace(0.0, noisiest - 1.0, points);
      if (spec.whole_times) {
        for (double& t : times) t = round_half_even(t);
      }
      arrange(spec, times);
      return times;
    case Spacing::leading: {
      const int ratio = noisiest / points;
      if (ratio < 1) {
        fail(Status::steps, "num_steps is ", n, ", but leading spacing over ", noisiest,
             " timesteps allows at most ", noisiest - (points - n));
      }
      for (int i = 0; i < points; ++i) times.push_back(static_cast<double>(i) * ratio);
      arrange(spec, times);
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
  if (spec.rising) std::reverse(times.begin(), times.end());
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

}  // namespace

List<double> chosen_times(const GridSpec& spec, const NoiseSchedule& schedule,
                          const GridRequest& request) {
  const int train_steps = request.train_steps > 0 ? request.train_steps : schedule.train_steps();
  if (!request.timesteps.empty()) {
    check_falling("timesteps", request.timesteps, schedule.train_steps() - 1.0, 0.0);
    if (spec.whole_times) check_whole(request.timesteps);
    return request.timesteps;
  }
  const int n = checked_steps(request.num_steps, train_steps);
  if (!spec.only_times.empty()) {
    const int only = static_cast<int>(spec.only_times.size());
    if (n != only) fail(Status::steps, "num_steps is ", n, "; this method has exactly ", only);
    return spec.only_times;
  }
  if (spec.needs_two_steps && n < 2) {
    fail(Status::steps,
         "num_steps is 1, but the timesteps are spread from the last to 0 here; allowed are 2 to ",
         train_steps);
  }
  return spaced_times(spec, train_steps, noisiest_count(spec, schedule, train_steps), n);
}

// -------------------------------------------------------------------- sigmas to levels

double time_of_sigma(const GridSpec& spec, const NoiseSchedule& schedule, double sigma) {
  if (spec.frame == Frame::flow) {
    return spec.reversed_times ? 1.0 - sigma : sigma * schedule.train_steps();
  }
  if (spec.sigma_times) return sigma;
  switch (spec.model_time) {
    case ModelTime::quarter_log:
      return 0.25 * std::log(sigma);
    case ModelTime::quarter_log_thousand:
      return 250.0 * std::log(sigma);
    case ModelTime::arctan:
      return std::atan(sigma) * (2.0 / kPi);
    case ModelTime::timestep:
      break;
  }
  return schedule.timestep_of(sigma);
}

double rounded_time_of(const GridSpec& spec, const NoiseSchedule& schedule, double sigma) {
  return rounded_time(spec.shaped_times, time_of_sigma(spec, schedule, sigma));
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

namespace {

double final_sigma(const GridSpec& spec, const NoiseSchedule& schedule, double last) {
  switch (spec.final_sigma) {
    case FinalSigma::sigma_min:
      return spec.family == GridFamily::shaped ? spec.sigma_min.value_or(last) : schedule.sigma(0);
    case FinalSigma::last:
      return last;
    case FinalSigma::noisiest:
      return schedule.sigma(noisiest_count(spec, schedule, schedule.train_steps()) - 1);
    case FinalSigma::zero:
    case FinalSigma::shaped:
      break;
  }
  return 0.0;
}

}  // namespace

void append_final_sigma(const GridSpec& spec, const NoiseSchedule& schedule, List<double>& sigmas) {
  const bool has_end = spec.shape != SigmaShape::none && spec.final_sigma == FinalSigma::shaped;
  if (!has_end) sigmas.push_back(final_sigma(spec, schedule, sigmas.back()));
}

Points custom_sigma_points(const GridSpec& spec, const NoiseSchedule& schedule,
                           const GridRequest& request) {
  if (request.sigmas.size() < 2) {
    fail(Status::timesteps,
         "sigmas needs at least two entries, the last being where the loop ends");
  }
  check_falling("sigmas", request.sigmas, spec.frame == Frame::flow ? 1.0 : 1e6, 0.0);
  Points points{{}, request.sigmas};
  for (std::size_t i = 0; i + 1 < request.sigmas.size(); ++i) {
    points.times.push_back(rounded_time_of(spec, schedule, request.sigmas[i]));
  }
  return points;
}

void levels_from_sigmas(const GridSpec& spec, const NoiseSchedule& schedule, const Points& points,
                        TimeGrid& grid) {
  const bool listed = spec.model_time == ModelTime::timestep;
  grid.sigmas = points.sigmas;
  for (std::size_t i = 0; i < points.times.size(); ++i) {
    const auto level = [&](double sigma) {
      return level_from_sigma(spec.frame, spec.inverted ? 1.0 - sigma : sigma);
    };
    const double time = listed ? points.times[i] : time_of_sigma(spec, schedule, points.sigmas[i]);
    grid.steps.push_back({time, level(points.sigmas[i]), level(points.sigmas[i + 1])});
  }
}

}  // namespace sched
