// What the calls on a state refuse: one line per case, each one wrong call.  Every case
// checks the status, that the sentence names what is wrong, that no byte of any tensor and
// no byte of the state changed, and that the right call then gives what it always gave.

#include <limits>

#include "support.hpp"

namespace sched_test {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

const Statuses kArgument = {SCHED_ERROR_ARGUMENT};
const Statuses kShape = {SCHED_ERROR_SHAPE};
const Statuses kDtype = {SCHED_ERROR_DTYPE};
const Statuses kSize = {SCHED_ERROR_STRUCT_SIZE};
const Statuses kOverlap = {SCHED_ERROR_OVERLAP};
const Statuses kOption = {SCHED_ERROR_OPTION};
const Statuses kValue = {SCHED_ERROR_VALUE};
const Statuses kSteps = {SCHED_ERROR_STEPS};
const Statuses kFinished = {SCHED_ERROR_FINISHED};
const Statuses kCapacity = {SCHED_ERROR_CAPACITY};

constexpr std::int64_t kBatch = 2;
constexpr std::int64_t kElements = 10;
constexpr std::size_t kCount = kBatch * kElements;

// A state and the tensors for it, in one block of floats so that overlaps can be made:
// eight tensors, each with as much room again after it.
struct Bench {
  explicit Bench(const Config& of) : config(of) {
    sched_init_options options = options_for(config);
    options.batch = kBatch;
    options.elements = kElements;
    state = start(config, options);
    floats.assign(8 * 2 * kCount, 0.0f);
    for (std::size_t i = 0; i < floats.size(); ++i)
      floats[i] = 0.01f * static_cast<float>((i * 37) % 211) - 1.0f;
    sched_tensor* all[] = {&sample, &prediction, &next,     &unconditional,
                           &noise0, &noise1,     &denoised, &next_input};
    for (std::size_t k = 0; k < 8; ++k) {
      *all[k] = SCHED_TENSOR_INIT;
      all[k]->data = floats.data() + k * 2 * kCount;
      all[k]->batch = kBatch;
      all[k]->elements = kElements;
    }
    prediction.elements *= config.prediction_factor();
    unconditional.elements *= config.prediction_factor();
    args = SCHED_STEP_ARGS_INIT;
    args.sample = &sample;
    args.prediction = &prediction;
    args.next = &next;
  }

  sched_status step() { return sched_step(state.get(), &sample, &prediction, &next); }
  sched_status wide() { return sched_step_wide(state.get(), &args); }
  // The tensor's data moved by some floats.
  static void shift(sched_tensor& tensor, std::ptrdiff_t floats) {
    tensor.data = static_cast<float*>(tensor.data) + floats;
  }
  static void place(sched_tensor& tensor, const sched_tensor& onto, std::ptrdiff_t offset = 0) {
    tensor.data = onto.data;
    shift(tensor, offset);
  }
  void finish() {
    while (sched_calls_done(state.get()) < sched_num_calls(state.get()))
      if (step() != SCHED_OK) throw std::runtime_error("a right step failed");
  }

  const Config config;
  State state;
  std::vector<float> floats;
  sched_tensor sample, prediction, next, unconditional, noise0, noise1, denoised, next_input;
  sched_step_args args;
  std::vector<double> times = std::vector<double>(2 * 5, 500.0);
};

struct StepCase {
  std::string name;
  std::string config;
  std::function<sched_status(Bench&)> call;
  Statuses allowed;
  std::vector<std::string> words;
};
std::ostream& operator<<(std::ostream& out, const StepCase& c) { return out << c.name; }

class StepErrors : public testing::TestWithParam<StepCase> {};

TEST_P(StepErrors, ChangeNothing) {
  const StepCase& c = GetParam();
  const Config& config = config_named(c.config);
  Bench bench(config);
  EXPECT_STREQ(sched_last_error(bench.state.get()), "");
  ASSERT_EQ(bench.step(), SCHED_OK);  // so that there is a history to lose

  const std::vector<float> floats = bench.floats;
  const std::vector<std::uint8_t> saved = save(bench.state.get());
  const std::int64_t done = sched_calls_done(bench.state.get());
  EXPECT_TRUE(is_one_of(c.call(bench), c.allowed)) << sched_last_error(bench.state.get());
  const std::string sentence = sched_last_error(bench.state.get());
  EXPECT_FALSE(sentence.empty());
  EXPECT_TRUE(names(sentence, c.words));
  std::printf("%s\n", sentence.c_str());
  EXPECT_EQ(std::memcmp(floats.data(), bench.floats.data(), floats.size() * sizeof(float)), 0)
      << "a tensor changed";
  EXPECT_EQ(sched_calls_done(bench.state.get()), done);
  EXPECT_EQ(save(bench.state.get()), saved) << "the state changed";

  Bench control(config);
  ASSERT_EQ(control.step(), SCHED_OK);
  ASSERT_EQ(control.step(), SCHED_OK);
  Bench fresh(config);  // for its tensors: the views of `bench` are spoilt
  fresh.state = std::move(bench.state);
  ASSERT_EQ(fresh.step(), SCHED_OK) << sched_last_error(fresh.state.get());
  EXPECT_EQ(std::memcmp(fresh.next.data, control.next.data, kCount * sizeof(float)), 0);
}

// As above, but on a loop whose steps are all done.
class FinishedErrors : public testing::TestWithParam<StepCase> {};

TEST_P(FinishedErrors, ChangeNothing) {
  const StepCase& c = GetParam();
  Bench bench(config_named(c.config));
  bench.finish();
  const std::vector<float> floats = bench.floats;
  const std::vector<std::uint8_t> saved = save(bench.state.get());
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_TRUE(is_one_of(c.call(bench), c.allowed));
    EXPECT_TRUE(names(sched_last_error(bench.state.get()), c.words));
  }
  EXPECT_EQ(floats, bench.floats);
  EXPECT_EQ(save(bench.state.get()), saved);
  EXPECT_EQ(sched_calls_done(bench.state.get()), sched_num_calls(bench.state.get()));
}

// clang-format off
const StepCase kStep[] = {
    {"sample_null", "dpm", [](Bench& b) { return sched_step(b.state.get(), nullptr, &b.prediction, &b.next); }, kArgument, {"sample"}},
    {"prediction_null", "dpm", [](Bench& b) { return sched_step(b.state.get(), &b.sample, nullptr, &b.next); }, kArgument, {"prediction"}},
    {"next_null", "dpm", [](Bench& b) { return sched_step(b.state.get(), &b.sample, &b.prediction, nullptr); }, kArgument, {"next"}},
    {"sample_data_null", "dpm", [](Bench& b) { b.sample.data = nullptr; return b.step(); }, kArgument, {"sample"}},
    {"prediction_data_null", "dpm", [](Bench& b) { b.prediction.data = nullptr; return b.step(); }, kArgument, {"prediction"}},
    {"next_data_null", "dpm", [](Bench& b) { b.next.data = nullptr; return b.step(); }, kArgument, {"next"}},
    {"sample_batch", "dpm", [](Bench& b) { b.sample.batch = 1; return b.step(); }, kShape, {"sample", "2", "1"}},
    {"sample_batch_zero", "dpm", [](Bench& b) { b.sample.batch = 0; return b.step(); }, kShape, {"sample"}},
    {"sample_batch_negative", "dpm", [](Bench& b) { b.sample.batch = -2; return b.step(); }, kShape, {"sample"}},
    {"sample_elements", "dpm", [](Bench& b) { b.sample.elements = 9; return b.step(); }, kShape, {"sample", "10", "9"}},
    {"sample_swapped", "dpm", [](Bench& b) { b.sample.batch = 10; b.sample.elements = 2; return b.step(); }, kShape, {"sample"}},
    {"prediction_batch", "dpm", [](Bench& b) { b.prediction.batch = 3; return b.step(); }, kShape, {"prediction"}},
    {"prediction_elements", "dpm", [](Bench& b) { b.prediction.elements = 11; return b.step(); }, kShape, {"prediction"}},
    {"prediction_with_variance", "dpm", [](Bench& b) { b.prediction.elements = 20; return b.step(); }, kShape, {"prediction", "10"}},
    {"prediction_without_variance", "ddpm_learned_range", [](Bench& b) { b.prediction.elements = 10; return b.step(); }, kShape, {"prediction", "20"}},
    {"next_batch", "dpm", [](Bench& b) { b.next.batch = 1; return b.step(); }, kShape, {"next"}},
    {"next_elements", "dpm", [](Bench& b) { b.next.elements = INT64_MAX; return b.step(); }, kShape, {"next"}},
    {"sample_dtype", "dpm", [](Bench& b) { b.sample.dtype = 0; return b.step(); }, kDtype, {"sample"}},
    {"prediction_dtype", "dpm", [](Bench& b) { b.prediction.dtype = 77; return b.step(); }, kDtype, {"prediction"}},
    {"next_dtype", "dpm", [](Bench& b) { b.next.dtype = -3; return b.step(); }, kDtype, {"next"}},
    {"wider_next_over_sample", "dpm", [](Bench& b) { b.sample.dtype = SCHED_F16; Bench::place(b.next, b.sample); return b.step(); }, kOverlap, {"next", "sample"}},
    {"prediction_f64", "dpm", [](Bench& b) { b.prediction.dtype = SCHED_F64; b.prediction.data = b.floats.data() + 2 * kCount; return b.step(); }, kDtype, {"prediction"}},
    {"sample_struct_size_zero", "dpm", [](Bench& b) { b.sample.struct_size = 0; return b.step(); }, kSize, {"sample|struct_size"}},
    {"prediction_struct_size", "dpm", [](Bench& b) { b.prediction.struct_size = 16; return b.step(); }, kSize, {"prediction|struct_size"}},
    {"next_struct_size_absurd", "dpm", [](Bench& b) { b.next.struct_size = 1u << 30; return b.step(); }, kSize, {"next|struct_size"}},
    {"next_one_after_sample", "dpm", [](Bench& b) { Bench::place(b.next, b.sample, 1); return b.step(); }, kOverlap, {"next", "sample"}},
    {"next_half_before_sample", "dpm", [](Bench& b) { Bench::place(b.sample, b.sample, kCount / 2); Bench::place(b.next, b.sample, -5); return b.step(); }, kOverlap, {"next", "sample"}},
    {"next_last_of_sample", "dpm", [](Bench& b) { Bench::place(b.next, b.sample, kCount - 1); return b.step(); }, kOverlap, {"next", "sample"}},
    {"next_is_prediction", "dpm", [](Bench& b) { Bench::place(b.next, b.prediction); return b.step(); }, kOverlap, {"next", "prediction"}},
    {"next_last_of_prediction", "dpm", [](Bench& b) { Bench::place(b.next, b.prediction, kCount - 1); return b.step(); }, kOverlap, {"next", "prediction"}},
    {"next_over_variance", "ddpm_learned_range", [](Bench& b) { Bench::place(b.next, b.prediction, 2 * kCount - 1); return b.step(); }, kOverlap, {"next", "prediction"}},
};

const StepCase kWide[] = {
    {"args_null", "dpm", [](Bench& b) { return sched_step_wide(b.state.get(), nullptr); }, kArgument, {}},
    {"args_struct_size_zero", "dpm", [](Bench& b) { b.args.struct_size = 0; return b.wide(); }, kSize, {"struct_size"}},
    {"args_struct_size_small", "dpm", [](Bench& b) { b.args.struct_size = 24; return b.wide(); }, kSize, {"struct_size"}},
    {"args_struct_size_absurd", "dpm", [](Bench& b) { b.args.struct_size = 1u << 30; return b.wide(); }, kSize, {"struct_size"}},
    {"sample_null", "dpm", [](Bench& b) { b.args.sample = nullptr; return b.wide(); }, kArgument, {"sample"}},
    {"prediction_null", "dpm", [](Bench& b) { b.args.prediction = nullptr; return b.wide(); }, kArgument, {"prediction"}},
    {"next_null", "dpm", [](Bench& b) { b.args.next = nullptr; return b.wide(); }, kArgument, {"next"}},
    {"unconditional_data_null", "dpm", [](Bench& b) { b.unconditional.data = nullptr; b.args.unconditional = &b.unconditional; return b.wide(); }, kArgument, {"unconditional"}},
    {"unconditional_shape", "dpm", [](Bench& b) { b.unconditional.batch = 1; b.args.unconditional = &b.unconditional; return b.wide(); }, kShape, {"unconditional"}},
    {"unconditional_dtype", "dpm", [](Bench& b) { b.unconditional.dtype = 9; b.args.unconditional = &b.unconditional; return b.wide(); }, kDtype, {"unconditional"}},
    {"guidance_nan", "dpm", [](Bench& b) { b.args.unconditional = &b.unconditional; b.args.guidance_scale = kNan; return b.wide(); }, kValue, {"guidance_scale"}},
    {"guidance_infinite", "dpm", [](Bench& b) { b.args.unconditional = &b.unconditional; b.args.guidance_scale = -HUGE_VAL; return b.wide(); }, kValue, {"guidance_scale"}},
    {"noise_where_none", "dpm", [](Bench& b) { b.args.noise[0] = &b.noise0; return b.wide(); }, kOption, {"noise"}},
    {"noise_one_too_many", "euler_ancestral", [](Bench& b) { b.args.noise[0] = &b.noise0; b.args.noise[1] = &b.noise1; return b.wide(); }, kOption, {"noise"}},
    {"noise_one_of_two", "cogvideox_dpm", [](Bench& b) { b.args.noise[0] = &b.noise0; return b.wide(); }, kArgument, {"2 draws", "both"}},
    {"noise_second_only", "euler_ancestral", [](Bench& b) { b.args.noise[1] = &b.noise1; return b.wide(); }, {SCHED_ERROR_OPTION, SCHED_ERROR_ARGUMENT}, {"noise"}},
    {"noise_shape", "euler_ancestral", [](Bench& b) { b.noise0.elements = 3; b.args.noise[0] = &b.noise0; return b.wide(); }, kShape, {"noise"}},
    {"noise_dtype", "euler_ancestral", [](Bench& b) { b.noise0.dtype = 0; b.args.noise[0] = &b.noise0; return b.wide(); }, kDtype, {"noise"}},
    {"noise_data_null", "euler_ancestral", [](Bench& b) { b.noise0.data = nullptr; b.args.noise[0] = &b.noise0; return b.wide(); }, kArgument, {"noise"}},
    {"noise_struct_size", "euler_ancestral", [](Bench& b) { b.noise0.struct_size = 0; b.args.noise[0] = &b.noise0; return b.wide(); }, kSize, {"noise|struct_size"}},
    {"next_over_noise", "euler_ancestral", [](Bench& b) { b.args.noise[0] = &b.noise0; Bench::place(b.next, b.noise0, 3); return b.wide(); }, kOverlap, {"next", "noise"}},
    {"next_is_unconditional", "dpm", [](Bench& b) { b.args.unconditional = &b.unconditional; Bench::place(b.next, b.unconditional); return b.wide(); }, kOverlap, {"next", "unconditional"}},
    {"denoised_shape", "dpm", [](Bench& b) { b.denoised.elements = 20; b.args.denoised = &b.denoised; return b.wide(); }, kShape, {"denoised"}},
    {"denoised_data_null", "dpm", [](Bench& b) { b.denoised.data = nullptr; b.args.denoised = &b.denoised; return b.wide(); }, kArgument, {"denoised"}},
    {"denoised_dtype", "dpm", [](Bench& b) { b.denoised.dtype = 0; b.args.denoised = &b.denoised; return b.wide(); }, kDtype, {"denoised"}},
    {"denoised_is_sample", "dpm", [](Bench& b) { b.args.denoised = &b.denoised; Bench::place(b.denoised, b.sample); return b.wide(); }, kOverlap, {"denoised", "sample"}},
    {"denoised_is_prediction", "dpm", [](Bench& b) { b.args.denoised = &b.denoised; Bench::place(b.denoised, b.prediction); return b.wide(); }, kOverlap, {"denoised", "prediction"}},
    {"denoised_is_next", "dpm", [](Bench& b) { b.args.denoised = &b.denoised; Bench::place(b.denoised, b.next); return b.wide(); }, kOverlap, {"denoised", "next"}},
    {"denoised_over_next", "dpm", [](Bench& b) { b.args.denoised = &b.denoised; Bench::place(b.denoised, b.next, kCount - 1); return b.wide(); }, kOverlap, {"denoised", "next"}},
    {"input_shape", "dpm", [](Bench& b) { b.next_input.batch = 3; b.args.next_input = &b.next_input; return b.wide(); }, kShape, {"next_input"}},
    {"input_data_null", "dpm", [](Bench& b) { b.next_input.data = nullptr; b.args.next_input = &b.next_input; return b.wide(); }, kArgument, {"next_input"}},
    {"input_is_next", "dpm", [](Bench& b) { b.args.next_input = &b.next_input; Bench::place(b.next_input, b.next); return b.wide(); }, kOverlap, {"next_input"}},
    {"input_is_sample", "dpm", [](Bench& b) { b.args.next_input = &b.next_input; Bench::place(b.next_input, b.sample); return b.wide(); }, kOverlap, {"next_input", "sample"}},
    {"input_over_denoised", "dpm", [](Bench& b) { b.args.denoised = &b.denoised; b.args.next_input = &b.next_input; Bench::place(b.next_input, b.denoised, 4); return b.wide(); }, kOverlap, {"next_input", "denoised"}},
    {"groups_on_dpm", "dpm", [](Bench& b) { b.args.groups = 5; b.args.group_timesteps = b.times.data(); return b.wide(); }, kOption, {"group"}},
    {"groups_without_times", "flow", [](Bench& b) { b.args.groups = 5; return b.wide(); }, {SCHED_ERROR_ARGUMENT, SCHED_ERROR_OPTION}, {"group"}},
    {"times_without_groups", "flow", [](Bench& b) { b.args.group_timesteps = b.times.data(); return b.wide(); }, {SCHED_ERROR_ARGUMENT, SCHED_ERROR_SHAPE, SCHED_ERROR_VALUE}, {"group"}},
    {"groups_negative", "flow", [](Bench& b) { b.args.groups = -5; b.args.group_timesteps = b.times.data(); return b.wide(); }, {SCHED_ERROR_ARGUMENT, SCHED_ERROR_SHAPE, SCHED_ERROR_VALUE}, {"group"}},
    {"groups_do_not_divide", "flow", [](Bench& b) { b.args.groups = 3; b.args.group_timesteps = b.times.data(); return b.wide(); }, {SCHED_ERROR_SHAPE, SCHED_ERROR_ARGUMENT, SCHED_ERROR_VALUE}, {"group", "10"}},
    {"group_time_nan", "flow", [](Bench& b) { b.args.groups = 5; b.times[7] = kNan; b.args.group_timesteps = b.times.data(); return b.wide(); }, kValue, {"group"}},
    {"group_time_infinite", "flow", [](Bench& b) { b.args.groups = 5; b.times[0] = HUGE_VAL; b.args.group_timesteps = b.times.data(); return b.wide(); }, kValue, {"group"}},
};

const StepCase kTensors[] = {
    {"noise_out_null", "dpm", [](Bench& b) { return sched_initial_noise(b.state.get(), nullptr); }, kArgument, {"out"}},
    {"noise_out_data_null", "dpm", [](Bench& b) { b.next.data = nullptr; return sched_initial_noise(b.state.get(), &b.next); }, kArgument, {"out"}},
    {"noise_out_shape", "dpm", [](Bench& b) { b.next.elements = 5; return sched_initial_noise(b.state.get(), &b.next); }, kShape, {"out"}},
    {"noise_out_dtype", "dpm", [](Bench& b) { b.next.dtype = 0; return sched_initial_noise(b.state.get(), &b.next); }, kDtype, {"out"}},
    {"noise_out_struct_size", "dpm", [](Bench& b) { b.next.struct_size = 0; return sched_initial_noise(b.state.get(), &b.next); }, kSize, {}},
    {"scale_sample_null", "euler", [](Bench& b) { return sched_scale_input(b.state.get(), nullptr, &b.next); }, kArgument, {"sample"}},
    {"scale_out_null", "euler", [](Bench& b) { return sched_scale_input(b.state.get(), &b.sample, nullptr); }, kArgument, {"out"}},
    {"scale_data_null", "euler", [](Bench& b) { b.sample.data = nullptr; return sched_scale_input(b.state.get(), &b.sample, &b.next); }, kArgument, {"sample"}},
    {"scale_sample_shape", "euler", [](Bench& b) { b.sample.batch = 1; return sched_scale_input(b.state.get(), &b.sample, &b.next); }, kShape, {"sample"}},
    {"scale_out_shape", "euler", [](Bench& b) { b.next.batch = 1; return sched_scale_input(b.state.get(), &b.sample, &b.next); }, kShape, {"out"}},
    {"scale_dtype", "euler", [](Bench& b) { b.sample.dtype = 50; return sched_scale_input(b.state.get(), &b.sample, &b.next); }, kDtype, {"sample"}},
    {"scale_overlap", "euler", [](Bench& b) { Bench::place(b.next, b.sample, 1); return sched_scale_input(b.state.get(), &b.sample, &b.next); }, kOverlap, {"out", "sample"}},
    {"add_original_null", "euler", [](Bench& b) { return sched_add_noise(b.state.get(), 0, nullptr, nullptr, &b.next); }, kArgument, {"original"}},
    {"add_out_null", "euler", [](Bench& b) { return sched_add_noise(b.state.get(), 0, &b.sample, nullptr, nullptr); }, kArgument, {"out"}},
    {"add_noise_data_null", "euler", [](Bench& b) { b.noise0.data = nullptr; return sched_add_noise(b.state.get(), 0, &b.sample, &b.noise0, &b.next); }, kArgument, {"noise"}},
    {"add_noise_shape", "euler", [](Bench& b) { b.noise0.elements = 1; return sched_add_noise(b.state.get(), 0, &b.sample, &b.noise0, &b.next); }, kShape, {"noise"}},
    {"add_original_dtype", "euler", [](Bench& b) { b.sample.dtype = 0; return sched_add_noise(b.state.get(), 0, &b.sample, &b.noise0, &b.next); }, kDtype, {"original"}},
    {"add_step_negative", "euler", [](Bench& b) { return sched_add_noise(b.state.get(), -1, &b.sample, nullptr, &b.next); }, kSteps, {"step"}},
    {"add_step_beyond", "euler", [](Bench& b) { return sched_add_noise(b.state.get(), 6, &b.sample, nullptr, &b.next); }, kSteps, {"step", "5"}},
    {"add_overlap", "euler", [](Bench& b) { Bench::place(b.next, b.sample, 2); return sched_add_noise(b.state.get(), 0, &b.sample, nullptr, &b.next); }, kOverlap, {"out", "original"}},
    {"add_over_noise", "euler", [](Bench& b) { Bench::place(b.next, b.noise0, 2); return sched_add_noise(b.state.get(), 0, &b.sample, &b.noise0, &b.next); }, kOverlap, {"out", "noise"}},
};

const StepCase kQueries[] = {
    {"timesteps_capacity", "dpm", [](Bench& b) { double out[5] = {7, 7, 7, 7, 7}; const sched_status s = sched_timesteps(b.state.get(), out, 4, nullptr); EXPECT_EQ(out[0], 7.0); return s; }, kCapacity, {"5"}},
    {"timesteps_capacity_negative", "dpm", [](Bench& b) { double out[5]; return sched_timesteps(b.state.get(), out, -1, nullptr); }, {SCHED_ERROR_CAPACITY, SCHED_ERROR_ARGUMENT}, {}},
    {"sigmas_capacity", "dpm", [](Bench& b) { double out[6] = {7, 7, 7, 7, 7, 7}; const sched_status s = sched_sigmas(b.state.get(), out, 5, nullptr); EXPECT_EQ(out[0], 7.0); return s; }, kCapacity, {"6"}},
    {"levels_capacity", "dpm", [](Bench& b) { double out[12] = {7, 7}; const sched_status s = sched_levels(b.state.get(), out, 11, nullptr); EXPECT_EQ(out[0], 7.0); return s; }, kCapacity, {"12"}},
    {"no_such_timestep", "dpm", [](Bench& b) { std::int64_t step = 99; const sched_status s = sched_step_for_timestep(b.state.get(), 123.25, &step); EXPECT_EQ(step, 99); return s; }, kValue, {"123.25"}},
    {"timestep_nan", "dpm", [](Bench& b) { std::int64_t step = 99; const sched_status s = sched_step_for_timestep(b.state.get(), kNan, &step); EXPECT_EQ(step, 99); return s; }, kValue, {}},
    {"timestep_step_null", "dpm", [](Bench& b) { return sched_step_for_timestep(b.state.get(), 999.0, nullptr); }, kArgument, {}},
    {"weights_null", "dpm", [](Bench& b) { return sched_step_weights(b.state.get(), 0, nullptr); }, kArgument, {"weights"}},
    {"weights_call_negative", "dpm", [](Bench& b) { sched_weights w = {}; w.struct_size = sizeof(w); return sched_step_weights(b.state.get(), -1, &w); }, kSteps, {"call"}},
    {"weights_call_beyond", "dpm", [](Bench& b) { sched_weights w = {}; w.struct_size = sizeof(w); return sched_step_weights(b.state.get(), 5, &w); }, kSteps, {"call", "5|4"}},
    {"weights_of_norms", "score_ve", [](Bench& b) { sched_weights w = {}; w.struct_size = sizeof(w); return sched_step_weights(b.state.get(), 0, &w); }, {SCHED_ERROR_UNSUPPORTED}, {"call 0", "norms"}},
    {"weights_struct_size_zero", "dpm", [](Bench& b) { sched_weights w = {}; return sched_step_weights(b.state.get(), 0, &w); }, kSize, {}},
    {"weights_struct_size_absurd", "dpm", [](Bench& b) { sched_weights w = {}; w.struct_size = 1u << 30; return sched_step_weights(b.state.get(), 0, &w); }, kSize, {}},
};

const StepCase kDone[] = {
    {"step", "euler", [](Bench& b) { return b.step(); }, kFinished, {"5"}},
    {"step_heun", "heun", [](Bench& b) { return b.step(); }, kFinished, {}},
    {"step_pndm", "pndm", [](Bench& b) { return b.step(); }, kFinished, {}},
    {"wide", "flow", [](Bench& b) { return b.wide(); }, kFinished, {}},
    {"scale", "euler", [](Bench& b) { return sched_scale_input(b.state.get(), &b.sample, &b.next); }, kFinished, {}},
};
// clang-format on

INSTANTIATE_TEST_SUITE_P(Step, StepErrors, testing::ValuesIn(kStep), CaseName());
INSTANTIATE_TEST_SUITE_P(Wide, StepErrors, testing::ValuesIn(kWide), CaseName());
INSTANTIATE_TEST_SUITE_P(Tensors, StepErrors, testing::ValuesIn(kTensors), CaseName());
INSTANTIATE_TEST_SUITE_P(Queries, StepErrors, testing::ValuesIn(kQueries), CaseName());
INSTANTIATE_TEST_SUITE_P(Done, FinishedErrors, testing::ValuesIn(kDone), CaseName());

// Neighbours that touch but do not overlap are fine, and so is next in sample's place.
TEST(StepOverlap, TouchingIsFine) {
  Bench bench(config_named("dpm"));
  const sched_tensor first = bench.sample;
  Bench::place(bench.next, first, kCount);
  EXPECT_EQ(bench.step(), SCHED_OK) << sched_last_error(bench.state.get());
  Bench::place(bench.sample, first, kCount);
  Bench::place(bench.next, first);
  EXPECT_EQ(bench.step(), SCHED_OK) << sched_last_error(bench.state.get());
  Bench::place(bench.next, bench.sample);
  EXPECT_EQ(bench.step(), SCHED_OK) << sched_last_error(bench.state.get());
}

// Inputs are only read, so they may be one and the same memory.
TEST(StepOverlap, InputsMayCoincide) {
  Bench bench(config_named("euler_ancestral"));
  Bench::place(bench.prediction, bench.sample);
  Bench::place(bench.unconditional, bench.sample, 3);
  Bench::place(bench.noise0, bench.sample, 5);
  bench.args.unconditional = &bench.unconditional;
  bench.args.noise[0] = &bench.noise0;
  EXPECT_EQ(bench.wide(), SCHED_OK) << sched_last_error(bench.state.get());
}

// A tensor that begins anywhere is fine: nothing needs an alignment beyond the element's.
TEST(StepOverlap, AnyAlignment) {
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config_named("dpm"));
    options.kernel = kernel;
    Tensor expected(SCHED_F32, 2, 37);
    for (std::size_t offset = 0; offset < 9; ++offset) {
      const State state = start(config_named("dpm"), options);
      std::vector<float> sample(100, 0.5f), prediction(100, 0.25f), next(100, 9.0f);
      sched_tensor views[3];
      float* data[3] = {sample.data(), prediction.data(), next.data()};
      for (int k = 0; k < 3; ++k) {
        views[k] = SCHED_TENSOR_INIT;
        views[k].data = data[k] + offset;
        views[k].batch = 2;
        views[k].elements = 37;
      }
      ASSERT_EQ(sched_step(state.get(), &views[0], &views[1], &views[2]), SCHED_OK);
      for (std::size_t i = 0; i < 100; ++i) {
        if (i < offset || i >= offset + 74)
          EXPECT_EQ(next[i], 9.0f) << "written outside, " << kernel_name(kernel);
        else
          EXPECT_EQ(next[i], next[offset]);
      }
      if (offset == 0) expected.set(0, static_cast<double>(next[0]));
      EXPECT_EQ(static_cast<double>(next[offset]), expected.at(0)) << kernel_name(kernel);
    }
  }
}

// The sentence of the state follows the last call that failed.
TEST(LastError, NamesTheLastFailure) {
  Bench bench(config_named("euler"));
  EXPECT_STREQ(sched_last_error(bench.state.get()), "");
  const sched_tensor right = bench.sample;
  bench.sample.batch = 1;
  EXPECT_EQ(bench.step(), SCHED_ERROR_SHAPE);
  const std::string first = sched_last_error(bench.state.get());
  bench.sample = right;
  EXPECT_EQ(bench.step(), SCHED_OK);
  bench.next.data = nullptr;
  EXPECT_EQ(bench.step(), SCHED_ERROR_ARGUMENT);
  EXPECT_NE(sched_last_error(bench.state.get()), first);
  ASSERT_NE(sched_last_error(nullptr), nullptr);
  EXPECT_STRNE(sched_last_error(nullptr), "");
}

}  // namespace
}  // namespace sched_test
