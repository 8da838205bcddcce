#include "traffic.hpp"

#include <algorithm>
#include <stdexcept>

namespace {

constexpr int kLongestPeriod = 24;

std::vector<Traffic> traffic_of_calls(sched_state* state, int first, int last) {
  std::vector<Traffic> calls;
  for (int call = first; call < last; ++call) {
    sched_weights weights{};
    weights.struct_size = sizeof weights;
    if (sched_step_weights(state, call, &weights) != SCHED_OK) {
      throw std::runtime_error(sched_last_error(state));
    }
    calls.push_back(traffic_of(weights));
  }
  return calls;
}

// The longest stretch in which each call moves what the call `period` before it does.
Stretch longest_of_period(const std::vector<Traffic>& calls, int period) {
  Stretch best;
  int first = 0;
  for (int i = period; i <= static_cast<int>(calls.size()); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const bool repeats =
        at < calls.size() && calls[at] == calls[at - static_cast<std::size_t>(period)];
    if (repeats) continue;
    if (i - first > best.last - best.first) best = {first, i, {}};
    first = i - period + 1;
  }
  best.cycle = {calls.begin() + best.first, calls.begin() + best.first + period};
  return best;
}

}  // namespace

Traffic traffic_of(const sched_weights& weights) {
  bool is_read[SCHED_WEIGHTS_INPUTS] = {};
  const auto read = [&](const double* form) {
    for (int i = 0; i < SCHED_WEIGHTS_INPUTS; ++i) is_read[i] = is_read[i] || form[i] != 0.0;
  };
  Traffic traffic;
  for (int r = 0; r < weights.rows; ++r) {
    const int output = weights.output[r];
    if (output == SCHED_OUTPUT_DENOISED) continue;
    read(weights.weight[r]);
    traffic.writes.push_back(
        output == SCHED_OUTPUT_NEXT ? kNextArray : kFirstRowArray + output - SCHED_OUTPUT_MEMORY0);
  }
  if (is_read[SCHED_INPUT_DENOISED]) read(weights.denoised);
  if (is_read[SCHED_INPUT_SAMPLE]) traffic.reads.push_back(kSampleArray);
  if (is_read[SCHED_INPUT_PREDICTION]) traffic.reads.push_back(kPredictionArray);
  if (is_read[SCHED_INPUT_UNCONDITIONAL]) traffic.reads.push_back(kUnconditionalArray);
  for (int i = SCHED_INPUT_MEMORY0; i < SCHED_INPUT_ORIGINAL; ++i) {
    if (is_read[i]) traffic.reads.push_back(kFirstRowArray + i - SCHED_INPUT_MEMORY0);
  }
  traffic.normals = int{is_read[SCHED_INPUT_NOISE0]} + int{is_read[SCHED_INPUT_NOISE1]};
  return traffic;
}

Stretch longest_stretch(sched_state* state, int first, int last) {
  const std::vector<Traffic> calls = traffic_of_calls(state, first, last);
  const auto count = static_cast<int>(calls.size());
  Stretch best;
  // The shortest period wins that covers most of the calls.
  for (int period = 1; period <= std::min(kLongestPeriod, count / 2); ++period) {
    const Stretch stretch = longest_of_period(calls, period);
    if (stretch.last - stretch.first < 2 * period) continue;
    if (stretch.last - stretch.first > best.last - best.first) best = stretch;
    if (2 * (best.last - best.first) > count) break;
  }
  if (best.cycle.empty()) {
    throw std::runtime_error("no two of its calls move the same arrays");
  }
  best.first += first;
  best.last += first;
  return best;
}

double mean_arrays(const std::vector<Traffic>& cycle) {
  double arrays = 0.0;
  for (const Traffic& call : cycle) {
    arrays += static_cast<double>(call.reads.size() + call.writes.size());
  }
  return arrays / static_cast<double>(cycle.size());
}

bool has_noise(const std::vector<Traffic>& cycle) {
  return std::any_of(cycle.begin(), cycle.end(), [](const Traffic& t) { return t.normals > 0; });
}

bool reads(const std::vector<Traffic>& cycle, int array) {
  return std::any_of(cycle.begin(), cycle.end(), [array](const Traffic& t) {
    return std::find(t.reads.begin(), t.reads.end(), array) != t.reads.end();
  });
}

int arrays_needed(const std::vector<Traffic>& cycle) {
  int most = kNextArray;
  for (const Traffic& call : cycle) {
    for (const int array : call.reads) most = std::max(most, array);
    for (const int array : call.writes) most = std::max(most, array);
  }
  return most + 1;
}
