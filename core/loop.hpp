// Everything about one loop that does not change while it runs: its grid, the plan of
// every model call, its shape.  Clones of a state share it.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernel/kernel.hpp"
#include "parallel/step_threads.hpp"
#include "random/noise_spec.hpp"
#include "scheduler.hpp"

namespace sched {

constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;  // of a batch, and of a whole

// What the caller asked for in init, read from the C struct.
struct LoopRequest {
  GridRequest grid;
  int begin_step = 0;
  int end_step = 0;
  std::int64_t batch = 1;
  std::int64_t elements = 0;
  DType dtype = DType::f32;
  int kernel = 0;
  std::optional<DType> history;      // the kernel's own without
  std::vector<std::uint64_t> seeds;  // one for each item
  NoiseSpec noise;
  std::optional<double> eta;
  std::optional<double> churn, churn_min, churn_max, noise_scale;
  int order = 0;
  bool use_clipped_epsilon = false;
  std::optional<int> jump_length, jump_count;  // repaint
  ThreadRequest threads;
};

// Where the draw of a call finds the terms of its stretch of the path.
struct PathSlice {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

// Made once for all threads; a copy, which may be changed, has none yet.
struct Fingerprint {
  std::atomic<std::uint64_t> value{0};  // 0: not made yet

  Fingerprint() = default;
  Fingerprint(const Fingerprint&) {}
};

struct Loop {
  std::shared_ptr<const Scheduler> scheduler;
  SolverOptions options;
  TimeGrid grid;
  List<StepPlan> plans;            // one for each model call
  List<std::uint32_t> first_draw;  // draws taken before each call's own
  List<PathSlice> path;            // of each call
  List<NoiseTerm> path_terms;
  int memory_rows = 0;
  std::int64_t batch = 0;
  std::int64_t elements = 0;
  DType dtype = DType::f32;
  const Kernel* kernel = nullptr;
  DType history = DType::f32;  // of the memory rows
  List<std::uint64_t> seeds;
  List<std::uint64_t> path_seeds;  // of the Brownian paths
  NoiseSpec noise;
  int noise_rows = 0;   // most draws of a call, where another system makes them
  LoopThreads threads;  // not part of the fingerprint: bits do not depend on them

  // Of everything that a saved state depends on; made for the first that asks.
  std::uint64_t fingerprint() const;

  std::int64_t row_bytes() const {
    return batch * elements * static_cast<std::int64_t>(size_of(history));
  }
  std::int64_t rows_bytes() const { return memory_rows * row_bytes(); }
  const Parameterization& parameterization() const { return scheduler->factors.parameterization; }
  LoopContext context() const {
    return {scheduler->factors.grid, scheduler->schedule, options, grid};
  }
  // A churn before the first call has no call before it that could add it: the first sample has it.
  double first_churn() const { return grid.nodes.empty() ? 0.0 : grid.nodes.front().added_noise; }
  double init_noise_sigma() const { return hypotenuse(grid.init_noise_sigma, first_churn()); }
  // Some step depends on norms of its tensors.
  bool has_norms() const;
  // nullptr where every call is planned in init.
  const Adaptive* adaptive() const { return scheduler->factors.solver->adaptive; }
  // The plan of one call: of the grid, of an adaptive attempt, or with levels that the
  // caller chose (per-token times).  Throws not_finite.
  StepPlan plan_call(const Node& node, bool grouped) const;
  // The same once its norms are known.
  StepPlan finish_call(const Node& node, const Measured& measured) const;
  // Call `call` at a time of the caller's own, and to another where `target` is not NULL;
  // otherwise to where the schedule goes from there.  Throws value.
  Node group_node(std::size_t call, double time, const double* target) const;
  double input_scale(const NoiseLevel& level) const {
    return parameterization().input_scale(level);
  }

 private:
  mutable Fingerprint fingerprint_;
};

// The noise as asked for, with the state's own shape where no whole was named.  Throws Error.
NoiseSpec checked_noise(const Factors& factors, const LoopRequest& request, const Kernel& kernel);
// What the caller may ask for with these factors.  Throws Error.
void check_request(const Factors& factors, const LoopRequest& request);
// The type of the rows that a loop keeps.  Throws Error.
DType history_type(const LoopRequest& request, const Kernel& kernel, const char* solver, int rows);

// Plans every step.  Throws Error.
std::shared_ptr<const Loop> make_loop(std::shared_ptr<const Scheduler> scheduler,
                                      LoopRequest request);

// What make_loop allocated and the loop holds, its scheduler apart.
std::int64_t bytes_of(const Loop& loop);

}  // namespace sched
