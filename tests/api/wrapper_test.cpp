// <sched/sched.hpp>: that it moves, throws and converts as it says.  What the calls compute
// is the C ABI's, tested beside.

#include <algorithm>
#include <cstring>
#include <sched/sched.hpp>

#include "support.hpp"

namespace {

using sched::Error;

const char kEuler[] = R"({"_class_name": "EulerAncestralDiscreteScheduler"})";

sched::InitOptions options() {
  sched::InitOptions options;
  options.num_steps = 5;
  options.batch = 2;
  options.elements = 12;
  options.seed = 3;
  return options;
}

template <class Call>
sched_status status_of(Call call, std::string* sentence = nullptr) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_STREQ(error.status_name(), sched_status_name(error.status()));
    if (sentence != nullptr) *sentence = error.what();
    return error.status();
  }
  return SCHED_OK;
}

// What does not compile is part of the interface.
static_assert(!std::is_copy_constructible_v<sched::State>);
static_assert(!std::is_copy_constructible_v<sched::Scheduler>);
static_assert(std::is_nothrow_move_constructible_v<sched::State>);
static_assert(std::is_nothrow_move_assignable_v<sched::Scheduler>);
static_assert(!std::is_convertible_v<const std::vector<float>&, sched::TensorView>);
static_assert(std::is_convertible_v<const std::vector<float>&, sched::ConstTensorView>);
static_assert(std::is_convertible_v<std::array<double, 4>&, sched::TensorView>);
static_assert(!std::is_convertible_v<std::vector<int>&, sched::ConstTensorView>);
static_assert(std::is_convertible_v<float (&)[4], sched::TensorView>);
static_assert(std::is_convertible_v<const double (&)[4], sched::ConstTensorView>);
static_assert(!std::is_convertible_v<const float (&)[4], sched::TensorView>);
static_assert(!std::is_convertible_v<int (&)[4], sched::ConstTensorView>);
static_assert(!std::is_convertible_v<sched::ConstTensorView, sched::TensorView>);
static_assert(std::is_convertible_v<sched::TensorView, sched::ConstTensorView>);
static_assert(!std::is_convertible_v<sched::Span<const double>, sched::Span<double>>);

TEST(Wrapper, RunsALoop) {
  const sched::Scheduler scheduler(kEuler);
  EXPECT_STREQ(scheduler.method_info().class_name, "EulerAncestralDiscreteScheduler");
  sched::State state = scheduler.init(options());
  EXPECT_EQ(state.num_steps(), 5);
  EXPECT_EQ(state.num_calls(), 5);
  EXPECT_EQ(state.batch(), 2);
  EXPECT_EQ(state.elements(), 12);
  EXPECT_EQ(state.sigmas().size(), 6u);
  EXPECT_EQ(state.levels().size(), 6u);
  EXPECT_GT(state.bytes(), 0);

  std::vector<float> sample(24), input(24), prediction(24);
  state.initial_noise(sample);
  for (double time : state.timesteps()) {
    EXPECT_FALSE(state.finished());
    EXPECT_EQ(state.next_draws(), 1);
    state.scale_input(sample, input);
    for (std::size_t i = 0; i < 24; ++i)
      prediction[i] = 0.5f * input[i] + 0.0001f * static_cast<float>(time);
    state.step(sample, prediction, sample);
  }
  EXPECT_TRUE(state.finished());
  for (float value : sample) EXPECT_TRUE(std::isfinite(value));
  EXPECT_EQ(status_of([&] { state.step(sample, prediction, sample); }), SCHED_ERROR_FINISHED);
}

TEST(Wrapper, ErrorsCarryStatusAndSentence) {
  std::string sentence;
  EXPECT_EQ(status_of([] { sched::Scheduler("{"); }), SCHED_ERROR_JSON);
  EXPECT_EQ(status_of([] { sched::Scheduler(""); }), SCHED_ERROR_JSON);
  EXPECT_EQ(status_of([] { sched::Scheduler(R"({"_class_name": "DDIMScheduler", "colour": 1})"); },
                      &sentence),
            SCHED_ERROR_UNKNOWN_KEY);
  EXPECT_NE(sentence.find("colour"), std::string::npos) << sentence;
  const sched::Scheduler scheduler(kEuler);
  sched::InitOptions wrong = options();
  wrong.num_steps = -1;
  EXPECT_EQ(status_of([&] { (void)scheduler.init(wrong); }, &sentence), SCHED_ERROR_STEPS);
  EXPECT_NE(sentence.find("num_steps"), std::string::npos) << sentence;
  wrong = options();
  wrong.eta = 0.5;
  EXPECT_EQ(status_of([&] { (void)scheduler.init(wrong); }, &sentence), SCHED_ERROR_OPTION);
  wrong = options();
  wrong.item_seeds = {1, 2, 3};
  EXPECT_EQ(status_of([&] { (void)scheduler.init(wrong); }), SCHED_ERROR_SHAPE);

  sched::State state = scheduler.init(options());
  std::vector<float> right(24), odd(23), longer(26);
  EXPECT_EQ(status_of([&] { state.step(right, odd, right); }, &sentence), SCHED_ERROR_SHAPE);
  EXPECT_NE(sentence.find("prediction"), std::string::npos) << sentence;
  EXPECT_EQ(status_of([&] { state.step(longer, right, right); }), SCHED_ERROR_SHAPE);
  EXPECT_EQ(status_of([&] { state.step({}, right, right); }), SCHED_ERROR_SHAPE);
  EXPECT_EQ(status_of([&] { (void)state.step_for_timestep(0.123); }), SCHED_ERROR_VALUE);
  EXPECT_EQ(status_of([&] { (void)state.weights(99); }), SCHED_ERROR_STEPS);
  EXPECT_EQ(state.calls_done(), 0);
}

TEST(Wrapper, LenientCollectsWarnings) {
  const std::string json = R"({"_class_name": "DDIMScheduler", "colour": 1})";
  const sched::Scheduler scheduler(json, sched::Keys::lenient);
  ASSERT_EQ(scheduler.warnings().size(), 1u);
  EXPECT_NE(scheduler.warnings()[0].find("colour"), std::string::npos);
}

TEST(Wrapper, Moves) {
  sched::Scheduler first(kEuler);
  sched::Scheduler second = std::move(first);
  EXPECT_FALSE(static_cast<bool>(first));
  EXPECT_TRUE(static_cast<bool>(second));
  first = std::move(second);
  EXPECT_TRUE(static_cast<bool>(first));
  sched::State a = first.init(options());
  sched::State b = std::move(a);
  EXPECT_FALSE(static_cast<bool>(a));
  std::vector<float> x(24);
  EXPECT_EQ(status_of([&] { a.initial_noise(x); }), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(a.num_steps(), -1);
  a = std::move(b);
  a.initial_noise(x);
  a = first.init(options());  // over a live one
  first = sched::Scheduler(kEuler);
  a.initial_noise(x);  // outlives the scheduler it came from
}

TEST(Wrapper, SavesLoadsAndClones) {
  const sched::Scheduler scheduler(kEuler);
  sched::State state = scheduler.init(options());
  std::vector<float> sample(24), prediction(24, 0.25f);
  state.initial_noise(sample);
  state.step(sample, prediction, sample);
  const std::vector<std::uint8_t> bytes = state.save();
  sched::State clone = state.clone();
  sched::State loaded = scheduler.init(options());
  loaded.load(bytes);
  EXPECT_EQ(loaded.calls_done(), 1);
  std::vector<float> a(24), b(24), c(24);
  state.step(sample, prediction, a);
  clone.step(sample, prediction, b);
  loaded.step(sample, prediction, c);
  EXPECT_EQ(a, b);
  EXPECT_EQ(a, c);
  EXPECT_EQ(status_of([&] { loaded.load({bytes.data(), bytes.size() - 1}); }), SCHED_ERROR_DAMAGED);
}

// On a pool of the caller's, and on the library's.
TEST(Wrapper, Threads) {
  constexpr std::int64_t kElements = 100003;
  const sched::Scheduler scheduler(kEuler);
  sched::InitOptions plain = options();
  plain.elements = kElements;
  const auto first_sample = [&](const sched::InitOptions& chosen) {
    sched::State state = scheduler.init(chosen);
    std::vector<float> sample(static_cast<std::size_t>(chosen.batch * kElements));
    state.initial_noise(sample);
    return sample;
  };
  const std::vector<float> expected = first_sample(plain);
  int runs = 0;
  const auto pool = [&runs](std::int64_t count, const auto& run) {
    for (std::int64_t i = count; i-- > 0; ++runs) run(i);
  };
  sched::InitOptions threaded = plain;
  threaded.use_threads_of(pool, 5);
  EXPECT_EQ(first_sample(threaded), expected);
  EXPECT_EQ(runs, 5);
  threaded = plain;
  threaded.threads = 3;
  EXPECT_EQ(first_sample(threaded), expected);
  threaded.threads = 1000;
  EXPECT_EQ(status_of([&] { first_sample(threaded); }), SCHED_ERROR_VALUE);
  threaded.history_dtype = SCHED_BF16;
  EXPECT_EQ(threaded.c_options().history_dtype, SCHED_BF16);
}

TEST(Wrapper, ViewsOfEveryKind) {
  const sched::Scheduler scheduler(kEuler);
  sched::InitOptions all = options();
  sched::State state = scheduler.init(all);
  std::vector<float> vector(24);
  std::array<float, 24> array{};
  float raw[24];
  state.initial_noise(vector);
  state.initial_noise(array);
  state.initial_noise({raw, 24});
  state.initial_noise(sched::TensorView(raw, 24, 2));
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(vector[i], array[i]);
    EXPECT_EQ(vector[i], raw[i]);
  }
  // A batch that is named is used, right or wrong.
  EXPECT_EQ(status_of([&] { state.initial_noise(sched::TensorView(raw, 24, 3)); }),
            SCHED_ERROR_SHAPE);

  all.dtype = SCHED_F16;
  sched::State half = scheduler.init(all);
  std::vector<std::uint16_t> halves(24);
  half.initial_noise({halves.data(), halves.size(), SCHED_F16});
  for (std::size_t i = 0; i < 24; ++i)
    EXPECT_NEAR(sched_test::from_half(halves[i]), vector[i], 0.01 * std::fabs(vector[i]) + 1e-4);

  all.dtype = SCHED_F64;
  all.kernel = SCHED_KERNEL_REFERENCE;
  sched::State wide = scheduler.init(all);
  EXPECT_EQ(wide.kernel(), SCHED_KERNEL_REFERENCE);
  std::vector<double> doubles(24);
  wide.initial_noise(doubles);
  for (std::size_t i = 0; i < 24; ++i) EXPECT_NEAR(doubles[i], vector[i], 1e-4);
}

TEST(Wrapper, WideStep) {
  const sched::Scheduler scheduler(kEuler);
  sched::State state = scheduler.init(options());
  sched::State plain = scheduler.init(options());
  std::vector<float> sample(24), prediction(24, 0.25f), expected(24), next(24);
  std::vector<float> denoised(24), input(24), scaled(24), noise(24, 1.0f);
  state.initial_noise(sample);
  plain.step(sample, prediction, expected);
  sched::StepArgs args;
  args.sample = sample;
  args.prediction = prediction;
  args.next = next;
  args.denoised = denoised;
  args.next_input = input;
  state.step(args);
  EXPECT_EQ(next, expected);
  state.scale_input(next, scaled);
  for (std::size_t i = 0; i < 24; ++i) EXPECT_NEAR(input[i], scaled[i], 1e-5);

  args.sample = next;
  args.unconditional = prediction;
  args.guidance_scale = 3.0;
  args.noise[0] = noise;
  state.step(args);  // in place
  EXPECT_EQ(state.calls_done(), 2);

  const std::vector<double> times(3, 500.0);
  args.group_timesteps = times;
  EXPECT_EQ(status_of([&] { state.step(args); }), SCHED_ERROR_SHAPE);
  args.group_timesteps = {times.data(), 2};
  EXPECT_EQ(status_of([&] { state.step(args); }), SCHED_ERROR_OPTION);
}

TEST(Wrapper, AddNoise) {
  const sched::Scheduler scheduler(kEuler);
  sched::State state = scheduler.init(options());
  const std::vector<float> original(24, 2.0f), noise(24, 1.0f);
  std::vector<float> out(24);
  state.add_noise(1, original, noise, out);
  const sched::Level level = state.levels()[1];
  for (float value : out) EXPECT_NEAR(value, 2.0 * level.alpha + level.sigma, 1e-5 * level.sigma);
  state.add_noise(1, original, out);
  EXPECT_NE(out[0], out[1]);
}

// One loop for every method: a call that asks no model takes no prediction, and RePaint its
// mask and original.
TEST(Wrapper, CallsOfEveryKind) {
  const sched::Scheduler scheduler(
      R"({"solver": {"name": "repaint", "jump_length": 2, "jump_n_sample": 2}})");
  sched::State state = scheduler.init(options());
  std::vector<float> sample(24), mask(24, 0.0f), original(24, 0.5f), prediction(24, 0.1f);
  std::fill(mask.begin(), mask.begin() + 12, 1.0f);
  state.initial_noise(sample);
  int undone = 0;
  for (std::int64_t done = 0; !state.finished(); ++done) {
    const sched_call call = state.next_call();
    const sched_call planned = state.call_at(done);
    EXPECT_EQ(std::memcmp(&call, &planned, sizeof call), 0);
    sched::StepArgs args;
    args.sample = sample;
    if (call.needs_model != 0) {
      args.prediction = prediction;
      args.mask = mask;
      args.original = original;
    } else {
      ++undone;
    }
    args.next = sample;
    state.step(args);
  }
  EXPECT_GT(undone, 0);
  // The end is clean data: the original where the mask is 1.
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(sample[i], 0.5f);
  std::string sentence;
  EXPECT_EQ(status_of([&] { (void)state.next_call(); }), SCHED_ERROR_FINISHED);
  EXPECT_EQ(status_of([&] { (void)state.call_at(999); }, &sentence), SCHED_ERROR_STEPS);
  EXPECT_NE(sentence.find("999"), std::string::npos) << sentence;
}

TEST(Wrapper, StepsThatTheMethodChooses) {
  const sched::Scheduler scheduler(R"({"solver": "dpm_adaptive"})");
  sched::State state = scheduler.init(options());
  EXPECT_EQ(state.num_calls(), -2);
  EXPECT_EQ(status_of([&] { (void)state.timesteps(); }), SCHED_ERROR_UNSUPPORTED);
  EXPECT_EQ(status_of([&] { (void)state.call_at(0); }), SCHED_ERROR_UNSUPPORTED);
  EXPECT_EQ(status_of([&] { (void)state.weights(0); }), SCHED_ERROR_UNSUPPORTED);
  std::vector<float> sample(24), prediction(24, 0.25f);
  state.initial_noise(sample);
  std::int64_t ends = 0;
  while (!state.finished()) {
    ends += state.next_call().ends_step;
    state.step(sample, prediction, sample);
  }
  const sched::Attempts attempts = state.attempts();
  EXPECT_GT(attempts.accepted, 0);
  EXPECT_EQ(attempts.accepted + attempts.rejected, ends);
  EXPECT_EQ(scheduler.init(options()).attempts().accepted, 0);
}

TEST(Wrapper, Mask) {
  const sched::Scheduler scheduler(kEuler);
  sched::State state = scheduler.init(options());
  std::vector<float> sample(24), prediction(24, 0.25f), next(24), known(24);
  const std::vector<float> mask(24, 1.0f), original(24, 2.0f), noise(24, -1.0f);
  state.initial_noise(sample);
  state.add_noise(1, original, noise, known);
  sched::StepArgs args;
  args.sample = sample;
  args.prediction = prediction;
  args.next = next;
  args.mask = mask;
  args.original = original;
  args.known_noise = noise;
  state.step(args);
  for (std::size_t i = 0; i < 24; ++i) EXPECT_FLOAT_EQ(next[i], known[i]);
  args.original = {};
  EXPECT_EQ(status_of([&] { state.step(args); }), SCHED_ERROR_ARGUMENT);
  args.original = {original.data(), 23};
  EXPECT_EQ(status_of([&] { state.step(args); }), SCHED_ERROR_SHAPE);
}

TEST(Wrapper, Tables) {
  EXPECT_EQ(sched::version_number(), SCHED_VERSION);
  EXPECT_STREQ(sched::version_string(), sched_version_string());
  EXPECT_EQ(sched::methods().size(), static_cast<std::size_t>(sched_method_count()));
  const auto method = sched::find_method("EulerDiscreteScheduler");
  ASSERT_TRUE(method.has_value());
  EXPECT_FALSE(sched::options_of(*method).empty());
  EXPECT_FALSE(sched::find_method("nonsense").has_value());
  EXPECT_EQ(status_of([] { (void)sched::method_at(-1); }), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(status_of([] { (void)sched::options_of(-1); }), SCHED_ERROR_ARGUMENT);
  EXPECT_TRUE(sched::kernel_available(SCHED_KERNEL_REFERENCE));
}

}  // namespace
