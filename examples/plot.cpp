// Drawing without a graphics library: soft-edged strokes, a 5 x 7 font, and PNG files.

#include "plot.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>

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

namespace plot {
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

}  // namespace

Canvas::Canvas(int width, int height, const Ink& paper) : width_(width), height_(height) {
  rgb_.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  fill(0, 0, width, height, paper);
}

void Canvas::blend(int x, int y, double cover, const Ink& ink) {
  if (x < 0 || y < 0 || x >= width_ || y >= height_ || cover <= 0.0) return;
  std::uint8_t* pixel = rgb_.data() + (static_cast<std::ptrdiff_t>(y) * width_ + x) * 3;
  for (std::size_t c = 0; c < 3; ++c) {
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

void Canvas::save(const std::string& path) const {
  if (stbi_write_png(path.c_str(), width_, height_, 3, rgb_.data(), width_ * 3) == 0) {
    throw std::runtime_error("cannot write '" + path + "'");
  }
}

int text_width(const std::string& text, int scale) {
  return static_cast<int>(text.size()) * kGlyphAdvance * scale - scale;
}

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

}  // namespace plot
