// A device that is lost, at whatever call: the call says so, nothing was written, nothing goes on,
// and every handle can be freed in any order.

#include <algorithm>

#include "faults.hpp"

namespace vulkan_test {
namespace {

struct Case {
  std::string name, config, call;
  VkResult result;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

// Without history, with history, with noise, adaptive, and with norms in each step.
std::vector<Case> every_case() {
  std::vector<Case> cases;
  for (const char* config : {"ddim", "dpm", "euler_ancestral", "our_adaptive", "our_score_ve"})
    for (const char* call : {"vkQueueSubmit", "vkWaitForFences"})
      cases.push_back({std::string(config) + "_" + call, config, call, VK_ERROR_DEVICE_LOST});
  for (const Fault& fault : every_fault())
    if (fault.effect == Effect::lost)
      cases.push_back({"ddim_" + fault.name + "_otherwise", "ddim", fault.name, fault.result});
  return cases;
}

// What there is when the device is lost; freed in the order of `turn`.
struct Handles {
  Scheduler scheduler;
  Context vulkan;
  State state, other;

  void free_in_order(int turn) {
    std::vector<int> order = {0, 1, 2, 3};
    for (int i = 0; i < turn % 24; ++i) std::next_permutation(order.begin(), order.end());
    for (const int handle : order) {
      if (handle == 0) scheduler.reset();
      if (handle == 1) vulkan.reset();
      if (handle == 2) state.reset();
      if (handle == 3) other.reset();
    }
  }
};

State init(sched_scheduler* scheduler, const sched_init_options& options) {
  sched_state* state = nullptr;
  EXPECT_EQ(sched_init(scheduler, &options, &state), SCHED_OK);
  return State(state);
}

using Lost = Validated<testing::TestWithParam<Case>>;
INSTANTIATE_TEST_SUITE_P(At, Lost, testing::ValuesIn(every_case()), CaseName());

sched_init_options lost_options(const Config& config) {
  sched_init_options options = options_for(config);
  options.num_steps = 2;
  return options;
}

// Runs the loop up to the call that fails, if any; true where one did.
bool run_until_lost(const Case& c, sched_state* state, const sched_init_options& options) {
  const Config& config = config_named(c.config);
  Tensor sample(options.dtype, options.batch, options.elements);
  Tensor next = sample;
  const Tensor untouched = sample;
  sched_tensor out = sample.view();
  sched_status status = sched_initial_noise(state, &out);
  std::int64_t done = 0;
  while (status == SCHED_OK && is_next(state)) {
    next = untouched;
    Step step(state, config, sample, next);
    status = step.try_run();
    if (status == SCHED_OK) {
      sample = next;
      ++done;
    }
  }
  if (status == SCHED_OK) return false;
  EXPECT_EQ(status, SCHED_ERROR_DEVICE_LOST);
  EXPECT_TRUE(names(sched_last_error(state), {c.call + " failed", "VK_ERROR_"}));
  EXPECT_EQ(next, untouched);
  EXPECT_EQ(sched_calls_done(state), done);
  return true;
}

// Nothing of a state goes on, but one without rows can still be saved: it is on no device.
void expect_end(sched_state* state, const Config& config, const sched_init_options& options) {
  EXPECT_EQ(sched_can_continue(state), 0);
  const Tensor sample(options.dtype, options.batch, options.elements);
  Tensor next = sample;
  if (is_next(state)) {
    Step step(state, config, sample, next);
    EXPECT_EQ(step.try_run(), SCHED_ERROR_DEVICE_LOST);
    EXPECT_TRUE(names(sched_last_error(state), {"lost"}));
  }
  sched_state* copy = nullptr;
  EXPECT_EQ(sched_clone(state, &copy), SCHED_ERROR_DEVICE_LOST);
  EXPECT_EQ(copy, nullptr);
  const State host = start(config, options);
  const std::vector<std::uint8_t> fresh = save(host.get());
  EXPECT_EQ(sched_load(state, fresh.data(), fresh.size()), SCHED_ERROR_DEVICE_LOST);
  std::vector<std::uint8_t> bytes(1 << 16);
  std::uint64_t size = 0;
  const sched_status status = sched_save(state, bytes.data(), bytes.size(), &size);
  if (status == SCHED_OK) {
    EXPECT_EQ(sched_load(host.get(), bytes.data(), size), SCHED_OK);
    EXPECT_EQ(sched_calls_done(host.get()), sched_calls_done(state));
  } else {
    EXPECT_EQ(status, SCHED_ERROR_DEVICE_LOST);
  }
}

void expect_all_end(const Handles& handles, const Config& config,
                    const sched_init_options& options) {
  spy().reset();
  EXPECT_EQ(info_of(handles.vulkan.get()).is_lost, 1);
  expect_end(handles.state.get(), config, options);
  expect_end(handles.other.get(), config, options);
  Message message;
  sched_init_options more = on(handles.vulkan.get(), options);
  more.message = message.data();
  more.message_capacity = message.capacity();
  sched_state* state = nullptr;
  EXPECT_EQ(sched_init(handles.scheduler.get(), &more, &state), SCHED_ERROR_DEVICE_LOST);
  EXPECT_TRUE(names(message.text(), {"lost"}));
  EXPECT_EQ(spy().calls("vkQueueSubmit"), 0);
}

Handles make_handles(const Config& config, const sched_init_options& options, Way way) {
  Handles handles;
  handles.scheduler = create(config.json);
  handles.vulkan = new_context(way);
  const sched_init_options there = on(handles.vulkan.get(), options);
  spy().reset();
  handles.state = init(handles.scheduler.get(), there);
  handles.other = init(handles.scheduler.get(), there);
  EXPECT_EQ(spy().calls("vkQueueSubmit"), 0) << "init uploads nothing that could be lost";
  return handles;
}

// Of a call that is made often, the first of each kind and the last.
std::vector<long> which_of(long calls) {
  std::vector<long> all;
  for (long nth = 1; nth <= calls; ++nth)
    if (nth <= 3 || nth + 1 >= calls) all.push_back(nth);
  return all;
}

TEST_P(Lost, AtAnyCall) {
  const Case& c = GetParam();
  const Config& config = config_named(c.config);
  const sched_init_options options = lost_options(config);
  sched_vulkan* const shared = context_of_all(Way::own);
  spy().reset();
  EXPECT_FALSE(run_until_lost(c, start(config, on(shared, options)).get(), options));
  const long calls = spy().calls(c.call);
  const std::map<std::string, long> before = spy().living();
  static int turn = 0;
  for (const long nth : which_of(calls)) {
    Handles handles = make_handles(config, options, Way::own);
    spy().fail(c.call, nth, c.result);
    EXPECT_TRUE(run_until_lost(c, handles.state.get(), options)) << "call " << nth;
    expect_all_end(handles, config, options);
    handles.free_in_order(turn++);
    EXPECT_EQ(spy().living(), before) << "call " << nth;
  }
  spy().reset();
  std::printf("%ld calls\n", calls);
}

using LostCopies = Validated<testing::TestWithParam<std::string>>;
INSTANTIATE_TEST_SUITE_P(At, LostCopies, testing::Values("vkQueueSubmit", "vkWaitForFences"),
                         [](const auto& instance) { return instance.param; });

// While rows are read back, with the application's device.
TEST_P(LostCopies, InSaveAndClone) {
  const Config& config = config_named("dpm");
  const sched_init_options options = lost_options(config);
  const std::map<std::string, long> before = spy().living();
  for (const bool clones : {false, true}) {
    Handles handles = make_handles(config, options, Way::imported);
    sched_state* const state = handles.state.get();
    Tensor sample = first_sample(state, options);
    Step(state, config, sample, sample).run();
    spy().reset();
    spy().fail(GetParam(), 1, VK_ERROR_DEVICE_LOST);
    std::vector<std::uint8_t> bytes(1 << 16, 0x77);
    const std::vector<std::uint8_t> untouched = bytes;
    std::uint64_t size = 77;
    sched_state* copy = nullptr;
    const sched_status status =
        clones ? sched_clone(state, &copy) : sched_save(state, bytes.data(), bytes.size(), &size);
    EXPECT_EQ(status, SCHED_ERROR_DEVICE_LOST);
    EXPECT_EQ(copy, nullptr);
    EXPECT_EQ(size, 77u);
    EXPECT_EQ(bytes, untouched) << "something was written";
    EXPECT_EQ(sched_calls_done(state), 1);
    expect_all_end(handles, config, options);
    handles.free_in_order(clones ? 5 : 17);
    EXPECT_EQ(spy().living(), before);
  }
  spy().reset();
}

using LostRecordings = Validated<testing::Test>;

// The library does not see the application's queue: it hears of the loss with its own next call.
TEST_F(LostRecordings, AreHeardOfLater) {
  const Config& config = config_named("dpm");
  const sched_init_options options = lost_options(config);
  const std::map<std::string, long> before = spy().living();
  for (const bool has_queue : {true, false}) {
    sched_vulkan_import_options import_with = import_options(app());
    const sched_vulkan_limits limits = fault_limits();
    import_with.limits = &limits;
    if (!has_queue) import_with.queue = VK_NULL_HANDLE;
    Context vulkan = import(import_with);
    State state = start(config, on(vulkan.get(), options));
    const Tensor sample = first_sample(start(config, options).get(), options);
    Workspace workspace(app(), {}, 1024, 3);
    sched_vulkan_step_args args = SCHED_VULKAN_STEP_ARGS_INIT;
    args.sample = args.next = workspace.add(sample);
    args.prediction = workspace.add(*inputs_for(state.get(), config, sample).prediction);
    VkCommandBuffer commands = app().begin();
    EXPECT_EQ(sched_vulkan_record_step(vulkan.get(), state.get(), commands, &args), SCHED_OK);
    app().discard(commands);  // a device that is lost runs it no more
    EXPECT_EQ(sched_can_continue(state.get()), 1);
    spy().reset();
    spy().fail("vkQueueSubmit", 1, VK_ERROR_DEVICE_LOST);
    std::vector<std::uint8_t> bytes(1 << 16);
    std::uint64_t size = 0;
    EXPECT_EQ(sched_save(state.get(), bytes.data(), bytes.size(), &size),
              has_queue ? SCHED_ERROR_DEVICE_LOST : SCHED_ERROR_UNSUPPORTED);
    spy().reset();
    EXPECT_EQ(sched_can_continue(state.get()), has_queue ? 0 : 1);
    commands = app().begin();
    EXPECT_EQ(sched_vulkan_record_step(vulkan.get(), state.get(), commands, &args),
              has_queue ? SCHED_ERROR_DEVICE_LOST : SCHED_OK);
    app().discard(commands);
    if (has_queue) vulkan.reset();
    state.reset();
    vulkan.reset();
    EXPECT_EQ(spy().living(), before);
  }
}

}  // namespace
}  // namespace vulkan_test
