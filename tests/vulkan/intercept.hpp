// What intercepted_loader() of application.hpp does: it stands between the library and Vulkan: it
// counts calls and objects, makes calls fail, and changes what the device says of itself.

#ifndef SCHED_TESTS_VULKAN_INTERCEPT_HPP_
#define SCHED_TESTS_VULKAN_INTERCEPT_HPP_

#include <map>

#include "application.hpp"

namespace vulkan_test {

class Spy {
 public:
  // Forgets which calls there were, and what was asked for.
  void reset();

  // From now on, call `nth` (from 1) of `name` fails, and those after it where `for_ever`.
  void fail(const std::string& name, long nth, VkResult result, bool for_ever = false);

  long calls(const std::string& name) const;
  // Of every function whose name begins so.
  long calls_beginning(const std::string& prefix) const;
  // Objects that exist, by the name of the function that makes them.  Those of a pool go with
  // the pool.
  std::map<std::string, long> living() const;

  // Names that the library asked the loader for since the program began; those of them that
  // return a VkResult; and those that no wrapper here knows.
  std::vector<std::string> asked_for() const;
  std::vector<std::string> asked_for_results() const;
  std::vector<std::string> unknown_names() const;
  // Calls since the program began.
  long calls_ever(const std::string& name) const;

  // A function that the loader does not have.
  std::string missing;

  // What the device says.
  bool has_no_compute = false;
  std::uint32_t driver_version = 0;  // 0: as it is
};
Spy& spy();

}  // namespace vulkan_test

#endif  // SCHED_TESTS_VULKAN_INTERCEPT_HPP_
