// The checks of a step's tensors, the host's and a device's alike: every one that can fail,
// before a byte is written.  `Read` turns a tensor of the caller's into a checked view:
//
//   TensorView read(const Tensor* tensor, const char* name, int channels, Span& span)

#pragma once

#include <cmath>

#include "api_parts.hpp"

namespace sched::api {

// What a tensor covers: bytes of the host's memory, or of a buffer.
struct Span {
  std::uint64_t buffer = 0;  // 0: the host's memory
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  const char* name = "";
};

inline Span span_of(const TensorView& view, std::uint64_t values, const char* name) {
  const auto host = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(view.place.host));
  const std::uint64_t begin = host + static_cast<std::uint64_t>(view.place.offset);
  return {view.place.buffer, begin, begin + values * size_of(view.type), name};
}

inline bool overlap(const Span& a, const Span& b) {
  return a.buffer == b.buffer && a.begin < b.end && b.begin < a.end;
}

inline void check_apart(const Span& a, const Span& b, bool same_allowed) {
  if (!overlap(a, b)) return;
  if (same_allowed && a.begin == b.begin && a.end == b.end) return;
  fail(Status::overlap, a.name, " overlaps ", b.name,
       same_allowed ? "; it may be exactly the same memory, or apart" : "; they must be apart");
}

inline DType checked_dtype(std::int32_t dtype, const State& state, const char* name) {
  if (dtype < SCHED_F32 || dtype > SCHED_F64) {
    fail(Status::dtype, name, ".dtype is ", dtype,
         "; allowed are SCHED_F32, SCHED_F16, SCHED_BF16 and SCHED_F64");
  }
  const auto type = static_cast<DType>(dtype);
  if (!state.loop().kernel->takes(type)) {
    fail(Status::dtype, name, ".dtype is float64, which only the reference kernel takes; this is ",
         state.loop().kernel->name);
  }
  return type;
}

// The type of a tensor of the caller's; its shape, and the size of its struct, are checked.
template <typename Tensor>
DType check_tensor(const State& state, const Tensor* tensor, const char* name, int channels,
                   const char* init_macro) {
  if (tensor == nullptr) fail(Status::argument, name, " is NULL");
  if (tensor->struct_size < sizeof(Tensor) || tensor->struct_size > 4096) {
    fail(Status::struct_size, name, ".struct_size is ", tensor->struct_size, "; it must be ",
         sizeof(Tensor), " (use ", init_macro, ")");
  }
  const DType type = checked_dtype(tensor->dtype, state, name);
  const Loop& loop = state.loop();
  if (tensor->batch != loop.batch || tensor->elements != channels * loop.elements) {
    fail(Status::shape, name, " has shape [", tensor->batch, ", ", tensor->elements,
         "]; it must be [", loop.batch, ", ", channels * loop.elements, "]");
  }
  return type;
}

// The arguments of a step with what their memory covers.
struct CheckedStep {
  StepRequest request;
  Span next, sample, inputs[7], outputs[2];
};

template <typename Args, typename Read>
void check_noise(const State& state, const Args& args, const Read& read, CheckedStep& step) {
  const int draws = state.plan().draws;
  for (int i = 0; i < 2; ++i) {
    if (args.noise[i] == nullptr) continue;
    const char* name = i == 0 ? "noise[0]" : "noise[1]";
    if (i >= draws) {
      fail(Status::option, name, " was given, but this step takes ", draws, " draws");
    }
    step.request.noise[i] = read(args.noise[i], name, 1, step.inputs[2 + i]);
  }
  const bool must = state.loop().noise.generator == Generator::caller && args.without_noise == 0;
  if (must && draws > 0 && args.noise[0] == nullptr) {
    fail(Status::argument, "noise[0] is NULL, but generator is caller and this step takes ", draws,
         draws == 1 ? " draw: give it" : " draws: give them");
  }
  if (draws == 2 && (args.noise[0] == nullptr) != (args.noise[1] == nullptr)) {
    fail(Status::argument, "this step takes 2 draws; give both noise tensors or none");
  }
}

template <typename Args>
void check_groups(const State& state, const Args& args, CheckedStep& step) {
  if (args.group_timesteps == nullptr) {
    if (args.groups != 0 || args.group_targets != nullptr) {
      fail(Status::argument, "groups or group_targets is set, but group_timesteps is NULL");
    }
    return;
  }
  const Loop& loop = state.loop();
  const Factors& factors = loop.scheduler->factors;
  if ((factors.init_options & kGroups) == 0) {
    fail(Status::option, "group_timesteps is not an option of ", factors.solver->name);
  }
  if (args.groups < 1 || loop.elements % args.groups != 0) {
    fail(Status::shape, "groups is ", args.groups, "; it must divide the ", loop.elements,
         " elements of an item");
  }
  step.request.group_timesteps = args.group_timesteps;
  step.request.group_targets = args.group_targets;
  step.request.groups = args.groups;
}

template <typename Args, typename Read>
void check_mask(const State& state, const Args& args, const Read& read, CheckedStep& step) {
  const char* solver = state.loop().scheduler->factors.solver->name;
  StepRequest& r = step.request;
  if (args.mask == nullptr) {
    if (args.original != nullptr || args.known_noise != nullptr) {
      fail(Status::argument, "original and known_noise go with mask, which is NULL");
    }
    if (state.plan().has_known) {
      fail(Status::argument, "mask is NULL; ", solver, " needs mask and original");
    }
    return;
  }
  if (args.group_timesteps != nullptr) {
    fail(Status::conflict, "mask and group_timesteps exclude each other");
  }
  r.mask = read(args.mask, "mask", 1, step.inputs[4]);
  r.original = read(args.original, "original", 1, step.inputs[5]);
  if (args.known_noise == nullptr) return;
  if (state.plan().has_known) {
    fail(Status::option, "known_noise is not an option of ", solver,
         ", whose known part shares the step's draw");
  }
  r.known_noise = read(args.known_noise, "known_noise", 1, step.inputs[6]);
}

inline void check_needs_no_unconditional(const State& state) {
  const Solver& solver = *state.loop().scheduler->factors.solver;
  if (!solver.needs_unconditional) return;
  fail(Status::argument, "unconditional is NULL; ", solver.name,
       " is a CFG++ method and needs the unconditional prediction beside `prediction`: pass it as "
       "`unconditional` of a wide step");
}

inline void check_overlaps(const CheckedStep& step) {
  check_apart(step.next, step.sample, true);
  const Span* outputs[] = {&step.next, &step.outputs[0], &step.outputs[1]};
  for (const Span* output : outputs) {
    for (const Span& input : step.inputs) check_apart(*output, input, false);
  }
  for (const Span& output : step.outputs) {
    check_apart(output, step.sample, false);
    check_apart(output, step.next, false);
  }
  check_apart(step.outputs[0], step.outputs[1], false);
}

inline void check_not_finished(const State& state) {
  if (!state.is_finished()) return;
  fail(Status::finished, "all ", state.call(), " model calls of this loop are done");
}

template <typename Args, typename Read>
CheckedStep checked_step(const State& state, const Args& args, const Read& read) {
  check_not_finished(state);
  CheckedStep step;
  StepRequest& r = step.request;
  const int channels = state.loop().scheduler->factors.learned_channels ? 2 : 1;
  r.sample = read(args.sample, "sample", 1, step.sample);
  if (state.node().needs_model || args.prediction != nullptr) {
    r.prediction = read(args.prediction, "prediction", channels, step.inputs[0]);
  }
  r.next = read(args.next, "next", 1, step.next);
  if (args.unconditional != nullptr) {
    r.unconditional = read(args.unconditional, "unconditional", channels, step.inputs[1]);
    if (!std::isfinite(args.guidance_scale)) {
      fail(Status::value, "guidance_scale is ", args.guidance_scale, "; it must be finite");
    }
    r.guidance_scale = args.guidance_scale;
  } else if (state.node().needs_model) {
    check_needs_no_unconditional(state);
  }
  check_noise(state, args, read, step);
  if (args.denoised != nullptr && !state.node().needs_model) {
    fail(Status::option, "denoised was given, but this call asks no model");
  }
  if (args.denoised != nullptr) {
    r.denoised = read(args.denoised, "denoised", 1, step.outputs[0]);
  }
  if (args.next_input != nullptr) {
    r.next_input = read(args.next_input, "next_input", 1, step.outputs[1]);
  }
  r.without_noise = checked_flag(args.without_noise, "without_noise");
  check_groups(state, args, step);
  check_mask(state, args, read, step);
  check_overlaps(step);
  return step;
}

template <typename Tensor, typename Read>
void scale_input(State& state, const Tensor* sample, const Tensor* out, const Read& read) {
  if (state.is_finished()) {
    fail(Status::finished, "all model calls of this loop are done: there is no next input");
  }
  Span from, to;
  const TensorView sample_view = read(sample, "sample", 1, from);
  const TensorView out_view = read(out, "out", 1, to);
  check_apart(to, from, true);
  state.scale_input(sample_view, out_view);
}

inline const NoiseLevel& level_at(const TimeGrid& grid, std::size_t i) {
  return i < grid.steps.size() ? grid.steps[i].from : grid.steps.back().to;
}

template <typename Tensor, typename Read>
void add_noise(State& state, std::int64_t step, const Tensor* original, const Tensor* noise,
               const Tensor* out, const Read& read) {
  const TimeGrid& grid = state.loop().grid;
  if (step < 0 || step > grid.total()) {
    fail(Status::steps, "step is ", step, "; allowed are 0 to ", grid.total());
  }
  Span in, from, to;
  const TensorView original_view = read(original, "original", 1, in);
  TensorView noise_view;
  if (noise != nullptr) noise_view = read(noise, "noise", 1, from);
  const TensorView out_view = read(out, "out", 1, to);
  check_apart(to, in, true);
  check_apart(to, from, false);
  state.add_noise(level_at(grid, static_cast<std::size_t>(step)),
                  step == grid.begin ? state.loop().first_churn() : 0.0, original_view, noise_view,
                  out_view);
}

}  // namespace sched::api
