#include "loop.hpp"

#include <algorithm>
#include <cmath>

namespace sched {

namespace {

constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;

[[noreturn]] void no_option(const char* name, const Factors& factors, const char* reason) {
  fail(Status::option, name, " is not an option of ", factors.solver->name, reason);
}

void check_option(const Factors& f, bool given, unsigned option, const char* name) {
  if (given && (f.init_options & option) == 0) no_option(name, f, " with this configuration");
}

void check_range(const char* name, const std::optional<double>& value, double low, double high) {
  if (!value || (*value >= low && *value <= high)) return;
  fail(Status::value, name, " is ", *value, "; allowed are ", low, " to ", high);
}

void check_lists(const Factors& f, const GridRequest& grid) {
  const bool times = !grid.timesteps.empty();
  const bool sigmas = !grid.sigmas.empty();
  if (times && sigmas) fail(Status::conflict, "timesteps and sigmas exclude each other");
  if (grid.num_steps != 0 && (times || sigmas)) {
    fail(Status::conflict, "num_steps excludes custom ", times ? "timesteps" : "sigmas",
         ": their number says how many steps there are");
  }
  if (grid.num_steps < 0) {
    fail(Status::steps, "num_steps is ", grid.num_steps, "; it must be at least 1");
  }
  if (times && f.grid.shape != SigmaShape::none) {
    fail(Status::conflict,
         "timesteps cannot be combined with a sigma shape (karras, exponential, "
         "beta or lu) in the configuration");
  }
  if (sigmas && f.grid.shape != SigmaShape::none && f.grid.family != GridFamily::flow) {
    fail(Status::conflict,
         "sigmas cannot be combined with a sigma shape (karras, exponential, "
         "beta or lu) in the configuration");
  }
  if (times && f.grid.continuous_times) {
    fail(Status::conflict, "timesteps cannot be combined with timestep_type continuous");
  }
}

void check_options(const Factors& f, const LoopRequest& request) {
  const GridRequest& grid = request.grid;
  check_option(f, !grid.timesteps.empty(), kTimesteps, "timesteps");
  check_option(f, !grid.sigmas.empty(), kSigmas, "sigmas");
  check_option(f, grid.mu.has_value(), kMu, "mu");
  check_option(f, request.eta.has_value(), kEta, "eta");
  check_option(f, request.churn.has_value(), kChurn, "s_churn");
  check_option(f, request.churn_min.has_value(), kChurn, "s_tmin");
  check_option(f, request.churn_max.has_value(), kChurn, "s_tmax");
  check_option(f, request.noise_scale.has_value(), kChurn, "s_noise");
  check_option(f, request.order != 0, kOrder, "order");
  check_option(f, grid.original_steps != 0, kOriginalSteps, "original_inference_steps");
  check_option(f, request.use_clipped_epsilon, kClippedEpsilon, "use_clipped_model_output");
  check_option(f, grid.train_steps != 0, kTrainSteps, "num_train_timesteps");
  if (grid.mu && f.grid.family != GridFamily::flow) {
    no_option("mu", f, ": it needs use_flow_sigmas and use_dynamic_shifting");
  }
  check_range("eta", request.eta, 0.0, 1.0);
  check_range("s_churn", request.churn, 0.0, 1e6);
  check_range("s_tmin", request.churn_min, 0.0, INFINITY);
  check_range("s_tmax", request.churn_max, 0.0, INFINITY);
  check_range("s_noise", request.noise_scale, 0.0, 1e3);
  check_range("mu", grid.mu, -100.0, 100.0);
  if (grid.strength && !(*grid.strength > 0.0 && *grid.strength <= 1.0)) {
    fail(Status::value, "strength is ", *grid.strength, "; allowed are numbers above 0 up to 1");
  }
  if (request.order < 0 || request.order > 4) {
    fail(Status::value, "order is ", request.order, "; allowed are 1 to 4 (0 means 4)");
  }
  if (grid.original_steps < 0) {
    fail(Status::value, "original_inference_steps is ", grid.original_steps,
         "; it must be at least 1");
  }
  const int most = f.schedule.train_steps;
  if (grid.train_steps < 0 || grid.train_steps > most) {
    fail(Status::value, "num_train_timesteps is ", grid.train_steps, "; allowed are 1 to ", most);
  }
  check_lists(f, grid);
}

void check_shape(const LoopRequest& request) {
  if (request.batch < 1) fail(Status::shape, "batch is ", request.batch, "; it must be at least 1");
  if (request.elements < 1) {
    fail(Status::shape, "elements is ", request.elements, "; it must be at least 1");
  }
  if (request.elements > kMaxElements / request.batch) {
    fail(Status::shape, "batch times elements is too large; at most ", kMaxElements,
         " are allowed");
  }
}

// Image to image: diffusers' pipelines run the last int(n * strength) steps.
void set_range(const LoopRequest& request, bool subset, TimeGrid& grid) {
  const int n = grid.total();
  grid.begin = request.begin_step;
  grid.end = request.end_step == 0 ? n : request.end_step;
  if (request.grid.strength && !subset) {
    if (request.begin_step != 0) {
      fail(Status::conflict, "strength and begin_step exclude each other");
    }
    grid.begin = n - std::max(1, std::min(static_cast<int>(n * *request.grid.strength), n));
  }
  if (grid.begin < 0 || grid.begin >= n) {
    fail(Status::steps, "begin_step is ", grid.begin, "; allowed are 0 to ", n - 1);
  }
  if (grid.end <= grid.begin || grid.end > n) {
    fail(Status::steps, "end_step is ", grid.end, "; allowed are ", grid.begin + 1, " to ", n,
         " (0 means all)");
  }
}

SolverOptions solver_options(const Factors& f, const LoopRequest& request, int steps) {
  SolverOptions options = f.options;
  options.eta = request.eta.value_or(f.options.eta);
  options.use_clipped_epsilon = request.use_clipped_epsilon;
  if (request.order != 0) options.order = request.order;
  // diffusers divides by the length of its sigma list less one; log_linear's is longer.
  const bool longer =
      f.grid.log_linear && f.grid.shape == SigmaShape::none && request.grid.sigmas.empty();
  options.churn = request.churn.value_or(0.0) / (longer ? steps + 1 : steps);
  options.churn_min = request.churn_min.value_or(0.0);
  options.churn_max = request.churn_max.value_or(INFINITY);
  options.noise_scale = request.noise_scale.value_or(f.options.noise_scale);
  options.quirk_call_at_end = f.options.quirk_call_at_end && !request.grid.sigmas.empty();
  return options;
}

// Where nothing is clipped, x0 is put into the rows on the host: one rounding instead of
// two, and one pass.
void fold_denoised(StepPlan& plan) {
  if (plan.clip.mode != Clip::none) return;
  const auto fold = [&](LinearForm& form) {
    form = substitute(form, Input::denoised, plan.denoised);
  };
  fold(plan.next);
  fold(plan.preview);
  for (int i = 0; i < plan.kept_count; ++i) fold(plan.kept[static_cast<std::size_t>(i)].form);
}

bool is_finite_plan(const StepPlan& plan) {
  bool finite = is_finite(plan.next) && is_finite(plan.preview) && is_finite(plan.denoised) &&
                std::isfinite(plan.gain.offset) && std::isfinite(plan.gain.slope);
  for (int i = 0; i < plan.kept_count; ++i) {
    finite = finite && is_finite(plan.kept[static_cast<std::size_t>(i)].form);
  }
  return finite;
}

// Why a weight is not finite, where the prediction type is the reason.
const char* not_finite_reason(Prediction prediction, const Node& node) {
  if (node.level.is_pure_noise() && prediction == Prediction::epsilon) {
    return "; at zero SNR the prediction type epsilon does not determine x0, use v_prediction or "
           "sample";
  }
  if (node.level.is_data() && prediction == Prediction::sample) {
    return "; at clean data the prediction type sample does not determine the noise, set "
           "set_alpha_to_one to false";
  }
  return "";
}

StepPlan plan_node(const Loop& loop, const Node& node, bool grouped) {
  const Factors& f = loop.scheduler->factors;
  const StepView view(loop.grid, loop.scheduler->schedule, f.parameterization, f.clip, loop.options,
                      node, grouped);
  StepPlan plan = f.solver->plan(view);
  fold_denoised(plan);
  if (is_finite_plan(plan)) return plan;
  fail(Status::not_finite, "step ", node.step, " (timestep ", node.time,
       ") has a weight that is not finite: ", f.solver->name, " from alpha ", node.from.alpha,
       ", sigma ", node.from.sigma, " to alpha ", node.to.alpha, ", sigma ", node.to.sigma,
       not_finite_reason(f.parameterization.prediction, node));
}

void plan_calls(Loop& loop) {
  std::uint32_t draws = 0;
  loop.plans.reserve(loop.grid.nodes.size());
  for (const Node& node : loop.grid.nodes) {
    loop.plans.push_back(plan_node(loop, node, false));
    loop.first_draw.push_back(draws);
    draws += static_cast<std::uint32_t>(loop.plans.back().draws);
  }
}

}  // namespace

std::uint64_t hash_bytes(const void* data, std::size_t size, std::uint64_t hash) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3ull;
  return hash;
}

std::uint64_t fingerprint_of(const Loop& loop) {
  std::uint64_t hash = kHashStart;
  const auto add = [&](const auto& value) { hash = hash_bytes(&value, sizeof value, hash); };
  add(loop.batch);
  add(loop.elements);
  add(loop.dtype);
  add(loop.kernel->id);
  for (const std::uint64_t seed : loop.seeds) add(seed);
  for (std::size_t i = 0; i < loop.plans.size(); ++i) {
    const StepPlan& plan = loop.plans[i];
    add(loop.grid.nodes[i].time);
    add(plan.next.weight);
    add(plan.denoised.weight);
    add(plan.draws);
    add(plan.clip.mode);
    add(plan.clip.range);
    for (int k = 0; k < plan.kept_count; ++k) {
      add(plan.kept[static_cast<std::size_t>(k)].slot);
      add(plan.kept[static_cast<std::size_t>(k)].form.weight);
    }
  }
  return hash;
}

StepPlan Loop::plan_grouped(const Node& node) const { return plan_node(*this, node, true); }

double Loop::input_scale(std::size_t call) const {
  if (call >= grid.nodes.size()) return 1.0;
  return parameterization().input_scale(grid.nodes[call].level);
}

std::shared_ptr<const Loop> make_loop(std::shared_ptr<const Scheduler> scheduler,
                                      LoopRequest request) {
  const Factors& f = scheduler->factors;
  check_shape(request);
  check_options(f, request);
  const Kernel* kernel = find_kernel(request.kernel);
  if (kernel == nullptr) fail(Status::unsupported, "this build has no kernel ", request.kernel);
  if (!kernel->takes(request.dtype)) {
    fail(Status::dtype, "dtype is float64, which only the reference kernel takes; this is ",
         kernel->name);
  }
  auto loop = std::make_shared<Loop>();
  loop->grid = make_grid(f.grid, scheduler->schedule, request.grid);
  set_range(request, f.grid.family == GridFamily::subset, loop->grid);
  loop->options = solver_options(f, request, loop->grid.total());
  f.solver->expand({f.grid, scheduler->schedule, loop->options, loop->grid});
  loop->memory_rows = f.solver->memory_rows(loop->options);
  loop->batch = request.batch;
  loop->elements = request.elements;
  loop->dtype = request.dtype;
  loop->kernel = kernel;
  loop->seeds = std::move(request.seeds);
  loop->scheduler = std::move(scheduler);
  plan_calls(*loop);
  return loop;
}

}  // namespace sched
