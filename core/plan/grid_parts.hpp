// What the families of grids share: checks of what the caller asked for, spacing of
// timesteps, shapes of sigmas.  Each family is a function in a file of its own.

#pragma once

#include "time_grid.hpp"

namespace sched {

constexpr int kMaxSteps = 100000;

// Throws unless `values` fall strictly and lie between `lowest` and `highest`.
void check_falling(const char* name, const List<double>& values, double highest, double lowest);
void check_whole(const List<double>& times);
// num_steps, if it is 1 to `most`; throws otherwise.
int checked_steps(int num_steps, int most);

// Timesteps as asked for: the caller's own, or evenly spaced.
List<double> chosen_times(const GridSpec& spec, const NoiseSchedule& schedule,
                          const GridRequest& request);

// Sigmas at positions along a shape: `high` at 0, `low` at 1.
List<double> sigmas_along(const GridSpec& spec, double high, double low, List<double> positions);
// How many sigmas a shape makes for so many steps.
inline int shaped_count(const GridSpec& spec, int steps) {
  return spec.final_sigma == FinalSigma::shaped ? steps + 1 : steps;
}
// `count` sigmas from `high` down to `low`; fewer where some would repeat.
List<double> shaped_sigmas(const GridSpec& spec, double high, double low, int count);
bool is_over_timesteps(SigmaShape shape);
// Sigmas that do not depend on the model's: sigma_min and sigma_max mean nothing to them.
bool has_own_sigmas(SigmaShape shape);
// Fractional timesteps of a shape over them, from train_steps - 1 down to `low`.
List<double> shaped_times(const GridSpec& spec, int train_steps, double low, int count);
void check_sigma_range(double high, double low);
// What the model is told at a sigma of the grid's own unit.
double time_of_sigma(const GridSpec& spec, const NoiseSchedule& schedule, double sigma);
double rounded_time(TimeRounding rounding, double time);
double rounded_time_of(const GridSpec& spec, const NoiseSchedule& schedule, double sigma);

// Flow sigmas for a resolution: a static shift, or a dynamic one with mu its logarithm
// (Esser et al. 2024, arXiv:2403.03206).
inline double shifted(double shift, double sigma) {
  return shift * sigma / (1.0 + (shift - 1.0) * sigma);
}
double dynamically_shifted(TimeShift kind, double mu, double sigma);
// mu as a line or plane of the number of tokens and the steps; throws if init gives it too.
double mu_from_tokens(const GridSpec& spec, const GridRequest& request);
// Throws unless mu is given exactly where the shift is dynamic.
void check_shift(const GridSpec& spec, const GridRequest& request);

// The model's times and the sigmas of a grid: one sigma more than times.
struct Points {
  List<double> times;
  List<double> sigmas;
};

// Appends where the loop ends, unless the shape has done so.
void append_final_sigma(const GridSpec& spec, const NoiseSchedule& schedule, List<double>& sigmas);
// Sigmas as the caller gives them, where the loop ends included.
Points custom_sigma_points(const GridSpec& spec, const NoiseSchedule& schedule,
                           const GridRequest& request);
// Steps between the sigmas, in the frame of the grid.
void levels_from_sigmas(const GridSpec& spec, const NoiseSchedule& schedule, const Points& points,
                        TimeGrid& grid);

// The families.
void grid_of_timesteps(const GridSpec& spec, const NoiseSchedule& schedule,
                       const GridRequest& request, TimeGrid& grid);
void grid_of_subset(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                    TimeGrid& grid);
void grid_of_sigmas(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                    TimeGrid& grid);
void grid_of_geometric(const GridSpec& spec, const GridRequest& request, TimeGrid& grid);
void grid_of_vp_sde(const GridSpec& spec, const GridRequest& request, TimeGrid& grid);
void grid_of_angles(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                    TimeGrid& grid);
void grid_of_shape(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                   TimeGrid& grid);
void grid_of_stages(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                    TimeGrid& grid);
void grid_of_flow(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request,
                  TimeGrid& grid);
void grid_of_cosine(const GridSpec& spec, const GridRequest& request, TimeGrid& grid);
void grid_of_sine(const GridSpec& spec, const GridRequest& request, TimeGrid& grid);

}  // namespace sched
