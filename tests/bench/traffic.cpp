#include "traffic.hpp"

#include <algorithm>
#include <stdexcept>

namespace {

constexpr std::size_t kLongestPeriod = 24;

bool repeats(const std::vector<Traffic>& calls, std::size_t period) {
  for (std::size_t i = period; i < calls.size(); ++i) {
    if (!(calls[i] == calls[i - period])) return false;
  }
  return true;
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
  for (int i = SCHED_INPUT_MEMORY0; i < SCHED_INPUT_ORIGINAL; ++i) {
    if (is_read[i]) traffic.reads.push_back(kFirstRowArray + i - SCHED_INPUT_MEMORY0);
  }
  traffic.normals = int{is_read[SCHED_INPUT_NOISE0]} + int{is_read[SCHED_INPUT_NOISE1]};
  return traffic;
}

std::vector<Traffic> traffic_cycle(sched_state* state, int first, int last) {
  std::vector<Traffic> calls;
  for (int call = first; call < last; ++call) {
    sched_weights weights{};
    weights.struct_size = sizeof weights;
    if (sched_step_weights(state, call, &weights) != SCHED_OK) {
      throw std::runtime_error(sched_last_error(state));
    }
    calls.push_back(traffic_of(weights));
  }
  for (std::size_t period = 1; period <= kLongestPeriod && 2 * period <= calls.size(); ++period) {
    if (!repeats(calls, period)) continue;
    calls.resize(period);
    break;
  }
  return calls;
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

int arrays_needed(const std::vector<Traffic>& cycle) {
  int most = kNextArray;
  for (const Traffic& call : cycle) {
    for (const int array : call.reads) most = std::max(most, array);
    for (const int array : call.writes) most = std::max(most, array);
  }
  return most + 1;
}
