// Drawing without a graphics library: soft-edged strokes, a 5 x 7 font, and PNG files.

#include "demo_plot.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "demo_images.hpp"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
// stb keeps functions that this program does not call.
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#include <stb/stb_image_write.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace demo {
namespace {

// Rows of the printable ASCII characters from the space on, five bits each, from the top.
// clang-format off
constexpr std::uint8_t kGlyphs[95][kGlyphHeight] = {
    {0, 0, 0, 0, 0, 0, 0}, {4, 4, 4, 4, 4, 0, 4}, {10, 10, 0, 0, 0, 0, 0}, {10, 10, 31, 10, 31, 10, 10},
    {4, 15, 20, 14, 5, 30, 4}, {24, 25, 2, 4, 8, 19, 3}, {12, 18, 20, 8, 21, 18, 13}, {4, 4, 0, 0, 0, 0, 0},
    {2, 4, 8, 8, 8, 4, 2}, {8, 4, 2, 2, 2, 4, 8}, {0, 4, 21, 14, 21, 4, 0}, {0, 4, 4, 31, 4, 4, 0},
    {0, 0, 0, 0, 12, 4, 8}, {0, 0, 0, 31, 0, 0, 0}, {0, 0, 0, 0, 0, 12, 12}, {0, 1, 2, 4, 8, 16, 0},
    {14, 17, 19, 21, 25, 17, 14}, {4, 12, 4, 4, 4, 4, 14}, {14, 17, 1, 2, 4, 8, 31}, {31, 2, 4, 2, 1, 17, 14},
    {2, 6, 10, 18, 31, 2, 2}, {31, 16, 30, 1, 1, 17, 14}, {6, 8, 16, 30, 17, 17, 14}, {31, 1, 2, 4, 8, 8, 8},
    {14, 17, 17, 14, 17, 17, 14}, {14, 17, 17, 15, 1, 2, 12}, {0, 12, 12, 0, 12, 12, 0}, {0, 12, 12, 0, 12, 4, 8},
    {2, 4, 8, 16, 8, 4, 2}, {0, 0, 31, 0, 31, 0, 0}, {8, 4, 2, 1, 2, 4, 8}, {14, 17, 1, 2, 4, 0, 4},
    {14, 17, 1, 13, 21, 21, 14}, {14, 17, 17, 31, 17, 17, 17}, {30, 17, 17, 30, 17, 17, 30}, {14, 17, 16, 16, 16, 17, 14},
    {28, 18, 17, 17, 17, 18, 28}, {31, 16, 16, 30, 16, 16, 31}, {31, 16, 16, 30, 16, 16, 16}, {14, 17, 16, 23, 17, 17, 15},
    {17, 17, 17, 31, 17, 17, 17}, {14, 4, 4, 4, 4, 4, 14}, {7, 2, 2, 2, 2, 18, 12}, {17, 18, 20, 24, 20, 18, 17},
    {16, 16, 16, 16, 16, 16, 31}, {17, 27, 21, 21, 17, 17, 17}, {17, 17, 25, 21, 19, 17, 17}, {14, 17, 17, 17, 17, 17, 14},
    {30, 17, 17, 30, 16, 16, 16}, {14, 17, 17, 17, 21, 18, 13}, {30, 17, 17, 30, 20, 18, 17}, {15, 16, 16, 14, 1, 1, 30},
    {31, 4, 4, 4, 4, 4, 4}, {17, 17, 17, 17, 17, 17, 14}, {17, 17, 17, 17, 17, 10, 4}, {17, 17, 17, 21, 21, 21, 10},
    {17, 17, 10, 4, 10, 17, 17}, {17, 17, 17, 10, 4, 4, 4}, {31, 1, 2, 4, 8, 16, 31}, {14, 8, 8, 8, 8, 8, 14},
    {0, 16, 8, 4, 2, 1, 0}, {14, 2, 2, 2, 2, 2, 14}, {4, 10, 17, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 31},
    {8, 4, 2, 0, 0, 0, 0}, {0, 0, 14, 1, 15, 17, 15}, {16, 16, 22, 25, 17, 17, 30}, {0, 0, 14, 16, 16, 17, 14},
    {1, 1, 13, 19, 17, 17, 15}, {0, 0, 14, 17, 31, 16, 14}, {6, 9, 8, 28, 8, 8, 8}, {15, 17, 17, 17, 15, 1, 14},
    {16, 16, 22, 25, 17, 17, 17}, {4, 0, 12, 4, 4, 4, 14}, {2, 0, 6, 2, 2, 18, 12}, {16, 16, 18, 20, 24, 20, 18},
    {12, 4, 4, 4, 4, 4, 14}, {0, 0, 26, 21, 21, 17, 17}, {0, 0, 22, 25, 17, 17, 17}, {0, 0, 14, 17, 17, 17, 14},
    {30, 17, 17, 17, 30, 16, 16}, {15, 17, 17, 17, 15, 1, 1}, {0, 0, 22, 25, 16, 16, 16}, {0, 0, 14, 16, 14, 1, 30},
    {8, 8, 28, 8, 8, 9, 6}, {0, 0, 17, 17, 17, 19, 13}, {0, 0, 17, 17, 17, 10, 4}, {0, 0, 17, 17, 21, 21, 10},
    {0, 0, 17, 10, 4, 10, 17}, {17, 17, 17, 19, 13, 1, 14}, {0, 0, 31, 2, 4, 8, 31}, {2, 4, 4, 8, 4, 4, 2},
    {4, 4, 4, 4, 4, 4, 4}, {8, 4, 4, 2, 4, 4, 8}, {0, 0, 8, 21, 2, 0, 0},
};
// clang-format on

const Ink kPaper = {252, 252, 250};
const Ink kText = {40, 44, 52};
const Ink kFaint = {226, 228, 232};
const Ink kAxis = {120, 126, 136};
const Ink kBlue = {32, 99, 176};
const Ink kOrange = {214, 104, 24};

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", std::fabs(value) < 1e-12 ? 0.0 : value);
  return text;
}

// 1, 2 or 5 times a power of ten: the distance of about `count` ticks over `range`.
double tick_distance(double range, int count) {
  const double rough = range / count;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power) return factor * power;
  }
  return 10.0 * power;
}

}  // namespace

// --------------------------------------------------------------------- canvas

Canvas::Canvas(int width, int height, const Ink& paper) : width_(width), height_(height) {
  rgb_.resize(static_cast<std::size_t>(width) * height * 3);
  fill(0, 0, width, height, paper);
}

void Canvas::blend(int x, int y, double cover, const Ink& ink) {
  if (x < 0 || y < 0 || x >= width_ || y >= height_ || cover <= 0.0) return;
  std::uint8_t* pixel = &rgb_[(static_cast<std::size_t>(y) * width_ + x) * 3];
  for (int c = 0; c < 3; ++c) {
    pixel[c] = static_cast<std::uint8_t>(std::lround(pixel[c] + cover * (ink[c] - pixel[c])));
  }
}

void Canvas::fill(int x, int y, int width, int height, const Ink& ink) {
  for (int v = y; v < y + height; ++v) {
    for (int u = x; u < x + width; ++u) blend(u, v, 1.0, ink);
  }
}

template <class Distance>
void Canvas::stroke(std::array<double, 4> bounds, const Distance& distance, const Ink& ink) {
  for (int y = static_cast<int>(bounds[1]) - 2; y <= bounds[3] + 2; ++y) {
    for (int x = static_cast<int>(bounds[0]) - 2; x <= bounds[2] + 2; ++x) {
      blend(x, y, std::clamp(0.5 - distance(x + 0.5, y + 0.5), 0.0, 1.0), ink);
    }
  }
}

void Canvas::line(double x0, double y0, double x1, double y1, double width, const Ink& ink) {
  const double dx = x1 - x0, dy = y1 - y0, square = std::max(dx * dx + dy * dy, 1e-12);
  const auto distance = [=](double x, double y) {
    const double along = std::clamp(((x - x0) * dx + (y - y0) * dy) / square, 0.0, 1.0);
    return std::hypot(x - x0 - along * dx, y - y0 - along * dy) - width / 2;
  };
  stroke({std::min(x0, x1) - width, std::min(y0, y1) - width, std::max(x0, x1) + width,
          std::max(y0, y1) + width},
         distance, ink);
}

void Canvas::dot(double x, double y, double radius, const Ink& ink) {
  const auto distance = [=](double u, double v) { return std::hypot(u - x, v - y) - radius; };
  stroke({x - radius, y - radius, x + radius, y + radius}, distance, ink);
}

void Canvas::text(int x, int y, const std::string& text, int scale, const Ink& ink) {
  for (const char letter : text) {
    const int index = letter >= 32 && letter < 127 ? letter - 32 : '?' - 32;
    const bool hangs = letter == 'g' || letter == 'p' || letter == 'q' || letter == 'y';
    for (int row = 0; row < kGlyphHeight; ++row) {
      for (int column = 0; column < 5; ++column) {
        if ((kGlyphs[index][row] >> (4 - column) & 1) == 0) continue;
        fill(x + column * scale, y + (row + (hangs ? 2 : 0)) * scale, scale, scale, ink);
      }
    }
    x += kGlyphAdvance * scale;
  }
}

void Canvas::picture(int x, int y, const float* values, int zoom) {
  for (int v = 0; v < kPictureSide * zoom; ++v) {
    for (int u = 0; u < kPictureSide * zoom; ++u) {
      const float* pixel = values + (v / zoom * kPictureSide + u / zoom) * 3;
      Ink ink;
      for (int c = 0; c < 3; ++c) ink[c] = 127.5 * (std::clamp<double>(pixel[c], -1.0, 1.0) + 1.0);
      blend(x + u, y + v, 1.0, ink);
    }
  }
}

void Canvas::save(const std::string& path) const {
  if (stbi_write_png(path.c_str(), width_, height_, 3, rgb_.data(), width_ * 3) == 0) {
    throw std::runtime_error("cannot write '" + path + "'");
  }
}

int text_width(const std::string& text, int scale) {
  return static_cast<int>(text.size()) * kGlyphAdvance * scale - scale;
}

// -------------------------------------------------------------- contact sheet

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
    const int x = column_x(c) + (kCell - text_width(sheet.columns[c], 2)) / 2;
    canvas.text(x, kHead - 24, sheet.columns[c], 2, c == columns - 1 || c == 0 ? kBlue : kAxis);
  }
  for (int r = 0; r < rows; ++r) {
    const int y = kHead + r * (kCell + kGap);
    canvas.text(kMargin, y + (kCell - kGlyphHeight * 2) / 2, sheet.rows[r], 2, kAxis);
    for (int c = 0; c < columns; ++c) canvas.picture(column_x(c), y, sheet.pictures[r][c], kZoom);
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
