#include "steps.hpp"

#include <algorithm>
#include <stdexcept>

namespace vulkan_test {

namespace {

constexpr int kMostTensors = 12;

void require(sched_status status, sched_state* state) {
  if (status == SCHED_OK) return;
  throw std::runtime_error(std::string(sched_status_name(status)) + ": " + sched_last_error(state));
}

// Fills the arguments of either struct: `put` gives a tensor a place.
template <typename Args, typename Put>
void fill(Args& args, const Inputs& inputs, const Put& put) {
  const auto put_if = [&](const std::optional<Tensor>& tensor) {
    return tensor ? put(*tensor) : nullptr;
  };
  args.prediction = put_if(inputs.prediction);
  args.unconditional = put_if(inputs.unconditional);
  args.guidance_scale = inputs.guidance_scale;
  args.noise[0] = put_if(inputs.noise[0]);
  args.noise[1] = put_if(inputs.noise[1]);
  args.mask = put_if(inputs.mask);
  args.original = put_if(inputs.original);
  args.known_noise = put_if(inputs.known_noise);
  args.groups = inputs.groups;
  args.group_timesteps = inputs.times.empty() ? nullptr : inputs.times.data();
  args.group_targets = inputs.targets.empty() ? nullptr : inputs.targets.data();
  args.without_noise = inputs.without_noise ? 1 : 0;
}

}  // namespace

sched_call next_call(sched_state* state) {
  sched_call call = SCHED_CALL_INIT;
  require(sched_next_call(state, &call), state);
  return call;
}

Inputs inputs_for(sched_state* state, const Config& config, const Tensor& sample) {
  const sched_call call = next_call(state);
  Inputs inputs(sample);
  if (call.needs_model != 0) inputs.prediction = predict(config, sample, call.timestep);
  if (config.has(kNeedsUnconditional)) {
    inputs.unconditional = predict(config, sample, call.timestep + 40.0);
  }
  if (!config.has(kNeedsMask)) return inputs;
  inputs.mask = sample;
  inputs.original = sample;
  fill_mask(*inputs.mask);
  fill_original(*inputs.original);
  return inputs;
}

Outputs step_on_host(sched_state* state, const Inputs& inputs) {
  Outputs outputs(inputs.sample);
  if (inputs.wants_denoised) outputs.denoised = inputs.sample;
  if (inputs.wants_next_input) outputs.next_input = inputs.sample;
  sched_tensor views[kMostTensors];
  int used = 0;
  const auto put = [&](const Tensor& tensor) {
    views[used] = tensor.view();
    return &views[used++];
  };
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  args.sample = put(inputs.sample);
  fill(args, inputs, put);
  args.next = put(outputs.next);
  if (outputs.denoised) args.denoised = put(*outputs.denoised);
  if (outputs.next_input) args.next_input = put(*outputs.next_input);
  require(sched_step_wide(state, &args), state);
  return outputs;
}

Outputs step_recorded(sched_vulkan* vulkan, sched_state* state, const Inputs& inputs,
                      const Arrangement& arrangement) {
  Application& app = Application::shared();
  const std::uint64_t largest = inputs.sample.size() * 2 * 4;  // with a variance, in float32
  Workspace workspace(app, arrangement, largest, kMostTensors);
  const auto put = [&](const Tensor& tensor) { return workspace.add(tensor); };
  sched_vulkan_step_args args = SCHED_VULKAN_STEP_ARGS_INIT;
  args.sample = put(inputs.sample);
  fill(args, inputs, put);
  // What is overwritten holds NaN before.
  Tensor unwritten = inputs.sample;
  unwritten.fill(NAN);
  args.next = arrangement.in_place ? args.sample : put(unwritten);
  if (inputs.wants_denoised) args.denoised = put(unwritten);
  if (inputs.wants_next_input) args.next_input = put(unwritten);

  VkCommandBuffer commands = app.begin();
  const sched_status status = sched_vulkan_record_step(vulkan, state, commands, &args);
  if (status != SCHED_OK) app.discard(commands);
  require(status, state);
  app.run(commands);
  EXPECT_TRUE(workspace.guards_intact()) << arrangement;
  if (!arrangement.in_place) {
    EXPECT_EQ(workspace.at(args.sample).get(), inputs.sample) << arrangement;
  }
  Outputs outputs(workspace.at(args.next).get());
  if (args.denoised != nullptr) outputs.denoised = workspace.at(args.denoised).get();
  if (args.next_input != nullptr) outputs.next_input = workspace.at(args.next_input).get();
  return outputs;
}

Inputs in(const Inputs& inputs, std::int32_t dtype) {
  Inputs other = inputs;
  other.sample = in(inputs.sample, dtype);
  for (std::optional<Tensor>* tensor :
       {&other.prediction, &other.unconditional, &other.noise[0], &other.noise[1], &other.mask,
        &other.original, &other.known_noise}) {
    if (*tensor) *tensor = in(**tensor, dtype);
  }
  return other;
}

Tensor initial_noise_recorded(sched_vulkan* vulkan, sched_state* state,
                              const sched_init_options& options) {
  Application& app = Application::shared();
  const Tensor out(options.dtype, options.batch, options.elements);
  Workspace workspace(app, {false, false, false}, out.size() * 4, 1);
  const sched_vulkan_tensor* view = workspace.add(out);
  VkCommandBuffer commands = app.begin();
  require(sched_vulkan_record_initial_noise(vulkan, state, commands, view), state);
  app.run(commands);
  EXPECT_TRUE(workspace.guards_intact());
  return workspace.at(view).get();
}

Tensor scaled_input_recorded(sched_vulkan* vulkan, sched_state* state, const Tensor& sample) {
  Application& app = Application::shared();
  Workspace workspace(app, {true, false, false}, sample.size() * 4, 2);
  const sched_vulkan_tensor* from = workspace.add(sample);
  Tensor unwritten = sample;
  unwritten.fill(NAN);
  const sched_vulkan_tensor* to = workspace.add(unwritten);
  VkCommandBuffer commands = app.begin();
  require(sched_vulkan_record_scale_input(vulkan, state, commands, from, to), state);
  app.run(commands);
  EXPECT_TRUE(workspace.guards_intact());
  return workspace.at(to).get();
}

std::vector<Tensor> run_recorded(sched_vulkan* vulkan, sched_state* state, const Config& config,
                                 Tensor sample, const Arrangement& arrangement) {
  std::vector<Tensor> after;
  while (is_next(state)) {
    const Inputs inputs = inputs_for(state, config, sample);
    sample = step_recorded(vulkan, state, inputs, arrangement).next;
    after.push_back(sample);
  }
  return after;
}

bool is_exact(sched_state* state, const Config& config) {
  for (const sched_call& call : calls(state))
    if (call.draws != 0) return false;
  return config.json.find("threshold") == std::string::npos;
}

double relative_distance(const Tensor& a, const Tensor& b) {
  return a.distance(b) / std::max(1.0, b.peak());
}

double relative_distance(const Outputs& a, const Outputs& b) {
  double worst = relative_distance(a.next, b.next);
  if (a.denoised) worst = std::max(worst, relative_distance(*a.denoised, *b.denoised));
  if (a.next_input) worst = std::max(worst, relative_distance(*a.next_input, *b.next_input));
  return worst;
}

double bound_for(std::int32_t dtype) {
  switch (dtype) {
    case SCHED_F16:
      return std::ldexp(1.0, -10);
    case SCHED_BF16:
      return std::ldexp(1.0, -7);
    default:
      return 2e-6;
  }
}

}  // namespace vulkan_test
