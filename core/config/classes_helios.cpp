// Helios: flow matching in stages of growing resolution, by UniPC, Euler or DMD.
// What diffusers does and a paper does not is marked `diffusers:` where it happens; here
// the flags for it are set.

#include "class_parts.hpp"
#include "words.hpp"

namespace sched {

namespace {

Keys helios_keys(const char* time_shift) {
  return {whole("num_train_timesteps", 1000, 1, 1000000),
          real("shift", 1.0, 0, 1e6, true),
          whole("stages", 3, 1, 16),
          optional_list("stage_range", 0, 1),
          real("gamma", 1.0 / 3.0, 0, 1e6, true),
          choice("prediction_type", "flow_prediction", kFourPredictions),
          boolean("use_flow_sigmas", true),
          boolean("use_dynamic_shifting", false),
          choice("time_shift_type", time_shift, "exponential | linear")};
}

void set_stages(const Values& values, Factors& f) {
  f.grid.stages = values.integer("stages");
  const auto edges = static_cast<std::size_t>(f.grid.stages) + 1;
  f.grid.stage_range = values.numbers("stage_range");
  if (!values.given("stage_range")) f.grid.stage_range = {0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0};
  if (f.grid.stages == 1) return;
  const List<double>& range = f.grid.stage_range;
  bool rises = range.size() == edges && range.front() >= 0.0 && range.back() <= 1.0;
  for (std::size_t i = 1; i < range.size(); ++i) rises = rises && range[i] > range[i - 1];
  if (!rises) {
    fail(Status::conflict, "stage_range must have ", edges, " entries that rise from 0 to 1, for ",
         f.grid.stages, " stages");
  }
}

void set_helios(const Values& values, Factors& f) {
  const bool flow = values.flag("use_flow_sigmas");
  set_prediction(values, flow ? Frame::flow : Frame::vp, f);
  if (f.parameterization.prediction == Prediction::flow && !flow) {
    fail(Status::conflict, "prediction_type flow_prediction needs use_flow_sigmas to be true");
  }
  f.schedule.tableless = true;
  f.schedule.train_steps = values.integer("num_train_timesteps");
  f.grid.family = GridFamily::staged;
  f.grid.shift = values.number("shift");
  f.grid.stage_gamma = values.number("gamma");
  f.grid.dynamic_shift = values.flag("use_dynamic_shifting");
  f.grid.time_shift = time_shift(values.text("time_shift_type"));
  set_stages(values, f);
  if (f.grid.dynamic_shift && f.grid.shift != 1.0) {
    fail(Status::conflict, "use_dynamic_shifting needs shift to be 1, but it is ", f.grid.shift);
  }
  f.init_options &= ~static_cast<unsigned>(f.grid.stages == 1 ? kStage : kSigmas);
}

void need_flow_prediction(const Factors& f, const char* what) {
  if (f.parameterization.prediction == Prediction::flow) return;
  fail(Status::conflict, what, " needs prediction_type flow_prediction");
}

void set_dmd(Factors& f) {
  need_flow_prediction(f, "DMD");
  f.solver = find_solver("flow_match_euler");
  f.options.stochastic = true;
  f.grid.drops_point = true;
}

void build_helios_dmd(const Values& values, Factors& f) {
  set_helios(values, f);
  set_dmd(f);
}

void build_helios(const Values& values, Factors& f) {
  set_helios(values, f);
  if (values.flag("thresholding")) {
    fail(Status::unsupported,
         "thresholding is not defined for this class: the reference calls a function that it does "
         "not have");
  }
  const std::string& type = values.text("scheduler_type");
  if (type == "dmd") return set_dmd(f);
  f.init_options &= ~static_cast<unsigned>(kFirstChunk);
  if (type == "euler") {
    need_flow_prediction(f, "scheduler_type euler");
    f.solver = find_solver("euler");
    return;
  }
  set_unipc_options(values, f);
  if (!f.options.predict_x0) {
    fail(Status::conflict,
         "predict_x0 false: predicting noise is not defined at sigma 0, where each stage ends");
  }
}

}  // namespace

std::vector<Method> helios_classes() {
  return {
      {"HeliosScheduler", "unipc", kSigmas | kMu | kStage | kFirstChunk,
       helios_keys("exponential") + unipc_options() +
           Keys{boolean("thresholding", false),
                choice("scheduler_type", "unipc", "unipc | euler | dmd")},
       build_helios},
      {"HeliosDMDScheduler", "flow_match_euler", kSigmas | kMu | kStage | kFirstChunk,
       helios_keys("linear"), build_helios_dmd},
  };
}

}  // namespace sched
