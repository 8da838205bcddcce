// Configurations from bytes, most of them valid: methods and their options come from the library's
// own tables, the sections of a composition from what the library says is allowed there.

#pragma once

#include <string>
#include <vector>

#include "bytes.hpp"

namespace fuzz {

// A diffusers file or a composition, as JSON.
std::string configuration(Bytes& choices);

// A configuration of each method with its defaults, and some that defaults do not reach.
const std::vector<std::string>& usual_configurations();

}  // namespace fuzz
