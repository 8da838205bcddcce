// The keys of JAX and Nx.

#include <cstddef>

#include "reference_normals.hpp"

namespace sched {

namespace {

#include "threefry.inl"

ThreefryWords<std::uint32_t> call(const ThreefryKey& key, std::uint32_t first,
                                  std::uint32_t second) {
  ThreefryWords<std::uint32_t> words[] = {{first, second}};
  threefry(words, key);
  return words[0];
}

std::uint32_t low_word(std::int64_t number) { return static_cast<std::uint32_t>(number); }

}  // namespace

ThreefryKey threefry_key(std::uint64_t seed) {
  return {{static_cast<std::uint32_t>(seed >> 32), static_cast<std::uint32_t>(seed)}};
}

ThreefryKey threefry_part(const ThreefryKey& key, ThreefryLayout layout, std::int64_t parts,
                          std::int64_t part) {
  if (layout == ThreefryLayout::counters) {
    const auto words = call(key, static_cast<std::uint32_t>(part >> 32), low_word(part));
    return {{words.first, words.second}};
  }
  // The counters 0 .. 2 parts - 1 in two halves, and what they become in one row.
  const auto word = [&](std::int64_t i) {
    return i < parts ? call(key, low_word(i), low_word(parts + i)).first
                     : call(key, low_word(i - parts), low_word(i)).second;
  };
  return {{word(2 * part), word(2 * part + 1)}};
}

void threefry_split(const ThreefryKey& key, ThreefryLayout layout, ThreefryKey& first,
                    ThreefryKey& second) {
  const ThreefryKey whole = key;
  first = threefry_part(whole, layout, 2, 0);
  second = threefry_part(whole, layout, 2, 1);
}

}  // namespace sched
