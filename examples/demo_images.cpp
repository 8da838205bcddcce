// Pictures by formula: signed distances to simple shapes, filled with soft edges.

#include "demo_images.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "usage_error.hpp"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
// stb keeps functions that this program does not call.
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#include <stb/stb_image.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace demo {
namespace {

constexpr double kPi = 3.14159265358979323846;

struct Point {
  double x, y;
};

Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
Point operator*(double k, Point a) { return {k * a.x, k * a.y}; }
double dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
double length(Point a) { return std::hypot(a.x, a.y); }
Point at_angle(double angle, double radius) {
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

using Colour = std::array<double, 3>;  // 0 .. 1

// Hue in turns (0 red, 1/3 green, 2/3 blue), saturation and value in 0 .. 1.
Colour hsv(double hue, double saturation, double value) {
  Colour colour{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double turn = hue + std::array<double, 3>{0.0, 2.0 / 3.0, 1.0 / 3.0}[i];
    const double wave = std::fabs((turn - std::floor(turn)) * 6.0 - 3.0) - 1.0;
    colour[i] = value * (1.0 - saturation * (1.0 - std::clamp(wave, 0.0, 1.0)));
  }
  return colour;
}

Colour mix(const Colour& a, const Colour& b, double t) {
  return {a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2])};
}

const Colour kWhite = {0.98, 0.97, 0.94};
const Colour kInk = {0.10, 0.10, 0.16};

// Shapes are functions of a point: the distance to the edge, negative inside.

auto circle(Point centre, double radius) {
  return [=](Point p) { return length(p - centre) - radius; };
}

auto ring(Point centre, double radius, double half_width) {
  return [=](Point p) { return std::fabs(length(p - centre) - radius) - half_width; };
}

auto box(Point centre, double half_x, double half_y) {
  return [=](Point p) {
    return std::max(std::fabs(p.x - centre.x) - half_x, std::fabs(p.y - centre.y) - half_y);
  };
}

auto line(Point a, Point b, double half_width) {
  return [=](Point p) {
    const double along = std::clamp(dot(p - a, b - a) / dot(b - a, b - a), 0.0, 1.0);
    return length(p - a - along * (b - a)) - half_width;
  };
}

auto ellipse(Point centre, double radius_x, double radius_y) {
  return [=](Point p) {
    const Point q = {(p.x - centre.x) / radius_x, (p.y - centre.y) / radius_y};
    return (length(q) - 1.0) * std::min(radius_x, radius_y);
  };
}

auto polygon(std::vector<Point> corners) {
  return [corners = std::move(corners)](Point p) {
    double nearest = 1e9;
    bool inside = false;
    for (std::size_t i = 0, j = corners.size() - 1; i < corners.size(); j = i++) {
      const Point a = corners[j], b = corners[i];
      nearest = std::min(nearest, line(a, b, 0.0)(p));
      const bool crosses = (a.y > p.y) != (b.y > p.y);
      if (crosses && p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x)) inside = !inside;
    }
    return inside ? -nearest : nearest;
  };
}

auto star(Point centre, int points, double outer, double inner) {
  std::vector<Point> corners;
  corners.reserve(static_cast<std::size_t>(2 * points));
  for (int i = 0; i < 2 * points; ++i) {
    corners.push_back(centre + at_angle(kPi * i / points - kPi / 2, i % 2 ? inner : outer));
  }
  return polygon(std::move(corners));
}

template <class A, class B>
auto without(A a, B b) {
  return [=](Point p) { return std::max(a(p), -b(p)); };
}

template <class A, class B>
auto common(A a, B b) {
  return [=](Point p) { return std::max(a(p), b(p)); };
}

// What the variants of a motif differ in.
struct Variant {
  Point shift;
  double zoom, turn, hue;
};

// A picture in the making, x to the right and y down, both from -1 to 1.
class Painter {
 public:
  explicit Painter(const Variant& variant) : variant_(variant), pixels_(kSide * kSide) {}

  // Hues of a motif move together with its variant.
  Colour hue(double h, double s, double v) const { return hsv(h + variant_.hue, s, v); }

  void gradient(const Colour& top, const Colour& bottom) {
    for (int i = 0; i < kSide * kSide; ++i) {
      const int row = i / kSide;
      pixel(i) = mix(top, bottom, static_cast<double>(row) / (kSide - 1));
    }
  }

  // The motif itself: moved, zoomed and turned by the variant.
  template <class Shape>
  void fill(const Shape& shape, const Colour& colour) {
    const double c = std::cos(variant_.turn), s = std::sin(variant_.turn);
    for (int i = 0; i < kSide * kSide; ++i) {
      const Point q = (1.0 / variant_.zoom) * (centre_of(i) - variant_.shift);
      blend(i, shape(Point{c * q.x + s * q.y, c * q.y - s * q.x}) * variant_.zoom, colour);
    }
  }

  // Surroundings: where they are in every variant.
  template <class Shape>
  void fill_fixed(const Shape& shape, const Colour& colour) {
    for (int i = 0; i < kSide * kSide; ++i) blend(i, shape(centre_of(i)), colour);
  }

  void append_to(std::vector<float>& values) const {
    for (const Colour& pixel : pixels_) {
      for (const double channel : pixel) values.push_back(static_cast<float>(2.0 * channel - 1.0));
    }
  }

 private:
  static constexpr int kSide = kPictureSide;

  static Point centre_of(int i) {
    const int column = i % kSide, row = i / kSide;
    return {(column + 0.5) * 2.0 / kSide - 1.0, (row + 0.5) * 2.0 / kSide - 1.0};
  }

  // The edge is one pixel wide.
  void blend(int i, double distance, const Colour& colour) {
    const double cover = std::clamp(0.5 - distance * kSide / 2.0, 0.0, 1.0);
    pixel(i) = mix(pixel(i), colour, cover);
  }

  Colour& pixel(int i) { return pixels_[static_cast<std::size_t>(i)]; }

  Variant variant_;
  std::vector<Colour> pixels_;
};

// ---------------------------------------------------------------- the motifs

void draw_ball(Painter& p) {
  p.gradient(p.hue(0.58, 0.25, 0.95), p.hue(0.60, 0.45, 0.70));
  p.fill(ellipse({0.0, 0.68}, 0.55, 0.10), p.hue(0.60, 0.6, 0.45));
  for (int i = 0; i < 12; ++i) {
    const double t = i / 11.0;
    p.fill(circle(t * Point{-0.20, -0.22}, 0.62 * (1 - t) + 0.07 * t),
           mix(p.hue(0.0, 0.9, 0.62), p.hue(0.03, 0.35, 1.0), t));
  }
}

void draw_ring(Painter& p) {
  p.gradient(kInk, p.hue(0.70, 0.6, 0.35));
  p.fill(ring({0, 0}, 0.55, 0.17), p.hue(0.12, 0.8, 0.98));
  p.fill(ring({0, 0}, 0.55, 0.06), p.hue(0.08, 0.9, 0.85));
}

void draw_star(Painter& p) {
  p.gradient(p.hue(0.62, 0.75, 0.30), p.hue(0.75, 0.65, 0.50));
  p.fill(star({0, 0.04}, 5, 0.78, 0.32), p.hue(0.14, 0.75, 1.0));
}

void draw_heart(Painter& p) {
  std::vector<Point> edge;
  for (int i = 0; i < 48; ++i) {
    const double t = 2 * kPi * i / 48;
    const double y = 13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t);
    edge.push_back({0.045 * 16 * std::pow(std::sin(t), 3), -0.045 * y - 0.06});
  }
  p.gradient(p.hue(0.95, 0.12, 1.0), p.hue(0.93, 0.25, 0.95));
  p.fill(polygon(std::move(edge)), p.hue(0.97, 0.85, 0.85));
  p.fill(ellipse({-0.34, -0.36}, 0.13, 0.09), p.hue(0.96, 0.35, 1.0));
}

void draw_checker(Painter& p) {
  p.gradient(p.hue(0.10, 0.15, 0.96), p.hue(0.10, 0.15, 0.96));
  const auto checks = [](Point q) {
    const double wave = std::sin(q.x * 2.5 * kPi / 1.25) * std::sin(q.y * 2.5 * kPi / 1.25);
    return -0.16 * wave;
  };
  p.fill(checks, p.hue(0.52, 0.75, 0.45));
}

void draw_target(Painter& p) {
  p.gradient(p.hue(0.30, 0.25, 0.85), p.hue(0.33, 0.45, 0.60));
  for (int i = 0; i < 5; ++i) {
    p.fill(circle({0, 0}, 0.80 - 0.16 * i), i % 2 ? kWhite : p.hue(0.0, 0.85, 0.80));
  }
}

void draw_sunset(Painter& p) {
  p.gradient(p.hue(0.72, 0.65, 0.45), p.hue(0.06, 0.75, 1.0));
  p.fill(circle({0, 0.12}, 0.42), p.hue(0.14, 0.5, 1.0));
  p.fill_fixed(box({0, 0.65}, 1.1, 0.37), p.hue(0.62, 0.75, 0.40));
  for (int i = 0; i < 4; ++i) {
    p.fill(line({-0.34 + 0.07 * i, 0.40 + 0.16 * i}, {0.34 - 0.07 * i, 0.40 + 0.16 * i}, 0.028),
           p.hue(0.11, 0.6, 1.0));
  }
}

void draw_mountains(Painter& p) {
  p.gradient(p.hue(0.64, 0.75, 0.25), p.hue(0.58, 0.35, 0.75));
  p.fill(circle({0.45, -0.52}, 0.20), hsv(0.14, 0.12, 1.0));
  p.fill(polygon({{-1.6, 1.4}, {-0.35, -0.40}, {0.8, 1.4}}), p.hue(0.64, 0.45, 0.42));
  p.fill(polygon({{-0.58, -0.06}, {-0.35, -0.40}, {-0.13, -0.06}, {-0.28, 0.04}, {-0.40, -0.06}}),
         kWhite);
  p.fill(polygon({{-0.5, 1.4}, {0.50, 0.02}, {1.6, 1.4}}), p.hue(0.62, 0.55, 0.28));
  p.fill_fixed(box({0, 1.0}, 1.1, 0.22), p.hue(0.40, 0.55, 0.28));
}

void draw_spiral(Painter& p) {
  p.gradient(p.hue(0.47, 0.35, 0.95), p.hue(0.50, 0.55, 0.75));
  const auto spiral = [](Point q) {
    const double turns = length(q) / 0.36 - std::atan2(q.y, q.x) / (2 * kPi);
    const double across = (turns - std::floor(turns) - 0.5) * 0.36;
    return std::max(std::fabs(across) - 0.09, length(q) - 0.85);
  };
  p.fill(spiral, p.hue(0.93, 0.75, 0.70));
}

void draw_face(Painter& p) {
  p.gradient(p.hue(0.55, 0.55, 0.85), p.hue(0.58, 0.70, 0.60));
  p.fill(circle({0, 0}, 0.74), p.hue(0.13, 0.70, 1.0));
  for (const double side : {-0.27, 0.27}) p.fill(ellipse({side, -0.20}, 0.09, 0.14), kInk);
  const auto below = [](Point q) { return 0.12 - q.y; };
  p.fill(common(ring({0, 0.04}, 0.42, 0.055), below), kInk);
}

void draw_flower(Painter& p) {
  p.gradient(p.hue(0.28, 0.35, 0.92), p.hue(0.32, 0.60, 0.65));
  p.fill(line({0, 0}, {0.06, 1.6}, 0.05), hsv(0.36, 0.8, 0.40));
  for (int i = 0; i < 7; ++i) {
    p.fill(circle(Point{0, -0.12} + at_angle(2 * kPi * i / 7, 0.42), 0.22),
           p.hue(0.88, i % 2 ? 0.55 : 0.45, 0.98));
  }
  p.fill(circle({0, -0.12}, 0.24), p.hue(0.13, 0.85, 0.98));
}

void draw_moon(Painter& p) {
  p.gradient(p.hue(0.68, 0.85, 0.18), p.hue(0.66, 0.65, 0.42));
  p.fill(without(circle({-0.05, 0}, 0.62), circle({0.25, -0.14}, 0.55)), hsv(0.14, 0.35, 1.0));
  for (const Point at : {Point{0.45, -0.35}, Point{0.62, 0.30}, Point{0.22, 0.12}}) {
    p.fill(star(at, 4, 0.15, 0.05), kWhite);
  }
}

void draw_letter(Painter& p) {
  p.gradient(p.hue(0.08, 0.80, 0.98), p.hue(0.03, 0.85, 0.80));
  p.fill(line({-0.46, 0.62}, {0.0, -0.62}, 0.12), kWhite);
  p.fill(line({0.46, 0.62}, {0.0, -0.62}, 0.12), kWhite);
  p.fill(line({-0.26, 0.22}, {0.26, 0.22}, 0.10), kWhite);
}

void draw_cross(Painter& p) {
  p.gradient(p.hue(0.45, 0.55, 0.55), p.hue(0.42, 0.60, 0.35));
  p.fill(box({0, 0}, 0.72, 0.26), kWhite);
  p.fill(box({0, 0}, 0.26, 0.72), kWhite);
  p.fill(box({0, 0}, 0.62, 0.16), p.hue(0.98, 0.80, 0.85));
  p.fill(box({0, 0}, 0.16, 0.62), p.hue(0.98, 0.80, 0.85));
}

void draw_hexagons(Painter& p) {
  p.gradient(p.hue(0.11, 0.30, 0.98), p.hue(0.09, 0.45, 0.90));
  for (int i = 0; i < 7; ++i) {
    const Point at = i ? at_angle(kPi / 3 * i + kPi / 6, 0.52) : Point{0, 0};
    std::vector<Point> corners;
    corners.reserve(6);
    for (int k = 0; k < 6; ++k) corners.push_back(at + at_angle(kPi / 3 * k, 0.27));
    p.fill(polygon(std::move(corners)), p.hue(0.10 - 0.012 * i, 0.9, 0.95 - 0.07 * i));
  }
}

void draw_waves(Painter& p) {
  p.gradient(p.hue(0.53, 0.15, 1.0), p.hue(0.53, 0.30, 0.95));
  for (int i = 0; i < 5; ++i) {
    const auto water = [i](Point q) {
      return -0.55 + 0.32 * i + 0.13 * std::sin(4.2 * q.x + 1.7 * i) - q.y;
    };
    p.fill(water, p.hue(0.52 + 0.022 * i, 0.5 + 0.09 * i, 0.90 - 0.13 * i));
  }
}

void draw_fish(Painter& p) {
  p.gradient(p.hue(0.50, 0.45, 0.85), p.hue(0.58, 0.80, 0.50));
  p.fill(polygon({{0.28, 0.0}, {0.80, -0.36}, {0.68, 0.0}, {0.80, 0.36}}), p.hue(0.04, 0.85, 0.85));
  p.fill(ellipse({-0.10, 0}, 0.60, 0.36), p.hue(0.07, 0.80, 1.0));
  p.fill(common(ellipse({-0.10, 0}, 0.60, 0.36), box({0.08, 0}, 0.08, 1.0)), kWhite);
  p.fill(circle({-0.42, -0.08}, 0.10), kWhite);
  p.fill(circle({-0.44, -0.08}, 0.05), kInk);
  for (int i = 0; i < 3; ++i)
    p.fill(ring({-0.66 + 0.05 * (i % 2), -0.34 - 0.17 * i}, 0.06, 0.02), kWhite);
}

void draw_tree(Painter& p) {
  p.gradient(p.hue(0.55, 0.30, 1.0), p.hue(0.52, 0.12, 1.0));
  p.fill_fixed(box({0, 0.95}, 1.1, 0.27), p.hue(0.27, 0.60, 0.60));
  p.fill(box({0, 0.50}, 0.10, 0.36), hsv(0.06, 0.65, 0.40));
  for (int i = 0; i < 3; ++i) {
    const double y = 0.35 - 0.33 * i, half = 0.58 - 0.13 * i;
    p.fill(polygon({{-half, y}, {0, y - 0.55}, {half, y}}), p.hue(0.38, 0.70, 0.38 + 0.10 * i));
  }
}

void draw_house(Painter& p) {
  p.gradient(p.hue(0.57, 0.40, 0.98), p.hue(0.55, 0.15, 1.0));
  p.fill_fixed(box({0, 0.95}, 1.1, 0.30), p.hue(0.30, 0.55, 0.65));
  p.fill(box({0.34, -0.45}, 0.08, 0.22), p.hue(0.02, 0.5, 0.45));
  p.fill(box({0, 0.26}, 0.50, 0.40), p.hue(0.11, 0.30, 0.97));
  p.fill(polygon({{-0.68, -0.12}, {0, -0.68}, {0.68, -0.12}}), p.hue(0.01, 0.75, 0.70));
  p.fill(box({-0.22, 0.40}, 0.12, 0.26), p.hue(0.06, 0.65, 0.42));
  p.fill(box({0.23, 0.16}, 0.14, 0.13), p.hue(0.56, 0.60, 0.75));
}

void draw_boat(Painter& p) {
  p.gradient(p.hue(0.10, 0.30, 1.0), p.hue(0.05, 0.40, 0.98));
  p.fill_fixed(box({0, 0.85}, 1.1, 0.38), p.hue(0.56, 0.75, 0.60));
  p.fill(box({0.0, -0.05}, 0.03, 0.58), kInk);
  p.fill(polygon({{0.07, -0.62}, {0.60, 0.26}, {0.07, 0.26}}), kWhite);
  p.fill(polygon({{-0.07, -0.46}, {-0.48, 0.26}, {-0.07, 0.26}}), p.hue(0.97, 0.70, 0.85));
  p.fill(polygon({{-0.62, 0.36}, {0.62, 0.36}, {0.42, 0.64}, {-0.42, 0.64}}),
         p.hue(0.04, 0.70, 0.45));
}

void draw_mushroom(Painter& p) {
  p.gradient(p.hue(0.25, 0.30, 0.90), p.hue(0.35, 0.55, 0.50));
  p.fill(ellipse({0, 0.42}, 0.24, 0.42), kWhite);
  const auto above = [](Point q) { return q.y - 0.12; };
  p.fill(common(ellipse({0, 0.10}, 0.72, 0.72), above), p.hue(0.0, 0.85, 0.85));
  for (const Point at : {Point{-0.36, -0.10}, Point{0.05, -0.36}, Point{0.40, -0.06}}) {
    p.fill(circle(at, 0.12), kWhite);
  }
}

void draw_yin_yang(Painter& p) {
  p.gradient(p.hue(0.09, 0.45, 0.90), p.hue(0.07, 0.60, 0.70));
  const auto right = [](Point q) { return -q.x; };
  p.fill(circle({0, 0}, 0.72), kWhite);
  p.fill(common(circle({0, 0}, 0.72), right), kInk);
  p.fill(circle({0, -0.36}, 0.36), kWhite);
  p.fill(circle({0, 0.36}, 0.36), kInk);
  p.fill(circle({0, -0.36}, 0.11), kInk);
  p.fill(circle({0, 0.36}, 0.11), kWhite);
}

void draw_balloon(Painter& p) {
  p.gradient(p.hue(0.57, 0.60, 0.90), p.hue(0.54, 0.20, 1.0));
  p.fill_fixed(ellipse({-0.65, 0.60}, 0.40, 0.13), kWhite);
  p.fill_fixed(ellipse({0.70, -0.20}, 0.32, 0.11), kWhite);
  for (const double side : {-0.16, 0.16}) p.fill(line({side, 0.22}, {side / 2, 0.66}, 0.02), kInk);
  p.fill(circle({0, -0.18}, 0.54), p.hue(0.99, 0.80, 0.90));
  p.fill(ellipse({0, -0.18}, 0.36, 0.54), p.hue(0.14, 0.75, 1.0));
  p.fill(ellipse({0, -0.18}, 0.16, 0.54), p.hue(0.99, 0.80, 0.90));
  p.fill(box({0, 0.70}, 0.15, 0.11), hsv(0.07, 0.65, 0.50));
}

void draw_cat(Painter& p) {
  p.gradient(p.hue(0.80, 0.25, 0.92), p.hue(0.83, 0.40, 0.75));
  const Colour fur = p.hue(0.08, 0.55, 0.55);
  for (const double side : {-1.0, 1.0}) {
    p.fill(polygon({{side * 0.62, -0.74}, {side * 0.60, 0.0}, {side * 0.10, -0.40}}), fur);
    p.fill(polygon({{side * 0.54, -0.56}, {side * 0.53, -0.2}, {side * 0.28, -0.36}}),
           p.hue(0.97, 0.35, 0.90));
  }
  p.fill(ellipse({0, 0.10}, 0.66, 0.56), fur);
  for (const double side : {-1.0, 1.0}) {
    p.fill(ellipse({side * 0.27, 0.0}, 0.13, 0.15), p.hue(0.25, 0.45, 0.98));
    p.fill(ellipse({side * 0.27, 0.0}, 0.05, 0.14), kInk);
    p.fill(line({side * 0.20, 0.32}, {side * 0.80, 0.24}, 0.016), kWhite);
    p.fill(line({side * 0.20, 0.38}, {side * 0.78, 0.46}, 0.016), kWhite);
  }
  p.fill(polygon({{-0.09, 0.20}, {0.09, 0.20}, {0, 0.31}}), p.hue(0.97, 0.5, 0.95));
}

using Motif = void (*)(Painter&);
constexpr Motif kMotifs[] = {
    draw_ball,   draw_ring,      draw_star,     draw_heart,    draw_checker, draw_target,
    draw_sunset, draw_mountains, draw_spiral,   draw_face,     draw_flower,  draw_moon,
    draw_letter, draw_cross,     draw_hexagons, draw_waves,    draw_fish,    draw_tree,
    draw_house,  draw_boat,      draw_mushroom, draw_yin_yang, draw_balloon, draw_cat};

constexpr int kPoses = 8;
constexpr double kHues[] = {0.0, 0.13, -0.15};

Variant variant_of(int pose, double hue) {
  const double angle = 2 * kPi * pose / kPoses;
  return {at_angle(angle, 0.10), 0.96 + 0.10 * (pose % 2), 0.07 * std::sin(2 * angle + 0.6), hue};
}

// -------------------------------------------------------------- from a folder

namespace fs = std::filesystem;

bool is_picture_name(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

std::vector<std::string> picture_files(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> files;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (is_picture_name(it->path())) files.push_back(it->path().string());
  }
  if (error) throw UsageError("cannot read the folder '" + folder + "': " + error.message());
  if (files.empty()) throw UsageError("no PNG or JPEG file in the folder '" + folder + "'");
  // The order of a folder is the file system's whim; sorted, the same seed gives the same result.
  std::sort(files.begin(), files.end());
  return files;
}

// The mean of a square of source pixels for every pixel: no aliasing when shrinking.
void append_resized(const unsigned char* rgb, int width, int height, std::vector<float>& values) {
  const int side = std::min(width, height);
  const int left = (width - side) / 2, top = (height - side) / 2;
  const auto span = [side](int i) {
    const int from = static_cast<int>(static_cast<long long>(i) * side / kPictureSide);
    const int to = static_cast<int>(static_cast<long long>(i + 1) * side / kPictureSide);
    return std::array<int, 2>{from, std::max(to, from + 1)};
  };
  for (int y = 0; y < kPictureSide; ++y) {
    for (int x = 0; x < kPictureSide; ++x) {
      const auto [y0, y1] = span(y);
      const auto [x0, x1] = span(x);
      std::array<double, 3> sum{};
      for (int v = y0; v < y1; ++v) {
        for (int u = x0; u < x1; ++u) {
          const unsigned char* pixel =
              rgb + (static_cast<std::ptrdiff_t>(top + v) * width + left + u) * 3;
          for (std::size_t c = 0; c < 3; ++c) sum[c] += pixel[c];
        }
      }
      const double pixels = static_cast<double>(y1 - y0) * (x1 - x0);
      for (const double s : sum) values.push_back(static_cast<float>(s / pixels / 127.5 - 1.0));
    }
  }
}

}  // namespace

PictureSet draw_pictures() {
  PictureSet set;
  for (const Motif motif : kMotifs) {
    for (const double hue : kHues) {
      for (int pose = 0; pose < kPoses; ++pose) {
        Painter painter(variant_of(pose, hue));
        motif(painter);
        painter.append_to(set.values);
        ++set.count;
      }
    }
  }
  return set;
}

PictureSet load_pictures(const std::string& folder) {
  PictureSet set;
  for (const std::string& file : picture_files(folder)) {
    int width = 0, height = 0, channels = 0;
    unsigned char* rgb = stbi_load(file.c_str(), &width, &height, &channels, 3);
    if (rgb == nullptr) {
      throw std::runtime_error("cannot read the picture '" + file + "': " + stbi_failure_reason());
    }
    append_resized(rgb, width, height, set.values);
    stbi_image_free(rgb);
    ++set.count;
  }
  return set;
}

}  // namespace demo
