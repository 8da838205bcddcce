// Curves over axes that count powers of ten, panels one under the other.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plot.hpp"

namespace plot {

struct Curve {
  std::string name;
  std::size_t ink = 0;                            // curves of one ink have one colour and mark
  std::vector<std::pair<double, double>> points;  // all above 0
};

struct LinePanel {
  std::string title, x_label, y_label;
  std::vector<Curve> curves;
};

constexpr int kPanelHeight = 600, kPanelWidth = 1140;

// Where a panel's values are on the canvas; `left` to `high` are powers of ten.
struct PanelScale {
  double left, right, low, high;
  int top;

  double column(double x) const;
  double row(double y) const;
};

PanelScale scale_of(const LinePanel& panel, int top);
void draw_axes(Canvas& canvas, const PanelScale& scale, const LinePanel& panel);
// With their legend, in the order of their right ends.
void draw_curves(Canvas& canvas, const PanelScale& scale, const LinePanel& panel);

Canvas draw_line_panels(const std::vector<LinePanel>& panels);

// Colours told apart from their neighbours, all dark enough for thin lines; they repeat.
const Ink& ink_of(std::size_t index);

}  // namespace plot
