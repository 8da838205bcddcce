/*
 * sched_flat.h, and with it sched_device.h, as C99 and as C++ without a warning and without
 * Vulkan's headers, and the layout of their structs.  See abi_header.c, which says what these
 * numbers mean.
 */
#include <sched/sched_flat.h>
/* Twice, for the include guard. */
#include <sched/sched_flat.h>
#include <stddef.h>
#include <stdio.h>

#ifdef VULKAN_CORE_H_
#error "sched_flat.h needs no header of Vulkan's"
#endif

#define CHECK_(condition, line) typedef char check_##line[(condition) ? 1 : -1]
#define CHECK__(condition, line) CHECK_(condition, line)
#define CHECK(condition) CHECK__(condition, __LINE__)
#define AT(type, member, offset) CHECK(offsetof(type, member) == (offset))

CHECK(SCHED_FLAT_SAMPLE == 0 && SCHED_FLAT_PREDICTION == 1 && SCHED_FLAT_NEXT == 2);
CHECK(SCHED_FLAT_UNCONDITIONAL == 3 && SCHED_FLAT_NOISE0 == 4 && SCHED_FLAT_NOISE1 == 5);
CHECK(SCHED_FLAT_DENOISED == 6 && SCHED_FLAT_NEXT_INPUT == 7 && SCHED_FLAT_MASK == 8);
CHECK(SCHED_FLAT_ORIGINAL == 9 && SCHED_FLAT_KNOWN_NOISE == 10 && SCHED_FLAT_SLOTS == 11);

/* Without pointers, so the same on every machine. */
CHECK(sizeof(sched_flat_import) == 72);
AT(sched_flat_import, queue_family, 4);
AT(sched_flat_import, get_instance_proc_addr, 8);
AT(sched_flat_import, instance, 16);
AT(sched_flat_import, physical_device, 24);
AT(sched_flat_import, device, 32);
AT(sched_flat_import, queue, 40);
AT(sched_flat_import, lock, 48);
AT(sched_flat_import, unlock, 56);
AT(sched_flat_import, user, 64);

CHECK(sizeof(sched_flat_info) == 328);
AT(sched_flat_info, queue_family, 4);
AT(sched_flat_info, instance, 8);
AT(sched_flat_info, physical_device, 16);
AT(sched_flat_info, device, 24);
AT(sched_flat_info, queue, 32);
AT(sched_flat_info, max_buffers, 40);
AT(sched_flat_info, group_size, 44);
AT(sched_flat_info, max_range, 48);
AT(sched_flat_info, offset_alignment, 56);
AT(sched_flat_info, is_lost, 64);
AT(sched_flat_info, name, 72);

int main(void) {
  const sched_flat_import import = SCHED_FLAT_IMPORT_INIT;
  const sched_flat_info info = SCHED_FLAT_INFO_INIT;
  int32_t count = 0, status = 0;
  int wrong = import.struct_size != sizeof import || import.queue != 0 || import.user != 0;
  wrong += info.struct_size != sizeof info || info.max_range != 0 || info.name[0] != 0;
  /* Both say the same, in a build with Vulkan and in one without. */
  wrong += sched_flat_device_count(&count) != sched_vulkan_list(NULL, 0, &count);
  wrong += sched_flat_create("{}", 2, 0, NULL, 0, &status) != NULL || status == SCHED_OK;
  printf("%d wrong\n", wrong);
  return wrong == 0 ? 0 : 1;
}
