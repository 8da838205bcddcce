// c: cost over elements, and what does not depend on them.

#include <memory>

#include "charts.hpp"
#include "line_chart.hpp"
#include "machine.hpp"
#include "methods.hpp"
#include "places.hpp"
#include "sections.hpp"
#include "step_loop.hpp"
#include "targets.hpp"
#include "text_table.hpp"

namespace {

constexpr NamedConfig kMethods[] = {kDdim, kDpmpp2m, kUnipc, kEulerAncestral};

constexpr NamedConfig kCreated[] = {
    {"flow Euler", R"({"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0})"},
    {"Euler", R"({"_class_name": "EulerDiscreteScheduler"})"},
    {"Euler ancestral", R"({"_class_name": "EulerAncestralDiscreteScheduler"})"},
    {"DDIM", R"({"_class_name": "DDIMScheduler"})"},
    {"LCM", R"({"_class_name": "LCMScheduler"})"},
    {"DPM++ 2M Karras",
     R"({"_class_name": "DPMSolverMultistepScheduler", "use_karras_sigmas": true})"},
    {"UniPC", R"({"_class_name": "UniPCMultistepScheduler"})"},
    {"dpmpp_2m, composed", R"({"solver": "dpmpp_2m", "grid": "karras"})"}};

constexpr int64_t kFewest = 16, kMost = int64_t{64} << 20, kMostQuick = int64_t{4} << 20;
// Loops of large tensors are short, since each begins with a third of its steps.
constexpr int64_t kLarge = int64_t{1} << 20;
constexpr int32_t kFewSteps = 36;
// Tensors, rows of four methods and their saved copies, generously.
constexpr int64_t kArraysAtOnce = 16;

std::string count_text(int64_t elements) {
  if (elements >= 1 << 20) return std::to_string(elements >> 20) + "Mi";
  return elements >= 1 << 10 ? std::to_string(elements >> 10) + "Ki" : std::to_string(elements);
}

std::vector<Spread> measure_elements(const BenchOptions& options, int64_t elements) {
  const auto make = [&](const Arrays& arrays) {
    std::vector<Contestant> contestants;
    for (const NamedConfig& method : kMethods) {
      LoopSpec spec;
      spec.config = method.config;
      spec.elements = elements;
      if (elements >= kLarge) spec.steps = kFewSteps;
      const auto loop = std::make_shared<StepLoop>(spec);
      loop->begin(arrays.at(0), arrays.at(1), arrays.at(2));
      contestants.push_back(step_contestant(method.name, loop));
    }
    return contestants;
  };
  const Measured measured = measure_in_places(3, elements, make, {options.seconds});
  std::vector<Spread> spreads;
  for (std::size_t i = 0; i < std::size(kMethods); ++i) spreads.push_back(measured.seconds(i));
  return spreads;
}

struct Cost {
  int64_t elements;
  std::vector<Spread> steps;  // seconds, by method
};

std::vector<Cost> measure_sizes(const BenchOptions& options) {
  std::vector<Cost> costs;
  for (int64_t n = kFewest; n <= (options.quick ? kMostQuick : kMost); n *= 4) {
    if (n * 4 * kArraysAtOnce > available_bytes() / 2) {
      std::printf("%s elements and more do not fit into half of the free memory\n",
                  count_text(n).c_str());
      break;
    }
    costs.push_back({n, measure_elements(options, n)});
  }
  return costs;
}

void print_costs(const std::vector<Cost>& costs) {
  using Align = TextTable::Align;
  TextTable table({Align::right, Align::right, Align::right, Align::right, Align::right,
                   Align::right, Align::right, Align::right, Align::right});
  std::vector<std::string> head = {"elements"};
  for (const char* unit : {"us", "ns/el"}) {
    for (const NamedConfig& method : kMethods)
      head.push_back(std::string(method.name) + ", " + unit);
  }
  table.add_row(head);
  for (const Cost& cost : costs) {
    std::vector<std::string> row = {count_text(cost.elements)};
    for (const Spread& step : cost.steps) row.push_back(short_text(1e6 * step.median));
    for (const Spread& step : cost.steps) {
      row.push_back(short_text(1e9 * step.median / static_cast<double>(cost.elements)));
    }
    table.add_row(row);
  }
  std::printf("\nA step in float32, 1 thread, kernel fused\n");
  table.print();
}

void write_costs(Report& report, const std::vector<Cost>& costs) {
  CsvFile csv = report.csv("elements.csv", "method,elements,step_ns,step_spread_ns,ns_per_element");
  plot::LinePanel each{"Cost of an element", "elements", "ns per element", {}};
  plot::LinePanel whole{"Cost of a step", "elements", "us per step", {}};
  for (std::size_t m = 0; m < std::size(kMethods); ++m) {
    plot::Curve by_element{kMethods[m].name, m, {}}, by_step{kMethods[m].name, m, {}};
    for (const Cost& cost : costs) {
      const auto elements = static_cast<double>(cost.elements);
      const double seconds = cost.steps[m].median;
      csv.row({kMethods[m].name, std::to_string(cost.elements), format("%.2f", 1e9 * seconds),
               format("%.2f", 1e9 * cost.steps[m].half()),
               format("%.5f", 1e9 * seconds / elements)});
      by_element.points.emplace_back(elements, 1e9 * seconds / elements);
      by_step.points.emplace_back(elements, 1e6 * seconds);
    }
    each.curves.push_back(by_element);
    whole.curves.push_back(by_step);
  }
  report.picture("elements.png", plot::draw_line_panels({each, whole}));
}

// The smallest tensor's step is what a call costs.
void print_fixed_costs(const std::vector<Cost>& costs, Report& report) {
  std::printf("\nA step of %s elements, in us\n", count_text(kFewest).c_str());
  TextTable table({TextTable::Align::left, TextTable::Align::right});
  for (std::size_t m = 0; m < std::size(kMethods); ++m) {
    const std::string name = std::string("step of 16 elements, ") + kMethods[m].name;
    table.add_row({kMethods[m].name, report.judge(name, 1e6 * costs.front().steps[m].median,
                                                  {kFixedCostTarget, false})});
  }
  table.print();
}

// ------------------------------------------------------------------- create and init

Contestant creator(const NamedConfig& method) {
  const auto run = [config = std::string(method.config)](int count) {
    LoopSpec spec;
    spec.steps = 20;
    spec.elements = kFewest;
    for (int i = 0; i < count; ++i) {
      const SchedulerHandle scheduler = create_scheduler(config);
      const StateHandle state = init_state(scheduler.get(), spec);
    }
  };
  return {method.name, run, nullptr, 1 << 20, nullptr};
}

void run_creation(const BenchOptions& options, Report& report) {
  std::vector<Contestant> contestants;
  for (const NamedConfig& method : kCreated) contestants.push_back(creator(method));
  const Measured measured = measure(contestants, {options.seconds});
  CsvFile csv = report.csv("create.csv", "method,create_init_free_us,spread_us");
  BarChart chart{"sched_create + sched_init of 20 steps + both frees",
                 "us",
                 {""},
                 {},
                 kCreateTarget,
                 "target",
                 false};
  TextTable table({TextTable::Align::left, TextTable::Align::right});
  for (std::size_t i = 0; i < contestants.size(); ++i) {
    const Spread spread = measured.seconds(i);
    const double us = 1e6 * spread.median;
    const std::string& name = contestants[i].name;
    table.add_row({name, report.judge("create and init, " + name, us, {kCreateTarget, false})});
    csv.row({name, format("%.3f", us), format("%.3f", 1e6 * spread.half())});
    chart.groups.push_back({name, {us}});
  }
  std::printf("\n%s, in us\n", chart.title.c_str());
  table.print();
  report.picture("create.png", draw_bars(chart));
}

}  // namespace

void run_size_section(const BenchOptions& options, Report& report) {
  const std::vector<Cost> costs = measure_sizes(options);
  print_costs(costs);
  write_costs(report, costs);
  print_fixed_costs(costs, report);
  run_creation(options, report);
}
