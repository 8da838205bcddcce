#include "methods.hpp"

#include <sched/sched.h>

#include <exception>
#include <map>
#include <stdexcept>

#include "step_loop.hpp"

namespace {

// Fewer than training steps: where timesteps repeat, solvers lower their order.
constexpr int32_t kSteps[] = {500, 200, 100, 50, 40, 20};

// The number of calls of each kind and whether x0 is clipped: what a step costs.
std::string cost_of(const sched_method_info& info, const StepLoop& loop) {
  std::string cost = info.name;
  for (const Traffic& call : loop.traffic()) {
    cost += " " + std::to_string(call.reads.size()) + "/" + std::to_string(call.writes.size()) +
            "/" + std::to_string(call.normals);
  }
  sched_weights weights{};
  weights.struct_size = sizeof weights;
  sched_step_weights(loop.state(), sched_num_calls(loop.state()) / 2, &weights);
  return cost + " clip " + std::to_string(weights.clip);
}

struct Found {
  BenchMethod method;
  std::string cost;
};

// The longest loop that the defaults allow.  Throws with the first reason where there is none.
Found find_loop(const sched_method_info& info) {
  std::string reason;
  for (const std::string& config : default_configs(info)) {
    for (const int32_t steps : kSteps) {
      try {
        LoopSpec spec;
        spec.config = config;
        spec.steps = steps;
        spec.elements = 16;
        StepLoop loop(spec);
        float x[16] = {}, f[16] = {}, y[16] = {}, u[16] = {};
        loop.begin(x, f, y, u);
        return {{method_name(info), config, steps, has_noise(loop.traffic())}, cost_of(info, loop)};
      } catch (const std::exception& error) {
        if (reason.empty()) reason = error.what();
      }
    }
  }
  throw std::runtime_error(reason);
}

}  // namespace

std::string method_name(const sched_method_info& info) {
  const std::string name = info.class_name[0] != '\0' ? info.class_name : info.name;
  const std::string suffix = "Scheduler";
  const bool ends = name.size() > suffix.size() &&
                    name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
  return ends ? name.substr(0, name.size() - suffix.size()) : name;
}

std::vector<std::string> default_configs(const sched_method_info& info) {
  if (info.class_name[0] != '\0') {
    const std::string begin = std::string(R"({"_class_name": ")") + info.class_name + '"';
    return {begin + "}", begin + R"(, "correct_steps": 0})"};
  }
  const std::string name = std::string(R"({"solver": ")") + info.name + '"';
  return {name + "}", name + R"(, "schedule": "flow"})",
          std::string(R"({"solver": {"name": ")") + info.name + R"(", "correct_steps": 0}})"};
}

MethodList bench_methods() {
  MethodList list;
  std::map<std::string, std::string> seen;  // cost to name
  for (int32_t index = 0; index < sched_method_count(); ++index) {
    sched_method_info info = SCHED_METHOD_INFO_INIT;
    sched_method_at(index, &info);
    try {
      const Found found = find_loop(info);
      const auto [place, is_new] = seen.emplace(found.cost, found.method.name);
      if (is_new) {
        list.methods.push_back(found.method);
      } else {
        list.left_out.push_back({found.method.name, place->second, true});
      }
    } catch (const std::exception& error) {
      list.left_out.push_back({method_name(info), error.what()});
    }
  }
  return list;
}
