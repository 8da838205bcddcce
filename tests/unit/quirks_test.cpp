// What diffusers does that a paper does not: each quirk is on for the class that has it, off
// in our own composition, and changes a loop where it is switched.

#include <set>

#include "../../core/config/quirks.hpp"
#include "compose.hpp"

namespace {

using namespace sched;
using namespace sched_unit;

struct Case {
  const char* name;
  const char* config;
  int steps = 10;
  Ask ask = nullptr;
  bool grouped = false;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

Ask churned() {
  return [](LoopRequest& r) { r.churn = 4.0; };
}
Ask with_sigmas(List<double> sigmas) {
  return [=](LoopRequest& r) { r.grid.sigmas = sigmas; };
}
Ask with_times(List<double> times) {
  return [=](LoopRequest& r) { r.grid.timesteps = times; };
}

#define CLASS(name, rest) R"({"_class_name": ")" name R"(Scheduler")" rest "}"

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"churned_v", CLASS("EulerDiscrete", R"(, "prediction_type": "v_prediction")"), 10,
       churned()},
      {"churn_after_call", CLASS("EulerDiscrete", ""), 10, churned()},
      {"sde_third_order",
       CLASS("DPMSolverMultistep", R"(, "algorithm_type": "sde-dpmsolver++", "solver_order": 3)")},
      {"half_curvature", CLASS("DPMSolverMultistep", R"(, "solver_order": 3)")},
      {"mean_step", R"({"solver": "dpmpp_2m", "quirks": ["mean_step"]})"},
      {"half_difference", CLASS("SASolver", "")},
      {"tau_by_time", CLASS("SASolver", "")},
      {"guarded_alpha", CLASS("LTXEulerAncestralRF", "")},
      {"call_at_end", CLASS("LTXEulerAncestralRF", ""), 0, with_sigmas({1.0, 0.5, 0.0})},
      {"draw_at_end", CLASS("CMStochasticIterative", ""), 3},
      {"token_sign", CLASS("FlowMatchEulerDiscrete", ""), 10, nullptr, true},
      {"unit_undo", CLASS("RePaint", ""), 50},
      {"idle_draw", CLASS("EulerAncestralDiscrete", "")},
      {"beta_at_start", CLASS("ScoreSdeVp", "")},
      {"spare_draw", CLASS("CogVideoXDPM", "")},
      {"first_order_below", CLASS("CogVideoXDPM", R"(, "set_alpha_to_one": false,
          "timestep_spacing": "trailing")")},
      {"lost_x0", CLASS("IPNDM", "")},
      {"early_lowering", R"({"solver": "sa_solver", "quirks": ["early_lowering"]})"},
      {"rectangles", R"({"solver": "deis_tab", "quirks": ["rectangles"]})"},
      {"rectangles", R"({"solver": "er_sde", "quirks": ["rectangles"]})"},
      {"misplaced_terms", R"({"solver": "ipndm_v", "quirks": ["misplaced_terms"]})"},
      {"stride_previous", CLASS("DDIM", R"(, "timestep_spacing": "linspace")")},
      {"groups_by_stride", CLASS("DDIMParallel", R"(, "timestep_spacing": "linspace")"), 10,
       nullptr, true},
      {"groups_end_at_data", CLASS("DDIMParallel", R"(, "set_alpha_to_one": false)"), 10, nullptr,
       true},
      {"shift_twice", CLASS("FlowMatchEulerDiscrete", R"(, "shift": 3)")},
      {"nudge_first", CLASS("UniPCMultistep", R"(, "use_flow_sigmas": true,
          "prediction_type": "flow_prediction")")},
      {"keeps_custom_times", CLASS("FlowMatchLCM", R"(, "shift": 3)"), 0, with_times({900, 400})},
      {"argument_means_all", CLASS("TCD", ""), 3,
       [](LoopRequest& r) { r.grid.original_steps = 20; }},
      {"squared_sigmas", CLASS("KarrasVe", "")},
      {"sigmas_are_ramp", CLASS("EDMEuler", ""), 0, with_sigmas({0.0, 0.5, 1.0})},
      {"single_is_lowest", CLASS("EDMEuler", R"(, "sigma_schedule": "exponential")"), 1},
      {"truncated_timesteps", CLASS("DPMSolverMultistep", R"(, "use_exponential_sigmas": true)")},
      {"rounded_timesteps", CLASS("DPMSolverMultistep", R"(, "use_karras_sigmas": true)")}};
  return all;
}

// Everything that a loop does, or why there is none.
std::string trace(const std::shared_ptr<const Scheduler>& scheduler, const Case& c) {
  std::string text;
  try {
    const auto loop = loop_of(scheduler, c.steps, c.ask);
    for (std::size_t i = 0; i < loop->plans.size(); ++i) {
      const StepPlan plan = c.grouped ? loop->plan_call(loop->grid.nodes[i], true) : loop->plans[i];
      const double time = loop->grid.nodes[i].time;
      text += text_of(time, " ", plan.draws, ":");
      if (c.grouped) {
        const GridSpec& spec = scheduler->factors.grid;
        text += text_of(level_after_time(spec, scheduler->schedule, loop->grid, time).sigma);
      }
      for (const double w : plan.next.weight) {
        char digits[32];
        std::snprintf(digits, sizeof digits, " %.17g", w);
        text += digits;
      }
      text += "\n";
    }
  } catch (const Error& error) {
    text = error.what();
  }
  return text;
}

class Quirks : public testing::TestWithParam<Case> {};

TEST_P(Quirks, IsOnForItsClassAndChangesTheLoop) {
  const Case& c = GetParam();
  const Quirk* quirk = find_quirk(c.name);
  ASSERT_NE(quirk, nullptr);
  EXPECT_GT(std::string(quirk->description).size(), 20u);
  const auto scheduler = scheduler_of(c.config);
  EXPECT_TRUE(quirk->fits(scheduler->factors));
  EXPECT_TRUE(quirk->is_on(scheduler->factors));
  Scheduler changed = *scheduler;
  quirk->set(changed.factors, false);
  EXPECT_FALSE(quirk->is_on(changed.factors));
  EXPECT_NE(trace(scheduler, c), trace(std::make_shared<const Scheduler>(changed), c));
}

INSTANTIATE_TEST_SUITE_P(Classes, Quirks, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<Case>& instance) {
                           // More than one solver may have it.
                           return std::string(instance.param.name) + "_" +
                                  std::to_string(instance.index);
                         });

TEST(QuirkTable, EveryQuirkHasACase) {
  std::set<std::string> tested;
  for (const Case& c : cases()) tested.insert(c.name);
  for (const Quirk& quirk : quirks()) EXPECT_EQ(tested.count(quirk.name), 1u) << quirk.name;
}

TEST(QuirkTable, OurOwnCompositionHasNone) {
  for (const char* solver : {"ddim",
                             "ddpm",
                             "pndm",
                             "euler",
                             "euler_ancestral",
                             "dpm_multistep",
                             "dpmpp_3m",
                             "dpm_singlestep",
                             "deis",
                             "sa_solver",
                             "ipndm",
                             "consistency",
                             "lcm",
                             "tcd",
                             "repaint",
                             "score_sde_vp",
                             "ipndm_v",
                             "deis_tab",
                             "deis_rhoab",
                             "heunpp2",
                             "gradient_estimation",
                             "res_multistep",
                             "seeds_2",
                             "res_2s",
                             "flow_match_euler",
                             "euler_ancestral_rf",
                             "unipc"}) {
    const auto scheduler = scheduler_of(text_of(R"({"solver": ")", solver, "\"}"));
    const auto active = active_quirks(scheduler->factors);
    EXPECT_TRUE(active.empty()) << solver << " " << active.front()->name;
  }
}

// "DPM++ 2M v2": x a + (1 - e^-h') (D + (D - D_before) / (2 r)), h' the mean of two steps and r the
// longer over the shorter.
TEST(QuirkTable, MeanStepIsDpmpp2mV2) {
  const auto loop = loop_of(R"({"solver": "dpm++2mv2", "grid": "karras",
      "parameterization": {"frame": "ve", "prediction": "sample"}})",
                            6);
  const auto at = [&](std::size_t i) { return loop->grid.steps[i].from.sigma; };
  for (std::size_t i = 1; i < 5; ++i) {
    const double h = std::log(at(i) / at(i + 1));
    const double last = std::log(at(i - 1) / at(i));
    const double r = std::fmax(h, last) / std::fmin(h, last);
    const double b = -std::expm1(-(h + last) / 2.0);
    const LinearForm& next = loop->plans[i].next;
    EXPECT_NEAR(next[Input::sample], at(i + 1) / at(i), 1e-12);
    EXPECT_NEAR(next[Input::prediction], b * (1.0 + 0.5 / r), 1e-12);
    EXPECT_NEAR(next[Input::memory0], -b * 0.5 / r, 1e-12);
  }
  for (const std::size_t i : {std::size_t{0}, std::size_t{5}}) {
    const double next = i == 5 ? 0.0 : at(i + 1);
    EXPECT_NEAR(loop->plans[i].next[Input::sample], next / at(i), 1e-12);
    EXPECT_NEAR(loop->plans[i].next[Input::prediction], 1.0 - next / at(i), 1e-12);
    EXPECT_EQ(loop->plans[i].next[Input::memory0], 0.0);
  }
}

TEST(QuirkTable, OurOwnCompositionMayAskForThem) {
  const auto with = loop_of(
      R"({"solver": "ddim", "grid": {"spacing": "linspace"}, "quirks": ["stride_previous"],
          "schedule": {"type": "linear", "beta_start": 0.0001, "beta_end": 0.02}})",
      9);
  const auto theirs =
      loop_of(CLASS("DDIM", R"(, "clip_sample": false, "timestep_spacing": "linspace")"), 9);
  expect_same(*with, *theirs);
  const auto draws =
      loop_of(R"({"solver": "euler_ancestral", "quirks": ["idle_draw"]})", 5)->plans.back().draws;
  EXPECT_EQ(draws, 1);
}

}  // namespace
