// Times of their own for items and tokens, recorded.

#include "steps.hpp"

namespace vulkan_test {
namespace {

std::vector<Config> grouped_configs() {
  std::vector<Config> configs;
  for (const char* name : {"flow", "flow_shift", "flow_map", "ddim_parallel", "ddpm_parallel",
                           "unclip", "unclip_learned", "our_ddim", "our_ddpm", "our_euler",
                           "our_euler_ancestral", "our_flow_euler", "our_flow_ancestral"}) {
    configs.push_back(config_named(name));
  }
  const Tune none = [](sched_init_options&) {};
  configs.push_back({"ddpm_parallel_learned_range",
                     R"({"_class_name": "DDPMParallelScheduler",
                         "variance_type": "learned_range"})",
                     none, kTwice});
  configs.push_back({"ddim_parallel_threshold",
                     R"({"_class_name": "DDIMParallelScheduler", "thresholding": true,
                         "clip_sample": false, "sample_max_value": 1.5})"});
  configs.push_back({"ddim_parallel_eta", R"({"_class_name": "DDIMParallelScheduler"})",
                     [](sched_init_options& o) { o.eta = 0.6; }});
  return configs;
}

using Groups = Validated<testing::TestWithParam<Config>>;
INSTANTIATE_TEST_SUITE_P(Recorded, Groups, testing::ValuesIn(grouped_configs()), CaseName());

struct Shape {
  std::int64_t batch, elements;
  std::int32_t groups;
};

// Times from all over the schedule.
std::vector<double> spread_times(sched_state* state, std::int64_t count) {
  const std::vector<double> times = timesteps(state);
  std::vector<double> spread;
  for (std::int64_t i = 0; i < count; ++i)
    spread.push_back(times[static_cast<std::size_t>(i * 7) % times.size()]);
  return spread;
}

double compare(const Config& config, sched_init_options options, const Shape& shape,
               const Arrangement& arrangement, bool exact) {
  options.batch = shape.batch;
  options.elements = shape.elements;
  options.recorded_groups = 0;
  options.kernel = SCHED_KERNEL_FUSED;
  const State host = start(config, options);
  options.recorded_groups = static_cast<std::int32_t>(shape.batch * shape.groups);
  const State state = start(config, on(shared_context(), options));
  const Tensor sample = first_sample(host.get(), options);
  double worst = 0.0;
  for (int call = 0; call < 2; ++call) {
    Inputs inputs = inputs_for(host.get(), config, sample);
    inputs.groups = shape.groups;
    inputs.times = spread_times(host.get(), shape.batch * shape.groups);
    inputs.wants_denoised = true;
    inputs.wants_next_input = true;
    inputs.without_noise = call == 1;
    if (call == 1) {
      inputs.unconditional = predict(config, sample, 17.0);
      inputs.guidance_scale = 2.0;
    }
    const Outputs expected = step_on_host(host.get(), inputs);
    const Outputs got = step_recorded(shared_context(), state.get(), inputs, arrangement);
    if (exact) {
      EXPECT_EQ(got.next, expected.next) << shape.elements << " in " << shape.groups;
      EXPECT_EQ(got.denoised, expected.denoised);
      EXPECT_EQ(got.next_input, expected.next_input);
    }
    worst = std::max(worst, relative_distance(got, expected));
  }
  return worst;
}

TEST_P(Groups, AreThoseOfTheFusedKernel) {
  const Config& config = GetParam();
  const Shape shapes[] = {{2, 40, 8},  {3, 37, 1},    {3, 37, 37}, {3, 111, 37},
                          {2, 40, 40}, {1, 600, 300}, {2, 50, 10}};
  for (const std::int32_t dtype : {SCHED_F32, SCHED_F16, SCHED_BF16}) {
    double worst = 0.0;
    for (const Shape& shape : shapes) {
      sched_init_options options = options_for(config);
      options.dtype = dtype;
      const bool exact = is_exact(start(config, options).get(), config);
      for (const Arrangement& arrangement : every_arrangement()) {
        if (arrangement.is_aligned && shape.groups != 8) continue;
        // With thresholding each group is a dispatch, which takes long.
        const bool is_split = config.json.find("threshold") != std::string::npos;
        const bool is_chosen = dtype == SCHED_F16 && !arrangement.one_buffer;
        if (is_split && shape.groups > 20 && !is_chosen) continue;
        worst = std::max(worst, compare(config, options, shape, arrangement, exact));
      }
    }
    EXPECT_LE(worst, bound_for(dtype));
    std::printf("dtype %d: %.1e\n", dtype, worst);
  }
}

TEST_P(Groups, GoWhereTheyAreTold) {
  const Config& config = GetParam();
  if (config.name.find("flow_map") == std::string::npos && config.name != "unclip") return;
  sched_init_options options = options_for(config);
  options.elements = 40;
  const State host = start(config, options);
  const State state = start(config, on(shared_context(), options));
  Inputs inputs = inputs_for(host.get(), config, first_sample(host.get(), options));
  inputs.groups = 2;
  inputs.times = {900, 700, 500, 300};
  inputs.targets = {100, 650, 400, 200};
  const Outputs expected = step_on_host(host.get(), inputs);
  const Outputs got = step_recorded(shared_context(), state.get(), inputs, {true, false, true});
  EXPECT_LE(relative_distance(got, expected), bound_for(SCHED_F32));
}

}  // namespace
}  // namespace vulkan_test
