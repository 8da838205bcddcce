// Memory for rows and scratch, aligned for vector registers; large blocks on huge pages where the
// system has them and the caller brings no memory of its own.

#pragma once

#include <cstddef>
#include <cstdint>

#include "memory.hpp"

namespace sched {

class HostMemory {
 public:
  // Zeros.  Throws std::bad_alloc, and Error as Memory::get() does.
  HostMemory(const Memory& from, std::int64_t bytes);

  unsigned char* get() const { return memory_.get(); }
  // With what was added to fill cache lines or pages.
  std::int64_t bytes() const { return static_cast<std::int64_t>(memory_.get_deleter().bytes); }

 private:
  struct Free {
    Memory from;
    std::size_t bytes;
    void operator()(unsigned char* memory) const;
  };
  std::unique_ptr<unsigned char, Free> memory_{nullptr, Free{{}, 0}};
};

}  // namespace sched
