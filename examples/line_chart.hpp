// Curves over axes that count powers of ten, panels one under the other.

#pragma once

#include <functional>
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

// Where a panel's values are on the canvas; `left` to `high` are powers of ten.
struct PanelScale {
  double left, right, low, high;
  int top;

  double column(double x) const;
  double row(double y) const;
};

// What a panel has between its axes and its curves.
using DrawGuides = std::function<void(Canvas&, const PanelScale&)>;

// Legends are in the order of the curves' right ends; a panel is as high as its own wants.
Canvas draw_line_panels(const std::vector<LinePanel>& panels, const DrawGuides& guides = nullptr);

// Colours told apart from their neighbours, all dark enough for thin lines; they repeat.
const Ink& ink_of(std::size_t index);

}  // namespace plot
