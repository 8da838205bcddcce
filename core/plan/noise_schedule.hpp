// The noise schedule that a model was trained with: timestep -> noise level, and back.
// Unaware of how many steps a sampler takes.

#pragma once

#include "../memory.hpp"
#include "noise_level.hpp"

namespace sched {

enum class BetaSchedule {
  linear,
  scaled_linear,
  squaredcos_cap_v2,
  sigmoid,
  laplace,
  exp,
  trained
};

// What becomes of alpha_bar at the last timestep after rescaling to zero terminal SNR
// (Lin et al. 2023, arXiv:2305.08891).
enum class ZeroSnr {
  off,
  exact,    // alpha_bar = 0
  smallest  // diffusers: 2^-24, so that sigma / alpha = 4096 stays finite
};

struct ScheduleSpec {
  bool flow = false;       // sigma = t / train_steps; no betas
  bool tableless = false;  // no betas: the sigmas are the grid's own (EDM)
  BetaSchedule kind = BetaSchedule::linear;
  int train_steps = 1000;
  double beta_start = 0.0001;
  double beta_end = 0.02;
  List<double> trained_betas;
  double snr_shift = 1.0;  // divides the SNR of every timestep (CogVideoX)
  ZeroSnr zero_snr = ZeroSnr::off;
};

class NoiseSchedule {
 public:
  explicit NoiseSchedule(const ScheduleSpec& spec);
  // Moves the table there.
  void keep_in(const Memory& memory) { sched::keep_in(memory, alpha_bar_); }

  int train_steps() const { return train_steps_; }
  double alpha_bar(int timestep) const { return alpha_bar_[static_cast<std::size_t>(timestep)]; }

  // sigma / alpha at an integer timestep.
  double sigma(int timestep) const;
  // Linear in sigma between neighbours, constant beyond the ends (numpy.interp).
  double sigma_at(double timestep) const;
  // Linear in log sigma between neighbours (k-diffusion's DiscreteSchedule).
  double sigma_between(double timestep) const;
  // The fractional timestep of a sigma: linear in log sigma, clamped to the table.
  double timestep_of(double sigma) const;
  // How many timesteps have a log SNR below `log_snr`; they are the noisiest.
  int count_below(double log_snr) const;

 private:
  int train_steps_;
  List<double> alpha_bar_;
};

}  // namespace sched
