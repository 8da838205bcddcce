#include "convergence_plot.hpp"

#include <cmath>
#include <string>

namespace {

const plot::Ink kGuide = {176, 180, 188};

// Through a common point at the upper left.
void draw_guides(plot::Canvas& canvas, const plot::PanelScale& scale) {
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
    canvas.text(static_cast<int>(x1) + 6, static_cast<int>(y1) - plot::kGlyphHeight,
                std::to_string(slope), 2, plot::kAxis);
  }
}

}  // namespace

plot::Canvas draw_convergence(const std::vector<plot::LinePanel>& panels) {
  return plot::draw_line_panels(panels, draw_guides);
}
