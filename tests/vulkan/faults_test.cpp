// Calls of Vulkan that fail, each of them once: a clean status, nothing left behind, and the same
// call again works and gives the same bits.

#include "faults.hpp"

#include <algorithm>

namespace vulkan_test {
namespace {

sched_init_options fault_options(const Config& config) {
  sched_init_options options = options_for(config);
  options.num_steps = 4;
  options.batch = 3;
  options.elements = 1201;
  return options;
}

// ----------------------------------------------------------------- is the list complete?

using List = Validated<testing::Test>;

// Whatever the library asks of the loader in a whole life, and whatever it calls.
TEST_F(List, HasEveryCallThatCanFail) {
  const Fault none{"none", VK_SUCCESS, SCHED_OK, Scope::state};
  for (const Way way : {Way::imported, Way::own}) {
    for (const char* name : {"dpm", "euler", "our_adaptive"}) {
      sched_init_options options = fault_options(config_named(name));
      options.elements = 601;
      Life(none, way, config_named(name), options).live(nullptr);
    }
  }
  std::int32_t count = 0;
  EXPECT_EQ(sched_vulkan_list(nullptr, 0, &count), SCHED_OK);
  EXPECT_EQ(spy().unknown_names(), std::vector<std::string>()) << "not intercepted";

  const std::vector<std::string> asked = spy().asked_for_results();
  std::vector<std::string> listed = {"vkEnumerateInstanceLayerProperties"};
  // volk asks for it; nobody calls it.
  EXPECT_EQ(spy().calls_ever(listed[0]), 0);
  for (const Fault& fault : every_fault()) {
    EXPECT_GE(spy().calls_ever(fault.name), 1) << fault.name;
    listed.push_back(fault.name);
  }
  std::vector<std::string> sorted = asked;
  std::sort(sorted.begin(), sorted.end());
  std::sort(listed.begin(), listed.end());
  EXPECT_EQ(sorted, listed);
  std::printf("%zu functions return a VkResult\n", asked.size());
}

// -------------------------------------------------------------------------- each of them

struct Case {
  std::string name;
  Fault fault;
  Way way;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

std::vector<Case> every_case() {
  std::vector<Case> cases;
  for (const Fault& fault : every_fault()) {
    if (fault.effect == Effect::lost) continue;  // see lost_test.cpp
    for (const Way way : {Way::imported, Way::own}) {
      if (fault.scope == Scope::instance && way == Way::imported) continue;
      cases.push_back({fault.name + "_" + name_of(way), fault, way});
    }
  }
  return cases;
}

using Faults = Validated<testing::TestWithParam<Case>>;
INSTANTIATE_TEST_SUITE_P(Each, Faults, testing::ValuesIn(every_case()), CaseName());

// Two rows; or a pipeline of its own for a method without history, which a step that cannot be
// read back does not end.
const Config& config_for(const Fault& fault) {
  const bool reads = fault.name == "vkInvalidateMappedMemoryRanges";
  return config_named(fault.scope == Scope::state && !reads ? "dpm" : "euler");
}

// Every call of a kind that is made often takes the same way.  What belongs to a context takes
// long, and does not depend on whose device it is.
long after(long nth, long calls, const Case& c) {
  if (c.fault.scope == Scope::context && c.way == Way::own && nth < calls) return calls;
  const long stride = calls > 30 ? calls / 15 : 1;
  return nth + (nth < 12 ? 1 : stride);
}

// What a life without a fault gives, and how often it makes each call.
struct CleanLife {
  std::vector<Tensor> samples;
  std::map<std::string, long> calls;
};

const CleanLife& clean_life(const Case& c, const Config& config, sched_vulkan* shared) {
  static std::map<std::string, CleanLife> lives;
  const std::string key = name_of(c.way) + config.name + (shared != nullptr ? " shared" : "");
  const auto found = lives.find(key);
  if (found != lives.end()) return found->second;
  CleanLife& clean = lives[key];
  spy().reset();
  clean.samples = Life(c.fault, c.way, config, fault_options(config)).live(shared);
  for (const Fault& fault : every_fault()) clean.calls[fault.name] = spy().calls(fault.name);
  return clean;
}

TEST_P(Faults, LeaveNothingBehindAndCanBeTriedAgain) {
  const Fault& fault = GetParam().fault;
  const Way way = GetParam().way;
  const Config& config = config_for(fault);
  sched_vulkan* const shared = fault.scope == Scope::state ? context_of_all(way) : nullptr;
  const CleanLife& clean = clean_life(GetParam(), config, shared);
  const long calls = clean.calls.at(fault.name);
  ASSERT_GE(calls, 1);
  const std::map<std::string, long> before = spy().living();
  int failed = 0;
  for (long nth = 1; nth <= calls; nth = after(nth, calls, GetParam())) {
    spy().reset();
    spy().fail(fault.name, nth, fault.result);
    Life life(fault, way, config, fault_options(config));
    EXPECT_EQ(life.live(shared), clean.samples) << "call " << nth;
    EXPECT_EQ(life.failures(), fault.effect == Effect::tolerated ? 0 : 1) << "call " << nth;
    EXPECT_EQ(spy().living(), before) << "call " << nth;
    failed += life.failures();
  }
  spy().reset();
  std::printf("%ld calls, %d failed\n", calls, failed);
}

std::vector<Fault> recordable() {
  std::vector<Fault> faults;
  for (const Fault& fault : every_fault())
    if (fault.effect == Effect::tried_again && fault.name != "vkInvalidateMappedMemoryRanges")
      faults.push_back(fault);
  return faults;
}

using ImportedFaults = Validated<testing::TestWithParam<Fault>>;
INSTANTIATE_TEST_SUITE_P(Each, ImportedFaults, testing::ValuesIn(recordable()), CaseName());

// A step of many chunks is submitted as a whole: a failure half way leaves the rows as they were.
TEST_P(ImportedFaults, OfAStepOfManyChunks) {
  const Fault& fault = GetParam();
  if (fault.scope != Scope::state) return;
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
TEST_P(ImportedFaults, OfARecording) {
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

// What a step wrote cannot be read, and its rows have moved on: only a load helps.
TEST(Invalidation, EndsWhatHasRows) {
  for (const char* name : {"euler", "dpm"}) {
    const Config& config = config_named(name);
    const sched_init_options options = options_for(config);
    sched_vulkan* const shared = shared_context(fault_limits());
    const State state = start(config, on(shared, options));
    const Tensor sample = first_sample(state.get(), options);
    const std::vector<std::uint8_t> bytes = save(state.get());
    Tensor next = sample;
    Step step(state.get(), config, sample, next);
    const bool has_rows = config.name == "dpm";
    spy().reset();
    spy().fail("vkInvalidateMappedMemoryRanges", 1, VK_ERROR_OUT_OF_DEVICE_MEMORY);
    EXPECT_EQ(step.try_run(), has_rows ? SCHED_ERROR_DEVICE_LOST : SCHED_ERROR_DEVICE_MEMORY);
    EXPECT_TRUE(names(sched_last_error(state.get()), {"vkInvalidateMappedMemoryRanges"}));
    spy().reset();
    EXPECT_EQ(next, sample);
    EXPECT_EQ(info_of(shared).is_lost, 0);
    EXPECT_EQ(sched_can_continue(state.get()), has_rows ? 0 : 1);
    if (has_rows) {
      EXPECT_EQ(step.try_run(), SCHED_ERROR_DEVICE_LOST);
      EXPECT_THROW(step_recorded(shared, state.get(), inputs_for(state.get(), config, sample), {}),
                   std::runtime_error);
      EXPECT_EQ(sched_load(state.get(), bytes.data(), bytes.size()), SCHED_OK);
      EXPECT_EQ(sched_can_continue(state.get()), 1);
    }
    EXPECT_EQ(run(state.get(), config, sample), run(config, on(shared, options)));
  }
}

// What moves no row ends none.
TEST(Invalidation, OfTheFirstSampleAndOfCopiesCanBeTriedAgain) {
  const Config& config = config_named("dpm");
  const sched_init_options options = options_for(config);
  const State state = start(config, on(shared_context(fault_limits()), options));
  Tensor sample = first_sample(state.get(), options);
  const auto again = [&](const std::function<sched_status()>& call) {
    spy().reset();
    spy().fail("vkInvalidateMappedMemoryRanges", 1, VK_ERROR_OUT_OF_HOST_MEMORY);
    EXPECT_EQ(call(), SCHED_ERROR_MEMORY);
    EXPECT_EQ(sched_can_continue(state.get()), 1);
    EXPECT_EQ(call(), SCHED_OK);
  };
  sched_tensor out = sample.view();
  again([&] { return sched_initial_noise(state.get(), &out); });
  Step(state.get(), config, sample, sample).run();
  sched_state* copy = nullptr;
  again([&] { return sched_clone(state.get(), &copy); });
  const State clone(copy);
  std::vector<std::uint8_t> bytes(1 << 16);
  std::uint64_t size = 0;
  again([&] { return sched_save(state.get(), bytes.data(), bytes.size(), &size); });
  EXPECT_EQ(run(clone.get(), config, sample), run(state.get(), config, sample));
}

}  // namespace
}  // namespace vulkan_test
