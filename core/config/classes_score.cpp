// Classes of the score-based SDEs, and RePaint: those whose loops have calls of several
// kinds.  What diffusers does and a paper does not is marked `diffusers:` where it happens;
// here the flags for it are set.

#include "class_parts.hpp"

namespace sched {

namespace {

void set_geometric(const Values& values, Factors& f) {
  f.grid.family = GridFamily::geometric;
  f.grid.frame = f.parameterization.frame = Frame::ve;
  f.grid.sigma_min = values.number("sigma_min");
  f.grid.sigma_max = values.number("sigma_max");
  if (*f.grid.sigma_min > *f.grid.sigma_max) {
    fail(Status::conflict, "sigma_min ", *f.grid.sigma_min, " is above sigma_max ",
         *f.grid.sigma_max);
  }
  f.schedule.tableless = true;
}

void build_score_sde_ve(const Values& values, Factors& f) {
  set_geometric(values, f);
  f.grid.time_end = values.number("sampling_eps");
  f.grid.init_sigma = GridSpec::InitSigma::largest;
  f.parameterization.prediction = Prediction::score;
  f.parameterization.scales_input = false;
  f.options.signal_to_noise = values.number("snr");
  f.options.correct_steps = values.integer("correct_steps");
}

void build_score_sde_vp(const Values& values, Factors& f) {
  f.grid.family = GridFamily::vp_sde;
  f.grid.frame = f.parameterization.frame = Frame::vp;
  f.grid.time_end = values.number("sampling_eps");
  f.grid.beta_min = values.number("beta_min");
  f.grid.beta_max = values.number("beta_max");
  if (f.grid.beta_min > f.grid.beta_max) {
    fail(Status::conflict, "beta_min ", f.grid.beta_min, " is above beta_max ", f.grid.beta_max);
  }
  f.schedule.tableless = true;
  f.options.quirk_beta_at_start = true;
}

// diffusers: the schedule holds sigma^2, and the churn is a call of its own.
void build_karras_ve(const Values& values, Factors& f) {
  set_geometric(values, f);
  f.grid.sigma_times = true;
  f.grid.squared_sigmas = true;
  f.grid.init_sigma = GridSpec::InitSigma::largest_root;
  f.parameterization.prediction = Prediction::scaled_score;
  f.parameterization.scales_input = false;
  f.options.churn_place = ChurnPlace::own_call;
  f.options.churn = values.number("s_churn");
  f.options.churn_min = values.number("s_min");
  f.options.churn_max = values.number("s_max");
  f.options.noise_scale = values.number("s_noise");
}

void build_repaint(const Values& values, Factors& f) {
  set_betas(values, f);
  f.grid.family = GridFamily::timesteps;
  f.grid.frame = f.parameterization.frame = Frame::vp;
  f.grid.stride_previous = true;
  if (values.flag("clip_sample")) f.clip = {Clip::range, 1.0, 0.995, 1.0};
  f.options.eta = values.number("eta");
  f.options.quirk_unit_undo = true;
}

}  // namespace

std::vector<Method> score_classes() {
  const KeySpec train = whole("num_train_timesteps", 2000, 1, 1000000);
  const Keys ends = {real("sigma_min", 0.01, 0, 1e6, true),
                     real("sigma_max", 1348.0, 0, 1e6, true)};
  return {
      {"ScoreSdeVeScheduler", "score_sde_ve", 0,
       Keys{train, real("snr", 0.15, 0, 1000, true), real("sampling_eps", 1e-5, 0, 1),
            whole("correct_steps", 1, 0, 100)} +
           ends,
       build_score_sde_ve},
      {"ScoreSdeVpScheduler", "score_sde_vp", 0,
       Keys{train, real("beta_min", 0.1, 0, 1e4, true), real("beta_max", 20.0, 0, 1e4, true),
            real("sampling_eps", 1e-3, 0, 1, true)},
       build_score_sde_vp},
      {"KarrasVeScheduler", "heun", 0,
       Keys{real("sigma_min", 0.02, 0, 1e4, true), real("sigma_max", 100.0, 0, 1e4, true),
            real("s_noise", 1.007, 0, 1000), real("s_churn", 80.0, 0, 1e6),
            real("s_min", 0.05, 0, 1e9), real("s_max", 50.0, 0, 1e9)},
       build_karras_ve},
      {"RePaintScheduler", "repaint", kJumps,
       betas(0.0001, 0.02, "linear", "linear | scaled_linear | squaredcos_cap_v2 | sigmoid") +
           Keys{real("eta", 0.0, 0, 1), boolean("clip_sample", true)},
       build_repaint},
  };
}

}  // namespace sched
