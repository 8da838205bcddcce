// The names by which people know samplers and schedules elsewhere, as data: each with our
// own composition that does the same.

#pragma once

#include <string>
#include <vector>

#include "json.hpp"

namespace sched {

enum class NameKind { sampler, schedule };

struct KnownName {
  NameKind kind;
  const char* system;  // diffusers, ComfyUI, A1111, stable-diffusion.cpp, k-diffusion
  std::string name;    // as people write it
  std::string composition;
};

const std::vector<KnownName>& known_names();

// Upper and lower case are the same; nullptr where there is none.  An empty system is any.
const KnownName* find_name(const std::string& name, const std::string& system = "");

// A composition whose solver and grid go by names of ours: what the caller says stands
// above what the name says.
Json with_names_resolved(const Json& composition);

}  // namespace sched
