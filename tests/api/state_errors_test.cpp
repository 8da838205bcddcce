// Null handles, lifetimes, names and tables: what needs no loop to go wrong.

#include <map>
#include <set>
#include <thread>

#include "support.hpp"

namespace sched_test {
namespace {

// ------------------------------------------------------------- null handles

TEST(NullState, NumbersSayMinusOne) {
  EXPECT_EQ(sched_num_steps(nullptr), -1);
  EXPECT_EQ(sched_num_calls(nullptr), -1);
  EXPECT_EQ(sched_calls_done(nullptr), -1);
  EXPECT_EQ(sched_call_ends_step(nullptr, 0), 0);
  EXPECT_EQ(sched_state_kernel(nullptr), -1);
  EXPECT_EQ(sched_state_bytes(nullptr), -1);
  EXPECT_EQ(sched_init_noise_sigma(nullptr), -1.0);
  EXPECT_EQ(sched_input_scale(nullptr), -1.0);
  EXPECT_EQ(sched_next_draws(nullptr), -1);
}

TEST(NullState, CallsSayArgument) {
  double out[8];
  std::int64_t count = 77;
  EXPECT_EQ(sched_timesteps(nullptr, out, 8, &count), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_sigmas(nullptr, out, 8, &count), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_levels(nullptr, out, 8, &count), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_step_for_timestep(nullptr, 1.0, &count), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_attempts(nullptr, &count, &count), SCHED_ERROR_ARGUMENT);
  sched_call call = SCHED_CALL_INIT;
  EXPECT_EQ(sched_next_call(nullptr, &call), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_call_at(nullptr, 0, &call), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(count, 77);

  Tensor a(SCHED_F32, 1, 4), b(SCHED_F32, 1, 4), c(SCHED_F32, 1, 4);
  const Tensor before = c;
  const sched_tensor x = a.view(), y = b.view();
  sched_tensor z = c.view();
  EXPECT_EQ(sched_initial_noise(nullptr, &z), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_scale_input(nullptr, &x, &z), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_add_noise(nullptr, 0, &x, &y, &z), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_step(nullptr, &x, &y, &z), SCHED_ERROR_ARGUMENT);
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  args.sample = &x;
  args.prediction = &y;
  args.next = &z;
  EXPECT_EQ(sched_step_wide(nullptr, &args), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(c, before);

  sched_weights w = {};
  w.struct_size = sizeof(w);
  EXPECT_EQ(sched_step_weights(nullptr, 0, &w), SCHED_ERROR_ARGUMENT);
  std::uint64_t size = 5;
  EXPECT_EQ(sched_save(nullptr, nullptr, 0, &size), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(size, 5u);
  EXPECT_EQ(sched_load(nullptr, "x", 1), SCHED_ERROR_ARGUMENT);
  sched_state* clone = nullptr;
  EXPECT_EQ(sched_clone(nullptr, &clone), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(clone, nullptr);
  sched_state_free(nullptr);
}

TEST(StateArguments, CallsOutsideTheLoopEndNoStep) {
  const State state = start(config_named("euler"));
  EXPECT_EQ(sched_call_ends_step(state.get(), -1), 0);
  EXPECT_EQ(sched_call_ends_step(state.get(), 5), 0);
  EXPECT_EQ(sched_call_ends_step(state.get(), 4), 1);
}

TEST(StateArguments, CountsAlone) {
  const State state = start(config_named("euler"));
  std::int64_t count = -1;
  EXPECT_EQ(sched_timesteps(state.get(), nullptr, 0, &count), SCHED_OK);
  EXPECT_EQ(count, 5);
  EXPECT_EQ(sched_sigmas(state.get(), nullptr, 0, &count), SCHED_OK);
  EXPECT_EQ(count, 6);
  EXPECT_EQ(sched_levels(state.get(), nullptr, 0, &count), SCHED_OK);
  EXPECT_EQ(count, 12);
  double out[12];
  EXPECT_EQ(sched_levels(state.get(), out, 12, nullptr), SCHED_OK);
}

TEST(StateArguments, CloneAndSaveNull) {
  const State state = start(config_named("euler"));
  EXPECT_EQ(sched_clone(state.get(), nullptr), SCHED_ERROR_ARGUMENT);
  EXPECT_TRUE(is_one_of(sched_load(state.get(), nullptr, 100),
                        {SCHED_ERROR_ARGUMENT, SCHED_ERROR_DAMAGED}));
  EXPECT_TRUE(
      is_one_of(sched_load(state.get(), nullptr, 0), {SCHED_ERROR_ARGUMENT, SCHED_ERROR_DAMAGED}));
  std::uint64_t size = 0;
  EXPECT_EQ(sched_save(state.get(), nullptr, 0, &size), SCHED_OK);
  EXPECT_GT(size, 0u);
}

TEST(StateArguments, SaveIntoTooSmallABuffer) {
  const State state = start(config_named("dpm"));
  const std::vector<std::uint8_t> whole = save(state.get());
  for (std::size_t capacity : {std::size_t{0}, std::size_t{1}, whole.size() - 1}) {
    std::vector<std::uint8_t> bytes(whole.size() + 16, 0xcd);
    std::uint64_t size = 0;
    EXPECT_EQ(sched_save(state.get(), bytes.data(), capacity, &size), SCHED_ERROR_CAPACITY);
    EXPECT_EQ(bytes, std::vector<std::uint8_t>(whole.size() + 16, 0xcd)) << "something written";
  }
  std::vector<std::uint8_t> bytes(whole.size() + 16, 0xcd);
  EXPECT_EQ(sched_save(state.get(), bytes.data(), bytes.size(), nullptr), SCHED_OK);
  EXPECT_EQ(bytes[whole.size()], 0xcd) << "written past the end";
}

// ------------------------------------------------------------------ lifetimes

// A state keeps its scheduler alive, so any order of frees is legal.
TEST(Lifetime, SchedulerFreedBeforeTheStateIsUsed) {
  for (const Config& config : every_config()) {
    const sched_init_options options = options_for(config);
    sched_scheduler* scheduler = create(config.json).release();
    sched_state* state = nullptr;
    ASSERT_EQ(sched_init(scheduler, &options, &state), SCHED_OK) << config.name;
    sched_free(scheduler);
    const std::vector<Tensor> after = run(state, config, first_sample(state, options));
    EXPECT_EQ(after, run(config, options)) << config.name;
    sched_state_free(state);
  }
}

TEST(Lifetime, SchedulerFreedLast) {
  const Config& config = config_named("euler");
  const sched_init_options options = options_for(config);
  const Scheduler scheduler = create(config.json);
  for (int i = 0; i < 3; ++i) {
    sched_state* state = nullptr;
    ASSERT_EQ(sched_init(scheduler.get(), &options, &state), SCHED_OK);
    sched_state_free(state);
  }
  EXPECT_GE(sched_method(scheduler.get()), 0);
}

TEST(Lifetime, CloneOutlivesItsOriginal) {
  const Config& config = config_named("dpm");
  const sched_init_options options = options_for(config);
  State state = start(config, options);
  const Tensor sample = first_sample(state.get(), options);
  sched_state* copy = nullptr;
  ASSERT_EQ(sched_clone(state.get(), &copy), SCHED_OK);
  const State clone(copy);
  state.reset();
  EXPECT_EQ(run(clone.get(), config, sample), run(config, options));
}

// One scheduler, one state for each thread: the same bits as alone.
TEST(Lifetime, SchedulerSharedByThreads) {
  for (const char* name : {"ddpm", "unipc", "lms"}) {
    const Config& config = config_named(name);
    const sched_init_options options = options_for(config);
    const std::vector<Tensor> expected = run(config, options);
    const Scheduler scheduler = create(config.json);
    std::vector<std::vector<Tensor>> results(4);
    std::vector<std::thread> threads;
    for (auto& result : results) {
      threads.emplace_back([&] {
        for (int repeat = 0; repeat < 5; ++repeat) {
          sched_state* raw = nullptr;
          if (sched_init(scheduler.get(), &options, &raw) != SCHED_OK) return;
          const State state(raw);
          result = run(raw, config, first_sample(raw, options));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& result : results) EXPECT_EQ(result, expected) << name;
  }
}

// -------------------------------------------------------------- names, tables

TEST(Names, EveryStatusHasItsOwn) {
  std::set<std::string> all;
  for (int code = 0; code >= SCHED_ERROR_INTERNAL; --code) {
    const std::string name = sched_status_name(static_cast<sched_status>(code));
    EXPECT_EQ(name.rfind(code == 0 ? "SCHED_OK" : "SCHED_ERROR_", 0), 0u) << name;
    EXPECT_TRUE(all.insert(name).second) << name << " twice";
  }
  EXPECT_STREQ(sched_status_name(SCHED_ERROR_SHAPE), "SCHED_ERROR_SHAPE");
  for (int code : {1, -23, -1000, 0x7fffffff})
    EXPECT_NE(sched_status_name(static_cast<sched_status>(code)), nullptr);
}

TEST(Names, VersionIsTheHeaders) {
  EXPECT_EQ(sched_version_number(), SCHED_VERSION);
  const std::string version = std::to_string(SCHED_VERSION_MAJOR) + "." +
                              std::to_string(SCHED_VERSION_MINOR) + "." +
                              std::to_string(SCHED_VERSION_PATCH);
  EXPECT_EQ(sched_version_string(), version);
}

TEST(Methods, TableIsSane) {
  const std::int32_t count = sched_method_count();
  ASSERT_GE(count, 11);
  std::set<std::string> classes, solvers;
  for (std::int32_t index = 0; index < count; ++index) {
    sched_method_info info = SCHED_METHOD_INFO_INIT;
    ASSERT_EQ(sched_method_at(index, &info), SCHED_OK);
    ASSERT_NE(info.name, nullptr);
    ASSERT_NE(info.class_name, nullptr);
    ASSERT_NE(info.paper, nullptr);
    std::printf("%-18s %-34s calls %d rows %d draws %d order %d stochastic %d\n", info.name,
                info.class_name, info.calls_per_step, info.memory_rows, info.draws_per_step,
                info.max_order, info.stochastic);
    // A solver of our own composition has no class.
    const bool is_class = *info.class_name != '\0';
    const char* own = is_class ? info.class_name : info.name;
    EXPECT_TRUE((is_class ? classes : solvers).insert(own).second) << own << " twice";
    EXPECT_STRNE(info.name, "");
    EXPECT_STRNE(info.paper, "");
    EXPECT_GE(info.calls_per_step, 1);
    EXPECT_GE(info.memory_rows, 0);
    EXPECT_LE(info.memory_rows, 8);
    EXPECT_GE(info.draws_per_step, 0);
    // Each call takes two at most.
    EXPECT_LE(info.draws_per_step, 2 * info.calls_per_step);
    EXPECT_GE(info.max_order, 1);
    EXPECT_GE(info.stochastic, 0);
    EXPECT_LE(info.stochastic, 2);
    EXPECT_EQ(info.stochastic == 0, info.draws_per_step == 0) << info.name;
    std::int32_t found = -1;
    EXPECT_EQ(sched_method_find(own, &found), SCHED_OK);
    EXPECT_EQ(found, index);
    // The solver of a class is one of the composition's.
    EXPECT_EQ(sched_method_find(info.name, &found), SCHED_OK) << info.name;
  }
}

TEST(Methods, SchedulerKnowsItsOwn) {
  for (const Config& config : plain_configs()) {
    const Scheduler scheduler = create(config.json);
    sched_method_info info = SCHED_METHOD_INFO_INIT;
    ASSERT_EQ(sched_method_at(sched_method(scheduler.get()), &info), SCHED_OK);
    EXPECT_EQ(info.class_name, class_of(config));
  }
}

// What the table promises holds for the loops: calls, draws and bytes.
TEST(Methods, CostsAreTrue) {
  for (const Config& config : every_config()) {
    sched_init_options options = options_for(config);
    options.batch = 1;
    options.elements = 100000;
    const Scheduler scheduler = create(config.json);
    sched_method_info info = SCHED_METHOD_INFO_INIT;
    ASSERT_EQ(sched_method_at(sched_method(scheduler.get()), &info), SCHED_OK);
    const State state = start(config, options);
    int draws = sched_next_draws(state.get());
    for (const sched_call& call : calls(state.get())) draws = std::max(draws, call.draws);
    EXPECT_LE(draws, info.draws_per_step) << config.name;
    // PNDM's start takes more calls, as the manual says, and RePaint goes back.
    if (config.has(kRepeats)) continue;
    std::int64_t asked = 0;
    for (const sched_call& call : calls(state.get())) asked += call.needs_model;
    EXPECT_LE(asked, 5 * info.calls_per_step) << config.name;
    // Rows of float32, one more where a quantile has to be found, and something for plans.
    const bool quantile =
        !config.has(kNorms) && weights(state.get(), 0).clip == SCHED_CLIP_QUANTILE;
    const std::int64_t most = (info.memory_rows + (quantile ? 1 : 0)) * INT64_C(400000) + 200000;
    EXPECT_LE(sched_state_bytes(state.get()), most) << config.name;
    EXPECT_GT(sched_state_bytes(state.get()), 0) << config.name;
  }
}

TEST(Methods, WrongArguments) {
  sched_method_info info = SCHED_METHOD_INFO_INIT;
  EXPECT_EQ(sched_method_at(-1, &info), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_method_at(sched_method_count(), &info), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_method_at(0, nullptr), SCHED_ERROR_ARGUMENT);
  for (std::uint32_t size : {0u, 4u, 1u << 30}) {
    info.struct_size = size;
    EXPECT_EQ(sched_method_at(0, &info), SCHED_ERROR_STRUCT_SIZE);
    EXPECT_EQ(info.name, nullptr);
  }
  std::int32_t index = 77;
  EXPECT_EQ(sched_method_find("NoSuchScheduler", &index), SCHED_ERROR_UNKNOWN_CLASS);
  EXPECT_EQ(sched_method_find("", &index), SCHED_ERROR_UNKNOWN_CLASS);
  EXPECT_EQ(sched_method_find(nullptr, &index), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(index, 77);
  EXPECT_EQ(sched_method_find("DDIMScheduler", nullptr), SCHED_ERROR_ARGUMENT);

  sched_option_info option = SCHED_OPTION_INFO_INIT;
  EXPECT_EQ(sched_option_count(-1), -1);
  EXPECT_EQ(sched_option_count(sched_method_count()), -1);
  EXPECT_EQ(sched_option_at(-1, 0, &option), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_option_at(0, -1, &option), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_option_at(0, sched_option_count(0), &option), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_option_at(0, 0, nullptr), SCHED_ERROR_ARGUMENT);
  for (std::uint32_t size : {0u, 4u, 1u << 30}) {
    option.struct_size = size;
    EXPECT_EQ(sched_option_at(0, 0, &option), SCHED_ERROR_STRUCT_SIZE);
  }
}

// Every default, written out, is accepted; each allowed string stands in its own list.
TEST(Options, DefaultsAreAllowed) {
  for (std::int32_t method = 0; method < sched_method_count(); ++method) {
    sched_method_info info = SCHED_METHOD_INFO_INIT;
    ASSERT_EQ(sched_method_at(method, &info), SCHED_OK);
    std::set<std::string> seen;
    for (std::int32_t index = 0; index < sched_option_count(method); ++index) {
      sched_option_info option = SCHED_OPTION_INFO_INIT;
      ASSERT_EQ(sched_option_at(method, index, &option), SCHED_OK);
      ASSERT_NE(option.name, nullptr);
      ASSERT_NE(option.type, nullptr);
      ASSERT_NE(option.default_value, nullptr);
      ASSERT_NE(option.allowed, nullptr);
      // A key of the configuration may be an init option as well (Heun's num_train_timesteps).
      const std::string place = option.at_init != 0 ? "init " : "key ";
      EXPECT_TRUE(seen.insert(place + option.name).second) << option.name << " twice";
      const std::set<std::string> types = {"boolean", "integer", "number",
                                           "string",  "list",    "null"};
      EXPECT_EQ(types.count(option.type), 1u) << option.type;
      if (option.at_init != 0) continue;
      const std::string pair =
          std::string("\"") + option.name + "\": " + option.default_value + "}";
      const bool has_class = *info.class_name != '\0';
      // Without noise there is nothing that these could say.
      const std::string solver = info.name;
      const bool is_of_sde =
          std::set<std::string>{"eta", "s_noise", "noise"}.count(option.name) != 0;
      const bool asks_sde = is_of_sde && (solver == "dpm_multistep" || solver == "dpm_singlestep");
      const std::string json =
          has_class ? R"({"_class_name": ")" + std::string(info.class_name) + R"(", )" + pair
                    : R"({"solver": {"name": ")" + solver + R"(", )" +
                          (asks_sde ? R"("algorithm": "sde_data", )" : "") + pair + "}";
      sched_scheduler* scheduler = nullptr;
      Message message;
      sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
      options.message = message.data();
      options.message_capacity = message.capacity();
      EXPECT_EQ(sched_create(json.data(), json.size(), &options, &scheduler), SCHED_OK)
          << json << ": " << message.text();
      sched_free(scheduler);
      const std::string text = option.default_value;
      if (text.size() < 3 || text[0] != '"' || *option.allowed == '\0') continue;
      EXPECT_TRUE(names(option.allowed, {text.substr(1, text.size() - 2)})) << json;
    }
  }
}

// The keys of each class of diffusers, with the defaults that it has.  A file with all of
// them, as save_pretrained() writes it, is accepted by strict create.
TEST(Options, WholeDiffusersFilesAreAccepted) {
  // clang-format off
  const std::string train = R"("num_train_timesteps": 1000, )";
  const std::string betas = train + R"("beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear", "trained_betas": null, )";
  const std::string later = train + R"("beta_start": 0.00085, "beta_end": 0.012, "trained_betas": null, )";
  const std::string threshold = R"("thresholding": false, "dynamic_thresholding_ratio": 0.995, "sample_max_value": 1.0, )";
  const std::string one_of = R"("use_karras_sigmas": false, "use_exponential_sigmas": false, "use_beta_sigmas": false, )";
  const std::string epsilon = R"("prediction_type": "epsilon", "steps_offset": 0, )";
  const std::string leading = R"("timestep_spacing": "leading", )", linspace = R"("timestep_spacing": "linspace", )";
  const std::string zero_snr = R"("rescale_betas_zero_snr": false, )";
  const std::string multistep = R"("solver_order": 2, "lower_order_final": true, "use_flow_sigmas": false, "flow_shift": 1.0, "final_sigmas_type": "zero", "use_dynamic_shifting": false, "time_shift_type": "exponential", )";
  const std::map<std::string, std::string> files = {
      {"DDIM", betas + epsilon + threshold + leading + zero_snr + R"("clip_sample": true, "set_alpha_to_one": true, "clip_sample_range": 1.0)"},
      {"DDPM", betas + epsilon + threshold + leading + zero_snr + R"("variance_type": "fixed_small", "clip_sample": true, "clip_sample_range": 1.0)"},
      {"PNDM", betas + epsilon + leading + R"("skip_prk_steps": false, "set_alpha_to_one": false)"},
      {"LMSDiscrete", betas + epsilon + one_of + R"("timestep_spacing": "linspace")"},
      {"EulerDiscrete", betas + epsilon + one_of + linspace + zero_snr + R"("interpolation_type": "linear", "sigma_min": null, "sigma_max": null, "timestep_type": "discrete", "final_sigmas_type": "zero")"},
      {"EulerAncestralDiscrete", betas + epsilon + linspace + R"("rescale_betas_zero_snr": false)"},
      {"HeunDiscrete", later + epsilon + one_of + linspace + R"("beta_schedule": "linear", "clip_sample": false, "clip_sample_range": 1.0)"},
      {"DPMSolverMultistep", betas + epsilon + one_of + threshold + linspace + zero_snr + multistep + R"("algorithm_type": "dpmsolver++", "solver_type": "midpoint", "euler_at_final": false, "use_lu_lambdas": false, "variance_type": null)"},
      {"UniPCMultistep", betas + epsilon + one_of + threshold + linspace + zero_snr + multistep + R"("predict_x0": true, "solver_type": "bh2", "disable_corrector": [], "solver_p": null, "sigma_min": null, "sigma_max": null, "shift_terminal": null)"},
      {"LCM", later + epsilon + threshold + leading + zero_snr + R"("beta_schedule": "scaled_linear", "original_inference_steps": 50, "clip_sample": false, "clip_sample_range": 1.0, "set_alpha_to_one": true, "timestep_scaling": 10.0)"},
      {"FlowMatchEulerDiscrete", train + one_of + R"("shift": 1.0, "use_dynamic_shifting": false, "base_shift": 0.5, "max_shift": 1.15, "base_image_seq_len": 256, "max_image_seq_len": 4096, "invert_sigmas": false, "shift_terminal": null, "time_shift_type": "exponential", "stochastic_sampling": false)"},
  };
  // clang-format on
  for (const auto& [name, keys] : files) {
    const std::string json = R"({"_class_name": ")" + name +
                             R"(Scheduler", "_diffusers_version": "0.30.0", )" + keys + "}";
    Message message;
    sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
    options.message = message.data();
    options.message_capacity = message.capacity();
    sched_scheduler* scheduler = nullptr;
    EXPECT_EQ(sched_create(json.data(), json.size(), &options, &scheduler), SCHED_OK)
        << name << ": " << message.text();
    sched_free(scheduler);
  }
}

// A DPMSolverMultistep file that Python wrote carries the default -Infinity, which is not
// JSON; published checkpoints have it.
TEST(Options, PublishedMinusInfinity) {
  const std::string json =
      R"({"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity})";
  sched_scheduler* scheduler = nullptr;
  EXPECT_EQ(sched_create(json.data(), json.size(), nullptr, &scheduler), SCHED_OK);
  sched_free(scheduler);
}

TEST(Kernels, Available) {
  EXPECT_EQ(sched_kernel_available(SCHED_KERNEL_DEFAULT), 1);
  EXPECT_EQ(sched_kernel_available(SCHED_KERNEL_REFERENCE), 1);
  EXPECT_EQ(sched_kernel_available(SCHED_KERNEL_FUSED), 1);
  EXPECT_EQ(sched_kernel_available(static_cast<sched_kernel>(99)), 0);
  EXPECT_EQ(sched_kernel_available(SCHED_KERNEL_MAX), 0);
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config_named("euler"));
    options.kernel = kernel;
    EXPECT_EQ(sched_state_kernel(start(config_named("euler"), options).get()), kernel);
  }
  // The default is one of them, and says which.
  const State state = start(config_named("euler"));
  EXPECT_GE(sched_state_kernel(state.get()), SCHED_KERNEL_REFERENCE);
  EXPECT_LE(sched_state_kernel(state.get()), SCHED_KERNEL_BLAS);
}

}  // namespace
}  // namespace sched_test
