// How much data and how much noise a sample holds: x = alpha x0 + sigma n.

#pragma once

#include <cmath>

namespace sched {

struct NoiseLevel {
  double alpha = 1.0;
  double sigma = 0.0;

  // log(alpha / sigma): +infinity at clean data, -infinity at pure noise.
  double log_snr() const { return std::log(alpha / sigma); }
  bool is_data() const { return sigma == 0.0; }
  bool is_pure_noise() const { return alpha == 0.0; }
};

// The frame that the sample lives in.
enum class Frame {
  vp,   // alpha^2 + sigma^2 = 1
  ve,   // alpha = 1
  flow  // alpha + sigma = 1
};

// `sigma` is in the unit of the frame's own schedules: sigma / alpha for vp and ve.
inline NoiseLevel level_from_sigma(Frame frame, double sigma) {
  switch (frame) {
    case Frame::flow:
      return {1.0 - sigma, sigma};
    case Frame::ve:
      return {1.0, sigma};
    case Frame::vp:
      break;
  }
  const double alpha = 1.0 / std::sqrt(sigma * sigma + 1.0);
  return {alpha, sigma * alpha};
}

// The level of a log SNR, in any frame.
inline NoiseLevel level_from_log_snr(Frame frame, double log_snr) {
  const double sigma = std::exp(-log_snr);
  return level_from_sigma(frame, frame == Frame::flow ? sigma / (sigma + 1.0) : sigma);
}

inline NoiseLevel level_from_alpha_bar(double alpha_bar) {
  return {std::sqrt(alpha_bar), std::sqrt(1.0 - alpha_bar)};
}

// An ancestral step from sigma `s` to `t` in the ve frame: the ODE goes down to `down`, and
// noise of deviation `up` back to `t` (Ho et al. 2020; k-diffusion's eta scales `up`).
struct AncestralStep {
  double down, up;
};

inline AncestralStep ancestral_step(double s, double t, double eta) {
  const double up = std::fmin(t, eta * (t / s) * std::sqrt(std::fmax(0.0, (s - t) * (s + t))));
  // With eta 1 the root is t^2 / s, without the cancellation.
  return {eta == 1.0 && t < s ? t * t / s : std::sqrt((t - up) * (t + up)), up};
}

// alpha_t^2 - alpha_s^2 = sigma_s^2 - sigma_t^2 between two levels of the vp frame, from
// the pair that cancels less.
inline double vp_difference(const NoiseLevel& s, const NoiseLevel& t) {
  return s.sigma < s.alpha ? (s.sigma - t.sigma) * (s.sigma + t.sigma)
                           : (t.alpha - s.alpha) * (t.alpha + s.alpha);
}

}  // namespace sched
