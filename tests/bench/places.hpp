// Measuring in several places of memory.
//
// Within the caches a step may take a third longer where an array lies a line or two behind
// another, counted within a page: loads then wait for stores to the other.  That is luck, so that a
// ratio is the median over places too.

#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "arrays.hpp"
#include "blocks.hpp"

// What runs on these arrays, made anew for each place.
using MakeContestants = std::function<std::vector<Contestant>(const Arrays&)>;

// So many arrays of so many float32.
Measured measure_in_places(int arrays, int64_t elements, const MakeContestants& make,
                           const Patience& patience);
