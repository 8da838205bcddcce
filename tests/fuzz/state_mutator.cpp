// Mutates a saved state, and in most cases makes it whole again: magic and fingerprint of the loop
// that it goes to, its size, its checksum.

#include <algorithm>

#include "checksum.hpp"
#include "saved.hpp"

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  constexpr std::size_t choices = 2;
  size = LLVMFuzzerMutate(data, size, most);
  if (size < choices || seed % 8 == 0) return size;
  const fuzz::State state = fuzz::begin_loop(data[0]);
  const std::vector<std::uint8_t> whole = fuzz::save(state.get());
  std::uint8_t* const bytes = data + choices;
  if (seed % 8 != 1 && most >= choices + whole.size()) {
    const std::size_t there = size - choices;
    // What is missing comes from a state at its beginning.
    if (there < whole.size()) {
      std::copy_n(whole.data() + there, whole.size() - there, bytes + there);
    }
    size = choices + whole.size();
    std::copy_n(whole.begin(), fuzz::kFingerprint + 8, bytes);
    std::copy_n(whole.begin() + 32, 8, bytes + 32);
  }
  fuzz::repair_checksum(bytes, size - choices);
  return size;
}
