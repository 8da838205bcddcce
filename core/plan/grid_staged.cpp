// Grids of a flow that is run in stages of growing resolution, each with its own part of
// the timesteps and with sigmas that start over.
// Jin et al. 2024, arXiv:2410.05954 (pyramidal flow matching), section 3.2 and 3.3, as
// diffusers' Helios has it.

#include <algorithm>
#include <cmath>

#include "../status.hpp"
#include "grid_parts.hpp"
#include "math.hpp"

namespace sched {

namespace {

constexpr double kFirstSigma = 0.999;
constexpr double kHighestTime = 999.0;

// The whole flow's sigmas, T of them, falling to above 0.
double global_sigma(const GridSpec& spec, int train_steps, int i) {
  const double last = 1.0 - 1.0 / train_steps;
  return shifted(spec.shift, last * (train_steps - i) / train_steps);
}

int index_of_part(double part, int train_steps) {
  return std::clamp(static_cast<int>(part * train_steps), 0, train_steps);
}

// How far sigma falls in a stage.  A later stage begins higher than the one before ends:
// doubling the resolution correlates the noise, and more has to be added (eq. 15).
double stage_distance(const GridSpec& spec, int train_steps, int stage) {
  const auto k = static_cast<std::size_t>(stage);
  const int first = index_of_part(spec.stage_range[k], train_steps);
  const int end = index_of_part(spec.stage_range[k + 1], train_steps);
  double start = global_sigma(spec, train_steps, std::min(first, train_steps - 1));
  if (stage > 0) {
    const double clean = 1.0 - start;
    start = 1.0 - clean / (std::sqrt(1.0 + 1.0 / spec.stage_gamma) * (1.0 - clean) + clean);
  }
  return start - (end < train_steps ? global_sigma(spec, train_steps, end) : 0.0);
}

struct TimeRange {
  double first;
  double last;
};

// The part of the timesteps that belongs to a stage: as long as its share of the distance.
TimeRange stage_times(const GridSpec& spec, int train_steps, int stage) {
  double before = 0.0;
  double all = 0.0;
  for (int k = 0; k < spec.stages; ++k) {
    all += stage_distance(spec, train_steps, k);
    if (k < stage) before = all;
  }
  const double through = before + stage_distance(spec, train_steps, stage);
  // diffusers: the last stage ends a hair before the end.
  const double end = stage + 1 == spec.stages ? 0.9999999999999999 : through / all;
  const auto time = [&](double part) {
    const int i = std::min(static_cast<int>(part * train_steps), train_steps - 1);
    return global_sigma(spec, train_steps, i) * train_steps;
  };
  const double high = std::min(time(stage == 0 ? 0.0 : before / all), kHighestTime);
  // The end itself is the next stage's.
  return {high, high + (time(end) - high) * (train_steps - 1) / train_steps};
}

int chosen_stage(const GridSpec& spec, const GridRequest& request) {
  if (!request.stage) {
    fail(Status::conflict, "stage_index must be given, since stages is ", spec.stages);
  }
  if (*request.stage < 0 || *request.stage >= spec.stages) {
    fail(Status::value, "stage_index is ", *request.stage, "; allowed are 0 to ", spec.stages - 1);
  }
  return *request.stage;
}

// diffusers: a DMD schedule has a point more than steps, and drops it at the end; the first
// chunk of a video takes twice as many steps and one.
int point_count(const GridSpec& spec, const GridRequest& request) {
  const int n = checked_steps(request.num_steps, kMaxSteps);
  if (!spec.drops_point) return n;
  return request.amplify_first_chunk ? 2 * n + 1 : n + 1;
}

double dynamic_shift(const GridSpec& spec, const GridRequest& request, double sigma) {
  return spec.dynamic_shift ? dynamically_shifted(spec.time_shift, *request.mu, sigma) : sigma;
}

// A single stage is an ordinary flow.
Points single_stage(const GridSpec& spec, const NoiseSchedule& schedule,
                    const GridRequest& request) {
  Points points{{}, request.sigmas};
  if (points.sigmas.empty()) {
    const int n = point_count(spec, request);
    points.sigmas = linspace(1.0, 1.0 / schedule.train_steps(), n + 1);
    points.sigmas.pop_back();
    // diffusers: the static shift goes through the formula of the dynamic one, as its mu.
    for (double& sigma : points.sigmas) {
      if (spec.shift != 1.0) sigma = dynamically_shifted(spec.time_shift, spec.shift, sigma);
    }
  } else {
    check_falling("sigmas", points.sigmas, 1.0, 1e-9);
  }
  for (double& sigma : points.sigmas) {
    sigma = dynamic_shift(spec, request, sigma);
    points.times.push_back(sigma * schedule.train_steps());
  }
  return points;
}

Points one_of_stages(const GridSpec& spec, const NoiseSchedule& schedule,
                     const GridRequest& request) {
  if (!request.sigmas.empty()) {
    fail(Status::conflict, "sigmas need stages to be 1, but it is ", spec.stages);
  }
  const int train_steps = schedule.train_steps();
  const TimeRange times = stage_times(spec, train_steps, chosen_stage(spec, request));
  const int n = point_count(spec, request);
  Points points{linspace(times.first, times.last, n),
                linspace(kFirstSigma, kFirstSigma / train_steps, n)};
  for (std::size_t i = 0; i < points.sigmas.size() && spec.dynamic_shift; ++i) {
    points.sigmas[i] = dynamic_shift(spec, request, points.sigmas[i]);
    points.times[i] = times.last + points.sigmas[i] * (times.first - times.last);
  }
  return points;
}

}  // namespace

void grid_of_stages(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                    TimeGrid& grid) {
  check_shift(spec, request);
  Points points = spec.stages == 1 ? single_stage(spec, schedule, request)
                                   : one_of_stages(spec, schedule, request);
  if (spec.drops_point && points.times.size() > 1) {
    points.times.pop_back();
    points.sigmas.pop_back();
  }
  points.sigmas.push_back(0.0);
  levels_from_sigmas(spec, schedule, points, grid);
}

}  // namespace sched
