// Where a state's memory rows lie and its passes run: the host's memory and kernels, or a
// Vulkan device.

#pragma once

#include <memory>

#include "loop.hpp"
#include "pass.hpp"

namespace sched {

// The parts of a step whose weights differ along each item (per-token times).
class PartSource {
 public:
  virtual ~PartSource() = default;
  // Puts the weights of part `i` into `pass`, whose operands are those of the whole step.
  // `plan` is what the pass points to.
  virtual void put_part(std::int64_t i, StepPlan& plan, Pass& pass) const = 0;
};

class Executor {
 public:
  virtual ~Executor() = default;

  virtual void run(const Pass& pass) = 0;
  // A pass for each of `groups` equal parts of each item, in order.
  virtual void run_parts(const Pass& whole, std::int64_t groups, const PartSource& parts) = 0;
  virtual Measured measure(const Pass& pass, const MeasureRule& rule) = 0;

  virtual Place row(int slot) const = 0;
  virtual std::int64_t bytes() const = 0;
  // Rows as bytes, slot by slot, Loop::rows_bytes() of them.
  virtual void save_rows(unsigned char* bytes) const = 0;
  virtual void load_rows(const unsigned char* bytes) = 0;
  virtual Owner<Executor> clone() const = 0;
  virtual bool can_continue() const = 0;
  // Operands may lie in the host's memory: not while commands are recorded.
  virtual bool reads_host() const = 0;
};

Owner<Executor> make_host_executor(std::shared_ptr<const Loop> loop);

}  // namespace sched
