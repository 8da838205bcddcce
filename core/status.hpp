// Errors inside the library: a status and a sentence that names the thing and what is
// allowed.  Only api.cpp turns them into return values; the numbers are those of
// sched_status (checked there), repeated so that the planner needs no public header.

#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace sched {

enum class Status : int {
  ok = 0,
  argument = -1,
  struct_size = -2,
  json = -3,
  unknown_class = -4,
  unknown_key = -5,
  type = -6,
  value = -7,
  conflict = -8,
  steps = -9,
  timesteps = -10,
  option = -11,
  shape = -12,
  dtype = -13,
  overlap = -14,
  finished = -15,
  not_finite = -16,
  capacity = -17,
  damaged = -18,
  mismatch = -19,
  unsupported = -20,
  memory = -21,
  internal = -22,
  device_lost = -23,
  device_memory = -24,
  vulkan = -25,
  in_use = -26
};

class Error : public std::runtime_error {
 public:
  Error(Status status, const std::string& sentence)
      : std::runtime_error(sentence), status_(status) {}
  Status status() const { return status_; }

 private:
  Status status_;
};

// Puts values of any printable type together into a sentence.
template <typename... Parts>
std::string text_of(const Parts&... parts) {
  std::ostringstream out;
  out.exceptions(std::ios::badbit);  // no half sentence where memory runs out
  out.precision(9);
  (out << ... << parts);
  return out.str();
}

template <typename... Parts>
[[noreturn]] void fail(Status status, const Parts&... parts) {
  throw Error(status, text_of(parts...));
}

}  // namespace sched
