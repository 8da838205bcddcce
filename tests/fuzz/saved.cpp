#include "saved.hpp"

namespace fuzz {

namespace {

constexpr const char* kConfigs[] = {
    R"({"solver": "dpm_adaptive"})",
    R"({"solver": {"name": "dpm_adaptive", "order": 2, "eta": 1, "dcoeff": 1, "pcoeff": 1}})",
    R"({"solver": "dpmpp_3m_sde"})",
    R"({"_class_name": "PNDMScheduler"})",
    R"({"_class_name": "UniPCMultistepScheduler", "solver_order": 3})",
    R"({"_class_name": "EulerDiscreteScheduler"})",
    R"({"_class_name": "SASolverScheduler"})",
    R"({"solver": "score_sde_ve"})"};

State make_loop(const char* config) {
  Message message;
  const Scheduler scheduler = create(config, false, message);
  demand(scheduler != nullptr, "the configurations of this target are valid");
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = 6;
  options.elements = 3;
  options.dtype = kLoopDtype;
  sched_status status = SCHED_OK;
  State state = init(scheduler.get(), options, status);
  demand(state != nullptr, "its loops begin");
  return state;
}

}  // namespace

State begin_loop(std::size_t which) {
  // To clone is faster than to begin.
  static const std::vector<State> loops = [] {
    std::vector<State> made;
    for (const char* config : kConfigs) made.push_back(make_loop(config));
    return made;
  }();
  sched_state* copy = nullptr;
  sched_clone(loops[which % loops.size()].get(), &copy);
  demand(copy != nullptr, "a loop is cloned");
  return State(copy);
}

}  // namespace fuzz
