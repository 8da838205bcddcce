// Data of which everything is known: a mixture of Gaussians in one dimension, its best
// denoiser, and the solution of its probability-flow ODE.
//
// Song et al. 2020, arXiv:2011.13456, eq. 13; with y = x / alpha and s = sigma / alpha it
// reads dy / d log s = y - D(y, s) in every frame.

#pragma once

#include <sched/sched.hpp>
#include <vector>

struct Component {
  double weight, mean, variance;
};

class ExactFlow {
 public:
  explicit ExactFlow(std::vector<Component> components) : components_(std::move(components)) {}

  // E[x0 | x] for a sample at `level`.
  double denoise(double x, const sched::Level& level) const;

  // Takes y from s = `from` to s = `to`: in closed form for one component, else integrated
  // with an error below 1e-13.  Throws std::runtime_error where that is not reached.
  double carry(double y, double from, double to) const;

 private:
  double slope(double y, double log_s) const;
  double integrate(double y, double from, double to, int steps) const;

  std::vector<Component> components_;
};
