// The program `sched`: what the library can do, from the command line.
//
// Exit codes: 0 done, 1 something failed, 2 the command line asks for what does not exist.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <map>
#include <sched/sched.hpp>
#include <string>
#include <vector>

#include "convergence.hpp"
#include "demo.hpp"
#include "list.hpp"
#include "names.hpp"
#include "noise.hpp"
#include "plan.hpp"
#include "replay.hpp"
#include "typed_tensor.hpp"
#include "usage_error.hpp"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

void add_list_command(CLI::App& app, std::string& name, int& exit_code) {
  CLI::App* const command = app.add_subcommand("list", "The methods, or the options of one");
  command->add_option("NAME", name, "Solver or class");
  command->callback([&name, &exit_code] { exit_code = run_list(name); });
}

void add_names_command(CLI::App& app, std::string& name, int& exit_code) {
  CLI::App* const command =
      app.add_subcommand("names", "Names that samplers and schedules have elsewhere");
  command->add_option("NAME", name, "One of them: 'DPM++ 2M Karras'");
  command->callback([&name, &exit_code] { exit_code = run_names(name); });
}

void add_loop_options(CLI::App& command, sched::InitOptions& loop) {
  command.add_option("--steps", loop.num_steps, "Number of steps");
  const auto add_list = [&command](const char* name, std::vector<double>& list, const char* help) {
    command.add_option(name, list, help)->delimiter(',')->allow_extra_args(false);
  };
  add_list("--timesteps", loop.timesteps, "Custom timesteps: a,b,c");
  add_list("--sigmas", loop.sigmas, "Custom sigmas: a,b,c");
  command.add_option("--begin", loop.begin_step, "First step to run");
  command.add_option("--end", loop.end_step, "One past the last step");
  command.add_option("--strength", loop.strength, "Run the last part of the schedule, (0, 1]");
  command.add_option("--mu", loop.mu, "Dynamic shift");
  command.add_option("--eta", loop.eta, "DDIM: amount of noise");
  command.add_option("--s-churn", loop.s_churn, "Euler: churn");
  command.add_option("--s-tmin", loop.s_tmin, "Euler: least sigma that churns");
  command.add_option("--s-tmax", loop.s_tmax, "Euler: largest sigma that churns");
  command.add_option("--s-noise", loop.s_noise, "Euler: deviation of the churn's noise");
  command.add_option("--order", loop.order, "LMS: order, 1 to 4");
  command.add_option("--original-steps", loop.original_inference_steps,
                     "LCM: steps that the model was distilled from");
  command.add_option("--train-steps", loop.num_train_timesteps, "Heun: training timesteps");
  command.add_flag("--use-clipped", loop.use_clipped_model_output,
                   "DDIM: derive the noise from the clipped prediction");
}

void add_plan_command(CLI::App& app, PlanOptions& options, int& exit_code) {
  CLI::App* const command = app.add_subcommand("plan", "Every step of a loop as numbers");
  command
      ->add_option("CONFIG", options.config,
                   "scheduler_config.json, - for standard input, or a built-in checkpoint")
      ->required();
  command->add_option("--format", options.format, "table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}));
  command->add_flag("--lenient", options.lenient,
                    "Only warn of keys that do not belong (always for built-in ones)");
  add_loop_options(*command, options.loop);
  command->callback([&options, &exit_code] { exit_code = run_plan(options); });
}

void add_noise_command(CLI::App& app, NoiseOptions& options, int& exit_code) {
  const std::map<std::string, sched_generator> generators = {
      {"philox", SCHED_GENERATOR_PHILOX},
      {"torch_cpu", SCHED_GENERATOR_TORCH_CPU},
      {"torch_cuda", SCHED_GENERATOR_TORCH_CUDA},
      {"nx", SCHED_GENERATOR_NX},
      {"jax", SCHED_GENERATOR_JAX}};
  CLI::App* const command =
      app.add_subcommand("noise", "The normals of a generator, one a line, to compare with others");
  command->add_option("GENERATOR", "philox, torch_cpu, torch_cuda, nx or jax")
      ->required()
      ->check(CLI::IsMember(generators))
      ->each([&options, generators](const std::string& name) {
        options.generator = generators.at(name);
      });
  command->add_option("--seed", options.seed, "The seed; of nx and jax the key");
  command->add_option("--count", options.count, "Elements of the tensor; default 12");
  command->add_option("--draw", options.draw, "Tensors that were drawn before it");
  command->add_option("--dtype", "f32 (default); f64 of torch_cpu; f16 or bf16 of torch_cuda")
      ->check(CLI::IsMember({"f32", "f64", "f16", "bf16"}))
      ->each([&options](const std::string& name) { options.dtype = dtype_of(name); });
  command->add_option("--card", options.card, "torch_cuda: 'RTX 4090', 'A100', ...");
  command->callback([&options, &exit_code] { exit_code = run_noise(options); });
}

void add_replay_command(CLI::App& app, ReplayOptions& options, int& exit_code) {
  const std::map<std::string, sched_kernel> kernels = {{"default", SCHED_KERNEL_DEFAULT},
                                                       {"vulkan", SCHED_KERNEL_VULKAN},
                                                       {"reference", SCHED_KERNEL_REFERENCE},
                                                       {"fused", SCHED_KERNEL_FUSED},
                                                       {"blas", SCHED_KERNEL_BLAS}};
  CLI::App* const command =
      app.add_subcommand("replay", "Runs recorded loops and compares every step");
  command->add_option("FILE", options.files, "Recorded loops (safetensors)")->required();
  command->add_option("--kernel", "default, reference, fused, blas or vulkan")
      ->check(CLI::IsMember(kernels))
      ->each([&options, kernels](const std::string& name) { options.kernel = kernels.at(name); });
  command->add_option("--dtype", "f32 (default), f64 (default for reference), f16 or bf16")
      ->check(CLI::IsMember({"f32", "f64", "f16", "bf16"}))
      ->each([&options](const std::string& name) { options.dtype = dtype_of(name); });
  command
      ->add_option("--tolerance", options.tolerance,
                   "Of max(1, largest recorded value); default 2e-6, for f64 1e-12")
      ->check(CLI::PositiveNumber);
  command->add_flag("--verbose", options.verbose, "Print the error of every step");
  command->add_option("--device", options.vulkan.device, "Vulkan: part of the device's name");
  command->add_flag("--phone", options.vulkan.phone, "Vulkan: within the limits of a phone");
  command->callback([&options, &exit_code] { exit_code = run_replay(options); });
}

int run(int argc, char** argv) {
  CLI::App app("Schedulers of diffusion models", "sched");
  app.set_version_flag("--version", sched_version_string());
  app.require_subcommand(1);
  int exit_code = 0;
  std::string list_name, known_name;
  PlanOptions plan;
  ReplayOptions replay;
  NoiseOptions noise;
  add_list_command(app, list_name, exit_code);
  add_names_command(app, known_name, exit_code);
  add_plan_command(app, plan, exit_code);
  add_replay_command(app, replay, exit_code);
  add_noise_command(app, noise, exit_code);
  add_demo_command(app, exit_code);
  add_convergence_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const UsageError& error) {
    std::fprintf(stderr, "sched: %s\n", error.what());
    return kUsage;
  } catch (const sched::Error& error) {
    std::fprintf(stderr, "sched: %s: %s\n", error.status_name(), error.what());
    return kFailed;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sched: %s\n", error.what());
    return kFailed;
  }
}
