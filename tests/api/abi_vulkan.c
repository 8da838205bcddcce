/*
 * sched_vulkan.h as C99 and as C++ without a warning, and the layout of its structs.  See
 * abi_header.c, which says what these numbers mean.
 */
#include <sched/sched_vulkan.h>
/* Twice, for the include guard. */
#include <sched/sched_vulkan.h>
#include <stddef.h>
#include <stdio.h>

#define CHECK_(condition, line) typedef char check_##line[(condition) ? 1 : -1]
#define CHECK__(condition, line) CHECK_(condition, line)
#define CHECK(condition) CHECK__(condition, __LINE__)
#define AT(type, member, offset) CHECK(offsetof(type, member) == (offset))

CHECK(sizeof(sched_vulkan_device) == 288);
AT(sched_vulkan_device, index, 4);
AT(sched_vulkan_device, is_suitable, 8);
AT(sched_vulkan_device, type, 12);
AT(sched_vulkan_device, vendor_id, 16);
AT(sched_vulkan_device, api_version, 28);
AT(sched_vulkan_device, name, 32);

CHECK(sizeof(sched_vulkan_limits) == 40);
AT(sched_vulkan_limits, max_buffers, 4);
AT(sched_vulkan_limits, max_group_size, 8);
AT(sched_vulkan_limits, max_group_count, 12);
AT(sched_vulkan_limits, max_range, 16);
AT(sched_vulkan_limits, offset_alignment, 24);
AT(sched_vulkan_limits, is_non_coherent, 32);

CHECK(sizeof(sched_vulkan_create_options) == 56);
AT(sched_vulkan_create_options, device_index, 4);
AT(sched_vulkan_create_options, device_name, 8);
AT(sched_vulkan_create_options, device_extensions, 16);
AT(sched_vulkan_create_options, device_extension_count, 24);
AT(sched_vulkan_create_options, limits, 32);
AT(sched_vulkan_create_options, message, 40);
AT(sched_vulkan_create_options, message_capacity, 48);

CHECK(sizeof(sched_vulkan_import_options) == 104);
AT(sched_vulkan_import_options, queue_family, 4);
AT(sched_vulkan_import_options, get_instance_proc_addr, 8);
AT(sched_vulkan_import_options, instance, 16);
AT(sched_vulkan_import_options, physical_device, 24);
AT(sched_vulkan_import_options, device, 32);
AT(sched_vulkan_import_options, queue, 40);
AT(sched_vulkan_import_options, lock, 48);
AT(sched_vulkan_import_options, unlock, 56);
AT(sched_vulkan_import_options, user, 64);
AT(sched_vulkan_import_options, allocator, 72);
AT(sched_vulkan_import_options, limits, 80);
AT(sched_vulkan_import_options, message, 88);
AT(sched_vulkan_import_options, message_capacity, 96);

CHECK(sizeof(sched_vulkan_info) == 328);
AT(sched_vulkan_info, queue_family, 4);
AT(sched_vulkan_info, instance, 8);
AT(sched_vulkan_info, queue, 32);
AT(sched_vulkan_info, max_buffers, 40);
AT(sched_vulkan_info, group_size, 44);
AT(sched_vulkan_info, max_range, 48);
AT(sched_vulkan_info, offset_alignment, 56);
AT(sched_vulkan_info, is_lost, 64);
AT(sched_vulkan_info, name, 72);

CHECK(sizeof(sched_vulkan_tensor) == 56);
AT(sched_vulkan_tensor, dtype, 4);
AT(sched_vulkan_tensor, device, 8);
AT(sched_vulkan_tensor, buffer, 16);
AT(sched_vulkan_tensor, offset, 24);
AT(sched_vulkan_tensor, buffer_size, 32);
AT(sched_vulkan_tensor, batch, 40);
AT(sched_vulkan_tensor, elements, 48);

CHECK(sizeof(sched_vulkan_step_args) == 128);
AT(sched_vulkan_step_args, groups, 4);
AT(sched_vulkan_step_args, sample, 8);
AT(sched_vulkan_step_args, prediction, 16);
AT(sched_vulkan_step_args, next, 24);
AT(sched_vulkan_step_args, unconditional, 32);
AT(sched_vulkan_step_args, guidance_scale, 40);
AT(sched_vulkan_step_args, noise, 48);
AT(sched_vulkan_step_args, denoised, 64);
AT(sched_vulkan_step_args, next_input, 72);
AT(sched_vulkan_step_args, group_timesteps, 80);
AT(sched_vulkan_step_args, group_targets, 88);
AT(sched_vulkan_step_args, mask, 96);
AT(sched_vulkan_step_args, original, 104);
AT(sched_vulkan_step_args, known_noise, 112);
AT(sched_vulkan_step_args, without_noise, 120);

int main(void) {
  const sched_vulkan_limits limits = SCHED_VULKAN_LIMITS_INIT;
  const sched_vulkan_create_options create = SCHED_VULKAN_CREATE_OPTIONS_INIT;
  const sched_vulkan_import_options import = SCHED_VULKAN_IMPORT_OPTIONS_INIT;
  const sched_vulkan_tensor tensor = SCHED_VULKAN_TENSOR_INIT;
  const sched_vulkan_step_args args = SCHED_VULKAN_STEP_ARGS_INIT;
  int wrong = 0;
  sched_vulkan_free(0);
  wrong += limits.struct_size != sizeof limits || limits.max_buffers != 0 ||
           limits.max_range != 0 || limits.is_non_coherent != 0;
  wrong += create.struct_size != sizeof create || create.device_index != -1 ||
           create.device_name != 0 || create.limits != 0 || create.message != 0;
  wrong += import.struct_size != sizeof import || import.queue_family != 0 || import.queue != 0 ||
           import.lock != 0 || import.message_capacity != 0;
  wrong += tensor.struct_size != sizeof tensor || tensor.dtype != SCHED_F32 || tensor.offset != 0 ||
           tensor.batch != 1 || tensor.elements != 0;
  wrong += args.struct_size != sizeof args || args.groups != 0 || args.guidance_scale != 1.0 ||
           args.noise[1] != 0 || args.known_noise != 0 || args.without_noise != 0;
  printf("%d wrong\n", wrong);
  return wrong == 0 ? 0 : 1;
}
