// Norms over whole tensors that a step depends on.

#pragma once

#include "pass.hpp"

namespace sched {

// What the rule asks for, over the inputs of the pass.
Measured measure(const Pass& pass, const MeasureRule& rule);

}  // namespace sched
