// The model of the demo: not a network, but the exact answer for a known set of pictures.
//
// If the data are the pictures y_k, each as likely as any other, then the best guess of x0 from
// x = alpha x0 + sigma n is the mean of y_k under
//
//     w_k ~ exp(-|x - alpha y_k|^2 / (2 sigma^2)),
//
// which is what a network trained on those pictures for ever would return (Karras et al. 2022,
// arXiv:2206.00364, appendix B.3).  So the demo needs no weights, and whatever is wrong with a
// result is the scheduler's doing.

#pragma once

#include <cstdint>
#include <vector>

#include "demo_images.hpp"

namespace demo {

// x = alpha x0 + sigma n
struct Level {
  double alpha, sigma;
};

// How the scheduler reads x0 out of a model call: x0 = on_sample x + on_prediction f.
struct Readout {
  double on_sample, on_prediction;
};

// What the network is to predict.
enum class Prediction { epsilon, v, sample, flow };

const char* prediction_name(Prediction prediction);

// The prediction type whose formula gives these readouts at these levels.
Prediction prediction_of(const std::vector<Readout>& readouts, const std::vector<Level>& levels);

// The level of the sample at a model call, from the way in which the scheduler reads that call.
// Levels of a schedule are known step by step; a second call within a step (Heun, PNDM) may stand
// anywhere.  `step_level` is taken where the readout says nothing (sample prediction).
Level level_of(const Readout& readout, Prediction prediction, const Level& step_level);

// The prediction that makes the scheduler see `denoised`, whatever its type:
// f = (denoised - on_sample x) / on_prediction.
void predict(const float* x, const float* denoised, const Readout& readout, float* prediction);

struct Match {
  int picture;
  double mean_abs_error;  // of values in [-1, 1]
};

class Denoiser {
 public:
  // Pictures are multiplied by `scale` before any noise, as pipelines scale their latents.
  Denoiser(const PictureSet& pictures, double scale);

  int count() const { return count_; }

  // The posterior mean of each of `batch` samples at one level.
  void denoise(const float* samples, int batch, const Level& level, float* denoised);

  // The picture of the set that is nearest to a sample at level {1, 0}.
  Match nearest(const float* sample) const;

 private:
  int count_;
  double scale_;
  std::vector<float> pictures_;  // count x kPictureValues, scaled
  std::vector<double> squares_;  // |y_k|^2
  std::vector<float> weights_;   // batch x count
};

}  // namespace demo
