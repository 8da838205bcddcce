// The references' generators against what torch, Nx and JAX gave, against published known answers,
// and against themselves in parts.

#include "../../core/random/reference_normals.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "../../core/kernel/isa.hpp"

namespace {

using nlohmann::json;
using sched::CudaGrid;
using sched::ThreefryKey;
using sched::ThreefryLayout;
using sched::TorchCpu;

#include "../../core/random/threefry.inl"

static_assert(std::is_trivially_copyable_v<TorchCpu>);
static_assert(sizeof(TorchCpu) == 625 * 4 + 4 + 8, "no byte of it is left unset");

json recorded(const std::string& name) {
  std::ifstream file(std::string(SCHED_GOLDEN "/noise/") + name);
  return json::parse(file);
}

std::size_t size_of(std::int64_t count) { return static_cast<std::size_t>(count); }

// Floats between `a` and `b`.
std::int64_t ulps(float a, float b) {
  const auto place = [](float value) -> std::int64_t {
    std::int32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? std::int64_t{INT32_MIN} - bits : bits;
  };
  return std::abs(place(a) - place(b));
}

struct Seen {
  std::int64_t values = 0, exact = 0, worst_ulps = 0;
  double worst = 0.0, worst_relative = 0.0;

  void add(float got, double wanted) {
    const std::int64_t distance = ulps(got, static_cast<float>(wanted));
    worst_ulps = std::max(worst_ulps, distance);
    note(got, wanted);
  }
  void add(double got, double wanted) { note(got, wanted); }

 private:
  void note(double got, double wanted) {
    ++values;
    exact += got == wanted ? 1 : 0;
    worst = std::fmax(worst, std::fabs(got - wanted));
    worst_relative = std::fmax(worst_relative, std::fabs(got - wanted) / std::fabs(wanted));
  }
};

template <typename Value>
void add_ends(Seen& seen, const std::vector<Value>& got, const json& record) {
  const json& first = record["first"];
  const json& last = record["last"];
  for (std::size_t i = 0; i < first.size(); ++i) seen.add(got[i], first[i].get<double>());
  for (std::size_t i = 0; i < last.size(); ++i) {
    seen.add(got[got.size() - last.size() + i], last[i].get<double>());
  }
}

template <typename Value>
double sum_of(const std::vector<Value>& values) {
  double sum = 0.0;
  for (const Value value : values) sum += value;
  return sum;
}

// Every case of a type; returns how many there were.
template <typename Value>
int compare_torch_cpu(const char* dtype, Seen& seen, double& worst_sum) {
  int cases = 0;
  const json all = recorded("torch-cpu.json");
  for (const json& record : all["cases"]) {
    if (record["dtype"] != dtype) continue;
    ++cases;
    TorchCpu generator(record["seed"].get<std::uint64_t>());
    std::vector<Value> values(record["n"].get<std::size_t>());
    generator.fill(values.data(), static_cast<std::int64_t>(values.size()));
    add_ends(seen, values, record);
    const double sum = record["sum"].get<double>();
    worst_sum = std::fmax(worst_sum, std::fabs(sum_of(values) - sum));
    std::vector<Value> then(record["then"].size());
    generator.fill(then.data(), static_cast<std::int64_t>(then.size()));
    for (std::size_t i = 0; i < then.size(); ++i) {
      seen.add(then[i], record["then"][i].get<double>());
    }
  }
  std::printf(
      "%s: %lld values, %lld exact, largest difference %lld ulp, %.2e, relative %.2e; "
      "of a sum %.2e\n",
      dtype, static_cast<long long>(seen.values), static_cast<long long>(seen.exact),
      static_cast<long long>(seen.worst_ulps), seen.worst, seen.worst_relative, worst_sum);
  return cases;
}

// All bits, those in the middle of long draws too: their sum in double is the recorded one.
TEST(TorchCpu, GivesTheFloatsOfTorch) {
  Seen seen;
  double worst_sum = 0.0;
  EXPECT_EQ(compare_torch_cpu<float>("float32", seen, worst_sum), 65);
  EXPECT_LE(seen.worst_ulps, 1);
  EXPECT_EQ(seen.exact, seen.values);
  EXPECT_EQ(worst_sum, 0.0);
}

// The C library's logarithm, sine and cosine differ by a bit between its versions.
TEST(TorchCpu, GivesTheDoublesOfTorch) {
  Seen seen;
  double worst_sum = 0.0;
  EXPECT_EQ(compare_torch_cpu<double>("float64", seen, worst_sum), 65);
  EXPECT_LE(seen.worst, 1e-15);
  EXPECT_LE(seen.worst_relative, 1e-15);
  EXPECT_LE(worst_sum, 16384 * 1e-15);
}

// Sizes on both sides of 16, odd ones that leave a value behind, and both types.
TEST(TorchCpu, SkippedDrawsAreAsIfTheyWereMade) {
  const std::int64_t sizes[] = {3, 16, 1, 1000, 17, 5, 0, 2, 31, 15, 640, 1, 24, 7, 4097, 9};
  for (const bool is_double : {false, true}) {
    TorchCpu whole(7);
    TorchCpu skipping(7);
    int index = 0;
    for (const std::int64_t size : sizes) {
      std::vector<float> a(size_of(size)), b(size_of(size));
      std::vector<double> c(size_of(size));
      // Two of three are skipped.
      const bool is_skipped = index++ % 3 != 0;
      if (is_double && is_skipped) {
        whole.fill(c.data(), size);
        skipping.skip_doubles(size);
        continue;
      }
      whole.fill(a.data(), size);
      if (is_skipped) {
        skipping.skip_floats(size);
      } else {
        skipping.fill(b.data(), size);
        EXPECT_EQ(a, b) << size;
      }
    }
    EXPECT_EQ(std::memcmp(&whole, &skipping, sizeof whole), 0);
  }
}

TEST(TorchCpu, OnlyTheLowHalfOfASeedCounts) {
  float a[20], b[20], c[20];
  TorchCpu(5).fill(a, 20);
  TorchCpu((std::uint64_t{3} << 32) + 5).fill(b, 20);
  TorchCpu(6).fill(c, 20);
  EXPECT_EQ(std::memcmp(a, b, sizeof a), 0);
  EXPECT_NE(std::memcmp(a, c, sizeof a), 0);
}

// Published for torch.randn(3, 4, device="cuda") of seed 0 by a port that computes in double; a
// card rounds an angle to float32 as here, which moves a normal by up to 2^-22 times its radius.
TEST(TorchCuda, GivesThePublishedNumbers) {
  const double published[] = {-0.92466259, -0.42534415, -2.6438457,  0.14518388,
                              -0.12086647, -0.57972564, -0.62285122, -0.32838709,
                              -1.07454231, -0.36314407, -1.67105067, 2.26550497};
  float values[12];
  const CudaGrid* const grid = sched::find_cuda_card("RTX 3090");
  ASSERT_NE(grid, nullptr);
  sched::fill_torch_cuda(values, 0, 12, 12, 0, 0, *grid);
  double worst = 0.0;
  for (int i = 0; i < 12; ++i) {
    worst = std::fmax(worst, std::fabs(static_cast<double>(values[i]) - published[i]));
  }
  std::printf("largest difference %.2e\n", worst);
  EXPECT_LE(worst, 1e-6);
}

TEST(TorchCuda, GridsAndOffsetsFollowTheCard) {
  const CudaGrid small = {2, 512};  // 1024 threads
  EXPECT_EQ(sched::torch_cuda_threads(1, small), 256);
  EXPECT_EQ(sched::torch_cuda_threads(256, small), 256);
  EXPECT_EQ(sched::torch_cuda_threads(257, small), 512);
  EXPECT_EQ(sched::torch_cuda_threads(1000000, small), 1024);
  EXPECT_EQ(sched::torch_cuda_advance(1, small), 4u);
  EXPECT_EQ(sched::torch_cuda_advance(4096, small), 4u);
  EXPECT_EQ(sched::torch_cuda_advance(4097, small), 8u);
  EXPECT_EQ(sched::torch_cuda_advance(0, small), 0u);
  // A multiprocessor holds whole blocks of 256 threads.
  EXPECT_EQ(sched::torch_cuda_threads(1000000, {2, 600}), 1024);
}

// Elements of one thread are one grid apart, and rounds go on where a larger offset begins.
TEST(TorchCuda, RoundsAreOffsets) {
  const CudaGrid grid = {1, 512};
  const std::int64_t threads = 512, round = 4 * threads;
  std::vector<float> long_draw(size_of(3 * round)), next(size_of(round));
  sched::fill_torch_cuda(long_draw.data(), 0, 3 * round, 3 * round, 11, 8, grid);
  sched::fill_torch_cuda(next.data(), 0, round, round, 11, 16, grid);
  EXPECT_EQ(std::memcmp(long_draw.data() + 2 * round, next.data(), sizeof(float) * next.size()), 0);
  // A draw of one block has the first numbers of the same threads.
  float first[256];
  sched::fill_torch_cuda(first, 0, 256, 256, 11, 8, grid);
  EXPECT_EQ(std::memcmp(long_draw.data(), first, sizeof first), 0);
}

TEST(TorchCuda, CardsAreFoundByNameInAnyCase) {
  EXPECT_GE(sched::cuda_card_count(), 30);
  for (int i = 0; i < sched::cuda_card_count(); ++i) {
    std::string name = sched::cuda_card_name(i);
    const CudaGrid* const card = sched::find_cuda_card(name.c_str());
    for (char& letter : name) letter = static_cast<char>(std::tolower(letter));
    EXPECT_EQ(sched::find_cuda_card(name.c_str()), card) << name;
    for (int k = 0; k < i; ++k) EXPECT_NE(std::string(sched::cuda_card_name(k)), name);
    EXPECT_EQ(card->threads_per_multiprocessor % 512, 0) << name;
  }
  EXPECT_EQ(sched::find_cuda_card("a100")->multiprocessors, 108);
  EXPECT_EQ(sched::find_cuda_card("A100 "), nullptr);
  EXPECT_EQ(sched::find_cuda_card(""), nullptr);
}

// Random123's kat_vectors.
TEST(Threefry, KnownAnswers) {
  struct Case {
    std::uint32_t counter[2], key[2], expected[2];
  };
  const Case cases[] = {
      {{0, 0}, {0, 0}, {0x6b200159, 0x99ba4efe}},
      {{0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}, {0x1cb996fc, 0xbb002be7}},
      {{0x243f6a88, 0x85a308d3}, {0x13198a2e, 0x03707344}, {0xc4923a9c, 0x483df7a0}}};
  for (const Case& c : cases) {
    ThreefryWords<std::uint32_t> words[2];
    for (auto& each : words) each = {c.counter[0], c.counter[1]};
    threefry(words, {{c.key[0], c.key[1]}});
    for (const auto& each : words) {
      EXPECT_EQ(each.first, c.expected[0]);
      EXPECT_EQ(each.second, c.expected[1]);
    }
  }
}

std::vector<float> jax_normals(const ThreefryKey& key, std::int64_t count, ThreefryLayout layout) {
  std::vector<float> values(size_of(count));
  sched::fill_threefry(values.data(), 0, count, count, key, layout);
  return values;
}

ThreefryKey key_of(const json& words) {
  return {{words[0].get<std::uint32_t>(), words[1].get<std::uint32_t>()}};
}

// The second half of a split key makes the numbers, the first is the next key.
TEST(Threefry, GivesTheNormalsOfNx) {
  Seen seen, unsplit;
  double worst_sum = 0.0;
  int cases = 0;
  const json all = recorded("nx.json");
  for (const json& record : all["cases"]) {
    ++cases;
    const auto count = record["n"].get<std::int64_t>();
    ThreefryKey key = sched::threefry_key(record["seed"].get<std::uint64_t>());
    const ThreefryKey given = key_of(record["key"]);
    EXPECT_EQ(std::memcmp(&key, &given, sizeof key), 0);
    const auto plain = jax_normals(key, count, ThreefryLayout::halves);
    for (std::size_t i = 0; i < record["unsplit_first"].size(); ++i) {
      unsplit.add(static_cast<double>(plain[i]), record["unsplit_first"][i].get<double>());
    }
    ASSERT_EQ(record["draws"].size(), 3u);
    for (const json& draw : record["draws"]) {
      ThreefryKey numbers;
      sched::threefry_split(ThreefryKey(key), ThreefryLayout::halves, key, numbers);
      const auto values = jax_normals(numbers, count, ThreefryLayout::halves);
      const std::vector<double> wide(values.begin(), values.end());
      add_ends(seen, wide, draw);
      worst_sum = std::fmax(worst_sum, std::fabs(sum_of(values) - draw["sum"].get<double>()) /
                                           static_cast<double>(count));
    }
    const ThreefryKey next = key_of(record["next_key"]);
    EXPECT_EQ(std::memcmp(&key, &next, sizeof key), 0);
  }
  std::printf("%lld values, largest difference %.2e; of %lld from unsplit keys %.2e; mean %.2e\n",
              static_cast<long long>(seen.values), seen.worst,
              static_cast<long long>(unsplit.values), unsplit.worst, worst_sum);
  EXPECT_EQ(cases, 40);
  EXPECT_LE(seen.worst, 2e-6);
  EXPECT_LE(unsplit.worst, 2e-6);
  EXPECT_LE(worst_sum, 2e-6);
}

// What JAX's own pages print for key(42): before 0.5, and since.
TEST(Threefry, GivesTheNormalsOfJax) {
  const ThreefryKey key = sched::threefry_key(42);
  const auto expect_normals = [&](const ThreefryKey& of, ThreefryLayout layout,
                                  const std::vector<double>& published) {
    const auto values = jax_normals(of, static_cast<std::int64_t>(published.size()), layout);
    for (std::size_t i = 0; i < published.size(); ++i) {
      EXPECT_NEAR(static_cast<double>(values[i]), published[i], 2e-7) << i;
    }
  };
  expect_normals(key, ThreefryLayout::halves, {-0.18471177});
  expect_normals(key, ThreefryLayout::halves, {0.18693547, -1.2806505, -1.5593132});
  ThreefryKey next, numbers;
  sched::threefry_split(key, ThreefryLayout::halves, next, numbers);
  EXPECT_EQ(next.word[0], 2465931498u);
  EXPECT_EQ(next.word[1], 3679230171u);
  EXPECT_EQ(numbers.word[0], 255383827u);
  EXPECT_EQ(numbers.word[1], 267815257u);
  expect_normals(numbers, ThreefryLayout::halves, {1.3694694});

  expect_normals(key, ThreefryLayout::counters, {-0.02830462, 0.46713185, 0.29570296});
  ThreefryKey threaded = key;
  for (const double draw : {0.6057640314102173, -0.21089035272598267, -0.3948981463909149}) {
    sched::threefry_split(ThreefryKey(threaded), ThreefryLayout::counters, threaded, numbers);
    expect_normals(numbers, ThreefryLayout::counters, {draw});
  }
}

// Beyond 2^32 elements the upper word counts, also where a vector crosses the border.
TEST(Threefry, CountersHave64Bits) {
  const std::int64_t count = std::int64_t{1} << 34, border = std::int64_t{1} << 32;
  const ThreefryKey key = sched::threefry_key(1);
  float whole[64], below[32], above[32], start[32];
  sched::fill_threefry(whole, border - 32, 64, count, key, ThreefryLayout::counters);
  sched::fill_threefry(below, border - 32, 32, count, key, ThreefryLayout::counters);
  sched::fill_threefry(above, border, 32, count, key, ThreefryLayout::counters);
  sched::fill_threefry(start, 0, 32, count, key, ThreefryLayout::counters);
  EXPECT_EQ(std::memcmp(whole, below, sizeof below), 0);
  EXPECT_EQ(std::memcmp(whole + 32, above, sizeof above), 0);
  EXPECT_NE(std::memcmp(above, start, sizeof start), 0);
  float crossing[9];
  sched::fill_threefry(crossing, border - 3, 9, count, key, ThreefryLayout::counters);
  EXPECT_EQ(std::memcmp(whole + 29, crossing, sizeof crossing), 0);
}

// Fills parts of `count` elements and compares them with the whole.
template <typename Fill>
void expect_parts_make_the_whole(std::int64_t count, const Fill& fill) {
  std::vector<float> whole(size_of(count));
  fill(whole.data(), 0, count);
  for (const std::int64_t piece : {1, 3, 7, 17, 255, 256, 999, 1025, 2047}) {
    // One behind each end stays untouched.
    std::vector<float> parts(size_of(count) + 1, 99.0f);
    for (std::int64_t i = 0; i < count; i += piece) {
      fill(parts.data() + i, i, std::min(piece, count - i));
      ASSERT_EQ(parts[size_of(std::min(i + piece, count))], 99.0f) << i << " of " << piece;
    }
    EXPECT_EQ(std::memcmp(whole.data(), parts.data(), sizeof(float) * whole.size()), 0)
        << count << " in parts of " << piece;
  }
}

TEST(Shards, AreWhatTheWholeHasThere) {
  for (const std::int64_t count : {1, 2, 5, 16, 33, 1000, 4095, 5001, 9001}) {
    // 512 threads: from 2049 elements on, more than one round.
    expect_parts_make_the_whole(count, [&](float* out, std::int64_t first, std::int64_t wanted) {
      sched::fill_torch_cuda(out, first, wanted, count, 0x123456789abcull, 4, {1, 512});
    });
    for (const ThreefryLayout layout : {ThreefryLayout::halves, ThreefryLayout::counters}) {
      expect_parts_make_the_whole(count, [&](float* out, std::int64_t first, std::int64_t wanted) {
        sched::fill_threefry(out, first, wanted, count, {{7, 9}}, layout);
      });
    }
  }
}

// What an instruction set gives for all generators.
template <typename Cpu, typename Cuda, typename Threefry>
std::vector<float> all_normals(Cpu cpu, Cuda cuda, Threefry jax) {
  constexpr std::int64_t blocks = 1001, count = 16 * blocks;
  std::vector<float> values(size_of(4 * count));
  auto twister = sched::mersenne_twister(5);
  cpu(values.data(), blocks, twister);
  cuda(values.data() + count, 0, count, {3, 8, 1024});
  jax(values.data() + 2 * count, 0, count, {{{1, 2}}, ThreefryLayout::halves, count});
  jax(values.data() + 3 * count, 0, count, {{{1, 2}}, ThreefryLayout::counters, count});
  return values;
}

TEST(ReferenceNormals, EveryInstructionSetGivesTheSameBits) {
  namespace base = sched::baseline;
  const auto expected =
      all_normals(base::fill_torch_cpu, base::fill_torch_cuda, base::fill_threefry);
  [[maybe_unused]] const auto expect_same = [&](const std::vector<float>& values,
                                                const char* name) {
    EXPECT_EQ(std::memcmp(values.data(), expected.data(), sizeof(float) * values.size()), 0);
    std::printf("%s compared\n", name);
  };
#if defined(SCHED_X86_64_LEVELS)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    namespace isa = sched::x86_64_v3;
    expect_same(all_normals(isa::fill_torch_cpu, isa::fill_torch_cuda, isa::fill_threefry),
                "x86-64-v3");
  }
  if (__builtin_cpu_supports("avx512vl")) {
    namespace isa = sched::x86_64_v4;
    expect_same(all_normals(isa::fill_torch_cpu, isa::fill_torch_cuda, isa::fill_threefry),
                "x86-64-v4");
  }
#endif
  ASSERT_EQ(expected.size(), 4u * 16016u);
  for (const float value : expected) ASSERT_TRUE(std::fabs(value) < 7.0f);
}

}  // namespace
