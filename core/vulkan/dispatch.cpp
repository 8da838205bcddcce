#include "dispatch.hpp"

#include <algorithm>
#include <cstring>

namespace sched::vulkan {

namespace {

constexpr int kMostUses = kBlockInputs + kBlockRows + 4;
constexpr std::uint32_t kTypeShift = 4;
constexpr std::uint32_t kSourceShift = 8;

std::uint32_t low_word(std::int64_t value) { return static_cast<std::uint32_t>(value); }

float as_float(double weight) { return static_cast<float>(weight); }

int row_sets(const Job& job) {
  if (job.measure != nullptr) return 6;
  return job.pass->rows + 1 + (job.pass->mask.place.is_given() ? 1 : 0);
}

std::uint32_t set_floats(const Job& job) {
  return static_cast<std::uint32_t>(row_sets(job) * job.live.count + 2);
}

}  // namespace

Live live_of(const Job& job) {
  InputUse use;
  if (job.measure != nullptr) {
    use.add(job.measure->low);
    use.add(job.measure->high);
    use.add(job.measure->before);
    return use.live();
  }
  if (job.parts == nullptr) {
    use.add(*job.pass);
    return use.live();
  }
  for (std::int64_t i = 0; i < job.pass->batch * job.groups; ++i) {
    StepPlan plan;
    Pass part = *job.pass;
    job.parts->put_part(i, plan, part);
    use.add(part);
  }
  return use.live();
}

// ------------------------------------------------------------------------- windows

// An operand of the block and the bytes that it stands for.
struct DispatchBuilder::Use {
  BlockOperand* operand;
  std::uint64_t buffer;
  std::int64_t begin, end;  // bytes that are touched
  std::int64_t base;        // byte of the first item's first element, before the buffer perhaps
  std::int64_t width;       // bytes of an element
  std::uint32_t window;
};

class DispatchBuilder::Uses {
 public:
  explicit Uses(const DispatchBuilder& builder, Dispatch& out) : builder_(builder), out_(out) {}

  void add(const Use& use) {
    uses_[count_++] = use;
    Use& added = uses_[count_ - 1];
    added.begin = added.begin / 4 * 4;
    added.end = round_up(added.end, 4);
  }

  // Overlapping bytes share a window; where there are too many, those of one buffer that are
  // nearest to each other do.
  void make_windows() {
    for (int i = 0; i < count_; ++i) uses_[i].window = window_for(uses_[i]);
    while (windows_ > builder_.buffers_) merge_nearest();
    // Whole vectors too.
    const std::int64_t alignment =
        std::max<std::int64_t>(16, static_cast<std::int64_t>(builder_.limits_.offset_alignment));
    for (std::uint32_t w = 0; w < windows_; ++w) {
      out_.window[w] = window_[w];
      out_.window[w].begin = window_[w].begin / alignment * alignment;
    }
    out_.windows = windows_;
    for (int i = 0; i < count_; ++i) {
      const Use& use = uses_[i];
      use.operand->where |= use.window;
      // May be below 0, which wraps around as the shader's sums do.
      use.operand->offset = low_word((use.base - out_.window[use.window].begin) / use.width);
    }
  }

 private:
  std::uint32_t window_for(const Use& use) {
    for (std::uint32_t w = 0; w < windows_; ++w) {
      Window& window = window_[w];
      const bool touches = use.begin < window.end && window.begin < use.end;
      if (window.buffer != use.buffer || !touches) continue;
      window.begin = std::min(window.begin, use.begin);
      window.end = std::max(window.end, use.end);
      return w;
    }
    window_[windows_] = {use.buffer, use.begin, use.end};
    return windows_++;
  }

  bool fits(const Window& a, const Window& b) const {
    const std::int64_t bytes = std::max(a.end, b.end) - std::min(a.begin, b.begin);
    const auto most = static_cast<std::int64_t>(builder_.limits_.max_range);
    return a.buffer == b.buffer &&
           bytes + static_cast<std::int64_t>(builder_.limits_.offset_alignment) <= most;
  }

  void merge_nearest() {
    std::uint32_t first = windows_, second = windows_;
    std::int64_t least = 0;
    for (std::uint32_t a = 0; a < windows_; ++a) {
      for (std::uint32_t b = a + 1; b < windows_; ++b) {
        if (!fits(window_[a], window_[b])) continue;
        const std::int64_t bytes =
            std::max(window_[a].end, window_[b].end) - std::min(window_[a].begin, window_[b].begin);
        if (first != windows_ && bytes >= least) continue;
        first = a;
        second = b;
        least = bytes;
      }
    }
    if (first == windows_) {
      fail(Status::unsupported, "this step touches ", windows_, " separate buffers or parts of ",
           builder_.limits_.max_range, " bytes; the device binds ", builder_.buffers_,
           " at once: put several tensors into one buffer");
    }
    window_[first].begin = std::min(window_[first].begin, window_[second].begin);
    window_[first].end = std::max(window_[first].end, window_[second].end);
    window_[second] = window_[--windows_];
    for (int i = 0; i < count_; ++i) {
      if (uses_[i].window == second) {
        uses_[i].window = first;
      } else if (uses_[i].window == windows_) {
        uses_[i].window = second;
      }
    }
  }

  const DispatchBuilder& builder_;
  Dispatch& out_;
  Use uses_[kMostUses];
  int count_ = 0;
  Window window_[kMostUses];
  std::uint32_t windows_ = 0;
};

// ------------------------------------------------------------------------ the block

const BlockedBuffer* DispatchBuilder::blocked(const Place& place) const {
  if (place.buffer == arena_.buffer) return &arena_;
  return place.buffer == staging_.buffer ? &staging_ : nullptr;
}

namespace {

// The weights of a set, in the order that the block says.
void write_set(const Job& job, const Pass& pass, float* out) {
  const auto write = [&](const LinearForm& form) {
    for (int k = 0; k < job.live.count; ++k) *out++ = as_float(form[job.live.input[k]]);
  };
  for (int r = 0; r < pass.rows; ++r) write(pass.row[r].form);
  write(pass.denoised);
  if (pass.mask.place.is_given()) write(pass.known);
  *out++ = pass.plan == nullptr ? 0.0f : as_float(pass.plan->gain.offset);
  *out++ = pass.plan == nullptr ? 0.0f : as_float(pass.plan->gain.slope);
}

// Weights in pairs of float32: three rows, and what they are off by.
void write_measure(const Job& job, float* out) {
  const LinearForm* forms[] = {&job.measure->low, &job.measure->high, &job.measure->before};
  for (const bool rest : {false, true}) {
    for (const LinearForm* form : forms) {
      for (int k = 0; k < job.live.count; ++k) {
        const double weight = (*form)[job.live.input[k]];
        const float high = as_float(weight);
        *out++ = rest ? as_float(weight - static_cast<double>(high)) : high;
      }
    }
  }
}

void set_terms(const Pass& pass, PlanBlock& block) {
  block.terms = static_cast<std::uint32_t>(pass.term_count);
  for (int t = 0; t < pass.term_count; ++t) {
    block.term[2 * t] = pass.terms[t].draw;
    std::memcpy(&block.term[2 * t + 1], &pass.terms[t].weight, sizeof(float));
  }
}

bool is_whole(const BlockOperand& operand, const PlanBlock& block) {
  return operand.stride == block.item_elements && (operand.offset + block.first) % 4 == 0;
}

// float32 in whole vectors and nothing optional.  An input of the table may have weight zero.
bool is_plain(const Job& job, const Dispatch& out) {
  const PlanBlock& block = out.block;
  if (job.parts != nullptr || job.measure != nullptr || block.gain != 0 || block.masked != 0 ||
      block.begin != 0 || block.end % 4 != 0 || block.inputs > kPlainInputs ||
      block.rows > kPlainRows) {
    return false;
  }
  const auto float_memory = static_cast<std::uint32_t>(DType::f32) << kTypeShift;
  const auto is_fit = [&](const BlockOperand& operand) {
    return operand.where >> kTypeShift << kTypeShift == float_memory && is_whole(operand, block);
  };
  return std::all_of(block.source, block.source + block.inputs, is_fit) &&
         std::all_of(block.result, block.result + block.rows, is_fit);
}

}  // namespace

std::int64_t DispatchBuilder::floats_for(const Job& job) const { return set_floats(job); }

bool DispatchBuilder::is_split(const Job& job) const {
  return job.pass->plan->clip.mode == Clip::quantile;
}

// ---------------------------------------------------------------------- one dispatch

class DispatchBuilder::Writer {
 public:
  Writer(const DispatchBuilder& builder, const Job& job, const Chunk& chunk, std::int64_t begin,
         std::int64_t end, Dispatch& out)
      : builder_(builder),
        job_(job),
        pass_(*job.pass),
        chunk_(chunk),
        n_(builder.layout_.item_elements),
        origin_(chunk.begin + (begin - chunk.begin) / 4 * 4),
        end_(end),
        block_(out.block),
        uses_(builder, out),
        out_(out) {
    block_ = PlanBlock{};
    set_range(begin);
  }

  void write() {
    for (std::uint32_t k = 0; k < block_.inputs; ++k) set_source(k);
    set_results();
    set_optional();
    set_header();
    set_clip();
    uses_.make_windows();
    set_table();
    out_.is_plain = is_plain(job_, out_);
  }

 private:
  void set_range(std::int64_t begin) {
    block_.item_elements = low_word(n_);
    block_.first = low_word(origin_ % n_);
    block_.begin = low_word(begin - origin_);
    block_.end = low_word(end_ - origin_);
    block_.quads = (block_.end + 3) / 4;
    block_.inputs = static_cast<std::uint32_t>(job_.live.count);
    block_.rows = static_cast<std::uint32_t>(pass_.rows);
    block_.items = low_word(builder_.layout_.items);
    block_.spans = low_word(builder_.layout_.spans);
    block_.noise_block = low_word(pass_.noise_first / 4);
    block_.noise_skip = low_word(pass_.noise_first % 4);
    out_.items = low_word((end_ - 1) / n_ - origin_ / n_ + 1);
  }

  void use(BlockOperand& operand, const Place& place, DType type, std::int64_t item_bytes) {
    const auto width = static_cast<std::int64_t>(size_of(type));
    operand.where |= static_cast<std::uint32_t>(type) << kTypeShift;
    Use added{&operand, place.buffer, 0, 0, 0, width, 0};
    if (const BlockedBuffer* blocks = builder_.blocked(place)) {
      const std::int64_t plane = chunk_.index * blocks->block_bytes + blocks->header_bytes +
                                 place.offset * blocks->plane_bytes;
      added.begin = plane + (origin_ - chunk_.begin) * width;
      added.end = plane + (end_ - chunk_.begin) * width;
      added.base = added.begin - origin_ % n_ * width;
      operand.stride = low_word(n_);
    } else {
      const auto at = [&](std::int64_t element) {
        return place.offset + element / n_ * item_bytes + element % n_ * width;
      };
      added.begin = at(origin_);
      added.end = at(end_ - 1) + width;
      added.base = place.offset + origin_ / n_ * item_bytes;
      operand.stride = low_word(item_bytes / width);
    }
    uses_.add(added);
  }

  void set_source(std::uint32_t k) {
    const Input name = job_.live.input[k];
    const Operand& operand = pass_.input[index_of(name)];
    BlockOperand& source = block_.source[k];
    const auto from = [&](BlockSource kind) {
      source.where |= static_cast<std::uint32_t>(kind) << kSourceShift;
    };
    if (name == Input::noise0 && pass_.plan != nullptr) {
      block_.gain = static_cast<std::uint32_t>(pass_.plan->gain.mode);
      block_.gain_input = k;
    }
    if (name == Input::denoised) {
      from(BlockSource::denoised);
      block_.has_denoised = 1;
    } else if (is_noise(name) && !operand.place.is_given()) {
      const NoiseSource noise = noise_source(pass_, name);
      from(noise.on_path ? BlockSource::path : BlockSource::noise);
      source.offset = noise.draw;
      source.stride = noise.stream;
      if (noise.on_path) set_terms(pass_, block_);
    } else {
      use(source, operand.place, operand.type, operand.item_bytes);
    }
  }

  // Sums are a whole plane, whatever the dispatch runs over.
  void set_sums() {
    const BlockedBuffer& staging = builder_.staging_;
    const std::int64_t begin =
        chunk_.index * staging.block_bytes + pass_.row[0].place.offset * staging.plane_bytes;
    uses_.add({&block_.result[0], staging.buffer, begin, begin + staging.plane_bytes, begin, 4, 0});
  }

  void set_results() {
    if (job_.measure != nullptr) return set_sums();
    for (int r = 0; r < pass_.rows; ++r) {
      const PassRow& row = pass_.row[r];
      block_.result[r].part = as_float(row.known);
      use(block_.result[r], row.place, row.type, row.item_bytes);
    }
  }

  void set_optional() {
    if (block_.gain != 0 && pass_.variance.place.is_given()) {
      const Operand& variance = pass_.variance;
      use(block_.variance, variance.place, variance.type, variance.item_bytes);
    }
    if (pass_.mask.place.is_given()) {
      block_.masked = 1;
      use(block_.mask, pass_.mask.place, pass_.mask.type, pass_.mask.item_bytes);
    }
    if (job_.measure == nullptr) return;
    block_.measure = static_cast<std::uint32_t>(job_.measure->kind);
    block_.absolute = as_float(job_.measure->atol);
    block_.relative = as_float(job_.measure->rtol);
  }

  // The whole block of the arena: whatever else lies there shares its window.
  void set_header() {
    const BlockedBuffer& arena = builder_.arena_;
    const std::int64_t begin = chunk_.index * arena.block_bytes;
    const std::int64_t end = begin + arena.block_bytes;
    const std::int64_t skipped = origin_ / n_ - chunk_.begin / n_;
    const std::int64_t limits = begin + builder_.layout_.limits_at();
    uses_.add({&block_.header, arena.buffer, begin, end, begin + 8 * skipped, 4, 0});
    uses_.add({&block_.limits, arena.buffer, begin, end, limits, 4, 0});
  }

  void set_clip() {
    if (block_.has_denoised == 0) return;
    const ClipRule& clip = pass_.plan->clip;
    const std::int64_t elements = job_.parts == nullptr ? n_ : n_ / job_.groups;
    block_.clip = static_cast<std::uint32_t>(clip.mode);
    block_.clip_range = as_float(clip.range);
    block_.quantile_max = as_float(clip.sample_max);
    block_.quantile_elements = low_word(elements);
    const Rank rank = rank_of(elements, clip.ratio);
    block_.quantile_below = static_cast<std::uint32_t>(rank.below);
    block_.quantile_rest = as_float(rank.rest);
    out_.has_quantile = clip.mode == Clip::quantile;
    if (!out_.has_quantile) return;
    use(block_.scratch, {nullptr, builder_.arena_.buffer, builder_.layout_.rows}, DType::f32,
        4 * n_);
  }

  void set_table() {
    block_.set_floats = set_floats(job_);
    block_.denoised_at = block_.rows * block_.inputs;
    block_.known_at = block_.denoised_at + block_.inputs;
    block_.gain_at = block_.set_floats - 2;
    out_.table_floats = block_.set_floats;
    if (job_.measure != nullptr) {
      write_measure(job_, out_.table);
    } else if (job_.parts == nullptr) {
      write_set(job_, pass_, out_.table);
    } else {
      set_groups();
    }
  }

  void set_groups() {
    const std::int64_t length = n_ / job_.groups;
    const std::int64_t first = origin_ / length;
    const std::int64_t last = (end_ - 1) / length;
    block_.group_elements = low_word(length);
    block_.group_first = low_word(origin_ % length);
    out_.table_floats = block_.set_floats * low_word(last - first + 1);
    for (std::int64_t g = first; g <= last; ++g) {
      StepPlan plan;
      Pass part = pass_;
      job_.parts->put_part(g, plan, part);
      write_set(job_, part, out_.table + (g - first) * block_.set_floats);
    }
  }

  const DispatchBuilder& builder_;
  const Job& job_;
  const Pass& pass_;
  const Chunk& chunk_;
  std::int64_t n_;
  std::int64_t origin_;  // where quad 0 begins
  std::int64_t end_;
  PlanBlock& block_;
  Uses uses_;
  Dispatch& out_;
};

void DispatchBuilder::build(const Job& job, const Chunk& chunk, std::int64_t begin,
                            std::int64_t end, Dispatch& out) const {
  out.has_quantile = false;
  Writer(*this, job, chunk, begin, end, out).write();
}

}  // namespace sched::vulkan
