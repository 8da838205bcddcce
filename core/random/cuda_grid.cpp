// The grids of at::native::distribution_nullary_kernel, and cards by name.

#include <algorithm>
#include <cstddef>

#include "reference_normals.hpp"

namespace sched {

namespace {

constexpr std::int64_t kThreadsPerBlock = 256;
constexpr std::int64_t kNormalsPerCall = 4;

struct Card {
  const char* name;
  CudaGrid grid;
};

// Multiprocessors as sold; threads of each by generation (CUDA C++ Programming Guide, "Technical
// Specifications per Compute Capability").
constexpr Card kCards[] = {
    // Pascal, Volta and Turing
    {"P100", {56, 2048}},
    {"GTX 1060", {10, 2048}},
    {"GTX 1070", {15, 2048}},
    {"GTX 1080", {20, 2048}},
    {"GTX 1080 Ti", {28, 2048}},
    {"V100", {80, 2048}},
    {"Titan V", {80, 2048}},
    {"T4", {40, 1024}},
    {"GTX 1660", {22, 1024}},
    {"GTX 1660 Ti", {24, 1024}},
    {"RTX 2060", {30, 1024}},
    {"RTX 2070", {36, 1024}},
    {"RTX 2070 Super", {40, 1024}},
    {"RTX 2080", {46, 1024}},
    {"RTX 2080 Super", {48, 1024}},
    {"RTX 2080 Ti", {68, 1024}},
    {"Titan RTX", {72, 1024}},
    // Ampere
    {"A100", {108, 2048}},
    {"A30", {56, 2048}},
    {"A10", {72, 1536}},
    {"A10G", {80, 1536}},
    {"A40", {84, 1536}},
    {"RTX A4000", {48, 1536}},
    {"RTX A5000", {64, 1536}},
    {"RTX A6000", {84, 1536}},
    {"RTX 3060", {28, 1536}},
    {"RTX 3060 Ti", {38, 1536}},
    {"RTX 3070", {46, 1536}},
    {"RTX 3070 Ti", {48, 1536}},
    {"RTX 3080", {68, 1536}},
    {"RTX 3080 Ti", {80, 1536}},
    {"RTX 3090", {82, 1536}},
    {"RTX 3090 Ti", {84, 1536}},
    // Ada
    {"L4", {58, 1536}},
    {"L40", {142, 1536}},
    {"L40S", {142, 1536}},
    {"RTX 6000 Ada", {142, 1536}},
    {"RTX 4060", {24, 1536}},
    {"RTX 4060 Ti", {34, 1536}},
    {"RTX 4070", {46, 1536}},
    {"RTX 4070 Super", {56, 1536}},
    {"RTX 4070 Ti", {60, 1536}},
    {"RTX 4070 Ti Super", {66, 1536}},
    {"RTX 4080", {76, 1536}},
    {"RTX 4080 Super", {80, 1536}},
    {"RTX 4090", {128, 1536}},
    // Hopper
    {"H100", {132, 2048}},
    {"H100 SXM", {132, 2048}},
    {"H100 PCIe", {114, 2048}},
    {"H100 NVL", {132, 2048}},
    {"H200", {132, 2048}},
    {"GH200", {132, 2048}},
    // Blackwell
    {"B200", {148, 2048}},
    {"RTX PRO 6000 Blackwell", {188, 1536}},
    {"RTX 5060", {30, 1536}},
    {"RTX 5060 Ti", {36, 1536}},
    {"RTX 5070", {48, 1536}},
    {"RTX 5070 Ti", {70, 1536}},
    {"RTX 5080", {84, 1536}},
    {"RTX 5090", {170, 1536}}};

constexpr int kCardCount = static_cast<int>(sizeof kCards / sizeof kCards[0]);

// Whatever the locale.
char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool is_same_name(const char* a, const char* b) {
  while (*a != '\0' && lower(*a) == lower(*b)) {
    ++a;
    ++b;
  }
  return *a == *b;
}

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

const CudaGrid* find_cuda_card(const char* name) {
  for (const Card& card : kCards) {
    if (is_same_name(name, card.name)) return &card.grid;
  }
  return nullptr;
}

int cuda_card_count() { return kCardCount; }

const char* cuda_card_name(int index) { return kCards[index].name; }

std::int64_t torch_cuda_threads(std::int64_t count, const CudaGrid& grid) {
  const std::int64_t blocks_at_once =
      grid.multiprocessors * (grid.threads_per_multiprocessor / kThreadsPerBlock);
  const std::int64_t blocks = std::min(divide_up(count, kThreadsPerBlock), blocks_at_once);
  return kThreadsPerBlock * std::max<std::int64_t>(blocks, 1);
}

std::uint64_t torch_cuda_advance(std::int64_t count, const CudaGrid& grid) {
  const std::int64_t calls = divide_up(count, kNormalsPerCall * torch_cuda_threads(count, grid));
  return static_cast<std::uint64_t>(kNormalsPerCall * calls);
}

}  // namespace sched
