/*
 * The C ABI for languages: what sched.h and sched_vulkan.h say with structs of pointers, said with
 * numbers, arrays and lengths, in one call each.  SWIG, cgo, P/Invoke, JNI and every other foreign
 * function interface takes it as it is; C and C++ have no use for it.  What sched.h says without
 * such structs (sched_timesteps, sched_save, ...) has no second form here.
 *
 * CONVENTIONS
 *
 * A tensor is three arguments: where its values lie, how many there are in the whole batch, and
 *   their sched_dtype.  NULL means none, where a tensor may be left out.  A count that is not a
 *   whole number of items is SCHED_ERROR_SHAPE, as any other that does not fit.
 * What makes a handle returns it, NULL on error, and writes the sched_status to `status`, which
 *   may be NULL.
 * `message` gets the sentence where a call fails, as far as `message_capacity` bytes hold it, with
 *   a final zero; NULL for none.  The errors of a state are its own: sched_last_error().
 * A handle of Vulkan, a function and an object of the caller's are a uint64_t.
 *
 * Errors, ownership and threads are those of the function without `flat` in its name; an array
 * that was given with the wrong length, or not at all, is SCHED_ERROR_ARGUMENT.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SCHED_SCHED_FLAT_H_
#define SCHED_SCHED_FLAT_H_

#include <sched/sched_device.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ handles */

/** sched_create(): `config` is UTF-8, `config_length` bytes. */
SCHED_API sched_scheduler* sched_flat_create(const char* config, int64_t config_length,
                                             int32_t lenient, char* message,
                                             int64_t message_capacity, int32_t* status);

/**
 * sched_init(): `options` has the numbers, and no pointer; the lists are arguments.
 *
 * @param options     struct_size set; timesteps, sigmas, item_seeds, vulkan, message, parallel_for
 *                    and parallel_context NULL
 * @param timesteps   custom timesteps, or NULL
 * @param sigmas      custom sigmas, or NULL
 * @param item_seeds  options->batch seeds, or NULL
 * @param vulkan      with SCHED_KERNEL_VULKAN, else NULL
 */
SCHED_API sched_state* sched_flat_init(const sched_scheduler* scheduler,
                                       const sched_init_options* options, const double* timesteps,
                                       int64_t timesteps_count, const double* sigmas,
                                       int64_t sigmas_count, const uint64_t* item_seeds,
                                       int64_t item_seeds_count, sched_vulkan* vulkan,
                                       char* message, int64_t message_capacity, int32_t* status);

/** sched_clone() */
SCHED_API sched_state* sched_flat_clone(const sched_state* state, int32_t* status);

/* ------------------------------------------------------------------ tensors */

/** sched_initial_noise() */
SCHED_API sched_status sched_flat_initial_noise(sched_state* state, void* out, int64_t out_count,
                                                int32_t out_dtype);

/** sched_scale_input() */
SCHED_API sched_status sched_flat_scale_input(sched_state* state, const void* sample,
                                              int64_t sample_count, int32_t sample_dtype, void* out,
                                              int64_t out_count, int32_t out_dtype);

/** sched_add_noise(); `noise` may be NULL. */
SCHED_API sched_status sched_flat_add_noise(sched_state* state, int64_t step, const void* original,
                                            int64_t original_count, int32_t original_dtype,
                                            const void* noise, int64_t noise_count,
                                            int32_t noise_dtype, void* out, int64_t out_count,
                                            int32_t out_dtype);

/** sched_step(); `next` may be `sample`. */
SCHED_API sched_status sched_flat_step(sched_state* state, const void* sample, int64_t sample_count,
                                       int32_t sample_dtype, const void* prediction,
                                       int64_t prediction_count, int32_t prediction_dtype,
                                       void* next, int64_t next_count, int32_t next_dtype);

/**
 * sched_step_wide().  Only `sample` and `next` must be there, and `prediction` where the call asks
 * a model.
 *
 * @param group_timesteps  batch * groups times, or NULL; the number of groups is what the count
 *                         makes of the batch
 * @param group_targets    as many, or NULL
 */
SCHED_API sched_status sched_flat_step_wide(
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
    double guidance_scale, int32_t without_noise);

/* ------------------------------------------------------------------ weights */

/**
 * Copies the weights by which x0 is made, SCHED_WEIGHTS_INPUTS numbers.
 * @return SCHED_OK, SCHED_ERROR_ARGUMENT, SCHED_ERROR_CAPACITY (nothing written)
 */
SCHED_API sched_status sched_flat_weights_denoised(const sched_weights* weights, double* out,
                                                   int64_t capacity);

/**
 * Copies the weights of row `row` (0 .. weights->rows - 1), SCHED_WEIGHTS_INPUTS numbers, and
 * says in `output` what they make, a sched_output.
 * @return SCHED_OK, SCHED_ERROR_ARGUMENT, SCHED_ERROR_CAPACITY (nothing written)
 */
SCHED_API sched_status sched_flat_weights_row(const sched_weights* weights, int32_t row,
                                              double* out, int64_t capacity, int32_t* output);

/* ------------------------------------------------------------------- Vulkan */

/** How many devices sched_vulkan_list() has; its errors, and SCHED_ERROR_ARGUMENT. */
SCHED_API sched_status sched_flat_device_count(int32_t* count);

/**
 * Device `index` of sched_vulkan_list().
 * @return SCHED_OK, SCHED_ERROR_ARGUMENT (no such index), SCHED_ERROR_STRUCT_SIZE, and those of
 *         sched_vulkan_list()
 */
SCHED_API sched_status sched_flat_device_at(int32_t index, sched_vulkan_device* device);

/** The name of a device, owned by the struct; NULL for NULL. */
SCHED_API const char* sched_flat_device_name(const sched_vulkan_device* device);

/**
 * sched_vulkan_create().
 *
 * @param device_name        part of a name, or NULL
 * @param device_extensions  names with spaces between them, or NULL
 * @param limits             or NULL
 */
SCHED_API sched_vulkan* sched_flat_vulkan_create(int32_t device_index, const char* device_name,
                                                 const char* device_extensions,
                                                 const sched_vulkan_limits* limits, char* message,
                                                 int64_t message_capacity, int32_t* status);

/* sched_vulkan_import_options in numbers.  VkAllocationCallbacks has no place here. */
typedef struct sched_flat_import {
  uint32_t struct_size;
  uint32_t queue_family;
  uint64_t get_instance_proc_addr; /* PFN_vkGetInstanceProcAddr */
  uint64_t instance;
  uint64_t physical_device;
  uint64_t device;
  uint64_t queue;  /* 0: record only */
  uint64_t lock;   /* void (*)(void* user), or 0 */
  uint64_t unlock; /* void (*)(void* user), or 0 */
  uint64_t user;
} sched_flat_import;

#define SCHED_FLAT_IMPORT_INIT \
  { sizeof(sched_flat_import), 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/** sched_vulkan_import(); `limits` may be NULL. */
SCHED_API sched_vulkan* sched_flat_vulkan_import(const sched_flat_import* options,
                                                 const sched_vulkan_limits* limits, char* message,
                                                 int64_t message_capacity, int32_t* status);

/* sched_vulkan_info in numbers. */
typedef struct sched_flat_info {
  uint32_t struct_size;
  uint32_t queue_family;
  uint64_t instance;
  uint64_t physical_device;
  uint64_t device;
  uint64_t queue; /* 0 where it records only */
  uint32_t max_buffers;
  uint32_t group_size;
  uint64_t max_range;
  uint64_t offset_alignment;
  int32_t is_lost;
  int32_t reserved;
  char name[256];
} sched_flat_info;

#define SCHED_FLAT_INFO_INIT                                        \
  {                                                                 \
    sizeof(sched_flat_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0 } \
  }

/** sched_vulkan_get_info() */
SCHED_API sched_status sched_flat_vulkan_info(const sched_vulkan* vulkan, sched_flat_info* info);

/** The name of a context's device, owned by the struct; NULL for NULL. */
SCHED_API const char* sched_flat_info_name(const sched_flat_info* info);

/* Where a tensor of a recorded step stands in the arrays below. */
typedef enum sched_flat_slot {
  SCHED_FLAT_SAMPLE = 0,
  SCHED_FLAT_PREDICTION = 1,
  SCHED_FLAT_NEXT = 2,
  SCHED_FLAT_UNCONDITIONAL = 3,
  SCHED_FLAT_NOISE0 = 4,
  SCHED_FLAT_NOISE1 = 5,
  SCHED_FLAT_DENOISED = 6,
  SCHED_FLAT_NEXT_INPUT = 7,
  SCHED_FLAT_MASK = 8,
  SCHED_FLAT_ORIGINAL = 9,
  SCHED_FLAT_KNOWN_NOISE = 10,
  SCHED_FLAT_SLOT_MAX = 0x7fffffff
} sched_flat_slot;

#define SCHED_FLAT_SLOTS 11

/*
 * RECORDING.  Tensors are arrays with an entry for each: `buffers` (VkBuffer, 0 for none), their
 * `offsets` and `sizes` in bytes, `counts` of values in the whole batch, and `dtypes`.  `device`
 * is the VkDevice that made the buffers, or 0: not checked.
 */

/** sched_vulkan_record_step(): SCHED_FLAT_SLOTS tensors, as sched_flat_slot says. */
SCHED_API sched_status sched_flat_vulkan_record_step(
    sched_vulkan* vulkan, sched_state* state, uint64_t command_buffer, uint64_t device,
    const uint64_t* buffers, const uint64_t* offsets, const uint64_t* sizes, const int64_t* counts,
    const int32_t* dtypes, int32_t tensors, const double* group_timesteps,
    int64_t group_timesteps_count, const double* group_targets, int64_t group_targets_count,
    double guidance_scale, int32_t without_noise);

/** sched_vulkan_record_initial_noise(): 1 tensor, `out`. */
SCHED_API sched_status sched_flat_vulkan_record_initial_noise(
    sched_vulkan* vulkan, sched_state* state, uint64_t command_buffer, uint64_t device,
    const uint64_t* buffers, const uint64_t* offsets, const uint64_t* sizes, const int64_t* counts,
    const int32_t* dtypes, int32_t tensors);

/** sched_vulkan_record_scale_input(): 2 tensors, `sample` and `out`. */
SCHED_API sched_status sched_flat_vulkan_record_scale_input(
    sched_vulkan* vulkan, sched_state* state, uint64_t command_buffer, uint64_t device,
    const uint64_t* buffers, const uint64_t* offsets, const uint64_t* sizes, const int64_t* counts,
    const int32_t* dtypes, int32_t tensors);

/** sched_vulkan_record_add_noise(): 3 tensors, `original`, `noise` (may be none) and `out`. */
SCHED_API sched_status sched_flat_vulkan_record_add_noise(
    sched_vulkan* vulkan, sched_state* state, uint64_t command_buffer, int64_t step,
    uint64_t device, const uint64_t* buffers, const uint64_t* offsets, const uint64_t* sizes,
    const int64_t* counts, const int32_t* dtypes, int32_t tensors);

#ifdef __cplusplus
}
#endif

#endif /* SCHED_SCHED_FLAT_H_ */
