// Which way of making points suits a composition, and what init may then ask for.

#include "composition_parts.hpp"

namespace sched {

namespace {

void set_flow(Factors& f) {
  f.grid.family = GridFamily::flow;
  f.grid.sigmas_with_end = true;
  f.init_options |= kSigmas | kMu | kTimesteps;
}

// Without a table: sigmas of a shape.
void set_tableless(Factors& f) {
  f.grid.family = GridFamily::shaped;
  f.init_options |= kSigmas;
}

// Whole timesteps, where their levels are in the table.
void set_timesteps(Factors& f) {
  f.grid.family = GridFamily::timesteps;
  f.grid.whole_times = true;
  f.grid.final_alpha_one = f.grid.final_sigma == FinalSigma::zero;
  f.init_options |= kTimesteps;
}

void set_sigmas(Factors& f) {
  GridSpec& g = f.grid;
  g.family = GridFamily::sigmas;
  f.init_options |= kSigmas | kTimesteps;
  // A linspace to timestep 0 leaves no room for the last step to zero otherwise, and a
  // rising one would end where it has come already.
  g.drop_last = g.rising || (g.spacing != Spacing::trailing && g.frame == Frame::vp);
  if (g.rising) f.init_options &= ~static_cast<unsigned>(kSigmas | kTimesteps | kEta | kChurn);
}

// Solvers that space their own steps, evenly in log SNR down to sigma_min.
void set_even(Factors& f) {
  f.grid.shape = SigmaShape::exponential;
  f.grid.final_sigma = FinalSigma::shaped;
  f.init_options &= ~static_cast<unsigned>(kTimesteps);
}

void set_by_solver(Factors& f) {
  const GridSpec& g = f.grid;
  const bool plain = g.shape == SigmaShape::none && !g.rising;
  if (f.schedule.flow) {
    set_flow(f);
  } else if (f.schedule.tableless) {
    set_tableless(f);
  } else if (is_solver(f, {"lcm", "tcd"}) && plain) {
    f.grid.family = GridFamily::subset;
    f.init_options |= kTimesteps;
  } else if (is_solver(f, {"ddim", "ddpm", "pndm", "repaint"}) && plain && g.frame == Frame::vp) {
    set_timesteps(f);
  } else {
    set_sigmas(f);
  }
  if (f.solver->grid_steps != nullptr) set_even(f);
}

}  // namespace

void choose_family(Factors& f) {
  GridSpec& g = f.grid;
  g.shape_from_table = true;
  g.whole_range = true;
  set_by_solver(f);
  if (is_solver(f, {"pndm", "repaint"})) {
    f.init_options &= ~static_cast<unsigned>(kTimesteps | kSigmas);
  }
  // Churn adds noise in the ve frame.
  if (g.frame != Frame::ve) f.init_options &= ~static_cast<unsigned>(kChurn);
  if (g.family != GridFamily::subset) f.init_options &= ~static_cast<unsigned>(kOriginalSteps);
  if (g.frame == Frame::ve) {
    g.init_sigma =
        g.family == GridFamily::shaped ? GridSpec::InitSigma::first : GridSpec::InitSigma::largest;
  }
  if (f.schedule.zero_snr == ZeroSnr::exact && g.family == GridFamily::sigmas) {
    f.schedule.zero_snr = ZeroSnr::smallest;
  }
}

}  // namespace sched
