/*
 * sched on Vulkan: every method of sched.h as compute shaders on a device.
 *
 * Experimental, and may change in a new minor version: the sched_vulkan_record functions, and the
 * options of sched_vulkan_import(); see STABILITY in sched.h.
 *
 * THREE WAYS IN
 *
 * 1. The library owns the device.  sched_vulkan_create() opens the machine's Vulkan loader,
 *    chooses a device and makes a queue.  It is in sched_device.h, with the pipeline cache, and
 *    needs no header of Vulkan's.
 * 2. The application owns it.  sched_vulkan_import() takes instance, physical device, device
 *    and queue by value, and a pair of functions that lock the queue.
 * 3. Record only.  A context of either kind, even one that was imported without a queue,
 *    records steps into the application's command buffers, on its own buffers and offsets.
 *
 * Either context goes into sched_init() as `options.vulkan`, with `options.kernel`
 * SCHED_KERNEL_VULKAN.  Every function of sched.h then takes the state: sched_step() and
 * the others copy the caller's memory to the device, submit, wait, and copy back; that needs a
 * queue.  The sched_vulkan_record functions below do none of this.
 *
 * WHAT A STATE KEEPS lies in device memory, in float32.  sched_save() reads it back (a queue is
 * needed), sched_load() takes it up with the next call or recording; what was recorded before
 * must have been executed by then.
 *
 * RECORDING, for every sched_vulkan_record function
 *
 * - The command buffer is in the recording state, outside a render pass, and from a pool of a
 *   family that has compute.  Vulkan offers no way to check this; a NULL handle is refused.
 * - It never waits, submits, or allocates.  The state's position moves when a call is recorded,
 *   not when it is executed; a command buffer that is thrown away leaves the state to be restored
 *   from a save or clone.
 * - Barriers: before its first dispatch, one global memory barrier that makes what compute
 *   shaders and transfers wrote before visible to its shader reads and writes, and lets earlier
 *   shader reads finish; between its own dispatches, the same.  After the last dispatch there is
 *   none: the application makes what was written (stage COMPUTE_SHADER, access SHADER_WRITE)
 *   visible to whoever reads it, unless that is another sched_vulkan_record call.  To Vulkan every
 *   tensor of a step counts as written, since the shaders declare all buffers writable: what
 *   overwrites a prediction waits for SHADER_WRITE too.  Buffers shared between queue families are
 *   the application's to transfer.
 * - What a recording needs of the library (weights, descriptors) is kept for
 *   `options.recorded_in_flight` recordings: a recorded command buffer must have been executed
 *   to its end before the state has recorded that many calls more, and is executed once.
 *
 * A tensor is a VkBuffer (usage STORAGE_BUFFER), an offset of whole 4 bytes, and a shape.  Each
 * separate buffer that a step touches takes a descriptor.  Every device has 4 storage buffers
 * for each stage, the state takes one of them, and tensors in one buffer share theirs where
 * sched_vulkan_info.max_range covers both: sched_vulkan_info.max_buffers says how many this
 * device has.
 *
 * NUMBERS: arithmetic is float32 in the order of the CPU's `fused` kernel, without contraction:
 * the same bits where neither noise nor thresholding takes part, on devices whose float32 keeps
 * subnormal numbers.  Normals are those of the CPU to 2 units in the last place.
 *
 * THREADS: a context may be shared by threads; a state belongs to one at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SCHED_SCHED_VULKAN_H_
#define SCHED_SCHED_VULKAN_H_

#include <sched/sched_device.h>
#include <vulkan/vulkan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- contexts */

/*
 * The application's Vulkan, all handles by value.  They must outlive the context and every
 * state made with it.
 */
typedef struct sched_vulkan_import_options {
  uint32_t struct_size;
  uint32_t queue_family; /* of `queue`, or of the command buffers that will be recorded */
  PFN_vkGetInstanceProcAddr get_instance_proc_addr;
  VkInstance instance;
  VkPhysicalDevice physical_device;
  VkDevice device;
  VkQueue queue; /* VK_NULL_HANDLE: record only */
  /* Called around each use of the queue, both or neither.  Without them the library locks its own
   * uses against each other only. */
  void (*lock)(void* user);
  void (*unlock)(void* user);
  void* user;
  const VkAllocationCallbacks* allocator; /* may be NULL; copied */
  const sched_vulkan_limits* limits;      /* may be NULL */
  char* message;                          /* gets the sentence where it fails; may be NULL */
  uint64_t message_capacity;
} sched_vulkan_import_options;

#define SCHED_VULKAN_IMPORT_OPTIONS_INIT \
  { sizeof(sched_vulkan_import_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * Makes a context on the application's device.  No feature and no extension is needed, and
 * nothing of the device is changed.
 *
 * @return SCHED_OK, or
 *         SCHED_ERROR_ARGUMENT     a handle is NULL, lock without unlock
 *         SCHED_ERROR_UNSUPPORTED  the queue family has no compute or does not exist, or this
 *                                  build has no Vulkan
 *         and those of sched_vulkan_create()
 * Any thread.
 */
SCHED_API sched_status sched_vulkan_import(const sched_vulkan_import_options* options,
                                           sched_vulkan** out);

/* What a context runs on.  Handles stay the context's. */
typedef struct sched_vulkan_info {
  uint32_t struct_size;
  uint32_t queue_family;
  VkInstance instance;
  VkPhysicalDevice physical_device;
  VkDevice device;
  VkQueue queue;             /* VK_NULL_HANDLE where it records only */
  uint32_t max_buffers;      /* descriptors that one step may take, the state's own too */
  uint32_t group_size;       /* invocations */
  uint64_t max_range;        /* bytes of one binding; larger tensors take several dispatches */
  uint64_t offset_alignment; /* of bindings; tensors need 4 */
  int32_t is_lost;           /* 1 once the device was lost */
  int32_t reserved;
  char name[256];
} sched_vulkan_info;

/** @return SCHED_OK, SCHED_ERROR_ARGUMENT, SCHED_ERROR_STRUCT_SIZE.  Any thread. */
SCHED_API sched_status sched_vulkan_get_info(const sched_vulkan* vulkan, sched_vulkan_info* info);

/* ----------------------------------------------------------------- tensors */

/* A contiguous tensor in a buffer of the application's. */
typedef struct sched_vulkan_tensor {
  uint32_t struct_size;
  int32_t dtype;   /* sched_dtype, but SCHED_F64 */
  VkDevice device; /* that made the buffer; checked against the context's.  NULL: not checked */
  VkBuffer buffer;
  uint64_t offset;      /* bytes, a multiple of 4 */
  uint64_t buffer_size; /* bytes that the buffer has */
  int64_t batch;
  int64_t elements; /* per item */
} sched_vulkan_tensor;

#define SCHED_VULKAN_TENSOR_INIT \
  { sizeof(sched_vulkan_tensor), SCHED_F32, 0, 0, 0, 0, 1, 0 }

/* As sched_step_args, tensor for tensor. */
typedef struct sched_vulkan_step_args {
  uint32_t struct_size;
  int32_t groups;
  const sched_vulkan_tensor* sample;
  const sched_vulkan_tensor* prediction;
  const sched_vulkan_tensor* next;
  const sched_vulkan_tensor* unconditional;
  double guidance_scale;
  const sched_vulkan_tensor* noise[2];
  const sched_vulkan_tensor* denoised;
  const sched_vulkan_tensor* next_input;
  const double* group_timesteps; /* host memory; at most options.recorded_groups for the batch */
  const double* group_targets;   /* host memory */
  const sched_vulkan_tensor* mask;
  const sched_vulkan_tensor* original;
  const sched_vulkan_tensor* known_noise;
  int32_t without_noise;
  int32_t reserved;
} sched_vulkan_step_args;

#define SCHED_VULKAN_STEP_ARGS_INIT \
  { sizeof(sched_vulkan_step_args), 0, 0, 0, 0, 0, 1.0, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* --------------------------------------------------------------- recording */

/**
 * Records the next step, sched_step_wide() on the application's buffers: one dispatch, two with
 * dynamic thresholding, and as many times that as max_range needs.
 *
 * @param vulkan          the context that `state` was made with
 * @param command_buffer  in the recording state
 * @return SCHED_OK, the errors of sched_step_wide(), and
 *         SCHED_ERROR_CONFLICT     the state was made with another context
 *         SCHED_ERROR_ARGUMENT     a buffer or the command buffer is NULL, an offset is no multiple
 *                                  of 4, a buffer is too small, or of another device
 *         SCHED_ERROR_OVERLAP      an output overlaps; `next` may be `sample`, exactly
 *         SCHED_ERROR_UNSUPPORTED  more separate buffers than max_buffers; a step that depends
 *                                  on norms (dpm_adaptive, score_sde_ve's corrector, consistency
 *                                  with noise_clip_std: the host decides, so sched_step() runs
 *                                  them)
 *         SCHED_ERROR_CAPACITY     more groups than options.recorded_groups
 * On error nothing was recorded, and the state is as it was.
 */
SCHED_API sched_status sched_vulkan_record_step(sched_vulkan* vulkan, sched_state* state,
                                                VkCommandBuffer command_buffer,
                                                const sched_vulkan_step_args* args);

/** Records sched_initial_noise().  Errors as sched_vulkan_record_step(). */
SCHED_API sched_status sched_vulkan_record_initial_noise(sched_vulkan* vulkan, sched_state* state,
                                                         VkCommandBuffer command_buffer,
                                                         const sched_vulkan_tensor* out);

/** Records sched_scale_input().  Errors as sched_vulkan_record_step(). */
SCHED_API sched_status sched_vulkan_record_scale_input(sched_vulkan* vulkan, sched_state* state,
                                                       VkCommandBuffer command_buffer,
                                                       const sched_vulkan_tensor* sample,
                                                       const sched_vulkan_tensor* out);

/** Records sched_add_noise().  `noise` may be NULL.  Errors as sched_vulkan_record_step(). */
SCHED_API sched_status sched_vulkan_record_add_noise(sched_vulkan* vulkan, sched_state* state,
                                                     VkCommandBuffer command_buffer, int64_t step,
                                                     const sched_vulkan_tensor* original,
                                                     const sched_vulkan_tensor* noise,
                                                     const sched_vulkan_tensor* out);

#ifdef __cplusplus
}
#endif

#endif /* SCHED_SCHED_VULKAN_H_ */
