// a: every sampler, as a fraction of the memory limit.

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "charts.hpp"
#include "limit_cases.hpp"
#include "sections.hpp"
#include "targets.hpp"
#include "text_table.hpp"

namespace {

const LimitResult* find(const std::vector<LimitResult>& results, const std::string& method,
                        const std::string& size, const std::string& type,
                        const std::string& kernel) {
  for (const LimitResult& r : results) {
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
  const std::vector<LimitResult>& results;
  std::vector<BenchSize> sizes;
};

std::string marked(const BenchMethod& method) {
  return method.name + (method.has_noise ? " *" : "");
}

TextTable table_of_sizes(std::vector<std::string> head, const std::vector<BenchSize>& sizes) {
  for (const BenchSize& size : sizes) head.emplace_back(size.name);
  std::vector<TextTable::Align> aligns(head.size(), TextTable::Align::right);
  aligns.front() = TextTable::Align::left;
  TextTable table(aligns);
  table.add_row(head);
  return table;
}

std::string cell_of(Report& report, const BenchMethod& method, const LimitResult* r) {
  if (r == nullptr) return "";
  const bool has_target = !method.has_noise && r->type == "f32" && r->kernel == "fused";
  if (!has_target) return short_text(r->fraction.median);
  return report.judge(r->method + ", " + r->size, r->fraction.median,
                      {kLimitTargets[size_index(r->size)]});
}

void print_table(Report& report, const Shown& shown, const std::string& type,
                 const std::string& kernel) {
  std::vector<BenchSize> sizes;
  for (const BenchSize& size : shown.sizes) {
    const bool any =
        std::any_of(shown.results.begin(), shown.results.end(), [&](const LimitResult& r) {
          return r.size == size.name && r.type == type && r.kernel == kernel;
        });
    if (any) sizes.push_back(size);
  }
  if (sizes.empty()) return;
  TextTable table = table_of_sizes({"sampler"}, sizes);
  for (const BenchMethod& method : shown.methods) {
    std::vector<std::string> row = {marked(method)};
    for (const BenchSize& size : sizes) {
      row.push_back(
          cell_of(report, method, find(shown.results, method.name, size.name, type, kernel)));
    }
    table.add_row(row);
  }
  std::printf("\n%s, kernel %s\n", type.c_str(), kernel.c_str());
  table.print();
}

void print_noise_table(const Shown& shown, double each) {
  std::printf(
      "\n* draws normals, which take %.2f ns each (sched_initial_noise of 65536 in float32),\n"
      "  beside which memory is little; an increment of a Brownian path takes many.  Limit and "
      "normals one after the other, over the step,\n"
      "  f32, kernel fused:\n",
      1e9 * each);
  TextTable table = table_of_sizes({"sampler", "normals/step"}, shown.sizes);
  for (const BenchMethod& method : shown.methods) {
    if (!method.has_noise) continue;
    std::vector<std::string> row = {method.name, ""};
    for (const BenchSize& size : shown.sizes) {
      const LimitResult* const r = find(shown.results, method.name, size.name, "f32", "fused");
      row.push_back(r == nullptr ? "" : short_text(fraction_with_normals(*r, each)));
      if (r != nullptr) row[1] = short_text(r->normals);
    }
    table.add_row(row);
  }
  table.print();
}

void write_csv(Report& report, const std::vector<LimitResult>& results, double each) {
  CsvFile csv = report.csv(
      "limit.csv",
      "sampler,kernel,type,size,elements,arrays_per_step,normals_per_step,limit,fraction,"
      "fraction_spread,step_us,step_spread_us,limit_us,fraction_with_normals");
  for (const LimitResult& r : results) {
    csv.row({r.method, r.kernel, r.type, r.size, std::to_string(r.elements),
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
               "* and grey: draws normals, bound by making them and not by memory."},
              {},
              {},
              {}};
  for (const BenchMethod& method : shown.methods) {
    map.rows.push_back(marked(method));
    map.is_grey.push_back(method.has_noise);
  }
  for (const BenchKernel& kernel : kKernels) {
    for (const BenchType& type : kTypes) {
      HeatPanel panel{std::string(kernel.name) + ", " + type.name, {}, {}};
      panel.values.resize(shown.methods.size());
      for (const BenchSize& size : shown.sizes) {
        std::vector<double> column;
        for (const BenchMethod& method : shown.methods) {
          const LimitResult* const r =
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
  std::vector<LimitResult> results;
  for (const BenchSize& size : options.chosen_sizes()) {
    for (const BenchType& type : kTypes) {
      if (!is_among(options.types, type.name)) continue;
      for (const BenchMethod& method : methods) {
        for (const LimitResult& r : measure_limit(options, method, size, type))
          results.push_back(r);
      }
    }
    std::fprintf(stderr, "a: %s done\n", size.name);
  }
  const double each = seconds_of_normal(options);
  const Shown shown{methods, results, options.chosen_sizes()};
  for (const BenchKernel& kernel : kKernels) {
    for (const BenchType& type : kTypes) print_table(report, shown, type.name, kernel.name);
  }
  print_noise_table(shown, each);
  print_left_out(list);
  write_csv(report, results, each);
  draw(report, shown);
}
