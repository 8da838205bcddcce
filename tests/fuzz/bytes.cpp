#include "bytes.hpp"

#include <sched/sched.h>

#include <cmath>
#include <limits>

namespace fuzz {

double Bytes::number() {
  using Limits = std::numeric_limits<double>;
  static const double odd[] = {0.0,
                               -0.0,
                               1.0,
                               0.5,
                               -1.0,
                               1e-3,
                               0.999999,
                               1e6,
                               2147483648.0,
                               9007199254740993.0,
                               1e30,
                               Limits::max(),
                               -Limits::max(),
                               Limits::denorm_min(),
                               Limits::infinity(),
                               -Limits::infinity(),
                               Limits::quiet_NaN(),
                               SCHED_UNSET};
  switch (byte() % 4) {
    case 0:
      return raw<std::uint8_t>() / 16.0;
    case 1:
      return raw<std::uint16_t>();
    case 2:
      return odd[index(std::size(odd))];
    default:
      return raw<double>();
  }
}

std::int64_t Bytes::integer() {
  static const std::int64_t odd[] = {0,
                                     1,
                                     -1,
                                     std::int64_t{1} << 24,
                                     std::numeric_limits<std::int32_t>::max(),
                                     std::numeric_limits<std::int32_t>::min(),
                                     std::int64_t{1} << 32,
                                     std::int64_t{1} << 40,
                                     std::int64_t{1} << 62,
                                     std::numeric_limits<std::int64_t>::max(),
                                     std::numeric_limits<std::int64_t>::min()};
  switch (byte() % 4) {
    case 0:
    case 1:
      return raw<std::uint8_t>() % 32;
    case 2:
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(odd[index(std::size(odd))]) +
                                       raw<std::uint8_t>() - 1);
    default:
      return raw<std::int64_t>();
  }
}

}  // namespace fuzz
