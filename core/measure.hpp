// Norms over whole tensors that a step depends on.

#pragma once

#include "pass.hpp"

namespace sched {

// Sums of items, of values, squares or errors, as what the rule asks for.
class MeasureTotal {
 public:
  explicit MeasureTotal(const MeasureRule& rule) : rule_(rule) {}
  void add_item(double first, double second);
  Measured result(std::int64_t batch, std::int64_t elements) const;

 private:
  const MeasureRule& rule_;
  double first_ = 0.0;
  double second_ = 0.0;
};

// What the rule asks for, over the inputs of the pass.
Measured measure(const Pass& pass, const MeasureRule& rule);

}  // namespace sched
