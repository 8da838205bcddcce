#include "stream.hpp"

#include <algorithm>
#include <stdexcept>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

// Four to a chunk; integers, since no sum of any bits is slow.
typedef std::uint32_t Lanes __attribute__((vector_size(64), may_alias));
constexpr int kLanes = kStreamChunk / static_cast<int64_t>(sizeof(Lanes));

namespace baseline {
#include "stream.inl"
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SCHED_BENCH_LEVELS
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
namespace x86_64_v3 {
#include "stream.inl"
}
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4")
namespace x86_64_v4 {
#include "stream.inl"
}
#pragma GCC pop_options
#endif

struct Level {
  const char* name;
  void (*regular)(const StreamPass&);
  void (*non_temporal)(const StreamPass&);
};

Level choose() {
#if defined(SCHED_BENCH_LEVELS)
  if (__builtin_cpu_supports("x86-64-v4")) {
    return {"x86-64-v4", x86_64_v4::run_regular, x86_64_v4::run_non_temporal};
  }
  if (__builtin_cpu_supports("x86-64-v3")) {
    return {"x86-64-v3", x86_64_v3::run_regular, x86_64_v3::run_non_temporal};
  }
#endif
  return {"the compiler's default", baseline::run_regular, baseline::run_non_temporal};
}

const Level& level() {
  static const Level chosen = choose();
  return chosen;
}

bool contains(const std::vector<int>& list, int value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

StreamPass stream_pass(const Traffic& traffic, const Arrays& arrays, int64_t elements,
                       sched_dtype dtype) {
  const int64_t size = dtype == SCHED_F32 ? 4 : 2;
  if (elements * size % kStreamChunk != 0) {
    throw std::runtime_error("a stream's elements must fill chunks of " +
                             std::to_string(kStreamChunk) + " bytes");
  }
  StreamPass pass{{}, {}, {}, elements * size / kStreamChunk};
  const auto add = [&](std::vector<Stream>& streams, int array) {
    const int64_t parts = array >= kFirstRowArray ? 4 / size : 1;
    for (int64_t part = 0; part < parts; ++part) {
      streams.push_back(
          {static_cast<char*>(arrays.at(array)) + part * kStreamChunk, parts * kStreamChunk});
    }
  };
  for (const int array : traffic.reads) add(pass.reads, array);
  for (const int array : traffic.writes) {
    add(contains(traffic.reads, array) ? pass.kept : pass.written, array);
  }
  return pass;
}

std::vector<Contestant> stream_contestants(const std::vector<Traffic>& cycle, const Arrays& arrays,
                                           int64_t elements, sched_dtype dtype) {
  std::vector<StreamPass> passes;
  for (const Traffic& call : cycle) passes.push_back(stream_pass(call, arrays, elements, dtype));
  const auto contestant = [&](const char* name, void (*run)(const StreamPass&)) {
    const auto run_many = [passes, run](int count) {
      for (int i = 0; i < count; ++i) run(passes[static_cast<std::size_t>(i) % passes.size()]);
    };
    return Contestant{name, run_many, nullptr, 1 << 20, nullptr};
  };
  std::vector<Contestant> contestants = {contestant(stream_name(0), level().regular)};
#if defined(__x86_64__)
  contestants.push_back(contestant(stream_name(1), level().non_temporal));
#endif
  return contestants;
}

const char* stream_name(std::size_t index) {
  return index == 0 ? "regular stores" : "non-temporal stores";
}

const char* instruction_set() { return level().name; }
