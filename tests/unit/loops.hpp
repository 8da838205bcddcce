// Loops for tests of the planner: from a configuration, or over a smooth grid with the
// solver exchanged.

#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../../core/loop.hpp"

#define VE(solver) R"({"solver": )" solver R"(, "parameterization": {"frame": "ve"}})"
#define FLOW(solver) R"({"solver": )" solver R"(, "schedule": "flow"})"
#define VP_SIGMAS(solver) R"({"solver": )" solver R"(, "parameterization": {"frame": "vp"}})"
#define DPM_VE VE(R"("dpm_multistep")")
#define DPM_VP VP_SIGMAS(R"("dpm_multistep")")
#define DPM_FLOW FLOW(R"("dpm_multistep")")
#define CLASS(name, rest) R"({"_class_name": ")" name R"(Scheduler")" rest "}"

namespace sched::test {

using Change = std::function<void(Factors&)>;
using RequestChange = std::function<void(LoopRequest&)>;

inline LoopRequest request_of_one() {
  LoopRequest request;
  request.elements = 1;
  request.kernel = 1;
  request.dtype = DType::f64;
  request.seeds = {0};
  return request;
}

inline std::shared_ptr<const Loop> loop_of(std::shared_ptr<const Scheduler> scheduler, int steps,
                                           const RequestChange& change = nullptr) {
  LoopRequest request = request_of_one();
  request.grid.num_steps = steps;
  if (change) change(request);
  return make_loop(std::move(scheduler), request);
}

inline std::shared_ptr<const Loop> loop_of(const std::string& config, int steps,
                                           const RequestChange& change = nullptr) {
  return loop_of(make_scheduler(config.data(), config.size(), false), steps, change);
}

// The same scheduler with other factors, which a diffusers file cannot say.
inline std::shared_ptr<const Scheduler> changed(const std::string& config, const Change& change) {
  Scheduler scheduler = *make_scheduler(config.data(), config.size(), false);
  if (change) change(scheduler.factors);
  scheduler.schedule = NoiseSchedule(scheduler.factors.schedule);
  return std::make_shared<const Scheduler>(scheduler);
}

inline std::shared_ptr<const Loop> loop_with(const std::string& config, int steps,
                                             const std::function<void(SolverOptions&)>& change) {
  return loop_of(changed(config, [&](Factors& f) { change(f.options); }), steps);
}

constexpr double kNoisiest = 8.0;
constexpr double kCleanest = 0.2;

// Even in log sigma between two levels, the end included: the grid on which orders show.
// A multistep method of order 3 or more begins with a step of order 1, whose error would
// show instead; with a power of 3 the first steps are so short that it does not.
inline List<double> smooth_sigmas(int steps, bool flow, int power = 1) {
  List<double> sigmas;
  for (int i = 0; i <= steps; ++i) {
    const double way = std::pow(static_cast<double>(i) / steps, power);
    const double ve =
        std::exp(std::log(kNoisiest) + (std::log(kCleanest) - std::log(kNoisiest)) * way);
    sigmas.push_back(flow ? ve / (1.0 + ve) : ve);
  }
  return sigmas;
}

// A loop over the smooth grid with the solver exchanged.
inline std::shared_ptr<const Loop> smooth_loop(const std::string& config, const Change& change,
                                               int steps, int power = 1) {
  const auto scheduler = changed(config, change);
  const Factors& f = scheduler->factors;
  // Classes without a training table make a smooth grid of their own.
  const bool own_grid = f.grid.family == GridFamily::shaped;
  return loop_of(scheduler, own_grid ? steps : 0, [&](LoopRequest& request) {
    if (!own_grid) request.grid.sigmas = smooth_sigmas(steps, f.grid.frame == Frame::flow, power);
  });
}

inline Change use_solver(const char* name) {
  return [=](Factors& f) { f.solver = find_solver(name); };
}

inline Change dpm_singlestep(int order, DpmType type, DpmAlgorithm algorithm) {
  return [=](Factors& f) {
    f.solver = find_solver("dpm_singlestep");
    f.options.order = order;
    f.options.type = type;
    f.options.algorithm = algorithm;
    f.options.lower_order_final = false;
  };
}

inline Change deis(int order) {
  return [=](Factors& f) {
    f.solver = find_solver("deis");
    f.options.order = order;
    f.options.lower_order_final = false;
  };
}

inline Change sa_solver(int predictor, int corrector, DpmAlgorithm algorithm = DpmAlgorithm::data,
                        double tau = 0.0) {
  return [=](Factors& f) {
    f.solver = find_solver("sa_solver");
    f.options.predictor_order = predictor;
    f.options.corrector_order = corrector;
    f.options.algorithm = algorithm;
    f.options.tau = tau;
    f.options.lower_order_final = false;
  };
}

}  // namespace sched::test
