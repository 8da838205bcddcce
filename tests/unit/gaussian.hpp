// Gaussian data, for which everything is known: the best denoiser is linear, so that a
// sampler is a linear map of its first sample and of its noise, and the law of what it
// makes follows exactly from its plans.

#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "loops.hpp"

namespace sched::test {

// ------------------------------------------------------------------- a linear form

// A number that is linear in standard normals, all independent: each normal of a loop has a
// column of its own.
struct Spread {
  double mean = 0.0;
  List<double> weight;

  double variance() const {
    double sum = 0.0;
    for (const double w : weight) sum += w * w;
    return sum;
  }
  void add(double k, const Spread& other) {
    mean += k * other.mean;
    if (weight.size() < other.weight.size()) weight.resize(other.weight.size());
    for (std::size_t i = 0; i < other.weight.size(); ++i) weight[i] += k * other.weight[i];
  }
};

inline Spread operator-(Spread a, const Spread& b) {
  a.add(-1.0, b);
  return a;
}

// Columns of normals by the key that the kernels draw them with: loops that share this
// object and a seed share their normals, as they do in the library.
class Normals {
 public:
  Spread draw(std::uint32_t stream, std::uint32_t index, double weight = 1.0) {
    const auto at = column_.emplace(std::make_pair(stream, index), column_.size()).first->second;
    Spread spread;
    spread.weight.assign(at + 1, 0.0);
    spread.weight[at] = weight;
    return spread;
  }

 private:
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> column_;
};

// ---------------------------------------------------------------------- the data

struct Gaussian {
  double mean = 0.0;
  double variance = 0.25;

  double variance_at(const NoiseLevel& level) const {
    return level.alpha * level.alpha * variance + level.sigma * level.sigma;
  }
  double deviation_at(const NoiseLevel& level) const { return std::sqrt(variance_at(level)); }
  // E[x0 | x] = mean + gain (x - alpha mean)
  double gain_at(const NoiseLevel& level) const {
    return variance == 0.0 ? 0.0 : level.alpha * variance / variance_at(level);
  }
  double denoise(double x, const NoiseLevel& level) const {
    return mean + gain_at(level) * (x - level.alpha * mean);
  }
  Spread denoise(const Spread& x, const NoiseLevel& level) const {
    const double gain = gain_at(level);
    Spread clean;
    clean.add(gain, x);
    clean.mean += (1.0 - gain * level.alpha) * mean;
    return clean;
  }
  // The probability-flow ODE keeps x in units of its own standard deviation.
  double carry(double x, const NoiseLevel& from, const NoiseLevel& to) const {
    return to.alpha * mean + (x - from.alpha * mean) * (deviation_at(to) / deviation_at(from));
  }
};

// --------------------------------------------------------------------- running plans

// What the network would have to say for `clean` to be read from it as x0.
template <typename Value>
Value predict(const Parameterization& parameterization, const Value& x, const Value& clean,
              const NoiseLevel& level);

template <>
inline double predict(const Parameterization& parameterization, const double& x,
                      const double& clean, const NoiseLevel& level) {
  const LinearForm form = parameterization.denoised(LinearForm::of(Input::sample), level);
  return (clean - form[Input::sample] * x) / form[Input::prediction];
}

template <>
inline Spread predict(const Parameterization& parameterization, const Spread& x,
                      const Spread& clean, const NoiseLevel& level) {
  const LinearForm form = parameterization.denoised(LinearForm::of(Input::sample), level);
  Spread said;
  said.add(1.0 / form[Input::prediction], clean);
  said.add(-form[Input::sample] / form[Input::prediction], x);
  return said;
}

inline void accumulate(double& sum, double k, double value) { sum += k * value; }
inline void accumulate(Spread& sum, double k, const Spread& value) { sum.add(k, value); }

template <typename Value>
Value evaluate(const LinearForm& form, const std::array<Value, kInputs>& value) {
  Value sum{};
  for (std::size_t i = 0; i < kInputs; ++i) {
    if (form.weight[i] != 0.0) accumulate(sum, form.weight[i], value[i]);
  }
  return sum;
}

// Runs the calls of a loop on `x`, a number or a spread.  `say` is the network, of a sample
// and the index of the call; `set_noise` puts a call's draws among its inputs.
template <typename Value, typename Network, typename SetNoise>
Value run_plans(const Loop& loop, Value x, const Network& say, const SetNoise& set_noise) {
  std::array<Value, kInputs> value{};
  for (std::size_t call = 0; call < loop.plans.size(); ++call) {
    const StepPlan& plan = loop.plans[call];
    value[index_of(Input::sample)] = x;
    // What is to be expected of a prompt that says nothing more: the same.
    value[index_of(Input::prediction)] = value[index_of(Input::unconditional)] = say(x, call);
    set_noise(call, value);
    x = evaluate(plan.next, value);
    std::vector<std::pair<Input, Value>> kept;
    for (int k = 0; k < plan.kept_count; ++k) {
      const KeptRow& row = plan.kept[static_cast<std::size_t>(k)];
      kept.emplace_back(memory_input(row.slot), evaluate(row.form, value));
    }
    for (const auto& [input, row] : kept) value[index_of(input)] = row;
  }
  return x;
}

// A deterministic loop on one number, with the best denoiser.
inline double run_on_gaussian(const Loop& loop, double x, const Gaussian& data = {}) {
  const auto say = [&](double sample, std::size_t call) {
    const NoiseLevel& level = loop.grid.nodes[call].level;
    return predict(loop.parameterization(), sample, data.denoise(sample, level), level);
  };
  return run_plans(loop, x, say, [](std::size_t, std::array<double, kInputs>&) {});
}

inline double exact_on_gaussian(const Loop& loop, double x, const Gaussian& data = {}) {
  return data.carry(x, loop.grid.steps.front().from, loop.grid.steps.back().to);
}

// The draws of a call: an increment of the path where its noise is one.
inline void set_draws(const Loop& loop, std::size_t call, Normals& normals,
                      std::array<Spread, kInputs>& value) {
  constexpr std::uint32_t kSteps = 0;
  constexpr std::uint32_t kPath = 2;
  const PathSlice slice = loop.path[call];
  Spread& first = value[index_of(Input::noise0)];
  first = {};
  for (std::uint32_t k = 0; k < slice.count; ++k) {
    const NoiseTerm& term = loop.path_terms[slice.first + k];
    first.add(1.0, normals.draw(kPath, term.draw, double{term.weight}));
  }
  if (slice.count == 0) first = normals.draw(kSteps, loop.first_draw[call]);
  value[index_of(Input::noise1)] = normals.draw(kSteps, loop.first_draw[call] + 1);
}

// The sample that a loop begins with, of the law that the data have there.
inline Spread first_sample(const Loop& loop, const Gaussian& data, Normals& normals) {
  constexpr std::uint32_t kFirst = 1;
  const NoiseLevel& level = loop.grid.nodes.front().level;
  Spread x = normals.draw(kFirst, 0, data.deviation_at(level));
  x.mean = level.alpha * data.mean;
  return x;
}

// A loop with its noise and the best denoiser: the law of the result.
inline Spread law_of(const Loop& loop, const Gaussian& data, Normals& normals) {
  const auto say = [&](const Spread& sample, std::size_t call) {
    const NoiseLevel& level = loop.grid.nodes[call].level;
    return predict(loop.parameterization(), sample, data.denoise(sample, level), level);
  };
  return run_plans(loop, first_sample(loop, data, normals), say,
                   [&](std::size_t call, std::array<Spread, kInputs>& value) {
                     set_draws(loop, call, normals, value);
                   });
}

inline Spread law_of(const Loop& loop, const Gaussian& data) {
  Normals normals;
  return law_of(loop, data, normals);
}

}  // namespace sched::test
