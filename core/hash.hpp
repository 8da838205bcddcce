// FNV-1a (Fowler, Noll, Vo), 64 bits: checksums of saved bytes, and fingerprints.

#pragma once

#include <cstddef>
#include <cstdint>

namespace sched {

constexpr std::uint64_t kHashStart = 0xcbf29ce484222325ull;

inline std::uint64_t hash_bytes(const void* data, std::size_t size, std::uint64_t hash) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3ull;
  return hash;
}

}  // namespace sched
