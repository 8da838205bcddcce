// The middle of what was measured, and how far it spreads.

#pragma once

#include <algorithm>
#include <vector>

struct Spread {
  double median = 0.0;
  double relative = 0.0;  // distance of the quartiles over the median

  double half() const { return 0.5 * relative * median; }  // half the distance of the quartiles
};

inline Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double part) {
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
  };
  const double median = at(0.5);
  return {median, median == 0.0 ? 0.0 : (at(0.75) - at(0.25)) / median};
}
