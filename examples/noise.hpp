// `sched noise`: the normals of a generator, to compare with what another system draws.

#pragma once

#include <sched/sched.hpp>

#include <cstdint>
#include <string>

struct NoiseOptions {
  sched_generator generator = SCHED_GENERATOR_PHILOX;
  std::uint64_t seed = 0;
  std::int64_t count = 12;
  std::int32_t draw = 0;
  sched_dtype dtype = SCHED_F32;
  std::string card;
};

int run_noise(const NoiseOptions& options);
