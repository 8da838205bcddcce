#include "state.hpp"

#include <algorithm>
#include <cmath>

namespace sched {

namespace {

LinearForm guided(const LinearForm& form, double scale) {
  const LinearForm both = scale * LinearForm::of(Input::prediction) +
                          (1.0 - scale) * LinearForm::of(Input::unconditional);
  return substitute(form, Input::prediction, both);
}

LinearForm without_noise(LinearForm form) {
  form.weight[index_of(Input::noise0)] = 0.0;
  form.weight[index_of(Input::noise1)] = 0.0;
  return form;
}

}  // namespace

State::State(std::shared_ptr<const Loop> loop, Owner<Executor> executor)
    : loop_(std::move(loop)),
      executor_(std::move(executor)),
      error_(Allocator<char>(loop_->scheduler->memory)) {
  if (loop_->noise.is_reference()) {
    noise_ = make_owner<ReferenceNoise>(loop_->scheduler->memory, loop_);
  }
  if (const Adaptive* adaptive = loop_->adaptive()) {
    attempt_.emplace();
    attempt_->control = adaptive->start(loop_->context());
    plan_attempt(*attempt_);
  }
}

State::State(const State& other)
    : loop_(other.loop_),
      executor_(other.executor_->clone()),
      call_(other.call_),
      attempt_(other.attempt_),
      error_(Allocator<char>(loop_->scheduler->memory)) {
  if (other.noise_) noise_ = make_owner<ReferenceNoise>(loop_->scheduler->memory, *other.noise_);
}

std::int64_t State::bytes() const {
  const bool is_long = error_.capacity() > Text().capacity();
  const std::size_t sentence = is_long ? error_.capacity() + 1 : 0;
  return static_cast<std::int64_t>(sizeof(*this) + sentence) + bytes_of(*loop_) +
         executor_->bytes() + (noise_ ? noise_->bytes() : 0);
}

void State::set_error(const char* sentence) const noexcept {
  try {
    error_ = sentence;
  } catch (...) {
    error_ = "no memory left";  // short enough to need none
  }
}

// ------------------------------------------------------------------------- passes

Pass State::blank_pass() const {
  Pass pass;
  pass.batch = loop_->batch;
  pass.elements = loop_->elements;
  pass.count = loop_->elements;
  pass.seeds = loop_->seeds.data();
  pass.path_seeds = loop_->path_seeds.data();
  pass.noise_first = loop_->noise.part.element;
  // Of the rows only those that are added are written, see PassRows.
  // cppcheck-suppress [uninitvar, uninitStructMember]
  return pass;
}

Operand State::operand(const TensorView& view, std::int64_t elements) const {
  return {view.place, view.type, elements * static_cast<std::int64_t>(size_of(view.type))};
}

void State::add_output(Pass& pass, const LinearForm& form, const TensorView& view,
                       double known) const {
  if (!view.is_given()) return;
  pass.add_row(form, view.place, view.type,
               loop_->elements * static_cast<std::int64_t>(size_of(view.type)), known);
}

void State::bind_inputs(Pass& pass, const StepRequest& request) const {
  const std::int64_t n = loop_->elements;
  const bool learned = loop_->scheduler->factors.learned_channels;
  const auto bind = [&](Input input, const TensorView& view, std::int64_t elements) {
    pass.input[index_of(input)] = operand(view, elements);
  };
  bind(Input::sample, request.sample, n);
  bind(Input::prediction, request.prediction, learned ? 2 * n : n);
  bind(Input::unconditional, request.unconditional, learned ? 2 * n : n);
  bind(Input::noise0, request.noise[0], n);
  bind(Input::noise1, request.noise[1], n);
  bind(Input::original, request.original, n);
  bind(Input::known_noise, request.known_noise, n);
  for (int slot = 0; slot < loop_->memory_rows; ++slot) {
    bind(memory_input(slot), {executor_->row(slot), loop_->history}, n);
  }
  if (learned) {
    pass.variance = operand(request.prediction, 2 * n);
    pass.variance.place =
        pass.variance.place.after(n * static_cast<std::int64_t>(size_of(pass.variance.type)));
  }
}

// Where the mask is 1 the sample is the original, noised to the level at which the call
// arrives.
void State::add_known(Pass& pass, const StepPlan& plan, const StepRequest& request,
                      const std::optional<Attempt>& next) const {
  if (!request.mask.is_given()) return;
  pass.mask = operand(request.mask, loop_->elements);
  const NoiseLevel level = level_after(next);
  pass.known = plan.has_known ? plan.known
                              : level.alpha * LinearForm::of(Input::original) +
                                    level.sigma * LinearForm::of(Input::known_noise);
}

void State::add_step_rows(Pass& pass, const StepPlan& plan, const StepRequest& request,
                          const std::optional<Attempt>& next) const {
  const double scale = scale_after(next);
  pass.plan = &plan;
  pass.rows = 0;
  pass.denoised = plan.denoised;
  const LinearForm result = request.without_noise ? without_noise(plan.next) : plan.next;
  add_known(pass, plan, request, next);
  const bool masked = request.mask.is_given();
  add_output(pass, result, request.next, masked ? 1.0 : 0.0);
  add_output(pass, plan.preview, request.denoised);
  add_output(pass, scale * result, request.next_input, masked ? scale : 0.0);
  for (int i = 0; i < plan.kept_count; ++i) {
    const KeptRow& kept = plan.kept[static_cast<std::size_t>(i)];
    add_output(pass, kept.form, {executor_->row(kept.slot), loop_->history});
  }
  if (!request.unconditional.is_given()) return;
  for (int r = 0; r < pass.rows; ++r) {
    pass.row[r].form = guided(pass.row[r].form, request.guidance_scale);
  }
  pass.denoised = guided(pass.denoised, request.guidance_scale);
}

// ------------------------------------------------------------------ adaptive steps

void State::plan_attempt(Attempt& attempt) const {
  if (attempt.control.finished != 0) return;
  attempt.node = loop_->adaptive()->node(loop_->context(), attempt.control);
  attempt.plan = loop_->plan_call(attempt.node, false);
}

StepPlan State::measured_plan(const Pass& pass, const StepRequest& request,
                              std::optional<Attempt>& next) {
  StepPlan result = plan();
  if (attempt_) {
    next = attempt_;
    ++next->control.stage;
  }
  if (result.measure.kind != Measure::none) {
    MeasureRule rule = result.measure;
    if (request.unconditional.is_given()) {
      rule.low = guided(rule.low, request.guidance_scale);
      rule.high = guided(rule.high, request.guidance_scale);
    }
    Measured measured = executor_->measure(pass, rule);
    if (!std::isfinite(measured.first) || !std::isfinite(measured.second)) {
      fail(Status::not_finite, "call ", call_,
           ": the norm that the next step depends on is not finite: sample, prediction or noise "
           "holds NaN or infinity");
    }
    if (next) {
      measured.accepted = loop_->adaptive()->judge(loop_->context(), measured.first, next->control);
    }
    result = loop_->finish_call(node(), measured);
  }
  if (next) {
    next->control.draws += result.draws;
    plan_attempt(*next);
  }
  return result;
}

double State::scale_after(const std::optional<Attempt>& next) const {
  const auto after = static_cast<std::size_t>(call_) + 1;
  if (next) return next->control.finished != 0 ? 1.0 : loop_->input_scale(next->node.level);
  return after < loop_->grid.nodes.size() ? loop_->input_scale(loop_->grid.nodes[after].level)
                                          : 1.0;
}

// Where this call takes the sample: with churn before the next call a little above the end of
// the step, and back to its beginning where an attempt was rejected.
NoiseLevel State::level_after(const std::optional<Attempt>& next) const {
  NoiseLevel level = node().to;
  if (next) return next->control.finished != 0 ? level : next->node.level;
  const auto after = static_cast<std::size_t>(call_) + 1;
  if (after < loop_->grid.nodes.size()) {
    level.sigma = hypotenuse(level.sigma, loop_->grid.nodes[after].added_noise);
  }
  return level;
}

double State::next_input_scale() const {
  return is_finished() ? 1.0 : loop_->input_scale(node().level);
}

// -------------------------------------------------------------------------- steps

void State::bind_draws(Pass& pass) const {
  if (attempt_) {
    pass.first_draw = static_cast<std::uint32_t>(attempt_->control.draws);
    return;
  }
  const auto call = static_cast<std::size_t>(call_);
  pass.first_draw = loop_->first_draw[call];
  const PathSlice& slice = loop_->path[call];
  pass.terms = loop_->path_terms.data() + slice.first;
  pass.term_count = static_cast<int>(slice.count);
}

void State::bind_reference(Pass& pass, const StepRequest& request, int draws) {
  const Input names[] = {Input::noise0, Input::noise1};
  for (int i = 0; i < draws && noise_; ++i) {
    if (request.noise[i].is_given()) continue;
    need_host_noise();
    const Place place = noise_->step_draw(i, std::int64_t{pass.first_draw} + i);
    pass.input[index_of(names[i])] = operand({place, noise_->type()}, loop_->elements);
  }
}

void State::bind_first_sample(Pass& pass, Input input) {
  if (loop_->noise.generator == Generator::caller) {
    fail(Status::option,
         "generator is caller, so there are no normals of the library's: give them");
  }
  if (!noise_) return;
  need_host_noise();
  pass.input[index_of(input)] = operand({noise_->first_sample(), noise_->type()}, loop_->elements);
}

void State::need_host_noise() const {
  if (executor_->reads_host()) return;
  fail(Status::unsupported, "generator ", name_of(loop_->noise.generator),
       " makes its normals in the host's memory, which no command buffer can do: hand them in, or "
       "take philox");
}

void State::step(const StepRequest& request) {
  Pass pass = blank_pass();
  std::optional<Attempt> next;
  bind_draws(pass);
  bind_inputs(pass, request);
  if (!request.without_noise || plan().measure.kind != Measure::none) {
    bind_reference(pass, request, plan().draws);
  }
  if (request.mask.is_given() && !request.known_noise.is_given() && !plan().has_known) {
    bind_first_sample(pass, Input::known_noise);
  }
  if (request.group_timesteps != nullptr) {
    step_groups(pass, request);
  } else if (attempt_ || plan().measure.kind != Measure::none) {
    const StepPlan plan = measured_plan(pass, request, next);
    add_step_rows(pass, plan, request, next);
    executor_->run(pass);
  } else {
    add_step_rows(pass, plan(), request, next);
    executor_->run(pass);
  }
  ++call_;
  if (next) attempt_ = next;
}

// The group axis: a plan for each token, over the token's part of each item.
class State::GroupParts final : public PartSource {
 public:
  GroupParts(const State& state, const StepRequest& request) : state_(state), request_(request) {}

  StepPlan plan(std::int64_t i) const {
    const Loop& loop = state_.loop();
    const double* target = request_.group_targets == nullptr ? nullptr : request_.group_targets + i;
    const auto call = static_cast<std::size_t>(state_.call());
    return loop.plan_call(loop.group_node(call, request_.group_timesteps[i], target), true);
  }
  void put_part(std::int64_t i, StepPlan& plan_of_part, Pass& pass) const override {
    plan_of_part = plan(i);
    state_.add_step_rows(pass, plan_of_part, request_, std::nullopt);
  }

 private:
  const State& state_;
  const StepRequest& request_;
};

void State::step_groups(const Pass& pass, const StepRequest& request) {
  const GroupParts parts(*this, request);
  // A time may be out of place, or leave a weight that is not finite: find out before
  // anything is written.
  for (std::int64_t i = 0; i < loop_->batch * request.groups; ++i) parts.plan(i);
  executor_->run_parts(pass, request.groups, parts);
}

void State::scale_input(const TensorView& sample, const TensorView& out) {
  Pass pass = blank_pass();
  pass.input[index_of(Input::sample)] = operand(sample, loop_->elements);
  add_output(pass, next_input_scale() * LinearForm::of(Input::sample), out);
  executor_->run(pass);
}

LinearForm State::first_noise(Pass& pass, double sigma, double churn) {
  bind_first_sample(pass, Input::noise0);
  if (churn == 0.0 || !noise_) return hypotenuse(sigma, churn) * LinearForm::of(Input::noise0);
  // References draw it on its own.
  pass.input[index_of(Input::noise1)] =
      operand({noise_->step_draw(0, 0), noise_->type()}, loop_->elements);
  return sigma * LinearForm::of(Input::noise0) + churn * LinearForm::of(Input::noise1);
}

void State::initial_noise(const TensorView& out) {
  Pass pass = blank_pass();
  pass.stream = kFirstSampleStream;
  add_output(pass, first_noise(pass, loop_->grid.init_noise_sigma, loop_->first_churn()), out);
  executor_->run(pass);
}

void State::add_noise(const NoiseLevel& level, double churn, const TensorView& original,
                      const TensorView& noise, const TensorView& out) {
  Pass pass = blank_pass();
  pass.stream = kFirstSampleStream;
  pass.input[index_of(Input::sample)] = operand(original, loop_->elements);
  LinearForm added = hypotenuse(level.sigma, churn) * LinearForm::of(Input::noise0);
  if (noise.is_given()) {
    pass.input[index_of(Input::noise0)] = operand(noise, loop_->elements);
  } else {
    added = first_noise(pass, level.sigma, churn);
  }
  add_output(pass, level.alpha * LinearForm::of(Input::sample) + added, out);
  executor_->run(pass);
}

}  // namespace sched
