// What the network predicts, and how to read x0, noise and velocity out of it.
//
// epsilon: Ho et al. 2020, arXiv:2006.11239.  v: Salimans and Ho 2022,
// arXiv:2202.00512.  Flow velocity n - x0: Lipman et al. 2022, arXiv:2210.02747.  edm:
// Karras et al. 2022, arXiv:2206.00364, table 1; its boundary form: Song et al. 2023,
// arXiv:2303.01469, appendix C.
//
//   edm: D = c_skip x + c_out F,   v: D = c_skip x - c_out v,   the network is given x / d
//        c_skip = alpha sigma_data^2 / d^2,   c_out = sigma sigma_data / d,
//        d^2 = alpha^2 sigma_data^2 + sigma^2
//
// With sigma_data 1 and in the vp frame, where d is 1, this v is the usual one, and so is
// TrigFlow's F (Lu and Song 2024, arXiv:2410.11081) of a sample over sigma_data.

#pragma once

#include "linear_form.hpp"
#include "math.hpp"
#include "noise_level.hpp"

namespace sched {

enum class Prediction {
  epsilon,
  sample,
  v,
  flow,
  edm,
  score,        // (alpha x0 - x) / sigma^2
  scaled_score  // sigma times that: epsilon of the opposite sign
};

struct Parameterization {
  Prediction prediction = Prediction::epsilon;
  Frame frame = Frame::vp;
  // The network predicts x0 - n instead of n - x0 (inverted flow sigmas).
  bool reversed_flow = false;
  bool scales_input = true;  // false: a model in the ve frame takes the sample as it is
  // v, edm: the deviation of the data.
  double sigma_data = 1.0;
  // v, edm: D = x here instead of at sigma 0 (consistency models' sigma_min).
  double boundary = 0.0;

  // x0 from a sample `x` at `level` and the network's answer.
  LinearForm denoised(const LinearForm& x, const NoiseLevel& level) const {
    const LinearForm f = LinearForm::of(Input::prediction);
    switch (prediction) {
      case Prediction::epsilon:
        return (x - level.sigma * f) / level.alpha;
      case Prediction::sample:
        return f;
      case Prediction::flow:
        return reversed_flow ? x + level.sigma * f : x - level.sigma * f;
      case Prediction::score:
        return (x + (level.sigma * level.sigma) * f) / level.alpha;
      case Prediction::scaled_score:
        return (x + level.sigma * f) / level.alpha;
      case Prediction::v:
      case Prediction::edm:
        break;
    }
    const double d = deviation(level);
    const double clean = boundary * level.alpha;
    const double above = level.sigma - clean;
    // d^2 with `above` in the place of sigma.
    const double square = d * d - clean * (level.sigma + above);
    const double skip = level.alpha * sigma_data * sigma_data / square;
    return skip * x + (sign() * above * sigma_data / d) * f;
  }

  // The noise in a sample, straight from the network's answer where it has it: the
  // detour over x0 would divide by sigma.
  LinearForm epsilon(const LinearForm& x, const NoiseLevel& level) const {
    const LinearForm f = LinearForm::of(Input::prediction);
    if (prediction == Prediction::epsilon) return f;
    if (prediction == Prediction::scaled_score) return -1.0 * f;
    if (is_preconditioned() && boundary == 0.0) {
      const double d = deviation(level);
      return (level.sigma / (d * d)) * x - (sign() * level.alpha * sigma_data / d) * f;
    }
    return (x - level.alpha * denoised(x, level)) / level.sigma;
  }

  // Factor for the sample before it goes into the network.
  double input_scale(const NoiseLevel& level) const {
    return scales_input ? 1.0 / deviation(level) : 1.0;
  }

 private:
  bool is_preconditioned() const {
    return prediction == Prediction::v || prediction == Prediction::edm;
  }
  double sign() const { return prediction == Prediction::v ? -1.0 : 1.0; }

  // d, the deviation of a sample.  It is 1 in the vp frame for data of deviation 1, and
  // diffusers takes it for 1 in the flow frame.
  double deviation(const NoiseLevel& level) const {
    const bool plain = sigma_data == 1.0 && prediction != Prediction::edm;
    if (frame != Frame::ve && plain) return 1.0;
    return hypotenuse(level.alpha * sigma_data, level.sigma);
  }
};

}  // namespace sched
