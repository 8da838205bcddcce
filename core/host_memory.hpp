// Memory for rows and scratch, aligned for vector registers; large blocks on huge pages where the
// system has them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sched {

class HostMemory {
 public:
  // Zeros.  Throws std::bad_alloc.
  explicit HostMemory(std::int64_t bytes);

  unsigned char* get() const { return memory_.get(); }
  // With what was added to fill cache lines or pages.
  std::int64_t bytes() const { return static_cast<std::int64_t>(memory_.get_deleter().bytes); }

 private:
  struct Free {
    std::size_t bytes;
    void operator()(unsigned char* memory) const;
  };
  std::unique_ptr<unsigned char, Free> memory_{nullptr, Free{0}};
};

}  // namespace sched
