// Everything optional of a step, recorded, against the `fused` kernel.

#include <algorithm>

#include "steps.hpp"

namespace vulkan_test {
namespace {

using Wide = Validated<testing::TestWithParam<Config>>;
INSTANTIATE_TEST_SUITE_P(Recorded, Wide, testing::ValuesIn(configs_without(kNorms)), CaseName());

using Change = std::function<void(Inputs&, const sched_call&, const Config&)>;

Tensor random_like(const Tensor& tensor, std::uint64_t seed) {
  Tensor other = tensor;
  fill_random(other, seed);
  return other;
}

void guide(Inputs& inputs, double time, const Config& config) {
  if (inputs.prediction) inputs.unconditional = predict(config, inputs.sample, time + 40.0);
  inputs.guidance_scale = 3.5;
}

void give_noise(Inputs& inputs, const sched_call& call) {
  for (int draw = 0; draw < call.draws; ++draw)
    inputs.noise[draw] = random_like(inputs.sample, 70 + static_cast<unsigned>(draw));
}

void give_mask(Inputs& inputs, const Config& config) {
  if (config.has(kNeedsMask)) return;
  inputs.mask = inputs.sample;
  inputs.original = inputs.sample;
  fill_mask(*inputs.mask);
  fill_original(*inputs.original);
  inputs.known_noise = random_like(inputs.sample, 90);
}

// Both states take every step from the host's sample.
double compare(const Config& config, sched_init_options options, const Change& change,
               const Arrangement& arrangement, bool exact) {
  options.kernel = SCHED_KERNEL_FUSED;
  const State host = start(config, options);
  const State state = start(config, on(shared_context(), options));
  Tensor sample = first_sample(host.get(), options);
  double worst = 0.0;
  while (is_next(host.get())) {
    const sched_call call = next_call(host.get());
    Inputs inputs = inputs_for(host.get(), config, sample);
    change(inputs, call, config);
    const Outputs expected = step_on_host(host.get(), inputs);
    const Outputs got = step_recorded(shared_context(), state.get(), inputs, arrangement);
    worst = std::max(worst, relative_distance(got, expected));
    if (exact) {
      EXPECT_EQ(got.next, expected.next) << "call " << sched_calls_done(host.get());
      EXPECT_EQ(got.denoised, expected.denoised);
      EXPECT_EQ(got.next_input, expected.next_input);
    }
    sample = expected.next;
  }
  return worst;
}

bool has_threshold(const Config& config) {
  return config.json.find("threshold") != std::string::npos;
}

void expect_close(const Config& config, const sched_init_options& options, const Change& change,
                  bool exact) {
  for (const Arrangement& arrangement : every_arrangement()) {
    if (arrangement.one_buffer && arrangement.is_aligned) continue;
    const double worst = compare(config, options, change, arrangement, exact);
    EXPECT_LE(worst, bound_for(options.dtype)) << arrangement;
    std::printf("%.1e ", worst);
  }
  std::printf("%s\n", exact ? "exact" : "");
}

TEST_P(Wide, GuidanceWithPreviewAndNextInput) {
  const Config& config = GetParam();
  const sched_init_options options = options_for(config);
  const auto change = [](Inputs& inputs, const sched_call& call, const Config& c) {
    guide(inputs, call.timestep, c);
    inputs.wants_denoised = call.needs_model != 0;
    inputs.wants_next_input = true;
  };
  expect_close(config, options, change, is_exact(start(config, options).get(), config));
}

TEST_P(Wide, CallersNoiseMaskAndNextInput) {
  const Config& config = GetParam();
  const sched_init_options options = options_for(config);
  const auto change = [](Inputs& inputs, const sched_call& call, const Config& c) {
    give_noise(inputs, call);
    give_mask(inputs, c);
    inputs.wants_next_input = true;
  };
  // The library draws nothing: the bits are the CPU's, but for exp and sqrt of a learned
  // variance.
  expect_close(config, options, change, !has_threshold(config) && !config.has(kTwice));
}

TEST_P(Wide, TheMeanOfAStep) {
  const Config& config = GetParam();
  const sched_init_options options = options_for(config);
  const auto change = [](Inputs& inputs, const sched_call& call, const Config&) {
    inputs.without_noise = true;
    inputs.wants_denoised = call.needs_model != 0;
  };
  // SA-Solver's rows keep the noise of the call before.
  const bool exact = is_exact(start(config, options).get(), config);
  expect_close(config, options, change, exact);
}

// Tensors of different types in one step; halves of an odd number of elements.
TEST_P(Wide, TypesMayDiffer) {
  const Config& config = GetParam();
  for (const std::int32_t dtype : {SCHED_F32, SCHED_F16, SCHED_BF16}) {
    sched_init_options options = options_for(config);
    options.batch = 3;
    options.dtype = dtype;
    const auto change = [](Inputs& inputs, const sched_call& call, const Config& c) {
      guide(inputs, call.timestep, c);
      if (inputs.prediction) {
        inputs.prediction = in(*inputs.prediction, SCHED_BF16);
        inputs.unconditional = in(*inputs.unconditional, SCHED_F16);
      }
      give_noise(inputs, call);
      if (inputs.noise[0]) inputs.noise[0] = in(*inputs.noise[0], SCHED_F16);
      give_mask(inputs, c);
      inputs.mask = in(*inputs.mask, SCHED_BF16);
      inputs.wants_denoised = call.needs_model != 0;
      inputs.wants_next_input = true;
    };
    const bool exact = !has_threshold(config) && !config.has(kTwice | kNeedsMask);
    const bool aligned = dtype == SCHED_F32;
    EXPECT_LE(compare(config, options, change, {true, aligned, !aligned}, exact), bound_for(dtype));
  }
}

bool keeps_noise(const sched_weights& w) {
  for (int row = 0; row < w.rows; ++row) {
    const double* const weight = w.weight[row];
    const bool has_noise = weight[SCHED_INPUT_NOISE0] != 0.0 || weight[SCHED_INPUT_NOISE1] != 0.0;
    if (has_noise && w.output[row] != SCHED_OUTPUT_NEXT) return true;
  }
  return false;
}

// What has weight zero may hold NaN.
TEST_P(Wide, NaNWithWeightZeroTakesNoPart) {
  const Config& config = GetParam();
  const sched_init_options options = options_for(config);
  const auto expect_finite = [&](const char* what, const Change& change) {
    const State state = start(config, on(shared_context(), options));
    Tensor sample = first_sample(start(config, options).get(), options);
    while (is_next(state.get())) {
      Inputs inputs = inputs_for(state.get(), config, sample);
      change(inputs, next_call(state.get()), config);
      sample = step_recorded(shared_context(), state.get(), inputs, {false, true, false}).next;
      EXPECT_TRUE(std::isfinite(sample.peak())) << what;
      for (std::size_t i = 0; i < sample.size(); ++i)
        ASSERT_FALSE(std::isnan(sample.at(i))) << what;
    }
  };
  expect_finite("unconditional at scale 1", [](Inputs& inputs, const sched_call&, const Config& c) {
    // CFG++ has a weight for it of its own.
    if (!inputs.prediction || c.has(kNeedsUnconditional)) return;
    inputs.unconditional = inputs.prediction;
    inputs.unconditional->fill(NAN);
    inputs.guidance_scale = 1.0;
  });
  expect_finite("prediction at scale 0", [](Inputs& inputs, const sched_call&, const Config& c) {
    // The variance is the conditional prediction's.
    if (!inputs.prediction || c.has(kTwice)) return;
    inputs.unconditional = inputs.prediction;
    inputs.prediction->fill(NAN);
    inputs.guidance_scale = 0.0;
  });
  // RePaint's known part keeps its draw.
  if (config.has(kNeedsMask)) return;
  const State planned = start(config, options);
  std::int64_t call_number = 0;
  expect_finite("noise of the mean", [&](Inputs& inputs, const sched_call& call, const Config&) {
    inputs.without_noise = true;
    // Rows of SA-Solver keep the noise.
    const double value = keeps_noise(weights(planned.get(), call_number++)) ? 0.25 : NAN;
    for (int draw = 0; draw < call.draws; ++draw) {
      inputs.noise[draw] = inputs.sample;
      inputs.noise[draw]->fill(value);
    }
  });
}

// ------------------------------------------------------------------ besides the steps

using Rest = Validated<testing::TestWithParam<Config>>;
INSTANTIATE_TEST_SUITE_P(Recorded, Rest, testing::ValuesIn(configs_without(kNorms)), CaseName());

TEST_P(Rest, ScaledInputs) {
  const Config& config = GetParam();
  for (const std::int32_t dtype : {SCHED_F32, SCHED_F16, SCHED_BF16}) {
    sched_init_options options = options_for(config);
    options.dtype = dtype;
    const State host = start(config, options);
    const State state = start(config, on(shared_context(), options));
    const Tensor sample = first_sample(host.get(), options);
    Tensor expected = sample;
    const sched_tensor from = sample.view();
    sched_tensor to = expected.view();
    ASSERT_EQ(sched_scale_input(host.get(), &from, &to), SCHED_OK);
    EXPECT_EQ(scaled_input_recorded(shared_context(), state.get(), sample), expected);
  }
}

TEST_P(Rest, NoisedData) {
  const Config& config = GetParam();
  for (const std::int32_t dtype : {SCHED_F32, SCHED_F16, SCHED_BF16}) {
    sched_init_options options = options_for(config);
    options.dtype = dtype;
    options.batch = 3;
    const State host = start(config, options);
    const State state = start(config, on(shared_context(), options));
    Tensor original(dtype, 3, options.elements), noise = original, expected = original;
    fill_original(original);
    fill_random(noise, 5);
    const std::int64_t steps = sched_num_steps(host.get());
    for (const std::int64_t step : {steps / 2, steps}) {
      for (const bool given : {true, false}) {
        const sched_tensor views[] = {original.view(), noise.view()};
        sched_tensor to = expected.view();
        ASSERT_EQ(sched_add_noise(host.get(), step, &views[0], given ? &views[1] : nullptr, &to),
                  SCHED_OK);
        Workspace workspace(app(), {true, false, false}, original.size() * 4, 3);
        const sched_vulkan_tensor* from = workspace.add(original);
        const sched_vulkan_tensor* normals = given ? workspace.add(noise) : nullptr;
        const sched_vulkan_tensor* out = workspace.add(noise);
        VkCommandBuffer commands = app().begin();
        ASSERT_EQ(sched_vulkan_record_add_noise(shared_context(), state.get(), commands, step, from,
                                                normals, out),
                  SCHED_OK)
            << sched_last_error(state.get());
        app().run(commands);
        EXPECT_TRUE(workspace.guards_intact());
        const Tensor got = workspace.at(out).get();
        if (given) {
          EXPECT_EQ(got, expected) << step;
        }
        EXPECT_LE(relative_distance(got, expected), bound_for(dtype)) << step;
      }
    }
  }
}

// A whole loop in one command buffer, from its first sample on, with the inputs of the model:
// the library's own barriers are all that stands between the recordings.
TEST_P(Rest, AWholeLoopInOneCommandBuffer) {
  const Config& config = GetParam();
  sched_init_options options = options_for(config);
  const State host = start(config, options);
  const State state = start(config, on(shared_context(), options));
  const std::vector<sched_call> all = calls(host.get());
  if (all.size() > 100) return;  // RePaint's jumps
  Workspace workspace(app(), {true, false, false}, 2 * 37 * 2 * 4,
                      static_cast<int>(all.size()) + 6);
  Tensor sample = first_sample(host.get(), options);
  Tensor scaled = sample, mask = sample, original = sample;
  fill_mask(mask);
  fill_original(original);
  const sched_vulkan_tensor* x[2] = {workspace.add(scaled), workspace.add(scaled)};
  const sched_vulkan_tensor* input = workspace.add(scaled);
  sched_vulkan_step_args args = SCHED_VULKAN_STEP_ARGS_INIT;
  if (config.has(kNeedsMask)) {
    args.mask = workspace.add(mask);
    args.original = workspace.add(original);
  }
  VkCommandBuffer commands = app().begin();
  ASSERT_EQ(sched_vulkan_record_initial_noise(shared_context(), state.get(), commands, x[0]),
            SCHED_OK);
  for (std::size_t i = 0; i < all.size(); ++i) {
    Inputs inputs(sample);
    if (config.has(kNeedsMask)) {
      inputs.mask = mask;
      inputs.original = original;
    }
    const sched_tensor from = sample.view();
    sched_tensor to = scaled.view();
    ASSERT_EQ(sched_scale_input(host.get(), &from, &to), SCHED_OK);
    ASSERT_EQ(sched_vulkan_record_scale_input(shared_context(), state.get(), commands, x[0], input),
              SCHED_OK);
    if (all[i].needs_model != 0) {
      inputs.prediction =
          Tensor(SCHED_F32, options.batch, options.elements * config.prediction_factor());
      fill_random(*inputs.prediction, i);
      if (config.has(kTwice)) inputs.prediction->fill(0.25);
    }
    args.prediction = inputs.prediction ? workspace.add(*inputs.prediction) : nullptr;
    if (config.has(kNeedsUnconditional)) {
      inputs.unconditional = inputs.prediction;
      args.unconditional = args.prediction;
    }
    args.sample = x[0];
    args.next = i % 3 == 0 ? x[0] : x[1];
    ASSERT_EQ(sched_vulkan_record_step(shared_context(), state.get(), commands, &args), SCHED_OK)
        << sched_last_error(state.get());
    if (args.next == x[1]) std::swap(x[0], x[1]);
    sample = step_on_host(host.get(), inputs).next;
  }
  app().run(commands);
  EXPECT_TRUE(workspace.guards_intact());
  EXPECT_LE(relative_distance(workspace.at(x[0]).get(), sample), bound_for(SCHED_F32));
  EXPECT_LE(relative_distance(workspace.at(input).get(), scaled), bound_for(SCHED_F32));
}

}  // namespace
}  // namespace vulkan_test
