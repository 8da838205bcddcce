// How much data and how much noise a sample holds: x = alpha x0 + sigma n.

#pragma once

#include <cmath>

namespace sched {

struct NoiseLevel {
  double alpha = 1.0;
  double sigma = 0.0;

  // log(alpha / sigma): +infinity at clean data, -infinity at pure noise.
  double log_snr() const { return std::log(alpha / sigma); }
  // sigma once the sample is divided by alpha.
  double ve_sigma() const { return sigma / alpha; }
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

inline NoiseLevel level_from_log_snr(Frame frame, double log_snr) {
  const double ratio = std::exp(-log_snr);
  return level_from_sigma(frame, frame == Frame::flow ? ratio / (1.0 + ratio) : ratio);
}

inline NoiseLevel level_from_alpha_bar(double alpha_bar) {
  return {std::sqrt(alpha_bar), std::sqrt(1.0 - alpha_bar)};
}

// alpha_t^2 - alpha_s^2 = sigma_s^2 - sigma_t^2 between two levels of the vp frame, from
// the pair that cancels less.
inline double vp_difference(const NoiseLevel& s, const NoiseLevel& t) {
  return s.sigma < s.alpha ? (s.sigma - t.sigma) * (s.sigma + t.sigma)
                           : (t.alpha - s.alpha) * (t.alpha + s.alpha);
}

// The variance that the forward process adds from t to the noisier s (Ho et al. 2020,
// arXiv:2006.11239, eq. 2): sigma_s^2 - (alpha_s / alpha_t)^2 sigma_t^2.
inline double transition_variance(Frame frame, const NoiseLevel& s, const NoiseLevel& t) {
  const double kept = s.alpha / t.alpha * t.sigma;
  return frame == Frame::vp ? vp_difference(s, t) / (t.alpha * t.alpha)
                            : (s.sigma - kept) * (s.sigma + kept);
}

// The noise of t in two parts: `down` of it was in s already, `up` is drawn anew.
// Song et al. 2020, arXiv:2010.02502, eq. 16; eta 0 draws nothing, eta 1 as much as DDPM.
//
//   up = eta sigma_t sqrt(1 - r^2),   down^2 = sigma_t^2 - up^2
//   r  = (alpha_s / alpha_t) (sigma_t / sigma_s)
struct AncestralSplit {
  double down = 0.0;
  double up = 0.0;
};

inline AncestralSplit ancestral_split(const NoiseLevel& s, const NoiseLevel& t, double eta) {
  const double r = std::fmin(1.0, (s.alpha / t.alpha) * (t.sigma / s.sigma));
  // Written out, since with eta 1 and a small r nothing would be left of the difference.
  const double down_square = (1.0 - eta) * (1.0 + eta) + (eta * r) * (eta * r);
  const double up = eta * std::sqrt((1.0 - r) * (1.0 + r));
  return {t.sigma * std::sqrt(std::fmax(0.0, down_square)), t.sigma * std::fmin(1.0, up)};
}

}  // namespace sched
