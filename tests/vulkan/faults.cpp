#include "faults.hpp"

namespace vulkan_test {

std::ostream& operator<<(std::ostream& out, const Fault& fault) { return out << fault.name; }

std::string name_of(Way way) { return way == Way::own ? "own" : "imported"; }

const std::vector<Fault>& every_fault() {
  constexpr VkResult host = VK_ERROR_OUT_OF_HOST_MEMORY, device = VK_ERROR_OUT_OF_DEVICE_MEMORY;
  constexpr sched_status memory = SCHED_ERROR_MEMORY, full = SCHED_ERROR_DEVICE_MEMORY;
  static const std::vector<Fault> all = {
      {"vkEnumerateInstanceExtensionProperties", host, memory, Scope::instance},
      // A loader that does not say its version is one of 1.0.
      {"vkEnumerateInstanceVersion", host, SCHED_OK, Scope::instance, Effect::tolerated},
      {"vkCreateInstance", VK_ERROR_LAYER_NOT_PRESENT, SCHED_ERROR_VULKAN, Scope::instance},
      {"vkEnumeratePhysicalDevices", host, memory, Scope::instance},
      {"vkEnumerateDeviceExtensionProperties", device, full, Scope::instance},
      {"vkCreateDevice", VK_ERROR_DEVICE_LOST, SCHED_ERROR_DEVICE_LOST, Scope::instance},
      {"vkCreateDescriptorSetLayout", host, memory, Scope::context},
      {"vkCreatePipelineLayout", device, full, Scope::context},
      {"vkCreateShaderModule", host, memory, Scope::context},
      {"vkCreateComputePipelines", VK_ERROR_UNKNOWN, SCHED_ERROR_VULKAN, Scope::context},
      {"vkCreatePipelineCache", host, memory, Scope::context},
      {"vkGetPipelineCacheData", host, memory, Scope::context},
      {"vkAllocateMemory", device, full, Scope::state},
      {"vkCreateBuffer", host, memory, Scope::state},
      {"vkBindBufferMemory", device, full, Scope::state},
      {"vkMapMemory", VK_ERROR_MEMORY_MAP_FAILED, SCHED_ERROR_VULKAN, Scope::state},
      {"vkCreateDescriptorPool", device, full, Scope::state},
      {"vkAllocateDescriptorSets", VK_ERROR_OUT_OF_POOL_MEMORY, SCHED_ERROR_VULKAN, Scope::state},
      {"vkCreateCommandPool", host, memory, Scope::state},
      {"vkAllocateCommandBuffers", device, full, Scope::state},
      {"vkResetCommandPool", device, full, Scope::state},
      {"vkCreateFence", device, full, Scope::state},
      {"vkResetFences", device, full, Scope::state},
      {"vkBeginCommandBuffer", host, memory, Scope::state},
      {"vkEndCommandBuffer", device, full, Scope::state},
      {"vkQueueSubmit", device, full, Scope::state},
      {"vkFlushMappedMemoryRanges", host, memory, Scope::state},
      {"vkInvalidateMappedMemoryRanges", device, full, Scope::state},
      // Who cannot wait does not know what ran.
      {"vkWaitForFences", device, SCHED_ERROR_DEVICE_LOST, Scope::state, Effect::lost},
  };
  return all;
}

sched_vulkan_limits fault_limits() {
  sched_vulkan_limits limits = SCHED_VULKAN_LIMITS_INIT;
  limits.max_buffers = 4;
  limits.max_range = 65536;
  limits.is_non_coherent = 1;
  return limits;
}

Context new_context(Way way) {
  const sched_vulkan_limits limits = fault_limits();
  if (way == Way::own) {
    sched_vulkan_create_options options = SCHED_VULKAN_CREATE_OPTIONS_INIT;
    options.limits = &limits;
    return create_own(options);
  }
  sched_vulkan_import_options options = import_options(Application::shared());
  options.limits = &limits;
  return import(options);
}

sched_vulkan* context_of_all(Way way) {
  return way == Way::own ? shared_own_context(fault_limits()) : shared_context(fault_limits());
}

std::vector<Tensor> Life::live(sched_vulkan* shared) {
  Context made;
  if (shared == nullptr) {
    made = make_again();
    use_cache(made.get());
  }
  const State state = init_again(shared != nullptr ? shared : made.get());
  Tensor sample(SCHED_F32, options_.batch, options_.elements);
  sched_tensor out = sample.view();
  again_with(state.get(), [&] { return sched_initial_noise(state.get(), &out); });
  std::vector<Tensor> after;
  while (is_next(state.get())) {
    if (after.size() == 2) copy_again(state.get());
    Tensor next = sample;
    Step step(state.get(), config_, sample, next);
    const Tensor untouched = next;
    again_with(state.get(), [&] {
      EXPECT_EQ(next, untouched) << "an output was written by a call that failed";
      return step.try_run();
    });
    after.push_back(next);
    sample = next;
  }
  return after;
}

// Of calls that have no place for a sentence.
template <typename Call>
void Life::again(const Call& call) {
  const sched_status status = call();
  if (status == SCHED_OK) return;
  note(status, fault_.name);
  EXPECT_EQ(call(), SCHED_OK);
}

template <typename Call>
void Life::again_with(sched_state* state, const Call& call, bool says) {
  const std::int64_t done = sched_calls_done(state);
  sched_status status = call();
  if (status == SCHED_OK) return;
  note(status, says ? sched_last_error(state) : fault_.name);
  EXPECT_EQ(sched_can_continue(state), 1);
  EXPECT_EQ(sched_calls_done(state), done);
  status = call();
  EXPECT_EQ(status, SCHED_OK) << sched_last_error(state);
}

void Life::note(sched_status status, const std::string& sentence) {
  ++failures_;
  EXPECT_EQ(status, fault_.status) << sched_status_name(status) << ": " << sentence;
  EXPECT_TRUE(names(sentence, {fault_.name}));
}

Context Life::make_again() {
  const std::map<std::string, long> before = spy().living();
  try {
    return new_context(way_);
  } catch (const std::runtime_error& error) {
    EXPECT_TRUE(names(error.what(), {sched_status_name(fault_.status)}));
    note(fault_.status, error.what());
    EXPECT_EQ(spy().living(), before);
  }
  return new_context(way_);
}

// Before the first state; an imported context goes without, and makes the cache itself.
void Life::use_cache(sched_vulkan* vulkan) {
  std::vector<std::uint8_t> bytes(1 << 20);
  std::uint64_t size = 0;
  again([&] { return sched_vulkan_get_cache(vulkan, bytes.data(), bytes.size(), &size); });
  if (way_ != Way::own) return;
  const Context other = make_again();
  again([&] { return sched_vulkan_set_cache(other.get(), bytes.data(), size); });
}

State Life::init_again(sched_vulkan* vulkan) {
  const Scheduler scheduler = create(config_.json);
  Message message;
  sched_init_options options = on(vulkan, options_);
  options.message = message.data();
  options.message_capacity = message.capacity();
  sched_state* state = nullptr;
  const sched_status status = sched_init(scheduler.get(), &options, &state);
  if (status == SCHED_OK) return State(state);
  note(status, message.text());
  EXPECT_EQ(state, nullptr);
  return start(config_, options);
}

void Life::copy_again(sched_state* state) {
  sched_state* copy = nullptr;
  // Of a state that it must not change, so there is no place for a sentence.
  again_with(
      state, [&] { return sched_clone(state, &copy); }, false);
  sched_state_free(copy);
  std::vector<std::uint8_t> bytes(1 << 20);
  std::uint64_t size = 0;
  again_with(state, [&] { return sched_save(state, bytes.data(), bytes.size(), &size); });
  again_with(state, [&] { return sched_load(state, bytes.data(), size); });
}

}  // namespace vulkan_test
