// b: the extras of one pass against separate passes.

#include <cmath>
#include <functional>
#include <memory>

#include "charts.hpp"
#include "methods.hpp"
#include "places.hpp"
#include "plain_loops.hpp"
#include "sections.hpp"
#include "step_loop.hpp"
#include "text_table.hpp"

namespace {

// Both scale the sample for the model.
constexpr NamedConfig kWide[] = {
    {"Euler", R"({"_class_name": "EulerDiscreteScheduler"})"},
    {"DPM++ 2M", R"({"solver": "dpmpp_2m", "parameterization": {"frame": "ve"}})"}};

constexpr float kGuidance = 7.5f;

enum Extra { kPreview = 1, kNextInput = 2, kGuided = 4 };

struct ExtraCase {
  const char* name;
  int extras;
};

constexpr ExtraCase kExtras[] = {{"preview", kPreview},
                                 {"next input", kNextInput},
                                 {"guidance", kGuided},
                                 {"all three", kPreview | kNextInput | kGuided}};

// Arrays of a step with everything.
enum Role { kX, kConditional, kY, kUnconditional, kGuidedPrediction, kDenoised, kInput, kRoles };

Contestant fused_contestant(const std::shared_ptr<StepLoop>& loop, const Arrays& arrays,
                            int extras) {
  struct Tensors {
    sched_tensor unconditional, denoised, input;
  };
  const auto tensors = std::make_shared<Tensors>(Tensors{
      tensor_at(arrays.at(kUnconditional), loop->spec()),
      tensor_at(arrays.at(kDenoised), loop->spec()), tensor_at(arrays.at(kInput), loop->spec())});
  Contestant contestant = step_contestant("one pass", loop);
  contestant.run = [=](int count) {
    sched_step_args args = SCHED_STEP_ARGS_INIT;
    if ((extras & kPreview) != 0) args.denoised = &tensors->denoised;
    if ((extras & kNextInput) != 0) args.next_input = &tensors->input;
    if ((extras & kGuided) != 0) args.unconditional = &tensors->unconditional;
    if ((extras & kGuided) != 0) args.guidance_scale = kGuidance;
    for (int i = 0; i < count; ++i) loop->step_wide(args);
  };
  return contestant;
}

Contestant separate_contestant(const std::shared_ptr<StepLoop>& loop, const Arrays& arrays,
                               int extras) {
  Contestant contestant = step_contestant("separate passes", loop);
  const int64_t n = loop->spec().elements;
  contestant.run = [=, &arrays](int count) {
    const sched_tensor next = tensor_at(arrays.at(kY), loop->spec());
    sched_tensor input = tensor_at(arrays.at(kInput), loop->spec());
    const bool is_guided = (extras & kGuided) != 0;
    const float* const prediction = arrays.floats(is_guided ? kGuidedPrediction : kConditional);
    for (int i = 0; i < count; ++i) {
      if (is_guided) {  // u + s (c - u)
        combine(1.0f - kGuidance, arrays.floats(kUnconditional), kGuidance,
                arrays.floats(kConditional), arrays.floats(kGuidedPrediction), n);
      }
      loop->step();
      if ((extras & kPreview) != 0) {  // x - sigma eps
        combine(1.0f, arrays.floats(kX), -0.5f, prediction, arrays.floats(kDenoised), n);
      }
      if ((extras & kNextInput) != 0) sched_scale_input(loop->state(), &next, &input);
    }
  };
  return contestant;
}

struct ExtraResult {
  Spread gain;  // separate passes over one pass
  Spread cost;  // one pass with the extra over a plain step
};

ExtraResult measure_extra(const BenchOptions& options, const NamedConfig& method, int extras,
                          const BenchSize& size) {
  const auto begun = [&](const Arrays& arrays, Role prediction) {
    const auto loop = plain_loop(method.config, size.elements);
    loop->begin(arrays.at(kX), arrays.at(prediction), arrays.at(kY));
    return loop;
  };
  const auto make = [&](const Arrays& arrays) -> std::vector<Contestant> {
    const Role guided = (extras & kGuided) != 0 ? kGuidedPrediction : kConditional;
    return {step_contestant("step", begun(arrays, kConditional)),
            fused_contestant(begun(arrays, kConditional), arrays, extras),
            separate_contestant(begun(arrays, guided), arrays, extras)};
  };
  const Measured m = measure_in_places(kRoles, size.elements, make, {options.seconds});
  return {m.ratio(2, 1), m.ratio(1, 0)};
}

}  // namespace

void run_extras_section(const BenchOptions& options, Report& report) {
  using Align = TextTable::Align;
  TextTable table({Align::left, Align::left, Align::right, Align::right, Align::right});
  table.add_row({"method", "besides", "size", "separate / one pass", "one pass / step alone"});
  CsvFile csv = report.csv("extras.csv",
                           "method,extra,size,elements,separate_over_fused,separate_over_fused_"
                           "spread,fused_over_step,fused_over_step_spread");
  BarChart chart{
      "Extras: separate passes / one pass", "times as fast", {}, {}, 1.0, "as fast", false};
  for (const BenchSize& size : options.chosen_sizes()) chart.series.emplace_back(size.name);
  for (const NamedConfig& method : kWide) {
    for (const ExtraCase& extra : kExtras) {
      BarGroup group{std::string(method.name) + ", " + extra.name, {}};
      for (const BenchSize& size : options.chosen_sizes()) {
        const ExtraResult r = measure_extra(options, method, extra.extras, size);
        group.values.push_back(r.gain.median);
        table.add_row(
            {method.name, extra.name, size.name, spread_text(r.gain), spread_text(r.cost)});
        csv.row({method.name, extra.name, size.name, std::to_string(size.elements),
                 format("%.4f", r.gain.median), format("%.4f", r.gain.half()),
                 format("%.4f", r.cost.median), format("%.4f", r.cost.half())});
      }
      chart.groups.push_back(group);
    }
  }
  std::printf("\nPreview, next model input and guidance, in one pass or in passes of their own\n");
  table.print();
  report.picture("extras.png", draw_bars(chart));
}
