// Mutates a pipeline cache; in most cases the size of the driver's part and the checksum are right
// again, in half of them the device too.

#include <algorithm>
#include <vector>

#include "../../core/vulkan/cache_bytes.hpp"
#include "cache_device.hpp"
#include "checksum.hpp"

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, most);
  if (seed % 8 == 0) return size;
  const std::vector<unsigned char> empty = sched::vulkan::wrap_cache({}, fuzz::cache_device());
  constexpr std::size_t header = 56, checksum = 8;
  if (size < header + checksum) return size;
  if (seed % 2 == 0) std::copy_n(empty.begin(), header, data);
  const std::uint64_t driver = size - header - checksum;
  if (seed % 8 != 1) std::memcpy(data + header - 8, &driver, sizeof driver);
  fuzz::repair_checksum(data, size);
  return size;
}
