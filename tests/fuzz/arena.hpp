// The memory of a call's tensors in one block, so that they may overlap, with odd ones among them.

#pragma once

#include <deque>

#include "support.hpp"

namespace fuzz {

class Arena {
 public:
  // For the tensors of `state`, NULL for those of a small one.
  Arena(const sched_state* state, std::int32_t dtype, Bytes& choices);

  // A tensor with `channels` times the elements: where it should be, or NULL, or odd.
  sched_tensor* input(int channels = 1) { return tensor(channels, false); }
  sched_tensor* output() { return tensor(1, true); }
  // The same memory as `other` where there is one.
  sched_tensor* output_on(sched_tensor* other);

  // Nothing was written, or nothing but the outputs.
  void demand_untouched() const;
  void demand_only_outputs() const;

 private:
  sched_tensor* tensor(int channels, bool is_output);
  void spoil(sched_tensor& tensor, bool& is_missing);

  Bytes& choices_;
  unsigned oddness_;  // how often a tensor is odd
  std::int32_t dtype_;
  std::int64_t batch_ = 1, elements_ = 4;
  std::size_t slot_ = 0;  // bytes for one tensor
  std::size_t used_ = 0;
  std::vector<std::uint8_t> bytes_, before_;
  std::deque<sched_tensor> tensors_;
  std::vector<const sched_tensor*> outputs_;
};

// What the flat functions take for a tensor.
struct FlatTensor {
  void* data = nullptr;
  std::int64_t count = 0;
  std::int32_t dtype = 0;

  explicit FlatTensor(const sched_tensor* tensor);
};

}  // namespace fuzz
