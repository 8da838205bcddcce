// Shapes that are tables: sigmas that were found by a search, and how they are stretched to
// any number of steps.

#include <cmath>

#include "../status.hpp"
#include "grid_shapes.hpp"
#include "math.hpp"

namespace sched {

List<double> resampled(const List<double>& levels, int points) {
  if (levels.size() < 2) fail(Status::value, "levels must have two entries or more");
  if (!(levels.back() > 0.0)) fail(Status::value, "levels must be above 0");
  checked_to_fall(levels, " in levels");
  const double last = static_cast<double>(levels.size() - 1);
  List<double> sigmas = linspace(0.0, last, points);
  for (double& s : sigmas) {
    const auto below = static_cast<std::size_t>(s);
    const double rest = s - std::floor(s);
    s = rest == 0.0
            ? levels[below]
            : std::exp((1.0 - rest) * std::log(levels[below]) + rest * std::log(levels[below + 1]));
  }
  return sigmas;
}

List<double> align_your_steps_levels(AlignYourSteps model) {
  switch (model) {
    case AlignYourSteps::sd1:
      return {14.6146412293, 6.4745760956, 3.8636745985, 2.6946151520, 1.8841921177, 1.3943805092,
              0.9642583904,  0.6523686016, 0.3977456272, 0.1515232662, 0.0291671582};
    case AlignYourSteps::sdxl:
      return {14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141,
              0.5550693289,  0.3798540708, 0.2332364134, 0.1114188177, 0.0291671582};
    case AlignYourSteps::svd:
      break;
  }
  return {700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002};
}

List<double> parts_of_largest(PartsTable table) {
  // What the largest sigma is divided by.
  static constexpr double divisors[][9] = {
      {2.257, 3.785, 5.418, 7.749, 10.469, 15.176, 22.415, 36.629, 96.151},
      {2.314, 3.875, 6.701, 10.89, 16.954, 26.333, 38.46, 62.457, 129.336},
      {3.165, 5.829, 11.824, 20.819, 36.355, 60.895, 93.685, 140.528, 155.478},
      {3.087, 5.693, 9.558, 14.807, 22.415, 34.964, 54.533, 81.648, 115.078}};
  List<double> levels{1.0};
  for (const double divisor : divisors[static_cast<std::size_t>(table)]) {
    levels.push_back(1.0 / divisor);
  }
  levels.push_back(0.029);
  return levels;
}

// ------------------------------------------------------------------------------ GITS

namespace {

constexpr int kGitsFewest = 2;  // steps that have a row of their own, and the most
constexpr int kGitsMost = 20;
constexpr int kGitsCoefficients = 15;  // 0.80 to 1.50 in steps of 0.05
constexpr int kGitsRowEntries = kGitsMost * (kGitsMost - 1) / 2;

#include "gits_rows.inl"

constexpr int kGitsLevelCount = sizeof kGitsLevels / sizeof *kGitsLevels;

List<double> gits_row(int coefficient, int steps) {
  const unsigned char* const row = kGitsRows[coefficient] + (steps - 1) * (steps - 2) / 2;
  List<double> levels{kGitsLevels[0]};
  for (int i = 0; i < steps - 1; ++i) levels.push_back(kGitsLevels[row[i]]);
  levels.push_back(kGitsLevels[kGitsLevelCount - 1]);
  return levels;
}

}  // namespace

List<double> gits(double coefficient, int points) {
  const int nearest = static_cast<int>(std::round((coefficient - 0.8) / 0.05));
  const int steps = points - 1;
  if (steps < kGitsFewest) return {kGitsLevels[0], kGitsLevels[kGitsLevelCount - 1]};
  if (steps <= kGitsMost) return gits_row(nearest, steps);
  return resampled(gits_row(nearest, kGitsMost), points);
}

}  // namespace sched
