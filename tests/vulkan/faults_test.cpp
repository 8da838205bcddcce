// Calls of Vulkan that fail, each of them once: a clean status, nothing left behind, and the same
// call again works and gives the same bits.

#include "intercept.hpp"
#include "steps.hpp"

namespace vulkan_test {
namespace {

struct Fault {
  std::string name;
  VkResult result;
  sched_status status;
  bool is_of_context;  // happens once for each context, not for each state
};
std::ostream& operator<<(std::ostream& out, const Fault& fault) { return out << fault.name; }

std::vector<Fault> every_fault() {
  const VkResult host = VK_ERROR_OUT_OF_HOST_MEMORY, device = VK_ERROR_OUT_OF_DEVICE_MEMORY;
  return {
      {"vkAllocateMemory", device, SCHED_ERROR_DEVICE_MEMORY, false},
      {"vkCreateBuffer", host, SCHED_ERROR_MEMORY, false},
      {"vkBindBufferMemory", device, SCHED_ERROR_DEVICE_MEMORY, false},
      {"vkMapMemory", VK_ERROR_MEMORY_MAP_FAILED, SCHED_ERROR_VULKAN, false},
      {"vkCreateDescriptorSetLayout", host, SCHED_ERROR_MEMORY, true},
      {"vkCreateDescriptorPool", device, SCHED_ERROR_DEVICE_MEMORY, false},
      {"vkAllocateDescriptorSets", VK_ERROR_OUT_OF_POOL_MEMORY, SCHED_ERROR_VULKAN, false},
      {"vkCreatePipelineLayout", device, SCHED_ERROR_DEVICE_MEMORY, true},
      {"vkCreateShaderModule", host, SCHED_ERROR_MEMORY, true},
      {"vkCreateComputePipelines", VK_ERROR_UNKNOWN, SCHED_ERROR_VULKAN, true},
      {"vkCreatePipelineCache", host, SCHED_ERROR_MEMORY, true},
      {"vkCreateCommandPool", host, SCHED_ERROR_MEMORY, false},
      {"vkAllocateCommandBuffers", device, SCHED_ERROR_DEVICE_MEMORY, false},
      {"vkResetCommandPool", device, SCHED_ERROR_DEVICE_MEMORY, false},
      {"vkCreateFence", device, SCHED_ERROR_DEVICE_MEMORY, false},
      {"vkResetFences", device, SCHED_ERROR_DEVICE_MEMORY, false},
      {"vkBeginCommandBuffer", host, SCHED_ERROR_MEMORY, false},
      {"vkEndCommandBuffer", device, SCHED_ERROR_DEVICE_MEMORY, false},
      {"vkQueueSubmit", device, SCHED_ERROR_DEVICE_MEMORY, false},
      {"vkFlushMappedMemoryRanges", host, SCHED_ERROR_MEMORY, false},
  };
}

// Few buffers, whose pipelines are compiled sooner; several chunks; memory to be flushed.
sched_vulkan_limits fault_limits() {
  sched_vulkan_limits limits = SCHED_VULKAN_LIMITS_INIT;
  limits.max_buffers = 4;
  limits.max_range = 65536;
  limits.is_non_coherent = 1;
  return limits;
}

// A whole life of a context and a state by the functions of the host.  A call that fails is
// tried once more.
class Life {
 public:
  Life(const Fault& fault, const Config& config, const sched_init_options& options)
      : fault_(fault), config_(config), options_(options) {}

  int failures() const { return failures_; }

  // The sample after each call.
  std::vector<Tensor> live(sched_vulkan* shared) {
    Context own;
    if (shared == nullptr) own = import_again();
    const State state = init_again(shared != nullptr ? shared : own.get());
    Tensor sample(SCHED_F32, options_.batch, options_.elements);
    sched_tensor out = sample.view();
    again(state.get(), [&] { return sched_initial_noise(state.get(), &out); });
    std::vector<Tensor> after;
    while (is_next(state.get())) {
      if (after.size() == 2) copy_again(state.get());
      Tensor next = sample;
      Step step(state.get(), config_, sample, next);
      const Tensor untouched = next;
      again(state.get(), [&] {
        EXPECT_EQ(next, untouched) << "an output was written by a call that failed";
        return step.try_run();
      });
      after.push_back(next);
      sample = next;
    }
    return after;
  }

 private:
  template <typename Call>
  void again(sched_state* state, const Call& call, bool says = true) {
    const std::int64_t done = sched_calls_done(state);
    sched_status status = call();
    if (status == SCHED_OK) return;
    note(status, says ? sched_last_error(state) : fault_.name);
    EXPECT_EQ(sched_can_continue(state), 1);
    EXPECT_EQ(sched_calls_done(state), done);
    status = call();
    EXPECT_EQ(status, SCHED_OK) << sched_last_error(state);
  }

  void note(sched_status status, const std::string& sentence) {
    ++failures_;
    EXPECT_EQ(status, fault_.status) << sched_status_name(status) << ": " << sentence;
    EXPECT_TRUE(names(sentence, {fault_.name}));
  }

  Context import_again() {
    const sched_vulkan_limits limits = fault_limits();
    Message message;
    sched_vulkan_import_options options = import_options(Application::shared());
    options.limits = &limits;
    options.message = message.data();
    options.message_capacity = message.capacity();
    sched_vulkan* vulkan = nullptr;
    const std::map<std::string, long> before = spy().living();
    const sched_status status = sched_vulkan_import(&options, &vulkan);
    if (status == SCHED_OK) return Context(vulkan);
    note(status, message.text());
    EXPECT_EQ(vulkan, nullptr);
    EXPECT_EQ(spy().living(), before);
    return import(options);
  }

  State init_again(sched_vulkan* vulkan) {
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

  void copy_again(sched_state* state) {
    sched_state* copy = nullptr;
    // Of a state that it must not change, so there is no place for a sentence.
    again(
        state, [&] { return sched_clone(state, &copy); }, false);
    sched_state_free(copy);
    std::vector<std::uint8_t> bytes(1 << 20);
    std::uint64_t size = 0;
    again(state, [&] { return sched_save(state, bytes.data(), bytes.size(), &size); });
    again(state, [&] { return sched_load(state, bytes.data(), size); });
  }

  const Fault& fault_;
  const Config& config_;
  sched_init_options options_;
  int failures_ = 0;
};

using Faults = Validated<testing::TestWithParam<Fault>>;
INSTANTIATE_TEST_SUITE_P(Each, Faults, testing::ValuesIn(every_fault()), CaseName());

TEST_P(Faults, LeaveNothingBehindAndCanBeTriedAgain) {
  const Fault& fault = GetParam();
  // One pipeline of its own for the methods without history, two rows for the others.
  const Config& config = config_named(fault.is_of_context ? "euler" : "dpm");
  sched_init_options options = options_for(config);
  options.num_steps = 4;
  options.batch = 3;
  options.elements = 1201;
  sched_vulkan* const shared = fault.is_of_context ? nullptr : shared_context(fault_limits());
  spy().reset();
  const std::vector<Tensor> expected = Life(fault, config, options).live(shared);
  const long calls = spy().calls(fault.name);
  ASSERT_GE(calls, 1);
  // Every call of a kind that is made often takes the same way.
  const long stride = calls > 30 ? calls / 15 : 1;
  const std::map<std::string, long> before = spy().living();
  int failed = 0;
  for (long nth = 1; nth <= calls; nth += nth < 12 ? 1 : stride) {
    spy().reset();
    spy().fail(fault.name, nth, fault.result);
    Life life(fault, config, options);
    EXPECT_EQ(life.live(shared), expected) << "call " << nth;
    EXPECT_EQ(life.failures(), 1) << "call " << nth;
    EXPECT_EQ(spy().living(), before) << "call " << nth;
    failed += life.failures();
  }
  spy().reset();
  std::printf("%ld calls, %d failed\n", calls, failed);
}

// A step of many chunks is submitted as a whole: a failure half way leaves the rows as they were.
TEST_P(Faults, OfAStepOfManyChunks) {
  const Fault& fault = GetParam();
  if (fault.is_of_context) return;
  const Config& config = config_named("dpm");
  sched_init_options options = options_for(config);
  options.num_steps = 4;
  options.batch = 10;
  options.elements = 3571;
  sched_vulkan* const shared = shared_context(fault_limits());
  const std::vector<Tensor> expected = run(config, on(shared, options));
  for (long nth = 1; nth <= 40; nth += nth < 3 ? 1 : 7) {
    const State state = start(config, on(shared, options));
    Tensor sample = first_sample(state.get(), options);
    for (std::size_t call = 0; call < expected.size(); ++call) {
      Tensor next = sample;
      Step step(state.get(), config, sample, next);
      spy().reset();
      if (call == 2) spy().fail(fault.name, nth, fault.result);
      const sched_status status = step.try_run();
      spy().reset();
      if (status != SCHED_OK) {
        EXPECT_EQ(status, fault.status);
        EXPECT_EQ(step.try_run(), SCHED_OK);
      }
      EXPECT_EQ(next, expected[call]) << nth;
      sample = next;
    }
  }
}

// A recording that fails has recorded nothing, however many dispatches it takes.
TEST_P(Faults, OfARecording) {
  const Fault& fault = GetParam();
  const Config& config = config_named("dpm");
  sched_init_options options = options_for(config);
  options.num_steps = 3;
  options.batch = 3;
  options.elements = 3571;
  sched_vulkan* const shared = shared_context(fault_limits());
  const State state = start(config, on(shared, options));
  const State host = start(config, options);
  Tensor sample = first_sample(host.get(), options);
  int failed = 0;
  for (long nth = 1; is_next(host.get()); ++nth) {
    const Inputs inputs = inputs_for(host.get(), config, sample);
    spy().reset();
    spy().fail(fault.name, nth, fault.result);
    try {
      sample = step_recorded(shared, state.get(), inputs, {true, true, false}).next;
    } catch (const std::runtime_error& error) {
      ++failed;
      EXPECT_TRUE(names(error.what(), {sched_status_name(fault.status)}));
      EXPECT_EQ(spy().calls_beginning("vkCmd"), 0) << nth;
      spy().reset();
      sample = step_recorded(shared, state.get(), inputs, {true, true, false}).next;
    }
    EXPECT_EQ(sample, step_on_host(host.get(), inputs).next);
  }
  spy().reset();
  // Recording makes no call that can fail but this.
  EXPECT_EQ(failed, fault.name == "vkFlushMappedMemoryRanges" ? 3 : 0);
}

// What a step wrote cannot be read, and its rows have moved on: there is no way back.
TEST(Invalidation, EndsWhatHasRows) {
  sched_vulkan_limits limits = fault_limits();
  sched_vulkan_import_options import_with = import_options(Application::shared());
  import_with.limits = &limits;
  const Context vulkan = import(import_with);
  for (const char* name : {"euler", "dpm"}) {
    const Config& config = config_named(name);
    const sched_init_options options = options_for(config);
    const State state = start(config, on(vulkan.get(), options));
    const Tensor sample = first_sample(state.get(), options);
    Tensor next = sample;
    Step step(state.get(), config, sample, next);
    spy().reset();
    spy().fail("vkInvalidateMappedMemoryRanges", 1, VK_ERROR_OUT_OF_DEVICE_MEMORY);
    EXPECT_EQ(step.try_run(), SCHED_ERROR_DEVICE_MEMORY);
    spy().reset();
    EXPECT_EQ(next, sample);
    const bool has_rows = config.name == "dpm";
    EXPECT_EQ(sched_can_continue(state.get()), has_rows ? 0 : 1);
    EXPECT_EQ(step.try_run(), has_rows ? SCHED_ERROR_DEVICE_LOST : SCHED_OK);
  }
}

// --------------------------------------------------------------------- a lost device

using Lost = Validated<testing::TestWithParam<std::string>>;
INSTANTIATE_TEST_SUITE_P(At, Lost, testing::Values("vkQueueSubmit", "vkWaitForFences"),
                         [](const auto& instance) { return instance.param; });

TEST_P(Lost, IsToldAndEverythingCanBeFreed) {
  const Config& config = config_named("dpm");
  const sched_init_options options = options_for(config);
  const std::map<std::string, long> before = spy().living();
  const sched_vulkan_limits limits = fault_limits();
  sched_vulkan_import_options import_with = import_options(app());
  import_with.limits = &limits;
  Context vulkan = import(import_with);
  State state = start(config, on(vulkan.get(), options));
  State other = start(config, on(vulkan.get(), options));
  const Tensor sample = first_sample(state.get(), options);
  Tensor next = sample;
  Step(state.get(), config, sample, next).run();
  EXPECT_EQ(info_of(vulkan.get()).is_lost, 0);

  spy().reset();
  spy().fail(GetParam(), 1, VK_ERROR_DEVICE_LOST);
  Tensor unwritten = sample;
  Step step(state.get(), config, next, unwritten);
  EXPECT_EQ(step.try_run(), SCHED_ERROR_DEVICE_LOST);
  std::printf("%s\n", sched_last_error(state.get()));
  EXPECT_TRUE(names(sched_last_error(state.get()), {GetParam(), "VK_ERROR_DEVICE_LOST"}));
  EXPECT_EQ(unwritten, sample);
  EXPECT_EQ(sched_can_continue(state.get()), 0);
  EXPECT_EQ(sched_can_continue(other.get()), 0);
  EXPECT_EQ(info_of(vulkan.get()).is_lost, 1);
  EXPECT_EQ(sched_calls_done(state.get()), 1);

  spy().reset();
  EXPECT_EQ(step.try_run(), SCHED_ERROR_DEVICE_LOST);
  EXPECT_TRUE(names(sched_last_error(state.get()), {"lost"}));
  Workspace workspace(app(), {}, 1024, 1);
  VkCommandBuffer commands = app().begin();
  EXPECT_EQ(
      sched_vulkan_record_initial_noise(vulkan.get(), other.get(), commands, workspace.add(sample)),
      SCHED_ERROR_DEVICE_LOST);
  app().discard(commands);
  sched_state* copy = nullptr;
  EXPECT_EQ(sched_clone(state.get(), &copy), SCHED_ERROR_DEVICE_LOST);
  EXPECT_EQ(copy, nullptr);
  std::vector<std::uint8_t> bytes(1 << 16);
  std::uint64_t size = 0;
  EXPECT_EQ(sched_save(state.get(), bytes.data(), bytes.size(), &size), SCHED_ERROR_DEVICE_LOST);
  EXPECT_EQ(spy().calls("vkQueueSubmit"), 0);
  vulkan.reset();
  state.reset();
  other.reset();
  EXPECT_EQ(spy().living(), before);
}

}  // namespace
}  // namespace vulkan_test
