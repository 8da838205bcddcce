// f: one thread against two, warm and behind the pause that a model call is.

#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

#include "charts.hpp"
#include "methods.hpp"
#include "places.hpp"
#include "sections.hpp"
#include "step_loop.hpp"
#include "text_table.hpp"

namespace {

constexpr NamedConfig kMethods[] = {kDpmpp2m, kEulerAncestral};

constexpr int kMebibytes[] = {1, 2, 4, 8, 16, 32, 64};
constexpr auto kPause = std::chrono::milliseconds(20);

struct Result {
  Spread one, two;  // seconds of a step
  Spread gain;      // one over two
};

Result measure_threads(const BenchOptions& options, const NamedConfig& method, int mebibytes,
                       bool is_cold) {
  LoopSpec spec;
  spec.config = method.config;
  spec.steps = 100;
  spec.elements = int64_t{mebibytes} << 18;
  const auto make = [&](const Arrays& arrays) {
    std::vector<Contestant> contestants;
    for (const int threads : {1, 2}) {
      spec.threads = threads;
      const auto loop = std::make_shared<StepLoop>(spec);
      loop->begin(arrays.at(0), arrays.at(1), arrays.at(2));
      contestants.push_back(step_contestant(std::to_string(threads), loop));
      if (is_cold) contestants.back().pause = [] { std::this_thread::sleep_for(kPause); };
    }
    return contestants;
  };
  const Measured m =
      measure_in_places(3, spec.elements, make, {(is_cold ? 4.0 : 1.0) * options.seconds});
  return {m.seconds(0), m.seconds(1), m.ratio(0, 1)};
}

}  // namespace

void run_threads_section(const BenchOptions& options, Report& report) {
  using Align = TextTable::Align;
  TextTable table(
      {Align::left, Align::right, Align::left, Align::right, Align::right, Align::right});
  table.add_row({"method", "size", "", "1 thread, us", "2 threads, us", "gain"});
  CsvFile csv = report.csv("threads.csv", "method,size_mib,state,one_us,two_us,gain,gain_spread");
  BarChart chart{"Time with 1 thread / time with 2",
                 "times as fast",
                 {"warm", "cold"},
                 {},
                 1.0,
                 "as fast",
                 false};
  for (const NamedConfig& method : kMethods) {
    for (const int mebibytes : kMebibytes) {
      if (options.quick && mebibytes != 1 && mebibytes != 16) continue;
      const std::string size = std::to_string(mebibytes) + "MiB";
      BarGroup group{std::string(method.name) + ", " + size, {}};
      for (const bool is_cold : {false, true}) {
        const Result r = measure_threads(options, method, mebibytes, is_cold);
        const char* const state = is_cold ? "cold" : "warm";
        table.add_row({method.name, size, state, short_text(1e6 * r.one.median),
                       short_text(1e6 * r.two.median), spread_text(r.gain)});
        csv.row({method.name, std::to_string(mebibytes), state, format("%.3f", 1e6 * r.one.median),
                 format("%.3f", 1e6 * r.two.median), format("%.4f", r.gain.median),
                 format("%.4f", r.gain.half())});
        group.values.push_back(r.gain.median);
      }
      chart.groups.push_back(group);
    }
  }
  std::printf("\nWarm: step after step.  Cold: behind %d ms of sleep\n",
              static_cast<int>(kPause.count()));
  table.print();
  report.picture("threads.png", draw_bars(chart));
}
