// The extern "C" of sched_flat.h: arrays with lengths become the structs of sched.h.

#include <sched/sched_flat.h>

#include <string>
#include <vector>

#include "api_flat.hpp"

using namespace sched::api;
using sched::fail;
using sched::Status;

namespace {

// A tensor of the caller's, or none.
class FlatTensor {
 public:
  FlatTensor(const sched_state* state, const void* data, int64_t count, int32_t dtype) {
    if (data == nullptr) return;
    // The C struct has one type for both directions; the library writes to outputs only.
    tensor_.data = const_cast<void*>(data);
    tensor_.dtype = dtype;
    set_shape(state, count, tensor_);
  }
  sched_tensor* get() { return tensor_.data == nullptr ? nullptr : &tensor_; }

 private:
  sched_tensor tensor_ = SCHED_TENSOR_INIT;
};

void check_capacity(const double* out, int64_t capacity) {
  need(out != nullptr, "out is NULL");
  if (capacity < SCHED_WEIGHTS_INPUTS) fail(Status::capacity, "capacity is too small");
}

void copy_weights(const double (&from)[SCHED_WEIGHTS_INPUTS], double* out) {
  std::copy(std::begin(from), std::end(from), out);
}

int32_t checked_list(const void* values, int64_t count, const char* name) {
  if (count < 0 || count > INT32_MAX || (values == nullptr && count != 0)) {
    fail(Status::argument, name, " has ", count, " entries", values == nullptr ? " at NULL" : "");
  }
  return static_cast<int32_t>(count);
}

// The words of a text, and pointers to them.
class Words {
 public:
  explicit Words(const char* text) {
    std::string word;
    for (const char* c = text; c != nullptr; ++c) {
      if (*c != ' ' && *c != '\0') {
        word += *c;
      } else if (!word.empty()) {
        words_.push_back(std::move(word));
        word.clear();
      }
      if (*c == '\0') break;
    }
    for (const std::string& each : words_) pointers_.push_back(each.c_str());
  }
  const char* const* data() const { return pointers_.empty() ? nullptr : pointers_.data(); }
  int32_t count() const { return static_cast<int32_t>(pointers_.size()); }

 private:
  std::vector<std::string> words_;
  std::vector<const char*> pointers_;
};

}  // namespace

extern "C" {

// ------------------------------------------------------------------------ handles

sched_scheduler* sched_flat_create(const char* config, int64_t config_length, int32_t lenient,
                                   char* message, int64_t message_capacity, int32_t* status) {
  return made<sched_scheduler>(message, message_capacity, status, [&](sched_scheduler** out) {
    if (config_length < 0) fail(Status::argument, "config_length is ", config_length);
    sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
    options.lenient = lenient;
    set_message(options, message, message_capacity);
    return sched_create(config, static_cast<uint64_t>(config_length), &options, out);
  });
}

sched_state* sched_flat_init(const sched_scheduler* scheduler, const sched_init_options* options,
                             const double* timesteps, int64_t timesteps_count, const double* sigmas,
                             int64_t sigmas_count, const uint64_t* item_seeds,
                             int64_t item_seeds_count, sched_vulkan* vulkan, char* message,
                             int64_t message_capacity, int32_t* status) {
  return made<sched_state>(message, message_capacity, status, [&](sched_state** out) {
    need(options != nullptr, "options is NULL");
    const sched_init_options defaults = SCHED_INIT_OPTIONS_INIT;
    auto chosen =
        read_struct(options, offsetof(sched_init_options, jump_length), defaults, "options");
    chosen.struct_size = sizeof chosen;
    need(chosen.parallel_for == nullptr,
         "options.parallel_for is set; it must be NULL here: it is for C and C++, by sched_init()");
    chosen.timesteps_count = checked_list(timesteps, timesteps_count, "timesteps");
    chosen.timesteps = timesteps;
    chosen.sigmas_count = checked_list(sigmas, sigmas_count, "sigmas");
    chosen.sigmas = sigmas;
    if (item_seeds != nullptr && item_seeds_count != chosen.batch) {
      fail(Status::argument, "item_seeds has ", item_seeds_count, " entries; the batch has ",
           chosen.batch, " items");
    }
    chosen.item_seeds = item_seeds;
    chosen.vulkan = vulkan;
    set_message(chosen, message, message_capacity);
    return sched_init(scheduler, &chosen, out);
  });
}

sched_state* sched_flat_clone(const sched_state* state, int32_t* status) {
  return made<sched_state>(nullptr, 0, status,
                           [&](sched_state** out) { return sched_clone(state, out); });
}

// ------------------------------------------------------------------------ tensors

sched_status sched_flat_initial_noise(sched_state* state, void* out, int64_t out_count,
                                      int32_t out_dtype) {
  return sched_initial_noise(state, FlatTensor(state, out, out_count, out_dtype).get());
}

sched_status sched_flat_scale_input(sched_state* state, const void* sample, int64_t sample_count,
                                    int32_t sample_dtype, void* out, int64_t out_count,
                                    int32_t out_dtype) {
  return sched_scale_input(state, FlatTensor(state, sample, sample_count, sample_dtype).get(),
                           FlatTensor(state, out, out_count, out_dtype).get());
}

sched_status sched_flat_add_noise(sched_state* state, int64_t step, const void* original,
                                  int64_t original_count, int32_t original_dtype, const void* noise,
                                  int64_t noise_count, int32_t noise_dtype, void* out,
                                  int64_t out_count, int32_t out_dtype) {
  return sched_add_noise(state, step,
                         FlatTensor(state, original, original_count, original_dtype).get(),
                         FlatTensor(state, noise, noise_count, noise_dtype).get(),
                         FlatTensor(state, out, out_count, out_dtype).get());
}

sched_status sched_flat_step(sched_state* state, const void* sample, int64_t sample_count,
                             int32_t sample_dtype, const void* prediction, int64_t prediction_count,
                             int32_t prediction_dtype, void* next, int64_t next_count,
                             int32_t next_dtype) {
  return sched_step(state, FlatTensor(state, sample, sample_count, sample_dtype).get(),
                    FlatTensor(state, prediction, prediction_count, prediction_dtype).get(),
                    FlatTensor(state, next, next_count, next_dtype).get());
}

sched_status sched_flat_step_wide(
    sched_state* state, const void* sample, int64_t sample_count, int32_t sample_dtype,
    const void* prediction, int64_t prediction_count, int32_t prediction_dtype, void* next,
    int64_t next_count, int32_t next_dtype, const void* unconditional, int64_t unconditional_count,
    int32_t unconditional_dtype, const void* noise0, int64_t noise0_count, int32_t noise0_dtype,
    const void* noise1, int64_t noise1_count, int32_t noise1_dtype, void* denoised,
    int64_t denoised_count, int32_t denoised_dtype, void* next_input, int64_t next_input_count,
    int32_t next_input_dtype, const void* mask, int64_t mask_count, int32_t mask_dtype,
    const void* original, int64_t original_count, int32_t original_dtype, const void* known_noise,
    int64_t known_noise_count, int32_t known_noise_dtype, const double* group_timesteps,
    int64_t group_timesteps_count, const double* group_targets, int64_t group_targets_count,
    double guidance_scale, int32_t without_noise) {
  FlatTensor tensors[] = {
      {state, sample, sample_count, sample_dtype},
      {state, prediction, prediction_count, prediction_dtype},
      {state, next, next_count, next_dtype},
      {state, unconditional, unconditional_count, unconditional_dtype},
      {state, noise0, noise0_count, noise0_dtype},
      {state, noise1, noise1_count, noise1_dtype},
      {state, denoised, denoised_count, denoised_dtype},
      {state, next_input, next_input_count, next_input_dtype},
      {state, mask, mask_count, mask_dtype},
      {state, original, original_count, original_dtype},
      {state, known_noise, known_noise_count, known_noise_dtype},
  };
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  set_tensors(args, [&](int slot) { return tensors[slot].get(); });
  args.without_noise = without_noise;
  args.guidance_scale = guidance_scale;
  const sched_status status = set_groups(state, {group_timesteps, group_timesteps_count},
                                         {group_targets, group_targets_count}, args);
  return status == SCHED_OK ? sched_step_wide(state, &args) : status;
}

// ------------------------------------------------------------------------ weights

sched_status sched_flat_weights_denoised(const sched_weights* weights, double* out,
                                         int64_t capacity) {
  return guarded([&] {
    need(weights != nullptr, "weights is NULL");
    check_capacity(out, capacity);
    copy_weights(weights->denoised, out);
  });
}

sched_status sched_flat_weights_row(const sched_weights* weights, int32_t row, double* out,
                                    int64_t capacity, int32_t* output) {
  return guarded([&] {
    need(weights != nullptr && output != nullptr, "weights or output is NULL");
    need(row >= 0 && row < weights->rows && row < SCHED_WEIGHTS_ROWS, "row is out of range");
    check_capacity(out, capacity);
    copy_weights(weights->weight[row], out);
    *output = weights->output[row];
  });
}

// ------------------------------------------------------------------------ devices

sched_status sched_flat_device_count(int32_t* count) {
  return sched_vulkan_list(nullptr, 0, count);
}

sched_status sched_flat_device_at(int32_t index, sched_vulkan_device* device) {
  if (device == nullptr) return SCHED_ERROR_ARGUMENT;
  int32_t count = 0;
  const sched_status status = sched_vulkan_list(nullptr, 0, &count);
  if (status != SCHED_OK) return status;
  if (index < 0 || index >= count) return SCHED_ERROR_ARGUMENT;
  return guarded([&] {
    sched_vulkan_device each = {};
    each.struct_size = sizeof each;
    std::vector<sched_vulkan_device> devices(static_cast<std::size_t>(count), each);
    const sched_status listed = sched_vulkan_list(devices.data(), count, &count);
    if (listed != SCHED_OK) fail(static_cast<Status>(listed), "the devices cannot be listed");
    need(index < count, "index is out of range");
    give_checked(devices[static_cast<std::size_t>(index)], device, "device");
  });
}

const char* sched_flat_device_name(const sched_vulkan_device* device) {
  return device == nullptr ? nullptr : device->name;
}

sched_vulkan* sched_flat_vulkan_create(int32_t device_index, const char* device_name,
                                       const char* device_extensions,
                                       const sched_vulkan_limits* limits, char* message,
                                       int64_t message_capacity, int32_t* status) {
  return made<sched_vulkan>(message, message_capacity, status, [&](sched_vulkan** out) {
    const Words extensions(device_extensions);
    sched_vulkan_create_options options = SCHED_VULKAN_CREATE_OPTIONS_INIT;
    options.device_index = device_index;
    options.device_name = device_name;
    options.device_extensions = extensions.data();
    options.device_extension_count = extensions.count();
    options.limits = limits;
    set_message(options, message, message_capacity);
    return sched_vulkan_create(&options, out);
  });
}

const char* sched_flat_info_name(const sched_flat_info* info) {
  return info == nullptr ? nullptr : info->name;
}

}  // extern "C"
