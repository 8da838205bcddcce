// The memory that an input may have.  operator new says std::bad_alloc above a limit, so that what
// asks for much fails as it would on a small machine, and where a target asks it to.

#pragma once

namespace fuzz {

// While it lives, the allocation number `count` fails (0: the next), and none after it.
class AllocationFault {
 public:
  explicit AllocationFault(long count);
  ~AllocationFault();
  AllocationFault(const AllocationFault&) = delete;
  AllocationFault& operator=(const AllocationFault&) = delete;

  bool has_failed() const;
};

}  // namespace fuzz
