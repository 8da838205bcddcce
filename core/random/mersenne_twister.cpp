// MT19937, seeded with one word (Matsumoto and Nishimura's init_genrand of 2002).

#include "reference_normals.hpp"

namespace sched {

MersenneTwister mersenne_twister(std::uint32_t seed) {
  MersenneTwister twister;
  std::uint32_t word = seed;
  std::uint32_t index = 0;
  for (std::uint32_t& each : twister.word) {
    each = word;
    word = 1812433253u * (word ^ (word >> 30)) + ++index;
  }
  twister.next = 624;
  return twister;
}

}  // namespace sched
