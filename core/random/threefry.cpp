// The keys of JAX and Nx.

#include "reference_normals.hpp"

namespace sched {

namespace {

#include "threefry.inl"

ThreefryWords<std::uint32_t> call(const ThreefryKey& key, std::uint32_t first,
                                  std::uint32_t second) {
  return threefry<std::uint32_t>({first, second}, key);
}

}  // namespace

ThreefryKey threefry_key(std::uint64_t seed) {
  return {{static_cast<std::uint32_t>(seed >> 32), static_cast<std::uint32_t>(seed)}};
}

void threefry_split(const ThreefryKey& key, ThreefryLayout layout, ThreefryKey& first,
                    ThreefryKey& second) {
  if (layout == ThreefryLayout::halves) {
    // The counters 0, 1, 2, 3 in two halves.
    const auto a = call(key, 0, 2);
    const auto b = call(key, 1, 3);
    first = {{a.first, b.first}};
    second = {{a.second, b.second}};
  } else {
    const auto a = call(key, 0, 0);
    const auto b = call(key, 0, 1);
    first = {{a.first, a.second}};
    second = {{b.first, b.second}};
  }
}

}  // namespace sched
