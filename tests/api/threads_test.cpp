// Steps on threads: the bits of one thread, whatever the threads do.

#include <cfenv>

#include "parallel_fors.hpp"
#include "support.hpp"

namespace sched_test {
namespace {

constexpr int kCallers = 8;

void set_callers(Caller (&all)[kCallers]) {
  const std::pair<sched_parallel_for, const char*> known[kCallers] = {
      {callers::in_order, "in order"}, {callers::reversed, "reversed"},
      {callers::threads, "threads"},   {callers::twice, "twice"},
      {callers::none, "none"},         {callers::half, "half"},
      {callers::early, "early"},       {callers::throwing, "throwing"}};
  for (int i = 0; i < kCallers; ++i) {
    all[i].parallel_for = known[i].first;
    all[i].name = known[i].second;
  }
}

// Everything that one call writes.
struct Outputs {
  Tensor next, denoised, input;
  explicit Outputs(const Tensor& like) : next(like), denoised(like), input(like) {}
  bool operator==(const Outputs& other) const {
    return next == other.next && denoised == other.denoised && input == other.input;
  }
};

// The step, into outputs of its own.
void run_into(sched_state* state, const Step& step, Outputs& outputs) {
  sched_tensor views[3] = {outputs.next.view(), outputs.denoised.view(), outputs.input.view()};
  const sched_tensor sample = step.sample.view(), prediction = step.prediction.view();
  const sched_tensor mask = step.mask.view(), original = step.original.view();
  const sched_tensor unconditional = step.unconditional.view();
  sched_step_args args = step.args;
  args.sample = &sample;
  args.prediction = step.call.needs_model != 0 ? &prediction : nullptr;
  args.next = &views[0];
  if (step.call.needs_model != 0) args.denoised = &views[1];
  args.next_input = &views[2];
  if (args.mask != nullptr) args.mask = &mask;
  if (args.original != nullptr) args.original = &original;
  if (args.unconditional != nullptr) args.unconditional = &unconditional;
  ASSERT_EQ(sched_step_wide(state, &args), SCHED_OK) << sched_last_error(state);
}

// The same loop on one thread and, step by step, in other ways.
class Loops {
 public:
  Loops(const Config& config, const sched_init_options& options)
      : config_(config),
        options_(options),
        scheduler_(create(config.json)),
        one_(state_with(1, nullptr)) {}

  void add(int threads, Caller* caller, const std::string& name) {
    others_.push_back(state_with(threads, caller));
    names_.push_back(name + " " + std::to_string(threads));
  }
  void add_pool(std::initializer_list<int> numbers) {
    for (int threads : numbers) add(threads, nullptr, "pool");
  }

  void run() {
    Tensor sample = first_sample(one_.get(), options_);
    for (std::size_t i = 0; i < others_.size(); ++i) {
      ASSERT_EQ(first_sample(others_[i].get(), options_), sample) << names_[i];
    }
    for (int call = 0; is_next(one_.get()); ++call) {
      Outputs expected(sample);
      Step step(one_.get(), config_, sample, expected.next);
      if (call % 2 == 1) step.use_mask();
      ASSERT_NO_FATAL_FAILURE(run_into(one_.get(), step, expected));
      for (std::size_t i = 0; i < others_.size(); ++i) {
        Outputs outputs(sample);
        ASSERT_NO_FATAL_FAILURE(run_into(others_[i].get(), step, outputs)) << names_[i];
        ASSERT_TRUE(outputs == expected) << names_[i] << " call " << call;
      }
      sample = expected.next;
    }
    // What the states keep is the same too, and none knows of the threads of another.
    const std::vector<std::uint8_t> saved = save(one_.get());
    for (std::size_t i = 0; i < others_.size(); ++i) {
      EXPECT_EQ(save(others_[i].get()), saved) << names_[i];
      EXPECT_EQ(sched_load(others_[i].get(), saved.data(), saved.size()), SCHED_OK) << names_[i];
    }
  }

 private:
  State state_with(int threads, Caller* caller) {
    sched_init_options options = options_;
    options.threads = threads;
    if (caller != nullptr) {
      options.parallel_for = caller->parallel_for;
      options.parallel_context = caller;
    }
    sched_state* state = nullptr;
    if (sched_init(scheduler_.get(), &options, &state) != SCHED_OK) {
      throw std::runtime_error("init with threads failed");
    }
    return State(state);
  }

  const Config& config_;
  sched_init_options options_;
  Scheduler scheduler_;
  State one_;
  std::vector<State> others_;
  std::vector<std::string> names_;
};

class Threaded : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(All, Threaded, testing::ValuesIn(every_config()), CaseName());
INSTANTIATE_TEST_SUITE_P(Generators, Threaded, testing::ValuesIn(generator_configs()), CaseName());

// Three items of a length that no block divides: for each method enough for the caller's threads,
// and for the pool's where noise is made.
sched_init_options three_items(const Config& config) {
  sched_init_options options = options_for(config);
  options.batch = 3;
  options.elements = 50001;
  return options;
}

TEST_P(Threaded, BitsOfOneThread) {
  const Config& config = GetParam();
  const sched_init_options options = three_items(config);
  Caller caller;
  caller.parallel_for = callers::threads;
  Loops loops(config, options);
  loops.add_pool({3});
  loops.add(7, &caller, "threads");
  loops.run();
  EXPECT_GT(caller.calls, 0);
}

TEST(Threads, EveryCallerAndNumber) {
  for (const char* name : {"dpm", "our_dpmpp_2m_sde", "ddpm_learned", "our_repaint"}) {
    const Config& config = config_named(name);
    const sched_init_options options = three_items(config);
    Caller all[kCallers];
    set_callers(all);
    Loops loops(config, options);
    loops.add_pool({2, 3, 7, 64});
    int threads = 2;
    for (Caller& caller : all) loops.add(threads = threads * 2 % 61, &caller, caller.name);
    loops.run();
    for (Caller& caller : all) {
      EXPECT_GT(caller.calls, 0) << name << ", " << caller.name;
      caller.join();  // before the states go, of which a late thread may still ask for a part
    }
  }
}

// Large enough for the pool without noise, and for many threads with it; one item, and several.
TEST(Threads, LargeSteps) {
  for (const char* name : {"ddim_no_clip", "dpm", "ddim_threshold", "euler_ancestral_v"}) {
    const Config& config = config_named(name);
    for (std::int64_t batch : {1, 3}) {
      sched_init_options options = options_for(config);
      options.num_steps = 2;
      options.batch = batch;
      options.elements = 3000037 / batch;
      Loops loops(config, options);
      loops.add_pool({2, 7});
      loops.run();
    }
  }
}

TEST(Threads, EveryKernelAndDtype) {
  for (const char* name :
       {"dpm", "dpm_sde", "ddpm_learned_range", "our_repaint", "euler_ancestral_v"}) {
    const Config& config = config_named(name);
    for (std::int32_t kernel : kernels()) {
      for (std::int32_t dtype : {SCHED_F32, SCHED_F16, SCHED_BF16}) {
        // Slow, and the same for every type.
        if (kernel == SCHED_KERNEL_REFERENCE && dtype != SCHED_F16) continue;
        sched_init_options options = options_for(config);
        options.kernel = kernel;
        options.dtype = dtype;
        options.num_steps = 3;
        options.batch = 1;
        options.elements = 140003;
        Caller caller;
        caller.parallel_for = callers::threads;
        Loops loops(config, options);
        loops.add(3, nullptr, "pool");
        loops.add(5, &caller, kernel_name(kernel));
        loops.run();
        EXPECT_GT(caller.calls, 0);
      }
    }
  }
}

// Many small items: parts that hold several, and begin within one.
TEST(Threads, SmallItems) {
  const Config& config = config_named("euler_ancestral_v");
  for (std::int64_t elements : {1, 37, 1024, 1500}) {
    sched_init_options options = options_for(config);
    options.elements = elements;
    options.batch = 200000 / elements;
    Caller caller;
    caller.parallel_for = callers::threads;
    Loops loops(config, options);
    loops.add(7, nullptr, "pool");
    loops.add(7, &caller, "threads");
    loops.run();
    EXPECT_EQ(caller.most_parts, 7);
  }
}

// A caller that has changed how its thread rounds gets it from every thread.
TEST(Threads, RoundAsTheCallingThreadDoes) {
  const Config& config = config_named("dpm_sde");
  sched_init_options options = options_for(config);
  options.batch = 1;
  options.elements = 300001;
  const auto after_one_step = [&](int threads, Caller* caller, int rounding) {
    options.threads = threads;
    options.parallel_for = caller != nullptr ? caller->parallel_for : nullptr;
    options.parallel_context = caller;
    const State state = start(config, options);
    const Tensor sample = first_sample(state.get(), options);
    const Tensor prediction = predict(config, sample, 500.0);
    Tensor next = sample;
    std::fesetround(rounding);
    step(state.get(), sample, prediction, next);
    std::fesetround(FE_TONEAREST);
    return next;
  };
  Caller caller;
  caller.parallel_for = callers::threads;
  const Tensor upward = after_one_step(1, nullptr, FE_UPWARD);
  ASSERT_NE(upward, after_one_step(1, nullptr, FE_TONEAREST));
  EXPECT_EQ(after_one_step(4, nullptr, FE_UPWARD), upward);
  EXPECT_EQ(after_one_step(4, &caller, FE_UPWARD), upward);
  EXPECT_GT(caller.calls, 0);
}

// --------------------------------------------------------------------- errors

struct Refused {
  const char* name;
  sched_status status;
  std::vector<std::string> words;
  Tune tune;
};

TEST(ThreadOptions, Refused) {
  static int something;
  const Refused cases[] = {
      {"negative",
       SCHED_ERROR_VALUE,
       {"threads is -1", "0 to 256"},
       [](sched_init_options& o) { o.threads = -1; }},
      {"many",
       SCHED_ERROR_VALUE,
       {"threads is 257", "0 to 256"},
       [](sched_init_options& o) { o.threads = 257; }},
      {"caller's without a number",
       SCHED_ERROR_CONFLICT,
       {"parallel_for", "threads is 0", "2 to 256"},
       [](sched_init_options& o) { o.parallel_for = callers::in_order; }},
      {"caller's with one",
       SCHED_ERROR_CONFLICT,
       {"parallel_for", "threads is 1", "2 to 256"},
       [](sched_init_options& o) {
         o.parallel_for = callers::in_order;
         o.threads = 1;
       }},
      {"context alone",
       SCHED_ERROR_ARGUMENT,
       {"parallel_context", "parallel_for is NULL"},
       [](sched_init_options& o) {
         o.threads = 2;
         o.parallel_context = &something;
       }},
  };
  const Scheduler scheduler = create(config_named("dpm").json);
  for (const Refused& c : cases) {
    Message message;
    sched_init_options options = options_for(config_named("dpm"));
    options.message = message.data();
    options.message_capacity = message.capacity();
    c.tune(options);
    sched_state* state = reinterpret_cast<sched_state*>(&state);
    EXPECT_EQ(sched_init(scheduler.get(), &options, &state), c.status) << c.name;
    EXPECT_EQ(state, nullptr) << c.name;
    EXPECT_TRUE(names(message.text(), c.words)) << c.name;
  }
  for (std::int32_t threads : {0, 1, 2, 256}) {
    sched_init_options options = options_for(config_named("dpm"));
    options.threads = threads;
    EXPECT_NE(start(config_named("dpm"), options), nullptr) << threads;
  }
}

}  // namespace
}  // namespace sched_test
