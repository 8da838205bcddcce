// The methods that are measured: all of the library's that run by their defaults and need nothing
// but predictions.

#pragma once

#include <sched/sched.h>

#include <cstdint>
#include <string>
#include <vector>

// Those that other sections compare, as plain as they get.
struct NamedConfig {
  const char* name;
  const char* config;
};

constexpr NamedConfig kDdim = {"DDIM", R"({"solver": "ddim"})"};
constexpr NamedConfig kFlow = {"flow Euler",
                               R"({"solver": "flow_match_euler", "schedule": "flow"})"};
constexpr NamedConfig kDpmpp2m = {"DPM++ 2M", R"({"solver": "dpmpp_2m"})"};
constexpr NamedConfig kUnipc = {"UniPC", R"({"solver": "unipc"})"};
constexpr NamedConfig kEulerAncestral = {"Euler ancestral", R"({"solver": "euler_ancestral"})"};

// "DDIM" of a diffusers class, "ddim" of our own composition.
std::string method_name(const sched_method_info& info);
// What may stand for the defaults: flow solvers want a flow schedule, and the corrector of
// score_sde_ve, whose steps depend on norms, is left out of the last.
std::vector<std::string> default_configs(const sched_method_info& info);

struct BenchMethod {
  std::string name;
  std::string config;
  int32_t steps;  // as many as its defaults allow, at most 500
  bool has_noise;
};

struct LeftOut {
  std::string name, reason;
  bool is_repeated = false;  // `reason` names the method that costs the same
};

struct MethodList {
  std::vector<BenchMethod> methods;
  std::vector<LeftOut> left_out;
};

// Of methods of one solver that move the same arrays only the first is kept.
MethodList bench_methods();
