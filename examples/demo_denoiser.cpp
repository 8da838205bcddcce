// The posterior mean as two matrix products: X Y^T for the weights, W Y for the mean.

#include "demo_denoiser.hpp"

#include <cblas.h>

#include <algorithm>
#include <cmath>

namespace demo {
namespace {

// v is defined where alpha^2 + sigma^2 = 1.  A schedule that keeps alpha = 1 (Euler and its kin)
// holds that x divided by sqrt(sigma^2 + 1), which shows in the readout.
Readout v_readout(const Level& level) {
  if (level.alpha != 1.0) return {level.alpha, -level.sigma};
  const double square = level.sigma * level.sigma + 1.0;
  return {1.0 / square, -level.sigma / std::sqrt(square)};
}

bool is_flow_level(const Level& level) { return std::fabs(level.alpha + level.sigma - 1.0) < 1e-6; }

double mismatch(const Readout& a, const Readout& b) {
  return std::fabs(a.on_sample - b.on_sample) + std::fabs(a.on_prediction - b.on_prediction);
}

}  // namespace

const char* prediction_name(Prediction prediction) {
  switch (prediction) {
    case Prediction::epsilon:
      return "epsilon (the noise)";
    case Prediction::v:
      return "v";
    case Prediction::sample:
      return "x0 (the sample)";
    case Prediction::flow:
      return "the flow velocity";
  }
  return "";
}

Prediction prediction_of(const std::vector<Readout>& readouts, const std::vector<Level>& levels) {
  double epsilon = 0.0, v = 0.0, sample = 0.0, flow = 0.0;
  for (std::size_t i = 0; i < readouts.size(); ++i) {
    const Level& at = levels[i];
    sample += mismatch(readouts[i], {0.0, 1.0});
    v += mismatch(readouts[i], v_readout(at));
    // Noise cannot be read where there is nothing else: alpha = 0 rules epsilon out.
    const double alpha = std::max(at.alpha, 1e-12);
    epsilon += mismatch(readouts[i], {1.0 / alpha, -at.sigma / alpha});
    flow += is_flow_level(at) ? mismatch(readouts[i], {1.0, -at.sigma}) : 1e6;
  }
  const double best = std::min({epsilon, v, sample, flow});
  if (best == sample) return Prediction::sample;
  if (best == flow) return Prediction::flow;
  return best == v ? Prediction::v : Prediction::epsilon;
}

Level level_of(const Readout& readout, Prediction prediction, const Level& step_level) {
  const double a = readout.on_sample, b = readout.on_prediction;
  switch (prediction) {
    case Prediction::epsilon:
      return {1.0 / a, -b / a};
    case Prediction::flow:
      return {1.0 + b, -b};
    case Prediction::v: {
      // a^2 + b^2 = 1 in the one case, a + b^2 = 1 in the other.
      const bool keeps_alpha = std::fabs(a + b * b - 1.0) < std::fabs(a * a + b * b - 1.0);
      return keeps_alpha ? Level{1.0, -b / std::sqrt(a)} : Level{a, -b};
    }
    case Prediction::sample:
      break;
  }
  return step_level;
}

void predict(const float* x, const float* denoised, const Readout& readout, float* prediction) {
  // At sigma = 0 the scheduler does not look at the prediction, and any value will do.
  if (readout.on_prediction == 0.0) {
    std::fill(prediction, prediction + kPictureValues, 0.0F);
    return;
  }
  for (int i = 0; i < kPictureValues; ++i) {
    const double rest = denoised[i] - readout.on_sample * x[i];
    prediction[i] = static_cast<float>(rest / readout.on_prediction);
  }
}

Denoiser::Denoiser(const PictureSet& pictures, double scale)
    : count_(pictures.count), scale_(scale), pictures_(pictures.values) {
  for (float& value : pictures_) value = static_cast<float>(value * scale);
  for (int k = 0; k < count_; ++k) {
    const float* y = &pictures_[static_cast<std::size_t>(k) * kPictureValues];
    double square = 0.0;
    for (int i = 0; i < kPictureValues; ++i) square += static_cast<double>(y[i]) * y[i];
    squares_.push_back(square);
  }
}

void Denoiser::denoise(const float* samples, int batch, const Level& level, float* denoised) {
  const auto count = static_cast<std::size_t>(count_);
  weights_.resize(static_cast<std::size_t>(batch) * count);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch, count_, kPictureValues, 1.0F, samples,
              kPictureValues, pictures_.data(), kPictureValues, 0.0F, weights_.data(), count_);

  // |x|^2 is the same for every picture and cancels.  What is left divides by sigma^2 only once,
  // and the largest exponent is taken out: no overflow at tiny sigma, plain means at alpha = 0.
  const double variance = std::max(level.sigma * level.sigma, 1e-30);
  std::vector<double> exponents(count);
  for (std::size_t b = 0; b < static_cast<std::size_t>(batch); ++b) {
    float* row = &weights_[b * count];
    for (std::size_t k = 0; k < count; ++k) {
      const double product = level.alpha * (row[k] - 0.5 * level.alpha * squares_[k]);
      exponents[k] = product / variance;
    }
    const double largest = *std::max_element(exponents.begin(), exponents.end());
    double total = 0.0;
    for (double& e : exponents) total += e = std::exp(e - largest);
    for (std::size_t k = 0; k < count; ++k) row[k] = static_cast<float>(exponents[k] / total);
  }
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch, kPictureValues, count_, 1.0F,
              weights_.data(), count_, pictures_.data(), kPictureValues, 0.0F, denoised,
              kPictureValues);
}

Match Denoiser::nearest(const float* sample) const {
  Match best = {-1, INFINITY};
  for (int k = 0; k < count_; ++k) {
    const float* y = &pictures_[static_cast<std::size_t>(k) * kPictureValues];
    double sum = 0.0;
    for (int i = 0; i < kPictureValues; ++i)
      sum += std::fabs(static_cast<double>(sample[i]) - y[i]);
    const double error = sum / kPictureValues / scale_;
    if (error < best.mean_abs_error) best = {k, error};
  }
  return best;
}

}  // namespace demo
