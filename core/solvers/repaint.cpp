// RePaint: inpainting that goes back up and down again, so that the painted part comes to
// agree with the known one.
// Lugmayr et al. 2022, arXiv:2201.09865, algorithm 1 and figure 9; the step is DDIM's.
//
//   known:  x(t) = alpha_t original + sigma_t z          where the mask is 1
//   jumps:  every `jump_length` steps, `jump_count` - 1 times, noise is added for
//           `jump_length` steps and the steps are taken again

#include "../status.hpp"
#include "solvers.hpp"

namespace sched {

namespace {

StepPlan plan(const StepView& step) {
  StepPlan plan = kDdim.plan(step);
  // One draw is shared by both parts.
  plan.has_known = true;
  plan.known = step.to().alpha * LinearForm::of(Input::original) + step.to().sigma * step.noise();
  plan.draws = 1;
  return plan;
}

Node up(const GridStep& step, int i, const NoiseLevel& from, const NoiseLevel& to) {
  Node node{step.time, from, from, to, i, 0, 0, false};
  node.needs_model = false;
  return node;
}

// From the end of step i back up to its beginning.
void add_undo(const Expansion& e, int i) {
  const GridStep& step = e.grid.steps[static_cast<std::size_t>(i)];
  if (!e.options.quirk_unit_undo) {
    e.grid.nodes.push_back(up(step, i, step.to, step.from));
    return;
  }
  // diffusers: one training timestep at a time, and the timesteps above the beginning of
  // the step rather than those within it.
  const int stride = stride_of(e.schedule, e.grid.total());
  for (int t = static_cast<int>(step.time); t < static_cast<int>(step.time) + stride; ++t) {
    if (t >= e.schedule.train_steps()) break;
    const NoiseLevel from = t == 0 ? NoiseLevel{} : table_level(e.spec, e.schedule, t - 1);
    e.grid.nodes.push_back(up(step, i, from, table_level(e.spec, e.schedule, t)));
  }
}

void check_size(const Expansion& e) {
  constexpr std::size_t most = 2000000;
  if (e.grid.nodes.size() < most) return;
  fail(Status::steps, "jump_length ", e.options.jump_length, " and jump_n_sample ",
       e.options.jump_count, " make more than ", most, " calls; choose less of either");
}

void expand(const Expansion& e) {
  const int length = e.options.jump_length;
  const int last = e.grid.end - 1;
  // Steps after which the loop may go back, as steps left to the end.
  List<int> jumps(static_cast<std::size_t>(e.grid.total()), 0);
  for (int left = 0; left < e.grid.total() - length; left += length) {
    jumps[static_cast<std::size_t>(left)] = e.options.jump_count - 1;
  }
  for (int i = e.grid.begin; i <= last; ++i) {
    e.grid.nodes.push_back(begin_step(e, i));
    int& times = jumps[static_cast<std::size_t>(e.grid.total() - 1 - i)];
    if (times == 0 || i - length + 1 < e.grid.begin) continue;
    --times;
    check_size(e);
    for (int k = 0; k < length; ++k) add_undo(e, i--);
  }
}

}  // namespace

const Solver kRepaint = {"repaint",
                         "Lugmayr et al. 2022, arXiv:2201.09865",
                         plan,
                         expand,
                         {no_rows, one_draw, 1, order_is<1>, Noise::always},
                         kVp};

}  // namespace sched
