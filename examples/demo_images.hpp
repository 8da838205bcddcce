// The data set of the demo: pictures drawn by formula, or those in a folder.
//
// A picture is kPictureValues numbers in [-1, 1], rows from the top, red, green and blue of a
// pixel side by side.

#pragma once

#include <string>
#include <vector>

namespace demo {

constexpr int kPictureSide = 64;
constexpr int kPictureValues = kPictureSide * kPictureSide * 3;

// Pictures one after another, ready to be a matrix with one picture in each row.
struct PictureSet {
  int count = 0;
  std::vector<float> values;

  const float* picture(int index) const {
    return values.data() + static_cast<std::size_t>(index) * kPictureValues;
  }
};

// 24 motifs, each in several colours, sizes and places.  Variants of one motif differ little, so
// that a denoiser settles the motif early and its details late, as a real model does.
PictureSet draw_pictures();

// Every PNG and JPEG file of a folder, cut to a square and resized.
// Throws UsageError where the folder is of no use, std::runtime_error naming a bad file.
PictureSet load_pictures(const std::string& folder);

}  // namespace demo
