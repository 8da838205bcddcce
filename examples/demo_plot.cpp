// Pictures of a run: the contact sheet and the schedule.

#include "demo_plot.hpp"

#include <algorithm>
#include <cmath>

#include "demo_images.hpp"

namespace demo {

using plot::Ink;
using plot::kAxis;
using plot::kBlue;
using plot::kFaint;
using plot::kGlyphAdvance;
using plot::kGlyphHeight;
using plot::kOrange;
using plot::kPaper;
using plot::kText;
using plot::short_number;
using plot::text_width;
using plot::tick_distance;

// -------------------------------------------------------------- contact sheet

void draw_picture(Canvas& canvas, int x, int y, const float* values, int zoom) {
  for (int v = 0; v < kPictureSide * zoom; ++v) {
    for (int u = 0; u < kPictureSide * zoom; ++u) {
      const float* pixel = values + (v / zoom * kPictureSide + u / zoom) * 3;
      Ink ink;
      for (std::size_t c = 0; c < 3; ++c)
        ink[c] = 127.5 * (std::clamp<double>(pixel[c], -1.0, 1.0) + 1.0);
      canvas.fill(x + u, y + v, 1, 1, ink);
    }
  }
}

namespace {
// Drawing counts in int, as the canvas does.
template <class T>
const T& at(const std::vector<T>& list, int index) {
  return list[static_cast<std::size_t>(index)];
}
}  // namespace

Canvas draw_contact_sheet(const ContactSheet& sheet) {
  constexpr int kZoom = 2, kCell = kPictureSide * kZoom, kGap = 6, kMargin = 20, kHead = 84;
  // The start and the end of the loop stand a little apart from the previews.
  constexpr int kApart = 12;
  const int columns = static_cast<int>(sheet.columns.size());
  const int rows = static_cast<int>(sheet.rows.size());
  std::size_t widest = 0;
  for (const std::string& row : sheet.rows) widest = std::max(widest, row.size());
  const int left = kMargin + static_cast<int>(widest) * kGlyphAdvance * 2 + 10;
  const auto column_x = [=](int c) {
    return left + c * (kCell + kGap) + (c > 0 ? kApart : 0) + (c == columns - 1 ? kApart : 0);
  };
  const int table_width = column_x(columns - 1) + kCell + kMargin;
  const int title_width = text_width(sheet.title, 2) + 2 * kMargin;

  Canvas canvas(std::max(table_width, title_width), kHead + rows * (kCell + kGap) + kMargin,
                kPaper);
  canvas.text(kMargin, kMargin, sheet.title, 2, kText);
  for (int c = 0; c < columns; ++c) {
    const int x = column_x(c) + (kCell - text_width(at(sheet.columns, c), 2)) / 2;
    canvas.text(x, kHead - 24, at(sheet.columns, c), 2, c == columns - 1 || c == 0 ? kBlue : kAxis);
  }
  for (int r = 0; r < rows; ++r) {
    const int y = kHead + r * (kCell + kGap);
    canvas.text(kMargin, y + (kCell - kGlyphHeight * 2) / 2, at(sheet.rows, r), 2, kAxis);
    for (int c = 0; c < columns; ++c)
      draw_picture(canvas, column_x(c), y, at(at(sheet.pictures, r), c), kZoom);
  }
  return canvas;
}

// ------------------------------------------------------------------- schedule

namespace {

constexpr int kWidth = 900, kHeight = 520;
constexpr int kLeft = 76, kRight = 814, kTop = 92, kBottom = 448;

// A vertical axis: from the value to the row of the canvas.
struct Axis {
  double low, high;

  double row(double value) const {
    return kBottom - (value - low) / (high - low) * (kBottom - kTop);
  }
};

// The smallest axis over the finite values, rounded out to whole multiples of `unit`.
Axis axis_over(const std::vector<double>& values, double unit) {
  double low = INFINITY, high = -INFINITY;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (low > high) low = high = 0.0;
  low = std::floor(low / unit - 1e-9) * unit;
  high = std::ceil(high / unit + 1e-9) * unit;
  return {low, std::max(high, low + unit)};
}

double range_of(const std::vector<double>& values) {
  const Axis axis = axis_over(values, 1e-3);
  return axis.high - axis.low;
}

double column_of(double step, double steps) { return kLeft + step / steps * (kRight - kLeft); }

void draw_curve(Canvas& canvas, const std::vector<double>& values, const Axis& axis,
                const Ink& ink) {
  const double steps = static_cast<double>(values.size()) - 1.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    const double x = column_of(static_cast<double>(i), steps), y = axis.row(values[i]);
    const bool joined = i > 0 && std::isfinite(values[i - 1]);
    // A level between two that are off the axis would not be seen without its dot.
    if (!joined) canvas.dot(x, y, 1.6, ink);
    if (joined) {
      canvas.line(column_of(static_cast<double>(i) - 1.0, steps), axis.row(values[i - 1]), x, y,
                  2.4, ink);
    }
  }
}

void draw_step_axis(Canvas& canvas, int steps) {
  const double distance = std::max(1.0, tick_distance(steps, 10));
  for (double step = 0; step <= steps + 1e-9; step += distance) {
    const int x = static_cast<int>(std::lround(column_of(step, steps)));
    const std::string label = short_number(step);
    canvas.fill(x, kTop, 1, kBottom - kTop, kFaint);
    canvas.fill(x, kBottom, 1, 6, kAxis);
    canvas.text(x - text_width(label, 2) / 2, kBottom + 12, label, 2, kText);
  }
  canvas.text(kLeft, kBottom + 40, "step", 2, kText);
}

void draw_log_snr_axis(Canvas& canvas, const Axis& axis, double distance) {
  for (double value = axis.low; value <= axis.high + distance / 4; value += distance) {
    const int y = static_cast<int>(std::lround(axis.row(value)));
    const std::string label = short_number(value);
    canvas.fill(kLeft, y, kRight - kLeft, 1, kFaint);
    canvas.fill(kLeft - 6, y, 6, 1, kAxis);
    canvas.text(kLeft - 12 - text_width(label, 2), y - kGlyphHeight, label, 2, kBlue);
  }
}

// `axis` counts powers of ten.  Over few of them 2 and 5 get their own ticks.
void draw_sigma_axis(Canvas& canvas, const Axis& axis) {
  for (double power = std::floor(axis.low); power <= axis.high; power += 1.0) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = power + std::log10(factor);
      if (value < axis.low - 1e-9 || value > axis.high + 1e-9) continue;
      const int y = static_cast<int>(std::lround(axis.row(value)));
      canvas.fill(kRight, y, factor == 1.0 ? 7 : 4, 1, kAxis);
      if (factor != 1.0 && axis.high - axis.low > 2.5) continue;
      canvas.text(kRight + 12, y - kGlyphHeight, short_number(std::pow(10.0, value)), 2, kOrange);
    }
  }
}

// Draws one entry of the legend at x; says where the next one begins.
int draw_legend_text(Canvas& canvas, int x, const std::string& label) {
  canvas.text(x, 56, label, 2, kText);
  return x + text_width(label, 2) + 28;
}

void draw_mark(Canvas& canvas, double x, double y, bool inner) {
  if (inner) {
    canvas.dot(x, y, 8.0, kBlue);
    canvas.dot(x, y, 6.0, kPaper);
  }
  canvas.dot(x, y, 4.2, kBlue);
}

void draw_legend(Canvas& canvas, bool has_inner) {
  constexpr int kRow = 63;
  int x = kLeft;
  canvas.line(x, kRow, x + 26, kRow, 2.4, kBlue);
  x = draw_legend_text(canvas, x + 36, "log SNR");
  canvas.line(x, kRow, x + 26, kRow, 2.4, kOrange);
  x = draw_legend_text(canvas, x + 36, "sigma");
  draw_mark(canvas, x + 8, kRow, false);
  x = draw_legend_text(canvas, x + 24, "model call");
  if (!has_inner) return;
  draw_mark(canvas, x + 8, kRow, true);
  draw_legend_text(canvas, x + 24, "second call of a step");
}

// Levels without a place on a logarithmic axis are said in words instead.
void draw_off_axis_note(Canvas& canvas, const ScheduleChart& chart) {
  std::string note;
  if (std::isinf(chart.log_snr.front())) note = "starts at log SNR -inf";
  if (chart.sigma.back() == 0.0)
    note += (note.empty() ? "" : ", ") + std::string("ends at sigma 0");
  if (note.empty()) return;
  canvas.text(kRight - text_width(note, 2), kBottom + 40, note, 2, kAxis);
}

}  // namespace

Canvas draw_schedule(const ScheduleChart& chart) {
  std::vector<double> decades;
  for (const double sigma : chart.sigma) decades.push_back(std::log10(sigma));
  const double distance = tick_distance(std::max(range_of(chart.log_snr), 2.0), 7);
  const Axis snr = axis_over(chart.log_snr, distance);
  const double decade_range = range_of(decades);
  const Axis sigma = axis_over(decades, decade_range > 1.5 || decade_range < 0.2 ? 0.5 : 0.1);
  const int steps = static_cast<int>(chart.log_snr.size()) - 1;

  Canvas canvas(kWidth, kHeight, kPaper);
  canvas.text(kLeft, 20, chart.title, 2, kText);
  draw_step_axis(canvas, steps);
  draw_log_snr_axis(canvas, snr, distance);
  draw_sigma_axis(canvas, sigma);
  canvas.fill(kLeft, kTop, 1, kBottom - kTop, kAxis);
  canvas.fill(kRight, kTop, 1, kBottom - kTop, kAxis);
  canvas.fill(kLeft, kBottom, kRight - kLeft + 1, 1, kAxis);

  draw_curve(canvas, decades, sigma, kOrange);
  draw_curve(canvas, chart.log_snr, snr, kBlue);
  bool has_inner = false;
  for (const ChartMark& call : chart.calls) {
    const double value = std::isfinite(call.log_snr) ? call.log_snr : snr.low;
    draw_mark(canvas, column_of(call.step, steps), snr.row(value), call.inner);
    has_inner = has_inner || call.inner;
  }
  draw_legend(canvas, has_inner);
  draw_off_axis_note(canvas, chart);
  return canvas;
}

}  // namespace demo
