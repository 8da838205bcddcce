// Puts a step's rows onto a kernel: which inputs are alive, where their memory is, and
// item by item where something depends on the item.

#pragma once

#include <new>
#include <type_traits>

#include "kernel/kernel.hpp"
#include "parallel/step_threads.hpp"
#include "plan/step_plan.hpp"

namespace sched {

// Streams of a seed's normals, apart from each other.
constexpr std::uint32_t kStepStream = 0;
constexpr std::uint32_t kFirstSampleStream = 1;
constexpr std::uint32_t kPathStream = 2;

// Where a tensor begins: in the host's memory, or in a buffer of a Vulkan device.
struct Place {
  void* host = nullptr;
  std::uint64_t buffer = 0;  // VkBuffer
  std::int64_t offset = 0;   // bytes from there

  bool is_given() const { return host != nullptr || buffer != 0; }
  void* address() const { return static_cast<char*>(host) + offset; }
  Place after(std::int64_t bytes) const { return {host, buffer, offset + bytes}; }
};

// A tensor as a pass sees it; items are `item_bytes` apart.
struct Operand {
  Place place;
  DType type = DType::f32;
  std::int64_t item_bytes = 0;
};

struct PassRow {
  LinearForm form;
  Place place;
  DType type = DType::f32;
  std::int64_t item_bytes = 0;
  double known = 0.0;  // with a mask: how much of the known form
};

// Rows as they are added.  Those that are not are not even zeroed: that would cost a small step
// more than its arithmetic.
class PassRows {
 public:
  PassRow& operator[](int i) { return *std::launder(reinterpret_cast<PassRow*>(memory_) + i); }
  const PassRow& operator[](int i) const {
    return *std::launder(reinterpret_cast<const PassRow*>(memory_) + i);
  }
  void put(int i, const PassRow& row) {
    new (reinterpret_cast<PassRow*>(memory_) + i) PassRow(row);
  }

 private:
  static_assert(std::is_trivially_copyable_v<PassRow>);
  alignas(PassRow) unsigned char memory_[kMaxRows * sizeof(PassRow)];
};

struct Pass {
  Operand input[kInputs];            // no place: noise is drawn, other inputs are not there
  const NoiseTerm* terms = nullptr;  // noise0 is this increment of a Brownian path
  int term_count = 0;
  PassRows row;
  int rows = 0;
  const StepPlan* plan = nullptr;  // for x0, its clip and the gain
  LinearForm denoised;             // x0 before the clip, guidance put in
  Operand variance;                // second half of the network's channels
  Operand mask;                    // no place: no blending
  LinearForm known;

  std::int64_t batch = 1;
  std::int64_t elements = 0;  // of an item
  std::int64_t first = 0;     // part of each item that is run
  std::int64_t count = 0;
  const std::uint64_t* seeds = nullptr;
  const std::uint64_t* path_seeds = nullptr;
  std::uint32_t first_draw = 0;
  std::int64_t noise_first = 0;  // element of the whole item at which the part begins
  std::uint32_t stream = kStepStream;
  void* scratch = nullptr;  // the host's

  void add_row(const LinearForm& form, const Place& place, DType type, std::int64_t item_bytes,
               double known_part = 0.0) {
    row.put(rows++, {form, place, type, item_bytes, known_part});
  }
};

// Inputs that passes use, in the fixed order of the names; x0's own where it is clipped.
struct Live {
  Input input[kMaxLive];
  int count = 0;
};
class InputUse {
 public:
  void add(const Pass& pass);
  void add(const LinearForm& form);
  Live live() const;

 private:
  // Sums of absolute weights are zero only where every weight is, and vectorise.
  double used_[kInputs] = {};
};

inline bool is_noise(Input input) {
  return input == Input::noise0 || input == Input::noise1 || input == Input::known_noise;
}

// Which normals an input is made of, where it has no place: draw and stream, and whether it is
// an increment of the item's path.
struct NoiseSource {
  std::uint32_t draw;
  std::uint32_t stream;
  bool on_path;
};
NoiseSource noise_source(const Pass& pass, Input name);

// On several threads where that is worth it; the bits are the same.
void run_pass(const Kernel& kernel, const Pass& pass, StepThreads& threads);

}  // namespace sched
