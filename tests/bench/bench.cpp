// What a step costs, as a fraction of the memory limit.
//
// For each size and method, the step of each kernel runs in random interleaving with a
// stream loop that reads and writes as many arrays of that size.  The table that follows
// the rows of Google Benchmark shows stream time / step time of the medians: 1 is the
// limit.  Run as `build/bin/sched_bench`; options are Google Benchmark's.

#include <benchmark/benchmark.h>
#include <sched/sched.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

struct Size {
  const char* name;
  int64_t elements;
};

// Latents that people use, in float32 (SD 1.5, SDXL, SD3 and FLUX, a batch of 8, Wan).
constexpr Size kSizes[] = {{"64KiB", 16384},
                           {"256KiB", 65536},
                           {"1MiB", 262144},
                           {"2MiB", 524288},
                           {"18.5MiB", 1 * 16 * 21 * 90 * 160}};

struct Method {
  const char* name;
  const char* config;
  int reads, writes;  // arrays that a step in the middle of the loop touches
};

constexpr Method kMethods[] = {
    {"ddim", R"({"_class_name": "DDIMScheduler", "clip_sample": false})", 2, 1},
    {"euler", R"({"_class_name": "EulerDiscreteScheduler"})", 2, 1},
    {"dpmpp_2m", R"({"_class_name": "DPMSolverMultistepScheduler"})", 3, 2},
    {"flow", R"({"_class_name": "FlowMatchEulerDiscreteScheduler"})", 2, 1}};

struct KernelName {
  const char* name;
  sched_kernel kernel;
};

constexpr KernelName kKernels[] = {{"fused", SCHED_KERNEL_FUSED},
                                   {"blas", SCHED_KERNEL_BLAS},
                                   {"reference", SCHED_KERNEL_REFERENCE}};

using Array = std::vector<float>;

// A plain loop with the same reads and writes, as good as the compiler makes it here.
template <int Reads, int Writes>
__attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4"))) void stream(
    const float* __restrict a, const float* __restrict b, const float* __restrict c,
    float* __restrict x, float* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const float sum = 0.3f * a[i] + 0.7f * b[i] + (Reads > 2 ? 0.2f * c[i] : 0.0f);
    x[i] = sum;
    if (Writes > 1) y[i] = 0.5f * a[i];
  }
}

void run_stream(benchmark::State& state, const Method& method, int64_t n) {
  const auto size = static_cast<std::size_t>(n);
  Array a(size, 1), b(size, 2), c(size, 3), x(size), y(size);
  for (auto _ : state) {
    if (method.writes > 1) {
      stream<3, 2>(a.data(), b.data(), c.data(), x.data(), y.data(), n);
    } else {
      stream<2, 1>(a.data(), b.data(), c.data(), x.data(), y.data(), n);
    }
    benchmark::ClobberMemory();
  }
}

struct Loop {
  sched_scheduler* scheduler = nullptr;
  sched_state* state = nullptr;

  Loop(const Method& method, sched_kernel kernel, int64_t n) {
    sched_create(method.config, std::strlen(method.config), nullptr, &scheduler);
    sched_init_options options = SCHED_INIT_OPTIONS_INIT;
    options.num_steps = 50;
    options.elements = n;
    options.kernel = kernel;
    sched_init(scheduler, &options, &state);
  }
  ~Loop() {
    sched_state_free(state);
    sched_free(scheduler);
  }
};

// The saved state after the first step: loading it is outside of the measured time.
std::vector<char> saved_state(sched_state* state) {
  uint64_t size = 0;
  sched_save(state, nullptr, 0, &size);
  std::vector<char> bytes(size);
  sched_save(state, bytes.data(), size, nullptr);
  return bytes;
}

void run_step(benchmark::State& state, const Method& method, sched_kernel kernel, int64_t n) {
  Loop loop(method, kernel, n);
  const auto size = static_cast<std::size_t>(n);
  Array x(size, 1), f(size, 0.5f), y(size);
  sched_tensor sample = SCHED_TENSOR_INIT;
  sample.elements = n;
  sample.data = x.data();
  sched_tensor prediction = sample, next = sample;
  prediction.data = f.data();
  next.data = y.data();
  sched_step(loop.state, &sample, &prediction, &next);
  const std::vector<char> middle = saved_state(loop.state);
  for (auto _ : state) {
    if (sched_calls_done(loop.state) > 47) {
      state.PauseTiming();
      sched_load(loop.state, middle.data(), middle.size());
      state.ResumeTiming();
    }
    if (sched_step(loop.state, &sample, &prediction, &next) != SCHED_OK) {
      state.SkipWithError(sched_last_error(loop.state));
    }
  }
}

// Collects medians by name, and prints the rows as usual.
class Medians : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Aggregate && run.aggregate_name == "median") {
        median_[run.run_name.function_name] = run.GetAdjustedRealTime();
      }
      if (run.run_type == Run::RT_Aggregate && run.aggregate_name == "cv") {
        spread_[run.run_name.function_name] = run.GetAdjustedRealTime();
      }
    }
    ConsoleReporter::ReportRuns(runs);
  }
  double median(const std::string& name) const { return find(median_, name); }

 private:
  static double find(const std::map<std::string, double>& table, const std::string& name) {
    const auto found = table.find(name);
    return found == table.end() ? 0.0 : found->second;
  }
  std::map<std::string, double> median_, spread_;
};

std::string name_of(const char* what, const Method& method, const Size& size) {
  return std::string(what) + "/" + method.name + "/" + size.name;
}

void register_all() {
  for (const Size& size : kSizes) {
    for (const Method& method : kMethods) {
      benchmark::RegisterBenchmark(
          name_of("stream", method, size).c_str(),
          [&](benchmark::State& state) { run_stream(state, method, size.elements); });
      for (const KernelName& kernel : kKernels) {
        if (sched_kernel_available(kernel.kernel) == 0) continue;
        benchmark::RegisterBenchmark(name_of(kernel.name, method, size).c_str(),
                                     [&](benchmark::State& state) {
                                       run_step(state, method, kernel.kernel, size.elements);
                                     });
      }
    }
  }
}

void print_table(const Medians& medians) {
  std::printf("\nFraction of a stream loop with the same reads and writes (medians)\n");
  std::printf("%-10s %-10s", "method", "kernel");
  for (const Size& size : kSizes) std::printf(" %9s", size.name);
  std::printf("\n");
  for (const Method& method : kMethods) {
    for (const KernelName& kernel : kKernels) {
      std::printf("%-10s %-10s", method.name, kernel.name);
      for (const Size& size : kSizes) {
        const double step = medians.median(name_of(kernel.name, method, size));
        const double limit = medians.median(name_of("stream", method, size));
        if (step > 0 && limit > 0) {
          std::printf(" %9.2f", limit / step);
        } else {
          std::printf(" %9s", "-");
        }
      }
      std::printf("\n");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  // Medians over repetitions that are shuffled together; a caller's flags come later and win.
  std::vector<std::string> flags = {
      argv[0], "--benchmark_repetitions=9", "--benchmark_enable_random_interleaving=true",
      "--benchmark_report_aggregates_only=true", "--benchmark_min_time=0.02"};
  for (int i = 1; i < argc; ++i) flags.emplace_back(argv[i]);
  std::vector<char*> arguments;
  for (std::string& flag : flags) arguments.push_back(flag.data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  register_all();
  Medians medians;
  benchmark::RunSpecifiedBenchmarks(&medians);
  print_table(medians);
  benchmark::Shutdown();
  return 0;
}
