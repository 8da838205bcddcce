// sched_flat.h: what it says with numbers and arrays is what sched.h says with structs.

#include <sched/sched_flat.h>

#include "support.hpp"

namespace sched_test {
namespace {

const char kConfig[] = R"({"_class_name": "DDIMScheduler"})";

Scheduler flat_create(const std::string& json, int32_t lenient, Message& message, int32_t& status) {
  return Scheduler(sched_flat_create(json.data(), static_cast<int64_t>(json.size()), lenient,
                                     message.data(), static_cast<int64_t>(message.capacity()),
                                     &status));
}

struct Lists {
  std::vector<double> timesteps, sigmas;
  std::vector<uint64_t> seeds;
};

template <class T>
const T* or_null(const std::vector<T>& list) {
  return list.empty() ? nullptr : list.data();
}

State flat_init(const sched_scheduler* scheduler, const sched_init_options& options,
                const Lists& lists, Message& message, int32_t& status) {
  return State(sched_flat_init(scheduler, &options, or_null(lists.timesteps),
                               static_cast<int64_t>(lists.timesteps.size()), or_null(lists.sigmas),
                               static_cast<int64_t>(lists.sigmas.size()), or_null(lists.seeds),
                               static_cast<int64_t>(lists.seeds.size()), nullptr, message.data(),
                               static_cast<int64_t>(message.capacity()), &status));
}

sched_init_options small() {
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = 5;
  options.batch = 2;
  options.elements = 6;
  return options;
}

// ------------------------------------------------------------------------ handles

TEST(FlatCreate, IsCreate) {
  Message message;
  int32_t status = -99;
  EXPECT_NE(flat_create(kConfig, 0, message, status), nullptr);
  EXPECT_EQ(status, SCHED_OK);
  EXPECT_TRUE(message.untouched());
  const std::string odd = R"({"_class_name": "DDIMScheduler", "colour": 1})";
  EXPECT_EQ(flat_create(odd, 0, message, status), nullptr);
  EXPECT_EQ(status, SCHED_ERROR_UNKNOWN_KEY);
  EXPECT_TRUE(names(message.text(), {"colour"}));
  const Scheduler lenient = flat_create(odd, 1, message, status);
  EXPECT_EQ(status, SCHED_OK);
  EXPECT_EQ(sched_warning_count(lenient.get()), 1);
}

TEST(FlatCreate, RefusesWhatCreateRefuses) {
  Message message;
  int32_t status = 0;
  EXPECT_EQ(sched_flat_create(kConfig, -1, 0, message.data(), 64, &status), nullptr);
  EXPECT_EQ(status, SCHED_ERROR_ARGUMENT);
  EXPECT_TRUE(names(message.text(), {"config_length", "-1"}));
  EXPECT_EQ(sched_flat_create(nullptr, 5, 0, nullptr, 0, &status), nullptr);
  EXPECT_EQ(status, SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_flat_create("{", 1, 0, nullptr, 0, nullptr), nullptr);
  EXPECT_EQ(sched_flat_create(kConfig, sizeof kConfig - 1, 2, nullptr, 0, &status), nullptr);
  EXPECT_EQ(status, SCHED_ERROR_VALUE);
  // A capacity below zero is none at all.
  Message untouched;
  EXPECT_EQ(sched_flat_create("{", 1, 0, untouched.data(), -5, &status), nullptr);
  EXPECT_EQ(status, SCHED_ERROR_JSON);
  EXPECT_TRUE(untouched.untouched());
}

TEST(FlatInit, TakesListsAsArguments) {
  const Scheduler scheduler = create(R"({"_class_name": "EulerDiscreteScheduler"})");
  Message message;
  int32_t status = -99;
  sched_init_options options = small();
  options.num_steps = 0;
  Lists lists;
  lists.sigmas = {10.0, 5.0, 1.0, 0.0};
  lists.seeds = {7, 9};
  const State state = flat_init(scheduler.get(), options, lists, message, status);
  ASSERT_NE(state, nullptr) << message.text();
  EXPECT_EQ(status, SCHED_OK);
  EXPECT_EQ(sigmas(state.get()), lists.sigmas);
  EXPECT_EQ(sched_batch(state.get()), 2);
  EXPECT_EQ(sched_elements(state.get()), 6);
  EXPECT_EQ(sched_prediction_elements(state.get()), 6);

  // The same by the structs.
  options.sigmas = lists.sigmas.data();
  options.sigmas_count = 4;
  options.item_seeds = lists.seeds.data();
  sched_state* plain = nullptr;
  ASSERT_EQ(sched_init(scheduler.get(), &options, &plain), SCHED_OK);
  const State owner(plain);
  EXPECT_EQ(first_sample(plain, options), first_sample(state.get(), options));
}

TEST(FlatInit, TakesThreadsButNoFunction) {
  const Scheduler scheduler = create(kConfig);
  sched_init_options options = small();
  options.threads = 3;
  int32_t status = 1;
  Message message;
  EXPECT_NE(flat_init(scheduler.get(), options, {}, message, status), nullptr);
  EXPECT_EQ(status, SCHED_OK);
  options.parallel_for = [](void*, int64_t, sched_parallel_run, void*) {};
  EXPECT_EQ(flat_init(scheduler.get(), options, {}, message, status), nullptr);
  EXPECT_EQ(status, SCHED_ERROR_ARGUMENT);
  EXPECT_TRUE(names(message.text(), {"options.parallel_for", "NULL"}));
}

TEST(FlatInit, ChecksTheLengthOfItsLists) {
  const Scheduler scheduler = create(kConfig);
  const double times[] = {900.0, 500.0};
  const uint64_t seeds[] = {1, 2, 3};
  sched_init_options options = small();
  struct Case {
    const double* times;
    int64_t times_count;
    const uint64_t* seeds;
    int64_t seeds_count;
    sched_status status;
    const char* word;
  };
  const Case cases[] = {
      {times, -1, nullptr, 0, SCHED_ERROR_ARGUMENT, "timesteps"},
      {nullptr, 2, nullptr, 0, SCHED_ERROR_ARGUMENT, "timesteps"},
      {times, int64_t{1} << 40, nullptr, 0, SCHED_ERROR_ARGUMENT, "timesteps"},
      {times, 2, nullptr, 0, SCHED_ERROR_OPTION, "timesteps"},  // passed on
      {nullptr, 0, seeds, 3, SCHED_ERROR_ARGUMENT, "item_seeds"},
      {nullptr, 0, seeds, -1, SCHED_ERROR_ARGUMENT, "item_seeds"},
  };
  for (const Case& c : cases) {
    Message message;
    int32_t status = 0;
    sched_state* state = sched_flat_init(scheduler.get(), &options, c.times, c.times_count, nullptr,
                                         0, c.seeds, c.seeds_count, nullptr, message.data(),
                                         static_cast<int64_t>(message.capacity()), &status);
    EXPECT_EQ(state, nullptr);
    EXPECT_EQ(status, c.status) << message.text();
    EXPECT_TRUE(names(message.text(), {c.word}));
  }
  int32_t status = 0;
  EXPECT_EQ(sched_flat_init(scheduler.get(), nullptr, nullptr, 0, nullptr, 0, nullptr, 0, nullptr,
                            nullptr, 0, &status),
            nullptr);
  EXPECT_EQ(status, SCHED_ERROR_ARGUMENT);
  options.struct_size = 3;
  EXPECT_EQ(sched_flat_init(scheduler.get(), &options, nullptr, 0, nullptr, 0, nullptr, 0, nullptr,
                            nullptr, 0, &status),
            nullptr);
  EXPECT_EQ(status, SCHED_ERROR_STRUCT_SIZE);
  options = small();
  EXPECT_EQ(sched_flat_init(nullptr, &options, nullptr, 0, nullptr, 0, nullptr, 0, nullptr, nullptr,
                            0, &status),
            nullptr);
  EXPECT_EQ(status, SCHED_ERROR_ARGUMENT);
}

TEST(FlatClone, IsClone) {
  int32_t status = -99;
  EXPECT_EQ(sched_flat_clone(nullptr, &status), nullptr);
  EXPECT_EQ(status, SCHED_ERROR_ARGUMENT);
  const State state = start(config_named("ddim"));
  const State copy(sched_flat_clone(state.get(), &status));
  EXPECT_EQ(status, SCHED_OK);
  EXPECT_EQ(save(copy.get()), save(state.get()));
}

// ------------------------------------------------------------------------ tensors

// A tensor as three arguments.
#define FLAT(tensor) (tensor).view().data, static_cast<int64_t>((tensor).size()), (tensor).dtype()
#define NONE nullptr, 0, 0

class Flat : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(All, Flat, testing::ValuesIn(plain_configs()), CaseName());

TEST_P(Flat, LoopsAreTheSame) {
  const Config& config = GetParam();
  if (config.has(kNeedsMask)) return;
  const sched_init_options options = options_for(config);
  const std::vector<Tensor> expected = run(config, options);
  const State state = start(config, options);
  Tensor sample(options.dtype, options.batch, options.elements);
  ASSERT_EQ(sched_flat_initial_noise(state.get(), FLAT(sample)), SCHED_OK);
  ASSERT_EQ(sample, first_sample(state.get(), options));
  for (std::size_t at = 0; is_next(state.get()); ++at) {
    sched_call call = SCHED_CALL_INIT;
    ASSERT_EQ(sched_next_call(state.get(), &call), SCHED_OK);
    const Tensor prediction = predict(config, sample, call.timestep);
    const bool asks = call.needs_model != 0;
    ASSERT_EQ(prediction.elements(), sched_prediction_elements(state.get()));
    ASSERT_EQ(
        sched_flat_step(state.get(), FLAT(sample), asks ? prediction.view().data : nullptr,
                        static_cast<int64_t>(prediction.size()), prediction.dtype(), FLAT(sample)),
        SCHED_OK)
        << sched_last_error(state.get());
    ASSERT_EQ(sample, expected[at]);
  }
}

TEST(FlatWide, HasEveryArgument) {
  sched_init_options options = options_for(config_named("ddim"));
  options.eta = 1.0;
  const State flat = start(config_named("ddim"), options);
  const State plain = start(config_named("ddim"), options);
  Tensor sample = first_sample(plain.get(), options);
  Tensor tensors[7] = {sample, sample, sample, sample, sample, sample, sample};
  for (std::size_t i = 0; i < 7; ++i) fill_random(tensors[i], i);
  const Tensor &prediction = tensors[0], &unconditional = tensors[1], &noise = tensors[2];
  Tensor& mask = tensors[3];
  const Tensor &original = tensors[4], &known = tensors[5];
  fill_mask(mask);
  Tensor next[2] = {sample, sample}, denoised[2] = {sample, sample}, input[2] = {sample, sample};
  ASSERT_EQ(sched_flat_step_wide(flat.get(), FLAT(sample), FLAT(prediction), FLAT(next[0]),
                                 FLAT(unconditional), FLAT(noise), NONE, FLAT(denoised[0]),
                                 FLAT(input[0]), FLAT(mask), FLAT(original), FLAT(known), nullptr,
                                 0, nullptr, 0, 7.5, 0),
            SCHED_OK)
      << sched_last_error(flat.get());

  const sched_tensor in[] = {sample.view(), prediction.view(), unconditional.view(), noise.view(),
                             mask.view(),   original.view(),   known.view()};
  sched_tensor out[] = {next[1].view(), denoised[1].view(), input[1].view()};
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  args.sample = &in[0], args.prediction = &in[1], args.unconditional = &in[2];
  args.noise[0] = &in[3], args.mask = &in[4], args.original = &in[5], args.known_noise = &in[6];
  args.next = &out[0], args.denoised = &out[1], args.next_input = &out[2];
  args.guidance_scale = 7.5;
  ASSERT_EQ(sched_step_wide(plain.get(), &args), SCHED_OK);
  EXPECT_EQ(next[0], next[1]);
  EXPECT_EQ(denoised[0], denoised[1]);
  EXPECT_EQ(input[0], input[1]);

  // The mean of the step: no noise.
  ASSERT_EQ(
      sched_flat_step_wide(flat.get(), FLAT(sample), FLAT(prediction), FLAT(next[0]), NONE, NONE,
                           NONE, NONE, NONE, NONE, NONE, NONE, nullptr, 0, nullptr, 0, 1.0, 1),
      SCHED_OK);
  args = SCHED_STEP_ARGS_INIT;
  args.sample = &in[0], args.prediction = &in[1], args.next = &out[0], args.without_noise = 1;
  ASSERT_EQ(sched_step_wide(plain.get(), &args), SCHED_OK);
  EXPECT_EQ(next[0], next[1]);
}

sched_status grouped(const State& state, const Tensor& sample, const Tensor& prediction,
                     Tensor& next, const double* times, int64_t times_count, const double* targets,
                     int64_t targets_count) {
  return sched_flat_step_wide(state.get(), FLAT(sample), FLAT(prediction), FLAT(next), NONE, NONE,
                              NONE, NONE, NONE, NONE, NONE, NONE, times, times_count, targets,
                              targets_count, 1.0, 0);
}

TEST(FlatWide, CountsGroupsByTheirTimes) {
  const Config& config = config_named("flow_shift");
  sched_init_options options = options_for(config);
  options.elements = 12;
  const State flat = start(config, options);
  const State plain = start(config, options);
  const Tensor sample = first_sample(plain.get(), options);
  const Tensor prediction = predict(config, sample, 500.0);
  Tensor next[2] = {sample, sample};
  const double times[] = {900.0, 700.0, 500.0, 800.0, 600.0, 400.0};
  const double targets[] = {700.0, 500.0, 300.0, 600.0, 400.0, 200.0};
  ASSERT_EQ(grouped(flat, sample, prediction, next[0], times, 6, targets, 6), SCHED_OK)
      << sched_last_error(flat.get());
  const sched_tensor in[] = {sample.view(), prediction.view()};
  sched_tensor out = next[1].view();
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  args.sample = &in[0], args.prediction = &in[1], args.next = &out;
  args.groups = 3, args.group_timesteps = times, args.group_targets = targets;
  ASSERT_EQ(sched_step_wide(plain.get(), &args), SCHED_OK);
  EXPECT_EQ(next[0], next[1]);

  const Tensor before = next[0];
  struct Case {
    const double* times;
    int64_t times_count;
    const double* targets;
    int64_t targets_count;
    const char* word;
  };
  const Case cases[] = {{times, 5, nullptr, 0, "group_timesteps has 5"},
                        {times, 0, nullptr, 0, "group_timesteps has 0"},
                        {times, -6, nullptr, 0, "group_timesteps has -6"},
                        {times, 6, targets, 4, "group_targets has 4"},
                        {nullptr, 0, targets, 6, "group_timesteps is NULL"}};
  for (const Case& c : cases) {
    EXPECT_EQ(grouped(flat, sample, prediction, next[0], c.times, c.times_count, c.targets,
                      c.targets_count),
              SCHED_ERROR_ARGUMENT);
    EXPECT_TRUE(names(sched_last_error(flat.get()), {c.word}));
  }
  EXPECT_EQ(next[0], before);
  EXPECT_EQ(sched_calls_done(flat.get()), 1);
}

TEST(FlatTensors, ScaleAndNoiseAreTheSame) {
  const sched_init_options options = options_for(config_named("euler"));
  const State state = start(config_named("euler"), options);
  const Tensor sample = first_sample(state.get(), options);
  const sched_tensor in = sample.view();
  Tensor flat = sample, plain = sample;
  sched_tensor out = plain.view();
  ASSERT_EQ(sched_flat_scale_input(state.get(), FLAT(sample), FLAT(flat)), SCHED_OK);
  ASSERT_EQ(sched_scale_input(state.get(), &in, &out), SCHED_OK);
  EXPECT_EQ(flat, plain);
  for (const sched_tensor* noise : {&in, static_cast<const sched_tensor*>(nullptr)}) {
    ASSERT_EQ(sched_flat_add_noise(state.get(), 2, FLAT(sample), noise ? noise->data : nullptr,
                                   static_cast<int64_t>(sample.size()), sample.dtype(), FLAT(flat)),
              SCHED_OK);
    ASSERT_EQ(sched_add_noise(state.get(), 2, &in, noise, &out), SCHED_OK);
    EXPECT_EQ(flat, plain);
  }
}

// Any count but the right one, of any tensor, and nothing is written.
TEST(FlatTensors, RefusesWrongCounts) {
  const State state = start(config_named("ddim"));
  const sched_init_options options = options_for(config_named("ddim"));
  Tensor sample = first_sample(state.get(), options);
  const Tensor before = sample;
  const auto right = static_cast<int64_t>(sample.size());
  void* const data = sample.view().data;
  for (const int64_t wrong : {right - 1, right + 1, right / 2, 2 * right, int64_t{0}, int64_t{-1},
                              INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(sched_flat_step(state.get(), data, wrong, SCHED_F32, data, right, SCHED_F32, data,
                              right, SCHED_F32),
              SCHED_ERROR_SHAPE);
    EXPECT_TRUE(names(sched_last_error(state.get()), {"sample"}));
    EXPECT_EQ(sched_flat_initial_noise(state.get(), data, wrong, SCHED_F32), SCHED_ERROR_SHAPE);
    EXPECT_EQ(sched_flat_scale_input(state.get(), data, right, SCHED_F32, data, wrong, SCHED_F32),
              SCHED_ERROR_SHAPE);
  }
  EXPECT_EQ(sched_flat_step(state.get(), nullptr, right, SCHED_F32, data, right, SCHED_F32, data,
                            right, SCHED_F32),
            SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(
      sched_flat_step(state.get(), data, right, 17, data, right, SCHED_F32, data, right, SCHED_F32),
      SCHED_ERROR_DTYPE);
  EXPECT_EQ(sched_flat_step(nullptr, data, right, SCHED_F32, data, right, SCHED_F32, data, right,
                            SCHED_F32),
            SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sample, before);
  EXPECT_EQ(sched_calls_done(state.get()), 0);
}

// ------------------------------------------------------------------------ weights

TEST(FlatWeights, AreThoseOfTheStruct) {
  const State state = start(config_named("dpm_order_3"));
  const sched_weights all = weights(state.get(), 1);
  double row[SCHED_WEIGHTS_INPUTS];
  ASSERT_EQ(sched_flat_weights_denoised(&all, row, SCHED_WEIGHTS_INPUTS), SCHED_OK);
  EXPECT_EQ(std::memcmp(row, all.denoised, sizeof row), 0);
  ASSERT_GT(all.rows, 1);
  for (int32_t i = 0; i < all.rows; ++i) {
    int32_t output = -1;
    ASSERT_EQ(sched_flat_weights_row(&all, i, row, SCHED_WEIGHTS_INPUTS, &output), SCHED_OK);
    EXPECT_EQ(std::memcmp(row, all.weight[i], sizeof row), 0);
    EXPECT_EQ(output, all.output[i]);
  }
  int32_t output = -1;
  EXPECT_EQ(sched_flat_weights_row(&all, all.rows, row, 16, &output), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_flat_weights_row(&all, -1, row, 16, &output), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_flat_weights_row(&all, 0, row, 15, &output), SCHED_ERROR_CAPACITY);
  EXPECT_EQ(sched_flat_weights_row(&all, 0, nullptr, 16, &output), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_flat_weights_row(&all, 0, row, 16, nullptr), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_flat_weights_row(nullptr, 0, row, 16, &output), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_flat_weights_denoised(nullptr, row, 16), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_flat_weights_denoised(&all, row, 3), SCHED_ERROR_CAPACITY);
  // A struct of the caller's that claims more rows than there can be.
  sched_weights damaged = all;
  damaged.rows = 1000;
  EXPECT_EQ(sched_flat_weights_row(&damaged, SCHED_WEIGHTS_ROWS, row, 16, &output),
            SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(output, -1);
}

// ------------------------------------------------------------------------ devices

TEST(FlatDevices, AreListedOneByOne) {
  EXPECT_EQ(sched_flat_device_at(0, nullptr), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_flat_device_count(nullptr), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_flat_device_name(nullptr), nullptr);
  EXPECT_EQ(sched_flat_info_name(nullptr), nullptr);
  sched_vulkan_device device = {};
  device.struct_size = sizeof device;
  int32_t count = -1;
  const sched_status listed = sched_flat_device_count(&count);
  if (listed != SCHED_OK) {
    EXPECT_EQ(listed, SCHED_ERROR_UNSUPPORTED);
    EXPECT_EQ(sched_flat_device_at(0, &device), SCHED_ERROR_UNSUPPORTED);
    return;
  }
  for (int32_t i = 0; i < count; ++i) {
    ASSERT_EQ(sched_flat_device_at(i, &device), SCHED_OK);
    EXPECT_EQ(device.index, i);
    EXPECT_STREQ(sched_flat_device_name(&device), device.name);
    EXPECT_NE(device.name[0], '\0');
  }
  EXPECT_EQ(sched_flat_device_at(count, &device), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_flat_device_at(-1, &device), SCHED_ERROR_ARGUMENT);
  if (count == 0) return;
  device.struct_size = 7;
  EXPECT_EQ(sched_flat_device_at(0, &device), SCHED_ERROR_STRUCT_SIZE);
}

// A build without Vulkan says so, with a sentence; one with it does not find these devices.
TEST(FlatDevices, RefuseWithASentence) {
  Message message;
  int32_t status = 0;
  const auto capacity = static_cast<int64_t>(message.capacity());
  EXPECT_EQ(sched_flat_vulkan_create(-1, "no such device", nullptr, nullptr, message.data(),
                                     capacity, &status),
            nullptr);
  EXPECT_EQ(status, SCHED_ERROR_UNSUPPORTED);
  EXPECT_TRUE(names(message.text(), {"no such device|Vulkan"}));
  sched_flat_import options = SCHED_FLAT_IMPORT_INIT;
  Message of_import;
  EXPECT_EQ(sched_flat_vulkan_import(&options, nullptr, of_import.data(), capacity, &status),
            nullptr);
  EXPECT_TRUE(is_one_of(static_cast<sched_status>(status),
                        {SCHED_ERROR_ARGUMENT, SCHED_ERROR_UNSUPPORTED}));
  EXPECT_TRUE(names(of_import.text(), {"get_instance_proc_addr|Vulkan"}));
  sched_flat_info info = SCHED_FLAT_INFO_INIT;
  EXPECT_LT(sched_flat_vulkan_info(nullptr, &info), 0);
}

}  // namespace
}  // namespace sched_test
