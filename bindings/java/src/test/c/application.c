// An application with Vulkan of its own, as far as recorded steps need one: a buffer that Java
// sees, and command buffers that are executed at once.
#define VK_NO_PROTOTYPES
#include <dlfcn.h>
#include <jni.h>
#include <stdint.h>
#include <stdlib.h>
#include <vulkan/vulkan.h>

typedef struct {
  VkDevice device;
  VkQueue queue;
  VkCommandPool pool;
  VkBuffer buffer;
  VkDeviceMemory memory;
  void* mapped;
  VkDeviceSize size;
  int locks, unlocks;
  PFN_vkGetDeviceProcAddr get;
} App;

#define NATIVE(TYPE, NAME) JNIEXPORT TYPE JNICALL Java_io_sched_Application_##NAME
#define CALL(APP, NAME) ((PFN_##NAME)(APP)->get((APP)->device, #NAME))
#define APP(NUMBER) ((App*)(intptr_t)(NUMBER))

static PFN_vkVoidFunction loader(void) {
  void* library = dlopen("libvulkan.so.1", RTLD_NOW);
  return library == NULL ? NULL : (PFN_vkVoidFunction)dlsym(library, "vkGetInstanceProcAddr");
}

static void lock(void* user) { ++((App*)user)->locks; }
static void unlock(void* user) { ++((App*)user)->unlocks; }

NATIVE(jlong, loader)(JNIEnv* env, jclass type) {
  (void)env, (void)type;
  return (jlong)(intptr_t)loader();
}

NATIVE(jlong, lock)(JNIEnv* env, jclass type) {
  (void)env, (void)type;
  return (jlong)(intptr_t)lock;
}

NATIVE(jlong, unlock)(JNIEnv* env, jclass type) {
  (void)env, (void)type;
  return (jlong)(intptr_t)unlock;
}

// Locks so far; -1 where one was not unlocked.
NATIVE(jint, locks)(JNIEnv* env, jclass type, jlong app) {
  (void)env, (void)type;
  return APP(app)->locks == APP(app)->unlocks ? APP(app)->locks : -1;
}

static uint32_t host_memory(PFN_vkGetInstanceProcAddr get, VkInstance instance,
                            VkPhysicalDevice physical, uint32_t bits) {
  VkPhysicalDeviceMemoryProperties memory;
  ((PFN_vkGetPhysicalDeviceMemoryProperties)get(instance, "vkGetPhysicalDeviceMemoryProperties"))(
      physical, &memory);
  const VkMemoryPropertyFlags wanted =
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  for (uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
    if ((bits >> i & 1) && (memory.memoryTypes[i].propertyFlags & wanted) == wanted) return i;
  }
  return UINT32_MAX;
}

// An application on this device, with a buffer of `size` bytes; 0 where that fails.
NATIVE(jlong, open)
(JNIEnv* env, jclass type, jlong instance, jlong physical, jlong device, jlong queue, jint family,
 jlong size) {
  (void)env, (void)type;
  PFN_vkGetInstanceProcAddr get = (PFN_vkGetInstanceProcAddr)loader();
  App* app = calloc(1, sizeof *app);
  if (get == NULL || app == NULL) return 0;
  app->device = (VkDevice)(intptr_t)device;
  app->queue = (VkQueue)(intptr_t)queue;
  app->size = (VkDeviceSize)size;
  app->get = (PFN_vkGetDeviceProcAddr)get((VkInstance)(intptr_t)instance, "vkGetDeviceProcAddr");
  const VkCommandPoolCreateInfo pool = {VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, NULL, 0,
                                        (uint32_t)family};
  const VkBufferCreateInfo buffer = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = app->size,
                                     .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT};
  if (CALL(app, vkCreateCommandPool)(app->device, &pool, NULL, &app->pool) != VK_SUCCESS) return 0;
  if (CALL(app, vkCreateBuffer)(app->device, &buffer, NULL, &app->buffer) != VK_SUCCESS) return 0;
  VkMemoryRequirements needs;
  CALL(app, vkGetBufferMemoryRequirements)(app->device, app->buffer, &needs);
  const VkMemoryAllocateInfo memory = {
      VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, NULL, needs.size,
      host_memory(get, (VkInstance)(intptr_t)instance, (VkPhysicalDevice)(intptr_t)physical,
                  needs.memoryTypeBits)};
  if (CALL(app, vkAllocateMemory)(app->device, &memory, NULL, &app->memory) != VK_SUCCESS) return 0;
  if (CALL(app, vkBindBufferMemory)(app->device, app->buffer, app->memory, 0) != VK_SUCCESS ||
      CALL(app, vkMapMemory)(app->device, app->memory, 0, VK_WHOLE_SIZE, 0, &app->mapped) !=
          VK_SUCCESS) {
    return 0;
  }
  return (jlong)(intptr_t)app;
}

NATIVE(jlong, buffer)(JNIEnv* env, jclass type, jlong app) {
  (void)env, (void)type;
  return (jlong)(intptr_t)APP(app)->buffer;
}

NATIVE(jobject, memory)(JNIEnv* env, jclass type, jlong app) {
  (void)type;
  return (*env)->NewDirectByteBuffer(env, APP(app)->mapped, (jlong)APP(app)->size);
}

// A command buffer that is being recorded; 0 where that fails.
NATIVE(jlong, begin)(JNIEnv* env, jclass type, jlong number) {
  (void)env, (void)type;
  const App* app = APP(number);
  const VkCommandBufferAllocateInfo info = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, NULL,
                                            app->pool, VK_COMMAND_BUFFER_LEVEL_PRIMARY, 1};
  VkCommandBuffer made = NULL;
  if (CALL(app, vkAllocateCommandBuffers)(app->device, &info, &made) != VK_SUCCESS) return 0;
  const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  CALL(app, vkBeginCommandBuffer)(made, &begin);
  return (jlong)(intptr_t)made;
}

// Executes it to its end.
NATIVE(jboolean, submit)(JNIEnv* env, jclass type, jlong number, jlong commands) {
  (void)env, (void)type;
  const App* app = APP(number);
  VkCommandBuffer recorded = (VkCommandBuffer)(intptr_t)commands;
  const VkMemoryBarrier barrier = {VK_STRUCTURE_TYPE_MEMORY_BARRIER, NULL,
                                   VK_ACCESS_SHADER_WRITE_BIT, VK_ACCESS_HOST_READ_BIT};
  CALL(app, vkCmdPipelineBarrier)
  (recorded, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0,
   NULL, 0, NULL);
  CALL(app, vkEndCommandBuffer)(recorded);
  const VkSubmitInfo submit = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .commandBufferCount = 1,
                               .pCommandBuffers = &recorded};
  return CALL(app, vkQueueSubmit)(app->queue, 1, &submit, VK_NULL_HANDLE) == VK_SUCCESS &&
         CALL(app, vkQueueWaitIdle)(app->queue) == VK_SUCCESS;
}

NATIVE(void, close)(JNIEnv* env, jclass type, jlong number) {
  (void)env, (void)type;
  App* app = APP(number);
  CALL(app, vkDestroyCommandPool)(app->device, app->pool, NULL);
  CALL(app, vkDestroyBuffer)(app->device, app->buffer, NULL);
  CALL(app, vkFreeMemory)(app->device, app->memory, NULL);
  free(app);
}
