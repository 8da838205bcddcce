// What the network predicts, and how to read x0, noise and velocity out of it.
//
// epsilon: Ho et al. 2020, arXiv:2006.11239.  v: Salimans and Ho 2022,
// arXiv:2202.00512.  Flow velocity n - x0: Lipman et al. 2022, arXiv:2210.02747.

#pragma once

#include "linear_form.hpp"
#include "noise_level.hpp"

namespace sched {

enum class Prediction {
  epsilon,
  sample,
  v,
  flow,
  score,        // (alpha x0 - x) / sigma^2
  scaled_score  // sigma times that: epsilon of the opposite sign
};

struct Parameterization {
  Prediction prediction = Prediction::epsilon;
  Frame frame = Frame::vp;
  // The network predicts x0 - n instead of n - x0 (inverted flow sigmas).
  bool reversed_flow = false;
  bool scales_input = true;  // false: a model in the ve frame takes the sample as it is

  // x0 from a sample `x` at `level` and the network's answer.
  LinearForm denoised(const LinearForm& x, const NoiseLevel& level) const {
    const LinearForm f = LinearForm::of(Input::prediction);
    const double alpha = level.alpha;
    const double sigma = level.sigma;
    switch (prediction) {
      case Prediction::epsilon:
        return (x - sigma * f) / alpha;
      case Prediction::sample:
        return f;
      case Prediction::flow:
        return reversed_flow ? x + sigma * f : x - sigma * f;
      case Prediction::score:
        return (x + (sigma * sigma) * f) / alpha;
      case Prediction::scaled_score:
        return (x + sigma * f) / alpha;
      case Prediction::v:
        break;
    }
    if (frame != Frame::ve) return alpha * x - sigma * f;
    // v is defined where alpha^2 + sigma^2 = 1; x there is x / sqrt(sigma^2 + 1) here.
    const double norm = sigma * sigma + 1.0;
    return x / norm - (sigma / std::sqrt(norm)) * f;
  }

  // The noise in a sample, straight from the network's answer where it has it: the
  // detour over x0 would divide by sigma.
  LinearForm epsilon(const LinearForm& x, const NoiseLevel& level) const {
    const LinearForm f = LinearForm::of(Input::prediction);
    if (prediction == Prediction::epsilon) return f;
    if (prediction == Prediction::scaled_score) return -1.0 * f;
    if (prediction == Prediction::v && frame != Frame::ve) {
      return level.alpha * f + level.sigma * x;
    }
    return (x - level.alpha * denoised(x, level)) / level.sigma;
  }

  // Factor for the sample before it goes into the network.
  double input_scale(const NoiseLevel& level) const {
    return frame == Frame::ve && scales_input ? 1.0 / std::sqrt(level.sigma * level.sigma + 1.0) : 1.0;
  }
};

}  // namespace sched
