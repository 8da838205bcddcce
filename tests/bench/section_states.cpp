// d: cost over live states.  States are stepped in turn, so each finds in the caches only what
// the others left there; that nothing is shared shows where all of them fit.

#include <memory>
#include <stdexcept>

#include "arrays.hpp"
#include "line_chart.hpp"
#include "machine.hpp"
#include "methods.hpp"
#include "sections.hpp"
#include "step_loop.hpp"
#include "text_table.hpp"

namespace {

constexpr NamedConfig kMethods[] = {kDdim, kDpmpp2m};

struct Latent {
  const char* name;
  int64_t elements;
};

constexpr Latent kLatents[] = {{"64B", 16}, {"1KiB", 256}, {"64KiB", 16384}};

constexpr int kCounts[] = {1, 10, 100, 1000, 10000, 100000};
constexpr int kMostQuick = 10000;
constexpr int32_t kSteps = 24;
constexpr int kLoaded = 4;  // calls done in a state that has been loaded

// Clones of one state that share the caller's tensors.
class States {
 public:
  States(const NamedConfig& method, const Latent& latent, int count)
      : arrays_(3, static_cast<std::size_t>(latent.elements) * 4) {
    LoopSpec spec;
    spec.config = method.config;
    spec.steps = kSteps;
    spec.elements = latent.elements;
    states_.push_back(init_state(create_scheduler(spec.config).get(), spec));
    sample_ = tensor_at(arrays_.at(0), spec);
    prediction_ = tensor_at(arrays_.at(1), spec);
    next_ = tensor_at(arrays_.at(2), spec);
    for (int call = 0; call < kLoaded; ++call) step(0);
    uint64_t size = 0;
    sched_save(states_[0].get(), nullptr, 0, &size);
    saved_.resize(size);
    check(0, sched_save(states_[0].get(), saved_.data(), size, nullptr));
    while (static_cast<int>(states_.size()) < count) {
      sched_state* clone = nullptr;
      check(0, sched_clone(states_[0].get(), &clone));
      states_.emplace_back(clone, sched_state_free);
    }
  }

  // The first `count` of them, one after another, `rounds` times.
  void run(int count, int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < count; ++i) step(static_cast<std::size_t>(i));
    }
  }

  // Every one of the first `count` can take so many steps.
  void prepare(int count, int rounds) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      if (kSteps - sched_calls_done(states_[i].get()) >= rounds) continue;
      check(i, sched_load(states_[i].get(), saved_.data(), saved_.size()));
    }
  }

  int64_t bytes_of_one() const { return sched_state_bytes(states_[0].get()); }

 private:
  void step(std::size_t i) {
    check(i, sched_step(states_[i].get(), &sample_, &prediction_, &next_));
  }
  void check(std::size_t i, sched_status status) const {
    if (status != SCHED_OK) throw std::runtime_error(sched_last_error(states_[i].get()));
  }

  Arrays arrays_;
  std::vector<StateHandle> states_;
  sched_tensor sample_, prediction_, next_;
  std::vector<char> saved_;
};

// How many of the counts fit into half of the free memory.
std::vector<int> counts_for(const BenchOptions& options, const NamedConfig& method,
                            const Latent& latent) {
  const int64_t one = States(method, latent, 1).bytes_of_one();
  std::vector<int> counts;
  for (const int count : kCounts) {
    if (options.quick && count > kMostQuick) break;
    if (count * one > available_bytes() / 2) break;
    counts.push_back(count);
  }
  return counts;
}

// Seconds of a step, by count.
std::vector<Spread> measure_counts(const BenchOptions& options, const NamedConfig& method,
                                   const Latent& latent, const std::vector<int>& counts) {
  const auto states = std::make_shared<States>(method, latent, counts.back());
  std::vector<Contestant> contestants;
  for (const int count : counts) {
    contestants.push_back({std::to_string(count), [=](int rounds) { states->run(count, rounds); },
                           [=](int rounds) { states->prepare(count, rounds); }, kSteps - kLoaded,
                           nullptr});
  }
  const Measured measured = measure(contestants, {2.0 * options.seconds});
  std::vector<Spread> spreads;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    Spread spread = measured.seconds(i);
    spread.median /= counts[i];
    spreads.push_back(spread);
  }
  return spreads;
}

}  // namespace

void run_states_section(const BenchOptions& options, Report& report) {
  std::vector<TextTable::Align> aligns(std::size(kCounts) + 3, TextTable::Align::right);
  aligns[0] = aligns[1] = TextTable::Align::left;
  TextTable table(aligns);
  std::vector<std::string> head = {"method", "latent", "bytes of a state"};
  for (const int count : kCounts) head.push_back(std::to_string(count));
  table.add_row(head);
  CsvFile csv = report.csv("states.csv", "method,latent,state_bytes,states,step_ns,spread_ns");
  plot::LinePanel panel{
      "Cost of a step over live states, stepped in turn", "live states", "us per step", {}};
  for (const NamedConfig& method : kMethods) {
    for (const Latent& latent : kLatents) {
      const std::string bytes = std::to_string(States(method, latent, 1).bytes_of_one());
      const std::vector<int> counts = counts_for(options, method, latent);
      const std::vector<Spread> spreads = measure_counts(options, method, latent, counts);
      std::vector<std::string> row = {method.name, latent.name, bytes};
      plot::Curve curve{std::string(method.name) + ", " + latent.name, panel.curves.size(), {}};
      for (std::size_t i = 0; i < counts.size(); ++i) {
        row.push_back(short_text(1e9 * spreads[i].median));
        csv.row({method.name, latent.name, bytes, std::to_string(counts[i]),
                 format("%.2f", 1e9 * spreads[i].median), format("%.2f", 1e9 * spreads[i].half())});
        curve.points.emplace_back(counts[i], 1e6 * spreads[i].median);
      }
      table.add_row(row);
      panel.curves.push_back(curve);
    }
  }
  std::printf(
      "\nns per step, of so many live states: clones, which share their weights, over the same\n"
      "tensors of the caller's.  Their rows come from whichever memory holds so many.\n");
  table.print();
  report.picture("states.png", plot::draw_line_panels({panel}));
}
