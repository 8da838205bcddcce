// Each kernel against the reference: every shape of task, odd lengths, all storage types,
// outputs over inputs, and NaN in inputs that a row does not use.

#include "../../core/kernel/kernel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "../../core/kernel/isa.hpp"

namespace {

using namespace sched;

#include "../../core/kernel/float_math.inl"

using Run = void (*)(const KernelTask&);

struct Named {
  const char* name;
  Run run;
  bool exact;  // bit for bit the fused kernel's arithmetic
};

std::vector<Named> kernels() {
  std::vector<Named> all = {{"fused baseline", baseline::run, true}};
#if defined(SCHED_X86_64_LEVELS)
  if (__builtin_cpu_supports("avx2")) all.push_back({"fused x86-64-v3", x86_64_v3::run, true});
  if (__builtin_cpu_supports("avx512vl")) all.push_back({"fused x86-64-v4", x86_64_v4::run, true});
#endif
  if (const Kernel* blas = find_kernel(3)) all.push_back({"blas", blas->run, false});
  return all;
}

// Values that are the same in every run: a little generator of its own.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed * 2 + 1) {}
  double next() {  // in [-2, 2)
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<double>(state_ >> 33) / 2147483648.0 * 4.0 - 2.0;
  }

 private:
  uint64_t state_;
};

// A task over its own buffers.
struct Bench {
  KernelTask task{};
  std::vector<std::vector<float>> in, out;
  std::vector<double> scratch;

  Bench(int inputs, int rows, int64_t n, uint64_t seed)
      : in(static_cast<std::size_t>(inputs), std::vector<float>(static_cast<std::size_t>(n))),
        out(static_cast<std::size_t>(rows), std::vector<float>(static_cast<std::size_t>(n))),
        scratch(static_cast<std::size_t>(n)) {
    Numbers numbers(seed);
    task.elements = n;
    task.inputs = inputs;
    task.rows = rows;
    task.gain_input = -1;
    task.scratch = scratch.data();
    for (auto& values : in) {
      for (float& value : values) value = static_cast<float>(numbers.next());
    }
    for (auto& row : task.weight) {
      for (double& w : row) w = numbers.next();
    }
    for (double& w : task.denoised) w = numbers.next();
    bind();
  }
  void bind() {
    for (std::size_t k = 0; k < in.size(); ++k) {
      task.input[k] = {Source::memory, DType::f32, in[k].data(), {}, nullptr, 0};
    }
    for (std::size_t r = 0; r < out.size(); ++r)
      task.output[r] = {DType::f32, out[r].data(), 0.0, false};
  }
};

double worst_difference(const Bench& a, const Bench& b) {
  double worst = 0;
  for (std::size_t r = 0; r < a.out.size(); ++r) {
    for (std::size_t i = 0; i < a.out[r].size(); ++i) {
      const double difference = std::fabs(double{a.out[r][i]} - b.out[r][i]);
      if (!(difference <= worst)) worst = difference;
    }
  }
  return worst;
}

bool same_bits(const Bench& a, const Bench& b) {
  for (std::size_t r = 0; r < a.out.size(); ++r) {
    if (std::memcmp(a.out[r].data(), b.out[r].data(), a.out[r].size() * sizeof(float)) != 0) {
      return false;
    }
  }
  return true;
}

// Runs every kernel on the task that `make` builds and compares with the reference; the
// fused kernel's instruction sets must agree in every bit.
template <typename Make>
void compare(const Make& make, double tolerance, const char* what) {
  Bench reference = make();
  find_kernel(1)->run(reference.task);
  Bench first = make();
  baseline::run(first.task);
  for (const Named& kernel : kernels()) {
    Bench bench = make();
    kernel.run(bench.task);
    EXPECT_LE(worst_difference(reference, bench), tolerance) << kernel.name << ", " << what;
    if (kernel.exact) {
      EXPECT_TRUE(same_bits(first, bench)) << kernel.name << ", " << what;
    }
  }
}

TEST(Kernels, EveryNumberOfInputsAndRowsAndOddLengths) {
  int tasks = 0;
  for (int inputs = 1; inputs <= 12; ++inputs) {
    for (int rows = 1; rows <= 6; ++rows) {
      for (const int64_t n : {1, 15, 16, 17, 1023, 1025, 3001}) {
        compare([&] { return Bench(inputs, rows, n, static_cast<uint64_t>(inputs * rows)); }, 1e-5,
                "dense");
        ++tasks;
      }
    }
  }
  std::printf("%d tasks, %zu kernels\n", tasks, kernels().size());
}

TEST(Kernels, ZeroWeightsAreSkippedAndTheirInputsMayBeNan) {
  for (int inputs = 2; inputs <= 10; ++inputs) {
    for (int rows = 1; rows <= 5; ++rows) {
      const auto make = [&] {
        Bench bench(inputs, rows, 333, 5);
        // Row 0 leaves out the last input, which is NaN; row 1 leaves out the first.
        for (float& value : bench.in.back()) value = std::numeric_limits<float>::quiet_NaN();
        for (int r = 0; r < rows; ++r) bench.task.weight[r][inputs - 1] = 0.0;
        if (rows > 1) bench.task.weight[1][0] = 0.0;
        return bench;
      };
      compare(make, 1e-5, "NaN in an unused input");
    }
  }
}

TEST(Kernels, AnOutputMayOverwriteAnInput) {
  for (const Named& kernel : kernels()) {
    for (const int64_t n : {7, 1024, 5000}) {
      Bench apart(3, 2, n, 11);
      kernel.run(apart.task);
      Bench over(3, 2, n, 11);
      over.task.output[0].data = over.in[0].data();
      over.task.output[1].data = over.in[2].data();
      kernel.run(over.task);
      EXPECT_EQ(over.in[0], apart.out[0]) << kernel.name;
      EXPECT_EQ(over.in[2], apart.out[1]) << kernel.name;
    }
  }
}

TEST(Kernels, ClipsAndQuantiles) {
  for (const int clip : {1, 2}) {
    for (const int64_t n : {1, 2, 18, 1000, 4097}) {
      const auto make = [&] {
        Bench bench(4, 2, n, 3);
        bench.task.input[2].source = Source::denoised;
        bench.task.denoised[2] = 0.0;
        bench.task.clip = clip;
        bench.task.clip_range = 0.7;
        bench.task.quantile = 0.9;
        bench.task.quantile_max = 2.5;
        return bench;
      };
      compare(make, 2e-5, "clip");
    }
  }
}

TEST(Kernels, NoiseAndItsGain) {
  std::vector<float> variance(2000);
  Numbers numbers(8);
  for (float& v : variance) v = static_cast<float>(numbers.next() * 0.25 + 0.5);
  for (const int gain : {0, 1, 2, 3}) {
    const auto make = [&] {
      Bench bench(3, 2, 2000, 4);
      bench.task.input[1].source = Source::noise;
      bench.task.input[1].key = {7, 1, 0};
      bench.task.gain = gain;
      bench.task.gain_input = 1;
      bench.task.gain_offset = gain == 3 ? 0.9 : -0.3;
      bench.task.gain_slope = 0.6;
      bench.task.variance = variance.data();
      bench.task.variance_type = DType::f32;
      return bench;
    };
    compare(make, 1e-5, "noise");
  }
}

// Memory of all types, at addresses that vectors do not like, with rows that go past the caches.
struct Mixed {
  static constexpr int kInputs = 3;
  static constexpr int kRows = 2;
  static constexpr std::size_t kBytes = 4 * 5000 + 512;
  KernelTask task{};
  std::vector<unsigned char> memory[kInputs + kRows];

  Mixed(DType in, DType out, int64_t n, std::size_t offset, bool streamed) {
    Bench floats(kInputs, kRows, n, 17);
    task = floats.task;
    for (int k = 0; k < kInputs; ++k) {
      auto* at = place(k, offset + static_cast<std::size_t>(k) * 4);
      const DType type = k == 2 ? DType::f32 : in;
      for (int64_t i = 0; i < n; ++i) {
        put(at, i, type, floats.in[static_cast<std::size_t>(k)][static_cast<std::size_t>(i)]);
      }
      task.input[k] = {Source::memory, type, at, {}, nullptr, 0};
    }
    for (int r = 0; r < kRows; ++r) {
      auto* at = place(kInputs + r, offset + static_cast<std::size_t>(r) * 4);
      task.output[r] = {r == 0 ? out : DType::f32, at, 0.0, streamed};
    }
    task.weight[1][2] = 0.0;
  }
  // The values of a row, and what lies around them.
  std::vector<unsigned char> row(int r, int64_t n) const {
    const auto* at = static_cast<const unsigned char*>(task.output[r].data);
    return {at - 16, at + n * static_cast<int64_t>(size_of(task.output[r].type)) + 16};
  }

 private:
  unsigned char* place(int index, std::size_t offset) {
    memory[index].assign(kBytes, 0x5a);
    const auto start = reinterpret_cast<uintptr_t>(memory[index].data());
    return memory[index].data() + 64 + (64 - start % 64) % 64 + offset;
  }
  static void put(unsigned char* at, int64_t i, DType type, float value) {
    const uint16_t half = type == DType::f16 ? to_f16(value) : to_bf16(value);
    if (type == DType::f32) {
      std::memcpy(at + 4 * i, &value, sizeof value);
    } else {
      std::memcpy(at + 2 * i, &half, sizeof half);
    }
  }
};

float value_at(const KernelOutput& output, int64_t i) {
  const auto* at = static_cast<const unsigned char*>(output.data);
  float value;
  uint16_t half;
  std::memcpy(&value, at + 4 * i, sizeof value);
  std::memcpy(&half, at + 2 * i, sizeof half);
  return output.type == DType::f32   ? value
         : output.type == DType::f16 ? from_f16(half)
                                     : from_bf16(half);
}

// In units of the last place of values of this size.
double worst_difference(const Mixed& a, const Mixed& b, int64_t n) {
  double worst = 0.0;
  for (int r = 0; r < Mixed::kRows; ++r) {
    const DType type = a.task.output[r].type;
    // Of float32 a few, since sums of three cancel.
    const double place = type == DType::f32 ? 0x1p-19 : type == DType::f16 ? 0x1p-9 : 0x1p-6;
    for (int64_t i = 0; i < n; ++i) {
      const double x = value_at(a.task.output[r], i);
      const double y = value_at(b.task.output[r], i);
      worst = std::fmax(worst, std::fabs(x - y) / (place * std::fmax(1.0, std::fabs(y))));
    }
  }
  return worst;
}

TEST(Kernels, EveryMixOfTypesAtEveryAlignmentStreamedOrNot) {
  const DType types[] = {DType::f32, DType::f16, DType::bf16};
  int tasks = 0;
  for (const DType in : types) {
    for (const DType out : types) {
      for (const std::size_t offset : {0u, 4u, 20u, 34u, 62u}) {
        for (const int64_t n : {3, 64, 1029, 4999}) {
          Mixed expected(in, out, n, offset, false);
          baseline::run(expected.task);
          if (offset % 4 == 0) {
            Mixed reference(in, out, n, offset, false);
            find_kernel(1)->run(reference.task);
            EXPECT_LE(worst_difference(expected, reference, n), 0.5)
                << "type " << static_cast<int>(out);
          }
          for (const Named& kernel : kernels()) {
            if (!kernel.exact) continue;
            for (const bool streamed : {false, true}) {
              Mixed mixed(in, out, n, offset, streamed);
              kernel.run(mixed.task);
              EXPECT_TRUE(mixed.row(0, n) == expected.row(0, n) &&
                          mixed.row(1, n) == expected.row(1, n))
                  << kernel.name << " offset " << offset << " n " << n << " streamed " << streamed;
              ++tasks;
            }
          }
        }
      }
    }
  }
  std::printf("%d tasks\n", tasks);
}

// A mask's rows are blended in between, and streamed all the same.
TEST(Kernels, MasksAndNoiseStreamedOrNot) {
  std::vector<float> mask(3001);
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = static_cast<float>(i % 5) * 0.25f;
  for (const Named& kernel : kernels()) {
    for (const bool masked : {false, true}) {
      Bench plain(4, 2, 3001, 23);
      Bench streamed(4, 2, 3001, 23);
      for (Bench* bench : {&plain, &streamed}) {
        bench->task.input[1].source = Source::noise;
        bench->task.input[1].key = {9, 2, 0};
        if (masked) bench->task.mask = mask.data();
        bench->task.mask_type = DType::f32;
        for (double& w : bench->task.known) w = 0.5;
        for (int r = 0; r < 2; ++r) {
          bench->task.output[r].known = masked ? 1.0 : 0.0;
          bench->task.output[r].streamed = bench == &streamed;
        }
      }
      kernel.run(plain.task);
      kernel.run(streamed.task);
      EXPECT_TRUE(same_bits(plain, streamed)) << kernel.name;
    }
  }
}

TEST(Storage, HalvesRoundTripAndRoundToTheNearestEven) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const bool nan16 = (bits & 0x7fffu) > 0x7c00u;
    const bool nanb = (bits & 0x7fffu) > 0x7f80u;
    if (nan16) {
      EXPECT_TRUE(std::isnan(from_f16(half)));
      EXPECT_GT(to_f16(from_f16(half)) & 0x7fff, 0x7c00);
    } else {
      EXPECT_EQ(to_f16(from_f16(half)), half);
    }
    if (nanb) {
      EXPECT_TRUE(std::isnan(from_bf16(half)));
    } else {
      EXPECT_EQ(to_bf16(from_bf16(half)), half);
    }
  }
  // Halfway between two neighbours goes to the even one, just above goes up.
  for (uint32_t bits = 0; bits < 0x7bffu; ++bits) {
    const float low = from_f16(static_cast<uint16_t>(bits));
    const float high = from_f16(static_cast<uint16_t>(bits + 1));
    const float middle = 0.5f * (low + high);
    EXPECT_EQ(to_f16(middle), (bits & 1u) != 0 ? bits + 1 : bits);
    EXPECT_EQ(to_f16(std::nextafter(middle, high)), bits + 1);
    EXPECT_EQ(to_f16(std::nextafter(middle, low)), bits);
  }
  EXPECT_EQ(to_f16(65504.0f), 0x7bff);
  EXPECT_EQ(to_f16(65520.0f), 0x7c00);  // overflows to infinity, as IEEE says
  EXPECT_EQ(to_f16(65519.9f), 0x7bff);
  EXPECT_EQ(to_f16(1e10f), 0x7c00);
}

// --------------------------------------------------------------------- quantiles

// The definition, by sorting: absolute values, NaN last, between two of them linearly.
template <typename Real>
Real sorted_quantile(std::vector<Real> values, double ratio) {
  for (Real& value : values) value = std::fabs(value);
  std::sort(values.begin(), values.end(), [](Real a, Real b) {
    return std::isnan(a) || std::isnan(b) ? !std::isnan(a) && std::isnan(b) : a < b;
  });
  const double position = ratio * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto rest = static_cast<Real>(position - static_cast<double>(below));
  const Real low = values[below];
  return rest == Real(0) ? low : low + rest * (values[below + 1] - low);
}

// Orders and values that selection may find hard, by position.
struct Hard {
  const char* name;
  float (*value)(int64_t i, int64_t n, Numbers& numbers);
};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kSmallest = std::numeric_limits<float>::denorm_min();
// clang-format off
const Hard kHard[] = {
    {"bell", [](int64_t, int64_t, Numbers& x) { return static_cast<float>(x.next() + x.next() + x.next()); }},
    {"equal", [](int64_t, int64_t, Numbers&) { return -1.5f; }},
    {"zeros", [](int64_t i, int64_t, Numbers&) { return i % 2 == 0 ? 0.0f : -0.0f; }},
    {"rising", [](int64_t i, int64_t, Numbers&) { return static_cast<float>(i); }},
    {"falling", [](int64_t i, int64_t n, Numbers&) { return static_cast<float>(n - i); }},
    {"organ pipe", [](int64_t i, int64_t n, Numbers&) { return static_cast<float>(std::min(i, n - i)); }},
    {"two values", [](int64_t, int64_t, Numbers& x) { return x.next() > 0.0 ? 2.0f : -1.0f; }},
    {"few high", [](int64_t i, int64_t, Numbers&) { return i % 1000 == 7 ? 9.0f : 0.25f; }},
    {"NaN", [](int64_t i, int64_t, Numbers& x) { return i % 7 == 3 ? kNan : static_cast<float>(x.next()); }},
    {"all NaN", [](int64_t, int64_t, Numbers&) { return kNan; }},
    {"infinite", [](int64_t i, int64_t, Numbers& x) { return i % 50 == 9 ? -kInfinity : static_cast<float>(x.next()); }},
    {"subnormal", [](int64_t, int64_t, Numbers& x) { return kSmallest * static_cast<float>(static_cast<int>(x.next() * 8.0)); }},
    {"every exponent", [](int64_t, int64_t, Numbers& x) { return std::ldexp(1.5f, static_cast<int>(x.next() * 74.0)); }},
};
// clang-format on

using QuantileOf = float (*)(const float*, int64_t, double, void*);
std::vector<std::pair<const char*, QuantileOf>> quantiles() {
  std::vector<std::pair<const char*, QuantileOf>> all = {{"baseline", baseline::quantile}};
#if defined(SCHED_X86_64_LEVELS)
  if (__builtin_cpu_supports("avx2")) all.emplace_back("x86-64-v3", x86_64_v3::quantile);
  if (__builtin_cpu_supports("avx512vl")) all.emplace_back("x86-64-v4", x86_64_v4::quantile);
#endif
  return all;
}

// To the last bit, except which NaN it is where it is one.
void expect_sorted_quantiles(const Hard& hard, int64_t n) {
  Numbers numbers(static_cast<uint64_t>(n));
  std::vector<float> values(static_cast<std::size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    values[static_cast<std::size_t>(i)] = hard.value(i, n, numbers);
  }
  for (const double ratio : {0.0, 1e-9, 0.004, 0.4999, 0.5, 0.75, 0.995, 0.9999, 1.0}) {
    const float expected = sorted_quantile(values, ratio);
    // No more room than is asked for, so that a write past the end shows.
    std::vector<float> room(static_cast<std::size_t>(quantile_room(n, ratio)));
    for (const auto& [name, quantile] : quantiles()) {
      const float found = quantile(values.data(), n, ratio, room.data());
      ASSERT_TRUE(bits_of(found) == bits_of(expected) ||
                  (std::isnan(found) && std::isnan(expected)))
          << name << ", " << hard.name << ", " << n << " values, ratio " << ratio << ": " << found
          << " for " << expected;
    }
  }
}

TEST(Quantile, AgreesWithSorting) {
  for (const Hard& hard : kHard) {
    for (int64_t n = 1; n <= 300; ++n) expect_sorted_quantiles(hard, n);
    for (const int64_t n : {1023, 1024, 1025, 2047, 4097, 9999, 100001}) {
      expect_sorted_quantiles(hard, n);
    }
  }
  std::printf("%zu instruction sets\n", quantiles().size());
}

TEST(Quantile, RoomIsBoundedAndNeverLessForMoreValues) {
  for (const double ratio : {0.0, 0.3, 0.5, 0.9, 0.995, 1.0}) {
    for (int64_t n = 1; n < 10000; ++n) {
      ASSERT_LE(quantile_room(n, ratio), n);
      ASSERT_LE(quantile_room(n, ratio), quantile_room(n + 1, ratio)) << n << ", " << ratio;
    }
  }
  EXPECT_LE(quantile_room(4838400, 0.995), 4838400 / 50);
}

TEST(Quantile, OfTheReferenceAgreesWithSorting) {
  Numbers numbers(21);
  for (const int count : {1, 2, 3, 10, 101, 4096}) {
    for (const double ratio : {0.0, 0.5, 0.9, 0.995, 1.0}) {
      std::vector<double> values(static_cast<std::size_t>(count));
      for (double& value : values) value = std::fabs(numbers.next());
      const double expected = sorted_quantile(values, ratio);
      EXPECT_EQ(quantile_of(values.data(), count, ratio), expected);
    }
  }
}

TEST(Quantile, NanDoesNoHarm) {
  std::vector<double> values(1000, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < 500; ++i) values[i] = static_cast<double>(i);
  EXPECT_EQ(quantile_of(values.data(), 1000, 0.25), 249.75);
  EXPECT_TRUE(std::isnan(quantile_of(values.data(), 1000, 0.9)));
}

}  // namespace
