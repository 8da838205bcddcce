// What the files of shapes share.

#pragma once

#include "grid_parts.hpp"

namespace sched {

// Throws, with `reason` at the end of the sentence.
List<double> checked_to_fall(List<double> sigmas, const char* reason);

// The end exactly as asked for, which the formula meets to a rounding.
List<double> pinned(List<double> sigmas, double high, double low);

// A repeated sigma would be a step of no length, and divided differences over it.
List<double> without_repeats(List<double> sigmas);

void check_no_range(const GridSpec& spec);

// reForge's shapes: cosine to react_cosinusoidal_dynsf.
List<double> curve(const GridSpec& spec, double high, double low, int count);

// `levels` at evenly spread places, log sigma between them linear.
List<double> resampled(const List<double>& levels, int points);
List<double> gits(double coefficient, int points);

}  // namespace sched
