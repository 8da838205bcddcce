// Rows that a state keeps in a type of the caller's choice (history_dtype).

#include "support.hpp"

namespace sched_test {
namespace {

constexpr std::int32_t kHalves[] = {SCHED_F16, SCHED_BF16};

// The format of saved states: core/state_bytes.cpp.
constexpr std::size_t kHeader = 112, kChecksum = 8;

bool keeps_rows(const Config& config) {
  return save(start(config).get()).size() > kHeader + kChecksum;
}
std::vector<Config> configs_with_rows() {
  std::vector<Config> all = every_config();
  all.erase(std::remove_if(all.begin(), all.end(), [](const Config& c) { return !keeps_rows(c); }),
            all.end());
  return all;
}

// Those that keep rows in 16 bits.
std::vector<std::int32_t> half_kernels() {
  std::vector<std::int32_t> all = kernels();
  all.erase(std::remove(all.begin(), all.end(), SCHED_KERNEL_VULKAN), all.end());
  return all;
}

sched_init_options options_with(const Config& config, std::int32_t kernel, std::int32_t history) {
  sched_init_options options = options_for(config);
  options.kernel = kernel;
  options.history_dtype = history;
  return options;
}

class History : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(Rows, History, testing::ValuesIn(configs_with_rows()), CaseName());

// A number of 16 bits as the place that it takes among all, so that neighbours differ by 1.
int place_of(const std::uint8_t* bytes) {
  const int bits = bytes[0] | bytes[1] << 8;
  return bits < 0x8000 ? bits : 0x8000 - bits;
}

// From the same rows each kernel makes the reference's sample, to the precision of float32, and
// its rows, which are rounded from numbers of that precision: the same or a neighbour.
TEST_P(History, KernelsAgreeFromTheSameRows) {
  const Config& config = GetParam();
  double worst = 0.0;
  int moved = 0;
  for (const std::int32_t history : kHalves) {
    for (const std::int32_t kernel : half_kernels()) {
      const State reference = start(config, options_with(config, SCHED_KERNEL_REFERENCE, history));
      const sched_init_options options = options_with(config, kernel, history);
      const State state = start(config, options);
      Tensor sample = first_sample(state.get(), options);
      Tensor expected = sample, next = sample;
      while (is_next(reference.get())) {
        const std::vector<std::uint8_t> before = save(reference.get());
        ASSERT_EQ(sched_load(state.get(), before.data(), before.size()), SCHED_OK)
            << sched_last_error(state.get());
        Step(reference.get(), config, sample, expected).run();
        Step(state.get(), config, sample, next).run();
        const double error = next.distance(expected) / std::max(1.0, expected.peak());
        ASSERT_LE(error, 2e-6) << kernel_name(kernel) << " history " << history;
        worst = std::max(worst, error);
        const std::vector<std::uint8_t> a = save(reference.get()), b = save(state.get());
        for (std::size_t i = kHeader; i + kChecksum < a.size(); i += 2) {
          const int apart = std::abs(place_of(&a[i]) - place_of(&b[i]));
          ASSERT_LE(apart, 1) << kernel_name(kernel) << " history " << history << " byte " << i;
          moved += apart;
        }
        sample = expected;
      }
    }
  }
  std::printf("%s: worst error %.2e, %d rows' numbers a neighbour\n", config.name.c_str(), worst,
              moved);
}

// Saved, cloned and in place, to the same bits.
TEST_P(History, GoesOnToTheSameBits) {
  const Config& config = GetParam();
  for (const std::int32_t history : kHalves) {
    for (const std::int32_t kernel : half_kernels()) {
      const sched_init_options options = options_with(config, kernel, history);
      const std::vector<Tensor> expected = run(config, options);
      const State state = start(config, options);
      Tensor sample = first_sample(state.get(), options);
      for (std::size_t done = 0; done < expected.size(); ++done) {
        const std::vector<std::uint8_t> bytes = save(state.get());
        const State fresh = start(config, options);
        ASSERT_EQ(sched_load(fresh.get(), bytes.data(), bytes.size()), SCHED_OK);
        EXPECT_EQ(save(fresh.get()), bytes);
        EXPECT_EQ(run(fresh.get(), config, sample).back(), expected.back());
        sched_state* copy = nullptr;
        ASSERT_EQ(sched_clone(state.get(), &copy), SCHED_OK);
        const State clone(copy);
        EXPECT_EQ(run(clone.get(), config, sample).back(), expected.back());
        Step(state.get(), config, sample, sample).run();
        EXPECT_EQ(sample, expected[done]) << "in place";
      }
    }
  }
}

TEST_P(History, HalvesWhatIsSaved) {
  const Config& config = GetParam();
  const auto rows = [&](std::int32_t history) {
    const State state = start(config, options_with(config, SCHED_KERNEL_FUSED, history));
    return save(state.get()).size() - kHeader - kChecksum;
  };
  EXPECT_EQ(rows(0), rows(SCHED_F32));
  EXPECT_EQ(2 * rows(SCHED_F16), rows(SCHED_F32));
  EXPECT_EQ(2 * rows(SCHED_BF16), rows(SCHED_F32));
}

// A row that is read again is rounded, so that the loop ends elsewhere; but near.
TEST(HistoryTypes, RoundWhatIsKept) {
  const Config& config = config_named("dpm");
  for (const std::int32_t kernel : half_kernels()) {
    const Tensor whole = run(config, options_with(config, kernel, SCHED_F32)).back();
    for (const std::int32_t history : kHalves) {
      const Tensor rounded = run(config, options_with(config, kernel, history)).back();
      EXPECT_NE(rounded, whole);
      const double precision = std::ldexp(1.0, history == SCHED_F16 ? -11 : -8);
      const double error = rounded.distance(whole) / whole.peak();
      std::printf("%s: %.2f roundings apart\n", kernel_name(kernel).c_str(), error / precision);
      EXPECT_LE(error, 5 * precision) << "one for each step";
    }
  }
}

// Types that mean the same load each other's states; others are refused.
TEST(HistoryTypes, ArePartOfASavedState) {
  const Config& config = config_named("dpm");
  const std::int32_t all[] = {SCHED_F32, SCHED_F16, SCHED_BF16, SCHED_F64};
  for (const std::int32_t saved : all) {
    const State from = start(config, options_with(config, SCHED_KERNEL_REFERENCE, saved));
    const std::vector<std::uint8_t> bytes = save(from.get());
    for (const std::int32_t loaded : all) {
      const State to = start(config, options_with(config, SCHED_KERNEL_REFERENCE, loaded));
      EXPECT_EQ(sched_load(to.get(), bytes.data(), bytes.size()),
                saved == loaded ? SCHED_OK : SCHED_ERROR_MISMATCH);
    }
    const State own = start(config, options_with(config, SCHED_KERNEL_REFERENCE, 0));
    EXPECT_EQ(sched_load(own.get(), bytes.data(), bytes.size()),
              saved == SCHED_F64 ? SCHED_OK : SCHED_ERROR_MISMATCH);
    if (saved == SCHED_F64) continue;
    const State fused = start(config, options_with(config, SCHED_KERNEL_FUSED, saved));
    EXPECT_EQ(sched_load(fused.get(), bytes.data(), bytes.size()), SCHED_OK)
        << "the same rows on another kernel";
  }
}

}  // namespace
}  // namespace sched_test
