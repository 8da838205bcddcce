// What the functions of sched_flat.h share.

#pragma once

#include <sched/sched_flat.h>

#include "api_parts.hpp"

namespace sched::api {

// Numbers of the caller's, with their count.
struct FlatList {
  const double* values;
  int64_t count;
};

// A count of values in the whole batch as the shape of a tensor.  Where it is no whole number of
// items it becomes one item, whose shape does not fit.
template <typename Tensor>
void set_shape(const sched_state* state, int64_t count, Tensor& tensor) {
  const int64_t batch = sched_batch(state);
  const bool is_whole = batch > 0 && count % batch == 0;
  tensor.batch = is_whole ? batch : 1;
  tensor.elements = count / tensor.batch;
}

// NOLINTBEGIN(readability-non-const-parameter): kept, and written to later.
template <typename Options>
void set_message(Options& options, char* message, int64_t capacity) {
  options.message = message;
  options.message_capacity = capacity < 0 ? 0 : static_cast<uint64_t>(capacity);
}
// NOLINTEND(readability-non-const-parameter)

// The tensors of a step, by sched_flat_slot.
template <typename Args, typename Get>
void set_tensors(Args& args, const Get& get) {
  args.sample = get(SCHED_FLAT_SAMPLE);
  args.prediction = get(SCHED_FLAT_PREDICTION);
  args.next = get(SCHED_FLAT_NEXT);
  args.unconditional = get(SCHED_FLAT_UNCONDITIONAL);
  args.noise[0] = get(SCHED_FLAT_NOISE0);
  args.noise[1] = get(SCHED_FLAT_NOISE1);
  args.denoised = get(SCHED_FLAT_DENOISED);
  args.next_input = get(SCHED_FLAT_NEXT_INPUT);
  args.mask = get(SCHED_FLAT_MASK);
  args.original = get(SCHED_FLAT_ORIGINAL);
  args.known_noise = get(SCHED_FLAT_KNOWN_NOISE);
}

// Group times and targets, whose length the C structs do not carry.
template <typename Args>
sched_status set_groups(sched_state* state, FlatList times, FlatList targets, Args& args) {
  if (times.values == nullptr && targets.values == nullptr) return SCHED_OK;
  return guarded_state(state, [&](const State& s) {
    const int64_t batch = s.loop().batch;
    need(times.values != nullptr, "group_targets is set, but group_timesteps is NULL");
    if (times.count < 1 || times.count % batch != 0 || times.count / batch > INT32_MAX) {
      fail(Status::argument, "group_timesteps has ", times.count,
           " entries; it must have as many for each of the ", batch, " items");
    }
    if (targets.values != nullptr && targets.count != times.count) {
      fail(Status::argument, "group_targets has ", targets.count, " entries, group_timesteps ",
           times.count);
    }
    args.groups = static_cast<int32_t>(times.count / batch);
    args.group_timesteps = times.values;
    args.group_targets = targets.values;
  });
}

// A handle by `make`, a function with an out-parameter.
template <typename Handle, typename Make>
Handle* made(char* message, int64_t message_capacity, int32_t* status, const Make& make) noexcept {
  Handle* handle = nullptr;
  sched_status result = SCHED_OK;
  const sched_status failed =
      guarded([&] { result = make(&handle); },
              [&](const char* sentence) {
                const int64_t capacity = message_capacity < 0 ? 0 : message_capacity;
                write_message(message, static_cast<uint64_t>(capacity), sentence);
              });
  if (status != nullptr) *status = failed == SCHED_OK ? result : failed;
  return handle;
}

}  // namespace sched::api
