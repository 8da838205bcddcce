#include "loop.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "draw_policy.hpp"
#include "hash.hpp"
#include "plan/grid_parts.hpp"
#include "random/brownian.hpp"

namespace sched {

namespace {

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

SolverOptions solver_options(const Factors& f, const LoopRequest& request) {
  SolverOptions options = f.options;
  options.eta = request.eta.value_or(f.options.eta);
  options.use_clipped_epsilon = request.use_clipped_epsilon;
  if (request.order != 0) options.order = request.order;
  options.churn = request.churn.value_or(f.options.churn);
  options.churn_min = request.churn_min.value_or(f.options.churn_min);
  options.churn_max = request.churn_max.value_or(f.options.churn_max);
  options.noise_scale = request.noise_scale.value_or(f.options.noise_scale);
  options.jump_length = request.jump_length.value_or(f.options.jump_length);
  options.jump_count = request.jump_count.value_or(f.options.jump_count);
  options.quirk_call_at_end = f.options.quirk_call_at_end && !request.grid.sigmas.empty();
  return options;
}

// diffusers divides s_churn by the length of its sigma list less one; log_linear's is longer.
int churn_steps(const Factors& f, const LoopRequest& request, int steps) {
  const bool longer =
      f.grid.log_linear && f.grid.shape == SigmaShape::none && request.grid.sigmas.empty();
  // Flow-match Heun's has each inner sigma twice.
  const bool twice = f.solver == find_solver("heun") && f.grid.frame == Frame::flow;
  return longer ? steps + 1 : twice ? 2 * steps - 1 : steps;
}

// Solvers whose budget is not a number of steps: the grid that they take, between two
// sigmas where the caller gives them.
GridSpec grid_spec(const Factors& f, LoopRequest& request, SolverOptions& options) {
  GridSpec spec = f.grid;
  if (f.solver->grid_steps == nullptr) return spec;
  List<double>& sigmas = request.grid.sigmas;
  if (sigmas.size() == 2) {
    check_falling("sigmas", sigmas, 1e6, 1e-9);
    spec.sigma_max = sigmas[0];
    spec.sigma_min = sigmas[1];
    sigmas.clear();
  } else if (!sigmas.empty()) {
    fail(Status::timesteps, "sigmas has ", sigmas.size(), " entries; ", f.solver->name,
         " takes two, where the loop begins and ends, and spaces its own steps");
  } else if (options.calls == 0) {
    options.calls = request.grid.num_steps;
  }
  request.grid.num_steps = f.solver->grid_steps(options.calls);
  return spec;
}

// Where nothing is clipped, x0 is put into the rows on the host: one rounding instead of
// two, and one pass.
void fold_denoised(StepPlan& plan) {
  if (plan.clip.mode != Clip::none) return;
  const auto fold = [&](LinearForm& form) {
    if (form[Input::denoised] == 0.0) return;
    form = substitute(form, Input::denoised, plan.denoised);
  };
  fold(plan.next);
  fold(plan.preview);
  fold(plan.known);
  fold(plan.measure.low);
  fold(plan.measure.high);
  for (int i = 0; i < plan.kept_count; ++i) fold(plan.kept[static_cast<std::size_t>(i)].form);
}

bool is_finite_plan(const StepPlan& plan) {
  bool finite = is_finite(plan.next) && is_finite(plan.preview) && is_finite(plan.denoised) &&
                is_finite(plan.known) && is_finite(plan.measure.low) &&
                is_finite(plan.measure.high) && std::isfinite(plan.gain.offset) &&
                std::isfinite(plan.gain.slope);
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
  if (node.from.is_pure_noise()) {
    return "; at zero SNR, where nothing of x0 is in the sample, this step of the method is not "
           "defined";
  }
  return "";
}

// The noise of the churn before the next call goes into this call's result.
void add_churn(const Node& next, StepPlan& plan) {
  if (next.added_noise == 0.0) return;
  const Input draw = plan.draws == 0 ? Input::noise0 : Input::noise1;
  plan.next = plan.next + next.added_noise * LinearForm::of(draw);
  ++plan.draws;
}

// The draw of a call as an increment of the path: none where it is drawn anew.
PathSlice path_of(const Node& node, const StepPlan& plan, Loop& loop) {
  if (!loop.options.on_path || plan.draws == 0 || node.to.is_data()) return {};
  NoiseTerm terms[kMaxPathTerms];
  const int count = path_terms(node.from.ve_sigma(), node.to.ve_sigma(), terms);
  const auto first = static_cast<std::uint32_t>(loop.path_terms.size());
  loop.path_terms.insert(loop.path_terms.end(), terms, terms + count);
  return {first, static_cast<std::uint32_t>(count)};
}

// The library's own noise has the churn before the first call in the first sample's draw.
IdleDraws idle_draws_of(const Loop& loop, std::size_t call) {
  const List<Node>& nodes = loop.grid.nodes;
  const NoiseSpec& noise = loop.noise;
  if (noise.is_philox() && noise.policy == DrawPolicy::none) return {};
  return idle_draws(noise.policy, loop.scheduler->factors, nodes[call],
                    call + 1 < nodes.size() ? &nodes[call + 1] : nullptr, call == 0);
}

void plan_calls(Loop& loop) {
  const List<Node>& nodes = loop.grid.nodes;
  std::uint32_t draws = 0;
  loop.plans.reserve(nodes.size());
  loop.path.reserve(nodes.size());
  loop.first_draw.reserve(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    StepPlan& plan = loop.plans.emplace_back(loop.plan_call(nodes[i], false));
    // A measured step must be finite with norms that are.
    if (plan.measure.kind != Measure::none) loop.finish_call(nodes[i], {1.0, 1.0, true});
    if (i + 1 < nodes.size()) add_churn(nodes[i + 1], plan);
    loop.path.push_back(path_of(nodes[i], plan, loop));
    const IdleDraws idle = idle_draws_of(loop, i);
    loop.first_draw.push_back(draws + idle.before);
    draws += idle.before + static_cast<std::uint32_t>(plan.draws) + idle.after;
    loop.noise_rows = std::max(loop.noise_rows, plan.draws);
  }
  if (loop.first_churn() > 0.0 || loop.adaptive() != nullptr)
    loop.noise_rows = std::max(loop.noise_rows, 1);
}

void check_norms(const Loop& loop) {
  if (loop.noise.part.is_all(loop.batch, loop.elements) || !loop.has_norms()) return;
  fail(Status::conflict, "the state is a part of a whole, but ",
       loop.scheduler->factors.solver->name, " needs norms of the whole");
}

}  // namespace

namespace {

// Calls `visit` with every list that a loop holds.
template <typename SomeLoop, typename Visit>
void visit_lists(SomeLoop& loop, const Visit& visit) {
  visit(loop.plans, loop.first_draw, loop.path, loop.path_terms, loop.seeds, loop.path_seeds,
        loop.grid.steps, loop.grid.sigmas, loop.grid.nodes, loop.options.disable_corrector);
}

}  // namespace

std::int64_t bytes_of(const Loop& loop) {
  // Those who share it are counted beside it, where its allocator is too.
  std::size_t bytes = sizeof(loop) + 2 * sizeof(void*) + sizeof(Allocator<Loop>);
  visit_lists(
      loop, [&](const auto&... lists) { bytes += (... + (lists.capacity() * sizeof(lists[0]))); });
  return static_cast<std::int64_t>(bytes);
}

namespace {

// Nothing where it is the library's own, as in states of before there was another.
template <typename Add>
void add_noise(const Loop& loop, const Add& add) {
  const NoiseSpec& noise = loop.noise;
  const bool is_own = noise.is_philox() && noise.policy == DrawPolicy::none;
  if (is_own && noise.part.is_all(loop.batch, loop.elements)) return;
  add(noise.generator);
  add(noise.policy);
  add(noise.type);
  add(noise.grid);
  add(noise.has_item_seeds);
  add(noise.first_draw);
  add(noise.extra_draws);
  add(noise.part);
}

std::uint64_t fingerprint_of(const Loop& loop) {
  std::uint64_t hash = kHashStart;
  const auto add = [&](const auto& value) { hash = hash_bytes(&value, sizeof value, hash); };
  add(loop.batch);
  add(loop.elements);
  add(loop.dtype);
  add(loop.history);
  for (const std::uint64_t seed : loop.seeds) add(seed);
  for (const std::uint64_t seed : loop.path_seeds) add(seed);
  // Of steps that are planned as the loop goes, or finished once norms are known.
  const SolverOptions& o = loop.options;
  for (const double number :
       {o.relative_tolerance, o.absolute_tolerance, o.first_step, o.proportional, o.integral,
        o.differential, o.accept_safety, o.signal_to_noise, o.eta, o.noise_scale}) {
    add(number);
  }
  if (o.noise_clip > 0.0) add(o.noise_clip);
  add(o.order);
  add(loop.parameterization().prediction);
  for (const GridStep& step : loop.grid.steps) {
    add(step.from);
    add(step.to);
  }
  for (const PathSlice& slice : loop.path) add(slice);
  add_noise(loop, add);
  for (std::size_t i = 0; i < loop.plans.size(); ++i) {
    const StepPlan& plan = loop.plans[i];
    add(loop.grid.nodes[i].time);
    add(plan.next.weight);
    add(plan.denoised.weight);
    add(plan.preview.weight);
    add(plan.known.weight);
    add(plan.draws);
    add(plan.clip.mode);
    add(plan.clip.range);
    add(plan.clip.ratio);
    add(plan.clip.sample_max);
    add(plan.gain.mode);
    add(plan.gain.offset);
    add(plan.gain.slope);
    for (int k = 0; k < plan.kept_count; ++k) {
      add(plan.kept[static_cast<std::size_t>(k)].slot);
      add(plan.kept[static_cast<std::size_t>(k)].form.weight);
    }
  }
  return hash;
}

}  // namespace

std::uint64_t Loop::fingerprint() const {
  std::uint64_t known = fingerprint_.value.load(std::memory_order_relaxed);
  if (known == 0) {
    known = fingerprint_of(*this);
    fingerprint_.value.store(known, std::memory_order_relaxed);
  }
  return known;
}

namespace {

// x0 put into the rows, and every weight checked.
void finish_plan(const Loop& loop, const Node& node, StepPlan& plan) {
  fold_denoised(plan);
  if (is_finite_plan(plan)) return;
  const Factors& f = loop.scheduler->factors;
  fail(Status::not_finite, "step ", node.step, " (timestep ", node.time,
       ") has a weight that is not finite: ", f.solver->name, " from alpha ", node.from.alpha,
       ", sigma ", node.from.sigma, " to alpha ", node.to.alpha, ", sigma ", node.to.sigma,
       not_finite_reason(f.parameterization.prediction, node));
}

StepView view_of(const Loop& loop, const Node& node, bool grouped) {
  const Factors& f = loop.scheduler->factors;
  return StepView(f.grid, loop.grid, loop.scheduler->schedule, f.parameterization, f.clip,
                  loop.options, node, grouped);
}

}  // namespace

bool Loop::has_norms() const {
  const auto measures = [](const StepPlan& plan) { return plan.measure.kind != Measure::none; };
  return adaptive() != nullptr || std::any_of(plans.begin(), plans.end(), measures);
}

StepPlan Loop::plan_call(const Node& node, bool grouped) const {
  const StepView view = view_of(*this, node, grouped);
  const Solver& solver = *scheduler->factors.solver;
  StepPlan plan = node.needs_model ? solver.plan(view) : plan_renoise(view);
  finish_plan(*this, node, plan);
  return plan;
}

Node Loop::group_node(std::size_t call, double time, const double* target) const {
  const GridSpec& spec = scheduler->factors.grid;
  const NoiseSchedule& schedule = scheduler->schedule;
  Node node = grid.nodes[call];
  node.time = time;
  node.level = node.from = level_of_time(spec, schedule, time);
  node.to = target != nullptr ? level_of_time(spec, schedule, *target)
                              : level_after_time(spec, schedule, grid, time);
  return node;
}

StepPlan Loop::finish_call(const Node& node, const Measured& measured) const {
  const StepView view = view_of(*this, node, false);
  StepPlan plan = scheduler->factors.solver->finish(view, measured);
  finish_plan(*this, node, plan);
  return plan;
}

std::shared_ptr<const Loop> make_loop(std::shared_ptr<const Scheduler> scheduler,
                                      LoopRequest request) {
  const Factors& f = scheduler->factors;
  check_request(f, request);
  const Kernel* kernel = find_kernel(request.kernel);
  if (kernel == nullptr) fail(Status::unsupported, "this build has no kernel ", request.kernel);
  if (!kernel->takes(request.dtype)) {
    fail(Status::dtype, "dtype is float64, which only the reference kernel takes; this is ",
         kernel->name);
  }
  const Memory& memory = scheduler->memory;
  auto loop = std::allocate_shared<Loop>(Allocator<Loop>(memory));
  loop->options = solver_options(f, request);
  loop->grid = make_grid(grid_spec(f, request, loop->options), scheduler->schedule, request.grid);
  set_range(request, f.grid.family == GridFamily::subset, loop->grid);
  loop->options.churn /= churn_steps(f, request, loop->grid.total());
  f.solver->expand({f.grid, scheduler->schedule, loop->options, loop->grid});
  loop->memory_rows = f.solver->cost.memory_rows(loop->options);
  loop->batch = request.batch;
  loop->elements = request.elements;
  loop->dtype = request.dtype;
  loop->kernel = kernel;
  loop->history = history_type(request, *kernel, f.solver->name, loop->memory_rows);
  loop->noise = checked_noise(f, request, *kernel);
  loop->seeds.assign(request.seeds.begin(), request.seeds.end());
  loop->path_seeds = loop->seeds;
  if (loop->options.noise_seed) {
    const auto first =
        *loop->options.noise_seed + static_cast<std::uint64_t>(loop->noise.part.item);
    std::iota(loop->path_seeds.begin(), loop->path_seeds.end(), first);
  }
  loop->scheduler = std::move(scheduler);
  plan_calls(*loop);
  check_norms(*loop);
  visit_lists(*loop, [&](auto&... lists) { (keep_in(memory, lists), ...); });
  // Last, so that an init which fails makes no threads.
  loop->threads = LoopThreads(request.threads, *loop->scheduler->pool);
  return loop;
}

}  // namespace sched
