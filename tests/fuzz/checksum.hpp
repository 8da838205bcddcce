// Puts the right checksum at the end of bytes that carry one, or nothing would get past it.

#pragma once

#include <cstring>

#include "../../core/hash.hpp"

namespace fuzz {

inline void repair_checksum(std::uint8_t* bytes, std::size_t size) {
  if (size < 8) return;
  const std::uint64_t hash = sched::hash_bytes(bytes, size - 8, sched::kHashStart);
  std::memcpy(bytes + size - 8, &hash, sizeof hash);
}

}  // namespace fuzz

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
