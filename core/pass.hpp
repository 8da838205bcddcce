// Puts a step's rows onto a kernel: which inputs are alive, where their memory is, and
// item by item where something depends on the item.

#pragma once

#include "kernel/kernel.hpp"
#include "plan/step_plan.hpp"

namespace sched {

// Streams of a seed's normals, apart from each other.
constexpr std::uint32_t kStepStream = 0;
constexpr std::uint32_t kFirstSampleStream = 1;
constexpr std::uint32_t kPathStream = 2;

// A tensor as a pass sees it; items are `item_bytes` apart.
struct Operand {
  const void* data = nullptr;
  DType type = DType::f32;
  std::int64_t item_bytes = 0;
};

struct PassRow {
  LinearForm form;
  void* data = nullptr;
  DType type = DType::f32;
  std::int64_t item_bytes = 0;
  double known = 0.0;  // with a mask: how much of the known form
};

struct Pass {
  Operand input[kInputs];            // no data: noise is drawn, other inputs are not there
  const NoiseTerm* terms = nullptr;  // noise0 is this increment of a Brownian path
  int term_count = 0;
  PassRow row[kMaxRows];
  int rows = 0;
  const StepPlan* plan = nullptr;  // for x0, its clip and the gain
  LinearForm denoised;             // x0 before the clip, guidance put in
  Operand variance;                // second half of the network's channels
  Operand mask;                    // no data: no blending
  LinearForm known;

  std::int64_t batch = 1;
  std::int64_t elements = 0;  // of an item
  std::int64_t first = 0;     // part of each item that is run
  std::int64_t count = 0;
  const std::uint64_t* seeds = nullptr;
  const std::uint64_t* path_seeds = nullptr;
  std::uint32_t first_draw = 0;
  std::uint32_t stream = kStepStream;
  void* scratch = nullptr;

  void add_row(const LinearForm& form, void* data, DType type, std::int64_t item_bytes,
               double known = 0.0) {
    row[rows++] = {form, data, type, item_bytes, known};
  }
};

void run_pass(const Kernel& kernel, const Pass& pass);

}  // namespace sched
