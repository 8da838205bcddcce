// A recorded denoising loop of another implementation, one entry for each model call.
//
// Two forms of file are read.  A file with `out` records a diffusers scheduler: what its
// step returned at each call.  A file with `final` records a k-diffusion sampler, which
// calls the model itself: what the model was given and gave back.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <sched/sched.hpp>
#include <string>
#include <vector>

#include "safetensors.hpp"

// Numbers inside a recorded tensor; data is NULL where nothing was recorded.
struct Values {
  const double* data = nullptr;
  std::size_t count = 0;

  explicit operator bool() const { return data != nullptr; }
};

struct RecordedCall {
  Values sample;           // may be empty: what the call before gave
  Values prediction;       // empty where no model was asked; twice as many values where
                           // the variance is learned
  Values unconditional;    // may be empty
  Values group_timesteps;  // may be empty
  std::vector<Values> noise;
  Values next;                  // may be empty
  std::optional<double> sigma;  // of the sample, for samplers in sigma space
  Values scaled;                // may be empty: the sample as the model saw it
  Values denoised;              // may be empty
};

struct RecordedLoop {
  std::string method;                    // diffusers class or k-diffusion sampler
  std::string config;                    // for sched_create
  sched::InitOptions options;            // all but dtype and kernel
  std::int64_t prediction_elements = 0;  // per item
  std::int32_t groups = 0;               // per item, with group_timesteps
  std::vector<RecordedCall> calls;
  bool is_whole = true;   // false: the file stops before the loop ends
  Values mask, original;  // may be empty

  Values timesteps;  // one for each call; may be empty
  Values sigmas;     // may be empty
  std::optional<double> init_noise_sigma;
  // k-diffusion's churning samplers draw before they know whether they churn, so a file may
  // have draws that no formula uses.
  bool spare_draws = false;

  std::unique_ptr<const Safetensors> file;  // everything above points into it
};

// Throws FileError.
RecordedLoop load_recorded_loop(const std::string& path);
