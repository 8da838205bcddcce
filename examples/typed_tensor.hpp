// A tensor with memory of its own, filled from and read back as float64.

#pragma once

#include <cstdint>
#include <sched/sched.hpp>
#include <string>
#include <vector>

// Code of "f32", "f64", "f16" or "bf16"; SCHED_DTYPE_UNDEFINED for anything else.
sched_dtype dtype_of(const std::string& name);

class TypedTensor {
 public:
  TypedTensor(sched_dtype dtype, std::int64_t batch, std::int64_t elements);
  TypedTensor(const TypedTensor&) = delete;
  TypedTensor& operator=(const TypedTensor&) = delete;
  TypedTensor(TypedTensor&&) = default;

  // Rounds batch * elements values to the element type, to nearest even.
  void assign(const double* values);
  double at(std::size_t index) const;

  const std::vector<unsigned char>& bytes() const { return bytes_; }
  sched::TensorView view() { return {bytes_.data(), size_, dtype_, batch_}; }

 private:
  sched_dtype dtype_;
  std::int64_t batch_;
  std::size_t size_;
  std::vector<unsigned char> bytes_;
};
