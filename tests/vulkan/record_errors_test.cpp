// Every error of the recording functions, with its status and what its sentence says.  After
// each of them nothing was recorded, and the loop goes on and ends with the same bits.

#include "intercept.hpp"
#include "steps.hpp"

namespace vulkan_test {
namespace {

// A step of Euler with everything that it can be asked for, in buffers apart.
struct Prepared {
  sched_vulkan* vulkan;
  sched_state* state;
  VkCommandBuffer commands;
  sched_vulkan_step_args args;
  // Of the caller's to change; `args` points to the first five.
  sched_vulkan_tensor sample, prediction, next, denoised, next_input, other;
};

struct Case {
  std::string name;
  sched_status status;
  std::vector<std::string> words;
  std::function<void(Prepared&)> spoil;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

VkDevice no_device() {
  static int anything = 0;
  VkDevice device = VK_NULL_HANDLE;
  const void* address = &anything;
  std::memcpy(&device, &address, sizeof device);
  return device;
}

Context& other_context() {
  static Context context;
  return context;
}

std::vector<Case> make_cases() {
  const double* const kTimes = [] {
    static const double times[200] = {};
    return times;
  }();
  return {
      {"vulkan_null",
       SCHED_ERROR_ARGUMENT,
       {"vulkan is NULL"},
       [](Prepared& p) { p.vulkan = nullptr; }},
      {"command_buffer_null",
       SCHED_ERROR_ARGUMENT,
       {"command_buffer is NULL"},
       [](Prepared& p) { p.commands = VK_NULL_HANDLE; }},
      {"sample_null",
       SCHED_ERROR_ARGUMENT,
       {"sample is NULL"},
       [](Prepared& p) { p.args.sample = nullptr; }},
      {"prediction_null",
       SCHED_ERROR_ARGUMENT,
       {"prediction is NULL"},
       [](Prepared& p) { p.args.prediction = nullptr; }},
      {"next_null",
       SCHED_ERROR_ARGUMENT,
       {"next is NULL"},
       [](Prepared& p) { p.args.next = nullptr; }},
      {"sample_buffer_null",
       SCHED_ERROR_ARGUMENT,
       {"sample.buffer is NULL"},
       [](Prepared& p) { p.sample.buffer = VK_NULL_HANDLE; }},
      {"next_buffer_null",
       SCHED_ERROR_ARGUMENT,
       {"next.buffer is NULL"},
       [](Prepared& p) { p.next.buffer = VK_NULL_HANDLE; }},
      {"other_device",
       SCHED_ERROR_ARGUMENT,
       {"prediction.buffer", "another device"},
       [](Prepared& p) { p.prediction.device = no_device(); }},
      {"offset_2",
       SCHED_ERROR_ARGUMENT,
       {"next.offset is", "multiple of 4"},
       [](Prepared& p) { p.next.offset += 2; }},
      {"offset_1",
       SCHED_ERROR_ARGUMENT,
       {"sample.offset is", "multiple of 4"},
       [](Prepared& p) { p.sample.offset += 1; }},
      {"buffer_small",
       SCHED_ERROR_ARGUMENT,
       {"next needs 296 bytes", "buffer has"},
       [](Prepared& p) { p.next.buffer_size = p.next.offset + 295; }},
      {"buffer_ends_before_offset",
       SCHED_ERROR_ARGUMENT,
       {"sample needs", "buffer has 8"},
       [](Prepared& p) { p.sample.buffer_size = 8; }},
      {"offset_wraps",
       SCHED_ERROR_ARGUMENT,
       {"sample needs", "buffer has"},
       [](Prepared& p) { p.sample.offset = UINT64_MAX - 3; }},
      // 37 halves of an item each, two items: a whole last word is needed.
      {"next_overlaps_prediction",
       SCHED_ERROR_OVERLAP,
       {"next overlaps prediction"},
       [](Prepared& p) { p.next = p.prediction; }},
      {"next_overlaps_sample_in_part",
       SCHED_ERROR_OVERLAP,
       {"next overlaps sample", "exactly"},
       [](Prepared& p) {
         p.next = p.sample;
         p.next.offset += 4;
       }},
      {"denoised_overlaps_next",
       SCHED_ERROR_OVERLAP,
       {"denoised overlaps next"},
       [](Prepared& p) {
         p.denoised = p.next;
         p.args.denoised = &p.denoised;
       }},
      {"denoised_overlaps_sample",
       SCHED_ERROR_OVERLAP,
       {"denoised overlaps sample"},
       [](Prepared& p) {
         p.denoised = p.sample;
         p.args.denoised = &p.denoised;
       }},
      {"outputs_overlap",
       SCHED_ERROR_OVERLAP,
       {"denoised overlaps next_input"},
       [](Prepared& p) {
         p.next_input = p.denoised;
         p.args.denoised = &p.denoised;
         p.args.next_input = &p.next_input;
       }},
      {"batch",
       SCHED_ERROR_SHAPE,
       {"sample has shape [1, 37]", "[2, 37]"},
       [](Prepared& p) { p.sample.batch = 1; }},
      {"elements",
       SCHED_ERROR_SHAPE,
       {"next has shape [2, 36]"},
       [](Prepared& p) { p.next.elements = 36; }},
      {"float64",
       SCHED_ERROR_DTYPE,
       {"sample.dtype is float64", "reference"},
       [](Prepared& p) { p.sample.dtype = SCHED_F64; }},
      {"dtype_0",
       SCHED_ERROR_DTYPE,
       {"next.dtype is 0", "SCHED_F32"},
       [](Prepared& p) { p.next.dtype = 0; }},
      {"tensor_struct_size",
       SCHED_ERROR_STRUCT_SIZE,
       {"sample.struct_size is 4", "SCHED_VULKAN_TENSOR_INIT"},
       [](Prepared& p) { p.sample.struct_size = 4; }},
      {"args_struct_size",
       SCHED_ERROR_STRUCT_SIZE,
       {"args"},
       [](Prepared& p) { p.args.struct_size = 3; }},
      {"noise_not_drawn",
       SCHED_ERROR_OPTION,
       {"noise[0] was given", "0 draws"},
       [](Prepared& p) { p.args.noise[0] = &p.other; }},
      {"groups_not_offered",
       SCHED_ERROR_OPTION,
       {"group_timesteps is not an option"},
       [kTimes](Prepared& p) {
         p.args.groups = 1;
         p.args.group_timesteps = kTimes;
       }},
      {"original_without_mask",
       SCHED_ERROR_ARGUMENT,
       {"go with mask"},
       [](Prepared& p) { p.args.original = &p.other; }},
      {"mask_without_original",
       SCHED_ERROR_ARGUMENT,
       {"original is NULL"},
       [](Prepared& p) { p.args.mask = &p.other; }},
      {"guidance_not_finite",
       SCHED_ERROR_VALUE,
       {"guidance_scale is", "finite"},
       [](Prepared& p) {
         p.args.unconditional = &p.other;
         p.args.guidance_scale = NAN;
       }},
      {"without_noise_2",
       SCHED_ERROR_VALUE,
       {"without_noise is 2"},
       [](Prepared& p) { p.args.without_noise = 2; }},
      {"other_context",
       SCHED_ERROR_CONFLICT,
       {"another context"},
       [](Prepared& p) { p.vulkan = other_context().get(); }},
  };
}

class RecordErrors : public Validated<testing::TestWithParam<Case>> {};
INSTANTIATE_TEST_SUITE_P(Each, RecordErrors, testing::ValuesIn(make_cases()), CaseName());

TEST_P(RecordErrors, LeaveEverythingAsItWas) {
  other_context() = import(import_options(app()));
  const Config& config = config_named("euler");
  const sched_init_options options = options_for(config);
  const State host = start(config, options), state = start(config, on(shared_context(), options));
  const Tensor first = first_sample(host.get(), options);
  const std::vector<Tensor> expected = run(host.get(), config, first);

  Tensor sample = first;
  for (std::size_t call = 0; is_next(state.get()); ++call) {
    Workspace workspace(app(), {false, true, false}, 512, 8);
    Prepared p{};
    p.args = SCHED_VULKAN_STEP_ARGS_INIT;
    p.vulkan = shared_context();
    p.state = state.get();
    p.commands = app().begin();
    for (sched_vulkan_tensor* tensor :
         {&p.sample, &p.prediction, &p.next, &p.denoised, &p.next_input, &p.other})
      *tensor = *workspace.add(sample);
    p.args.sample = &p.sample;
    p.args.prediction = &p.prediction;
    p.args.next = &p.next;
    VkCommandBuffer commands = p.commands;
    GetParam().spoil(p);
    const long recorded = spy().calls_beginning("vkCmd");
    const long updated = spy().calls("vkUpdateDescriptorSets");
    EXPECT_EQ(sched_vulkan_record_step(p.vulkan, p.state, p.commands, &p.args), GetParam().status);
    EXPECT_TRUE(names(sched_last_error(state.get()), GetParam().words));
    if (call == 0) std::printf("%s\n", sched_last_error(state.get()));
    EXPECT_EQ(spy().calls_beginning("vkCmd"), recorded);
    EXPECT_EQ(spy().calls("vkUpdateDescriptorSets"), updated);
    EXPECT_EQ(sched_calls_done(state.get()), static_cast<std::int64_t>(call));
    EXPECT_EQ(sched_can_continue(state.get()), 1);
    app().discard(commands);
    sample =
        step_recorded(shared_context(), state.get(), inputs_for(state.get(), config, sample)).next;
    EXPECT_EQ(sample, expected[call]);
  }
  other_context().reset();
}

// ------------------------------------------------------------------ by themselves

using Refused = Validated<testing::Test>;

// A step with these tensors, all apart, on a context with 4 buffers.
TEST_F(Refused, TooManySeparateBuffers) {
  sched_vulkan_limits limits = SCHED_VULKAN_LIMITS_INIT;
  limits.max_buffers = 4;
  sched_vulkan* const vulkan = shared_context(limits);
  EXPECT_EQ(info_of(vulkan).max_buffers, 4u);
  const Config& config = config_named("dpm");
  const State host = start(config), state = start(config, on(vulkan, options_for(config)));
  Tensor sample = first_sample(host.get(), options_for(config));
  while (is_next(host.get())) {
    Inputs inputs = inputs_for(host.get(), config, sample);
    inputs.wants_denoised = true;
    const long recorded = spy().calls_beginning("vkCmd");
    try {
      step_recorded(vulkan, state.get(), inputs, {false, true, false});
      ADD_FAILURE() << "five buffers were taken";
    } catch (const std::runtime_error& error) {
      EXPECT_TRUE(names(error.what(), {"SCHED_ERROR_UNSUPPORTED", "5 separate buffers", "binds 4"}))
          << error.what();
    }
    EXPECT_EQ(spy().calls_beginning("vkCmd"), recorded);
    const Outputs got = step_recorded(vulkan, state.get(), inputs, {true, true, false});
    const Outputs expected = step_on_host(host.get(), inputs);
    EXPECT_EQ(got.next, expected.next);
    EXPECT_EQ(got.denoised, expected.denoised);
    sample = expected.next;
  }
}

TEST_F(Refused, MoreGroupsThanThereIsRoomFor) {
  const Config& config = config_named("flow_map");
  sched_init_options options = options_for(config);
  options.elements = 4000;
  const State host = start(config, options);
  options.recorded_groups = 4;
  const State state = start(config, on(shared_context(), options));
  Inputs inputs = inputs_for(host.get(), config, first_sample(host.get(), options));
  inputs.groups = 2000;
  inputs.times.assign(4000, 500.0);
  const long recorded = spy().calls_beginning("vkCmd");
  try {
    step_recorded(shared_context(), state.get(), inputs);
    ADD_FAILURE() << "4000 groups were taken";
  } catch (const std::runtime_error& error) {
    EXPECT_TRUE(names(error.what(), {"SCHED_ERROR_CAPACITY", "is 4000", "recorded_groups", "4"}))
        << error.what();
  }
  EXPECT_EQ(spy().calls_beginning("vkCmd"), recorded);
  inputs.groups = 2;
  inputs.times.assign(4, 500.0);
  EXPECT_EQ(step_recorded(shared_context(), state.get(), inputs).next,
            step_on_host(host.get(), inputs).next);
}

// The host decides where a step depends on norms.
TEST_F(Refused, StepsThatDependOnNorms) {
  for (const char* name : {"our_adaptive", "our_score_ve", "score_ve"}) {
    const Config& config = config_named(name);
    sched_init_options options = options_for(config);
    options.kernel = SCHED_KERNEL_FUSED;
    const State host = start(config, options);
    const State state = start(config, on(shared_context(), options));
    Tensor sample = first_sample(host.get(), options);
    bool refused = false;
    for (int call = 0; call < 6 && is_next(host.get()); ++call) {
      const Inputs inputs = inputs_for(host.get(), config, sample);
      const long recorded = spy().calls_beginning("vkCmd");
      try {
        step_recorded(shared_context(), state.get(), inputs);
        sample = step_on_host(host.get(), inputs).next;
        continue;
      } catch (const std::runtime_error& error) {
        refused = true;
        EXPECT_TRUE(names(error.what(), {"SCHED_ERROR_UNSUPPORTED", "norms", "sched_step()"}))
            << error.what();
      }
      EXPECT_EQ(spy().calls_beginning("vkCmd"), recorded);
      const Tensor got = step_on_host(state.get(), inputs).next;
      sample = step_on_host(host.get(), inputs).next;
      EXPECT_LE(relative_distance(got, sample), 1e-5) << name;
    }
    EXPECT_TRUE(refused) << name;
  }
}

// No command buffer can draw what the host makes; the step that runs on the spot can.
TEST_F(Refused, NormalsOfTheHost) {
  const Config& config = config_named("euler_ancestral");
  sched_init_options options = options_for(config);
  options.generator = SCHED_GENERATOR_NX;
  const State host = start(config, options);
  const State state = start(config, on(shared_context(), options));
  const Tensor sample = first_sample(host.get(), options);
  Inputs inputs = inputs_for(host.get(), config, sample);
  const long recorded = spy().calls_beginning("vkCmd");
  try {
    step_recorded(shared_context(), state.get(), inputs);
    ADD_FAILURE() << "it was recorded";
  } catch (const std::runtime_error& error) {
    EXPECT_TRUE(names(error.what(), {"SCHED_ERROR_UNSUPPORTED", "generator nx", "hand them in"}))
        << error.what();
  }
  EXPECT_EQ(spy().calls_beginning("vkCmd"), recorded);
  EXPECT_LE(relative_distance(step_on_host(state.get(), inputs).next,
                              step_on_host(host.get(), inputs).next),
            1e-6);
}

TEST_F(Refused, AStateOfTheHost) {
  const Config& config = config_named("euler");
  const State state = start(config);
  Workspace workspace(app(), {}, 1024, 3);
  const Tensor sample = first_sample(state.get(), options_for(config));
  sched_vulkan_step_args args = SCHED_VULKAN_STEP_ARGS_INIT;
  args.sample = workspace.add(sample);
  args.prediction = workspace.add(sample);
  args.next = workspace.add(sample);
  VkCommandBuffer commands = app().begin();
  EXPECT_EQ(sched_vulkan_record_step(shared_context(), state.get(), commands, &args),
            SCHED_ERROR_CONFLICT);
  EXPECT_TRUE(names(sched_last_error(state.get()), {"without SCHED_KERNEL_VULKAN"}));
  EXPECT_EQ(sched_vulkan_record_initial_noise(shared_context(), state.get(), commands, args.next),
            SCHED_ERROR_CONFLICT);
  EXPECT_EQ(sched_vulkan_record_step(shared_context(), nullptr, commands, &args),
            SCHED_ERROR_ARGUMENT);
  app().discard(commands);
}

TEST_F(Refused, OddHalvesNeedTheirLastWord) {
  const Config& config = config_named("euler");
  sched_init_options options = options_for(config);
  options.batch = 1;
  options.dtype = SCHED_F16;
  const State state = start(config, on(shared_context(), options));
  Buffer buffer(app(), 256);
  DeviceTensor out = place(buffer, 64, SCHED_F16, 1, 37);
  VkCommandBuffer commands = app().begin();
  out.view.buffer_size = 64 + 74;
  EXPECT_EQ(sched_vulkan_record_initial_noise(shared_context(), state.get(), commands, &out.view),
            SCHED_ERROR_ARGUMENT);
  EXPECT_TRUE(names(sched_last_error(state.get()), {"out needs 76 bytes"}));
  out.view.buffer_size = 64 + 76;
  EXPECT_EQ(sched_vulkan_record_initial_noise(shared_context(), state.get(), commands, &out.view),
            SCHED_OK);
  app().run(commands);
  EXPECT_TRUE(buffer.guards_intact());
}

// The other three functions have the same checks.
TEST_F(Refused, OutsideOfSteps) {
  const Config& config = config_named("euler");
  const State state = start(config, on(shared_context(), options_for(config)));
  Workspace workspace(app(), {}, 1024, 3);
  const Tensor values(SCHED_F32, 2, 37);
  sched_vulkan_tensor a = *workspace.add(values), b = *workspace.add(values);
  VkCommandBuffer commands = app().begin();
  sched_vulkan* const vulkan = shared_context();
  sched_state* const s = state.get();
  const auto expect = [&](sched_status got, sched_status wanted,
                          const std::vector<std::string>& words) {
    EXPECT_EQ(got, wanted) << sched_status_name(got);
    EXPECT_TRUE(names(sched_last_error(s), words));
  };
  expect(sched_vulkan_record_initial_noise(vulkan, s, commands, nullptr), SCHED_ERROR_ARGUMENT,
         {"out is NULL"});
  expect(sched_vulkan_record_initial_noise(vulkan, s, VK_NULL_HANDLE, &a), SCHED_ERROR_ARGUMENT,
         {"command_buffer is NULL"});
  expect(sched_vulkan_record_scale_input(vulkan, s, commands, nullptr, &b), SCHED_ERROR_ARGUMENT,
         {"sample is NULL"});
  b = a;
  b.offset += 8;
  expect(sched_vulkan_record_scale_input(vulkan, s, commands, &a, &b), SCHED_ERROR_OVERLAP,
         {"out overlaps sample"});
  expect(sched_vulkan_record_add_noise(vulkan, s, commands, 0, &a, nullptr, &b),
         SCHED_ERROR_OVERLAP, {"out overlaps original"});
  expect(sched_vulkan_record_add_noise(vulkan, s, commands, 6, &a, nullptr, &a), SCHED_ERROR_STEPS,
         {"step is 6", "0 to 5"});
  expect(sched_vulkan_record_add_noise(vulkan, s, commands, -1, &a, nullptr, &a), SCHED_ERROR_STEPS,
         {"step is -1"});
  expect(sched_vulkan_record_add_noise(nullptr, s, commands, 0, &a, nullptr, &a),
         SCHED_ERROR_ARGUMENT, {"vulkan is NULL"});
  EXPECT_EQ(sched_vulkan_record_scale_input(vulkan, s, commands, &a, &a), SCHED_OK);
  app().run(commands);
  Tensor sample(SCHED_F32, 2, 37);
  sample.fill(0.5);
  run_recorded(vulkan, s, config, sample);
  commands = app().begin();
  expect(sched_vulkan_record_scale_input(vulkan, s, commands, &a, &a), SCHED_ERROR_FINISHED,
         {"all model calls"});
  sched_vulkan_step_args args = SCHED_VULKAN_STEP_ARGS_INIT;
  args.sample = args.prediction = args.next = &a;
  expect(sched_vulkan_record_step(vulkan, s, commands, &args), SCHED_ERROR_FINISHED,
         {"all 5 model calls"});
  app().discard(commands);
}

}  // namespace
}  // namespace vulkan_test
