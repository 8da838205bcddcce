// Norms over whole tensors, for the two methods whose next step depends on them.  One loop
// in float64 in a fixed order, whatever the kernel: every kernel decides alike.

#include "measure.hpp"

#include <cmath>
#include <cstring>

#include "kernel/kernel.hpp"

namespace sched {

namespace {

#include "kernel/float_math.inl"

#include "kernel/load.inl"

constexpr std::int64_t kBlock = 512;

// Adds weight * input to `n` sums, for elements from `from` of an item.
void add_input(const Pass& pass, Input name, std::int64_t item, std::int64_t from, std::int64_t n,
               double weight, double* sum) {
  const Operand& operand = pass.input[index_of(name)];
  if (operand.data != nullptr) {
    const char* data = static_cast<const char*>(operand.data) + item * operand.item_bytes;
    for (std::int64_t i = 0; i < n; ++i) sum[i] += weight * load(data, operand.type, from + i);
    return;
  }
  const std::uint32_t draw = pass.first_draw + (name == Input::noise0 ? 0 : 1);
  float z[kBlock];
  fill_normals(z, from, n, {pass.seeds[item], draw, pass.stream});
  for (std::int64_t i = 0; i < n; ++i) sum[i] += weight * z[i];
}

void evaluate(const Pass& pass, const LinearForm& form, std::int64_t item, std::int64_t from,
              std::int64_t n, double* sum) {
  for (std::int64_t i = 0; i < n; ++i) sum[i] = 0.0;
  for (std::size_t k = 0; k < kInputs; ++k) {
    if (form.weight[k] == 0.0) continue;
    add_input(pass, static_cast<Input>(k), item, from, n, form.weight[k], sum);
  }
}

// Sums over one item of what the rule asks for, from blocks of `low` and `high`.
struct ItemSums {
  double first = 0.0;
  double second = 0.0;
};

ItemSums sums_of_item(const Pass& pass, const MeasureRule& rule, std::int64_t item) {
  double low[kBlock];
  double high[kBlock];
  double before[kBlock];
  ItemSums sums;
  for (std::int64_t from = 0; from < pass.elements; from += kBlock) {
    const std::int64_t n = pass.elements - from < kBlock ? pass.elements - from : kBlock;
    evaluate(pass, rule.low, item, from, n, low);
    evaluate(pass, rule.high, item, from, n, high);
    if (rule.kind == Measure::norms) {
      for (std::int64_t i = 0; i < n; ++i) {
        sums.first += low[i] * low[i];
        sums.second += high[i] * high[i];
      }
      continue;
    }
    evaluate(pass, rule.before, item, from, n, before);
    for (std::int64_t i = 0; i < n; ++i) {
      const double largest = std::fmax(std::fabs(low[i]), std::fabs(before[i]));
      const double part = (low[i] - high[i]) / std::fmax(rule.atol, rule.rtol * largest);
      sums.first += part * part;
    }
  }
  return sums;
}

}  // namespace

Measured measure(const Pass& pass, const MeasureRule& rule) {
  Measured measured;
  const bool norms = rule.kind == Measure::norms;
  for (std::int64_t item = 0; item < pass.batch; ++item) {
    const ItemSums sums = sums_of_item(pass, rule, item);
    measured.first += norms ? std::sqrt(sums.first) : sums.first;
    measured.second += std::sqrt(sums.second);
  }
  const double items = static_cast<double>(pass.batch);
  if (norms) return {measured.first / items, measured.second / items, true};
  return {std::sqrt(measured.first / (items * static_cast<double>(pass.elements))), 0.0, true};
}

}  // namespace sched
