// What is measured, and for how long.

#pragma once

#include <sched/sched.h>

#include <cstdint>
#include <string>
#include <vector>

struct BenchSize {
  const char* name;  // bytes of a tensor in float32
  int64_t elements;
};

// Latents that people use: SD 1.5, SDXL, SD3 and FLUX, a batch of 8 of SDXL, Wan's video.
constexpr BenchSize kSizes[] = {{"64KiB", 16384},
                                {"256KiB", 65536},
                                {"1MiB", 262144},
                                {"2MiB", 524288},
                                {"18.5MiB", int64_t{16} * 21 * 90 * 160}};

struct BenchType {
  const char* name;
  sched_dtype dtype;
};

constexpr BenchType kTypes[] = {{"f32", SCHED_F32}, {"f16", SCHED_F16}, {"bf16", SCHED_BF16}};

struct BenchKernel {
  const char* name;
  sched_kernel kernel;
};

constexpr BenchKernel kKernels[] = {{"fused", SCHED_KERNEL_FUSED},
                                    {"blas", SCHED_KERNEL_BLAS},
                                    {"reference", SCHED_KERNEL_REFERENCE}};

struct BenchOptions {
  std::string out;  // folder
  bool quick = false;
  double seconds = 0.0;              // for each group that runs in turns
  std::vector<std::string> only;     // sections
  std::vector<std::string> methods;  // of section a; empty: all
  std::vector<std::string> kernels;  // empty: each where it is shown by default
  std::vector<std::string> types;
  std::vector<std::string> sizes;

  std::vector<BenchSize> chosen_sizes() const;
};

bool is_among(const std::vector<std::string>& list, const std::string& name);
