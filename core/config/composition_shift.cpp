// The shift of a flow's sigmas for a resolution, in the grid of our own composition.

#include "../status.hpp"
#include "composition_parts.hpp"
#include "words.hpp"

namespace sched {

namespace {

// mu as the pipelines make it, instead of the init option.
void set_mu(const Values& v, bool shape_takes_tokens, GridSpec& g) {
  const std::string& rule = v.text("mu_from");
  g.mu_rule = rule == "flux"    ? MuRule::flux
              : rule == "flux2" ? MuRule::flux2
              : rule == "ltx"   ? MuRule::ltx
                                : MuRule::init;
  const bool from_init = g.mu_rule == MuRule::init;
  if (v.given("tokens") && from_init && !shape_takes_tokens) {
    fail(Status::conflict, "grid: tokens needs mu_from flux | flux2 | ltx, or shape logit_normal");
  }
  if ((v.given("base_shift") || v.given("max_shift")) && rule != "flux" && rule != "ltx") {
    fail(Status::conflict, "grid: base_shift and max_shift need mu_from flux | ltx");
  }
  g.tokens = v.number("tokens");
  g.base_shift = v.maybe("base_shift").value_or(rule == "ltx" ? 0.95 : 0.5);
  g.max_shift = v.maybe("max_shift").value_or(rule == "ltx" ? 2.05 : 1.15);
  if (from_init) return;
  if (v.given("dynamic_shift") && !g.dynamic_shift) {
    fail(Status::conflict, "grid: mu_from with dynamic_shift false, which has no mu");
  }
  if (g.time_shift != TimeShift::exponential) {
    fail(Status::conflict, "grid: mu_from with time_shift linear; its mu is a logarithm");
  }
  g.dynamic_shift = true;
}

}  // namespace

void read_shift(const Values& v, bool flow, bool shape_takes_tokens, GridSpec& g) {
  for (const char* key : {"shift", "dynamic_shift", "time_shift", "shift_terminal", "mu_from"}) {
    if (!v.given(key)) continue;
    if (!flow) {
      fail(Status::conflict,
           "grid: shift, dynamic_shift, mu_from and shift_terminal need schedule flow");
    }
    if (g.shape == SigmaShape::logit_normal) {
      fail(Status::conflict, "grid: ", key, " is not used by shape logit_normal");
    }
  }
  g.shift = v.number("shift");
  g.dynamic_shift = v.flag("dynamic_shift");
  g.time_shift = time_shift(v.text("time_shift"));
  if (v.given("shift_terminal")) g.shift_terminal = v.maybe("shift_terminal");
  set_mu(v, shape_takes_tokens, g);
  if (v.given("time_shift") && !g.dynamic_shift) {
    fail(Status::conflict, "grid: time_shift needs dynamic_shift");
  }
}

}  // namespace sched
