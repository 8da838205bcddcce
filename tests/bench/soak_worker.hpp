// One thread of the soak: makes loops, runs, clones, saves, loads and frees them, all at random.

#pragma once

#include <sched/sched.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "soak_recipes.hpp"
#include "step_loop.hpp"

constexpr int64_t kLargeElements = 70000;

// Normals in every type, which stand for what a network predicts, and as many zeros.  Read only,
// so that workers share them.
class FakePredictions {
 public:
  FakePredictions();

  void* normals(int32_t dtype) const;
  void* zeros() const;

 private:
  mutable std::vector<double> zeros_, types_[5];  // by sched_dtype
};

// One state with what its steps need.
struct Loop {
  const Recipe* recipe = nullptr;
  SchedulerHandle scheduler{nullptr, sched_free};  // nothing where it was freed before the state
  StateHandle state{nullptr, sched_state_free};
  sched_init_options options{};
  std::vector<double> sample, denoised;

  sched_tensor tensor(const void* data) const;
};

class SoakWorker {
 public:
  SoakWorker(const std::vector<Recipe>& recipes, const FakePredictions& predictions, uint64_t seed,
             sched_vulkan* vulkan);

  // One thing at random; the steps that it ran.  Throws std::runtime_error at any status but the
  // one expected.
  int64_t act();
  int live_states() const { return static_cast<int>(loops_.size()); }
  int64_t live_bytes() const;  // of the states, as the library counts them
  void release_all() { loops_.clear(); }

 private:
  int64_t below(int64_t end);
  bool one_in(int64_t count) { return below(count) == 0; }
  Loop& any();

  sched_init_options random_options(const Recipe& recipe);
  void choose_kernel(const Recipe& recipe, sched_init_options& options);
  void make();
  void clone();
  void save_and_load();
  void release();
  int64_t run(Loop& loop);
  sched_status step(Loop& loop, const sched_call& call, bool wide);

  const std::vector<Recipe>& recipes_;
  const FakePredictions& predictions_;
  std::mt19937_64 random_;
  sched_vulkan* vulkan_;
  std::vector<sched_kernel> kernels_;
  std::vector<Loop> loops_;
};
