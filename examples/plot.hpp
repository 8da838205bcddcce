// Drawing without a graphics library: a canvas with a small bitmap font, and what axes need.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace plot {

using Ink = std::array<double, 3>;  // red, green, blue, 0 .. 255

constexpr Ink kPaper = {252, 252, 250};
constexpr Ink kText = {40, 44, 52};
constexpr Ink kFaint = {226, 228, 232};
constexpr Ink kAxis = {120, 126, 136};
constexpr Ink kBlue = {32, 99, 176};
constexpr Ink kOrange = {214, 104, 24};

constexpr int kGlyphAdvance = 6;  // pixels from letter to letter, at scale 1
constexpr int kGlyphHeight = 7;

class Canvas {
 public:
  Canvas(int width, int height, const Ink& paper);

  void fill(int x, int y, int width, int height, const Ink& ink);
  void line(double x0, double y0, double x1, double y1, double width, const Ink& ink);
  void dot(double x, double y, double radius, const Ink& ink);
  void text(int x, int y, const std::string& text, int scale, const Ink& ink);

  // Throws std::runtime_error naming the file.
  void save(const std::string& path) const;

 private:
  template <class Distance>
  void stroke(std::array<double, 4> bounds, const Distance& distance, const Ink& ink);
  void blend(int x, int y, double cover, const Ink& ink);

  int width_, height_;
  std::vector<std::uint8_t> rgb_;
};

int text_width(const std::string& text, int scale);

// "%g", with what is zero but for rounding as 0.
std::string short_number(double value);

// 1, 2 or 5 times a power of ten: the distance of about `count` ticks over `range`.
double tick_distance(double range, int count);

}  // namespace plot
