// The grid of our own composition: where the model is asked.

#include <cstring>

#include "../plan/grid_parts.hpp"
#include "composition_parts.hpp"
#include "keys.hpp"
#include "words.hpp"

namespace sched {

namespace {

// ------------------------------------------------------------------------- shapes

// What a shape has besides its name.
enum Parameter : unsigned {
  kSpacing = 1u << 0,
  kLow = 1u << 1,
  kHigh = 1u << 2,
  kRho = 1u << 3,
  kAlpha = 1u << 4,
  kBeta = 1u << 5,
  kCentre = 1u << 6,
  kLine = 1u << 7,
  kContinuous = 1u << 8,
  kModel = 1u << 9,
  kLevels = 1u << 10,
  kEnd = 1u << 11
};

struct Shape {
  const char* name;
  SigmaShape shape;
  unsigned parameters;
};

constexpr unsigned kEnds = kLow | kHigh;

constexpr Shape kShapes[] = {{"none", SigmaShape::none, kSpacing},
                             {"karras", SigmaShape::karras, kEnds | kRho},
                             {"exponential", SigmaShape::exponential, kEnds},
                             {"polyexponential", SigmaShape::polyexponential, kEnds | kRho},
                             {"beta", SigmaShape::beta, kEnds | kAlpha | kBeta},
                             {"laplace", SigmaShape::laplace, kEnds | kCentre | kBeta},
                             {"kl_optimal", SigmaShape::kl_optimal, kEnds},
                             {"bong_tangent", SigmaShape::bong_tangent, kEnds},
                             {"linear_quadratic", SigmaShape::linear_quadratic, kHigh | kLine},
                             {"vp", SigmaShape::vp, kContinuous},
                             {"align_your_steps", SigmaShape::table, kModel | kEnd},
                             {"levels", SigmaShape::table, kLevels | kEnd},
                             {"normal", SigmaShape::normal, 0},
                             {"sgm_uniform", SigmaShape::sgm_uniform, 0},
                             {"simple", SigmaShape::simple, 0},
                             {"ddim_uniform", SigmaShape::ddim_uniform, 0},
                             {"beta_timesteps", SigmaShape::beta_timesteps, kAlpha | kBeta},
                             {"smoothstep", SigmaShape::smoothstep, 0}};

struct ParameterKey {
  const char* key;
  unsigned parameter;
};

constexpr ParameterKey kParameterKeys[] = {{"spacing", kSpacing},
                                           {"steps_offset", kSpacing},
                                           {"log_interpolation", kSpacing},
                                           {"sigma_min", kLow},
                                           {"sigma_max", kHigh},
                                           {"rho", kRho},
                                           {"alpha", kAlpha},
                                           {"beta", kBeta},
                                           {"mu", kCentre},
                                           {"threshold_noise", kLine},
                                           {"linear_steps", kLine},
                                           {"beta_d", kContinuous},
                                           {"beta_min", kContinuous},
                                           {"eps_s", kContinuous},
                                           {"model", kModel},
                                           {"levels", kLevels},
                                           {"levels_include_end", kEnd}};

const Shape& shape_named(const std::string& name) {
  for (const Shape& shape : kShapes) {
    if (name == shape.name) return shape;
  }
  return kShapes[0];
}

std::string shapes_with(unsigned parameter) {
  std::string names;
  for (const Shape& shape : kShapes) {
    if ((shape.parameters & parameter) != 0)
      names += (names.empty() ? "" : " | ") + std::string(shape.name);
  }
  return names;
}

// A parameter that the shape does not use would be ignored.
void refuse_unused(const Values& v, const Shape& shape, const Factors& f) {
  // Solvers that space their own steps do so along an exponential shape.
  const bool spaces_itself = f.solver->grid_steps != nullptr && shape.shape == SigmaShape::none;
  const unsigned used = spaces_itself ? kEnds : shape.parameters;
  for (const ParameterKey& entry : kParameterKeys) {
    if (!v.given(entry.key) || (used & entry.parameter) != 0) continue;
    fail(Status::conflict, "grid: ", entry.key, " is not used by shape ", shape.name,
         "; it belongs to shape ", shapes_with(entry.parameter));
  }
  const bool spaced = v.given("spacing") || v.given("steps_offset") || v.given("log_interpolation");
  if (spaced && (f.schedule.flow || f.schedule.tableless)) {
    fail(Status::conflict, "grid: spacing, steps_offset and log_interpolation need a schedule of ",
         "timesteps, which ", f.schedule.flow ? "flow" : "tableless", " is not");
  }
}

Keys grid_keys(const Factors& f) {
  return {choice("shape", f.schedule.tableless ? "karras" : "none", shape_names().c_str()),
          choice("spacing", "linspace", "linspace | leading | trailing"),
          whole("steps_offset", 0, -1000000, 1000000),
          boolean("log_interpolation", false),
          optional_real("rho", 0.0, 1000.0, true),
          optional_real("sigma_min", 0, 1e6, true),
          optional_real("sigma_max", 0, 1e6, true),
          real("alpha", 0.6, 0, 1000, true),
          optional_real("beta", 0, 1000, true),
          real("mu", 0.0, -100, 100),
          real("threshold_noise", 0.025, 0, 1, true),
          whole("linear_steps", 0, 0, kMaxSteps),
          real("beta_d", 19.9, 0, 1e4),
          real("beta_min", 0.1, 0, 1e4, true),
          real("eps_s", 1e-3, 0, 1, true),
          choice("model", "sd1", "sd1 | sdxl | svd"),
          optional_list("levels", 0, 1e6),
          boolean("levels_include_end", true),
          choice("final_sigma", "zero", "zero | sigma_min | shaped | last"),
          boolean("skip_smallest", false),
          boolean("inverse", false),
          choice("time_rounding", "keep", "keep | nearest | truncate"),
          real("shift", f.grid.shift, 0, 1e6, true),
          boolean("dynamic_shift", f.grid.dynamic_shift),
          choice("time_shift", f.grid.time_shift == TimeShift::linear ? "linear" : "exponential",
                 "exponential | linear"),
          optional_real("shift_terminal", 0.0, 0.999999, true)};
}

// ------------------------------------------------------------------ keys to factors

void set_levels(const Values& v, const Shape& shape, GridSpec& g) {
  g.levels_without_end = !v.flag("levels_include_end");
  if ((shape.parameters & kModel) != 0) {
    const std::string& model = v.text("model");
    g.levels = align_your_steps_levels(model == "sdxl"  ? AlignYourSteps::sdxl
                                       : model == "svd" ? AlignYourSteps::svd
                                                        : AlignYourSteps::sd1);
  }
  if ((shape.parameters & kLevels) == 0) return;
  if (!v.given("levels")) fail(Status::conflict, "grid: shape levels needs levels");
  g.levels = v.numbers("levels");
}

void set_shape(const Values& v, const Shape& shape, GridSpec& g) {
  g.shape = shape.shape;
  if (g.shape == SigmaShape::polyexponential) g.rho = 1.0;
  g.rho = v.maybe("rho").value_or(g.rho);
  if (v.given("sigma_min")) g.sigma_min = v.maybe("sigma_min");
  if (v.given("sigma_max")) g.sigma_max = v.maybe("sigma_max");
  // A checkpoint's file may have given ends that this shape has no use for.
  const bool needs_no_ends = g.shape == SigmaShape::vp || g.shape == SigmaShape::table;
  if (needs_no_ends) {
    g.sigma_min.reset();
    g.sigma_max.reset();
  }
  g.beta_alpha = v.number("alpha");
  g.beta_beta = v.maybe("beta").value_or(0.6);
  g.laplace_mu = v.number("mu");
  g.laplace_beta = v.maybe("beta").value_or(0.5);
  g.threshold_noise = v.number("threshold_noise");
  g.linear_steps = v.integer("linear_steps");
  g.vp_beta_d = v.number("beta_d");
  g.vp_beta_min = v.number("beta_min");
  g.vp_eps_s = v.number("eps_s");
  set_levels(v, shape, g);
}

void set_spacing(const Values& v, GridSpec& g) {
  g.spacing = spacing(v.text("spacing"));
  g.steps_offset = v.integer("steps_offset");
  g.log_interpolation = v.flag("log_interpolation");
  const std::string& rounding = v.text("time_rounding");
  g.shaped_times = rounding == "nearest"    ? TimeRounding::nearest
                   : rounding == "truncate" ? TimeRounding::truncate
                                            : TimeRounding::keep;
}

void set_end(const Values& v, bool flow, GridSpec& g) {
  const std::string& end = v.text("final_sigma");
  g.final_sigma = end == "shaped"                                 ? FinalSigma::shaped
                  : end == "last" || (end == "sigma_min" && flow) ? FinalSigma::last
                  : end == "sigma_min"                            ? FinalSigma::sigma_min
                                                                  : FinalSigma::zero;
  g.skips_smallest = v.flag("skip_smallest");
  g.rising = v.flag("inverse");
  if (!g.rising) return;
  if (v.given("final_sigma")) {
    fail(Status::conflict, "grid: final_sigma with inverse, which ends at the noisiest level");
  }
  if (g.skips_smallest) fail(Status::conflict, "grid: skip_smallest with inverse");
  g.final_sigma = g.shape == SigmaShape::none ? FinalSigma::noisiest : FinalSigma::shaped;
}

void set_shift(const Values& v, bool flow, GridSpec& g) {
  for (const char* key : {"shift", "dynamic_shift", "time_shift", "shift_terminal"}) {
    if (v.given(key) && !flow) {
      fail(Status::conflict, "grid: shift, dynamic_shift and shift_terminal need schedule flow");
    }
  }
  g.shift = v.number("shift");
  g.dynamic_shift = v.flag("dynamic_shift");
  g.time_shift = time_shift(v.text("time_shift"));
  if (v.given("shift_terminal")) g.shift_terminal = v.maybe("shift_terminal");
  if (v.given("time_shift") && !g.dynamic_shift) {
    fail(Status::conflict, "grid: time_shift needs dynamic_shift");
  }
}

}  // namespace

const std::string& shape_names() {
  static const std::string names = [] {
    std::string all;
    for (const Shape& shape : kShapes) all += (all.empty() ? "" : " | ") + std::string(shape.name);
    return all;
  }();
  return names;
}

bool is_shape_name(const std::string& name) { return name == shape_named(name).name; }

void read_grid(const Json& object, Notes& notes, Factors& f) {
  const Keys keys = grid_keys(f);
  const std::string where = "grid: ";
  const Values v(section(object, "grid", "shape"), keys, where, notes);
  const Shape& shape = shape_named(v.text("shape"));
  refuse_unused(v, shape, f);
  set_shape(v, shape, f.grid);
  set_spacing(v, f.grid);
  set_end(v, f.schedule.flow, f.grid);
  set_shift(v, f.schedule.flow, f.grid);
}

}  // namespace sched
