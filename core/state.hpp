// One running loop: its position and its memory rows.  Belongs to one thread at a time.

#pragma once

#include "executor.hpp"
#include "reference_noise.hpp"

namespace sched {

// A caller's tensor after its checks.
struct TensorView {
  Place place;
  DType type = DType::f32;

  bool is_given() const { return place.is_given(); }
};

// What a step is given; checked.
struct StepRequest {
  TensorView sample, prediction, unconditional, noise[2];
  TensorView mask, original, known_noise;
  TensorView next, denoised, next_input;
  double guidance_scale = 1.0;
  const double* group_timesteps = nullptr;
  const double* group_targets = nullptr;  // may be NULL
  std::int64_t groups = 0;
  bool without_noise = false;  // the mean of the step
};

class State {
 public:
  State(std::shared_ptr<const Loop> loop, Owner<Executor> executor);
  State(const State& other);
  State& operator=(const State&) = delete;

  const Loop& loop() const { return *loop_; }
  Executor& executor() { return *executor_; }
  bool can_continue() const { return executor_->can_continue(); }
  std::int64_t call() const { return call_; }
  bool is_finished() const {
    return attempt_ ? attempt_->control.finished != 0
                    : call_ >= static_cast<std::int64_t>(loop_->plans.size());
  }
  // The next call and its plan; there must be one.
  const Node& node() const {
    return attempt_ ? attempt_->node : loop_->grid.nodes[static_cast<std::size_t>(call_)];
  }
  const StepPlan& plan() const {
    return attempt_ ? attempt_->plan : loop_->plans[static_cast<std::size_t>(call_)];
  }
  double next_input_scale() const;
  // Attempts of an adaptive loop so far; nullptr where every call is planned in init.
  const Control* control() const { return attempt_ ? &attempt_->control : nullptr; }
  std::int64_t bytes() const;

  // On the host nothing here allocates, and nothing fails, except group times that leave a
  // weight which is not finite, and norms that are not: then nothing was written.
  void step(const StepRequest& request);
  void scale_input(const TensorView& sample, const TensorView& out);
  void initial_noise(const TensorView& out);
  // `churn` is the deviation of what is added besides.
  void add_noise(const NoiseLevel& level, double churn, const TensorView& original,
                 const TensorView& noise, const TensorView& out);

  // Saved states: see state_bytes.cpp for the format.
  std::uint64_t saved_size() const;
  void save(unsigned char* bytes) const;
  // Throws Error and changes nothing, or succeeds.
  void load(const unsigned char* bytes, std::uint64_t size);

  // Of the last call that failed, a query's too; "" before.
  const char* error() const { return error_.c_str(); }
  void set_error(const char* sentence) const noexcept;

 private:
  class GroupParts;

  // The call of an adaptive loop that comes next.
  struct Attempt {
    Control control;
    Node node;
    StepPlan plan;
  };
  void plan_attempt(Attempt& attempt) const;
  bool is_consistent(const unsigned char* bytes, std::uint64_t size) const;
  // The plan to run, and in `next` where an adaptive loop goes on: measures where the plan
  // says so.
  StepPlan measured_plan(const Pass& pass, const StepRequest& request,
                         std::optional<Attempt>& next);
  double scale_after(const std::optional<Attempt>& next) const;
  NoiseLevel level_after(const std::optional<Attempt>& next) const;

  Pass blank_pass() const;
  Operand operand(const TensorView& view, std::int64_t elements) const;
  void add_output(Pass& pass, const LinearForm& form, const TensorView& view,
                  double known = 0.0) const;
  void bind_draws(Pass& pass) const;
  // The generator's normals of the first `draws` draws, where it is not of the kernels' own and the
  // caller gave none.  Throws unsupported while commands are recorded.
  void bind_reference(Pass& pass, const StepRequest& request, int draws);
  void bind_first_sample(Pass& pass, Input input);
  void need_host_noise() const;
  // The first sample's normals, with the churn before the first call.
  LinearForm first_noise(Pass& pass, double sigma, double churn);
  // `next` is where an adaptive loop goes on; empty in others.
  void add_step_rows(Pass& pass, const StepPlan& plan, const StepRequest& request,
                     const std::optional<Attempt>& next) const;
  void add_known(Pass& pass, const StepPlan& plan, const StepRequest& request,
                 const std::optional<Attempt>& next) const;
  void bind_inputs(Pass& pass, const StepRequest& request) const;
  void step_groups(const Pass& pass, const StepRequest& request);

  std::shared_ptr<const Loop> loop_;
  Owner<Executor> executor_;
  Owner<ReferenceNoise> noise_;  // or none
  std::int64_t call_ = 0;
  std::optional<Attempt> attempt_;  // adaptive loops only
  mutable Text error_;
};

}  // namespace sched
