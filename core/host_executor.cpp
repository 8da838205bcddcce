// Rows in the host's memory, passes on a CPU kernel.

#include <cstring>

#include "executor.hpp"
#include "host_memory.hpp"
#include "measure.hpp"

namespace sched {

namespace {

// Where a quantile has to be found.
std::int64_t scratch_bytes(const Loop& loop) {
  const ClipRule& clip = loop.scheduler->factors.clip;
  if (clip.mode != Clip::quantile) return 0;
  return loop.kernel->scratch_bytes(loop.elements, clip.ratio);
}

// Bytes from row to row.  Rows that begin at the same place of a page get in each other's way: a
// processor takes a load for one of a store that it has not finished where the lower twelve bits
// of the addresses agree.  So large rows begin five eighths of a page apart, which keeps any eight
// of them from meeting.
std::int64_t row_stride(std::int64_t row_bytes) {
  constexpr std::int64_t kLarge = 65536, kPage = 4096, kApart = 2560;
  if (row_bytes < kLarge) return row_bytes;
  return (row_bytes - kApart + kPage - 1) / kPage * kPage + kApart;
}

class HostExecutor final : public Executor {
 public:
  explicit HostExecutor(std::shared_ptr<const Loop> loop)
      : loop_(std::move(loop)),
        stride_(row_stride(loop_->row_bytes())),
        rows_(memory(), loop_->memory_rows * stride_),
        scratch_(memory(), scratch_bytes(*loop_)),
        threads_(memory(), loop_->threads) {}

  void run(const Pass& pass) override {
    if (scratch_.get() == nullptr) {
      run_pass(*loop_->kernel, pass, threads_);
      return;
    }
    Pass with_scratch = pass;
    with_scratch.scratch = scratch_.get();
    run_pass(*loop_->kernel, with_scratch, threads_);
  }

  void run_parts(const Pass& whole, std::int64_t groups, const PartSource& parts) override {
    const std::int64_t length = whole.elements / groups;
    for (std::int64_t i = 0; i < whole.batch * groups; ++i) {
      StepPlan plan;
      Pass part = whole;
      parts.put_part(i, plan, part);
      const std::int64_t item = i / groups;
      move_to_item(item, part);
      part.first = i % groups * length;
      part.count = length;
      run(part);
    }
  }

  Measured measure(const Pass& pass, const MeasureRule& rule) override {
    return sched::measure(pass, rule);
  }

  Place row(int slot) const override { return {rows_.get(), 0, slot * stride_}; }
  std::int64_t bytes() const override {
    return static_cast<std::int64_t>(sizeof(*this)) + rows_.bytes() + scratch_.bytes() +
           threads_.bytes();
  }
  void save_rows(unsigned char* bytes) const override {
    for (int i = 0; i < loop_->memory_rows; ++i) {
      std::memcpy(bytes + i * loop_->row_bytes(), row_address(i), row_size());
    }
  }
  void load_rows(const unsigned char* bytes) override {
    for (int i = 0; i < loop_->memory_rows; ++i) {
      std::memcpy(row_address(i), bytes + i * loop_->row_bytes(), row_size());
    }
  }
  Owner<Executor> clone() const override {
    auto copy = make_owner<HostExecutor>(memory(), loop_);
    for (int i = 0; i < loop_->memory_rows; ++i) {
      std::memcpy(copy->row_address(i), row_address(i), row_size());
    }
    return copy;
  }
  bool can_continue() const override { return true; }
  bool reads_host() const override { return true; }

 private:
  const Memory& memory() const { return loop_->scheduler->memory; }
  std::size_t row_size() const { return static_cast<std::size_t>(loop_->row_bytes()); }
  unsigned char* row_address(int slot) const { return rows_.get() + slot * stride_; }

  static void move_to_item(std::int64_t item, Pass& part) {
    const auto move = [item](Place& place, std::int64_t item_bytes) {
      if (place.is_given()) place = place.after(item * item_bytes);
    };
    for (Operand& input : part.input) move(input.place, input.item_bytes);
    move(part.mask.place, part.mask.item_bytes);
    move(part.variance.place, part.variance.item_bytes);
    for (int r = 0; r < part.rows; ++r) move(part.row[r].place, part.row[r].item_bytes);
    part.batch = 1;
    part.seeds += item;
    part.path_seeds += item;
  }

  std::shared_ptr<const Loop> loop_;
  std::int64_t stride_;
  HostMemory rows_;
  HostMemory scratch_;
  StepThreads threads_;
};

}  // namespace

Owner<Executor> make_host_executor(std::shared_ptr<const Loop> loop) {
  const Memory memory = loop->scheduler->memory;
  return make_owner<HostExecutor>(memory, std::move(loop));
}

}  // namespace sched
