// Pictures of the results.

#pragma once

#include <string>
#include <vector>

#include "plot.hpp"

// Values in coloured cells: 1 is green, and the less the redder.  NaN is an empty cell.
struct HeatPanel {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<double>> values;  // [row][column]
};

struct HeatMap {
  std::string title;
  std::vector<std::string> notes;  // below the title
  std::vector<std::string> rows;
  std::vector<bool> is_grey;      // by row: values that are no judgement
  std::vector<HeatPanel> panels;  // side by side
};

plot::Canvas draw_heat_map(const HeatMap& map);

// Horizontal bars in groups, one bar of a group for each series.
struct BarGroup {
  std::string label;
  std::vector<double> values;  // by series; NaN is none
};

struct BarChart {
  std::string title, unit;
  std::vector<std::string> series;
  std::vector<BarGroup> groups;
  double mark = 0.0;  // a line across all bars; 0: none
  std::string mark_label;
  bool is_logarithmic = false;  // from 1 on, or from the next lower power of ten
};

plot::Canvas draw_bars(const BarChart& chart);
