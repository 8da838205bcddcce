// What a solver answers for one model call: rows of weights, and nothing executed.

#pragma once

#include <array>
#include <cstdint>

#include "linear_form.hpp"

namespace sched {

enum class Clip { none, range, quantile };

// How x0 is limited before it is used.
struct ClipRule {
  Clip mode = Clip::none;
  double range = 1.0;       // range: clamp to +-range
  double ratio = 0.995;     // quantile: of abs(x0) within an item
  double sample_max = 1.0;  // quantile: the limit lies in [1, sample_max]
};

// noise0 is multiplied by exp(offset + slope v) or sqrt(v), v the second half of the
// network's channels (Nichol and Dhariwal 2021, arXiv:2102.09672); or clamped to +-offset.
enum class GainMode { none, exponential, square_root, clamp };

struct Gain {
  GainMode mode = GainMode::none;
  double offset = 0.0;
  double slope = 0.0;
};

// Norms of whole tensors that a plan depends on, for the few methods that need them.  The
// step is then made by Solver::finish, once they are known.
enum class Measure {
  none,
  // sqrt(mean(((low - high) / max(atol, rtol max(|low|, |before|)))^2)) over the batch
  error,
  // means over the batch of the L2 norms of an item's `low` and `high`
  norms,
  // the standard deviation of `low` over the batch, divided by n - 1
  deviation
};

struct MeasureRule {
  Measure kind = Measure::none;
  LinearForm low, high, before;
  double atol = 0.0;
  double rtol = 0.0;
};

struct Measured {
  double first = 0.0;  // the error, the norm of `low`, or its deviation
  double second = 0.0;
  bool accepted = true;  // adaptive steps: what the controller decided
};

struct KeptRow {
  int slot = 0;
  LinearForm form;
};

constexpr int kMaxKept = 4;

struct StepPlan {
  LinearForm next;
  // x0 before the clip.  Where nothing is clipped it is put into the rows on the host.
  LinearForm denoised;
  // What a caller sees as x0.
  LinearForm preview = LinearForm::of(Input::denoised);
  std::array<KeptRow, kMaxKept> kept{};
  int kept_count = 0;
  ClipRule clip;
  Gain gain;
  // Draws are listed apart from their use: some references draw and use weight zero.
  int draws = 0;
  MeasureRule measure;
  // What `next` is where the caller's mask is 1, if the method says so (RePaint); other
  // methods noise the original to the level at which they arrive.
  bool has_known = false;
  LinearForm known;

  void keep(int slot, const LinearForm& form) {
    kept[static_cast<std::size_t>(kept_count++)] = {slot, form};
  }
};

}  // namespace sched
