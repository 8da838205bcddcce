// g: rows of history in float16 against float32.

#include <memory>

#include "charts.hpp"
#include "methods.hpp"
#include "places.hpp"
#include "sections.hpp"
#include "step_loop.hpp"
#include "text_table.hpp"

namespace {

constexpr NamedConfig kMethods[] = {kDpmpp2m, kUnipc};

struct Result {
  Spread gain;  // float32 over float16
  int64_t wide_bytes, narrow_bytes;
};

Result measure_history(const BenchOptions& options, const NamedConfig& method,
                       const BenchSize& size, const BenchType& type) {
  LoopSpec spec;
  spec.config = method.config;
  spec.elements = size.elements;
  spec.dtype = type.dtype;
  std::vector<int64_t> bytes;
  const auto make = [&](const Arrays& arrays) {
    std::vector<Contestant> contestants;
    for (const sched_dtype history : {SCHED_F32, SCHED_F16}) {
      spec.history = history;
      const auto loop = std::make_shared<StepLoop>(spec);
      loop->begin(arrays.at(0), arrays.at(1), arrays.at(2));
      contestants.push_back(step_contestant("history", loop));
      bytes.push_back(sched_state_bytes(loop->state()));
    }
    return contestants;
  };
  const Measured measured = measure_in_places(3, size.elements, make, {options.seconds});
  return {measured.ratio(0, 1), bytes[0], bytes[1]};
}

}  // namespace

void run_history_section(const BenchOptions& options, Report& report) {
  using Align = TextTable::Align;
  TextTable table({Align::left, Align::left, Align::right, Align::right, Align::right});
  table.add_row({"method", "tensors", "size", "time f32 / f16", "state's bytes f16 / f32"});
  CsvFile csv =
      report.csv("history.csv", "method,type,size,elements,gain,gain_spread,f32_bytes,f16_bytes");
  BarChart chart{"Time with float32 history / time with float16 history",
                 "times as fast",
                 {},
                 {},
                 1.0,
                 "as fast",
                 false};
  for (const BenchSize& size : options.chosen_sizes()) chart.series.emplace_back(size.name);
  for (const NamedConfig& method : kMethods) {
    for (const BenchType& type : {kTypes[0], kTypes[1]}) {
      BarGroup group{std::string(method.name) + ", " + type.name, {}};
      for (const BenchSize& size : options.chosen_sizes()) {
        const Result r = measure_history(options, method, size, type);
        table.add_row(
            {method.name, type.name, size.name, spread_text(r.gain),
             short_text(static_cast<double>(r.narrow_bytes) / static_cast<double>(r.wide_bytes))});
        csv.row({method.name, type.name, size.name, std::to_string(size.elements),
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
