// Each method takes samples along the probability-flow ODE of two data distributions, from
// sigma / alpha = 8 down to 0.2, with more and more model calls.  What is left between the
// result and the exact solution is the method's own error, and its slope over the number of
// calls, both in logarithms, is the order of the method.

#include "convergence.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <sched/sched.hpp>
#include <sstream>

#include "convergence_cases.hpp"
#include "convergence_plot.hpp"
#include "exact_flow.hpp"
#include "text_table.hpp"

namespace {

constexpr double kNoisiest = 8.0;
constexpr double kCleanest = 0.2;
constexpr int kFewestSteps = 24;  // a multiple of the orders, since dpm_singlestep makes cycles
constexpr int kDoublings = 6;
constexpr double kTolerance = 0.25;
// Errors below are roundings as much as they are the method's.
constexpr double kRounding = 3e-12;
// dpm_adaptive: the first tolerance.
constexpr double kLoosest = 2e-5;
// Sweeps over timesteps begin later, where pndm's start no longer counts, and have a training
// schedule of one beta, with sigma / alpha = 8 at its last timestep.
constexpr int kFewestOfTimesteps = 8 * kFewestSteps;
constexpr int kTrainSteps = 16 * (kFewestOfTimesteps << kDoublings);

constexpr double kMostDrawn = 1600;  // calls

// Where the samples begin, in deviations of the noise.
constexpr std::array<double, 5> kStarts = {-1.7, -0.6, 0.1, 0.8, 1.4};

struct Problem {
  const char* name;
  ExactFlow flow;
};

const std::vector<Problem>& problems() {
  static const std::vector<Problem> list = {
      {"gaussian", ExactFlow({{1.0, 0.4, 0.25}})},
      {"mixture", ExactFlow({{0.4, -1.0, 0.25}, {0.6, 0.8, 0.36}})}};
  return list;
}

struct Point {
  double calls, error;
};
using Curve = std::vector<Point>;

// ------------------------------------------------------------------------- one loop

std::string config_of(const ConvergenceCase& c, const std::string& frame,
                      const std::string& value) {
  std::string solver = c.solver;
  for (std::size_t at; (at = solver.find('@')) != std::string::npos;) solver.replace(at, 1, value);
  const std::string begin = R"({"solver": )" + solver;
  if (frame == "flow") return begin + R"(, "schedule": "flow"})";
  if (c.sweep == Sweep::timesteps) {
    const double beta = -std::expm1(-std::log1p(kNoisiest * kNoisiest) / kTrainSteps);
    return begin + format(R"(, "grid": {"spacing": "trailing"}, "schedule": {"type": "linear",)"
                          R"("num_train_timesteps": %d, "beta_start": %.17g, "beta_end": %.17g}})",
                          kTrainSteps, beta, beta);
  }
  return begin + R"(, "parameterization": {"frame": ")" + frame + R"("}})";
}

// Even in log sigma, or the more slowly away from the beginning the higher `power` is.
std::vector<double> smooth_sigmas(int steps, bool flow, int power) {
  std::vector<double> sigmas;
  for (int i = 0; i <= steps; ++i) {
    const double way = std::pow(static_cast<double>(i) / steps, power);
    const double ve = kNoisiest * std::pow(kCleanest / kNoisiest, way);
    sigmas.push_back(flow ? ve / (1.0 + ve) : ve);
  }
  return sigmas;
}

sched::InitOptions options_of(const ConvergenceCase& c, const std::string& frame, int steps) {
  sched::InitOptions options;
  options.elements = kStarts.size();
  options.dtype = SCHED_F64;
  options.kernel = SCHED_KERNEL_REFERENCE;
  switch (c.sweep) {
    case Sweep::sigmas:
      options.sigmas = smooth_sigmas(steps, frame == "flow", c.is_graded ? 3 : 1);
      break;
    case Sweep::calls:
    case Sweep::tolerance:
      options.sigmas = {kNoisiest, kCleanest};
      break;
    case Sweep::timesteps:
      options.num_steps = steps;
      // Near clean data sigma goes with the root of time, which no order stands.
      options.end_step = steps * 7 / 8;
      break;
  }
  return options;
}

// What the network would have to say: a velocity for flow matching, else the noise.
double predict(const ExactFlow& flow, const std::string& frame, double x, const sched_call& call) {
  const double clean = flow.denoise(x, {call.alpha, call.sigma});
  return (x - (frame == "flow" ? 1.0 : call.alpha) * clean) / call.sigma;
}

Point run_loop(const ExactFlow& flow, const std::string& frame, sched::State state,
               std::int64_t steps) {
  const std::vector<sched::Level> levels = state.levels();
  const sched::Level& first = levels.front();
  const sched::Level& last = levels.at(static_cast<std::size_t>(steps));
  std::vector<double> sample;
  sample.reserve(std::size(kStarts));
  for (const double start : kStarts) sample.push_back(start * first.sigma);
  std::vector<double> prediction(sample.size());
  double calls = 0.0;
  for (; !state.finished(); ++calls) {
    const sched_call call = state.next_call();
    for (std::size_t i = 0; i < sample.size(); ++i) {
      prediction[i] = predict(flow, frame, sample[i], call);
    }
    // For CFG++: of a prompt that says nothing more the unconditional prediction is the same.
    sched::StepArgs args;
    args.sample = sample;
    args.prediction = args.unconditional = prediction;
    args.next = sample;
    state.step(args);
  }
  double square = 0.0;
  const double from = first.sigma / first.alpha;
  const double to = last.sigma / last.alpha;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double difference = sample[i] / last.alpha - flow.carry(kStarts[i] * from, from, to);
    square += difference * difference;
  }
  return {calls, std::sqrt(square / static_cast<double>(sample.size()))};
}

// ------------------------------------------------------------------------- one curve

Point point_of(const ConvergenceCase& c, const std::string& frame, const Problem& problem,
               int doubling) {
  const int steps = (c.sweep == Sweep::timesteps ? kFewestOfTimesteps : kFewestSteps) << doubling;
  std::string value;
  if (c.sweep == Sweep::calls) value = std::to_string(steps + 2);
  // An attempt's own error goes with the order of the method, so that it is what doubles
  // the calls.
  if (c.sweep == Sweep::tolerance) {
    value = format("%.17g", kLoosest * std::pow(2.0, -c.order * doubling));
  }
  const sched::Scheduler scheduler(config_of(c, frame, value));
  sched::State state = scheduler.init(options_of(c, frame, steps));
  const std::int64_t count = state.num_steps() > 0 ? state.num_steps() : 1;
  return run_loop(problem.flow, frame, std::move(state), count);
}

Curve curve_of(const ConvergenceCase& c, const std::string& frame, const Problem& problem) {
  Curve curve;
  for (int doubling = 0; doubling <= kDoublings; ++doubling) {
    curve.push_back(point_of(c, frame, problem, doubling));
  }
  return curve;
}

// The slope of the line through the last three points that roundings do not reach, in
// logarithms.  The curve of a method that chooses its steps is uneven, however small its
// tolerance: its line goes through all points.
double order_of(const Curve& curve, Sweep sweep) {
  std::size_t end = curve.size();
  while (end > 3 && curve[end - 1].error < kRounding) --end;
  const std::size_t first = sweep == Sweep::tolerance ? 0 : end - 3;
  const auto fitted = static_cast<double>(end - first);
  double calls = 0.0, error = 0.0, square = 0.0, product = 0.0;
  for (std::size_t i = first; i < end; ++i) {
    const double x = std::log(curve[i].calls);
    const double y = std::log(curve[i].error);
    calls += x / fitted;
    error += y / fitted;
    square += x * x / fitted;
    product += x * y / fitted;
  }
  return (calls * error - product) / (square - calls * calls);
}

// ------------------------------------------------------------------------- all of them

struct Result {
  const ConvergenceCase* method;
  std::string frame;
  std::vector<Curve> curves;  // one for each problem; none where the library has no such solver
};

Result measure(const ConvergenceCase& c, const std::string& frame) {
  Result result{&c, frame, {}};
  try {
    for (const Problem& problem : problems()) {
      result.curves.push_back(curve_of(c, frame, problem));
    }
  } catch (const sched::Error& error) {
    if (error.status() != SCHED_ERROR_UNKNOWN_CLASS) throw;
  }
  return result;
}

std::vector<Result> measure_all() {
  std::vector<Result> results;
  for (const ConvergenceCase& c : convergence_cases()) {
    std::istringstream frames(c.frames);
    for (std::string frame; frames >> frame;) results.push_back(measure(c, frame));
  }
  return results;
}

bool is_right(const Result& result) {
  return std::all_of(result.curves.begin(), result.curves.end(), [&](const Curve& curve) {
    return std::fabs(order_of(curve, result.method->sweep) - result.method->order) <= kTolerance;
  });
}

// Returns how many are not of the order of theory.
int print_table(const std::vector<Result>& results) {
  using Align = TextTable::Align;
  TextTable table(
      {Align::left, Align::left, Align::right, Align::right, Align::right, Align::left});
  table.add_row({"solver", "frame", "theory", problems()[0].name, problems()[1].name});
  int wrong = 0;
  for (const Result& result : results) {
    std::vector<std::string> row = {result.method->name, result.frame,
                                    format("%g", result.method->order)};
    if (result.curves.empty()) {
      table.add_row({row[0], row[1], row[2], "", "", "not in this build"});
      continue;
    }
    for (const Curve& curve : result.curves)
      row.push_back(format("%.2f", order_of(curve, result.method->sweep)));
    row.push_back(is_right(result) ? "PASS" : "FAIL");
    wrong += is_right(result) ? 0 : 1;
    table.add_row(row);
  }
  table.print();
  return wrong;
}

void write_csv(const std::vector<Result>& results, const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"),
                                                             std::fclose);
  if (file == nullptr) throw std::runtime_error("cannot write '" + path + "'");
  std::fprintf(file.get(), "solver,frame,theoretical_order,problem,calls,error\n");
  for (const Result& result : results) {
    for (std::size_t p = 0; p < result.curves.size(); ++p) {
      for (const Point& point : result.curves[p]) {
        std::fprintf(file.get(), "\"%s\",%s,%g,%s,%.0f,%.6e\n", result.method->name.c_str(),
                     result.frame.c_str(), result.method->order, problems()[p].name, point.calls,
                     point.error);
      }
    }
  }
}

// The same for a method in every panel.
std::size_t ink_of(const std::string& name) {
  std::vector<std::string> plotted;
  for (const ConvergenceCase& c : convergence_cases()) {
    const bool is_new = std::find(plotted.begin(), plotted.end(), c.name) == plotted.end();
    if (c.is_plotted && is_new) plotted.push_back(c.name);
  }
  return static_cast<std::size_t>(std::find(plotted.begin(), plotted.end(), name) -
                                  plotted.begin());
}

// The mixture's curves: a Gaussian's denoiser is linear, which flatters no method but one.
void draw(const std::vector<Result>& results, const std::string& path) {
  std::vector<plot::LinePanel> panels;
  for (const char* frame : {"ve", "vp", "flow"}) {
    plot::LinePanel panel{
        std::string("frame ") + frame + ", two-component mixture", "model calls", "error", {}};
    for (const Result& result : results) {
      if (result.frame != frame || !result.method->is_plotted || result.curves.empty()) continue;
      plot::Curve curve{result.method->name, ink_of(result.method->name), {}};
      for (const Point& point : result.curves.back()) {
        const bool is_shown = point.error >= kRounding && point.calls <= kMostDrawn;
        if (is_shown) curve.points.push_back({point.calls, point.error});
      }
      panel.curves.push_back(curve);
    }
    panels.push_back(panel);
  }
  draw_convergence(panels).save(path);
}

int run(const std::string& folder) {
  std::filesystem::create_directories(folder);
  const std::vector<Result> results = measure_all();
  const int wrong = print_table(results);
  write_csv(results, folder + "/convergence.csv");
  draw(results, folder + "/convergence.png");
  std::printf("\n%d of %zu orders differ from theory by more than %g\nwrote %s and %s\n", wrong,
              results.size(), kTolerance, (folder + "/convergence.csv").c_str(),
              (folder + "/convergence.png").c_str());
  return wrong == 0 ? 0 : 1;
}

}  // namespace

void add_convergence_command(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("convergence", "Measure the order of every deterministic method");
  const auto folder = std::make_shared<std::string>("convergence");
  command->add_option("--out", *folder, "Folder for the results (default convergence)");
  command->callback([folder, &exit_code] { exit_code = run(*folder); });
}
