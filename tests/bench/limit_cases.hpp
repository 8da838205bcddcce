// Steps beside the loops that are their limit.

#pragma once

#include <string>
#include <vector>

#include "methods.hpp"
#include "options.hpp"
#include "statistics.hpp"

struct LimitResult {
  std::string method, size;
  int64_t elements = 0;
  std::string type, kernel, limit;     // which stream loop was the faster
  double arrays = 0.0, normals = 0.0;  // of a step, in the mean
  Spread fraction, step, stream;       // seconds of a pass
};

// The kernels that are shown there, in one group with the streams.
std::vector<LimitResult> measure_limit(const BenchOptions& options, const BenchMethod& method,
                                       const BenchSize& size, const BenchType& type);

// Seconds for each normal: the library's own, in cache.
constexpr int64_t kNormals = 65536;
double seconds_of_normal(const BenchOptions& options);

// The stream limit and the normals of a step, `each` seconds, one after the other, over the step.
double fraction_with_normals(const LimitResult& result, double each);
