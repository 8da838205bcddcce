// Pictures of a run: a canvas with a small bitmap font, the contact sheet and the schedule.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace demo {

using Ink = std::array<double, 3>;  // red, green, blue, 0 .. 255

constexpr int kGlyphAdvance = 6;  // pixels from letter to letter, at scale 1
constexpr int kGlyphHeight = 7;

class Canvas {
 public:
  Canvas(int width, int height, const Ink& paper);

  void fill(int x, int y, int width, int height, const Ink& ink);
  void line(double x0, double y0, double x1, double y1, double width, const Ink& ink);
  void dot(double x, double y, double radius, const Ink& ink);
  void text(int x, int y, const std::string& text, int scale, const Ink& ink);
  // A picture of the demo, `zoom` times as large; values outside [-1, 1] are clamped.
  void picture(int x, int y, const float* values, int zoom);

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

// Rows are samples; the first column is the start of the loop, the last its end, and the others are
// previews.
struct ContactSheet {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::string> rows;
  std::vector<std::vector<const float*>> pictures;  // [row][column]
};

Canvas draw_contact_sheet(const ContactSheet& sheet);

// One model call on the chart.
struct ChartMark {
  double step;     // whole numbers are where steps begin
  double log_snr;  // may be infinite
  bool inner;      // not the first call of its step
};

struct ScheduleChart {
  std::string title;
  std::vector<double> log_snr;  // steps + 1 entries, infinite ones are left out
  std::vector<double> sigma;    // as many, zero and infinity are left out
  std::vector<ChartMark> calls;
};

Canvas draw_schedule(const ScheduleChart& chart);

}  // namespace demo
