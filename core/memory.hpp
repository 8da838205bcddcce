// Where a handle keeps what it holds: with functions of the caller's, or with the C++ runtime. What
// a call needs only while it runs is the runtime's in any case.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sched {

struct Memory {
  using Allocate = void* (*)(void* context, std::uint64_t size, std::uint64_t alignment);
  using Release = void (*)(void* context, void* block, std::uint64_t size, std::uint64_t alignment);

  Allocate allocate = nullptr;  // NULL: the runtime's
  Release release = nullptr;
  void* context = nullptr;

  bool is_caller_s() const { return allocate != nullptr; }

  // Throws std::bad_alloc, and Error where the caller's function keeps no promise.
  void* get(std::size_t size, std::size_t alignment) const;
  void put_back(void* block, std::size_t size, std::size_t alignment) const noexcept;
};

// A Memory for containers.  A copy of a container is the runtime's until it is kept: see keep_in().
template <typename T>
class Allocator {
 public:
  using value_type = T;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  Allocator() = default;
  explicit Allocator(const Memory& memory) : memory_(memory) {}
  template <typename Other>
  Allocator(const Allocator<Other>& other) : memory_(other.memory()) {}

  T* allocate(std::size_t count) {
    if (count > SIZE_MAX / sizeof(T)) throw std::bad_alloc();
    return static_cast<T*>(memory_.get(count * sizeof(T), alignof(T)));
  }
  void deallocate(T* block, std::size_t count) noexcept {
    memory_.put_back(block, count * sizeof(T), alignof(T));
  }
  Allocator select_on_container_copy_construction() const { return Allocator(); }
  const Memory& memory() const { return memory_; }

  friend bool operator==(const Allocator& a, const Allocator& b) {
    return a.memory_.allocate == b.memory_.allocate && a.memory_.context == b.memory_.context;
  }
  friend bool operator!=(const Allocator& a, const Allocator& b) { return !(a == b); }

 private:
  Memory memory_;
};

// What a handle holds.
template <typename T>
using List = std::vector<T, Allocator<T>>;
using Text = std::basic_string<char, std::char_traits<char>, Allocator<char>>;

// Moves a list into the caller's memory, where there is such.
template <typename T>
void keep_in(const Memory& memory, List<T>& list) {
  if (memory.is_caller_s()) list = List<T>(list.begin(), list.end(), Allocator<T>(memory));
}

// Ends an object and gives its block back, whatever class of its family it is seen as.
struct Destroy {
  Memory memory;
  void* block = nullptr;
  std::size_t size = 0;
  std::size_t alignment = 1;

  template <typename T>
  void operator()(T* object) const noexcept {
    object->~T();
    memory.put_back(block, size, alignment);
  }
};
template <typename T>
using Owner = std::unique_ptr<T, Destroy>;

template <typename T, typename... Arguments>
Owner<T> make_owner(const Memory& memory, Arguments&&... arguments) {
  void* const block = memory.get(sizeof(T), alignof(T));
  try {
    T* const object = new (block) T{std::forward<Arguments>(arguments)...};
    return Owner<T>(object, Destroy{memory, block, sizeof(T), alignof(T)});
  } catch (...) {
    memory.put_back(block, sizeof(T), alignof(T));
    throw;
  }
}

}  // namespace sched
