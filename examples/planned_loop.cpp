#include "planned_loop.hpp"

#include <cmath>

namespace {

// The step that a loop begins with: strength has moved it, so count back from the end.
std::int64_t first_step(const sched::State& state, std::int64_t end, std::int64_t whole) {
  return (end > 0 ? end : whole) - state.num_steps();
}

std::optional<sched::Level> level_at(const sched::State& state, double timestep,
                                     const std::vector<sched::Level>& levels) {
  std::int64_t step = 0;
  if (sched_step_for_timestep(state.get(), timestep, &step) != SCHED_OK) return std::nullopt;
  return levels.at(static_cast<std::size_t>(step));
}

std::string text_or_empty(const char* text) { return text == nullptr ? "" : text; }

}  // namespace

double log_snr(const sched::Level& level) { return std::log(level.alpha / level.sigma); }

PlannedLoop plan_loop(const sched::Scheduler& scheduler, sched::InitOptions options) {
  options.elements = 1;  // weights do not depend on the shape
  sched::State state = scheduler.init(options);
  const std::vector<sched::Level> levels = state.levels();
  std::int64_t step =
      first_step(state, options.end_step, static_cast<std::int64_t>(levels.size()) - 1);

  PlannedLoop loop;
  const sched_method_info method = scheduler.method_info();
  loop.solver = text_or_empty(method.name);
  loop.class_name = text_or_empty(method.class_name);
  loop.steps = state.num_steps();
  loop.init_noise_sigma = state.init_noise_sigma();
  loop.end = levels.at(static_cast<std::size_t>(step + loop.steps));
  bool begins_step = true;
  for (std::int64_t i = 0; i < state.num_calls(); ++i) {
    PlannedCall call = {state.weights(i), step, std::nullopt};
    call.level = begins_step ? levels.at(static_cast<std::size_t>(step))
                             : level_at(state, call.weights.timestep, levels);
    begins_step = state.call_ends_step(i);
    if (begins_step) ++step;
    loop.calls.push_back(call);
  }
  return loop;
}
