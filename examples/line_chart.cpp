#include "line_chart.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace plot {
namespace {

constexpr int kLeft = 96, kRight = 730, kTop = 76, kBottom = 520, kLegend = 764;
constexpr int kLegendRow = 28, kLegendTop = kTop + 8;
constexpr int kPanelHeight = 600, kPanelWidth = 1140;
// Over more powers of ten than this only they have ticks, not 2 and 5 times them.
constexpr double kFewPowers = 3.0;

const Ink kInks[] = {{32, 99, 176},  {214, 104, 24}, {34, 139, 84},   {196, 40, 52},
                     {126, 82, 180}, {0, 150, 160},  {150, 96, 50},   {214, 70, 150},
                     {90, 104, 20},  {84, 84, 92},   {236, 160, 20},  {60, 60, 200},
                     {110, 180, 60}, {160, 20, 110}, {100, 150, 210}, {170, 60, 20},
                     {0, 110, 110},  {40, 40, 110},  {190, 140, 90},  {120, 0, 60}};

std::vector<double> ticks_between(double low, double high) {
  std::vector<double> ticks;
  const std::vector<double> factors =
      high - low > kFewPowers ? std::vector<double>{1.0} : std::vector<double>{1.0, 2.0, 5.0};
  for (double power = std::floor(low); power <= high; power += 1.0) {
    for (const double factor : factors) {
      const double place = power + std::log10(factor);
      if (place >= low - 1e-9 && place <= high + 1e-9) ticks.push_back(std::pow(10.0, place));
    }
  }
  return ticks;
}

// Powers of ten are written as such where zeros would have to be counted.
std::string tick_label(double value) {
  const double power = std::round(std::log10(value));
  const bool is_long = value >= 1e4 || value < 1e-2;
  const bool is_power = std::fabs(value / std::pow(10.0, power) - 1.0) < 1e-9;
  return is_long && is_power ? "1e" + short_number(power) : short_number(value);
}

void draw_mark(Canvas& canvas, double x, double y, std::size_t ink) {
  canvas.dot(x, y, 4.5, ink_of(ink));
  if (ink % 2 == 1) canvas.dot(x, y, 2.4, kPaper);
}

void draw_curve(Canvas& canvas, const PanelScale& scale, const Curve& curve) {
  for (std::size_t i = 1; i < curve.points.size(); ++i) {
    const auto& [x0, y0] = curve.points[i - 1];
    const auto& [x1, y1] = curve.points[i];
    canvas.line(scale.column(x0), scale.row(y0), scale.column(x1), scale.row(y1), 2.0,
                ink_of(curve.ink));
  }
  for (const auto& [x, y] : curve.points) {
    draw_mark(canvas, scale.column(x), scale.row(y), curve.ink);
  }
}

void draw_legend(Canvas& canvas, const LinePanel& panel, int top) {
  std::vector<Curve> curves = panel.curves;
  const auto end_of = [](const Curve& c) {
    return c.points.empty() ? 0.0 : c.points.back().second;
  };
  std::stable_sort(curves.begin(), curves.end(),
                   [&](const Curve& a, const Curve& b) { return end_of(a) > end_of(b); });
  int y = top + kLegendTop;
  for (const Curve& curve : curves) {
    canvas.line(kLegend, y, kLegend + 34, y, 2.0, ink_of(curve.ink));
    draw_mark(canvas, kLegend + 17, y, curve.ink);
    canvas.text(kLegend + 46, y - kGlyphHeight, curve.name, 2, kText);
    y += kLegendRow;
  }
}

PanelScale scale_of(const LinePanel& panel, int top) {
  PanelScale scale{INFINITY, -INFINITY, INFINITY, -INFINITY, top};
  for (const Curve& curve : panel.curves) {
    for (const auto& [x, y] : curve.points) {
      scale.left = std::min(scale.left, std::log10(x));
      scale.right = std::max(scale.right, std::log10(x));
      scale.low = std::min(scale.low, std::log10(y));
      scale.high = std::max(scale.high, std::log10(y));
    }
  }
  if (scale.left > scale.right) scale = {0.0, 1.0, 0.0, 1.0, top};
  scale.left -= 0.05;
  scale.right += 0.05;
  scale.low = std::floor(scale.low);
  scale.high = std::max(std::ceil(scale.high), scale.low + 1.0);
  return scale;
}

void draw_axes(Canvas& canvas, const PanelScale& scale, const LinePanel& panel) {
  const int top = scale.top;
  canvas.text(kLeft, top + 22, panel.title, 2, kText);
  canvas.text(kLeft, top + 48, panel.y_label, 2, kAxis);
  for (const double value : ticks_between(scale.low, scale.high)) {
    const int y = static_cast<int>(std::lround(scale.row(value)));
    const std::string label = tick_label(value);
    canvas.fill(kLeft, y, kRight - kLeft, 1, kFaint);
    canvas.text(kLeft - 12 - text_width(label, 2), y - kGlyphHeight, label, 2, kText);
  }
  for (const double value : ticks_between(scale.left, scale.right)) {
    const int x = static_cast<int>(std::lround(scale.column(value)));
    const std::string label = tick_label(value);
    canvas.fill(x, top + kTop, 1, kBottom - kTop, kFaint);
    canvas.text(x - text_width(label, 2) / 2, top + kBottom + 12, label, 2, kText);
  }
  canvas.fill(kLeft, top + kTop, 1, kBottom - kTop, kAxis);
  canvas.fill(kLeft, top + kBottom, kRight - kLeft, 1, kAxis);
  canvas.text((kLeft + kRight - text_width(panel.x_label, 2)) / 2, top + kBottom + 38,
              panel.x_label, 2, kAxis);
}

void draw_curves(Canvas& canvas, const PanelScale& scale, const LinePanel& panel) {
  for (const Curve& curve : panel.curves) draw_curve(canvas, scale, curve);
  draw_legend(canvas, panel, scale.top);
}

int height_of(const LinePanel& panel) {
  return std::max(kPanelHeight, kLegendTop + kLegendRow * static_cast<int>(panel.curves.size()));
}

}  // namespace

const Ink& ink_of(std::size_t index) { return kInks[index % std::size(kInks)]; }

double PanelScale::column(double x) const {
  return kLeft + (std::log10(x) - left) / (right - left) * (kRight - kLeft);
}

double PanelScale::row(double y) const {
  return top + kBottom - (std::log10(y) - low) / (high - low) * (kBottom - kTop);
}

Canvas draw_line_panels(const std::vector<LinePanel>& panels, const DrawGuides& guides) {
  int height = 0;
  for (const LinePanel& panel : panels) height += height_of(panel);
  Canvas canvas(kPanelWidth, height, kPaper);
  int top = 0;
  for (const LinePanel& panel : panels) {
    const PanelScale scale = scale_of(panel, top);
    draw_axes(canvas, scale, panel);
    if (guides) guides(canvas, scale);
    draw_curves(canvas, scale, panel);
    top += height_of(panel);
  }
  return canvas;
}

}  // namespace plot
