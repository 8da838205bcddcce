// The normals of a state whose generator is another system's: rows of the host's memory, filled
// before a pass.

#pragma once

#include "host_memory.hpp"
#include "loop.hpp"
#include "pass.hpp"
#include "random/noise_stream.hpp"

namespace sched {

class ReferenceNoise {
 public:
  explicit ReferenceNoise(std::shared_ptr<const Loop> loop);
  // Goes on at the same draw; its rows are its own.
  ReferenceNoise(const ReferenceNoise& other);
  ReferenceNoise& operator=(const ReferenceNoise&) = delete;

  // Draw `draw` of the steps, in row `row`, where it stays until the row is asked for another.  One
  // before the last that was taken is found again from the seed.
  Place step_draw(int row, std::int64_t draw);
  // The first sample's, in the last row.
  Place first_sample();

  // Of what the rows hold.
  DType type() const;
  std::int64_t bytes() const;

 private:
  using Streams = List<NoiseStream>;

  std::int64_t row_bytes() const;
  Streams make_streams(const NoiseSpec& spec, std::uint64_t shift) const;
  Streams first_streams() const;
  void draw_into(Streams& streams, unsigned char* out) const;

  std::shared_ptr<const Loop> loop_;
  HostMemory rows_;
  Streams steps_;
  Streams first_;              // at its beginning always
  std::int64_t position_ = 0;  // draws of the steps that were taken
  std::int64_t held_[3];       // the draw that each row holds
};

}  // namespace sched
