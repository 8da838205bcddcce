// One Brownian path for each element of each seed, whatever the number of steps.

#pragma once

#include "../kernel/task.hpp"

namespace sched {

constexpr int kMaxPathTerms = 40;

// The increment of the path from `from` to `to` (sigma / alpha, both above 0), divided by
// its standard deviation: a weighted sum of normals, one for each node of a binary tree
// that either end hangs on.  Returns how many terms were written.
//
// The path runs in the clock 1 / sigma^2, in which the noise that the SDE of Song et al.
// 2020 (arXiv:2011.13456) adds over two steps is exactly that of one step over both.  The
// tree halves log2(sigma) from 2^24 down to 2^-40, 16 times; what is between two leaves is
// a Brownian bridge with one normal (Jelincic, Foster, Kidger 2024, arXiv:2405.06464).
int path_terms(double from, double to, NoiseTerm* terms);

}  // namespace sched
