// The shaders as the build compiled them.

#pragma once

#include <cstddef>
#include <cstdint>

#include "device.hpp"

namespace sched::vulkan {

struct Spirv {
  const std::uint32_t* words;
  std::size_t bytes;
};

// For a device of kManyBuffers storage buffers, or of kFewBuffers.
Spirv spirv_of(Shader shader, bool many_buffers);

}  // namespace sched::vulkan
