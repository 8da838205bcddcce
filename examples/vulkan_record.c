/*
 * An application that owns everything of Vulkan, and records a scheduler's steps among its own
 * commands: one command buffer, one submission, and no lock, no wait and no queue inside the
 * library.
 *
 * The model is a toy that runs on the device: it predicts the same velocity everywhere, kVelocity
 * (1 + timestep / 1000).  A flow matching step goes from x to x + (next sigma - sigma) velocity,
 * so the samples are the first noise, moved by a number that this program knows beforehand.
 */
#include <math.h>
#include <sched/sched_vulkan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kSteps = 20, kElements = 100000, kBytes = 4 * kElements };
static const double kVelocity = 0.5;
static const char kConfig[] = "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\"}";

/* What the program makes, so that release() finds it whatever went wrong. */
static struct {
  VkInstance instance;
  VkPhysicalDevice physical_device;
  uint32_t queue_family;
  VkDevice device;
  VkQueue queue;
  VkCommandPool pool;
  VkCommandBuffer commands;
  VkFence fence;
  VkBuffer tensors, result; /* sample and prediction, one after the other; the end for the host */
  VkDeviceMemory tensors_memory, result_memory;
  sched_vulkan* vulkan;
  sched_scheduler* scheduler;
  sched_state* state;
} app;

/* A state first, then its context, then what the context was made on. */
static void release(void) {
  sched_state_free(app.state);
  sched_free(app.scheduler);
  sched_vulkan_free(app.vulkan);
  if (app.device != VK_NULL_HANDLE) {
    vkDestroyFence(app.device, app.fence, NULL);
    vkDestroyCommandPool(app.device, app.pool, NULL);
    vkDestroyBuffer(app.device, app.tensors, NULL);
    vkDestroyBuffer(app.device, app.result, NULL);
    vkFreeMemory(app.device, app.tensors_memory, NULL);
    vkFreeMemory(app.device, app.result_memory, NULL);
    vkDestroyDevice(app.device, NULL);
  }
  if (app.instance != VK_NULL_HANDLE) vkDestroyInstance(app.instance, NULL);
}

static void stop(const char* what, const char* why, int code) {
  fprintf(stderr, "vulkan_record: %s: %s (%d)\n", what, why, code);
  release();
  exit(1);
}

static void check(VkResult result, const char* call) {
  if (result != VK_SUCCESS) stop(call, "failed", (int)result);
}

static void check_sched(sched_status status, const char* sentence) {
  if (status != SCHED_OK) stop(sched_status_name(status), sentence, (int)status);
}

/* ------------------------------------------------- the application's own Vulkan */

static void create_instance(void) {
  VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO};
  VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
  application.pApplicationName = "vulkan_record";
  application.apiVersion = VK_API_VERSION_1_0; /* the library asks for no more */
  info.pApplicationInfo = &application;
  check(vkCreateInstance(&info, NULL, &app.instance), "vkCreateInstance");
}

/* The first device, and of its queue families the first that computes. */
static void choose_device(void) {
  VkQueueFamilyProperties families[16];
  uint32_t count = 1;
  const VkResult result = vkEnumeratePhysicalDevices(app.instance, &count, &app.physical_device);
  if (result != VK_INCOMPLETE) check(result, "vkEnumeratePhysicalDevices");
  if (count == 0) stop("vkEnumeratePhysicalDevices", "no Vulkan device", 0);
  count = 16;
  vkGetPhysicalDeviceQueueFamilyProperties(app.physical_device, &count, families);
  while (app.queue_family < count &&
         (families[app.queue_family].queueFlags & VK_QUEUE_COMPUTE_BIT) == 0)
    ++app.queue_family;
  if (app.queue_family == count) stop("queue families", "none computes", 0);
}

/* No feature and no extension: the library needs none. */
static void create_device(void) {
  const float priority = 1.0f;
  VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
  VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
  queue.queueFamilyIndex = app.queue_family;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  check(vkCreateDevice(app.physical_device, &info, NULL, &app.device), "vkCreateDevice");
  vkGetDeviceQueue(app.device, app.queue_family, 0, &app.queue);
}

static void create_commands(void) {
  VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
  VkCommandBufferAllocateInfo commands = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
  pool.queueFamilyIndex = app.queue_family;
  check(vkCreateCommandPool(app.device, &pool, NULL, &app.pool), "vkCreateCommandPool");
  commands.commandPool = app.pool;
  commands.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  commands.commandBufferCount = 1;
  check(vkAllocateCommandBuffers(app.device, &commands, &app.commands), "vkAllocateCommandBuffers");
  check(vkCreateFence(app.device, &fence, NULL, &app.fence), "vkCreateFence");
}

static void create_buffer(VkDeviceSize bytes, VkBufferUsageFlags usage,
                          VkMemoryPropertyFlags properties, VkBuffer* buffer,
                          VkDeviceMemory* memory) {
  VkPhysicalDeviceMemoryProperties types;
  VkMemoryRequirements needs;
  VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  VkMemoryAllocateInfo wanted = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
  uint32_t type = 0;
  info.size = bytes;
  info.usage = usage;
  check(vkCreateBuffer(app.device, &info, NULL, buffer), "vkCreateBuffer");
  vkGetBufferMemoryRequirements(app.device, *buffer, &needs);
  vkGetPhysicalDeviceMemoryProperties(app.physical_device, &types);
  while (type < types.memoryTypeCount &&
         ((needs.memoryTypeBits >> type & 1) == 0 ||
          (types.memoryTypes[type].propertyFlags & properties) != properties))
    ++type;
  if (type == types.memoryTypeCount) stop("memory", "no such type", 0);
  wanted.allocationSize = needs.size;
  wanted.memoryTypeIndex = type;
  check(vkAllocateMemory(app.device, &wanted, NULL, memory), "vkAllocateMemory");
  check(vkBindBufferMemory(app.device, *buffer, *memory, 0), "vkBindBufferMemory");
}

static void create_buffers(void) {
  create_buffer(2 * kBytes,
                VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                    VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, &app.tensors, &app.tensors_memory);
  create_buffer(kBytes, VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                &app.result, &app.result_memory);
}

/* --------------------------------------------------------------- the scheduler */

static void create_scheduler(void) {
  char message[512] = "";
  sched_vulkan_import_options import = SCHED_VULKAN_IMPORT_OPTIONS_INIT;
  sched_create_options create = SCHED_CREATE_OPTIONS_INIT;
  sched_init_options init = SCHED_INIT_OPTIONS_INIT;
  import.message = create.message = init.message = message;
  import.message_capacity = create.message_capacity = init.message_capacity = sizeof(message);

  import.get_instance_proc_addr = vkGetInstanceProcAddr;
  import.instance = app.instance;
  import.physical_device = app.physical_device;
  import.device = app.device;
  import.queue_family = app.queue_family;
  import.queue = VK_NULL_HANDLE; /* record only: the library never submits, so nothing to lock */
  check_sched(sched_vulkan_import(&import, &app.vulkan), message);
  check_sched(sched_create(kConfig, sizeof(kConfig) - 1, &create, &app.scheduler), message);

  init.num_steps = kSteps;
  init.elements = kElements;
  init.kernel = SCHED_KERNEL_VULKAN;
  init.vulkan = app.vulkan;
  init.seed = 42;
  check_sched(sched_init(app.scheduler, &init, &app.state), message);
}

static sched_vulkan_tensor tensor_at(uint64_t offset) {
  sched_vulkan_tensor tensor = SCHED_VULKAN_TENSOR_INIT;
  tensor.device = app.device;
  tensor.buffer = app.tensors;
  tensor.offset = offset;
  tensor.buffer_size = 2 * kBytes;
  tensor.elements = kElements;
  return tensor;
}

/* ------------------------------------------------------------------- recording */

static void barrier(VkPipelineStageFlags from, VkAccessFlags written, VkPipelineStageFlags to,
                    VkAccessFlags used) {
  VkMemoryBarrier memory = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER};
  memory.srcAccessMask = written;
  memory.dstAccessMask = used;
  vkCmdPipelineBarrier(app.commands, from, to, 0, 1, &memory, 0, NULL, 0, NULL);
}

static double velocity_at(double timestep) { return kVelocity * (1.0 + timestep / 1000.0); }

/* The library puts no barrier after its dispatch, which may still read the old prediction.  As
 * the shaders declare every buffer writable, to Vulkan each tensor of a step counts as written.
 * The barrier before the next dispatch makes the new prediction visible to it. */
static void record_model(double timestep) {
  const float velocity = (float)velocity_at(timestep);
  uint32_t bits;
  memcpy(&bits, &velocity, sizeof(bits));
  barrier(VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
          VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT);
  vkCmdFillBuffer(app.commands, app.tensors, kBytes, kBytes, bits);
}

static void record_result(void) {
  const VkBufferCopy sample = {0, 0, kBytes};
  barrier(VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
          VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_READ_BIT);
  vkCmdCopyBuffer(app.commands, app.tensors, app.result, 1, &sample);
  barrier(VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT, VK_PIPELINE_STAGE_HOST_BIT,
          VK_ACCESS_HOST_READ_BIT);
}

static void record_loop(void) {
  VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  const sched_vulkan_tensor sample = tensor_at(0), prediction = tensor_at(kBytes);
  sched_vulkan_step_args step = SCHED_VULKAN_STEP_ARGS_INIT;
  sched_call call = SCHED_CALL_INIT;
  step.sample = &sample;
  step.prediction = &prediction;
  step.next = &sample; /* in place */

  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  check(vkBeginCommandBuffer(app.commands, &begin), "vkBeginCommandBuffer");
  check_sched(sched_vulkan_record_initial_noise(app.vulkan, app.state, app.commands, &sample),
              sched_last_error(app.state));
  while (sched_next_call(app.state, &call) == SCHED_OK) {
    record_model(call.timestep);
    check_sched(sched_vulkan_record_step(app.vulkan, app.state, app.commands, &step),
                sched_last_error(app.state));
  }
  record_result();
  check(vkEndCommandBuffer(app.commands), "vkEndCommandBuffer");
}

static void submit_and_wait(void) {
  VkSubmitInfo submit = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO};
  submit.commandBufferCount = 1;
  submit.pCommandBuffers = &app.commands;
  check(vkQueueSubmit(app.queue, 1, &submit, app.fence), "vkQueueSubmit");
  check(vkWaitForFences(app.device, 1, &app.fence, VK_TRUE, UINT64_MAX), "vkWaitForFences");
}

/* ---------------------------------------------------------------------- result */

/* How far the velocities move every sample. */
static double expected_mean(void) {
  double sigmas[kSteps + 1], times[kSteps], mean = 0.0;
  int i;
  check_sched(sched_sigmas(app.state, sigmas, kSteps + 1, NULL), sched_last_error(app.state));
  check_sched(sched_timesteps(app.state, times, kSteps, NULL), sched_last_error(app.state));
  for (i = 0; i < kSteps; ++i) mean += (sigmas[i + 1] - sigmas[i]) * velocity_at(times[i]);
  return mean;
}

/* 0 where mean and deviation are those of the moved noise. */
static int print_result(void) {
  const double expected = expected_mean();
  double sum = 0.0, squares = 0.0, mean, deviation;
  void* mapped = NULL;
  const float* end;
  int i;
  check(vkMapMemory(app.device, app.result_memory, 0, kBytes, 0, &mapped), "vkMapMemory");
  end = (const float*)mapped;
  for (i = 0; i < kElements; ++i) {
    sum += end[i];
    squares += (double)end[i] * end[i];
  }
  vkUnmapMemory(app.device, app.result_memory);
  mean = sum / kElements;
  deviation = sqrt(squares / kElements - mean * mean);
  printf("mean %.4f (expected %.4f), standard deviation %.4f (expected 1)\n", mean, expected,
         deviation);
  return fabs(mean - expected) < 0.02 && fabs(deviation - 1.0) < 0.02 ? 0 : 1;
}

int main(void) {
  int code;
  create_instance();
  choose_device();
  create_device();
  create_commands();
  create_buffers();
  create_scheduler();
  record_loop();
  submit_and_wait();
  code = print_result();
  release();
  return code;
}
