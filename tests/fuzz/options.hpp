// sched_init_options from bytes: most members as they are by default, some odd.

#pragma once

#include "support.hpp"

namespace fuzz {

// Owns what the options point to.
struct InitInput {
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  std::vector<double> timesteps, sigmas;
  std::vector<std::uint64_t> seeds;

  // Where it would fit, a shape is made small; one that must be refused stays as it is.
  explicit InitInput(Bytes& choices);
  InitInput(const InitInput&) = delete;
  InitInput& operator=(const InitInput&) = delete;

  sched_dtype dtype() const { return static_cast<sched_dtype>(options.dtype); }

 private:
  void read_counts(Bytes& choices);
  void read_lists(Bytes& choices);
  void read_numbers(Bytes& choices);
  void read_shape(Bytes& choices);
  void read_noise(Bytes& choices);
  void read_threads(Bytes& choices);
};

}  // namespace fuzz
