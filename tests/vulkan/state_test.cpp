// What goes on elsewhere: saved states between kernels, clones, two threads on one context, and
// the cache of pipelines.

#include <atomic>
#include <thread>

#include "intercept.hpp"
#include "steps.hpp"

namespace vulkan_test {
namespace {

using States = Validated<testing::TestWithParam<Config>>;
INSTANTIATE_TEST_SUITE_P(Saved, States, testing::ValuesIn(configs_without(kNorms | kStartsAnew)),
                         CaseName());

std::vector<Tensor> go_on(sched_state* state, const Config& config, const Tensor& sample,
                          bool recorded) {
  return recorded ? run_recorded(shared_context(), state, config, sample)
                  : run(state, config, sample);
}

using Bytes = Validated<testing::Test>;

// The rows at least, and more once something was staged.
TEST_F(Bytes, AreWhatAStateHolds) {
  const Config& config = config_named("dpm");
  sched_init_options options = options_for(config);
  options.elements = 4096;
  const State state = start(config, on(shared_context(), options));
  const std::int64_t before = sched_state_bytes(state.get());
  EXPECT_GT(before, static_cast<std::int64_t>(save(state.get()).size()) - 4096);
  Tensor sample = first_sample(state.get(), options);
  Tensor next = sample;
  Step(state.get(), config, sample, next).run();
  EXPECT_GE(sched_state_bytes(state.get()), before + 4 * 4096);
}

// Half of the loop on one kernel, the rest on the other, both ways; what was loaded is taken up
// by the host's functions and by recordings.
TEST_P(States, GoOnOnTheOtherKernel) {
  const Config& config = GetParam();
  sched_init_options options = options_for(config);
  options.kernel = SCHED_KERNEL_FUSED;
  const bool exact = is_exact(start(config, options).get(), config);
  for (const bool to_vulkan : {true, false}) {
    const State from = start(config, to_vulkan ? options : on(shared_context(), options));
    Tensor sample = first_sample(start(config, options).get(), options);
    const std::int64_t half = sched_num_calls(from.get()) / 2;
    while (sched_calls_done(from.get()) < half) {
      Tensor next = sample;
      Step(from.get(), config, sample, next).run();
      sample = next;
    }
    const std::vector<std::uint8_t> bytes = save(from.get());
    const std::vector<Tensor> expected = run(from.get(), config, sample);
    for (const bool recorded : {true, false}) {
      if (recorded && !to_vulkan) continue;
      const State to = start(config, to_vulkan ? on(shared_context(), options) : options);
      ASSERT_EQ(sched_load(to.get(), bytes.data(), bytes.size()), SCHED_OK)
          << sched_last_error(to.get());
      // Loaded and not yet run, it is saved as it was.
      EXPECT_EQ(save(to.get()), bytes);
      const std::vector<Tensor> got = go_on(to.get(), config, sample, recorded);
      ASSERT_EQ(got.size(), expected.size());
      for (std::size_t i = 0; i < got.size(); ++i) {
        if (exact) {
          EXPECT_EQ(got[i], expected[i]) << i;
        }
        EXPECT_LE(relative_distance(got[i], expected[i]), bound_for(SCHED_F32)) << i;
      }
    }
  }
}

TEST_P(States, ClonesGoOnByThemselves) {
  const Config& config = GetParam();
  const sched_init_options options = options_for(config);
  const State state = start(config, on(shared_context(), options));
  Tensor sample = first_sample(state.get(), options);
  sample =
      step_recorded(shared_context(), state.get(), inputs_for(state.get(), config, sample)).next;
  sched_state* copy = nullptr;
  ASSERT_EQ(sched_clone(state.get(), &copy), SCHED_OK);
  const State clone(copy);
  const std::vector<Tensor> first = go_on(state.get(), config, sample, true);
  EXPECT_EQ(go_on(clone.get(), config, sample, false), first);
}

// A command buffer that is thrown away, the very first too, leaves a state that a save restores.
TEST_P(States, ADiscardedRecordingIsRestored) {
  const Config& config = GetParam();
  sched_init_options options = options_for(config);
  options.recorded_in_flight = 1;  // each is done before the next
  const State undisturbed = start(config, on(shared_context(), options));
  const State state = start(config, on(shared_context(), options));
  Tensor sample = initial_noise_recorded(shared_context(), undisturbed.get(), options);
  while (is_next(state.get())) {
    const std::vector<std::uint8_t> bytes = save(state.get());
    const Inputs inputs = inputs_for(state.get(), config, sample);
    Workspace workspace(app(), {}, sample.size() * 8, 3);
    sched_vulkan_step_args args = SCHED_VULKAN_STEP_ARGS_INIT;
    args.sample = args.next = workspace.add(sample);
    if (inputs.prediction) args.prediction = workspace.add(*inputs.prediction);
    if (inputs.unconditional) args.unconditional = workspace.add(*inputs.unconditional);
    VkCommandBuffer commands = app().begin();
    ASSERT_EQ(sched_vulkan_record_step(shared_context(), state.get(), commands, &args), SCHED_OK);
    app().discard(commands);
    ASSERT_EQ(sched_load(state.get(), bytes.data(), bytes.size()), SCHED_OK);
    sample = step_recorded(shared_context(), state.get(), inputs).next;
    const Tensor expected = step_recorded(shared_context(), undisturbed.get(), inputs).next;
    ASSERT_EQ(sample, expected) << "call " << sched_calls_done(state.get());
  }
}

// A step, a load, and a step in one command buffer: the second begins from what was loaded.
TEST_P(States, MayBeLoadedWhileACommandBufferIsRecorded) {
  const Config& config = GetParam();
  const sched_init_options options = options_for(config);
  const State state = start(config, on(shared_context(), options));
  const Tensor sample = initial_noise_recorded(shared_context(), state.get(), options);
  const std::vector<std::uint8_t> bytes = save(state.get());
  const Inputs inputs = inputs_for(state.get(), config, sample);
  Workspace workspace(app(), {true, true, false}, sample.size() * 8, 5);
  sched_vulkan_step_args args = SCHED_VULKAN_STEP_ARGS_INIT;
  args.sample = workspace.add(sample);
  if (inputs.prediction) args.prediction = workspace.add(*inputs.prediction);
  if (inputs.unconditional) args.unconditional = workspace.add(*inputs.unconditional);
  const sched_vulkan_tensor* next[2] = {workspace.add(sample), workspace.add(sample)};
  VkCommandBuffer commands = app().begin();
  for (const sched_vulkan_tensor* out : next) {
    args.next = out;
    ASSERT_EQ(sched_vulkan_record_step(shared_context(), state.get(), commands, &args), SCHED_OK);
    if (out == next[0]) {
      ASSERT_EQ(sched_load(state.get(), bytes.data(), bytes.size()), SCHED_OK);
    }
  }
  app().run(commands);
  EXPECT_EQ(workspace.at(next[0]).get(), workspace.at(next[1]).get());
}

// ------------------------------------------------------------------------- threads

struct Lock {
  std::mutex mutex;
  std::atomic<int> locked{0}, unlocked{0};
  static void lock(void* user) {
    auto* self = static_cast<Lock*>(user);
    self->mutex.lock();
    ++self->locked;
  }
  static void unlock(void* user) {
    auto* self = static_cast<Lock*>(user);
    ++self->unlocked;
    self->mutex.unlock();
  }
};

using Threads = Validated<testing::Test>;

void run_two_threads(sched_vulkan* vulkan) {
  const char* const kConfigs[] = {"dpm", "euler_ancestral"};
  std::vector<Tensor> got[2], expected[2];
  for (int k = 0; k < 2; ++k) {
    const Config& config = config_named(kConfigs[k]);
    expected[k] = run(config, on(vulkan, options_for(config)));
  }
  for (int round = 0; round < 3; ++round) {
    std::thread threads[2];
    for (int k = 0; k < 2; ++k) {
      threads[k] = std::thread([&, k] {
        const Config& config = config_named(kConfigs[k]);
        got[k] = run(config, on(vulkan, options_for(config)));
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (int k = 0; k < 2; ++k) EXPECT_EQ(got[k], expected[k]) << kConfigs[k];
  }
}

TEST_F(Threads, ShareAContext) { run_two_threads(shared_context()); }

TEST_F(Threads, UnderTheApplicationsLock) {
  Lock lock;
  const sched_vulkan_limits limits = SCHED_VULKAN_LIMITS_INIT;
  sched_vulkan_import_options options = import_options(app());
  options.limits = &limits;
  options.lock = Lock::lock;
  options.unlock = Lock::unlock;
  options.user = &lock;
  const Context vulkan = import(options);
  spy().reset();
  run_two_threads(vulkan.get());
  EXPECT_EQ(lock.locked, spy().calls("vkQueueSubmit"));
  EXPECT_EQ(lock.locked, lock.unlocked);
  EXPECT_GE(lock.locked, 8 * 6);
  std::printf("%d submissions under the lock\n", lock.locked.load());
}

// ------------------------------------------------------------------ the pipelines' cache

using Cache = Validated<testing::Test>;

std::vector<std::uint8_t> cache_of(sched_vulkan* vulkan) {
  std::uint64_t size = 0;
  EXPECT_EQ(sched_vulkan_get_cache(vulkan, nullptr, 0, &size), SCHED_OK);
  std::vector<std::uint8_t> bytes(size);
  EXPECT_EQ(sched_vulkan_get_cache(vulkan, bytes.data(), size, &size), SCHED_OK);
  bytes.resize(size);
  return bytes;
}

sched_status set_cache(sched_vulkan* vulkan, const std::vector<std::uint8_t>& bytes) {
  return sched_vulkan_set_cache(vulkan, bytes.data(), bytes.size());
}

// FNV-1a over all but the last 8 bytes, into these.
void seal(std::vector<std::uint8_t>& bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  const std::size_t end = bytes.size() - 8;
  for (std::size_t i = 0; i < end; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3ull;
  for (std::size_t i = 0; i < 8; ++i) bytes[end + i] = static_cast<std::uint8_t>(hash >> (8 * i));
}

// Refused before the first state; nothing changes by that.
TEST_F(Cache, TakesItsOwnBytesOnly) {
  const std::vector<std::uint8_t> bytes = cache_of(shared_context());
  const Context vulkan = import(import_options(app()));
  std::printf("%zu bytes\n", bytes.size());
  ASSERT_GE(bytes.size(), 64u);
  std::vector<std::uint8_t> resealed = bytes;
  seal(resealed);
  ASSERT_EQ(resealed, bytes);

  for (std::size_t size = 0; size < bytes.size(); size += size < 200 ? 1 : 97) {
    EXPECT_EQ(sched_vulkan_set_cache(vulkan.get(), bytes.data(), size), SCHED_ERROR_DAMAGED)
        << size;
  }
  const std::size_t header = std::min<std::size_t>(bytes.size() - 8, 56 + 32);
  for (std::size_t i = 0; i < header; ++i) {
    std::vector<std::uint8_t> flipped = bytes;
    flipped[i] ^= 0x10;
    EXPECT_EQ(set_cache(vulkan.get(), flipped), SCHED_ERROR_DAMAGED) << i;
    // With a checksum that fits, by what the byte means.
    seal(flipped);
    const Statuses by_meaning = {i >= 8 && i < 48 ? SCHED_ERROR_MISMATCH : SCHED_ERROR_DAMAGED};
    EXPECT_TRUE(is_one_of(set_cache(vulkan.get(), flipped), by_meaning)) << "byte " << i;
  }
  std::vector<std::uint8_t> longer = bytes;
  longer.insert(longer.end() - 8, 0);
  EXPECT_EQ(set_cache(vulkan.get(), longer), SCHED_ERROR_DAMAGED);
  seal(longer);
  EXPECT_EQ(set_cache(vulkan.get(), longer), SCHED_ERROR_DAMAGED);
  EXPECT_EQ(sched_vulkan_set_cache(vulkan.get(), nullptr, 5), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_vulkan_set_cache(nullptr, bytes.data(), bytes.size()), SCHED_ERROR_ARGUMENT);

  EXPECT_EQ(set_cache(vulkan.get(), bytes), SCHED_OK);
  EXPECT_EQ(set_cache(vulkan.get(), bytes), SCHED_OK) << "twice";
  const Config& config = config_named("euler");
  const std::vector<Tensor> expected = run(config, options_for(config));
  EXPECT_EQ(run(config, on(vulkan.get(), options_for(config))), expected);
  EXPECT_EQ(set_cache(vulkan.get(), bytes), SCHED_ERROR_CONFLICT);
  EXPECT_EQ(cache_of(vulkan.get()).size(), bytes.size());
}

TEST_F(Cache, OfAnotherDriverIsAMismatch) {
  const std::vector<std::uint8_t> bytes = cache_of(shared_context());
  spy().driver_version = 12345;
  const Context vulkan = import(import_options(app()));
  spy().driver_version = 0;
  EXPECT_EQ(set_cache(vulkan.get(), bytes), SCHED_ERROR_MISMATCH);
}

TEST_F(Cache, AsksForRoom) {
  std::uint64_t size = 0;
  sched_vulkan* const vulkan = shared_context();
  const std::vector<std::uint8_t> bytes = cache_of(vulkan);
  std::vector<std::uint8_t> small(bytes.size(), 0x77);
  EXPECT_EQ(sched_vulkan_get_cache(vulkan, small.data(), bytes.size() - 1, &size),
            SCHED_ERROR_CAPACITY);
  EXPECT_EQ(small, std::vector<std::uint8_t>(bytes.size(), 0x77));
  EXPECT_EQ(sched_vulkan_get_cache(vulkan, nullptr, 0, nullptr), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_vulkan_get_cache(nullptr, nullptr, 0, &size), SCHED_ERROR_ARGUMENT);
}

// ------------------------------------------------------------------------- allocations

// Recording makes no object and submits nothing.
TEST_P(States, RecordingMakesNothing) {
  const Config& config = GetParam();
  const sched_init_options options = options_for(config);
  const State state = start(config, on(shared_context(), options));
  Tensor sample = first_sample(start(config, options).get(), options);
  spy().reset();
  run_recorded(shared_context(), state.get(), config, sample);
  for (const char* made : {"vkCreate", "vkAllocate", "vkDestroy", "vkFree", "vkQueue", "vkWait",
                           "vkMap", "vkBegin", "vkEnd"})
    EXPECT_EQ(spy().calls_beginning(made), 0) << made;
  EXPECT_GE(spy().calls("vkCmdDispatch"), 1);
}

}  // namespace
}  // namespace vulkan_test
