#include "spirv.hpp"

namespace sched::vulkan {

namespace {

#include "combine_12.inc"
#include "combine_4.inc"
#include "measure_12.inc"
#include "measure_4.inc"
#include "quantile_12.inc"
#include "quantile_4.inc"

template <std::size_t count>
Spirv spirv(const std::uint32_t (&words)[count]) {
  return {words, sizeof words};
}

}  // namespace

Spirv spirv_of(Shader shader, bool many_buffers) {
  switch (shader) {
    case Shader::quantile:
      return many_buffers ? spirv(quantile_12) : spirv(quantile_4);
    case Shader::measure:
      return many_buffers ? spirv(measure_12) : spirv(measure_4);
    case Shader::combine:
      break;
  }
  return many_buffers ? spirv(combine_12) : spirv(combine_4);
}

}  // namespace sched::vulkan
