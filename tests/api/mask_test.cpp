// Inpainting in the step: where the mask is 1 the sample is the original, noised to the level
// at which the call arrives; where it is 0 it is the plain step; between, it is blended.

#include <cstring>
#include <limits>
#include <stdexcept>

#include "support.hpp"

namespace sched_test {
namespace {

class Masked : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(All, Masked, testing::ValuesIn(configs_without(kNeedsMask)), CaseName());

struct Level {
  double alpha, sigma;
};

// Where the state stands: at the next call, or at the end of the loop.  Churn brings the
// sample to the call's level only where s_noise is 1.
Level level_of(sched_state* state, const sched_init_options& options) {
  sched_call call = SCHED_CALL_INIT;
  const std::vector<double> all = levels(state);
  if (sched_next_call(state, &call) == SCHED_OK) {
    if (options.s_noise == SCHED_UNSET || call.stage != 0) return {call.alpha, call.sigma};
    const double start = all[static_cast<std::size_t>(2 * call.step + 1)];
    const double churn = call.sigma * call.sigma - start * start;
    return {call.alpha, std::sqrt(start * start + options.s_noise * options.s_noise * churn)};
  }
  return {all[all.size() - 2], all.back()};
}

// The normals of the first sample, which the known part has at every step.
Tensor first_normals(sched_state* state, const sched_init_options& options) {
  Tensor normals = first_sample(state, options);
  const double sigma = sched_init_noise_sigma(state);
  for (std::size_t i = 0; i < normals.size(); ++i) normals.set(i, normals.at(i) / sigma);
  return normals;
}

// Every value of `got` against what mask, known part and plain step make of it.
void expect_blend(const Tensor& got, const Tensor& plain, const Tensor& mask,
                  const Tensor& original, const Tensor& normals, const Level& level, double limit,
                  bool exact_where_painted) {
  const double unit = limit * std::max({1.0, plain.peak(), level.sigma});
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double known = level.alpha * original.at(i) + level.sigma * normals.at(i);
    const double m = mask.at(i);
    ASSERT_NEAR(got.at(i), m * known + (1.0 - m) * plain.at(i), unit) << "mask " << m;
    if (m == 0.0 && exact_where_painted) {
      ASSERT_EQ(got.at(i), plain.at(i));
    }
  }
}

TEST_P(Masked, KnownWhereOnePlainWhereZero) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    const State state = start(config, options);
    Tensor sample = first_sample(state.get(), options);
    const Tensor normals = first_normals(state.get(), options);
    while (is_next(state.get())) {
      sched_state* copy = nullptr;
      ASSERT_EQ(sched_clone(state.get(), &copy), SCHED_OK);
      const State other(copy);
      Tensor plain = sample, next = sample, input = sample;
      Step(other.get(), config, sample, plain).run();
      Step step(state.get(), config, sample, next);
      step.use_mask();
      sched_tensor to = input.view();
      step.args.next_input = &to;
      step.run();
      // The BLAS kernel sums inputs in groups, by the rows that use them.
      expect_blend(next, plain, step.mask, step.original, normals, level_of(state.get(), options),
                   4e-6, kernel != SCHED_KERNEL_BLAS);
      const double scale = is_next(state.get()) ? sched_input_scale(state.get()) : 1.0;
      for (std::size_t i = 0; i < next.size(); ++i)
        ASSERT_NEAR(input.at(i), scale * next.at(i), 4e-6 * std::max(1.0, scale * next.peak()));
      sample = next;
    }
  }
}

// In float64 and with normals of the caller's, to the last digits.
TEST_P(Masked, WithNormalsOfTheCallers) {
  const Config& config = GetParam();
  sched_init_options options = options_for(config);
  options.dtype = SCHED_F64;
  options.kernel = SCHED_KERNEL_REFERENCE;
  const State state = start(config, options);
  Tensor sample = first_sample(state.get(), options), normals = sample;
  fill_random(normals, 91);
  const sched_tensor view = normals.view();
  while (is_next(state.get())) {
    sched_state* copy = nullptr;
    ASSERT_EQ(sched_clone(state.get(), &copy), SCHED_OK);
    const State other(copy);
    Tensor plain = sample, next = sample;
    Step(other.get(), config, sample, plain).run();
    Step step(state.get(), config, sample, next);
    step.use_mask();
    step.args.known_noise = &view;
    step.run();
    expect_blend(next, plain, step.mask, step.original, normals, level_of(state.get(), options),
                 1e-13, true);
    sample = next;
  }
}

// Where the whole mask is 1 the loop ends with the original, whatever the model says: exactly
// where it ends at clean data.
TEST(Mask, OfOnesKeepsTheOriginal) {
  for (const char* name : {"ddim", "euler", "heun", "dpm", "unipc", "flow", "our_adaptive"}) {
    const Config& config = config_named(name);
    for (std::int32_t kernel : kernels()) {
      sched_init_options options = options_for(config);
      options.kernel = kernel;
      const State state = start(config, options);
      Tensor sample = first_sample(state.get(), options), original = sample;
      while (is_next(state.get())) {
        Step step(state.get(), config, sample, sample);
        step.use_mask();
        step.mask.fill(1.0);
        original = step.original;
        step.run();
      }
      const Level end = level_of(state.get(), options);
      if (end.sigma == 0.0) {
        EXPECT_EQ(sample, original) << name;
      } else {
        EXPECT_LE(sample.distance(original), 6.0 * end.sigma) << name;
      }
    }
  }
}

// Mask, original and normals may be of any dtype that the kernel takes.
TEST(Mask, OfEveryDtype) {
  const Config& config = config_named("dpm");
  for (std::int32_t kernel : kernels()) {
    for (std::int32_t dtype : {SCHED_F32, SCHED_F16, SCHED_BF16}) {
      sched_init_options options = options_for(config);
      options.kernel = kernel;
      const State a = start(config, options), b = start(config, options);
      const Tensor sample = first_sample(a.get(), options);
      Tensor expected = sample, next = sample;
      Step first(a.get(), config, sample, expected);
      first.use_mask();
      first.run();
      Step second(b.get(), config, sample, next);
      second.use_mask();
      second.mask = Tensor(dtype, 2, 37);
      second.original = Tensor(dtype, 2, 37);
      fill_mask(second.mask);
      fill_original(second.original);  // exact in all three
      second.run();
      EXPECT_EQ(next, expected) << kernel_name(kernel) << " dtype " << dtype;
    }
  }
}

// ------------------------------------------------------------------------ errors

// A masked step that is wrong in one thing.
sched_status spoilt(const char* name, const std::function<void(Step&)>& spoil,
                    std::string* sentence) {
  const Config& config = config_named(name);
  const sched_init_options options = options_for(config);
  const State state = start(config, options);
  const Tensor sample = first_sample(state.get(), options);
  Tensor next = sample;
  const Tensor before = next;
  const std::vector<std::uint8_t> saved = save(state.get());
  Step step(state.get(), config, sample, next);
  step.use_mask();
  spoil(step);
  const sched_status status = step.try_run();
  *sentence = sched_last_error(state.get());
  EXPECT_EQ(next, before) << "a step that failed wrote";
  EXPECT_EQ(save(state.get()), saved) << "a step that failed moved the state";
  return status;
}

struct MaskCase {
  std::string name;
  const char* config;
  std::function<void(Step&)> spoil;
  sched_status status;
  std::vector<std::string> words;
};
std::ostream& operator<<(std::ostream& out, const MaskCase& c) { return out << c.name; }

class MaskErrors : public testing::TestWithParam<MaskCase> {};

TEST_P(MaskErrors, AreNamed) {
  const MaskCase& c = GetParam();
  std::string sentence;
  const sched_status status = spoilt(c.config, c.spoil, &sentence);
  EXPECT_EQ(sched_status_name(status), std::string(sched_status_name(c.status))) << sentence;
  EXPECT_TRUE(names(sentence, c.words));
  std::printf("%s\n", sentence.c_str());
}

Tensor g_small(SCHED_F32, 2, 36);
Tensor g_noise(SCHED_F32, 2, 37);
const std::vector<double> g_times(2, 500.0);
sched_tensor g_view;

// clang-format off
const MaskCase kCases[] = {
    {"mask_shape", "dpm", [](Step& s) { s.mask = g_small; }, SCHED_ERROR_SHAPE, {"mask"}},
    {"original_shape", "dpm", [](Step& s) { s.original = Tensor(SCHED_F32, 1, 37); }, SCHED_ERROR_SHAPE, {"original"}},
    {"known_noise_shape", "dpm", [](Step& s) { g_view = g_small.view(); s.args.known_noise = &g_view; }, SCHED_ERROR_SHAPE, {"known_noise"}},
    {"known_noise_dtype", "dpm", [](Step& s) { g_view = g_noise.view(); g_view.dtype = 77; s.args.known_noise = &g_view; }, SCHED_ERROR_DTYPE, {"known_noise"}},
    {"known_noise_data", "dpm", [](Step& s) { g_view = g_noise.view(); g_view.data = nullptr; s.args.known_noise = &g_view; }, SCHED_ERROR_ARGUMENT, {"known_noise"}},
    {"mask_f64_on_fused", "dpm", [](Step& s) { s.mask = Tensor(SCHED_F64, 2, 37); }, SCHED_ERROR_DTYPE, {"mask"}},
    {"no_original", "dpm", [](Step& s) { s.args.original = nullptr; }, SCHED_ERROR_ARGUMENT, {"original"}},
    {"no_mask", "dpm", [](Step& s) { s.args.mask = nullptr; }, SCHED_ERROR_ARGUMENT, {"mask"}},
    {"noise_alone", "dpm", [](Step& s) { s.args.mask = s.args.original = nullptr; g_view = g_noise.view(); s.args.known_noise = &g_view; }, SCHED_ERROR_ARGUMENT, {"known_noise", "mask"}},
    {"next_is_noise", "dpm", [](Step& s) { g_view = s.next.view(); s.args.known_noise = &g_view; }, SCHED_ERROR_OVERLAP, {"next", "known_noise"}},
    {"input_is_noise", "dpm", [](Step& s) { g_view = g_noise.view(); s.args.known_noise = &g_view; s.args.next_input = &g_view; }, SCHED_ERROR_OVERLAP, {"next_input", "known_noise"}},
    {"with_groups", "flow", [](Step& s) { s.args.groups = 1; s.args.group_timesteps = g_times.data(); }, SCHED_ERROR_CONFLICT, {"mask", "group_timesteps"}},
    {"repaint_without", "repaint", [](Step& s) { s.args.mask = s.args.original = nullptr; }, SCHED_ERROR_ARGUMENT, {"repaint", "mask", "original"}},
    {"repaint_without_original", "repaint", [](Step& s) { s.args.original = nullptr; }, SCHED_ERROR_ARGUMENT, {"original"}},
    {"repaint_known_noise", "our_repaint", [](Step& s) { g_view = g_noise.view(); s.args.known_noise = &g_view; }, SCHED_ERROR_OPTION, {"known_noise", "repaint"}},
};
// clang-format on
INSTANTIATE_TEST_SUITE_P(Table, MaskErrors, testing::ValuesIn(kCases), CaseName());

// The plain sched_step() has no mask, and RePaint says what it needs.
TEST(Repaint, PlainStepIsRefused) {
  const Config& config = config_named("repaint");
  const sched_init_options options = options_for(config);
  const State state = start(config, options);
  Tensor sample = first_sample(state.get(), options);
  const sched_tensor view = sample.view();
  sched_tensor to = sample.view();
  EXPECT_EQ(sched_step(state.get(), &view, &view, &to), SCHED_ERROR_ARGUMENT);
  EXPECT_TRUE(names(sched_last_error(state.get()), {"mask", "original"}));
  EXPECT_EQ(sched_calls_done(state.get()), 0);
}

// An undone step asks no model: it takes no prediction and has no preview.
TEST(Repaint, UndoneStepsAskNoModel) {
  for (const char* name : {"repaint_jumps", "our_repaint"}) {
    const Config& config = config_named(name);
    const sched_init_options options = options_for(config);
    const State state = start(config, options);
    Tensor sample = first_sample(state.get(), options), preview = sample;
    int undone = 0;
    while (is_next(state.get())) {
      Step step(state.get(), config, sample, sample);
      if (step.call.needs_model == 0) {
        ++undone;
        sched_tensor to = preview.view();
        step.args.denoised = &to;
        EXPECT_EQ(step.try_run(), SCHED_ERROR_OPTION);
        EXPECT_TRUE(names(sched_last_error(state.get()), {"denoised", "model"}));
        step.args.denoised = nullptr;
        step.args.mask = step.args.original = nullptr;
      }
      step.run();
    }
    std::printf("%s: %d calls without the model\n", name, undone);
    EXPECT_GT(undone, 0) << name;
  }
}

}  // namespace
}  // namespace sched_test
