// A device without memory: whatever needs some says so, each time, and works once there is some.

#include "faults.hpp"

namespace vulkan_test {
namespace {

struct Wants {
  std::string name;
  // Runs on a state that took two calls; the sample is what came of them.
  std::function<sched_status(sched_state*, const Config&, const Tensor&)> run;
  long allocations;
};
std::ostream& operator<<(std::ostream& out, const Wants& wants) { return out << wants.name; }

std::vector<std::uint8_t>& kept_bytes() {
  static std::vector<std::uint8_t> bytes;
  return bytes;
}

std::vector<Wants> what_allocates() {
  return {
      {"init",
       [](sched_state*, const Config& config, const Tensor&) {
         const Scheduler scheduler = create(config.json);
         const sched_init_options options = on(shared_context(fault_limits()), options_for(config));
         sched_state* made = nullptr;
         const sched_status status = sched_init(scheduler.get(), &options, &made);
         EXPECT_EQ(made != nullptr, status == SCHED_OK);
         sched_state_free(made);
         return status;
       },
       2},
      {"first_step",
       [](sched_state* state, const Config& config, const Tensor& sample) {
         sched_state* copy = nullptr;
         const sched_status cloned = sched_clone(state, &copy);
         if (cloned != SCHED_OK) return cloned;
         const State fresh(copy);
         Tensor next = sample;
         const sched_status status = Step(copy, config, sample, next).try_run();
         EXPECT_EQ(next == sample, status != SCHED_OK);
         EXPECT_EQ(sched_calls_done(copy), status == SCHED_OK ? 3 : 2);
         return status;
       },
       5},
      {"clone",
       [](sched_state* state, const Config&, const Tensor&) {
         sched_state* copy = nullptr;
         const sched_status status = sched_clone(state, &copy);
         EXPECT_EQ(copy != nullptr, status == SCHED_OK);
         sched_state_free(copy);
         return status;
       },
       4},
      {"save",
       [](sched_state* state, const Config&, const Tensor&) {
         std::uint64_t size = 0;
         std::vector<std::uint8_t> bytes(kept_bytes().size());
         return sched_save(state, bytes.data(), bytes.size(), &size);
       },
       1},
      {"load",
       [](sched_state* state, const Config&, const Tensor&) {
         return sched_load(state, kept_bytes().data(), kept_bytes().size());
       },
       1},
  };
}

using DeviceMemory = Validated<testing::TestWithParam<Wants>>;
INSTANTIATE_TEST_SUITE_P(Of, DeviceMemory, testing::ValuesIn(what_allocates()), CaseName());

// From one allocation on there is none, however often it is tried.
TEST_P(DeviceMemory, RunsOutAndComesBack) {
  const Wants& wants = GetParam();
  const Config& config = config_named("dpm");
  const sched_init_options options = options_for(config);
  const State state = start(config, on(shared_context(fault_limits()), options));
  Tensor sample = first_sample(state.get(), options);
  for (int call = 0; call < 2; ++call) Step(state.get(), config, sample, sample).run();
  kept_bytes() = save(state.get());
  for (const char* call : {"vkAllocateMemory", "vkBindBufferMemory"}) {
    long failed = 0;
    for (long nth = 1;; ++nth) {
      spy().reset();
      spy().fail(call, nth, VK_ERROR_OUT_OF_DEVICE_MEMORY, true);
      const std::map<std::string, long> before = spy().living();
      const sched_status status = wants.run(state.get(), config, sample);
      if (status == SCHED_OK) break;
      ++failed;
      EXPECT_EQ(status, SCHED_ERROR_DEVICE_MEMORY);
      EXPECT_EQ(wants.run(state.get(), config, sample), SCHED_ERROR_DEVICE_MEMORY) << "again";
      EXPECT_EQ(spy().living(), before);
      EXPECT_EQ(sched_can_continue(state.get()), 1);
      EXPECT_EQ(sched_calls_done(state.get()), 2);
      spy().reset();
      EXPECT_EQ(wants.run(state.get(), config, sample), SCHED_OK);
    }
    EXPECT_EQ(failed, wants.allocations) << call;
  }
  spy().reset();
  EXPECT_EQ(save(state.get()), kept_bytes());
  const State host = start(config, options);
  ASSERT_EQ(sched_load(host.get(), kept_bytes().data(), kept_bytes().size()), SCHED_OK);
  EXPECT_EQ(run(state.get(), config, sample), run(host.get(), config, sample));
}

// A step that takes more tensors than before needs a larger place for them.
TEST(StagingMemory, OfAStepThatGrows) {
  const Config& config = config_named("dpm");
  const sched_init_options options = options_for(config);
  const State state = start(config, on(shared_context(fault_limits()), options));
  const Tensor sample = first_sample(state.get(), options);
  Inputs inputs = inputs_for(state.get(), config, sample);
  inputs.unconditional = inputs.prediction;
  inputs.guidance_scale = 3.0;
  inputs.wants_denoised = true;
  spy().reset();
  spy().fail("vkAllocateMemory", 1, VK_ERROR_OUT_OF_DEVICE_MEMORY);
  EXPECT_THROW(step_on_host(state.get(), inputs), std::runtime_error);
  EXPECT_EQ(sched_calls_done(state.get()), 0);
  EXPECT_TRUE(names(sched_last_error(state.get()), {"vkAllocateMemory"}));
  spy().reset();
  const Outputs got = step_on_host(state.get(), inputs);
  const State host = start(config, options);
  EXPECT_EQ(got.next, step_on_host(host.get(), inputs).next);
}

}  // namespace
}  // namespace vulkan_test
