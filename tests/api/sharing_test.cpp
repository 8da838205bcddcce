// What is shared and what is not: a state that is in use refuses every other call, one scheduler
// serves sixteen threads, and an item has the same bits in any batch on any number of threads.

#include <algorithm>
#include <atomic>
#include <thread>

#include "parallel_fors.hpp"
#include "support.hpp"

namespace sched_test {
namespace {

constexpr std::int64_t kElements = 20011;

sched_init_options large_options(const Config& config) {
  sched_init_options options = options_for(config);
  options.elements = kElements;
  return options;
}

// ---------------------------------------------------------------------- a state in use

// A caller's function that calls back into the state whose step it runs.
struct CallsBack {
  sched_state* state = nullptr;
  Config config = config_named("dpm");
  int calls = 0;

  static void run(void* context, std::int64_t count, sched_parallel_run run, void* task) {
    auto* const self = static_cast<CallsBack*>(context);
    if (self->state != nullptr) self->call_everything();
    for (std::int64_t i = 0; i < count; ++i) run(task, i);
  }

  void refuse(sched_status status) {
    ++calls;
    EXPECT_EQ(status, SCHED_ERROR_IN_USE) << "call " << calls;
  }

  void call_everything() {
    Tensor out(SCHED_F32, 2, kElements);
    const Tensor in(SCHED_F32, 2, kElements), untouched = out;
    sched_tensor view = out.view();
    const sched_tensor input = in.view();
    sched_step_args args = SCHED_STEP_ARGS_INIT;
    args.sample = &input;
    args.prediction = &input;
    args.next = &view;
    refuse(sched_step(state, &input, &input, &view));
    refuse(sched_step_wide(state, &args));
    refuse(sched_initial_noise(state, &view));
    refuse(sched_scale_input(state, &input, &view));
    refuse(sched_add_noise(state, 0, &input, nullptr, &view));
    EXPECT_EQ(out, untouched);
    ask_everything();
    save_and_clone();
  }

  void ask_everything() {
    sched_call call = SCHED_CALL_INIT;
    call.timestep = -7.0;
    std::int64_t count = -7, other = -7;
    double values[64] = {-7.0};
    sched_weights weights{};
    weights.struct_size = sizeof weights;
    refuse(sched_next_call(state, &call));
    refuse(sched_call_at(state, 0, &call));
    refuse(sched_attempts(state, &count, &other));
    refuse(sched_timesteps(state, values, 64, &count));
    refuse(sched_sigmas(state, values, 64, &count));
    refuse(sched_levels(state, values, 64, &count));
    refuse(sched_step_for_timestep(state, 999.0, &count));
    refuse(sched_step_weights(state, 0, &weights));
    EXPECT_EQ(call.timestep, -7.0);
    EXPECT_EQ(values[0], -7.0);
    EXPECT_EQ(count, -7);
    EXPECT_EQ(other, -7);
    EXPECT_EQ(weights.rows, 0);
    EXPECT_EQ(sched_calls_done(state), -1);
    EXPECT_EQ(sched_state_bytes(state), -1);
    EXPECT_EQ(sched_can_continue(state), -1);
    EXPECT_EQ(sched_next_draws(state), -1);
    EXPECT_EQ(sched_input_scale(state), -1.0);
    EXPECT_TRUE(names(sched_last_error(state), {"inside"}));
    // What never changes may be asked at any time.
    EXPECT_EQ(sched_batch(state), 2);
    EXPECT_EQ(sched_num_calls(state), 5);
  }

  void save_and_clone() {
    std::vector<std::uint8_t> bytes(1 << 20, 0x5a);
    const std::vector<std::uint8_t> untouched = bytes;
    std::uint64_t size = 7;
    sched_state* copy = state;
    refuse(sched_save(state, bytes.data(), bytes.size(), &size));
    refuse(sched_load(state, bytes.data(), bytes.size()));
    refuse(sched_clone(state, &copy));
    EXPECT_EQ(bytes, untouched);
    EXPECT_EQ(size, 7u);
    EXPECT_EQ(copy, nullptr);
  }
};

TEST(StateInUse, RefusesACallBack) {
  CallsBack caller;
  sched_init_options options = options_for(caller.config);
  options.elements = 200003;  // enough for threads
  const std::vector<Tensor> expected = run(caller.config, options);
  options.threads = 4;
  options.parallel_for = CallsBack::run;
  options.parallel_context = &caller;
  const State state = start(caller.config, options);
  const Tensor sample = first_sample(state.get(), options);
  caller.state = state.get();
  EXPECT_EQ(run(state.get(), caller.config, sample), expected);
  EXPECT_EQ(caller.calls, 5 * 16);
}

// Two threads that both step: each step is made by one of them, and the other is refused or comes
// later.
TEST(StateInUse, StepsOnceForEachCallThatSucceeds) {
  const Config& config = config_named("dpm");
  sched_init_options options = large_options(config);
  options.num_steps = 200;
  const State state = start(config, options), alone = start(config, options);
  const Tensor sample = first_sample(state.get(), options);
  const Tensor prediction = predict(config, sample, 500.0);
  std::atomic<int> stepped{0}, refused{0}, finished{0}, other{0};
  const auto work = [&] {
    Tensor next = sample;
    const sched_tensor from = sample.view(), by = prediction.view();
    sched_tensor to = next.view();
    while (finished == 0) {
      switch (sched_step(state.get(), &from, &by, &to)) {
        case SCHED_OK:
          ++stepped;
          break;
        case SCHED_ERROR_IN_USE:
          ++refused;
          break;
        case SCHED_ERROR_FINISHED:
          ++finished;
          break;
        default:
          ++other;
      }
    }
  };
  std::thread first(work), second(work);
  first.join();
  second.join();
  EXPECT_EQ(other, 0);
  EXPECT_EQ(stepped, 200);
  EXPECT_EQ(sched_calls_done(state.get()), 200);
  Tensor next = sample;
  for (int call = 0; call < 200; ++call) step(alone.get(), sample, prediction, next);
  EXPECT_EQ(save(state.get()), save(alone.get()));
}

// ------------------------------------------------------------- one scheduler, many threads

class Shared : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(All, Shared, testing::ValuesIn(plain_configs()), CaseName());
INSTANTIATE_TEST_SUITE_P(Own, Shared, testing::ValuesIn(composed_configs()), CaseName());

TEST_P(Shared, BySixteenThreads) {
  constexpr int kThreads = 16;
  const Config& config = GetParam();
  const Scheduler scheduler = create(config.json);
  for (const std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    options = with_device(options);
    const std::vector<Tensor> expected = run(config, options);
    std::atomic<int> wrong{0};
    std::vector<std::thread> users;
    for (int user = 0; user < kThreads; ++user) {
      users.emplace_back([&] {
        sched_state* made = nullptr;
        if (sched_init(scheduler.get(), &options, &made) != SCHED_OK) ++wrong;
        const State state(made);
        if (made == nullptr) return;
        const Tensor sample = first_sample(made, options);
        if (run(made, config, sample) != expected) ++wrong;
      });
    }
    for (std::thread& user : users) user.join();
    EXPECT_EQ(wrong, 0) << kernel_name(kernel);
  }
}

// ---------------------------------------------------------------------------- batches

class InBatches : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(Elementwise, InBatches,
                         testing::ValuesIn(configs_without(kNorms | kAdaptive)), CaseName());

// Items with these seeds, in this order.
std::vector<Tensor> run_batch(const Config& config, sched_init_options options,
                              const std::vector<std::uint64_t>& seeds) {
  options.batch = static_cast<std::int64_t>(seeds.size());
  options.item_seeds = seeds.data();
  return run(config, options);
}

TEST_P(InBatches, HaveTheSameBitsAtAnyPlaceOnAnyThreads) {
  const Config& config = GetParam();
  const std::vector<std::uint64_t> seeds = {7, 1, 900};
  Caller caller;
  for (const std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    options.elements = kElements;  // enough for threads
    options.num_steps = std::max(config.least, 2);
    const std::vector<Tensor> whole = run_batch(config, options, seeds);
    for (std::size_t place = 1; place < seeds.size(); ++place) {
      std::vector<std::uint64_t> turned = seeds;
      std::rotate(turned.begin(), turned.begin() + static_cast<std::ptrdiff_t>(place),
                  turned.end());
      sched_init_options threaded = options;
      if (kernel != SCHED_KERNEL_VULKAN) {
        threaded.threads = static_cast<std::int32_t>(place) + 2;
        threaded.parallel_for = callers::reversed;
        threaded.parallel_context = &caller;
      }
      const Tensor last = run_batch(config, threaded, turned).back();
      const Tensor alone = run_batch(config, options, {seeds[place]}).back();
      EXPECT_EQ(last.item(0), alone) << kernel_name(kernel) << " place " << place;
      EXPECT_EQ(whole.back().item(static_cast<std::int64_t>(place)), alone)
          << kernel_name(kernel) << " place " << place;
    }
  }
  EXPECT_TRUE(caller.calls > 0 || kernels().front() == SCHED_KERNEL_VULKAN);
}

}  // namespace
}  // namespace sched_test
