// Teacher-forced: each step is given the recorded sample, so that one step's error is
// measured at each step; only the library's own memory rows carry over.

#include "replay.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <sched/sched.hpp>

#include "../core/hash.hpp"
#include "recorded_loop.hpp"
#include "text_table.hpp"
#include "typed_tensor.hpp"

namespace {

// Grids are float64 on both sides; this allows for another order of operations.
constexpr double kGridTolerance = 1e-9;

struct CallErrors {
  double next = 0, scaled = 0, denoised = 0;
};

// A hash of the bytes that every call gave: where the bindings of two languages replay the
// same files, they have the same number.
class Bits {
 public:
  void add(const TypedTensor& tensor) {
    hash_ = sched::hash_bytes(tensor.bytes().data(), tensor.bytes().size(), hash_);
  }
  std::uint64_t number() const { return hash_; }

 private:
  std::uint64_t hash_ = sched::kHashStart;
};

struct Verdict {
  std::string method = "-";
  std::size_t calls = 0;
  double error = 0;  // of next, the largest
  std::vector<CallErrors> each;
  std::vector<std::string> failures;
};

bool near(double value, double recorded) {
  return value == recorded ||
         std::fabs(value - recorded) <= kGridTolerance * std::max(1.0, std::fabs(recorded));
}

// Largest difference, relative to max(1, max|recorded|).  Infinite for anything not finite.
double relative_error(const TypedTensor& tensor, const Values& recorded) {
  double largest = 0, scale = 1;
  for (std::size_t i = 0; i < recorded.count; ++i) {
    const double difference = std::fabs(tensor.at(i) - recorded.data[i]);
    if (!std::isfinite(difference)) return INFINITY;
    largest = std::max(largest, difference);
    scale = std::max(scale, std::fabs(recorded.data[i]));
  }
  return largest / scale;
}

// Without neighbours that are equal: two-stage methods list inner levels twice.
std::vector<double> distinct_neighbours(const std::vector<double>& values) {
  std::vector<double> result;
  for (const double value : values) {
    if (result.empty() || !near(value, result.back())) result.push_back(value);
  }
  return result;
}

std::string text_of(const sched::Error& error) {
  return format("%s: %s", error.status_name(), error.what());
}

class Replay {
 public:
  Replay(const RecordedLoop& loop, const ReplayOptions& options, Bits& bits);

  Verdict run();

 private:
  bool is_adaptive() const { return state_.num_calls() < 0; }
  void check_timesteps();
  void check_sigmas();
  void check_init_noise_sigma();
  void run_call(std::size_t index);
  bool take_noise(std::size_t index, sched::StepArgs& args);
  double scaled_error(const RecordedCall& call);
  void check_level(std::size_t index);
  double rounding_of_denoised(std::size_t index);
  void judge(std::size_t index, const char* what, double error, double allowed);

  const RecordedLoop& loop_;
  const ReplayOptions& options_;
  Bits& bits_;
  sched::State state_;
  TypedTensor sample_, prediction_, unconditional_, noise_[2], next_, denoised_, mask_, original_;
  Verdict verdict_;
};

sched::State open_loop(const RecordedLoop& loop, const ReplayOptions& options) {
  const sched::Scheduler scheduler(loop.config);
  sched::InitOptions init = loop.options;
  init.dtype = options.dtype;
  init.kernel = options.kernel;
  init.vulkan = options.context.get();
  return scheduler.init(init);
}

Replay::Replay(const RecordedLoop& loop, const ReplayOptions& options, Bits& bits)
    : loop_(loop),
      options_(options),
      bits_(bits),
      state_(open_loop(loop, options)),
      sample_(options.dtype, loop.options.batch, loop.options.elements),
      prediction_(options.dtype, loop.options.batch, loop.prediction_elements),
      unconditional_(options.dtype, loop.options.batch, loop.prediction_elements),
      noise_{TypedTensor(options.dtype, loop.options.batch, loop.options.elements),
             TypedTensor(options.dtype, loop.options.batch, loop.options.elements)},
      next_(options.dtype, loop.options.batch, loop.options.elements),
      denoised_(options.dtype, loop.options.batch, loop.options.elements),
      mask_(options.dtype, loop.options.batch, loop.options.elements),
      original_(options.dtype, loop.options.batch, loop.options.elements) {
  if (!loop.mask) return;
  mask_.assign(loop.mask.data);
  original_.assign(loop.original.data);
}

Verdict Replay::run() {
  const auto calls = static_cast<std::int64_t>(loop_.calls.size());
  const bool fits = loop_.is_whole ? state_.num_calls() == calls : state_.num_calls() >= calls;
  if (!fits && !is_adaptive()) {
    verdict_.failures.push_back(format("model calls: %lld, the file has %lld",
                                       static_cast<long long>(state_.num_calls()),
                                       static_cast<long long>(calls)));
    return verdict_;
  }
  check_timesteps();
  check_sigmas();
  check_init_noise_sigma();
  try {
    for (std::size_t i = 0; i < loop_.calls.size(); ++i) run_call(i);
  } catch (const sched::Error& error) {
    verdict_.failures.push_back(
        format("call %zu: %s", verdict_.each.size(), text_of(error).c_str()));
    return verdict_;
  }
  if (loop_.is_whole && !state_.finished()) {
    verdict_.failures.push_back(
        format("not finished after the %zu calls of the file", loop_.calls.size()));
  }
  return verdict_;
}

void Replay::check_timesteps() {
  if (!loop_.timesteps || is_adaptive()) return;
  const std::vector<double> times = state_.timesteps();
  const double* const recorded = loop_.timesteps.data;
  const bool fits = loop_.is_whole ? times.size() == loop_.timesteps.count
                                   : times.size() >= loop_.timesteps.count;
  if (!fits) {
    verdict_.failures.push_back(
        format("timesteps: %zu, the file has %zu", times.size(), loop_.timesteps.count));
    return;
  }
  for (std::size_t i = 0; i < loop_.timesteps.count; ++i) {
    if (near(times[i], recorded[i])) continue;
    verdict_.failures.push_back(
        format("timestep %zu: %.17g, the file has %.17g", i, times[i], recorded[i]));
    return;
  }
}

void Replay::check_sigmas() {
  if (!loop_.sigmas) return;
  const std::vector<double> sigmas = distinct_neighbours(state_.sigmas());
  const std::vector<double> recorded =
      distinct_neighbours({loop_.sigmas.data, loop_.sigmas.data + loop_.sigmas.count});
  // diffusers' log_linear interpolation leaves one sigma more than it uses.
  if (recorded.size() != sigmas.size() && recorded.size() != sigmas.size() + 1) {
    verdict_.failures.push_back(
        format("sigmas: %zu different ones, the file has %zu", sigmas.size(), recorded.size()));
    return;
  }
  for (std::size_t i = 0; i < sigmas.size(); ++i) {
    if (near(sigmas[i], recorded[i])) continue;
    verdict_.failures.push_back(
        format("sigma %zu: %.17g, the file has %.17g", i, sigmas[i], recorded[i]));
    return;
  }
}

void Replay::check_init_noise_sigma() {
  if (!loop_.init_noise_sigma) return;
  const double sigma = state_.init_noise_sigma();
  const double recorded = *loop_.init_noise_sigma;
  if (std::fabs(sigma - recorded) <= kGridTolerance * std::fabs(recorded)) return;
  verdict_.failures.push_back(
      format("init noise sigma: %.17g, the file has %.17g", sigma, recorded));
}

double Replay::scaled_error(const RecordedCall& call) {
  if (!call.scaled) return 0;
  // The buffer of `next` is free until the step.
  state_.scale_input(sample_.view(), next_.view());
  return relative_error(next_, call.scaled);
}

// Puts the draws of a call into `args`; false where their number is not the library's.
bool Replay::take_noise(std::size_t index, sched::StepArgs& args) {
  const std::vector<Values>& recorded = loop_.calls[index].noise;
  const std::int32_t draws = state_.next_draws();
  const bool spare = loop_.spare_draws && draws == 0;
  if (!spare && (draws < 0 || draws > 2 || recorded.size() != static_cast<std::size_t>(draws))) {
    verdict_.failures.push_back(
        format("call %zu: takes %d draws, the file has %zu", index, draws, recorded.size()));
    return false;
  }
  for (std::int32_t i = 0; i < draws; ++i) {
    noise_[i].assign(recorded[static_cast<std::size_t>(i)].data);
    args.noise[static_cast<std::size_t>(i)] = noise_[i].view();
  }
  return true;
}

// The level at which the model was asked, where the file says it.
void Replay::check_level(std::size_t index) {
  if (!loop_.calls[index].sigma) return;
  const double recorded = *loop_.calls[index].sigma;
  const double sigma = state_.next_call().sigma;
  // An adaptive loop's levels depend on the tensors, and so on their type.
  const double allowed = is_adaptive() ? options_.tolerance : kGridTolerance;
  if (std::fabs(sigma - recorded) <= allowed * std::max(1.0, recorded)) return;
  verdict_.failures.push_back(
      format("call %zu: sigma %.17g, the file has %.17g", index, sigma, recorded));
}

double largest_of(const Values& values) {
  double largest = 0;
  for (std::size_t i = 0; i < values.count; ++i)
    largest = std::max(largest, std::fabs(values.data[i]));
  return largest;
}

// What storing the inputs in this dtype alone can do to x0, relative to max(1, max|x0|).
// Near pure noise x0 = (x - sigma f) / alpha divides by a small alpha: at alpha 0.0063
// (ddim-1000's first step) half a unit in the last place of x moves x0 by 1e-5, whatever
// the arithmetic is.
double Replay::rounding_of_denoised(std::size_t index) {
  if (is_adaptive()) return 0;
  const RecordedCall& call = loop_.calls[index];
  const sched_weights weights = state_.weights(static_cast<std::int64_t>(index));
  const double unit = options_.dtype == SCHED_F64    ? 0x1p-53
                      : options_.dtype == SCHED_F32  ? 0x1p-24
                      : options_.dtype == SCHED_BF16 ? 0x1p-8
                                                     : 0x1p-11;
  const double moved =
      std::fabs(weights.denoised[SCHED_INPUT_SAMPLE]) * largest_of(call.sample) +
      std::fabs(weights.denoised[SCHED_INPUT_PREDICTION]) * largest_of(call.prediction);
  return unit * moved / std::max(1.0, largest_of(call.denoised));
}

void Replay::run_call(std::size_t index) {
  const RecordedCall& call = loop_.calls[index];
  CallErrors errors;
  if (call.sample) {
    sample_.assign(call.sample.data);
  } else {
    std::vector<double> before(loop_.calls[0].sample.count);
    for (std::size_t i = 0; i < before.size(); ++i) before[i] = next_.at(i);
    sample_.assign(before.data());
  }
  check_level(index);
  errors.scaled = scaled_error(call);

  sched::StepArgs args;
  args.sample = sample_.view();
  args.next = next_.view();
  if (call.prediction) {
    prediction_.assign(call.prediction.data);
    args.prediction = prediction_.view();
  }
  if (call.prediction && loop_.mask) {
    args.mask = mask_.view();
    args.original = original_.view();
  }
  if (call.denoised) args.denoised = denoised_.view();
  if (call.unconditional) {
    unconditional_.assign(call.unconditional.data);
    args.unconditional = unconditional_.view();
  }
  args.group_timesteps = {call.group_timesteps.data, call.group_timesteps.count};
  // With other noise, or none, the numbers mean nothing; the step still has to be taken.
  const bool comparable = take_noise(index, args);
  state_.step(args);
  bits_.add(next_);
  if (comparable) {
    if (call.next) errors.next = relative_error(next_, call.next);
    if (call.denoised) errors.denoised = relative_error(denoised_, call.denoised);
  }
  verdict_.each.push_back(errors);
  verdict_.error = std::max(verdict_.error, errors.next);
  judge(index, "scaled input", errors.scaled, options_.tolerance);
  judge(index, "next", errors.next, options_.tolerance);
  if (call.denoised) {
    judge(index, "denoised", errors.denoised,
          std::max(options_.tolerance, rounding_of_denoised(index)));
  }
}

void Replay::judge(std::size_t index, const char* what, double error, double allowed) {
  if (error <= allowed) return;
  verdict_.failures.push_back(format("call %zu: %s is off by %.3g", index, what, error));
}

Verdict judge_file(const std::string& path, const ReplayOptions& options, Bits& bits) {
  Verdict verdict;
  try {
    const RecordedLoop loop = load_recorded_loop(path);
    verdict.method = loop.method;
    verdict.calls = loop.calls.size();
    Verdict run = Replay(loop, options, bits).run();
    run.method = verdict.method;
    run.calls = verdict.calls;
    return run;
  } catch (const sched::Error& error) {
    verdict.failures.push_back(text_of(error));
  } catch (const std::exception& error) {
    verdict.failures.push_back(error.what());
  }
  return verdict;
}

std::string reason(const Verdict& verdict) {
  if (verdict.failures.empty()) return "pass";
  std::string text = "FAIL  " + verdict.failures.front();
  if (verdict.failures.size() > 1) text += format(" (and %zu more)", verdict.failures.size() - 1);
  return text;
}

void print_details(const Verdict& verdict) {
  for (std::size_t i = 0; i < verdict.each.size(); ++i) {
    const CallErrors& errors = verdict.each[i];
    std::printf("    call %-4zu next %8.2e  scaled input %8.2e  denoised %8.2e\n", i, errors.next,
                errors.scaled, errors.denoised);
  }
  for (const std::string& failure : verdict.failures)
    std::printf("    %s\n", printable(failure).c_str());
}

std::string stem_of(const std::string& path) {
  return printable(std::filesystem::path(path).stem().string());
}

// One rounding of the inputs, times the largest weights.  Halves need a tolerance of the
// caller's: what is lost in them depends on the noise level.
double default_tolerance(sched_dtype dtype) { return dtype == SCHED_F64 ? 1e-12 : 2e-6; }

}  // namespace

int run_replay(ReplayOptions options) {
  if (options.dtype == SCHED_DTYPE_UNDEFINED)
    options.dtype = options.kernel == SCHED_KERNEL_REFERENCE ? SCHED_F64 : SCHED_F32;
  if (options.tolerance == 0) options.tolerance = default_tolerance(options.dtype);
  if (options.kernel == SCHED_KERNEL_VULKAN) {
    options.context = open_vulkan(options.vulkan);
    std::printf("on %s\n", printable(vulkan_name(options.context.get())).c_str());
  }
  std::size_t width = 0;
  for (const std::string& path : options.files) width = std::max(width, stem_of(path).size());

  std::size_t failed = 0;
  double largest = 0;
  Bits bits;
  for (const std::string& path : options.files) {
    const Verdict verdict = judge_file(path, options, bits);
    const std::string error = verdict.each.empty() ? "-" : format("%.2e", verdict.error);
    std::printf("%-*s  %-36.80s %4zu calls  %8s  %s\n", static_cast<int>(width),
                stem_of(path).c_str(), printable(verdict.method).c_str(), verdict.calls,
                error.c_str(), printable(reason(verdict)).c_str());
    if (options.verbose) print_details(verdict);
    if (!verdict.failures.empty()) ++failed;
    largest = std::max(largest, verdict.error);
  }
  std::printf("largest error %.2e, bits %016llx\n", largest,
              static_cast<unsigned long long>(bits.number()));
  std::printf("%zu passed, %zu failed\n", options.files.size() - failed, failed);
  return failed == 0 ? 0 : 1;
}
