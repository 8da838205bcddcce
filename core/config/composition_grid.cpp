// The grid of our own composition: where the model is asked.

#include <cmath>
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
  kEnd = 1u << 11,
  kDecay = 1u << 12,
  kCoefficient = 1u << 13,
  kDeviation = 1u << 14,
  kTokens = 1u << 15,
  // Which models a shape is for, where it is not for all.
  kNoFlow = 1u << 16,
  kFlowOnly = 1u << 17
};

struct Shape {
  const char* name;
  SigmaShape shape;
  unsigned parameters;
  double rho = 7.0;
};

constexpr unsigned kEnds = kLow | kHigh;
constexpr double kGoldenRatio = 1.6180339887498949;

constexpr Shape kShapes[] = {
    {"none", SigmaShape::none, kSpacing},
    {"even", SigmaShape::none, kFlowOnly},
    {"karras", SigmaShape::karras, kEnds | kRho},
    {"exponential", SigmaShape::exponential, kEnds},
    {"polyexponential", SigmaShape::polyexponential, kEnds | kRho, 1.0},
    {"beta", SigmaShape::beta, kEnds | kAlpha | kBeta},
    {"laplace", SigmaShape::laplace, kEnds | kCentre | kBeta},
    {"kl_optimal", SigmaShape::kl_optimal, kEnds},
    {"bong_tangent", SigmaShape::bong_tangent, kEnds},
    {"linear_quadratic", SigmaShape::linear_quadratic, kHigh | kLine},
    {"cosine", SigmaShape::cosine, kEnds},
    {"cosexpblend", SigmaShape::cosexpblend, kEnds | kDecay},
    {"phi", SigmaShape::phi, kEnds | kRho, kGoldenRatio* kGoldenRatio},
    {"karras_dynamic", SigmaShape::karras_dynamic, kEnds | kRho},
    {"sinusoidal_sf", SigmaShape::sinusoidal_sf, kEnds | kRho, 3.5},
    {"invcosinusoidal_sf", SigmaShape::invcosinusoidal_sf, kEnds | kRho, 3.5},
    {"react_cosinusoidal_dynsf", SigmaShape::react_cosinusoidal_dynsf, kEnds | kRho, 2.15},
    {"vp", SigmaShape::vp, kContinuous | kNoFlow},
    {"align_your_steps", SigmaShape::table, kModel | kEnd | kNoFlow},
    {"gits", SigmaShape::gits, kCoefficient | kNoFlow},
    {"logit_normal", SigmaShape::logit_normal, kCentre | kDeviation | kTokens | kFlowOnly},
    {"levels", SigmaShape::table, kLevels | kEnd},
    {"normal", SigmaShape::normal, 0},
    {"sgm_uniform", SigmaShape::sgm_uniform, 0},
    {"simple", SigmaShape::simple, 0},
    {"ddim_uniform", SigmaShape::ddim_uniform, 0},
    {"beta_timesteps", SigmaShape::beta_timesteps, kAlpha | kBeta},
    {"smoothstep", SigmaShape::smoothstep, 0},
    {"lcm", SigmaShape::lcm, 0},
    {"sd_turbo", SigmaShape::sd_turbo, 0}};

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
                                           {"levels_include_end", kEnd},
                                           {"decay", kDecay},
                                           {"coefficient", kCoefficient},
                                           {"deviation", kDeviation}};

const Shape& shape_named(const std::string& name) {
  for (const Shape& shape : kShapes) {
    if (name == shape.name) return shape;
  }
  return kShapes[0];
}

template <typename Belongs>
std::string names_where(Belongs belongs) {
  std::string names;
  for (const Shape& shape : kShapes) {
    if (belongs(shape)) names += (names.empty() ? "" : " | ") + std::string(shape.name);
  }
  return names;
}

std::string shapes_with(unsigned parameter) {
  return names_where([&](const Shape& shape) { return (shape.parameters & parameter) != 0; });
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

// Sigmas of a flow are at most 1, and a way from 1 to 0 is none for others.
void refuse_other_models(const Shape& shape, const Factors& f) {
  if ((shape.parameters & kNoFlow) != 0 && f.schedule.flow) {
    fail(Status::conflict, "grid: shape ", shape.name, " with schedule flow, whose sigmas are at ",
         "most 1; its own begin far above");
  }
  if ((shape.parameters & kFlowOnly) != 0 && !f.schedule.flow) {
    fail(Status::conflict, "grid: shape ", shape.name, " needs schedule flow");
  }
}

constexpr const char* kModels =
    "sd1 | sdxl | svd | reforge_sd1 | reforge_sdxl | reforge_gits_sd1 | reforge_gits_sdxl";

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
          choice("model", "sd1", kModels),
          optional_list("levels", 0, 1e6),
          boolean("levels_include_end", true),
          optional_real("decay", 0.0, 1.0, true),
          real("coefficient", 1.2, 0.8, 1.5),
          real("deviation", 1.75, 0.0, 1000.0, true),
          choice("final_sigma", "zero", "zero | sigma_min | shaped | last"),
          boolean("skip_smallest", false),
          boolean("inverse", false),
          choice("time_rounding", "keep", "keep | nearest | truncate"),
          real("shift", f.grid.shift, 0, 1e6, true),
          boolean("dynamic_shift", f.grid.dynamic_shift),
          choice("time_shift", f.grid.time_shift == TimeShift::linear ? "linear" : "exponential",
                 "exponential | linear"),
          optional_real("shift_terminal", 0.0, 0.999999, true),
          choice("mu_from", "init", "init | flux | flux2 | ltx"),
          whole("tokens", 4096, 1, 1000000000),
          optional_real("base_shift", -100.0, 100.0),
          optional_real("max_shift", -100.0, 100.0)};
}

// ------------------------------------------------------------------ keys to factors

void set_model_levels(const std::string& model, const Factors& f, GridSpec& g) {
  struct Parts {
    const char* model;
    PartsTable table;
  };
  static constexpr Parts kParts[] = {{"reforge_sd1", PartsTable::sd1},
                                     {"reforge_sdxl", PartsTable::sdxl},
                                     {"reforge_gits_sd1", PartsTable::gits_sd1},
                                     {"reforge_gits_sdxl", PartsTable::gits_sdxl}};
  g.levels = align_your_steps_levels(model == "sdxl"  ? AlignYourSteps::sdxl
                                     : model == "svd" ? AlignYourSteps::svd
                                                      : AlignYourSteps::sd1);
  for (const Parts& entry : kParts) {
    if (model != entry.model) continue;
    g.levels = parts_of_largest(entry.table);
    g.levels_are_parts = true;
  }
  if (g.levels_are_parts && f.schedule.tableless) {
    fail(Status::conflict, "grid: model ", model, " lists parts of the largest sigma of a table, ",
         "which schedule tableless has not; choose sd1 | sdxl | svd");
  }
}

void set_levels(const Values& v, const Shape& shape, const Factors& f, GridSpec& g) {
  g.levels_without_end = !v.flag("levels_include_end");
  if ((shape.parameters & kModel) != 0) set_model_levels(v.text("model"), f, g);
  if ((shape.parameters & kLevels) == 0) return;
  if (!v.given("levels")) fail(Status::conflict, "grid: shape levels needs levels");
  g.levels = v.numbers("levels");
}

// The tokens of the model move the middle: half the log of how many more than 1024 there are.
double logit_mean(const Values& v) {
  return v.number("mu") + (v.given("tokens") ? 0.5 * std::log(v.number("tokens") / 1024.0) : 0.0);
}

void set_shape(const Values& v, const Shape& shape, const Factors& f, GridSpec& g) {
  g.shape = shape.shape;
  g.to_zero = std::strcmp(shape.name, "even") == 0;
  // A checkpoint's file may have given Karras's.
  if (g.shape != SigmaShape::karras) g.rho = shape.rho;
  g.rho = v.maybe("rho").value_or(g.rho);
  if (v.given("sigma_min")) g.sigma_min = v.maybe("sigma_min");
  if (v.given("sigma_max")) g.sigma_max = v.maybe("sigma_max");
  // A checkpoint's file may have given ends that this shape has no use for.
  if (has_own_sigmas(g.shape)) {
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
  g.blend_decay = v.maybe("decay");
  g.gits_coefficient = v.number("coefficient");
  g.logit_mean = logit_mean(v);
  g.logit_deviation = v.number("deviation");
  set_levels(v, shape, f, g);
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

}  // namespace

const std::string& shape_names() {
  static const std::string names = names_where([](const Shape&) { return true; });
  return names;
}

std::string shapes_over_sigmas(bool rising) {
  return names_where([&](const Shape& shape) {
    const bool runs_up = shape.shape != SigmaShape::linear_quadratic;
    return shape.shape != SigmaShape::none && !is_over_timesteps(shape.shape) &&
           (shape.parameters & kFlowOnly) == 0 && (runs_up || !rising);
  });
}

bool is_shape_name(const std::string& name) { return name == shape_named(name).name; }

void read_grid(const Json& object, Notes& notes, Factors& f) {
  const Keys keys = grid_keys(f);
  const std::string where = "grid: ";
  const Values v(section(object, "grid", "shape"), keys, where, notes);
  const Shape& shape = shape_named(v.text("shape"));
  refuse_other_models(shape, f);
  refuse_unused(v, shape, f);
  set_shape(v, shape, f, f.grid);
  set_spacing(v, f.grid);
  set_end(v, f.schedule.flow, f.grid);
  read_shift(v, f.schedule.flow, (shape.parameters & kTokens) != 0, f.grid);
}

}  // namespace sched
