// Philox4x32-10 against the vectors that its authors publish (Random123's kat_vectors),
// and the normals made from it: their moments, and that no split changes them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "../../core/kernel/intrinsics.hpp"
#include "../../core/kernel/isa.hpp"
#include "../../core/kernel/kernel.hpp"

namespace {

using sched::NoiseKey;

#include "../../core/kernel/float_math.inl"

#include "../../core/kernel/lanes.inl"

#include "../../core/random/polar.inl"

#include "../../core/random/philox.inl"

TEST(Philox, KnownAnswers) {
  struct Case {
    uint32_t counter[4], key[2], expected[4];
  };
  const Case cases[] = {{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
                        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                         {0xffffffff, 0xffffffff},
                         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
                        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                         {0xa4093822, 0x299f31d0},
                         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  for (const Case& c : cases) {
    const uint64_t seed = c.key[0] | static_cast<uint64_t>(c.key[1]) << 32;
    PhiloxWords<uint64_t> one[1] = {{{c.counter[0], c.counter[1], c.counter[2], c.counter[3]}}};
    philox<1>(one, PhiloxKeys<uint64_t>(seed));
    PhiloxWords<Wides> many[2];
    for (auto& each : many) {
      for (int i = 0; i < 4; ++i) each.word[i] = Wides{} + c.counter[i];
    }
    philox<2>(many, PhiloxKeys<Wides>(seed));
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(one[0].word[i] & 0xffffffffu, c.expected[i]);
      for (const auto& each : many) {
        for (int lane = 0; lane < kWides; ++lane) {
          EXPECT_EQ(each.word[i][lane] & 0xffffffffu, c.expected[i]);
        }
      }
    }
  }
}

TEST(Philox, LogarithmAndExponentialAreAccurate) {
  double worst_log = 0;
  double worst_exp = 0;
  for (int i = 1; i <= 100000; ++i) {
    const float u = static_cast<float>(i) * 1e-5f;
    worst_log = std::fmax(worst_log, std::fabs(log_f(u) - std::log(static_cast<double>(u))) /
                                         std::fmax(1e-3, std::fabs(std::log(u))));
    const float x = static_cast<float>(i - 50000) * 1e-3f;
    worst_exp = std::fmax(worst_exp, std::fabs(exp_f(x) / std::exp(static_cast<double>(x)) - 1));
  }
  std::printf("largest relative error: log %.2e, exp %.2e\n", worst_log, worst_exp);
  EXPECT_LT(worst_log, 2e-7);
  EXPECT_LT(worst_exp, 2e-7);
}

// Also where the sum of doubles lies in the middle of two floats only because it was rounded.
TEST(FloatMath, FusedMultiplyAddRoundsOnce) {
  uint32_t state = 1;
  const auto next = [&] { return state = 1664525u * state + 1013904223u; };
  // Between 2^-30 and 2^30, either sign.
  const auto number = [&] {
    const uint32_t exponent = 97u + (next() >> 8) % 60u;
    return float_of((next() & 0x80000000u) | exponent << 23 | next() >> 9);
  };
  int twice = 0;
  for (int i = 0; i < 1000000; ++i) {
    float a = number();
    float b = number();
    float c = number();
    if (i % 2 == 0) {
      // An odd number of 25 bits, and a little.
      a = static_cast<float>((1u << 23) + (next() >> 11) + 1u - (next() >> 11) % 2u);
      b = 3.0f;
      c *= 0x1p-62f;
    }
    const float once = std::fma(a, b, c);
    const Floats lanes = fused_multiply_add(Floats{} + a, Floats{} + b, Floats{} + c);
    ASSERT_EQ(bits_of(fused_multiply_add(a, b, c)), bits_of(once)) << a << ' ' << b << ' ' << c;
    ASSERT_EQ(bits_of(lanes[kLanes - 1]), bits_of(once)) << a << ' ' << b << ' ' << c;
    const double sum = static_cast<double>(a) * static_cast<double>(b) + static_cast<double>(c);
    twice += static_cast<float>(sum) != once ? 1 : 0;
  }
  std::printf("%d sums would be wrong if rounded twice\n", twice);
  EXPECT_GT(twice, 1000);
}

TEST(Normals, MomentsOfAStandardNormal) {
  constexpr int count = 1 << 21;
  std::vector<float> z(count);
  sched::fill_normals(z.data(), 0, count, {42, 7, 0});
  double sum[5] = {};
  float largest = 0;
  for (const float value : z) {
    double power = 1;
    for (int k = 1; k <= 4; ++k) sum[k] += (power *= value);
    largest = std::fmax(largest, std::fabs(value));
  }
  const double n = count;
  std::printf("mean %.5f, variance %.5f, skewness %.5f, kurtosis %.5f, largest %.3f\n", sum[1] / n,
              sum[2] / n, sum[3] / n, sum[4] / n, largest);
  // Five standard errors of each moment's estimate.
  EXPECT_NEAR(sum[1] / n, 0.0, 5 * std::sqrt(1 / n));
  EXPECT_NEAR(sum[2] / n, 1.0, 5 * std::sqrt(2 / n));
  EXPECT_NEAR(sum[3] / n, 0.0, 5 * std::sqrt(15 / n));
  EXPECT_NEAR(sum[4] / n, 3.0, 5 * std::sqrt(96 / n));
  EXPECT_GT(largest, 4.5f);
  EXPECT_LT(largest, 6.7f);
}

// Kolmogorov and Smirnov's distance from the normal distribution, pairs included.
TEST(Normals, DistributionFitsTheNormal) {
  constexpr int count = 1 << 18;
  std::vector<float> z(count);
  sched::fill_normals(z.data(), 0, count, {1, 0, 0});
  std::sort(z.begin(), z.end());
  double distance = 0;
  for (int i = 0; i < count; ++i) {
    const double p = 0.5 * std::erfc(-z[static_cast<std::size_t>(i)] / std::sqrt(2.0));
    distance = std::fmax(distance, std::fabs(p - (i + 0.5) / count));
  }
  std::printf("distance %.2e, 1 %% level %.2e\n", distance, 1.63 / std::sqrt(count));
  EXPECT_LT(distance, 1.63 / std::sqrt(count));
}

TEST(Normals, AnySplitGivesTheSameNumbers) {
  constexpr int count = 5000;
  std::vector<float> whole(count);
  const NoiseKey key = {99, 3, 1};
  sched::fill_normals(whole.data(), 17, count, key);
  for (const int piece : {1, 2, 3, 5, 64, 1023, 1024, 1025}) {
    std::vector<float> parts(count);
    for (int i = 0; i < count; i += piece) {
      sched::fill_normals(parts.data() + i, 17 + i, std::min(piece, count - i), key);
    }
    EXPECT_EQ(std::memcmp(whole.data(), parts.data(), sizeof(float) * count), 0) << piece;
  }
}

TEST(Normals, EveryInstructionSetGivesTheSameBits) {
  constexpr int count = 100000;
  std::vector<float> a(count);
  std::vector<float> b(count);
  const NoiseKey key = {0x123456789abcdefull, 2, 0};
  sched::baseline::fill(a.data(), 3, count, key);
#if defined(SCHED_X86_64_LEVELS)
  if (__builtin_cpu_supports("avx2")) {
    sched::x86_64_v3::fill(b.data(), 3, count, key);
    EXPECT_EQ(std::memcmp(a.data(), b.data(), sizeof(float) * count), 0);
    std::printf("x86-64-v3 compared\n");
  }
  if (__builtin_cpu_supports("avx512vl")) {
    sched::x86_64_v4::fill(b.data(), 3, count, key);
    EXPECT_EQ(std::memcmp(a.data(), b.data(), sizeof(float) * count), 0);
    std::printf("x86-64-v4 compared\n");
  }
#endif
  sched::fill_normals(b.data(), 3, count, key);
  EXPECT_EQ(std::memcmp(a.data(), b.data(), sizeof(float) * count), 0);
}

}  // namespace
