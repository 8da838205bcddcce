#include "limit_cases.hpp"

#include <memory>

#include "places.hpp"
#include "step_loop.hpp"
#include "stream.hpp"

namespace {

struct Case {
  const BenchMethod* method;
  BenchSize size;
  BenchType type;
};

// The slow kernels are shown where the others are, but not everywhere.
bool is_shown(const BenchOptions& options, const BenchKernel& kernel, const Case& c) {
  if (sched_kernel_available(kernel.kernel) == 0) return false;
  if (!options.kernels.empty()) return is_among(options.kernels, kernel.name);
  if (kernel.kernel == SCHED_KERNEL_FUSED) return true;
  if (options.quick || c.type.dtype != SCHED_F32) return false;
  const std::string size = c.size.name;
  return size == "64KiB" || (kernel.kernel == SCHED_KERNEL_BLAS && size == "2MiB");
}

std::vector<BenchKernel> shown_kernels(const BenchOptions& options, const Case& c) {
  std::vector<BenchKernel> shown;
  for (const BenchKernel& kernel : kKernels) {
    if (is_shown(options, kernel, c)) shown.push_back(kernel);
  }
  return shown;
}

double mean_normals(const std::vector<Traffic>& cycle) {
  double normals = 0.0;
  for (const Traffic& call : cycle) normals += call.normals;
  return normals / static_cast<double>(cycle.size());
}

std::shared_ptr<StepLoop> loop_of(const Case& c, sched_kernel kernel) {
  LoopSpec spec;
  spec.config = c.method->config;
  spec.steps = c.method->steps;
  spec.elements = c.size.elements;
  spec.dtype = c.type.dtype;
  spec.kernel = kernel;
  return std::make_shared<StepLoop>(spec);
}

}  // namespace

std::vector<LimitResult> measure_limit(const BenchOptions& options, const BenchMethod& method,
                                       const BenchSize& size, const BenchType& type) {
  const Case c{&method, size, type};
  std::vector<LimitResult> results;
  const std::vector<BenchKernel> kernels = shown_kernels(options, c);
  if (kernels.empty()) return results;
  const std::vector<Traffic> cycle = loop_of(c, kernels.front().kernel)->traffic();
  std::size_t streams = 0;
  const auto make = [&](const Arrays& arrays) {
    std::vector<Contestant> contestants =
        stream_contestants(cycle, arrays, size.elements, type.dtype);
    streams = contestants.size();
    for (const BenchKernel& kernel : kernels) {
      const auto loop = loop_of(c, kernel.kernel);
      const bool is_cfg_pp = reads(cycle, kUnconditionalArray);
      loop->begin(arrays.at(kSampleArray), arrays.at(kPredictionArray), arrays.at(kNextArray),
                  is_cfg_pp ? arrays.at(kUnconditionalArray) : nullptr);
      contestants.push_back(step_contestant(kernel.name, loop));
    }
    return contestants;
  };
  const Measured measured = measure_in_places(arrays_needed(cycle), size.elements, make,
                                              {options.seconds, static_cast<int>(cycle.size())});
  const std::size_t limit = measured.fastest(0, streams);
  for (std::size_t k = 0; k < kernels.size(); ++k) {
    results.push_back({method.name, size.name, size.elements, type.name, kernels[k].name,
                       stream_name(limit), mean_arrays(cycle), mean_normals(cycle),
                       measured.ratio(limit, streams + k), measured.seconds(streams + k),
                       measured.seconds(limit)});
  }
  return results;
}

double seconds_of_normal(const BenchOptions& options) {
  LoopSpec spec;
  spec.config = R"({"solver": "euler"})";
  spec.elements = kNormals;
  const StateHandle state = init_state(create_scheduler(spec.config).get(), spec);
  const Arrays arrays(1, kNormals * sizeof(float));
  sched_tensor out = tensor_at(arrays.at(0), spec);
  const auto run = [&](int count) {
    for (int i = 0; i < count; ++i) sched_initial_noise(state.get(), &out);
  };
  const Measured measured =
      measure({{"normals", run, nullptr, 1 << 20, nullptr}}, {options.seconds});
  return measured.seconds(0).median / kNormals;
}

double fraction_with_normals(const LimitResult& result, double each) {
  const double normals = result.normals * static_cast<double>(result.elements) * each;
  return (result.stream.median + normals) / result.step.median;
}
