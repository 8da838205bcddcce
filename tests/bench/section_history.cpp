// g: 16 bits against float32: the caller's tensors, and rows of history.

#include <memory>

#include "charts.hpp"
#include "methods.hpp"
#include "places.hpp"
#include "sections.hpp"
#include "step_loop.hpp"
#include "targets.hpp"
#include "text_table.hpp"

namespace {

constexpr NamedConfig kMethods[] = {kDdim, kDpmpp2m, kUnipc};

struct Types {
  sched_dtype tensors, history;
};

struct Comparison {
  const char* name;
  Types wide, narrow;
  bool keeps_history;  // for methods that have some
  bool has_target;     // beyond the caches
};

constexpr Comparison kComparisons[] = {
    {"f16 tensors", {SCHED_F32, SCHED_F32}, {SCHED_F16, SCHED_F32}, false, true},
    {"bf16 tensors", {SCHED_F32, SCHED_F32}, {SCHED_BF16, SCHED_F32}, false, false},
    {"f16 history", {SCHED_F32, SCHED_F32}, {SCHED_F32, SCHED_F16}, true, false},
    {"f16 history beside f16", {SCHED_F16, SCHED_F32}, {SCHED_F16, SCHED_F16}, true, false}};

struct Result {
  Spread gain;  // wide over narrow
  int64_t wide_bytes, narrow_bytes;
};

Result compare(const BenchOptions& options, const NamedConfig& method, const BenchSize& size,
               const Comparison& comparison) {
  LoopSpec spec;
  spec.config = method.config;
  spec.elements = size.elements;
  std::vector<int64_t> bytes;
  const auto make = [&](const Arrays& arrays) {
    std::vector<Contestant> contestants;
    for (const Types& types : {comparison.wide, comparison.narrow}) {
      spec.dtype = types.tensors;
      spec.history = comparison.keeps_history ? types.history : SCHED_DTYPE_UNDEFINED;
      const auto loop = std::make_shared<StepLoop>(spec);
      loop->begin(arrays.at(0), arrays.at(1), arrays.at(2));
      contestants.push_back(step_contestant("types", loop));
      bytes.push_back(sched_state_bytes(loop->state()));
    }
    return contestants;
  };
  const Measured measured = measure_in_places(3, size.elements, make, {options.seconds});
  return {measured.ratio(0, 1), bytes[0], bytes[1]};
}

bool has_history(const NamedConfig& method) {
  const SchedulerHandle scheduler = create_scheduler(method.config);
  sched_method_info info = SCHED_METHOD_INFO_INIT;
  return sched_method_at(sched_method(scheduler.get()), &info) == SCHED_OK && info.memory_rows > 0;
}

std::string gain_text(Report& report, const std::string& what, const BenchSize& size,
                      const Comparison& comparison, const Spread& gain) {
  const bool is_beyond_cache = size.elements == kSizes[kSizeCount - 1].elements;
  if (!comparison.has_target || !is_beyond_cache) return spread_text(gain);
  return report.judge(what + ", " + size.name, gain.median, {kHalfTarget});
}

}  // namespace

void run_history_section(const BenchOptions& options, Report& report) {
  using Align = TextTable::Align;
  TextTable table({Align::left, Align::left, Align::right, Align::right, Align::right});
  table.add_row({"method", "16 bits", "size", "times as fast", "state's bytes"});
  CsvFile csv = report.csv("history.csv",
                           "method,what,size,elements,gain,gain_spread,wide_bytes,narrow_bytes");
  BarChart chart{
      "Time in float32 / time with 16 bits", "times as fast", {}, {}, 1.0, "as fast", false};
  for (const BenchSize& size : options.chosen_sizes()) chart.series.emplace_back(size.name);
  for (const NamedConfig& method : kMethods) {
    for (const Comparison& comparison : kComparisons) {
      if (comparison.keeps_history && !has_history(method)) continue;
      const std::string what = std::string(method.name) + ", " + comparison.name;
      BarGroup group{what, {}};
      for (const BenchSize& size : options.chosen_sizes()) {
        const Result r = compare(options, method, size, comparison);
        table.add_row(
            {method.name, comparison.name, size.name,
             gain_text(report, what, size, comparison, r.gain),
             short_text(static_cast<double>(r.narrow_bytes) / static_cast<double>(r.wide_bytes))});
        csv.row({method.name, comparison.name, size.name, std::to_string(size.elements),
                 format("%.4f", r.gain.median), format("%.4f", r.gain.half()),
                 std::to_string(r.wide_bytes), std::to_string(r.narrow_bytes)});
        group.values.push_back(r.gain.median);
      }
      chart.groups.push_back(group);
    }
  }
  table.print();
  report.picture("history.png", draw_bars(chart));
}
