#include "reference_noise.hpp"

namespace sched {

namespace {

constexpr std::int64_t kNothing = -1;

std::size_t width_of(const NoiseSpec& spec) { return spec.type == DType::f64 ? 8 : 4; }

// ComfyUI draws the first sample on the CPU, and the steps from another generator.
bool is_apart(const NoiseSpec& spec) { return spec.policy == DrawPolicy::comfyui; }

NoiseSpec first_spec(const NoiseSpec& steps) {
  NoiseSpec first = steps;
  if (is_apart(steps)) {
    first.generator = Generator::torch_cpu;
    if (first.type != DType::f64) first.type = DType::f32;
  }
  return first;
}

// Of the steps' generator, where ComfyUI makes it on a CPU.
std::uint64_t seed_shift(const NoiseSpec& steps) {
  return is_apart(steps) && steps.generator == Generator::torch_cpu ? 1 : 0;
}

std::int64_t draws_before_steps(const NoiseSpec& spec) {
  return (is_apart(spec) ? 0 : spec.first_draw + 1) + spec.extra_draws;
}

}  // namespace

ReferenceNoise::ReferenceNoise(std::shared_ptr<const Loop> loop)
    : loop_(std::move(loop)),
      rows_(loop_->scheduler->memory, (loop_->noise_rows + 1) * row_bytes()),
      steps_(make_streams(loop_->noise, seed_shift(loop_->noise))),
      first_(make_streams(first_spec(loop_->noise), 0)),
      held_{kNothing, kNothing, kNothing} {}

ReferenceNoise::ReferenceNoise(const ReferenceNoise& other)
    : loop_(other.loop_),
      rows_(loop_->scheduler->memory, (loop_->noise_rows + 1) * row_bytes()),
      steps_(other.steps_),
      first_(other.first_),
      position_(other.position_),
      held_{kNothing, kNothing, kNothing} {
  keep_in(loop_->scheduler->memory, steps_);
  keep_in(loop_->scheduler->memory, first_);
}

ReferenceNoise::Streams ReferenceNoise::make_streams(const NoiseSpec& spec,
                                                     std::uint64_t shift) const {
  const NoisePart& part = spec.part;
  Streams streams{Allocator<NoiseStream>(loop_->scheduler->memory)};
  const std::int64_t count = spec.is_per_item() ? loop_->batch : 1;
  streams.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t seed = loop_->seeds[static_cast<std::size_t>(i)] + shift;
    NoiseStream stream(spec, seed, spec.is_per_item() ? part.elements : part.items * part.elements);
    // Bumblebee splits a seed's key into as many as there are images of its prompt.
    if (spec.policy == DrawPolicy::bumblebee) {
      const bool alone = spec.has_item_seeds;
      stream.split_key(alone ? 1 : part.items, alone ? 0 : part.item + i);
    }
    streams.push_back(stream);
  }
  return streams;
}

std::int64_t ReferenceNoise::row_bytes() const {
  return loop_->batch * loop_->elements * static_cast<std::int64_t>(width_of(loop_->noise));
}

DType ReferenceNoise::type() const {
  return loop_->noise.type == DType::f64 ? DType::f64 : DType::f32;
}

std::int64_t ReferenceNoise::bytes() const {
  const std::size_t streams = steps_.capacity() + first_.capacity();
  return static_cast<std::int64_t>(sizeof(*this) + streams * sizeof(NoiseStream)) + rows_.bytes();
}

void ReferenceNoise::draw_into(Streams& streams, unsigned char* out) const {
  const NoisePart& part = loop_->noise.part;
  const std::int64_t n = loop_->elements;
  if (loop_->noise.is_per_item()) {
    for (NoiseStream& stream : streams) {
      stream.draw({part.element, n, 0, 1}, out);
      out += static_cast<std::size_t>(n) * width_of(loop_->noise);
    }
    return;
  }
  NoiseWindow window = {part.item * part.elements + part.element, n, part.elements, loop_->batch};
  if (n == part.elements) window = {window.first, n * loop_->batch, 0, 1};
  streams.front().draw(window, out);
}

Place ReferenceNoise::step_draw(int row, std::int64_t draw) {
  unsigned char* out = rows_.get() + row * row_bytes();
  const Place place = {out, 0, 0};
  if (held_[row] == draw) return place;
  const std::int64_t wanted = draw + draws_before_steps(loop_->noise);
  if (wanted < position_) {
    // Over those that are there, which allocates nothing.
    for (NoiseStream& stream : steps_) stream.restart();
    position_ = 0;
  }
  for (; position_ < wanted; ++position_) {
    for (NoiseStream& stream : steps_) stream.skip();
  }
  draw_into(steps_, out);
  ++position_;
  held_[row] = draw;
  return place;
}

Place ReferenceNoise::first_sample() {
  const int row = loop_->noise_rows;
  unsigned char* out = rows_.get() + row * row_bytes();
  if (held_[row] == kNothing) {
    for (std::int64_t i = 0; i < loop_->noise.first_draw; ++i) {
      for (NoiseStream& stream : first_) stream.skip();
    }
    draw_into(first_, out);
    for (NoiseStream& stream : first_) stream.restart();
    held_[row] = 0;
  }
  return {out, 0, 0};
}

}  // namespace sched
