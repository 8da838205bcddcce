// The methods and their options as users see them: sched_method_at, sched_option_at.

#pragma once

#include <sched/sched.h>

#include <string>
#include <vector>

namespace sched {

struct OptionText {
  bool at_init;
  const char* name;
  const char* type;
  std::string default_value;
  std::string allowed;

  sched_option_info info() const {
    return {sizeof(sched_option_info), at_init ? 1 : 0, name, type,
            default_value.c_str(),     allowed.c_str()};
  }
};

sched_method_info method_info(std::size_t index);

// Lives as long as the program.
const std::vector<OptionText>& method_options(std::size_t method);

}  // namespace sched
