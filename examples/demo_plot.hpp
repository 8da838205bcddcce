// Pictures of a run: the contact sheet and the schedule.

#pragma once

#include <string>
#include <vector>

#include "plot.hpp"

namespace demo {

using plot::Canvas;

// A picture of the demo, `zoom` times as large; values outside [-1, 1] are clamped.
void draw_picture(Canvas& canvas, int x, int y, const float* values, int zoom);

// Rows are samples; the first column is the start of the loop, the last its end, and the others are
// previews.
struct ContactSheet {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::string> rows;
  std::vector<std::vector<const float*>> pictures;  // [row][column]
};

Canvas draw_contact_sheet(const ContactSheet& sheet);

// One model call on the chart.
struct ChartMark {
  double step;     // whole numbers are where steps begin
  double log_snr;  // may be infinite
  bool inner;      // not the first call of its step
};

struct ScheduleChart {
  std::string title;
  std::vector<double> log_snr;  // steps + 1 entries, infinite ones are left out
  std::vector<double> sigma;    // as many, zero and infinity are left out
  std::vector<ChartMark> calls;
};

Canvas draw_schedule(const ScheduleChart& chart);

}  // namespace demo
