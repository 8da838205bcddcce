//go:build sched_build

// Package vulkanapp is as much of an application as a test of recorded steps needs: a buffer and a
// command buffer on a device that somebody else made.
package vulkanapp

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

typedef struct app {
  VkInstance instance;
  VkDevice device;
  VkQueue queue;
  VkBuffer buffer;
  VkDeviceMemory memory;
  VkCommandPool pool;
  VkCommandBuffer commands;
  void* values;
} app;

static PFN_vkGetInstanceProcAddr loader(void) {
  void* library = dlopen("libvulkan.so.1", RTLD_NOW);
  return library ? (PFN_vkGetInstanceProcAddr)dlsym(library, "vkGetInstanceProcAddr") : 0;
}

// A function of Vulkan, by the loader.
#define VK(name) ((PFN_##name)loader()(a->instance, #name))
#define TRY(call)                         \
  do {                                    \
    const VkResult result = call;         \
    if (result != VK_SUCCESS) return result; \
  } while (0)

static int make_buffer(app* a, VkPhysicalDevice physical, uint64_t bytes) {
  const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
      .size = bytes, .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT};
  TRY(VK(vkCreateBuffer)(a->device, &info, 0, &a->buffer));
  VkMemoryRequirements needs;
  VK(vkGetBufferMemoryRequirements)(a->device, a->buffer, &needs);
  VkPhysicalDeviceMemoryProperties kinds;
  VK(vkGetPhysicalDeviceMemoryProperties)(physical, &kinds);
  const VkMemoryPropertyFlags wanted =
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  uint32_t kind = 0;
  while (kind < kinds.memoryTypeCount && (!(needs.memoryTypeBits >> kind & 1) ||
         (kinds.memoryTypes[kind].propertyFlags & wanted) != wanted)) {
    ++kind;
  }
  const VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
      .allocationSize = needs.size, .memoryTypeIndex = kind};
  TRY(VK(vkAllocateMemory)(a->device, &allocate, 0, &a->memory));
  TRY(VK(vkBindBufferMemory)(a->device, a->buffer, a->memory, 0));
  return VK(vkMapMemory)(a->device, a->memory, 0, VK_WHOLE_SIZE, 0, &a->values);
}

static int begin(app* a, uint32_t family) {
  const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
      .queueFamilyIndex = family};
  TRY(VK(vkCreateCommandPool)(a->device, &pool, 0, &a->pool));
  const VkCommandBufferAllocateInfo allocate = {
      .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandPool = a->pool,
      .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY, .commandBufferCount = 1};
  TRY(VK(vkAllocateCommandBuffers)(a->device, &allocate, &a->commands));
  const VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  return VK(vkBeginCommandBuffer)(a->commands, &info);
}

static int end(app* a) {
  const VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
      .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT, .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
  VK(vkCmdPipelineBarrier)(a->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
      VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0, 0, 0, 0);
  TRY(VK(vkEndCommandBuffer)(a->commands));
  const VkSubmitInfo submit = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1,
      .pCommandBuffers = &a->commands};
  TRY(VK(vkQueueSubmit)(a->queue, 1, &submit, VK_NULL_HANDLE));
  TRY(VK(vkQueueWaitIdle)(a->queue));
  VK(vkDestroyCommandPool)(a->device, a->pool, 0);
  return VK_SUCCESS;
}

static void destroy(app* a) {
  VK(vkDestroyBuffer)(a->device, a->buffer, 0);
  VK(vkFreeMemory)(a->device, a->memory, 0);
}

static uint64_t number(void* handle) { return (uint64_t)(uintptr_t)handle; }
static void* handle(uint64_t number) { return (void*)(uintptr_t)number; }
static uint64_t proc_addr(void) { return (uint64_t)(uintptr_t)loader(); }
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// App has one buffer of float32.
type App struct {
	c      C.app
	family uint32
	count  int
}

// ProcAddr is vkGetInstanceProcAddr.
func ProcAddr() uint64 { return uint64(C.proc_addr()) }

func must(result C.int) {
	if result != C.VK_SUCCESS {
		panic(fmt.Sprint("VkResult ", result))
	}
}

// Open makes the buffer.
func Open(instance, physical, device, queue uint64, family uint32, count int) *App {
	a := &App{family: family, count: count}
	a.c.instance = C.VkInstance(C.handle(C.uint64_t(instance)))
	a.c.device = C.VkDevice(C.handle(C.uint64_t(device)))
	a.c.queue = C.VkQueue(C.handle(C.uint64_t(queue)))
	must(C.make_buffer(&a.c, C.VkPhysicalDevice(C.handle(C.uint64_t(physical))), C.uint64_t(4*count)))
	return a
}

// Values are the buffer's, in host memory.
func (a *App) Values() []float32 { return unsafe.Slice((*float32)(a.c.values), a.count) }

// Buffer is the VkBuffer.
func (a *App) Buffer() uint64 { return uint64(C.number(unsafe.Pointer(a.c.buffer))) }

// Run gives body a command buffer to record into, submits it and waits.
func (a *App) Run(body func(commands uint64)) {
	must(C.begin(&a.c, C.uint32_t(a.family)))
	body(uint64(C.number(unsafe.Pointer(a.c.commands))))
	must(C.end(&a.c))
}

// Close destroys the buffer.
func (a *App) Close() { C.destroy(&a.c) }
