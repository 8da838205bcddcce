#include "typed_tensor.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace {

// A 16-bit float is sign, then (unit - min_unit) * 2^(significant - 1) + units, for the
// number units * 2^unit.  That holds for subnormals too.
struct HalfFormat {
  int significant;  // bits, with the hidden one
  int min_unit;     // exponent of the last bit of a subnormal
  std::uint16_t infinity;
};
constexpr HalfFormat kFloat16 = {11, -24, 0x7c00};
constexpr HalfFormat kBfloat16 = {8, -133, 0x7f80};

std::uint16_t encode(const HalfFormat& format, double value) {
  const int sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | format.infinity | 1);
  if (value == 0) return static_cast<std::uint16_t>(sign);  // has no exponent
  if (std::isinf(value)) return static_cast<std::uint16_t>(sign | format.infinity);
  int exponent = 0;
  std::frexp(value, &exponent);
  const int unit = std::max(exponent - format.significant, format.min_unit);
  const double units = std::nearbyint(std::ldexp(std::fabs(value), -unit));
  const double step = std::ldexp(1.0, format.significant - 1);
  const double bits = (unit - format.min_unit) * step + units;
  return static_cast<std::uint16_t>(sign |
                                    static_cast<int>(std::min<double>(bits, format.infinity)));
}

double decode(const HalfFormat& format, std::uint16_t bits) {
  const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
  const int magnitude = bits & 0x7fff;
  if (magnitude > format.infinity) return std::nan("");
  if (magnitude == format.infinity) return sign * INFINITY;
  const int step = 1 << (format.significant - 1);
  const int exponent = std::max(magnitude / step, 1);
  const int units = magnitude - (exponent - 1) * step;
  return sign * std::ldexp(units, exponent - 1 + format.min_unit);
}

std::size_t bytes_of(sched_dtype dtype) {
  if (dtype == SCHED_F64) return 8;
  return dtype == SCHED_F32 ? 4 : 2;
}

template <typename T>
void store(unsigned char* to, T value) {
  std::memcpy(to, &value, sizeof(value));
}

template <typename T>
T load(const unsigned char* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

}  // namespace

sched_dtype dtype_of(const std::string& name) {
  if (name == "f32") return SCHED_F32;
  if (name == "f64") return SCHED_F64;
  if (name == "f16") return SCHED_F16;
  if (name == "bf16") return SCHED_BF16;
  return SCHED_DTYPE_UNDEFINED;
}

TypedTensor::TypedTensor(sched_dtype dtype, std::int64_t batch, std::int64_t elements)
    : dtype_(dtype),
      batch_(batch),
      size_(static_cast<std::size_t>(batch * elements)),
      bytes_(size_ * bytes_of(dtype)) {}

void TypedTensor::assign(const double* values) {
  const std::size_t width = bytes_of(dtype_);
  for (std::size_t i = 0; i < size_; ++i) {
    unsigned char* const to = &bytes_[i * width];
    if (dtype_ == SCHED_F64) store(to, values[i]);
    if (dtype_ == SCHED_F32) store(to, static_cast<float>(values[i]));
    if (dtype_ == SCHED_F16) store(to, encode(kFloat16, values[i]));
    if (dtype_ == SCHED_BF16) store(to, encode(kBfloat16, values[i]));
  }
}

double TypedTensor::at(std::size_t index) const {
  const unsigned char* const from = &bytes_[index * bytes_of(dtype_)];
  if (dtype_ == SCHED_F64) return load<double>(from);
  if (dtype_ == SCHED_F32) return load<float>(from);
  return decode(dtype_ == SCHED_F16 ? kFloat16 : kBfloat16, load<std::uint16_t>(from));
}
