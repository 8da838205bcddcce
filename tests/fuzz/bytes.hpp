// Choices and numbers from the bytes of an input, in order; zeros once they are used up.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace fuzz {

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}

  bool is_empty() const { return left_ == 0; }
  std::uint8_t byte() { return raw<std::uint8_t>(); }
  bool flag() { return (byte() & 1u) != 0; }
  // True for one byte in `n`, and not for zero.
  bool is_rare(unsigned n) { return byte() % n == n - 1; }
  std::size_t index(std::size_t count) { return raw<std::uint16_t>() % count; }

  // What is there, then zeros.
  template <typename T>
  T raw() {
    T value{};
    const std::size_t size = left_ < sizeof value ? left_ : sizeof value;
    if (size > 0) std::memcpy(&value, data_, size);
    data_ += size;
    left_ -= size;
    return value;
  }
  std::string_view rest() {
    const std::string_view text(reinterpret_cast<const char*>(data_), left_);
    data_ += left_;
    left_ = 0;
    return text;
  }

  // Plain ones, the ends of every type, and any bits.
  double number();
  std::int64_t integer();

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

}  // namespace fuzz
