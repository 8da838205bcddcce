#include "blocks.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <random>

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kLeastBlock = 200e-6;  // seconds: long beside the clock and an interrupt
constexpr int kMostRounds = 201;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Seconds of each of `passes`, behind some that are not timed: they bring back what the
// contestant before has driven out of the caches.
double time_block(const Contestant& contestant, int passes, int multiple) {
  if (contestant.prepare) contestant.prepare(passes + multiple);
  contestant.run(multiple);
  if (contestant.pause) contestant.pause();
  const auto start = Clock::now();
  contestant.run(passes);
  return seconds_since(start) / passes;
}

// Passes of a block that is long enough to time.
int passes_of(const Contestant& contestant, int multiple) {
  if (contestant.pause) return multiple;
  const int most = std::max(contestant.most - multiple, multiple) / multiple * multiple;
  int passes = multiple;
  while (passes < most) {
    const double seconds = time_block(contestant, passes, multiple) * passes;
    if (seconds >= kLeastBlock) break;
    const double wanted = 1.1 * passes * kLeastBlock / std::max(seconds, 1e-8);
    const double next = std::clamp(wanted, passes + 1.0, 16.0 * passes);
    passes = static_cast<int>(std::ceil(next / multiple)) * multiple;
  }
  return std::min(passes, most);
}

}  // namespace

void Measured::append(const Measured& more) {
  seconds_.resize(more.seconds_.size());
  for (std::size_t i = 0; i < seconds_.size(); ++i) {
    seconds_[i].insert(seconds_[i].end(), more.seconds_[i].begin(), more.seconds_[i].end());
  }
}

Spread Measured::ratio(std::size_t a, std::size_t b) const {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < seconds_[a].size(); ++i) {
    ratios.push_back(seconds_[a][i] / seconds_[b][i]);
  }
  return spread_of(ratios);
}

std::size_t Measured::fastest(std::size_t first, std::size_t last) const {
  std::size_t best = first;
  for (std::size_t i = first; i < last; ++i) {
    if (seconds(i).median < seconds(best).median) best = i;
  }
  return best;
}

Measured measure(const std::vector<Contestant>& contestants, const Patience& patience) {
  std::vector<int> passes;
  for (const Contestant& c : contestants) passes.push_back(passes_of(c, patience.multiple));
  std::vector<std::size_t> order(contestants.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937 random(1);
  Measured measured(contestants.size());
  const auto start = Clock::now();
  for (int round = 0; round < kMostRounds; ++round) {
    if (round >= patience.least_rounds && seconds_since(start) > patience.seconds) break;
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) {
      measured.add(i, time_block(contestants[i], passes[i], patience.multiple));
    }
  }
  return measured;
}
