/*
 * The public header alone: compiles as C99 and as C++ without a warning, and lays out its
 * structs as the first release did.  On a 64-bit machine these numbers are the ABI; where
 * one changes, old programs break.  A member may only be added at the end of a struct.
 *
 * abi_header_cxx.cpp compiles this same file as C++.
 */
#include <sched/sched.h>
/* Twice, for the include guard; and beside POSIX's header of the same name. */
#include <sched.h>
#include <sched/sched.h>
#include <stddef.h>
#include <stdio.h>

/* A negative array size where the condition does not hold: C99 has no static assertion. */
#define CHECK_(condition, line) typedef char check_##line[(condition) ? 1 : -1]
#define CHECK__(condition, line) CHECK_(condition, line)
#define CHECK(condition) CHECK__(condition, __LINE__)
#define AT(type, member, offset) CHECK(offsetof(type, member) == (offset))

/* An enum whose size may change is no ABI. */
CHECK(sizeof(sched_status) == 4);
CHECK(sizeof(sched_dtype) == 4);
CHECK(sizeof(sched_kernel) == 4);
CHECK(sizeof(sched_input) == 4);
CHECK(sizeof(sched_output) == 4);
CHECK(sizeof(sched_clip) == 4);

/* Codes keep their numbers for ever. */
CHECK(SCHED_OK == 0 && SCHED_ERROR_ARGUMENT == -1 && SCHED_ERROR_STRUCT_SIZE == -2);
CHECK(SCHED_ERROR_JSON == -3 && SCHED_ERROR_UNKNOWN_CLASS == -4 && SCHED_ERROR_UNKNOWN_KEY == -5);
CHECK(SCHED_ERROR_TYPE == -6 && SCHED_ERROR_VALUE == -7 && SCHED_ERROR_CONFLICT == -8);
CHECK(SCHED_ERROR_STEPS == -9 && SCHED_ERROR_TIMESTEPS == -10 && SCHED_ERROR_OPTION == -11);
CHECK(SCHED_ERROR_SHAPE == -12 && SCHED_ERROR_DTYPE == -13 && SCHED_ERROR_OVERLAP == -14);
CHECK(SCHED_ERROR_FINISHED == -15 && SCHED_ERROR_NOT_FINITE == -16);
CHECK(SCHED_ERROR_CAPACITY == -17 && SCHED_ERROR_DAMAGED == -18 && SCHED_ERROR_MISMATCH == -19);
CHECK(SCHED_ERROR_UNSUPPORTED == -20 && SCHED_ERROR_MEMORY == -21 && SCHED_ERROR_INTERNAL == -22);
CHECK(SCHED_ERROR_DEVICE_LOST == -23 && SCHED_ERROR_DEVICE_MEMORY == -24);
CHECK(SCHED_ERROR_VULKAN == -25 && SCHED_ERROR_IN_USE == -26);
CHECK(SCHED_F32 == 1 && SCHED_F16 == 2 && SCHED_BF16 == 3 && SCHED_F64 == 4);
CHECK(SCHED_KERNEL_DEFAULT == 0 && SCHED_KERNEL_REFERENCE == 1);
CHECK(SCHED_GENERATOR_PHILOX == 0 && SCHED_GENERATOR_TORCH_CPU == 1);
CHECK(SCHED_GENERATOR_TORCH_CUDA == 2 && SCHED_GENERATOR_NX == 3 && SCHED_GENERATOR_JAX == 4);
CHECK(SCHED_GENERATOR_CALLER == 5 && SCHED_DRAWS_NONE == 0 && SCHED_DRAWS_DIFFUSERS == 1);
CHECK(SCHED_DRAWS_K_DIFFUSION == 2 && SCHED_DRAWS_COMFYUI == 3 && SCHED_DRAWS_BUMBLEBEE == 4);
CHECK(SCHED_KERNEL_FUSED == 2 && SCHED_KERNEL_BLAS == 3);
CHECK(SCHED_INPUT_SAMPLE == 0 && SCHED_INPUT_UNCONDITIONAL == 5 && SCHED_INPUT_MEMORY0 == 6);
CHECK(SCHED_INPUT_ORIGINAL == 14 && SCHED_INPUT_KNOWN_NOISE == 15);
CHECK(SCHED_OUTPUT_NEXT == 0 && SCHED_OUTPUT_DENOISED == 1 && SCHED_OUTPUT_MEMORY0 == 2);
CHECK(SCHED_OUTPUT_KNOWN == 10);
CHECK(SCHED_CLIP_NONE == 0 && SCHED_CLIP_RANGE == 1 && SCHED_CLIP_QUANTILE == 2);

CHECK(SCHED_VERSION ==
      SCHED_VERSION_MAJOR * 10000 + SCHED_VERSION_MINOR * 100 + SCHED_VERSION_PATCH);

#if UINTPTR_MAX == 0xffffffffffffffffu

CHECK(sizeof(sched_tensor) == 32);
AT(sched_tensor, struct_size, 0);
AT(sched_tensor, dtype, 4);
AT(sched_tensor, data, 8);
AT(sched_tensor, batch, 16);
AT(sched_tensor, elements, 24);

CHECK(sizeof(sched_method_info) == 48);
AT(sched_method_info, calls_per_step, 4);
AT(sched_method_info, name, 8);
AT(sched_method_info, class_name, 16);
AT(sched_method_info, paper, 24);
AT(sched_method_info, memory_rows, 32);
AT(sched_method_info, draws_per_step, 36);
AT(sched_method_info, max_order, 40);
AT(sched_method_info, stochastic, 44);

CHECK(sizeof(sched_option_info) == 40);
AT(sched_option_info, at_init, 4);
AT(sched_option_info, name, 8);
AT(sched_option_info, type, 16);
AT(sched_option_info, default_value, 24);
AT(sched_option_info, allowed, 32);

CHECK(sizeof(sched_allocator) == 32);
AT(sched_allocator, allocate, 8);
AT(sched_allocator, release, 16);
AT(sched_allocator, context, 24);

CHECK(sizeof(sched_create_options) == 32);
AT(sched_create_options, lenient, 4);
AT(sched_create_options, message, 8);
AT(sched_create_options, message_capacity, 16);
/* Since the first release: */
AT(sched_create_options, allocator, 24);

CHECK(sizeof(sched_init_options) == 304);
AT(sched_init_options, num_steps, 4);
AT(sched_init_options, timesteps, 8);
AT(sched_init_options, sigmas, 16);
AT(sched_init_options, timesteps_count, 24);
AT(sched_init_options, sigmas_count, 28);
AT(sched_init_options, begin_step, 32);
AT(sched_init_options, end_step, 36);
AT(sched_init_options, strength, 40);
AT(sched_init_options, mu, 48);
AT(sched_init_options, batch, 56);
AT(sched_init_options, elements, 64);
AT(sched_init_options, dtype, 72);
AT(sched_init_options, kernel, 76);
AT(sched_init_options, seed, 80);
AT(sched_init_options, item_seeds, 88);
AT(sched_init_options, eta, 96);
AT(sched_init_options, s_churn, 104);
AT(sched_init_options, s_tmin, 112);
AT(sched_init_options, s_tmax, 120);
AT(sched_init_options, s_noise, 128);
AT(sched_init_options, order, 136);
AT(sched_init_options, original_inference_steps, 140);
AT(sched_init_options, use_clipped_model_output, 144);
AT(sched_init_options, num_train_timesteps, 148);
AT(sched_init_options, message, 152);
AT(sched_init_options, message_capacity, 160);
/* Since the first release: */
AT(sched_init_options, jump_length, 168);
AT(sched_init_options, jump_n_sample, 172);
AT(sched_init_options, max_timesteps, 176);
AT(sched_init_options, intermediate_timesteps, 184);
AT(sched_init_options, stage_index, 192);
AT(sched_init_options, is_amplify_first_chunk, 196);
AT(sched_init_options, vulkan, 200);
AT(sched_init_options, recorded_in_flight, 208);
AT(sched_init_options, recorded_groups, 212);
AT(sched_init_options, threads, 216);
AT(sched_init_options, history_dtype, 220);
AT(sched_init_options, parallel_for, 224);
AT(sched_init_options, parallel_context, 232);
AT(sched_init_options, generator, 240);
AT(sched_init_options, draw_policy, 244);
AT(sched_init_options, noise_dtype, 248);
AT(sched_init_options, extra_draws, 252);
AT(sched_init_options, cuda_multiprocessors, 256);
AT(sched_init_options, cuda_threads_per_multiprocessor, 260);
AT(sched_init_options, first_sample_draw, 264);
AT(sched_init_options, reserved, 268);
AT(sched_init_options, whole_batch, 272);
AT(sched_init_options, whole_elements, 280);
AT(sched_init_options, first_item, 288);
AT(sched_init_options, first_element, 296);

CHECK(sizeof(sched_step_args) == 128);
AT(sched_step_args, groups, 4);
AT(sched_step_args, sample, 8);
AT(sched_step_args, prediction, 16);
AT(sched_step_args, next, 24);
AT(sched_step_args, unconditional, 32);
AT(sched_step_args, guidance_scale, 40);
AT(sched_step_args, noise, 48);
AT(sched_step_args, denoised, 64);
AT(sched_step_args, next_input, 72);
AT(sched_step_args, group_timesteps, 80);
/* Since the first release: */
AT(sched_step_args, mask, 88);
AT(sched_step_args, original, 96);
AT(sched_step_args, known_noise, 104);
AT(sched_step_args, group_targets, 112);
AT(sched_step_args, without_noise, 120);
AT(sched_step_args, reserved, 124);

CHECK(sizeof(sched_call) == 64);
AT(sched_call, needs_model, 4);
AT(sched_call, timestep, 8);
AT(sched_call, alpha, 16);
AT(sched_call, sigma, 24);
AT(sched_call, input_scale, 32);
AT(sched_call, step, 40);
AT(sched_call, stage, 48);
AT(sched_call, ends_step, 52);
AT(sched_call, draws, 56);
AT(sched_call, reserved, 60);

CHECK(SCHED_WEIGHTS_INPUTS == 16 && SCHED_WEIGHTS_ROWS == 8);
CHECK(sizeof(sched_weights) == 1264);
AT(sched_weights, rows, 4);
AT(sched_weights, draws, 8);
AT(sched_weights, clip, 12);
AT(sched_weights, clip_range, 16);
AT(sched_weights, quantile, 24);
AT(sched_weights, quantile_max, 32);
AT(sched_weights, gain, 40);
AT(sched_weights, gain_offset, 48);
AT(sched_weights, gain_slope, 56);
AT(sched_weights, timestep, 64);
AT(sched_weights, input_scale, 72);
AT(sched_weights, denoised, 80);
AT(sched_weights, output, 208);
AT(sched_weights, weight, 240);

#endif

/* Every member of every _INIT macro, written out once so that a misplaced one shows. */
static int defaults(void) {
  const sched_tensor tensor = SCHED_TENSOR_INIT;
  const sched_method_info method = SCHED_METHOD_INFO_INIT;
  const sched_option_info option = SCHED_OPTION_INFO_INIT;
  const sched_create_options create = SCHED_CREATE_OPTIONS_INIT;
  const sched_init_options init = SCHED_INIT_OPTIONS_INIT;
  const sched_step_args args = SCHED_STEP_ARGS_INIT;
  const sched_call call = SCHED_CALL_INIT;
  int wrong = 0;
  wrong += tensor.struct_size != sizeof(tensor) || tensor.dtype != SCHED_F32 || tensor.data != 0 ||
           tensor.batch != 1 || tensor.elements != 0;
  wrong += method.struct_size != sizeof(method) || method.stochastic != 0 || method.name != 0;
  wrong += option.struct_size != sizeof(option) || option.allowed != 0 || option.at_init != 0;
  wrong += create.struct_size != sizeof(create) || create.lenient != 0 || create.message != 0 ||
           create.message_capacity != 0;
  wrong += init.struct_size != sizeof(init) || init.num_steps != 0 || init.timesteps != 0 ||
           init.sigmas != 0 || init.timesteps_count != 0 || init.sigmas_count != 0;
  wrong += init.begin_step != 0 || init.end_step != 0 || init.strength != SCHED_UNSET ||
           init.mu != SCHED_UNSET || init.batch != 1 || init.elements != 0;
  wrong += init.dtype != SCHED_F32 || init.kernel != SCHED_KERNEL_DEFAULT || init.seed != 0 ||
           init.item_seeds != 0;
  wrong += init.eta != SCHED_UNSET || init.s_churn != SCHED_UNSET || init.s_tmin != SCHED_UNSET ||
           init.s_tmax != SCHED_UNSET || init.s_noise != SCHED_UNSET;
  wrong += init.order != 0 || init.original_inference_steps != 0 ||
           init.use_clipped_model_output != 0 || init.num_train_timesteps != 0 ||
           init.message != 0 || init.message_capacity != 0;
  wrong += args.struct_size != sizeof(args) || args.groups != 0 || args.sample != 0 ||
           args.next != 0 || args.unconditional != 0 || args.guidance_scale != 1.0;
  wrong += args.noise[0] != 0 || args.noise[1] != 0 || args.denoised != 0 || args.next_input != 0 ||
           args.group_timesteps != 0;
  wrong += init.jump_length != 0 || init.jump_n_sample != 0 || init.max_timesteps != SCHED_UNSET ||
           init.intermediate_timesteps != SCHED_UNSET || init.stage_index != -1 ||
           init.is_amplify_first_chunk != 0 || init.vulkan != 0 || init.recorded_in_flight != 0 ||
           init.recorded_groups != 0 || init.threads != 0 || init.history_dtype != 0 ||
           init.parallel_for != 0 || init.parallel_context != 0;
  wrong += args.mask != 0 || args.original != 0 || args.known_noise != 0 ||
           args.group_targets != 0 || args.without_noise != 0 || args.reserved != 0;
  wrong += call.struct_size != sizeof(call) || call.needs_model != 0 || call.timestep != 0.0 ||
           call.alpha != 0.0 || call.sigma != 0.0 || call.input_scale != 0.0 || call.step != 0 ||
           call.stage != 0 || call.ends_step != 0 || call.draws != 0 || call.reserved != 0;
  return wrong;
}

int main(void) {
  const int wrong = defaults() + (sched_version_number() != SCHED_VERSION);
  printf("library %s, header %d: %d wrong\n", sched_version_string(), SCHED_VERSION, wrong);
  return wrong == 0 ? 0 : 1;
}
