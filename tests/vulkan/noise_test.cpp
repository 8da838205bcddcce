// Normals: those of the CPU to 2 units in the last place, and the same for an item alone.

#include <algorithm>

#include "steps.hpp"

namespace vulkan_test {
namespace {

using Noise = Validated<testing::Test>;

std::int32_t bits_of(const Tensor& tensor, std::size_t i) {
  std::int32_t bits = 0;
  std::memcpy(&bits, static_cast<const unsigned char*>(tensor.view().data) + 4 * i, 4);
  return bits;
}

// Floats of one sign are in the order of their bits.
std::int64_t ordered(std::int32_t bits) {
  return bits >= 0 ? bits : -static_cast<std::int64_t>(bits & 0x7fffffff);
}

TEST_F(Noise, IsTheCPUsToTwoUnits) {
  const Config& config = config_named("ddim");  // the first sample's deviation is 1
  sched_init_options options = options_for(config);
  options.batch = 8;
  options.elements = (1 << 17) + 3;
  const State host = start(config, options);
  const State state = start(config, on(shared_context(), options));
  ASSERT_EQ(sched_init_noise_sigma(host.get()), 1.0);
  const Tensor expected = first_sample(host.get(), options);
  const Tensor got = initial_noise_recorded(shared_context(), state.get(), options);
  std::int64_t worst = 0;
  std::size_t different = 0;
  double sum = 0.0, squares = 0.0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const std::int64_t off = std::abs(ordered(bits_of(got, i)) - ordered(bits_of(expected, i)));
    worst = std::max(worst, off);
    different += off != 0 ? 1 : 0;
    sum += got.at(i);
    squares += got.at(i) * got.at(i);
  }
  const auto count = static_cast<double>(got.size());
  std::printf("%zu normals: %zu differ, by at most %lld units; mean %.1e, variance %.5f\n",
              got.size(), different, static_cast<long long>(worst), sum / count, squares / count);
  EXPECT_LE(worst, 2);
  EXPECT_LE(std::fabs(sum / count), 5.0 / std::sqrt(count));
  EXPECT_NEAR(squares / count, 1.0, 0.01);
}

// By its seed alone, whatever the batch, in the first sample and in every step.
TEST_F(Noise, OfAnItemAloneIsThatInABatch) {
  for (const char* name : {"euler_ancestral", "dpm_sde_tree", "our_dpmpp_3m_sde", "ddpm_learned"}) {
    const Config& config = config_named(name);
    sched_init_options options = options_for(config);
    const std::vector<std::uint64_t> seeds = {7, 1234567890123ull, 7, UINT64_MAX};
    options.batch = 4;
    options.elements = 45;
    options.item_seeds = seeds.data();
    const State together = start(config, on(shared_context(), options));
    const Tensor first = initial_noise_recorded(shared_context(), together.get(), options);
    const std::vector<Tensor> all = run_recorded(shared_context(), together.get(), config, first);
    for (std::size_t k = 0; k < seeds.size(); ++k) {
      sched_init_options one = options;
      one.batch = 1;
      one.item_seeds = &seeds[k];
      const State alone = start(config, on(shared_context(), one));
      const auto item = static_cast<std::int64_t>(k);
      const Tensor sample = initial_noise_recorded(shared_context(), alone.get(), one);
      EXPECT_EQ(sample, first.item(item)) << name;
      const std::vector<Tensor> by_itself =
          run_recorded(shared_context(), alone.get(), config, sample);
      ASSERT_EQ(by_itself.size(), all.size());
      for (std::size_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(by_itself[i], all[i].item(item)) << name << ", item " << k << ", call " << i;
    }
    EXPECT_EQ(all.back().item(0), all.back().item(2)) << "the same seed";
  }
}

}  // namespace
}  // namespace vulkan_test
