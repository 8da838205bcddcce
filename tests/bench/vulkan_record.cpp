#include "vulkan_record.hpp"

#include <volk.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "phone_limits.hpp"
#include "vulkan_loop.hpp"

namespace {

constexpr int32_t kCalls = 50;
constexpr int kLoops = 40;
constexpr int64_t kElements = 65536;

struct Step {
  const char* name;
  const char* config;
  bool is_wide;  // guidance, mask, preview, next input: eleven tensors
};

constexpr Step kSteps[] = {
    {"ddim", R"({"_class_name": "DDIMScheduler", "clip_sample": false})", false},
    {"flow_match_euler", R"({"_class_name": "FlowMatchEulerDiscreteScheduler"})", false},
    {"dpmpp_2m", R"({"_class_name": "DPMSolverMultistepScheduler"})", false},
    {"unipc_3", R"({"_class_name": "UniPCMultistepScheduler", "solver_order": 3})", false},
    {"euler_ancestral", R"({"_class_name": "EulerAncestralDiscreteScheduler"})", false},
    {"ddpm_thresholding",
     R"({"_class_name": "DDPMScheduler", "clip_sample": false, "thresholding": true})", false},
    {"euler_ancestral, all tensors", R"({"_class_name": "EulerAncestralDiscreteScheduler"})",
     true}};

// ------------------------------------------------------- a driver that does nothing

template <typename Function>
struct Nothing;
template <typename... Arguments>
struct Nothing<void(VKAPI_PTR*)(Arguments...)> {
  static VKAPI_ATTR void VKAPI_CALL call(Arguments...) {}
};

PFN_vkGetDeviceProcAddr real_device_functions = nullptr;

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_function(VkDevice device, const char* name) {
#define SCHED_BENCH_NOTHING(function)                                            \
  if (std::strcmp(name, #function) == 0) {                                       \
    return reinterpret_cast<PFN_vkVoidFunction>(&Nothing<PFN_##function>::call); \
  }
  SCHED_BENCH_NOTHING(vkUpdateDescriptorSets)
  SCHED_BENCH_NOTHING(vkCmdBindPipeline)
  SCHED_BENCH_NOTHING(vkCmdBindDescriptorSets)
  SCHED_BENCH_NOTHING(vkCmdDispatch)
  SCHED_BENCH_NOTHING(vkCmdPipelineBarrier)
  SCHED_BENCH_NOTHING(vkCmdCopyBuffer)
  SCHED_BENCH_NOTHING(vkCmdFillBuffer)
  SCHED_BENCH_NOTHING(vkCmdUpdateBuffer)
#undef SCHED_BENCH_NOTHING
  return real_device_functions(device, name);
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_function(VkInstance instance, const char* name) {
  const PFN_vkVoidFunction real = vkGetInstanceProcAddr(instance, name);
  if (std::strcmp(name, "vkGetDeviceProcAddr") != 0) return real;
  real_device_functions = reinterpret_cast<PFN_vkGetDeviceProcAddr>(real);
  return reinterpret_cast<PFN_vkVoidFunction>(&device_function);
}

std::shared_ptr<sched_vulkan> import_doing_nothing(const BenchDevice& device,
                                                   const sched_vulkan_limits* limits) {
  char message[1024] = "";
  sched_vulkan_import_options import = SCHED_VULKAN_IMPORT_OPTIONS_INIT;
  import.get_instance_proc_addr = instance_function;
  import.instance = device.info().instance;
  import.physical_device = device.info().physical_device;
  import.device = device.info().device;
  import.queue_family = device.info().queue_family;
  import.limits = limits;
  import.message = message;
  import.message_capacity = sizeof message;
  sched_vulkan* vulkan = nullptr;
  if (sched_vulkan_import(&import, &vulkan) != SCHED_OK) throw std::runtime_error(message);
  return {vulkan, sched_vulkan_free};
}

// ------------------------------------------------------------------------- recording

// Every tensor in a buffer of its own.
class Tensors {
 public:
  Tensors(const BenchDevice& device, const LoopShape& shape, bool is_wide) {
    constexpr int kMost = 10;
    for (int i = 0; i < (is_wide ? kMost : 3); ++i) {
      buffers_.push_back(device.make_buffer(static_cast<uint64_t>(shape.elements) * 4));
      tensors_.push_back(tensor_in(*buffers_.back(), 0, shape));
    }
    args_.sample = &tensors_[0];
    args_.prediction = &tensors_[1];
    args_.next = &tensors_[2];
    if (!is_wide) return;
    args_.unconditional = &tensors_[3];
    args_.guidance_scale = 7.5;
    args_.noise[0] = &tensors_[4];
    args_.denoised = &tensors_[5];
    args_.next_input = &tensors_[6];
    args_.mask = &tensors_[7];
    args_.original = &tensors_[8];
    args_.known_noise = &tensors_[9];
  }

  const sched_vulkan_step_args& args() const { return args_; }

 private:
  std::vector<std::unique_ptr<DeviceBuffer>> buffers_;
  std::vector<sched_vulkan_tensor> tensors_;
  sched_vulkan_step_args args_ = SCHED_VULKAN_STEP_ARGS_INIT;
};

// Whole loops, each of a new state, into command buffers that never run.  The first is not
// counted, nor is the call that puts a state on the device.
Spread record_loops(BenchDevice& device, sched_vulkan* vulkan, const Step& step) {
  using Clock = std::chrono::steady_clock;
  const LoopShape shape{step.config, kCalls, 1, kElements, SCHED_F32, 0};
  const Tensors tensors(device, shape, step.is_wide);
  std::vector<double> seconds;
  for (int i = 0; i < kLoops; ++i) {
    const VulkanLoop loop(vulkan, shape);
    device.record_only([&](VkCommandBuffer commands) {
      loop.record(commands, tensors.args());
      for (int call = 1; call < kCalls; ++call) {
        const auto start = Clock::now();
        loop.record(commands, tensors.args());
        const std::chrono::duration<double> elapsed = Clock::now() - start;
        if (i > 0) seconds.push_back(elapsed.count());
      }
    });
  }
  return spread_of(seconds);
}

}  // namespace

std::vector<RecordResult> measure_recording(BenchDevice& device, bool phone) {
  const sched_vulkan_limits limits = phone_limits();
  const auto nothing = import_doing_nothing(device, phone ? &limits : nullptr);
  std::vector<RecordResult> results;
  for (const Step& step : kSteps) {
    if (step.is_wide && device.info().max_buffers < 11) continue;
    RecordResult result;
    result.step = step.name;
    result.bindings = device.info().max_buffers;
    result.phone = phone;
    result.whole = record_loops(device, device.context(), step);
    result.own = record_loops(device, nothing.get(), step);
    results.push_back(result);
  }
  return results;
}

void print_recording(const std::vector<RecordResult>& results) {
  std::printf("%-30s %8s %8s %16s\n", "step", "bindings", "us", "the library's");
  for (const RecordResult& result : results) {
    std::printf("%-30s %8u %8.2f %16.2f%s\n", result.step.c_str(), result.bindings,
                1e6 * result.whole.median, 1e6 * result.own.median,
                result.phone ? "   limits of a phone" : "");
  }
}
