// a: every sampler, as a fraction of the memory limit.

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>

#include "charts.hpp"
#include "methods.hpp"
#include "sections.hpp"
#include "step_loop.hpp"
#include "stream.hpp"
#include "targets.hpp"
#include "text_table.hpp"

namespace {

constexpr int64_t kNormals = 65536;

struct Case {
  const BenchMethod* method;
  BenchSize size;
  BenchType type;
};

struct Result {
  std::string method, size, type, kernel, limit;  // which stream loop was the faster
  double arrays = 0.0, normals = 0.0;             // of a step, in the mean
  Spread fraction, step, stream;                  // seconds of a pass
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

void measure_case(const BenchOptions& options, const Case& c, std::vector<Result>& results) {
  std::vector<std::pair<std::string, std::shared_ptr<StepLoop>>> loops;
  for (const BenchKernel& kernel : kKernels) {
    if (is_shown(options, kernel, c)) loops.emplace_back(kernel.name, loop_of(c, kernel.kernel));
  }
  if (loops.empty()) return;
  const std::vector<Traffic> cycle = loops.front().second->traffic();
  const Arrays arrays(arrays_needed(cycle), static_cast<std::size_t>(c.size.elements) * 4);
  std::vector<Contestant> contestants =
      stream_contestants(cycle, arrays, c.size.elements, c.type.dtype);
  const std::size_t streams = contestants.size();
  for (const auto& [name, loop] : loops) {
    loop->begin(arrays.at(kSampleArray), arrays.at(kPredictionArray), arrays.at(kNextArray));
    contestants.push_back(step_contestant(name, loop));
  }
  const auto multiple = static_cast<int>(cycle.size());
  const Measured measured = measure(contestants, {options.seconds, multiple});
  const std::size_t limit = measured.fastest(0, streams);
  for (std::size_t i = streams; i < contestants.size(); ++i) {
    results.push_back({c.method->name, c.size.name, c.type.name, contestants[i].name,
                       contestants[limit].name, mean_arrays(cycle), mean_normals(cycle),
                       measured.ratio(limit, i), measured.seconds(i), measured.seconds(limit)});
  }
}

double elements_of(const std::string& size) {
  for (const BenchSize& s : kSizes) {
    if (size == s.name) return static_cast<double>(s.elements);
  }
  return NAN;
}

// Seconds that the normals of a step take by themselves.
double normals_seconds(const Result& r, double each) {
  return r.normals * elements_of(r.size) * each;
}

// Of the stream limit and its normals, one after the other.
double fraction_with_normals(const Result& r, double each) {
  return (r.stream.median + normals_seconds(r, each)) / r.step.median;
}

// Seconds for each normal: the library's own, in cache.
Spread measure_normals(const BenchOptions& options) {
  LoopSpec spec;
  spec.config = R"({"solver": "euler"})";
  spec.elements = kNormals;
  const StateHandle state = init_state(create_scheduler(spec.config).get(), spec);
  const Arrays arrays(1, kNormals * sizeof(float));
  sched_tensor out = tensor_at(arrays.at(0), spec);
  const auto run = [&](int count) {
    for (int i = 0; i < count; ++i) sched_initial_noise(state.get(), &out);
  };
  Spread spread =
      measure({{"normals", run, nullptr, 1 << 20, nullptr}}, {options.seconds}).seconds(0);
  spread.median /= kNormals;
  return spread;
}

const Result* find(const std::vector<Result>& results, const std::string& method,
                   const std::string& size, const std::string& type, const std::string& kernel) {
  for (const Result& r : results) {
    if (r.method == method && r.size == size && r.type == type && r.kernel == kernel) return &r;
  }
  return nullptr;
}

std::size_t size_index(const std::string& name) {
  std::size_t index = 0;
  while (name != kSizes[index].name) ++index;
  return index;
}

struct Shown {
  const std::vector<BenchMethod>& methods;
  const std::vector<Result>& results;
  std::vector<BenchSize> sizes;
};

std::string marked(const BenchMethod& method) {
  return method.name + (method.has_noise ? " *" : "");
}

std::string cell_of(Report& report, const BenchMethod& method, const Result* r) {
  if (r == nullptr) return "";
  const bool has_target = !method.has_noise && r->type == "f32" && r->kernel == "fused";
  if (!has_target) return short_text(r->fraction.median);
  return report.judge(r->method + ", " + r->size, r->fraction.median,
                      {kLimitTargets[size_index(r->size)]});
}

void print_table(Report& report, const Shown& shown, const std::string& type,
                 const std::string& kernel) {
  std::vector<TextTable::Align> aligns(shown.sizes.size() + 1, TextTable::Align::right);
  aligns.front() = TextTable::Align::left;
  TextTable table(aligns);
  std::vector<std::string> head = {"sampler"};
  for (const BenchSize& size : shown.sizes) head.emplace_back(size.name);
  table.add_row(head);
  bool any = false;
  for (const BenchMethod& method : shown.methods) {
    std::vector<std::string> row = {marked(method)};
    for (const BenchSize& size : shown.sizes) {
      const Result* const r = find(shown.results, method.name, size.name, type, kernel);
      any = any || r != nullptr;
      row.push_back(cell_of(report, method, r));
    }
    table.add_row(row);
  }
  if (!any) return;
  std::printf("\n%s, kernel %s\n", type.c_str(), kernel.c_str());
  table.print();
}

void print_noise_table(const Shown& shown, double each) {
  std::printf(
      "\n* draws normals, which take %.2f ns each (sched_initial_noise of 65536 in float32),\n"
      "  beside which memory is little.  Limit and normals one after the other, over the step,\n"
      "  f32, kernel fused:\n",
      1e9 * each);
  std::vector<TextTable::Align> aligns(shown.sizes.size() + 2, TextTable::Align::right);
  aligns.front() = TextTable::Align::left;
  TextTable table(aligns);
  std::vector<std::string> head = {"sampler", "normals/step"};
  for (const BenchSize& size : shown.sizes) head.emplace_back(size.name);
  table.add_row(head);
  for (const BenchMethod& method : shown.methods) {
    if (!method.has_noise) continue;
    std::vector<std::string> row = {method.name, ""};
    for (const BenchSize& size : shown.sizes) {
      const Result* const r = find(shown.results, method.name, size.name, "f32", "fused");
      row.push_back(r == nullptr ? "" : short_text(fraction_with_normals(*r, each)));
      if (r != nullptr) row[1] = short_text(r->normals);
    }
    table.add_row(row);
  }
  table.print();
}

void write_csv(Report& report, const std::vector<Result>& results, double each) {
  CsvFile csv = report.csv(
      "limit.csv",
      "sampler,kernel,type,size,elements,arrays_per_step,normals_per_step,limit,fraction,"
      "fraction_spread,step_us,step_spread_us,limit_us,fraction_with_normals");
  for (const Result& r : results) {
    csv.row({r.method, r.kernel, r.type, r.size, format("%.0f", elements_of(r.size)),
             format("%.4g", r.arrays), format("%.4g", r.normals), r.limit,
             format("%.4f", r.fraction.median), format("%.4f", r.fraction.half()),
             format("%.4f", 1e6 * r.step.median), format("%.4f", 1e6 * r.step.half()),
             format("%.4f", 1e6 * r.stream.median),
             format("%.4f", fraction_with_normals(r, each))});
  }
}

void draw(Report& report, const Shown& shown) {
  HeatMap map{"Stream limit / step: 1 is the speed of memory",
              {"Columns: bytes of a tensor in float32.  History is float32.  1 thread.",
               "* draws normals: bound by making them, not by memory."},
              {},
              {}};
  for (const BenchMethod& method : shown.methods) map.rows.push_back(marked(method));
  for (const BenchKernel& kernel : kKernels) {
    for (const BenchType& type : kTypes) {
      HeatPanel panel{std::string(kernel.name) + ", " + type.name, {}, {}};
      panel.values.resize(shown.methods.size());
      for (const BenchSize& size : shown.sizes) {
        std::vector<double> column;
        for (const BenchMethod& method : shown.methods) {
          const Result* const r =
              find(shown.results, method.name, size.name, type.name, kernel.name);
          column.push_back(r == nullptr ? NAN : r->fraction.median);
        }
        if (std::all_of(column.begin(), column.end(), [](double v) { return std::isnan(v); })) {
          continue;
        }
        panel.columns.emplace_back(size.name);
        for (std::size_t i = 0; i < column.size(); ++i) panel.values[i].push_back(column[i]);
      }
      if (!panel.columns.empty()) map.panels.push_back(panel);
    }
  }
  report.picture("limit.png", draw_heat_map(map));
}

std::vector<BenchMethod> chosen_methods(const BenchOptions& options, const MethodList& list) {
  std::vector<BenchMethod> chosen;
  std::string all;
  for (const BenchMethod& method : list.methods) {
    all += (all.empty() ? "" : ", ") + method.name;
    if (options.methods.empty() || is_among(options.methods, method.name)) chosen.push_back(method);
  }
  for (const std::string& name : options.methods) {
    const bool is_known = std::any_of(chosen.begin(), chosen.end(),
                                      [&](const BenchMethod& m) { return m.name == name; });
    if (!is_known) throw std::runtime_error("--methods: no " + name + "; allowed are " + all);
  }
  return chosen;
}

void print_left_out(const MethodList& list) {
  std::printf("\nOf one solver and one cost as another, in brackets:\n");
  std::string line = " ";
  for (const LeftOut& out : list.left_out) {
    if (!out.is_repeated) continue;
    const std::string item = " " + out.name + " (" + out.reason + ")";
    if (line.size() + item.size() > 96) {
      std::printf("%s\n", line.c_str());
      line = " ";
    }
    line += item;
  }
  std::printf("%s\nLeft out:\n", line.c_str());
  for (const LeftOut& out : list.left_out) {
    if (!out.is_repeated) std::printf("  %s: %s\n", out.name.c_str(), out.reason.c_str());
  }
}

}  // namespace

void run_limit_section(const BenchOptions& options, Report& report) {
  const MethodList list = bench_methods();
  const std::vector<BenchMethod> methods = chosen_methods(options, list);
  std::vector<Result> results;
  for (const BenchSize& size : options.chosen_sizes()) {
    for (const BenchType& type : kTypes) {
      if (!is_among(options.types, type.name)) continue;
      for (const BenchMethod& method : methods) {
        measure_case(options, {&method, size, type}, results);
      }
    }
    std::fprintf(stderr, "a: %s done\n", size.name);
  }
  const double each = measure_normals(options).median;
  const Shown shown{methods, results, options.chosen_sizes()};
  for (const BenchKernel& kernel : kKernels) {
    for (const BenchType& type : kTypes) print_table(report, shown, type.name, kernel.name);
  }
  print_noise_table(shown, each);
  print_left_out(list);
  write_csv(report, results, each);
  draw(report, shown);
}
