#include "charts.hpp"

#include <algorithm>
#include <cmath>

#include "line_chart.hpp"
#include "report.hpp"

namespace {

using plot::Canvas;
using plot::Ink;
using plot::kAxis;
using plot::kFaint;
using plot::kGlyphHeight;
using plot::kPaper;
using plot::kText;
using plot::text_width;

constexpr int kMargin = 24;

int widest(const std::vector<std::string>& texts) {
  int width = 0;
  for (const std::string& text : texts) width = std::max(width, text_width(text, 2));
  return width;
}

Ink mixed(const Ink& a, const Ink& b, double part) {
  Ink ink;
  for (std::size_t c = 0; c < ink.size(); ++c) ink[c] = a[c] + part * (b[c] - a[c]);
  return ink;
}

// Red at 0.4 and below, yellow at 0.7, green at 1 and above: all light enough for dark text.
Ink heat_of(double value) {
  const Ink red = {238, 130, 110}, yellow = {250, 232, 160}, green = {128, 200, 140};
  const double part = std::clamp((value - 0.4) / 0.6, 0.0, 1.0);
  return part < 0.5 ? mixed(red, yellow, 2.0 * part) : mixed(yellow, green, 2.0 * part - 1.0);
}

const Ink kGrey = {224, 226, 230};

constexpr int kCellWidth = 92, kCellHeight = 24, kPanelGap = 28, kHeadLine = 24;

int width_of(const HeatPanel& panel) {
  const int columns = static_cast<int>(panel.columns.size()) * kCellWidth;
  return std::max(columns, text_width(panel.title, 2)) + kPanelGap;
}

void draw_heat_panel(Canvas& canvas, const HeatMap& map, const HeatPanel& panel, int left,
                     int top) {
  canvas.text(left, top - 52, panel.title, 2, kText);
  for (std::size_t c = 0; c < panel.columns.size(); ++c) {
    const int x = left + static_cast<int>(c) * kCellWidth;
    const int width = text_width(panel.columns[c], 2);
    canvas.text(x + (kCellWidth - width) / 2, top - 24, panel.columns[c], 2, kAxis);
    for (std::size_t r = 0; r < panel.values.size(); ++r) {
      const double value = panel.values[r][c];
      if (std::isnan(value)) continue;
      const int y = top + static_cast<int>(r) * kCellHeight;
      const std::string text = short_text(value);
      canvas.fill(x + 1, y + 1, kCellWidth - 2, kCellHeight - 2,
                  map.is_grey[r] ? kGrey : heat_of(value));
      canvas.text(x + (kCellWidth - text_width(text, 2)) / 2, y + 5, text, 2, kText);
    }
  }
}

void draw_heat_legend(Canvas& canvas, int left, int top) {
  int x = left;
  for (const double value : {0.4, 0.55, 0.7, 0.85, 1.0}) {
    canvas.fill(x, top, kCellWidth, kCellHeight, heat_of(value));
    const std::string text = (value < 0.5   ? "<= "
                              : value > 0.9 ? ">= "
                                            : "") +
                             plot::short_number(value);
    canvas.text(x + (kCellWidth - text_width(text, 2)) / 2, top + 5, text, 2, kText);
    x += kCellWidth;
  }
}

}  // namespace

Canvas draw_heat_map(const HeatMap& map) {
  const int left = kMargin + widest(map.rows) + 16;
  const int notes = static_cast<int>(map.notes.size());
  const int top = kMargin + (2 + notes) * kHeadLine + 60;
  int width = left;
  for (const HeatPanel& panel : map.panels) {
    width += width_of(panel);
  }
  width = std::max(width, left + 5 * kCellWidth + kMargin);
  width = std::max(width, kMargin * 2 + std::max(widest(map.notes), text_width(map.title, 2)));
  const int bottom = top + static_cast<int>(map.rows.size()) * kCellHeight;
  Canvas canvas(width, bottom + kMargin * 2 + kCellHeight, kPaper);
  canvas.text(kMargin, kMargin, map.title, 2, kText);
  for (int i = 0; i < notes; ++i) {
    canvas.text(kMargin, kMargin + (i + 1) * kHeadLine, map.notes[static_cast<std::size_t>(i)], 2,
                kAxis);
  }
  for (std::size_t r = 0; r < map.rows.size(); ++r) {
    const int y = top + static_cast<int>(r) * kCellHeight + 5;
    canvas.text(left - 12 - text_width(map.rows[r], 2), y, map.rows[r], 2, kText);
  }
  int x = left;
  for (const HeatPanel& panel : map.panels) {
    draw_heat_panel(canvas, map, panel, x, top);
    x += width_of(panel);
  }
  draw_heat_legend(canvas, left, bottom + kMargin);
  return canvas;
}

namespace {

constexpr int kBarHeight = 15, kBarGap = 3, kGroupGap = 16, kBarsWidth = 720, kValueWidth = 90;

// From values to columns of the canvas.
struct BarAxis {
  double low, high;
  bool is_logarithmic;
  int left;

  double place(double value) const {
    return is_logarithmic ? std::log10(std::max(value, 1e-12)) : value;
  }
  int column(double value) const {
    const double part = (place(value) - low) / (high - low);
    return left + static_cast<int>(std::lround(std::clamp(part, 0.0, 1.0) * kBarsWidth));
  }
};

BarAxis axis_of(const BarChart& chart, int left) {
  double least = 1.0, most = chart.mark;
  for (const BarGroup& group : chart.groups) {
    for (const double value : group.values) {
      if (std::isnan(value) || value <= 0.0) continue;
      least = std::min(least, value);
      most = std::max(most, value);
    }
  }
  if (!chart.is_logarithmic) return {0.0, most > 0.0 ? most : 1.0, false, left};
  const double low = std::floor(std::log10(least) + 1e-9);
  return {low, std::max(std::log10(std::max(most, 1e-12)), low + 1.0), true, left};
}

std::vector<double> ticks_of(const BarAxis& axis) {
  std::vector<double> ticks;
  if (!axis.is_logarithmic) {
    const double distance = plot::tick_distance(axis.high - axis.low, 8);
    for (double value = 0.0; value <= axis.high * (1.0 + 1e-9); value += distance) {
      ticks.push_back(value);
    }
    return ticks;
  }
  for (double power = axis.low; power <= axis.high; power += 1.0) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (power + std::log10(factor) <= axis.high) ticks.push_back(factor * std::pow(10.0, power));
    }
  }
  return ticks;
}

int group_height(const BarChart& chart) {
  return static_cast<int>(chart.series.size()) * (kBarHeight + kBarGap) + kGroupGap;
}

void draw_bar_axis(Canvas& canvas, const BarChart& chart, const BarAxis& axis, int top,
                   int bottom) {
  for (const double value : ticks_of(axis)) {
    const int x = axis.column(value);
    const std::string label = plot::short_number(value);
    canvas.fill(x, top, 1, bottom - top, kFaint);
    canvas.text(x - text_width(label, 2) / 2, bottom + 10, label, 2, kText);
  }
  canvas.fill(axis.left, top, 1, bottom - top, kAxis);
  canvas.fill(axis.left, bottom, kBarsWidth, 1, kAxis);
  canvas.text(axis.left + (kBarsWidth - text_width(chart.unit, 2)) / 2, bottom + 36, chart.unit, 2,
              kAxis);
}

void draw_group(Canvas& canvas, const BarChart& chart, const BarAxis& axis, const BarGroup& group,
                int top) {
  const int height = group_height(chart) - kGroupGap;
  canvas.text(axis.left - 12 - text_width(group.label, 2), top + (height - 2 * kGlyphHeight) / 2,
              group.label, 2, kText);
  for (std::size_t s = 0; s < group.values.size(); ++s) {
    if (std::isnan(group.values[s])) continue;
    const int y = top + static_cast<int>(s) * (kBarHeight + kBarGap);
    const int x = axis.column(group.values[s]);
    canvas.fill(axis.left + 1, y, std::max(x - axis.left - 1, 1), kBarHeight, plot::ink_of(s));
    const std::string text = short_text(group.values[s]);
    canvas.fill(x + 4, y, text_width(text, 2) + 4, kBarHeight, kPaper);
    canvas.text(x + 6, y + 1, text, 2, kText);
  }
}

void draw_bar_legend(Canvas& canvas, const BarChart& chart, int left, int y) {
  int x = left;
  for (std::size_t s = 0; s < chart.series.size() && chart.series.size() > 1; ++s) {
    canvas.fill(x, y, 22, kBarHeight, plot::ink_of(s));
    canvas.text(x + 30, y, chart.series[s], 2, kText);
    x += 30 + text_width(chart.series[s], 2) + 28;
  }
  if (chart.mark > 0.0) {
    canvas.line(x, y + 7, x + 22, y + 7, 2.0, kText);
    canvas.text(x + 30, y, chart.mark_label, 2, kText);
  }
}

}  // namespace

Canvas draw_bars(const BarChart& chart) {
  std::vector<std::string> labels;
  for (const BarGroup& group : chart.groups) labels.push_back(group.label);
  const BarAxis axis = axis_of(chart, kMargin + widest(labels) + 16);
  const int top = kMargin + 2 * kHeadLine + kBarHeight + 14;
  const int bottom = top + static_cast<int>(chart.groups.size()) * group_height(chart);
  Canvas canvas(std::max(axis.left + kBarsWidth + kValueWidth, text_width(chart.title, 2) + 48),
                bottom + 76, kPaper);
  canvas.text(kMargin, kMargin, chart.title, 2, kText);
  draw_bar_legend(canvas, chart, kMargin, kMargin + kHeadLine + 6);
  draw_bar_axis(canvas, chart, axis, top, bottom);
  if (chart.mark > 0.0) {
    const double x = axis.column(chart.mark);
    canvas.line(x, top, x, bottom, 2.0, kText);
  }
  int y = top + kGroupGap / 2;
  for (const BarGroup& group : chart.groups) {
    draw_group(canvas, chart, axis, group, y);
    y += group_height(chart);
  }
  return canvas;
}
