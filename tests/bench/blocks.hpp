// Measuring by turns: machines are noisy, so only ratios of what ran side by side count.
//
// Contestants run in rounds, each round in a new order, each contestant in one block of many
// passes.  A ratio is the median over the rounds of the ratios within a round.

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "statistics.hpp"

struct Contestant {
  std::string name;
  std::function<void(int)> run;      // so many passes
  std::function<void(int)> prepare;  // what so many passes need, outside of the time; or none
  int most = 1 << 20;                // passes that can be prepared
  std::function<void()> pause;       // directly before the time begins; then a block is one pass
};

struct Patience {
  double seconds = 0.2;  // for all rounds of a group
  int multiple = 1;      // blocks have a multiple of so many passes
  int least_rounds = 7;
};

class Measured {
 public:
  explicit Measured(std::size_t contestants = 0) : seconds_(contestants) {}

  void add(std::size_t contestant, double seconds) { seconds_[contestant].push_back(seconds); }
  // The rounds of the same contestants elsewhere.
  void append(const Measured& more);

  // Of one pass.
  Spread seconds(std::size_t contestant) const { return spread_of(seconds_[contestant]); }
  // Time of `a` over time of `b`, round by round: how many times as fast b is.
  Spread ratio(std::size_t a, std::size_t b) const;
  // The one of the smallest median among [first, last).
  std::size_t fastest(std::size_t first, std::size_t last) const;

 private:
  std::vector<std::vector<double>> seconds_;
};

Measured measure(const std::vector<Contestant>& contestants, const Patience& patience);
