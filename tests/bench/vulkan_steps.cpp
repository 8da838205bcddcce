#include "vulkan_steps.hpp"

#include <volk.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>

#include "vulkan_loop.hpp"

namespace {

constexpr int32_t kCalls = 400;
// Behind every method's start, where all of its history is there.
constexpr int32_t kWarmUp = 8;
constexpr int32_t kMostTogether = 16;  // steps in a command buffer
constexpr double kSecondsTogether = 2e-3;
constexpr int kLeastRounds = 5;
constexpr int kMostRounds = 21;
constexpr double kMostSeconds = 20.0;  // of a case, as the next smaller size foretells them

struct Method {
  const char* name;
  const char* config;
  bool both;  // in place too
  bool is_itemwise;
};

// Thresholding looks at whole items, here of 64 KiB in float32.
constexpr int64_t kItem = 16384;
constexpr Method kMethods[] = {
    {"ddim", R"({"_class_name": "DDIMScheduler", "clip_sample": false})", true, false},
    {"flow_match_euler", R"({"_class_name": "FlowMatchEulerDiscreteScheduler"})", false, false},
    {"dpmpp_2m", R"({"_class_name": "DPMSolverMultistepScheduler"})", true, false},
    {"unipc_3", R"({"_class_name": "UniPCMultistepScheduler", "solver_order": 3})", false, false},
    {"euler_ancestral", R"({"_class_name": "EulerAncestralDiscreteScheduler"})", false, false},
    {"ddpm_thresholding",
     R"({"_class_name": "DDPMScheduler", "clip_sample": false, "thresholding": true})", false,
     true}};

struct Type {
  const char* name;
  sched_dtype dtype;
};

constexpr Type kTypes[] = {{"f32", SCHED_F32}, {"f16", SCHED_F16}, {"bf16", SCHED_BF16}};

// Bytes that a call in the middle of the loop reads and writes: tensors in their type, rows of
// history in float32, and of noise, which is made where it is used, none.
double moved_bytes(const VulkanLoop& loop) {
  sched_weights weights{};
  weights.struct_size = sizeof weights;
  if (sched_step_weights(loop.state(), kCalls / 2, &weights) != SCHED_OK) {
    throw std::runtime_error(sched_last_error(loop.state()));
  }
  bool is_read[SCHED_WEIGHTS_INPUTS] = {};
  const auto read = [&](const double* form) {
    for (int i = 0; i < SCHED_WEIGHTS_INPUTS; ++i) is_read[i] |= form[i] != 0.0;
  };
  const auto values = static_cast<double>(loop.shape().batch * loop.shape().elements);
  const double tensor = values * static_cast<double>(bytes_of(loop.shape().dtype));
  const double row = values * sizeof(float);
  double bytes = 0.0;
  for (int r = 0; r < weights.rows; ++r) {
    if (weights.output[r] == SCHED_OUTPUT_DENOISED) continue;  // written where it is asked for
    read(weights.weight[r]);
    bytes += weights.output[r] == SCHED_OUTPUT_NEXT ? tensor : row;
  }
  if (is_read[SCHED_INPUT_DENOISED]) read(weights.denoised);
  for (int i = 0; i < SCHED_WEIGHTS_INPUTS; ++i) {
    if (!is_read[i]) continue;
    if (i == SCHED_INPUT_SAMPLE || i == SCHED_INPUT_PREDICTION) bytes += tensor;
    if (i >= SCHED_INPUT_MEMORY0 && i < SCHED_INPUT_ORIGINAL) bytes += row;
  }
  return bytes;
}

// A step and a copy, recorded so many times into one command buffer.
class Pair {
 public:
  Pair(BenchDevice& device, const LoopShape& shape, bool in_place)
      : device_(device), loop_(device.context(), shape), moved_(moved_bytes(loop_)) {
    const uint64_t tensor =
        static_cast<uint64_t>(shape.batch * shape.elements) * bytes_of(shape.dtype);
    for (int i = 0; i < (in_place ? 2 : 3); ++i) buffers_.push_back(device.make_buffer(tensor));
    copied_ = device.make_buffer(static_cast<uint64_t>(moved_) / 8 * 8);
    sample_ = tensor_in(*buffers_[0], 0, shape);
    prediction_ = tensor_in(*buffers_[1], 0, shape);
    next_ = tensor_in(*buffers_[in_place ? 0 : 2], 0, shape);
    args_.sample = &sample_;
    args_.prediction = &prediction_;
    args_.next = &next_;
    warm_up();
  }

  double moved() const { return moved_; }
  int64_t calls_left() const { return kCalls - sched_calls_done(loop_.state()); }

  // Seconds of one step and of one copy.
  std::pair<double, double> time(int count, bool copies_first) {
    const BenchDevice::Record steps = [&](VkCommandBuffer commands) {
      for (int i = 0; i < count; ++i) loop_.record(commands, args_);
    };
    const BenchDevice::Record copies = [&](VkCommandBuffer commands) {
      for (int i = 0; i < count; ++i) record_copy(commands);
    };
    auto seconds = device_.time(copies_first ? std::vector<BenchDevice::Record>{copies, steps}
                                             : std::vector<BenchDevice::Record>{steps, copies});
    if (copies_first) std::swap(seconds[0], seconds[1]);
    return {seconds[0] / count, seconds[1] / count};
  }

 private:
  // One half onto the other: reads and writes as many bytes as the buffer has.
  void record_copy(VkCommandBuffer commands) const {
    const VkDeviceSize half = copied_->bytes() / 2;
    const VkBufferCopy region = {0, half, half};
    record_full_barrier(commands);
    vkCmdCopyBuffer(commands, copied_->handle(), copied_->handle(), 1, &region);
  }

  // Touches every byte once, and passes the calls that start the method.
  void warm_up() {
    constexpr uint32_t kOrdinary = 0x3f003f00;  // in each type a number of ordinary size
    device_.time({[&](VkCommandBuffer commands) {
      for (const auto& buffer : buffers_) {
        vkCmdFillBuffer(commands, buffer->handle(), 0, VK_WHOLE_SIZE, kOrdinary);
      }
      vkCmdFillBuffer(commands, copied_->handle(), 0, VK_WHOLE_SIZE, kOrdinary);
      for (int i = 0; i < kWarmUp; ++i) loop_.record(commands, args_);
    }});
  }

  BenchDevice& device_;
  VulkanLoop loop_;
  double moved_;
  std::vector<std::unique_ptr<DeviceBuffer>> buffers_;
  std::unique_ptr<DeviceBuffer> copied_;
  sched_vulkan_tensor sample_, prediction_, next_;
  sched_vulkan_step_args args_ = SCHED_VULKAN_STEP_ARGS_INIT;
};

void measure(Pair& pair, double seconds, StepResult& result) {
  const auto [first_step, first_copy] = pair.time(1, false);
  const double both = first_step + first_copy;
  const int together =
      std::clamp(static_cast<int>(kSecondsTogether / std::max(both, 1e-9)), 1, kMostTogether);
  const int rounds = std::clamp(static_cast<int>(seconds / std::max(both * together, 1e-9)),
                                kLeastRounds, kMostRounds);
  std::vector<double> steps, copies, fractions;
  for (int i = 0; i < rounds && pair.calls_left() >= together; ++i) {
    const auto [step, copy] = pair.time(together, i % 2 == 0);
    steps.push_back(step);
    copies.push_back(copy);
    fractions.push_back(copy / step);
  }
  result.step = spread_of(steps);
  result.copy = spread_of(copies);
  result.fraction = spread_of(fractions);
}

StepResult measure_case(BenchDevice& device, const StepSize& size, const Method& method,
                        const Type& type, bool in_place, double seconds, double foretold) {
  StepResult result{size.name, method.name, type.name, in_place, 0.0, {}, {}, {}, ""};
  const int64_t elements = method.is_itemwise ? kItem : size.elements;
  const LoopShape shape{method.config, kCalls,     size.elements / elements,
                        elements,      type.dtype, kMostTogether};
  try {
    // Tensors, history and what is copied take less than ten.
    const double needed = 10.0 * static_cast<double>(size.elements) * sizeof(float);
    if (needed > 0.8 * static_cast<double>(device.memory_bytes())) {
      throw std::runtime_error("does not fit into the device's memory");
    }
    if (foretold * (kWarmUp + 1 + kLeastRounds) > kMostSeconds) {
      throw std::runtime_error("a step would take about " + std::to_string(foretold) + " s");
    }
    Pair pair(device, shape, in_place);
    result.moved = pair.moved();
    measure(pair, seconds, result);
  } catch (const std::exception& error) {
    result.skipped = error.what();
  }
  return result;
}

bool is_chosen(const std::vector<std::string>& chosen, const char* name) {
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), name) != chosen.end();
}

}  // namespace

std::vector<std::string> step_methods() {
  std::vector<std::string> names;
  for (const Method& method : kMethods) names.emplace_back(method.name);
  return names;
}

std::vector<std::string> step_types() {
  std::vector<std::string> names;
  for (const Type& type : kTypes) names.emplace_back(type.name);
  return names;
}

std::vector<StepResult> measure_steps(BenchDevice& device, const StepChoice& choice) {
  std::vector<StepResult> results;
  std::map<std::string, double> slowness;  // seconds for each element, of the size before
  for (const StepSize& size : choice.sizes) {
    const auto elements = static_cast<double>(size.elements);
    const auto measure = [&](const Method& method, const Type& type, bool in_place) {
      double& slow = slowness[std::string(method.name) + type.name + (in_place ? "!" : "")];
      results.push_back(
          measure_case(device, size, method, type, in_place, choice.seconds, slow * elements));
      if (results.back().skipped.empty()) slow = results.back().step.median / elements;
    };
    for (const Method& method : kMethods) {
      for (const Type& type : kTypes) {
        if (!is_chosen(choice.methods, method.name)) continue;
        if (!is_chosen(choice.types, type.name)) continue;
        measure(method, type, false);
        if (method.both) measure(method, type, true);
      }
    }
    std::fprintf(stderr, "%s done\n", size.name.c_str());
  }
  return results;
}

void print_steps(const std::vector<StepResult>& results, const std::vector<StepSize>& sizes) {
  std::printf("%-18s %-12s %-5s", "method", "", "type");
  for (const StepSize& size : sizes) std::printf(" %13s", size.name.c_str());
  std::printf("\n");
  // Sizes come one after another, each with the same cases.
  const std::size_t cases = results.size() / sizes.size();
  for (std::size_t i = 0; i < cases; ++i) {
    const StepResult& first = results[i];
    std::printf("%-18s %-12s %-5s", first.method.c_str(),
                first.in_place ? "in place" : "out of place", first.dtype.c_str());
    for (std::size_t s = 0; s < sizes.size(); ++s) {
      const StepResult& result = results[s * cases + i];
      if (result.skipped.empty()) {
        std::printf("  %6.4f +-%2.0f%%", result.fraction.median, 50.0 * result.fraction.relative);
      } else {
        std::printf(" %13s", "-");
      }
    }
    std::printf("\n");
  }
  for (const StepResult& result : results) {
    if (result.skipped.empty()) continue;
    std::printf("skipped: %s, %s, %s: %s\n", result.method.c_str(), result.dtype.c_str(),
                result.size.c_str(), result.skipped.c_str());
  }
}
