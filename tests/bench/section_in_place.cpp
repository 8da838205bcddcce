// b: in place against out of place.

#include <memory>

#include "charts.hpp"
#include "methods.hpp"
#include "places.hpp"
#include "sections.hpp"
#include "step_loop.hpp"
#include "stream.hpp"
#include "targets.hpp"
#include "text_table.hpp"

namespace {

constexpr NamedConfig kInPlace[] = {kDdim, kFlow, kDpmpp2m, kUnipc};

struct InPlaceResult {
  const char* method;
  BenchSize size;
  Spread out_of_place, in_place;  // fractions of the limit out of place
  Spread gain;                    // out of place over in place
};

InPlaceResult measure_in_place(const BenchOptions& options, const NamedConfig& method,
                               const BenchSize& size) {
  const std::vector<Traffic> cycle = plain_loop(method.config, size.elements)->traffic();
  std::size_t streams = 0;
  const auto make = [&](const Arrays& arrays) {
    std::vector<Contestant> contestants =
        stream_contestants(cycle, arrays, size.elements, SCHED_F32);
    streams = contestants.size();
    for (const int next : {kNextArray, kSampleArray}) {
      const auto loop = plain_loop(method.config, size.elements);
      loop->begin(arrays.at(kSampleArray), arrays.at(kPredictionArray), arrays.at(next));
      contestants.push_back(step_contestant("step", loop));
    }
    return contestants;
  };
  const Measured m = measure_in_places(arrays_needed(cycle), size.elements, make,
                                       {options.seconds, static_cast<int>(cycle.size())});
  const std::size_t limit = m.fastest(0, streams);
  return {method.name, size, m.ratio(limit, streams), m.ratio(limit, streams + 1),
          m.ratio(streams, streams + 1)};
}

}  // namespace

void run_in_place_section(const BenchOptions& options, Report& report) {
  using Align = TextTable::Align;
  TextTable table({Align::left, Align::right, Align::right, Align::right, Align::right});
  table.add_row({"method", "size", "out of place", "in place", "gain"});
  CsvFile csv = report.csv("in_place.csv",
                           "method,size,elements,out_of_place_fraction,out_of_place_spread,"
                           "in_place_fraction,in_place_spread,gain,gain_spread");
  BarChart chart{"In place: the limit out of place / step",
                 "1 is the speed of memory out of place",
                 {},
                 {},
                 kInPlaceTarget,
                 "target",
                 false};
  for (const BenchSize& size : options.chosen_sizes()) chart.series.emplace_back(size.name);
  for (const NamedConfig& method : kInPlace) {
    BarGroup group{method.name, {}};
    for (const BenchSize& size : options.chosen_sizes()) {
      const InPlaceResult r = measure_in_place(options, method, size);
      group.values.push_back(r.in_place.median);
      const std::string name = std::string(method.name) + " in place, " + size.name;
      table.add_row({method.name, size.name, spread_text(r.out_of_place),
                     report.judge(name, r.in_place.median, {kInPlaceTarget}), spread_text(r.gain)});
      csv.row({method.name, size.name, std::to_string(size.elements),
               format("%.4f", r.out_of_place.median), format("%.4f", r.out_of_place.half()),
               format("%.4f", r.in_place.median), format("%.4f", r.in_place.half()),
               format("%.4f", r.gain.median), format("%.4f", r.gain.half())});
    }
    chart.groups.push_back(group);
  }
  std::printf(
      "\nFractions of the stream limit out of place; gain: out of place over in place.\n"
      "History that a step reads and writes is written in place by the limit too.\n");
  table.print();
  report.picture("in_place.png", draw_bars(chart));
}
