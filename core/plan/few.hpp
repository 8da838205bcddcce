// A list of at most eight things, without allocating.

#pragma once

#include <array>
#include <cstddef>

namespace sched {

template <typename T>
class Few {
 public:
  void push_back(const T& value) { items_[count_++] = value; }
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  T& operator[](std::size_t i) { return items_[i]; }
  const T& operator[](std::size_t i) const { return items_[i]; }
  T* data() { return items_.data(); }

 private:
  std::array<T, 8> items_;
  std::size_t count_ = 0;
};

}  // namespace sched
