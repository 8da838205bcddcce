// Norms over whole tensors, for the methods whose next step depends on them.  One loop
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
  if (operand.place.is_given()) {
    const void* data = operand.place.after(item * operand.item_bytes).address();
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
    if (rule.kind == Measure::deviation) {
      for (std::int64_t i = 0; i < n; ++i) {
        sums.first += low[i];
        sums.second += low[i] * low[i];
      }
      continue;
    }
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

void MeasureTotal::add_item(double first, double second) {
  const bool of_items = rule_.kind == Measure::norms;
  first_ += of_items ? std::sqrt(first) : first;
  second_ += of_items ? std::sqrt(second) : second;
}

Measured MeasureTotal::result(std::int64_t batch, std::int64_t elements) const {
  const double items = static_cast<double>(batch);
  if (rule_.kind == Measure::norms) return {first_ / items, second_ / items, true};
  const double count = items * static_cast<double>(elements);
  if (rule_.kind == Measure::error) return {std::sqrt(first_ / count), 0.0, true};
  // Of one number it is 0.
  const double squares = std::fmax(0.0, second_ - first_ * first_ / count);
  return {std::sqrt(squares / std::fmax(1.0, count - 1.0)), 0.0, true};
}

Measured measure(const Pass& pass, const MeasureRule& rule) {
  MeasureTotal total(rule);
  for (std::int64_t item = 0; item < pass.batch; ++item) {
    const ItemSums sums = sums_of_item(pass, rule, item);
    total.add_item(sums.first, sums.second);
  }
  return total.result(pass.batch, pass.elements);
}

}  // namespace sched
