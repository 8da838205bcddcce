// The driver's pipeline cache as bytes for the application to keep.  Drivers crash on bytes of
// another driver or with a bit changed (shadPS4 #4878), so each is checked here first.
//
//   offset  size
//        0     8  "SCHEDVKC"
//        8     4  version of this format, 1
//       12     4  version of the library, whose shaders these are
//       16     4  bytes of a pointer
//       20    12  vendor, device, version of the driver (4 bytes each)
//       32    16  pipelineCacheUUID
//       48     8  size of the driver's bytes
//       56     n  the driver's bytes, which begin with VkPipelineCacheHeaderVersionOne
//     56+n     8  FNV-1a of everything before
//
// Numbers are little-endian, the driver's too, as Vulkan says.

#include "cache_bytes.hpp"

#include <sched/sched.h>

#include <cstring>

#include "../hash.hpp"
#include "../status.hpp"

namespace sched::vulkan {

namespace {

constexpr char kMagic[9] = "SCHEDVKC";
constexpr std::uint32_t kFormat = 1;
constexpr std::uint64_t kHeader = 56;
constexpr std::uint64_t kChecksum = 8;
constexpr std::uint64_t kDriverHeader = 16 + VK_UUID_SIZE;

std::uint64_t get(const unsigned char* bytes, int size) {
  std::uint64_t value = 0;
  for (int i = size - 1; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

std::uint32_t get_word(const unsigned char* bytes) {
  return static_cast<std::uint32_t>(get(bytes, 4));
}

void append(std::vector<unsigned char>& bytes, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes.push_back(static_cast<unsigned char>(value >> (8 * i)));
}

// What identifies the device and its driver, 4 bytes each, from offset 8 on.
struct Field {
  const char* name;
  std::uint32_t value;
};

std::vector<Field> fields_of(const VkPhysicalDeviceProperties& device) {
  return {{"format", kFormat},
          {"version of the library", SCHED_VERSION},
          {"pointer size", sizeof(void*)},
          {"vendor", device.vendorID},
          {"device", device.deviceID},
          {"driver version", device.driverVersion}};
}

void check_whole(const unsigned char* bytes, std::uint64_t size) {
  if (size < kHeader + kChecksum || std::memcmp(bytes, kMagic, 8) != 0) {
    fail(Status::damaged, "these bytes are not a pipeline cache of sched_vulkan_get_cache()");
  }
  if (hash_bytes(bytes, size - kChecksum, kHashStart) != get(bytes + size - kChecksum, 8)) {
    fail(Status::damaged, "the pipeline cache is truncated or was changed: its checksum is wrong");
  }
}

void check_origin(const unsigned char* bytes, const VkPhysicalDeviceProperties& device) {
  const unsigned char* at = bytes + 8;
  for (const Field& field : fields_of(device)) {
    const std::uint32_t saved = get_word(at);
    if (saved != field.value) {
      fail(Status::mismatch, "the pipeline cache is of ", field.name, " ", saved, "; here it is ",
           field.value);
    }
    at += 4;
  }
  if (std::memcmp(at, device.pipelineCacheUUID, VK_UUID_SIZE) != 0) {
    fail(Status::mismatch,
         "the pipeline cache is of another build of the driver: its pipelineCacheUUID differs");
  }
}

// A driver may return nothing at all, which is a cache too; but what it returns has its header.
void check_driver_bytes(const unsigned char* bytes, std::uint64_t size,
                        const VkPhysicalDeviceProperties& device) {
  if (size == 0) return;
  const bool is_well_formed =
      size >= kDriverHeader && get_word(bytes) >= kDriverHeader && get_word(bytes) <= size &&
      get_word(bytes + 4) == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
      get_word(bytes + 8) == device.vendorID && get_word(bytes + 12) == device.deviceID &&
      std::memcmp(bytes + 16, device.pipelineCacheUUID, VK_UUID_SIZE) == 0;
  if (!is_well_formed) {
    fail(Status::damaged,
         "the driver's part of the pipeline cache does not begin with the header of this device");
  }
}

}  // namespace

std::vector<unsigned char> wrap_cache(const std::vector<unsigned char>& driver,
                                      const VkPhysicalDeviceProperties& device) {
  std::vector<unsigned char> bytes(kMagic, kMagic + 8);
  for (const Field& field : fields_of(device)) append(bytes, field.value, 4);
  bytes.insert(bytes.end(), device.pipelineCacheUUID, device.pipelineCacheUUID + VK_UUID_SIZE);
  append(bytes, driver.size(), 8);
  bytes.insert(bytes.end(), driver.begin(), driver.end());
  append(bytes, hash_bytes(bytes.data(), bytes.size(), kHashStart), 8);
  return bytes;
}

DriverBytes unwrap_cache(const unsigned char* bytes, std::uint64_t size,
                         const VkPhysicalDeviceProperties& device) {
  check_whole(bytes, size);
  check_origin(bytes, device);
  const std::uint64_t driver_size = size - kHeader - kChecksum;
  if (get(bytes + kHeader - 8, 8) != driver_size) {
    fail(Status::damaged, "the pipeline cache says that the driver's part has ",
         get(bytes + kHeader - 8, 8), " bytes, but it has ", driver_size);
  }
  check_driver_bytes(bytes + kHeader, driver_size, device);
  return {bytes + kHeader, static_cast<std::size_t>(driver_size)};
}

}  // namespace sched::vulkan
