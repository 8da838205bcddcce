#include "memory.hpp"

#include "status.hpp"

namespace sched {

namespace {

bool is_plain(std::size_t alignment) { return alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__; }

}  // namespace

void* Memory::get(std::size_t size, std::size_t alignment) const {
  if (!is_caller_s()) {
    return is_plain(alignment) ? ::operator new(size)
                               : ::operator new (size, std::align_val_t{alignment});
  }
  void* const block = allocate(context, size, alignment);
  if (block == nullptr) throw std::bad_alloc();
  if (reinterpret_cast<std::uintptr_t>(block) % alignment == 0) return block;
  release(context, block, size, alignment);
  fail(Status::memory, "allocator.allocate gave a block that is not aligned to ", alignment,
       " bytes");
}

void Memory::put_back(void* block, std::size_t size, std::size_t alignment) const noexcept {
  if (is_caller_s()) {
    release(context, block, size, alignment);
  } else if (is_plain(alignment)) {
    ::operator delete(block);
  } else {
    ::operator delete (block, std::align_val_t{alignment});
  }
}

}  // namespace sched
