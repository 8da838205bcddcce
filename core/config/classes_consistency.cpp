// Classes of consistency models.
// What diffusers does and a paper does not is marked `diffusers:` where it happens; here
// the flags for it are set.

#include "class_parts.hpp"

namespace sched {

namespace {

void build_consistency(const Values& values, Factors& f) {
  set_shaped_family(values, f);
  f.parameterization.prediction = Prediction::edm;
  f.parameterization.boundary = *f.grid.sigma_min;
  f.grid.shape = SigmaShape::karras;
  f.grid.whole_positions = true;
  f.grid.whole_times = true;
  f.grid.model_time = ModelTime::quarter_log_thousand;
  f.grid.final_sigma = FinalSigma::sigma_min;
  f.grid.init_sigma = GridSpec::InitSigma::largest;
  f.options.sigma_min = *f.grid.sigma_min;
  f.options.noise_scale = values.number("s_noise");
  f.options.quirk_draw_at_end = true;
  if (values.flag("clip_denoised")) f.clip.mode = Clip::range;
}

// The decoder of DALL-E 3: two jumps in the vp frame, at timesteps that it was trained for.
void build_decoder(const Values& values, Factors& f) {
  f.schedule.kind = BetaSchedule::squaredcos_cap_v2;
  f.schedule.train_steps = values.integer("num_train_timesteps");
  f.parameterization.prediction = Prediction::edm;
  f.parameterization.sigma_data = values.number("sigma_data");
  f.grid.only_times = {1008.0, 512.0};
  f.grid.init_sigma = GridSpec::InitSigma::first;
}

// Samples and noise are in units of the data, so sigma_data only scales the noise.
void build_scm(const Values& values, Factors& f) {
  f.schedule.tableless = true;
  f.schedule.train_steps = values.integer("num_train_timesteps");
  f.parameterization.prediction = Prediction::v;
  f.grid.family = GridFamily::angles;
  f.options.noise_scale = values.number("sigma_data");
  f.options.quirk_draw_at_end = true;
}

}  // namespace

std::vector<Method> consistency_classes() {
  return {
      {"CMStochasticIterativeScheduler", "consistency", kTimesteps,
       sigma_range(0.002, 80.0, 0.5) +
           // The first and the last of them are the ends of the shape.
           Keys{whole("num_train_timesteps", 40, 2, 1000000), real("s_noise", 1.0, 0, 1e3),
                boolean("clip_denoised", true)},
       build_consistency},
      {"ConsistencyDecoderScheduler",
       "consistency",
       0,
       // Its first timestep is 1008.
       {whole("num_train_timesteps", 1024, 1009, 1000000), real("sigma_data", 0.5, 0, 1e6, true)},
       build_decoder},
      {"SCMScheduler",
       "consistency",
       kTimesteps | kAngles,
       {whole("num_train_timesteps", 1000, 1, 1000000),
        choice("prediction_type", "trigflow", "trigflow"), real("sigma_data", 0.5, 0, 1e6, true)},
       build_scm},
  };
}

}  // namespace sched
