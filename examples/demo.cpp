// `sched demo`: a published scheduler_config.json drives a loop from noise to pictures.
//
// Only the public C ABI is used.  The loop itself is run_loop(): what an application writes, with
// a network in place of the denoiser.

#include "demo.hpp"

#include <sched/sched.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "demo_configs.hpp"
#include "demo_denoiser.hpp"
#include "demo_images.hpp"
#include "demo_plot.hpp"
#include "usage_error.hpp"
#include "vulkan_context.hpp"

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace demo {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

// Pictures are made this much fainter before any noise, as pipelines scale their latents (SDXL
// by 0.13): at full strength so few pictures are told apart at the first glance, and every step
// after it would only sharpen what is settled.
constexpr double kPictureScale = 0.3;

// How many standard deviations of the first noise black and white stand for.
constexpr double kNoiseDeviations = 2.5;

constexpr int kDefaultSteps = 25;
constexpr int kMostSamples = 256;
constexpr int kMostSteps = 1000;
constexpr int kSheetColumns = 10;
constexpr int kSheetRows = 16;

struct Options {
  std::string config = "sdxl-base";
  std::string scheduler;
  std::string images;
  std::string out = "demo";
  std::string kernel = "default";
  std::optional<int> steps;  // the checkpoint's where it is not given
  int samples = 8;
  std::uint64_t seed = 0;
  bool list = false;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// -------------------------------------------------------------- configuration

struct Checkpoint {
  std::string name;
  std::string about;
  std::string text;
  int steps = kDefaultSteps;
};

const BuiltinConfig* find_builtin(const std::string& name) {
  for (const BuiltinConfig& config : kBuiltinConfigs) {
    if (name == config.name) return &config;
  }
  return nullptr;
}

std::string builtin_names() {
  std::string names;
  for (const BuiltinConfig& config : kBuiltinConfigs) {
    names += (names.empty() ? "" : ", ") + std::string(config.name);
  }
  return names;
}

// A folder may be that of a checkpoint, or its `scheduler` folder.
fs::path config_file(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return path;
  const fs::path inside = fs::path(path) / "scheduler_config.json";
  return fs::exists(inside, error) ? inside : fs::path(path) / "scheduler/scheduler_config.json";
}

Checkpoint find_checkpoint(const std::string& name) {
  if (const BuiltinConfig* config = find_builtin(name)) {
    return {config->name, config->about, config->text, config->steps};
  }
  std::error_code error;
  const fs::path file = config_file(name);
  if (!fs::exists(file, error)) {
    throw UsageError("no file and no built-in configuration is called '" + name +
                     "'; built in are: " + builtin_names());
  }
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) throw std::runtime_error("cannot read '" + file.string() + "'");
  return {file.filename().string(), file.string(), text.str(), kDefaultSteps};
}

// Python's json writes -Infinity, which JSON does not have and published files do.
Json parse_config(const std::string& text) {
  std::string quoted = text;
  const std::string word = "-Infinity";
  std::size_t at = quoted.find(word);
  for (; at != std::string::npos; at = quoted.find(word, at + word.size() + 2)) {
    if (at > 0 && quoted[at - 1] == '"') continue;
    quoted.insert(at + word.size(), 1, '"').insert(at, 1, '"');
  }
  Json json = Json::parse(quoted, nullptr, false);
  if (!json.is_object()) throw std::runtime_error("the configuration is not a JSON object");
  return json;
}

// The value of a key wherever it is: our own composition nests, diffusers' files do not.
const Json* find_key(const Json& json, const std::string& key) {
  if (!json.is_object()) return nullptr;
  if (const auto found = json.find(key); found != json.end()) return &*found;
  for (const Json& member : json) {
    if (const Json* found = find_key(member, key)) return found;
  }
  return nullptr;
}

double number_or(const Json& config, const char* key, double otherwise) {
  const Json* value = find_key(config, key);
  return value != nullptr && value->is_number() ? value->get<double>() : otherwise;
}

// ---------------------------------------------------------------- methods

sched_method_info method_at(int32_t index) {
  sched_method_info info = SCHED_METHOD_INFO_INIT;
  if (sched_method_at(index, &info) != SCHED_OK) throw std::runtime_error("no such method");
  return info;
}

// Whether the configuration of a method may have this key.
bool has_key(int32_t method, const std::string& key) {
  sched_option_info option = SCHED_OPTION_INFO_INIT;
  for (int32_t i = 0; i < sched_option_count(method); ++i) {
    if (sched_option_at(method, i, &option) != SCHED_OK || option.at_init != 0) continue;
    if (key == option.name) return true;
  }
  return false;
}

int32_t find_method(const std::string& name) {
  int32_t index = -1;
  if (sched_method_find(name.c_str(), &index) == SCHED_OK) return index;
  std::string names;
  for (int32_t i = 0; i < sched_method_count(); ++i) {
    names += (i ? ", " : "") + std::string(method_at(i).name);
  }
  throw UsageError("no method is called '" + name + "'; there are: " + names);
}

// A file in our own composition nests its sections; a diffusers file is flat.
bool is_composition(const Json& config) { return config.contains("solver"); }

// A network that learned its variance returns it as a second half of its channels, and methods
// that know of it expect that half.
bool learns_variance(const Json& config, int32_t method) {
  const bool ours = is_composition(config);
  const Json* value = find_key(config, ours ? "variance" : "variance_type");
  if (value == nullptr || !value->is_string()) return false;
  if (!ours && !has_key(method, "variance_type")) return false;
  return value->get<std::string>().rfind("learned", 0) == 0;
}

bool shifts_dynamically(const Json& config, int32_t method) {
  const bool ours = is_composition(config);
  const Json* value = find_key(config, ours ? "dynamic_shift" : "use_dynamic_shifting");
  return value != nullptr && *value == true && (ours || has_key(method, "use_dynamic_shifting"));
}

// What diffusers' pipelines compute from the number of image tokens; here those of a picture of
// 1024 x 1024, which are 4096.
double dynamic_shift(const Json& config, int32_t method) {
  if (!shifts_dynamically(config, method)) return SCHED_UNSET;
  const double low = number_or(config, "base_image_seq_len", 256.0);
  const double high = number_or(config, "max_image_seq_len", 4096.0);
  const double base = number_or(config, "base_shift", 0.5);
  const double most = number_or(config, "max_shift", 1.15);
  return base + (4096.0 - low) / (high - low) * (most - base);
}

constexpr const char* kFlowClass = "FlowMatchEulerDiscreteScheduler";

bool is_flow(const Json& config) {
  const Json* prediction = find_key(config, "prediction_type");
  return config.value("_class_name", "") == kFlowClass ||
         (prediction != nullptr && *prediction == "flow_prediction");
}

// A network that predicts a velocity needs a method for it, and one that does not needs another.
// The two kinds of method write the shift of a flow's levels under different names.
void translate_flow(Json& config, int32_t method, const std::string& name) {
  const bool method_is_flow = method_at(method).class_name == std::string(kFlowClass);
  if (!is_flow(config)) {
    if (!method_is_flow) return;
    throw UsageError("'" + name + "' is for flow matching, which this checkpoint is not");
  }
  if (method_is_flow) {
    config["shift"] = number_or(config, "flow_shift", number_or(config, "shift", 1.0));
  } else if (has_key(method, "use_flow_sigmas")) {
    config["flow_shift"] = number_or(config, "flow_shift", number_or(config, "shift", 1.0));
    config["prediction_type"] = "flow_prediction";
    config["use_flow_sigmas"] = true;
  } else {
    throw UsageError("this checkpoint is for flow matching, which '" + name + "' is not");
  }
}

// The same checkpoint under another method: all keys stay, and those that the method does not
// have become warnings.
std::string with_method(const std::string& text, const std::string& name) {
  const int32_t method = find_method(name);
  Json config = parse_config(text);
  if (is_composition(config)) {
    config["solver"] = method_at(method).name;
    return config.dump(2);
  }
  translate_flow(config, method, name);
  config["_class_name"] = method_at(method).class_name;
  // null stands for the default of the class that wrote the file, which need not be one here.
  for (auto it = config.begin(); it != config.end();) {
    it = it->is_null() ? config.erase(it) : std::next(it);
  }
  // So does a fixed variance: it says how DDPM is to draw noise, nothing about the network.
  if (!learns_variance(config, method)) config.erase("variance_type");
  return config.dump(2);
}

void print_builtin_configs() {
  std::printf("configurations for --config:\n\n");
  for (const BuiltinConfig& config : kBuiltinConfigs) {
    const std::string class_name = parse_config(config.text)["_class_name"];
    std::printf("  %-22s %4d steps  %-32s %s\n", config.name, config.steps, class_name.c_str(),
                config.about);
  }
  std::printf("\nor the path of any scheduler_config.json.  Methods for --scheduler:\n\n");
  for (int32_t i = 0; i < sched_method_count(); ++i) {
    std::printf("  %-22s %s\n", method_at(i).name, method_at(i).class_name);
  }
}

// ----------------------------------------------------------------------- loop

struct FreeHandle {
  void operator()(sched_scheduler* scheduler) const { sched_free(scheduler); }
  void operator()(sched_state* state) const { sched_state_free(state); }
};
using Scheduler = std::unique_ptr<sched_scheduler, FreeHandle>;
using State = std::unique_ptr<sched_state, FreeHandle>;

void check(sched_status status, const char* message) {
  if (status == SCHED_OK) return;
  throw std::runtime_error(*message ? message : sched_status_name(status));
}

// The state is asked for its sentence only after the call that failed.
void check(sched_status status, const sched_state* state) {
  if (status != SCHED_OK) check(status, sched_last_error(state));
}

// Published files carry keys that their class never reads, so creation is lenient.
Scheduler make_scheduler(const std::string& text) {
  char message[1024] = "";
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.lenient = 1;
  options.message = message;
  options.message_capacity = sizeof message;
  sched_scheduler* scheduler = nullptr;
  check(sched_create(text.data(), text.size(), &options, &scheduler), message);
  return Scheduler(scheduler);
}

constexpr const char* kKernelNames[] = {"default", "reference", "fused", "blas", "vulkan"};

int32_t find_kernel(const std::string& name) {
  for (int32_t kernel = 0; kernel < 5; ++kernel) {
    if (name != kKernelNames[kernel]) continue;
    if (kernel == SCHED_KERNEL_DEFAULT ||
        sched_kernel_available(static_cast<sched_kernel>(kernel)) == 1) {
      return kernel;
    }
    throw UsageError("the kernel '" + name + "' is not in this build");
  }
  throw UsageError("no kernel is called '" + name +
                   "'; use default, reference, fused, blas or vulkan");
}

State make_state(const sched_scheduler* scheduler, const Options& asked, int steps, double mu) {
  char message[1024] = "";
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = steps;
  options.batch = asked.samples;
  options.elements = kPictureValues;
  options.kernel = find_kernel(asked.kernel);
  const auto vulkan = options.kernel == SCHED_KERNEL_VULKAN ? open_vulkan({}) : nullptr;
  options.vulkan = vulkan.get();
  options.seed = asked.seed;
  options.mu = mu;
  options.message = message;
  options.message_capacity = sizeof message;
  sched_state* state = nullptr;
  check(sched_init(scheduler, &options, &state), message);
  return State(state);
}

struct Call {
  double timestep;
  int step;
  bool inner;  // not the first call of its step
  Readout readout;
  Level level;
};

struct Plan {
  std::vector<Level> levels;  // steps + 1
  std::vector<double> sigmas;
  std::vector<Call> calls;
  Prediction prediction;
};

Call read_call(sched_state* state, int64_t index, int step, bool inner) {
  sched_weights weights{};
  weights.struct_size = sizeof weights;
  check(sched_step_weights(state, index, &weights), state);
  const Readout readout = {weights.denoised[SCHED_INPUT_SAMPLE],
                           weights.denoised[SCHED_INPUT_PREDICTION]};
  return {weights.timestep, step, inner, readout, {}};
}

using ReadList = sched_status (*)(const sched_state*, double*, int64_t, int64_t*);

std::vector<double> read_list(const sched_state* state, ReadList read) {
  int64_t count = 0;
  check(read(state, nullptr, 0, &count), state);
  std::vector<double> values(static_cast<std::size_t>(count));
  check(read(state, values.data(), count, nullptr), state);
  return values;
}

Plan read_plan(sched_state* state) {
  Plan plan;
  plan.sigmas = read_list(state, sched_sigmas);
  const std::vector<double> pairs = read_list(state, sched_levels);
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    plan.levels.push_back({pairs[i], pairs[i + 1]});
  }

  std::vector<Readout> readouts;
  std::vector<Level> starts;
  bool inner = false;
  int step = 0;
  for (int64_t i = 0; i < sched_num_calls(state); ++i) {
    const Call call = read_call(state, i, step, inner);
    if (!inner) {
      readouts.push_back(call.readout);
      starts.push_back(plan.levels[static_cast<std::size_t>(step)]);
    }
    plan.calls.push_back(call);
    inner = sched_call_ends_step(state, i) == 0;
    if (!inner) ++step;
  }
  plan.prediction = prediction_of(readouts, starts);
  for (Call& call : plan.calls) {
    const auto at = static_cast<std::size_t>(call.step + (call.inner ? 1 : 0));
    call.level = level_of(call.readout, plan.prediction, plan.levels[at]);
  }
  return plan;
}

bool is_terminal() {
#ifdef _WIN32
  return _isatty(_fileno(stderr)) != 0;
#else
  return isatty(fileno(stderr)) != 0;
#endif
}

// A bar that stays in its line on a terminal, else about ten plain lines.
class Progress {
 public:
  explicit Progress(int steps) : steps_(steps), terminal_(is_terminal()), start_(Clock::now()) {}

  void show(int done, double timestep) {
    const double left = seconds_since(start_) / done * (steps_ - done);
    if (terminal_) {
      const auto filled = static_cast<std::size_t>(done * kWidth / steps_);
      const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
      std::fprintf(stderr, "\r[%s] step %d/%d  t %-6.4g  %.1f s left ", bar.c_str(), done, steps_,
                   timestep, left);
      if (done == steps_) std::fprintf(stderr, "\n");
    } else if (done * 10 / steps_ != (done - 1) * 10 / steps_) {
      std::fprintf(stderr, "step %d of %d, t %.4g, %.1f s left\n", done, steps_, timestep, left);
    }
  }

 private:
  static constexpr int kWidth = 32;
  int steps_;
  bool terminal_;
  Clock::time_point start_;
};

struct Preview {
  double timestep;
  std::vector<float> denoised;
};

struct Outcome {
  std::vector<float> noise;  // the first sample, made faint enough to be shown
  std::vector<float> samples;
  std::vector<Preview> previews;
  double model_seconds = 0.0;
  double scheduler_seconds = 0.0;
};

// Evenly spaced calls, the first and the last among them.  Start and end have columns of their own.
bool is_shown(int call, int calls) {
  const int columns = std::min(calls, kSheetColumns - 2);
  if (columns == 1) return call == 0;
  for (int c = 0; c < columns; ++c) {
    if (call == (2 * c * (calls - 1) + columns - 1) / (2 * (columns - 1))) return true;
  }
  return false;
}

sched_tensor tensor_of(std::vector<float>& values, int batch) {
  sched_tensor tensor = SCHED_TENSOR_INIT;
  tensor.data = values.data();
  tensor.batch = batch;
  tensor.elements = static_cast<int64_t>(values.size()) / batch;
  return tensor;
}

// The tensors of a loop, and the calls that read and write them.
struct Tensors {
  Tensors(int batch, bool learned_variance)
      : x(static_cast<std::size_t>(batch) * kPictureValues),
        best(x.size()),
        // The variance half stays 0: half way between the bounds of a learned range.
        prediction(x.size() * (learned_variance ? 2 : 1)),
        preview(x.size()) {}

  std::vector<float> x;           // the sample
  std::vector<float> best;        // the denoiser's guess of x0
  std::vector<float> prediction;  // the same, as the network would say it
  std::vector<float> preview;     // x0 as the scheduler sees it
};

// Networks are given sched_scale_input() of the sample.  The denoiser here works on the sample
// itself, whose level it knows, so that call is not needed.
void call_model(Denoiser& denoiser, const Call& call, int batch, Tensors& tensors) {
  denoiser.denoise(tensors.x.data(), batch, call.level, tensors.best.data());
  const std::size_t width = tensors.prediction.size() / static_cast<std::size_t>(batch);
  for (std::size_t b = 0; b < static_cast<std::size_t>(batch); ++b) {
    predict(&tensors.x[b * kPictureValues], &tensors.best[b * kPictureValues], call.readout,
            &tensors.prediction[b * width]);
  }
}

Outcome run_loop(sched_state* state, const Plan& plan, Denoiser& denoiser, int batch,
                 bool learned_variance) {
  Tensors tensors(batch, learned_variance);
  sched_tensor sample = tensor_of(tensors.x, batch);
  sched_tensor prediction = tensor_of(tensors.prediction, batch);
  sched_tensor preview = tensor_of(tensors.preview, batch);
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  args.sample = args.next = &sample;
  args.prediction = &prediction;
  args.denoised = &preview;

  Outcome outcome;
  check(sched_initial_noise(state, &sample), state);
  const double deviation = kNoiseDeviations * sched_init_noise_sigma(state);
  for (const float v : tensors.x) outcome.noise.push_back(static_cast<float>(v / deviation));

  const int calls = static_cast<int>(plan.calls.size());
  Progress progress(static_cast<int>(sched_num_steps(state)));
  for (int i = 0; i < calls; ++i) {
    const Call& call = plan.calls[static_cast<std::size_t>(i)];
    const Clock::time_point start = Clock::now();
    call_model(denoiser, call, batch, tensors);
    outcome.model_seconds += seconds_since(start);

    const Clock::time_point stepping = Clock::now();
    check(sched_step_wide(state, &args), state);
    outcome.scheduler_seconds += seconds_since(stepping);

    if (is_shown(i, calls)) outcome.previews.push_back({call.timestep, tensors.preview});
    if (sched_call_ends_step(state, i)) progress.show(call.step + 1, call.timestep);
  }
  outcome.samples = std::move(tensors.x);
  return outcome;
}

void check_finite(const std::vector<float>& samples) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (std::isfinite(samples[i])) continue;
    throw std::runtime_error("sample " + std::to_string(i / kPictureValues) +
                             " is not finite at the end of the loop");
  }
}

// -------------------------------------------------------------------- outputs

std::string joined(const std::string& folder, const std::string& file) {
  return (fs::path(folder) / file).string();
}

void make_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    throw std::runtime_error("cannot create the folder '" + folder + "'" +
                             (error ? ": " + error.message() : ""));
  }
}

void to_full_strength(std::vector<float>& values) {
  for (float& value : values) value = static_cast<float>(value / kPictureScale);
}

void write_samples(const std::vector<float>& samples, int count, const std::string& folder) {
  constexpr int kZoom = 3;
  for (int k = 0; k < count; ++k) {
    Canvas canvas(kPictureSide * kZoom, kPictureSide * kZoom, {0, 0, 0});
    draw_picture(canvas, 0, 0, &samples[static_cast<std::size_t>(k) * kPictureValues], kZoom);
    char name[32];
    std::snprintf(name, sizeof name, "sample_%02d.png", k);
    canvas.save(joined(folder, name));
  }
}

std::string time_label(double timestep) {
  char text[32];
  const bool whole = timestep == std::floor(timestep) || std::fabs(timestep) >= 10;
  std::snprintf(text, sizeof text, whole ? "t %.0f" : "t %.2f", timestep);
  return text;
}

ContactSheet make_sheet(const Outcome& outcome, const Options& options, const std::string& title) {
  ContactSheet sheet;
  sheet.title = title + ": x0 as it is seen at time t";
  sheet.columns.push_back("noise");
  for (const Preview& preview : outcome.previews) {
    sheet.columns.push_back(time_label(preview.timestep));
  }
  sheet.columns.push_back("sample");
  for (int k = 0; k < std::min(options.samples, kSheetRows); ++k) {
    const std::size_t at = static_cast<std::size_t>(k) * kPictureValues;
    sheet.rows.push_back("seed " + std::to_string(options.seed + static_cast<std::uint64_t>(k)));
    std::vector<const float*> row = {&outcome.noise[at]};
    for (const Preview& preview : outcome.previews) row.push_back(&preview.denoised[at]);
    row.push_back(&outcome.samples[at]);
    sheet.pictures.push_back(std::move(row));
  }
  return sheet;
}

double log_snr(const Level& level) { return std::log(level.alpha) - std::log(level.sigma); }

// Where a log SNR lies between the steps.  It may lie outside, where the call's own step is taken.
double position_of(const std::vector<double>& log_snrs, double value, double otherwise) {
  for (std::size_t i = 1; i < log_snrs.size(); ++i) {
    const double low = log_snrs[i - 1], high = log_snrs[i];
    if (!std::isfinite(low) || !(value >= low - 1e-9 && value <= high + 1e-9)) continue;
    return static_cast<double>(i - 1) + (std::isfinite(high) ? (value - low) / (high - low) : 0.0);
  }
  return otherwise;
}

ScheduleChart make_chart(const Plan& plan, const std::string& title) {
  ScheduleChart chart;
  chart.title = title;
  chart.sigma = plan.sigmas;
  for (const Level& level : plan.levels) chart.log_snr.push_back(log_snr(level));
  for (const Call& call : plan.calls) {
    const double value = log_snr(call.level);
    const double step = call.inner ? position_of(chart.log_snr, value, call.step) : call.step;
    chart.calls.push_back({step, value, call.inner});
  }
  return chart;
}

struct Summary {
  double mean = 0.0, largest = 0.0;
  int distinct = 0;
};

Summary compare(const Denoiser& denoiser, const std::vector<float>& samples, int count) {
  Summary summary;
  std::vector<int> seen;
  for (int k = 0; k < count; ++k) {
    const Match match = denoiser.nearest(&samples[static_cast<std::size_t>(k) * kPictureValues]);
    summary.mean += match.mean_abs_error / count;
    summary.largest = std::max(summary.largest, match.mean_abs_error);
    seen.push_back(match.picture);
  }
  std::sort(seen.begin(), seen.end());
  summary.distinct =
      static_cast<int>(std::distance(seen.begin(), std::unique(seen.begin(), seen.end())));
  return summary;
}

std::string counted(int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void report_result(const Summary& summary, const Plan& plan, int samples) {
  std::printf(
      "  result     %s, %s; distance to the nearest %.4f, at most %.4f\n"
      "             (mean absolute error, on a scale from -1 to 1)\n",
      counted(samples, "sample").c_str(), counted(summary.distinct, "different picture").c_str(),
      summary.mean, summary.largest);
  // What noise alone leaves: the mean of |n| is sqrt(2 / pi).
  const double left = plan.levels.back().sigma;
  if (left <= 0.0) return;
  std::printf(
      "             this schedule ends at sigma %.4g, not at 0: such noise alone makes "
      "%.4f\n",
      left, left / kPictureScale * std::sqrt(2.0 / 3.14159265358979));
}

void report(const Checkpoint& checkpoint, const sched_method_info& method, const sched_state* state,
            const Plan& plan, const Outcome& outcome, int pictures) {
  std::printf("%s: %s\n", checkpoint.name.c_str(), checkpoint.about.c_str());
  std::printf("  method     %s (%s), the model predicts %s\n", method.class_name, method.name,
              prediction_name(plan.prediction));
  std::printf("  loop       %s, %s, kernel %s\n", counted(sched_num_steps(state), "step").c_str(),
              counted(sched_num_calls(state), "model call").c_str(),
              kKernelNames[sched_state_kernel(state)]);
  std::printf("  model      the exact denoiser of %d pictures of %d x %d; no network, no weights\n",
              pictures, kPictureSide, kPictureSide);
  std::printf("  time       %.3f s in the model, %.4f s in the scheduler\n", outcome.model_seconds,
              outcome.scheduler_seconds);
}

void report_files(const std::string& folder, int samples) {
  std::printf(
      "  written    %s    previews along the steps\n"
      "             %s        noise levels and model calls\n"
      "             %s%s\n",
      joined(folder, "contact_sheet.png").c_str(), joined(folder, "schedule.png").c_str(),
      joined(folder, "sample_00.png").c_str(), samples > 1 ? " and so on" : "");
}

void check_options(const Options& options) {
  if (options.steps && (*options.steps < 1 || *options.steps > kMostSteps)) {
    throw UsageError("--steps must be 1 to " + std::to_string(kMostSteps));
  }
  if (options.samples < 1 || options.samples > kMostSamples) {
    throw UsageError("--samples must be 1 to " + std::to_string(kMostSamples));
  }
  find_kernel(options.kernel);
}

// ------------------------------------------------------------------- the demo

// Unknown keys come in numbers, each with the list of the known ones: their names say enough.
void print_warnings(const sched_scheduler* scheduler) {
  const std::string mark = "unknown key ";
  std::string unknown;
  for (int32_t i = 0; i < sched_warning_count(scheduler); ++i) {
    const std::string warning = sched_warning(scheduler, i);
    const std::size_t at = warning.find(mark);
    if (at == std::string::npos) {
      std::fprintf(stderr, "sched demo: note: %s\n", warning.c_str());
      continue;
    }
    const std::size_t start = at + mark.size();
    unknown += (unknown.empty() ? "" : ", ") +
               warning.substr(start, warning.find_first_of(";,", start) - start);
  }
  if (unknown.empty()) return;
  std::fprintf(stderr, "sched demo: note: %s does not have these keys of the file: %s\n",
               method_at(sched_method(scheduler)).class_name, unknown.c_str());
}

void write_outputs(Outcome& outcome, const Plan& plan, const Options& options,
                   const std::string& title) {
  for (Preview& preview : outcome.previews) to_full_strength(preview.denoised);
  to_full_strength(outcome.samples);
  write_samples(outcome.samples, options.samples, options.out);
  draw_contact_sheet(make_sheet(outcome, options, title))
      .save(joined(options.out, "contact_sheet.png"));
  draw_schedule(make_chart(plan, title)).save(joined(options.out, "schedule.png"));
}

void run_demo(const Options& options) {
  check_options(options);
  Checkpoint checkpoint = find_checkpoint(options.config);
  if (!options.scheduler.empty()) checkpoint.text = with_method(checkpoint.text, options.scheduler);

  const Scheduler scheduler = make_scheduler(checkpoint.text);
  print_warnings(scheduler.get());
  const Json config = parse_config(checkpoint.text);
  const int32_t method = sched_method(scheduler.get());
  const int steps = options.steps.value_or(checkpoint.steps);
  const State state = make_state(scheduler.get(), options, steps, dynamic_shift(config, method));
  const Plan plan = read_plan(state.get());

  // Before the loop, so that a mistyped path costs no time.
  make_folder(options.out);
  const PictureSet pictures =
      options.images.empty() ? draw_pictures() : load_pictures(options.images);
  Denoiser denoiser(pictures, kPictureScale);
  Outcome outcome =
      run_loop(state.get(), plan, denoiser, options.samples, learns_variance(config, method));
  check_finite(outcome.samples);
  const Summary summary = compare(denoiser, outcome.samples, options.samples);

  const std::string title = checkpoint.name + ", " + method_at(method).class_name + ", " +
                            counted(sched_num_steps(state.get()), "step");
  write_outputs(outcome, plan, options, title);
  report(checkpoint, method_at(method), state.get(), plan, outcome, pictures.count);
  report_result(summary, plan, options.samples);
  report_files(options.out, options.samples);
}

// The exit code of the command; the sentence goes to stderr.
int run(const Options& options) {
  try {
    if (options.list) {
      print_builtin_configs();
    } else {
      run_demo(options);
    }
    return 0;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "sched demo: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sched demo: %s\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace demo

void add_demo_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "demo", "Run the scheduler of a published checkpoint from noise to pictures");
  const auto options = std::make_shared<demo::Options>();
  command->add_option("--config", options->config,
                      "Built-in name or path of a scheduler_config.json (default sdxl-base)");
  command->add_option("--scheduler", options->scheduler,
                      "Another method for the same checkpoint: solver or diffusers class");
  command->add_option("--steps", options->steps, "Number of steps (default: the checkpoint's)");
  command->add_option("--seed", options->seed, "Seed of the first sample (default 0)");
  command->add_option("--samples", options->samples, "How many samples (default 8)");
  command->add_option("--images", options->images, "Folder of PNG and JPEG files to learn from");
  command->add_option("--out", options->out, "Folder for the results (default demo)");
  command->add_option("--kernel", options->kernel, "default, reference, fused, blas or vulkan");
  command->add_flag("--list", options->list, "List the built-in configurations and methods");
  command->callback([options, &exit_code] { exit_code = demo::run(*options); });
}

const char* builtin_config(const std::string& name) {
  const demo::BuiltinConfig* config = demo::find_builtin(name);
  return config != nullptr ? config->text : nullptr;
}
