#include "arena.hpp"

#include <algorithm>
#include <cstring>

namespace fuzz {

namespace {

constexpr std::size_t kSlots = 14;
constexpr std::size_t kWidest = 8;  // bytes of a value

std::int64_t flat_count(const sched_tensor& tensor) {
  std::int64_t count = 0;
  return __builtin_mul_overflow(tensor.batch, tensor.elements, &count) ? tensor.batch : count;
}

}  // namespace

Arena::Arena(const sched_state* state, std::int32_t dtype, Bytes& choices)
    : choices_(choices), oddness_(choices.is_rare(3) ? 6 : 0), dtype_(dtype) {
  if (state != nullptr) {
    batch_ = sched_batch(state);
    elements_ = sched_elements(state);
  }
  slot_ = static_cast<std::size_t>(batch_ * elements_) * 2 * kWidest;
  // Small numbers in every type, zeros, NaN, and the largest.
  static const std::uint8_t fills[] = {0x3e, 0x3c, 0xbe, 0x3e, 0x00, 0xff, 0x7f, 0x7b};
  bytes_.assign(kSlots * slot_, fills[choices.byte() % std::size(fills)]);
  before_ = bytes_;
}

sched_tensor* Arena::tensor(int channels, bool is_output) {
  sched_tensor& made = tensors_.emplace_back(sched_tensor SCHED_TENSOR_INIT);
  made.dtype = dtype_;
  made.batch = batch_;
  made.elements = channels * elements_;
  made.data = bytes_.data() + used_ % kSlots * slot_;
  ++used_;
  bool is_missing = false;
  if (oddness_ > 0 && choices_.is_rare(oddness_)) spoil(made, is_missing);
  if (is_missing) return nullptr;
  if (is_output) outputs_.push_back(&made);
  return &made;
}

sched_tensor* Arena::output_on(sched_tensor* other) {
  sched_tensor* const made = output();
  if (made != nullptr && other != nullptr) made->data = other->data;
  return made;
}

void Arena::spoil(sched_tensor& tensor, bool& is_missing) {
  switch (choices_.byte() % 9) {
    case 0:
      is_missing = true;
      break;
    case 1:
      tensor.data = nullptr;
      break;
    case 2:
      tensor.struct_size = choices_.raw<std::uint16_t>();
      break;
    case 3:
      tensor.dtype = static_cast<std::int32_t>(choices_.integer());
      break;
    case 4:
      tensor.batch = choices_.integer();
      break;
    case 5:
      tensor.elements = choices_.integer();
      break;
    case 6:
      tensor.dtype = SCHED_F32 + choices_.byte() % 4;
      break;
    default:  // anywhere, so that it overlaps, or is not aligned
      tensor.data = bytes_.data() + choices_.index((kSlots - 1) * slot_);
  }
}

void Arena::demand_untouched() const {
  demand(bytes_ == before_, "a call that failed wrote to no tensor");
}

void Arena::demand_only_outputs() const {
  std::vector<std::uint8_t> expected = before_;
  for (const sched_tensor* output : outputs_) {
    const auto* const data = static_cast<const std::uint8_t*>(output->data);
    // In the flat form such a tensor is none.
    if (data == nullptr) continue;
    const auto size = static_cast<std::size_t>(flat_count(*output)) * width_of(output->dtype);
    std::copy_n(data, size, expected.begin() + (data - bytes_.data()));
  }
  demand(bytes_ == expected, "a call wrote to nothing but its outputs");
}

FlatTensor::FlatTensor(const sched_tensor* tensor) {
  if (tensor == nullptr) return;
  data = tensor->data;
  dtype = tensor->dtype;
  count = flat_count(*tensor);
}

}  // namespace fuzz
