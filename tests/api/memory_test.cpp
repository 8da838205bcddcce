// The caller's allocator holds everything that a scheduler and its states hold, and any allocation
// may fail: a clean status, nothing left behind, and the same call again works.

#include "fail_allocations.hpp"
#include "parallel_fors.hpp"
#include "support.hpp"

namespace sched_test {
namespace {

sched_create_options with(const Ledger& ledger) {
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.allocator = ledger.allocator();
  return options;
}

class Memory : public testing::TestWithParam<Config> {
 protected:
  // What is made once for the program is not a handle's.
  void SetUp() override { start(GetParam()); }

  sched_status make(const Ledger& ledger, Message& message, sched_scheduler** out) const {
    sched_create_options options = with(ledger);
    options.message = message.data();
    options.message_capacity = message.capacity();
    const std::string& json = GetParam().json;
    return sched_create(json.data(), json.size(), &options, out);
  }
  Scheduler made(const Ledger& ledger) const {
    Message message;
    sched_scheduler* scheduler = nullptr;
    EXPECT_EQ(make(ledger, message, &scheduler), SCHED_OK) << message.text();
    return Scheduler(scheduler);
  }
};
INSTANTIATE_TEST_SUITE_P(All, Memory, testing::ValuesIn(every_config()), CaseName());
INSTANTIATE_TEST_SUITE_P(Generators, Memory, testing::ValuesIn(generator_configs()), CaseName());

State begun(const Scheduler& scheduler, const sched_init_options& options) {
  sched_state* state = nullptr;
  EXPECT_EQ(sched_init(scheduler.get(), &options, &state), SCHED_OK);
  return State(state);
}

// ------------------------------------------------------------------------ what is held

TEST_P(Memory, IsTheCallersAlone) {
  const Config& config = GetParam();
  Message message(1);
  for (const std::int32_t kernel : kernels()) {
    const Ledger ledger;
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    sched_scheduler* made = nullptr;
    sched_state* begun = nullptr;
    sched_state* copy = nullptr;
    Watched watched = watch(0, [&] { make(ledger, message, &made); });
    const Scheduler scheduler(made);
    EXPECT_EQ(watched.held, 0) << "by the scheduler, beside the caller's memory";
    const std::int64_t before = ledger.bytes();
    EXPECT_GT(before, 0);

    watched = watch(0, [&] { sched_init(made, &options, &begun); });
    const State state(begun);
    ASSERT_NE(begun, nullptr);
    EXPECT_EQ(watched.held, 0) << "by the state, beside the caller's memory";
    EXPECT_EQ(ledger.bytes() - before, sched_state_bytes(begun));

    const std::vector<Tensor> loop = run(begun, config, first_sample(begun, options));
    EXPECT_EQ(loop, run(config, options));
    watched = watch(0, [&] { sched_clone(begun, &copy); });
    const State clone(copy);
    EXPECT_EQ(watched.held, 0) << "by the clone, beside the caller's memory";
    // A long sentence is the state's too.
    sched_tensor out = Tensor(SCHED_F32, 1, 1).view();
    watched = watch(0, [&] { EXPECT_EQ(sched_initial_noise(copy, &out), SCHED_ERROR_SHAPE); });
    EXPECT_EQ(watched.held, 0) << "by the sentence, beside the caller's memory";
  }
}

// --------------------------------------------------------------------- what may fail

// Fails each allocation of `call` in turn, alone and with all that follow.  Returns how many there
// are.
template <typename Call>
long fail_each(const Ledger& ledger, const Statuses& allowed, const Call& call) {
  const std::size_t blocks = ledger.blocks();
  for (long nth = 1;; ++nth) {
    for (const bool for_ever : {false, true}) {
      sched_status status = SCHED_OK;
      const Watched watched = watch(
          nth, [&] { status = call(); }, for_ever);
      if (!watched.has_failed) return nth - 1;
      EXPECT_TRUE(is_one_of(status, allowed)) << "allocation " << nth;
      EXPECT_EQ(watched.held, 0) << "allocation " << nth;
      EXPECT_EQ(ledger.blocks(), blocks) << "allocation " << nth;
      if (testing::Test::HasFailure()) return nth;
    }
  }
}

TEST_P(Memory, MayFailInCreate) {
  const Ledger ledger;
  Message message;
  const long calls = fail_each(ledger, {SCHED_ERROR_MEMORY}, [&] {
    sched_scheduler* scheduler = nullptr;
    const sched_status status = make(ledger, message, &scheduler);
    if (status != SCHED_OK && scheduler != nullptr) return SCHED_ERROR_INTERNAL;
    sched_free(scheduler);
    return status;
  });
  EXPECT_GT(calls, 3);
  EXPECT_EQ(message.text(), "out of memory");
}

TEST_P(Memory, MayFailInInit) {
  const Config& config = GetParam();
  const Ledger ledger;
  const Scheduler scheduler = made(ledger);
  for (const std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    Caller caller;
    options.threads = 3;
    options.parallel_for = callers::in_order;
    options.parallel_context = &caller;
    const long calls = fail_each(ledger, {SCHED_ERROR_MEMORY}, [&] {
      sched_state* state = nullptr;
      const sched_status status = sched_init(scheduler.get(), &options, &state);
      if (status != SCHED_OK && state != nullptr) return SCHED_ERROR_INTERNAL;
      sched_state_free(state);
      return status;
    });
    EXPECT_GT(calls, 3);
  }
}

TEST_P(Memory, MayFailInCloneAndLoad) {
  const Config& config = GetParam();
  const Ledger ledger;
  const Scheduler scheduler = made(ledger);
  for (const std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    const State state = begun(scheduler, options);
    Tensor sample = first_sample(state.get(), options);
    Tensor next = sample;
    Step(state.get(), config, sample, next).run();
    const std::vector<std::uint8_t> bytes = save(state.get());
    const long calls = fail_each(ledger, {SCHED_ERROR_MEMORY}, [&] {
      sched_state* copy = nullptr;
      const sched_status status = sched_clone(state.get(), &copy);
      if (status != SCHED_OK && copy != nullptr) return SCHED_ERROR_INTERNAL;
      sched_state_free(copy);
      return status;
    });
    EXPECT_GE(calls, 2);
    fail_each(ledger, {SCHED_ERROR_MEMORY},
              [&] { return sched_load(state.get(), bytes.data(), bytes.size()); });
    EXPECT_EQ(save(state.get()), bytes);
    EXPECT_EQ(sched_calls_done(state.get()), 1);
  }
}

// What is wrong is said even where there is no memory for a sentence.
TEST_P(Memory, MayFailInASentence) {
  const Config& config = GetParam();
  const Ledger ledger;
  const Scheduler scheduler = made(ledger);
  const sched_init_options options = options_for(config);
  Tensor wrong(SCHED_F32, options.batch, options.elements + 1);
  sched_tensor out = wrong.view();
  const Tensor before = wrong;
  long nth = 1;
  for (bool has_failed = true; has_failed; ++nth) {
    const State state = begun(scheduler, options);
    sched_status status = SCHED_OK;
    has_failed = watch(nth, [&] { status = sched_initial_noise(state.get(), &out); }).has_failed;
    EXPECT_TRUE(is_one_of(status, {SCHED_ERROR_MEMORY, SCHED_ERROR_SHAPE}));
    EXPECT_STRNE(sched_last_error(state.get()), "");
    EXPECT_EQ(wrong, before);
  }
  EXPECT_GT(nth, 2);
}

// The library's own threads: an init gets fewer, or fails with nothing left.
TEST(MemoryOfThreads, MayFail) {
  const Config& config = config_named("dpm");
  for (long nth = 1; nth < 60; ++nth) {
    const Ledger ledger;
    const sched_create_options create = with(ledger);
    sched_scheduler* made = nullptr;
    ASSERT_EQ(sched_create(config.json.data(), config.json.size(), &create, &made), SCHED_OK);
    const Scheduler scheduler(made);
    sched_init_options options = options_for(config);
    options.threads = 3;
    sched_state* state = nullptr;
    sched_status status = SCHED_OK;
    watch(nth, [&] { status = sched_init(made, &options, &state); });
    EXPECT_TRUE(is_one_of(status, {SCHED_OK, SCHED_ERROR_MEMORY})) << nth;
    EXPECT_EQ(state != nullptr, status == SCHED_OK) << nth;
    sched_state_free(state);
  }
}

// -------------------------------------------------------------------------- bad input

sched_status create_with(const sched_allocator& allocator, Message& message) {
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.allocator = &allocator;
  options.message = message.data();
  options.message_capacity = message.capacity();
  const std::string& json = config_named("euler").json;
  sched_scheduler* scheduler = nullptr;
  const sched_status status = sched_create(json.data(), json.size(), &options, &scheduler);
  EXPECT_EQ(scheduler, nullptr);
  sched_free(scheduler);
  return status;
}

TEST(Allocator, IsChecked) {
  const Ledger ledger;
  sched_allocator allocator = *ledger.allocator();
  Message message;
  allocator.allocate = nullptr;
  EXPECT_EQ(create_with(allocator, message), SCHED_ERROR_ARGUMENT);
  EXPECT_TRUE(names(message.text(), {"allocator", "NULL"}));
  allocator = *ledger.allocator();
  allocator.release = nullptr;
  EXPECT_EQ(create_with(allocator, message), SCHED_ERROR_ARGUMENT);
  EXPECT_TRUE(names(message.text(), {"release", "NULL"}));
  for (const std::uint32_t size : {0u, 8u, 31u, 5000u}) {
    allocator = *ledger.allocator();
    allocator.struct_size = size;
    EXPECT_EQ(create_with(allocator, message), SCHED_ERROR_STRUCT_SIZE) << size;
    EXPECT_TRUE(names(message.text(), {"allocator"}));
  }
}

// A block that is not aligned as asked for is given back, and never used.
TEST(Allocator, IsRefusedWhereItDoesNotAlign) {
  struct Crooked {
    alignas(64) unsigned char bytes[1 << 16];
    long given = 0, taken = 0;
  } crooked;
  std::memset(crooked.bytes, 0x5a, sizeof crooked.bytes);
  sched_allocator allocator = SCHED_ALLOCATOR_INIT;
  allocator.context = &crooked;
  allocator.allocate = [](void* context, std::uint64_t size, std::uint64_t) -> void* {
    auto* const from = static_cast<Crooked*>(context);
    ++from->given;
    return size < sizeof from->bytes ? from->bytes + 1 : nullptr;
  };
  allocator.release = [](void* context, void*, std::uint64_t, std::uint64_t) {
    ++static_cast<Crooked*>(context)->taken;
  };
  Message message;
  EXPECT_EQ(create_with(allocator, message), SCHED_ERROR_MEMORY);
  EXPECT_TRUE(names(message.text(), {"allocator", "aligned"}));
  EXPECT_EQ(crooked.given, 1);
  EXPECT_EQ(crooked.taken, 1);
  for (const unsigned char byte : crooked.bytes) ASSERT_EQ(byte, 0x5a);
}

}  // namespace
}  // namespace sched_test
