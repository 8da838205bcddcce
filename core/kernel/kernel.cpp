#include "kernel.hpp"

namespace sched {

extern const Kernel kReferenceKernel, kFusedKernel;
#if defined(SCHED_HAVE_BLAS)
extern const Kernel kBlasKernel;
#endif
#if defined(SCHED_HAVE_VULKAN)
extern const Kernel kVulkanKernel;
#endif

const Kernel* find_kernel(int id) {
  switch (id) {
    case 0:  // fused is the faster of the float kernels at every size that was measured
    case 2:
      return &kFusedKernel;
    case 1:
      return &kReferenceKernel;
#if defined(SCHED_HAVE_BLAS)
    case 3:
      return &kBlasKernel;
#endif
#if defined(SCHED_HAVE_VULKAN)
    case 4:
      return &kVulkanKernel;
#endif
    default:
      return nullptr;
  }
}

std::int64_t float_scratch_bytes(std::int64_t elements, double ratio) {
  return 4 * quantile_room(elements, ratio);
}

}  // namespace sched
