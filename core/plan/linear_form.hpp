// A weighted sum of named tensors: the only thing a solver ever computes with.
//
// Solvers do their algebra on these in float64, on the host, so that their source reads
// like the paper; a kernel then runs the finished sums in one pass over memory.

#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace sched {

// Names of the tensors that a step may read.  Memory rows are the state's own.
enum class Input : int {
  sample,
  prediction,
  denoised,
  noise0,
  noise1,
  unconditional,
  memory0,
  original = memory0 + 8,  // clean data under a mask
  known_noise,             // normals for it, the same at every step
  count
};

constexpr std::size_t kMemoryRows = 8;
constexpr std::size_t kInputs = static_cast<std::size_t>(Input::count);

constexpr std::size_t index_of(Input input) { return static_cast<std::size_t>(input); }
constexpr Input memory_input(int slot) {
  return static_cast<Input>(static_cast<int>(Input::memory0) + slot);
}

struct LinearForm {
  std::array<double, kInputs> weight{};

  static LinearForm of(Input input) {
    LinearForm form;
    form.weight[index_of(input)] = 1.0;
    return form;
  }
  double operator[](Input input) const { return weight[index_of(input)]; }
};

inline LinearForm operator+(LinearForm a, const LinearForm& b) {
  for (std::size_t i = 0; i < kInputs; ++i) a.weight[i] += b.weight[i];
  return a;
}

// A zero factor removes a form even where a weight inside is infinite: 0 * D with
// D = x / alpha at alpha = 0 is nothing, not NaN.  A zero weight stays zero likewise.
inline LinearForm operator*(double k, LinearForm a) {
  if (k == 0.0) return {};
  for (double& w : a.weight) {
    // Multiplied in any case, so that compilers vectorise it.
    const double product = k * w;
    w = w == 0.0 ? 0.0 : product;
  }
  return a;
}

inline LinearForm operator-(const LinearForm& a, const LinearForm& b) { return a + (-1.0) * b; }
inline LinearForm operator/(const LinearForm& a, double k) { return (1.0 / k) * a; }

// Rewrites `form`, replacing one input by the form that defines it.
inline LinearForm substitute(LinearForm form, Input input, const LinearForm& definition) {
  const double w = form[input];
  if (w == 0.0) return form;
  form.weight[index_of(input)] = 0.0;
  return form + w * definition;
}

inline bool is_finite(const LinearForm& form) {
  for (const double w : form.weight) {
    if (!std::isfinite(w)) return false;
  }
  return true;
}

}  // namespace sched
