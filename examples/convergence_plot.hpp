// Error against model calls, with lines of slope 1 to 3 to compare with.

#pragma once

#include <vector>

#include "line_chart.hpp"

plot::Canvas draw_convergence(const std::vector<plot::LinePanel>& panels);
