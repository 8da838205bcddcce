#include "convergence_plot.hpp"

#include <algorithm>
#include <cmath>

#include "text_table.hpp"

namespace {

using demo::Canvas;
using demo::Ink;

constexpr int kPanelHeight = 560, kWidth = 1140;
constexpr int kLeft = 96, kRight = 730, kTop = 56, kBottom = 500, kLegend = 764;
constexpr int kLegendRow = 28;

const Ink kPaper = {252, 252, 250};
const Ink kText = {40, 44, 52};
const Ink kFaint = {232, 233, 236};
const Ink kAxis = {120, 126, 136};
const Ink kGuide = {176, 180, 188};

// Told apart from their neighbours, and all dark enough for thin lines.
const Ink kInks[] = {{32, 99, 176},  {214, 104, 24}, {34, 139, 84},   {196, 40, 52},
                     {126, 82, 180}, {0, 150, 160},  {150, 96, 50},   {214, 70, 150},
                     {90, 104, 20},  {84, 84, 92},   {236, 160, 20},  {60, 60, 200},
                     {110, 180, 60}, {160, 20, 110}, {100, 150, 210}, {170, 60, 20},
                     {0, 110, 110},  {40, 40, 110},  {190, 140, 90},  {120, 0, 60}};

// Both axes count powers of ten.
struct Scale {
  double left, right, low, high;
  int top;  // of the panel

  double column(double calls) const {
    return kLeft + (std::log10(calls) - left) / (right - left) * (kRight - kLeft);
  }
  double row(double error) const {
    return top + kBottom - (std::log10(error) - low) / (high - low) * (kBottom - kTop);
  }
};

Scale scale_of(const ConvergencePanel& panel, int top) {
  Scale scale{INFINITY, -INFINITY, INFINITY, -INFINITY, top};
  for (const ConvergenceCurve& curve : panel.curves) {
    for (const auto& [calls, error] : curve.points) {
      scale.left = std::min(scale.left, std::log10(calls));
      scale.right = std::max(scale.right, std::log10(calls));
      scale.low = std::min(scale.low, std::log10(error));
      scale.high = std::max(scale.high, std::log10(error));
    }
  }
  scale.left -= 0.05;
  scale.right += 0.05;
  scale.low = std::floor(scale.low);
  scale.high = std::ceil(scale.high);
  return scale;
}

void draw_axes(Canvas& canvas, const Scale& scale, const std::string& title) {
  canvas.text(kLeft, scale.top + 22, title, 2, kText);
  for (double power = scale.low; power <= scale.high + 0.5; power += 1.0) {
    const int y = static_cast<int>(std::lround(scale.row(std::pow(10.0, power))));
    const std::string label = format("1e%g", power);
    canvas.fill(kLeft, y, kRight - kLeft, 1, kFaint);
    canvas.text(kLeft - 12 - demo::text_width(label, 2), y - demo::kGlyphHeight, label, 2, kText);
  }
  for (const double calls : {20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0}) {
    const int x = static_cast<int>(std::lround(scale.column(calls)));
    if (x < kLeft || x > kRight) continue;
    const std::string label = format("%g", calls);
    canvas.fill(x, scale.top + kTop, 1, kBottom - kTop, kFaint);
    canvas.text(x - demo::text_width(label, 2) / 2, scale.top + kBottom + 12, label, 2, kText);
  }
  canvas.fill(kLeft, scale.top + kTop, 1, kBottom - kTop, kAxis);
  canvas.fill(kLeft, scale.top + kBottom, kRight - kLeft, 1, kAxis);
  canvas.text(kLegend, scale.top + kBottom + 12, "error over model calls", 2, kAxis);
}

// Lines of slope 1 to 3 through a common point at the upper left.
void draw_guides(Canvas& canvas, const Scale& scale) {
  const double start = std::pow(10.0, scale.left);
  const double end = std::pow(10.0, scale.right);
  const double error = std::pow(10.0, scale.high - 0.25);
  for (int slope = 1; slope <= 3; ++slope) {
    const double last = error * std::pow(end / start, -slope);
    constexpr int kDashes = 60;
    const double x0 = scale.column(start), x1 = scale.column(end);
    const double y0 = scale.row(error), y1 = scale.row(last);
    for (int k = 0; k < kDashes; k += 2) {
      const double a = double(k) / kDashes, b = double(k + 1) / kDashes;
      canvas.line(x0 + a * (x1 - x0), y0 + a * (y1 - y0), x0 + b * (x1 - x0), y0 + b * (y1 - y0),
                  1.2, kGuide);
    }
    canvas.text(kRight + 6, static_cast<int>(y1) - demo::kGlyphHeight, std::to_string(slope), 2,
                kAxis);
  }
}

void draw_mark(Canvas& canvas, double x, double y, std::size_t ink) {
  canvas.dot(x, y, 4.5, kInks[ink % std::size(kInks)]);
  if (ink % 2 == 1) canvas.dot(x, y, 2.4, kPaper);
}

void draw_curve(Canvas& canvas, const Scale& scale, const ConvergenceCurve& curve) {
  const Ink& ink = kInks[curve.ink % std::size(kInks)];
  for (std::size_t i = 0; i < curve.points.size(); ++i) {
    const double x = scale.column(curve.points[i].first);
    const double y = scale.row(curve.points[i].second);
    if (i > 0) {
      canvas.line(scale.column(curve.points[i - 1].first), scale.row(curve.points[i - 1].second), x,
                  y, 2.0, ink);
    }
  }
  for (const auto& [calls, error] : curve.points) {
    draw_mark(canvas, scale.column(calls), scale.row(error), curve.ink);
  }
}

// The legend stands in the order of the curves at their right ends.
void draw_legend(Canvas& canvas, const ConvergencePanel& panel, int top) {
  std::vector<ConvergenceCurve> curves = panel.curves;
  std::sort(curves.begin(), curves.end(), [](const auto& a, const auto& b) {
    return a.points.back().second > b.points.back().second;
  });
  int y = top + kTop + 8;
  for (const ConvergenceCurve& curve : curves) {
    canvas.line(kLegend, y, kLegend + 34, y, 2.0, kInks[curve.ink % std::size(kInks)]);
    draw_mark(canvas, kLegend + 17, y, curve.ink);
    canvas.text(kLegend + 46, y - demo::kGlyphHeight, curve.name, 2, kText);
    y += kLegendRow;
  }
}

}  // namespace

demo::Canvas draw_convergence(const std::vector<ConvergencePanel>& panels) {
  Canvas canvas(kWidth, kPanelHeight * static_cast<int>(panels.size()), kPaper);
  int top = 0;
  for (const ConvergencePanel& panel : panels) {
    const Scale scale = scale_of(panel, top);
    draw_axes(canvas, scale, panel.title);
    draw_guides(canvas, scale);
    for (const ConvergenceCurve& curve : panel.curves) draw_curve(canvas, scale, curve);
    draw_legend(canvas, panel, top);
    top += kPanelHeight;
  }
  return canvas;
}
