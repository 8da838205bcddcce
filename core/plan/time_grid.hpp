// Where a sampler asks the model: the steps of a loop, and its model calls.
// Built once, in init, in float64; never changed later.

#pragma once

#include <optional>

#include "noise_level.hpp"
#include "noise_schedule.hpp"

namespace sched {

enum class Spacing { linspace, leading, trailing };
enum class SigmaShape {
  none,
  // Over the sigmas from the largest to the smallest.
  karras,
  exponential,
  beta,  // Lee et al. with the quantile on sigma, as diffusers has it
  lu,
  polyexponential,
  laplace,
  kl_optimal,
  linear_quadratic,
  bong_tangent,
  // reForge's.
  cosine,
  cosexpblend,
  phi,
  karras_dynamic,
  sinusoidal_sf,
  invcosinusoidal_sf,
  react_cosinusoidal_dynsf,
  // Sigmas of their own.
  vp,
  table,
  gits,
  logit_normal,
  // From here on over the timesteps, sigma looked up: ComfyUI's.
  normal,
  sgm_uniform,
  simple,
  ddim_uniform,
  beta_timesteps,  // Lee et al. with the quantile on the timestep
  smoothstep,
  lcm,
  sd_turbo
};
enum class TimeRounding { keep, nearest, truncate };
enum class FinalSigma {
  zero,
  sigma_min,  // the training schedule's smallest, or the shape's
  last,       // the last sigma once more
  noisiest,   // the largest of the timesteps in use: where an inversion ends
  shaped      // the last of the shape, which then has one sigma more
};
enum class TimeShift { exponential, linear };
// Where mu of a dynamic shift is from: init, or the number of the model's tokens.
enum class MuRule { init, flux, flux2, ltx };
// What the model is told about the noise level, where that is not a flow sigma.
enum class ModelTime {
  timestep,              // of the training schedule
  quarter_log,           // ln(sigma) / 4: c_noise of Karras et al. 2022, table 1
  quarter_log_thousand,  // a thousand times that: Song et al. 2023, arXiv:2303.01469
  arctan                 // 2 atan(sigma) / pi, in (0, 1)
};

// How the points of a grid come about.
enum class GridFamily {
  timesteps,  // whole training timesteps; levels looked up (DDIM, DDPM, PNDM)
  subset,     // whole timesteps, a subset of a training subset (LCM)
  sigmas,     // sigmas interpolated at timesteps, then shaped (Euler, DPM-Solver)
  flow,       // sigmas in (0, 1], shifted
  angles,     // alpha = cos t, sigma = sin t (TrigFlow)
  shaped,     // a shape from sigma_max to sigma_min, with no table (EDM, consistency models)
  staged,     // flow sigmas of one of several stages of growing resolution (Helios)
  geometric,  // sigmas evenly in log between two ends (Song et al. 2020)
  vp_sde,     // the continuous VP SDE at times evenly from 1 down (Song et al. 2020)
  cosine,     // continuous times in [0, 1] on a cosine schedule (Wuerstchen)
  sine        // sigma = sin^2 of evenly spaced angles (iPNDM)
};

struct GridSpec {
  GridFamily family = GridFamily::timesteps;
  Frame frame = Frame::vp;

  Spacing spacing = Spacing::leading;
  int steps_offset = 0;
  bool drop_last = false;    // n + 1 points are spaced, the last is dropped
  bool whole_times = false;  // linspace is rounded to whole timesteps
  double lambda_min_clipped = -INFINITY;
  bool rising = false;          // timesteps and sigmas families: from data to noise (inversion)
  bool distinct_times = false;  // a timestep that is listed twice is stepped over once

  SigmaShape shape = SigmaShape::none;
  double rho = 7.0;         // karras, polyexponential; the power of reForge's shapes
  double beta_alpha = 0.6;  // beta, beta_timesteps: the distribution's parameters
  double beta_beta = 0.6;
  double laplace_mu = 0.0;    // laplace: the centre in log sigma
  double laplace_beta = 0.5;  // laplace: the width
  double vp_beta_d = 19.9;    // vp: beta(t) = beta_min + beta_d t, t from 1 to eps_s
  double vp_beta_min = 0.1;
  double vp_eps_s = 1e-3;
  double threshold_noise = 0.025;     // linear_quadratic: 1 - sigma where the line ends
  int linear_steps = 0;               // linear_quadratic: 0 means half of the steps
  List<double> levels;                // table: sigmas, resampled evenly in log sigma
  bool levels_without_end = false;    // table: the last sigma is the last level, not the end after
  bool levels_are_parts = false;      // table: all but the last are parts of the largest sigma
  double gits_coefficient = 1.2;      // gits: how far apart the levels are in the search
  std::optional<double> blend_decay;  // cosexpblend: what the exponential falls to, of sigma_max
  double logit_mean = 0.0;            // logit_normal
  double logit_deviation = 1.75;
  std::optional<double> sigma_min;
  std::optional<double> sigma_max;
  bool shape_from_table = false;  // the shape spans the training schedule, not the spacing
  // Between whole timesteps log sigma is interpolated (k-diffusion), not sigma (diffusers).
  bool log_interpolation = false;
  bool log_linear = false;  // sigmas evenly in log sigma between the table's ends
  TimeRounding shaped_times = TimeRounding::keep;
  ModelTime model_time = ModelTime::timestep;
  FinalSigma final_sigma = FinalSigma::zero;
  // One step more is made, and the sigma before the end is left out: k-diffusion's DPM-2 had
  // no use for it, and A1111 and ComfyUI leave it out for some samplers.
  bool skips_smallest = false;

  // timesteps family.
  bool final_alpha_one = true;  // where the last step ends; in a rising grid, the first begins
  bool needs_two_steps = false;
  // Steps at times of their own end a stride lower, and at clean data past the first timestep.
  bool quirk_groups_by_stride = false;
  bool quirk_groups_end_at_data = false;
  List<double> only_times;  // the method has no others

  // angles family.
  double max_time = 1.5708;
  double middle_time = 1.3;  // of two steps

  // subset family.
  int original_steps = 50;
  bool argument_means_all = false;  // diffusers: TCD's argument asks for every timestep

  // staged family.
  int stages = 1;
  List<double> stage_range;        // where each begins, as parts of the timesteps, and the end
  double stage_gamma = 1.0 / 3.0;  // correlation of the noise that a stage begins with
  bool drops_point = false;        // DMD: a point more, dropped

  // geometric and vp_sde families.
  double time_end = 1e-5;    // of the times, which begin at 1
  bool sigma_times = false;  // the model's time is sigma instead
  double beta_min = 0.1;
  double beta_max = 20.0;
  bool squared_sigmas = false;  // diffusers: KarrasVe takes sigma^2 for sigma

  // shaped family.
  bool whole_positions = false;  // whole timesteps say where along the shape (Song et al. 2023)
  bool quirk_sigmas_are_ramp = false;   // custom sigmas are positions along the shape, 0 to 1
  bool quirk_single_is_lowest = false;  // one step of an exponential shape is at sigma_min

  // cosine family: an offset of the time, and a power on it.
  double cosine_offset = 0.008;
  double cosine_power = 1.0;

  // sine family: the sigmas, the end included, in place of the sines.
  List<double> given_sigmas;

  // flow family.
  double shift = 1.0;
  bool dynamic_shift = false;
  TimeShift time_shift = TimeShift::exponential;
  MuRule mu_rule = MuRule::init;
  double tokens = 4096.0;   // flux, flux2, ltx: of the latents as the model sees them
  double base_shift = 0.5;  // flux, ltx: mu at the fewest tokens of the line, and at the most
  double max_shift = 1.15;
  std::optional<double> shift_terminal;
  bool inverted = false;
  bool whole_range = false;         // sigmas spaced from 1 to 1 / train_steps, the end dropped
  bool shift_from_one = false;      // spaced as 1 - linspace(1, 1 / train_steps): DPM-Solver's
  bool sigmas_with_end = false;     // custom sigmas are used as given and say where the loop ends
  bool to_zero = false;             // sigmas spaced from 1 to 0, the end dropped
  bool counts_points = false;       // num_steps counts the points, the end included
  bool reversed_times = false;      // the model's time is 1 - sigma
  bool keeps_custom_times = false;  // the model is given custom timesteps as they are
  bool nudge_first = false;         // diffusers: UniPC moves sigma = 1 down by 1e-6

  // What diffusers does and a paper does not; off in our own composition.
  bool stride_previous = false;  // a step ends at t - T / n, whatever the spacing (DDIM)
  bool shift_twice = false;      // the flow shift is applied to end points that have it

  // How sched_init_noise_sigma() is made: the first level's sigma, or from the largest.
  enum class InitSigma { one, first, largest, hypot_one, largest_root } init_sigma = InitSigma::one;
};

// What the caller chose in init.
struct GridRequest {
  int num_steps = 0;
  List<double> timesteps;
  List<double> sigmas;
  std::optional<double> mu;
  std::optional<int> stage;  // staged family
  bool amplify_first_chunk = false;
  std::optional<double> strength;
  int original_steps = 0;
  int train_steps = 0;
  // angles family.
  std::optional<double> max_time;
  std::optional<double> middle_time;  // of two steps; 0: evenly spaced
};

// One step of the whole schedule.
struct GridStep {
  double time = 0.0;  // for the model
  NoiseLevel from;
  NoiseLevel to;
};

// One model call.
struct Node {
  double time = 0.0;
  NoiseLevel level;  // of the sample that is handed in
  NoiseLevel from;   // where the step of this call begins
  NoiseLevel to;     // where this call takes the sample
  int step = 0;      // of the whole schedule
  int stage = 0;     // within the method, 0 for the first call of a step
  int history = 0;   // rows of its own kind that the method has kept before this call
  bool ends_step = true;
  bool needs_model = true;  // false: noise is added, or undone, without asking the model
  // Deviation of the noise that is added to the sample before this call (churn): the call
  // before adds it to its `next`, so that `level` is the level handed in.
  double added_noise = 0.0;
  NoiseLevel aim{};  // adaptive steps: where the attempt ends
};

struct TimeGrid {
  List<GridStep> steps;  // the whole schedule
  List<double> sigmas;   // steps + 1, in the unit of the family
  double init_noise_sigma = 1.0;
  int begin = 0;
  int end = 0;
  List<Node> nodes;  // the model calls from begin to end

  int total() const { return static_cast<int>(steps.size()); }
};

// The steps of the whole schedule.  Throws Error{steps, timesteps, conflict, ...}.
TimeGrid make_grid(const GridSpec& spec, const NoiseSchedule& schedule, const GridRequest& request);

// Sabour et al. 2024, arXiv:2404.14507: sigmas of ten steps optimised for a model.
enum class AlignYourSteps { sd1, sdxl, svd };
List<double> align_your_steps_levels(AlignYourSteps model);
// reForge's tables: parts of the largest sigma, and a last level of 0.029.
enum class PartsTable { sd1, sdxl, gits_sd1, gits_sdxl };
List<double> parts_of_largest(PartsTable table);

// diffusers: stride between timesteps, used by DDIM and PNDM.
inline int stride_of(const NoiseSchedule& schedule, int num_steps) {
  return schedule.train_steps() / num_steps;
}

// What the model is told at a level between those of the grid, never rounded.
double time_of_level(const GridSpec& spec, const NoiseSchedule& schedule, const NoiseLevel& level);

// Times that are not the grid's (per item, per token): the level at one, and that to which
// the schedule goes from there.  Throws value.
NoiseLevel level_of_time(const GridSpec& spec, const NoiseSchedule& schedule, double time);
NoiseLevel level_after_time(const GridSpec& spec, const NoiseSchedule& schedule,
                            const TimeGrid& grid, double time);

// The level at a whole timestep; past the beginning, at clean data or the first timestep.
NoiseLevel table_level(const GridSpec& spec, const NoiseSchedule& schedule, int timestep);

}  // namespace sched
