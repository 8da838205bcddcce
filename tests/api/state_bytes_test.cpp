// sched_state_bytes() is what a state allocates, and the rows that it keeps are those that its
// steps use.

#include <set>

#include "count_allocations.hpp"
#include "support.hpp"

namespace sched_test {
namespace {

class StateBytes : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(All, StateBytes, testing::ValuesIn(every_config()), CaseName());
INSTANTIATE_TEST_SUITE_P(Generators, StateBytes, testing::ValuesIn(generator_configs()),
                         CaseName());

// Less than a cache line, some of them, and in two items more than large pages begin with.
constexpr std::int64_t kSizes[] = {1, 1001, 600007};

std::int64_t row_bytes(const sched_init_options& options, std::int32_t kernel) {
  const int wide = kernel == SCHED_KERNEL_REFERENCE ? 8 : 4;
  const int bytes = options.history_dtype == 0           ? wide
                    : options.history_dtype == SCHED_F32 ? 4
                    : options.history_dtype == SCHED_F64 ? 8
                                                         : 2;
  return options.batch * options.elements * bytes;
}

// The format of saved states: core/state_bytes.cpp.
std::int64_t rows_of(sched_state* state, const sched_init_options& options) {
  const auto bytes = static_cast<std::int64_t>(save(state).size()) - 120;
  return bytes / row_bytes(options, sched_state_kernel(state));
}

void expect_exact_bytes(const Scheduler& scheduler, const sched_init_options& options) {
  sched_state* made = nullptr;
  sched_status status = SCHED_OK;
  const Allocated allocated =
      allocated_by([&] { status = sched_init(scheduler.get(), &options, &made); });
  const State state(made);
  ASSERT_EQ(status, SCHED_OK);
  EXPECT_EQ(sched_state_bytes(made), allocated.live_bytes)
      << "kernel " << options.kernel << ", " << options.elements << " elements, history "
      << options.history_dtype;
  sched_state* copy = nullptr;
  const Allocated cloned = allocated_by([&] { status = sched_clone(made, &copy); });
  const State clone(copy);
  ASSERT_EQ(status, SCHED_OK);
  // The plans are shared.
  EXPECT_EQ(sched_state_bytes(copy), sched_state_bytes(made));
  EXPECT_LT(cloned.live_bytes, allocated.live_bytes);
}

TEST_P(StateBytes, AreWhatInitAllocates) {
  if (!kCountsAllocations) GTEST_SKIP() << "AddressSanitizer owns malloc";
  const Config& config = GetParam();
  const Scheduler scheduler = create(config.json);
  const bool has_rows = rows_of(start(config).get(), options_for(config)) > 0;
  for (std::int32_t kernel : kernels()) {
    for (const std::int64_t elements : kSizes) {
      sched_init_options options = options_for(config);
      options.kernel = kernel;
      options.elements = elements;
      expect_exact_bytes(scheduler, options);
      if (!has_rows) continue;
      for (const std::int32_t dtype : {SCHED_F16, SCHED_BF16}) {
        options.history_dtype = dtype;
        expect_exact_bytes(scheduler, options);
      }
    }
  }
}

// A sentence that was kept is counted, too.
TEST(LastError, IsCountedInBytes) {
  const State state = start(config_named("euler"));
  const std::int64_t before = sched_state_bytes(state.get());
  std::int64_t step = 0;
  EXPECT_EQ(sched_step_for_timestep(state.get(), 0.123, &step), SCHED_ERROR_VALUE);
  EXPECT_GT(sched_state_bytes(state.get()),
            before + static_cast<std::int64_t>(std::strlen(sched_last_error(state.get()))));
}

// No more rows than the method's table says; each is written by a step and read by a later one.
TEST_P(StateBytes, RowsAreThoseThatStepsUse) {
  const Config& config = GetParam();
  sched_init_options options = options_for(config);
  if (config.most >= 12 && options.num_steps != 0) options.num_steps = 12;
  const Scheduler scheduler = create(config.json);
  sched_method_info info = SCHED_METHOD_INFO_INIT;
  ASSERT_EQ(sched_method_at(sched_method(scheduler.get()), &info), SCHED_OK);
  const State state = start(config, options);
  const std::int64_t rows = rows_of(state.get(), options);
  EXPECT_LE(rows, info.memory_rows);
  if (config.has(kAdaptive | kNorms)) return;
  std::set<int> written, used;
  for (std::int64_t call = 0; call < sched_num_calls(state.get()); ++call) {
    const sched_weights w = weights(state.get(), call);
    for (int row = 0; row < w.rows; ++row) {
      for (int slot = 0; slot < 8; ++slot) {
        if (w.weight[row][SCHED_INPUT_MEMORY0 + slot] == 0.0) continue;
        EXPECT_EQ(written.count(slot), 1u) << "row " << slot << " is read before it is written";
        used.insert(slot);
      }
    }
    for (int row = 0; row < w.rows; ++row) {
      const int slot = w.output[row] - SCHED_OUTPUT_MEMORY0;
      if (slot >= 0 && slot < 8) written.insert(slot);
    }
  }
  EXPECT_EQ(static_cast<std::int64_t>(used.size()), rows);
  for (const int slot : written) EXPECT_LT(slot, rows);
}

}  // namespace
}  // namespace sched_test
