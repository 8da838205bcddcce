/*
 * Vulkan with a device of the library's own: what needs no header of Vulkan's.
 *
 * A context goes into sched_init() as `options.vulkan`, with `options.kernel`
 * SCHED_KERNEL_VULKAN; every function of sched.h then takes the state, and copies the caller's
 * memory to the device and back.  sched_vulkan.h has the rest: the application's own device, and
 * steps recorded into its command buffers.
 *
 * THREADS: a context may be shared by threads; a state belongs to one at a time.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SCHED_SCHED_DEVICE_H_
#define SCHED_SCHED_DEVICE_H_

#include <sched/sched.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ----------------------------------------------------------------- devices */

typedef struct sched_vulkan_device {
  uint32_t struct_size;
  int32_t index;       /* for sched_vulkan_create_options.device_index */
  int32_t is_suitable; /* 1 where the library can run on it */
  int32_t type;        /* VkPhysicalDeviceType */
  uint32_t vendor_id, device_id, driver_version, api_version;
  char name[256];
} sched_vulkan_device;

/**
 * Lists the devices of this machine, as the loader gives them.
 *
 * @param devices   gets the first `capacity` of them, struct_size set in each; NULL to ask for
 *                  the count only
 * @param count     gets the number of devices; 0 where there is none
 * @return SCHED_OK, SCHED_ERROR_UNSUPPORTED where there is no loader or this build has no
 *         Vulkan, SCHED_ERROR_CAPACITY (nothing written), SCHED_ERROR_ARGUMENT,
 *         SCHED_ERROR_STRUCT_SIZE, SCHED_ERROR_VULKAN
 */
SCHED_API sched_status sched_vulkan_list(sched_vulkan_device* devices, int32_t capacity,
                                         int32_t* count);

/*
 * Lower limits than the device's own, for tests and for drivers that claim too much.
 * 0 leaves the device's; what claims more than the device offers is refused.
 */
typedef struct sched_vulkan_limits {
  uint32_t struct_size;
  uint32_t max_buffers;      /* storage buffers for each stage, at least 4 */
  uint32_t max_group_size;   /* invocations in a group, at least 32 */
  uint32_t max_group_count;  /* groups along x, at least 64 */
  uint64_t max_range;        /* bytes of one storage buffer binding, at least 64 KiB */
  uint64_t offset_alignment; /* of a binding: a power of two up to 4096, the device's or higher */
  int32_t is_non_coherent;   /* 1: flush and invalidate host memory, in whole atoms */
  int32_t reserved;
} sched_vulkan_limits;

#define SCHED_VULKAN_LIMITS_INIT \
  { sizeof(sched_vulkan_limits), 0, 0, 0, 0, 0, 0, 0 }

/* ---------------------------------------------------------------- contexts */

typedef struct sched_vulkan_create_options {
  uint32_t struct_size;
  int32_t device_index;    /* of sched_vulkan_list(); -1 chooses by name, or the most suitable */
  const char* device_name; /* part of a name, in any case; NULL for any */
  const char* const* device_extensions; /* to enable besides; may be NULL */
  int32_t device_extension_count;
  int32_t reserved;
  const sched_vulkan_limits* limits; /* may be NULL */
  char* message;                     /* gets the sentence where create fails; may be NULL */
  uint64_t message_capacity;         /* bytes at `message`, with the final zero */
} sched_vulkan_create_options;

#define SCHED_VULKAN_CREATE_OPTIONS_INIT \
  { sizeof(sched_vulkan_create_options), -1, 0, 0, 0, 0, 0, 0, 0 }

/**
 * Makes a context with a device of its own.  "Most suitable" is a discrete device before an
 * integrated, a virtual and a CPU's, the first of its kind.
 *
 * @param options  may be NULL
 * @param out      gets the context; NULL on error.  Release by sched_vulkan_free().
 * @return SCHED_OK, or
 *         SCHED_ERROR_UNSUPPORTED  no loader, no such device, none with a compute queue, no
 *                                  such extension, or this build has no Vulkan
 *         SCHED_ERROR_VALUE        a limit that is out of range, or device_index below -1
 *         SCHED_ERROR_DEVICE_MEMORY, SCHED_ERROR_DEVICE_LOST, SCHED_ERROR_VULKAN,
 *         SCHED_ERROR_MEMORY, SCHED_ERROR_ARGUMENT, SCHED_ERROR_STRUCT_SIZE
 * Any thread.
 */
SCHED_API sched_status sched_vulkan_create(const sched_vulkan_create_options* options,
                                           sched_vulkan** out);

/** Releases a context.  States made with it stay valid and keep it alive.  NULL is fine. */
SCHED_API void sched_vulkan_free(sched_vulkan* vulkan);

/* ------------------------------------------------------------ pipeline cache */

/**
 * The pipelines that the driver compiled, as bytes for the application to keep.  The library
 * writes no file.  Compiles them where no state was made yet.
 *
 * @param bytes     gets the bytes; NULL to ask for the size only
 * @return SCHED_OK, SCHED_ERROR_CAPACITY (nothing written), SCHED_ERROR_ARGUMENT,
 *         SCHED_ERROR_DEVICE_LOST, SCHED_ERROR_VULKAN
 * Any thread.
 */
SCHED_API sched_status sched_vulkan_get_cache(sched_vulkan* vulkan, void* bytes, uint64_t capacity,
                                              uint64_t* size);

/**
 * Takes such bytes up, before the first state is made: pipelines are compiled then.  The
 * bytes are checked before the driver sees them.
 *
 * @return SCHED_OK, or
 *         SCHED_ERROR_DAMAGED   truncated, changed, or no such bytes
 *         SCHED_ERROR_MISMATCH  of another device, driver, or version of this library
 *         SCHED_ERROR_CONFLICT  the pipelines are compiled already
 *         SCHED_ERROR_ARGUMENT, SCHED_ERROR_VULKAN
 * On error nothing changed.  Any thread.
 */
SCHED_API sched_status sched_vulkan_set_cache(sched_vulkan* vulkan, const void* bytes,
                                              uint64_t size);

#ifdef __cplusplus
}
#endif

#endif /* SCHED_SCHED_DEVICE_H_ */
