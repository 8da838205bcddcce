// The names that people know: each makes loops, and those with a class in diffusers make
// its loops.

#include <map>
#include <nlohmann/json.hpp>

#include "../../core/config/names.hpp"
#include "compose.hpp"

namespace {

using namespace sched;
using namespace sched_unit;

// A way from 1 to 0 is for flows alone.
bool needs_a_flow(const KnownName& entry) {
  return entry.composition.find("even") != std::string::npos ||
         entry.composition.find("logit_normal") != std::string::npos;
}

std::string named(const KnownName& entry, const std::string& more) {
  if (entry.kind == NameKind::schedule) {
    return text_of(R"({"solver": "euler", "grid": ")", entry.name, "\"", more, "}");
  }
  return text_of(R"({"solver": ")", entry.name, "\"", more, "}");
}

void expect_loops(const std::string& config) {
  const auto scheduler = scheduler_of(config);
  // A Runge-Kutta start takes four steps.
  const int least = scheduler->factors.options.skip_runge_kutta ? 1 : 4;
  for (const int n : {1, 2, 7, 20}) {
    if (n < least) continue;
    const auto loop = loop_of(scheduler, n);
    const bool planned = loop->adaptive() == nullptr;
    EXPECT_TRUE(!planned || !loop->plans.empty()) << config << " " << n;
  }
}

// A flow has no vp or ve frame, no table of SD's sigmas, and no timesteps to look up.
bool makes_sense_in_flow(const KnownName& entry) {
  const auto composition = nlohmann::json::parse(entry.composition);
  if (composition.contains("schedule") || composition.contains("parameterization")) return false;
  const std::string& text = entry.composition;
  for (const char* word :
       {"align_your_steps", "gits", "\"vp\"", "spacing", "inverse", "ipndm", "score_sde", "lcm",
        "tcd", "ddpm", "pndm", "repaint", "\"lms\"", "dpm_fast", "dpm_adaptive",
        "euler_ancestral\"", "dpm_2_ancestral", "res_multistep_ancestral", "dpmpp_2s_ancestral"}) {
    if (text.find(word) != std::string::npos) return false;
  }
  return true;
}

TEST(Names, EachMakesLoops) {
  for (const KnownName& entry : known_names()) {
    SCOPED_TRACE(text_of(entry.system, ": ", entry.name, " = ", entry.composition));
    const std::string flow = needs_a_flow(entry) ? R"(, "schedule": "flow")" : "";
    EXPECT_NO_THROW(expect_loops(named(entry, flow)));
    if (needs_a_flow(entry)) {
      EXPECT_THROW(scheduler_of(named(entry, "")), Error);
    }
    if (entry.kind == NameKind::sampler) {
      EXPECT_NO_THROW(expect_loops(entry.composition));
    }
  }
}

TEST(Names, EachMakesLoopsOfAFlowWhereThatMakesSense) {
  int count = 0;
  for (const KnownName& entry : known_names()) {
    if (!makes_sense_in_flow(entry)) continue;
    SCOPED_TRACE(text_of(entry.system, ": ", entry.name));
    EXPECT_NO_THROW(expect_loops(named(entry, R"(, "schedule": "flow")")));
    ++count;
  }
  std::printf("%zu names, %d of them with a flow\n", known_names().size(), count);
  EXPECT_GT(count, 80);
}

TEST(Names, EveryClassWithoutAGridOfItsOwnIsAmongThem) {
  for (const Method& method : methods()) {
    const std::string name = method.class_name;
    // Their timesteps, or stages of them, belong to the method.
    const bool own = name == "SCMScheduler" || name == "ConsistencyDecoderScheduler" ||
                     name == "DDPMWuerstchenScheduler" || name == "HeliosScheduler" ||
                     name == "HeliosDMDScheduler";
    if (name.empty() || own) continue;
    EXPECT_NE(find_name(name, "diffusers"), nullptr) << name;
  }
}

TEST(Names, CaseIsTheSameAndTheSystemCounts) {
  EXPECT_EQ(find_name("dpm++ 2m KARRAS")->composition,
            R"({"solver": "dpmpp_2m", "grid": "karras"})");
  EXPECT_EQ(find_name("beta", "ComfyUI")->composition, R"({"grid": "beta_timesteps"})");
  EXPECT_EQ(find_name("beta", "a1111")->composition, R"({"grid": "beta"})");
  EXPECT_EQ(find_name("Euler a", "ComfyUI"), nullptr);
  EXPECT_EQ(find_name("no such sampler"), nullptr);
}

TEST(Names, TheCallersOwnSectionsStandAbove) {
  const auto with_grid = loop_of(R"({"solver": "DPM++ 2M Karras", "grid": "Exponential"})", 10);
  expect_same(*with_grid, *loop_of(R"({"solver": "dpmpp_2m", "grid": "exponential"})", 10));
  const auto with_end =
      loop_of(R"({"solver": "DPM++ 2M Karras", "grid": {"final_sigma": "shaped"}})", 10);
  expect_same(*with_end, *loop_of(R"({"solver": "dpmpp_2m",
      "grid": {"shape": "karras", "final_sigma": "shaped"}})",
                                  10));
  const auto with_option =
      loop_of(R"({"solver": {"name": "DPM++ 2M SDE Heun Karras", "eta": 0.5}})", 10);
  expect_same(*with_option, *loop_of(R"({"solver": {"name": "dpmpp_2m_sde", "type": "heun",
      "eta": 0.5}, "grid": "karras"})",
                                     10));
}

TEST(Names, SomeSamplersLeaveTheSigmaBeforeTheEndOut) {
  const auto all = loop_of(R"({"solver": "unipc", "grid": "karras"})", 11);
  List<double> expected = all->grid.sigmas;
  expected.erase(expected.end() - 2);
  for (const char* config :
       {R"({"solver": "DPM2 Karras"})", R"({"solver": "uni_pc", "grid": "karras"})"}) {
    EXPECT_EQ(loop_of(config, 10)->grid.sigmas, expected) << config;
    EXPECT_EQ(loop_of(config, 1)->grid.total(), 1) << config;
  }
}

// The pairs of diffusers' table, where the class does what the program does.  Frames and
// schedules are made the same; the step counts are those at which diffusers' rounding of
// timesteps changes nothing.
struct Pair {
  const char* name;
  const char* more;
  const char* config;
  int steps;
};

class Pairs : public testing::TestWithParam<Pair> {};

TEST_P(Pairs, HaveTheSameWeights) {
  const Pair& c = GetParam();
  const std::string betas = R"("beta_start": 0.00085, "beta_end": 0.012)";
  const auto ours = loop_of(text_of(R"({"solver": ")", c.name, "\"", c.more, "}"), c.steps);
  const auto theirs = loop_of(text_of(R"({"_class_name": ")", c.config, R"(, "beta_schedule": )",
                                      R"("scaled_linear", )", betas, "}"),
                              c.steps);
  // The times of shaped sigmas are rounded in diffusers.
  expect_same(*ours, *theirs, 1.0);
}

#define KARRAS(name) name R"(Scheduler", "use_karras_sigmas": true)"
#define CLASS(name, rest) name R"(Scheduler")" rest

INSTANTIATE_TEST_SUITE_P(
    Diffusers, Pairs,
    testing::Values(Pair{"DPM++ 2M Karras", R"(, "parameterization": {"frame": "vp"})",
                         KARRAS("DPMSolverMultistep") R"(, "lower_order_final": false)", 20},
                    Pair{"Heun Karras", "", KARRAS("HeunDiscrete"), 20},
                    Pair{"LMS Karras", "", KARRAS("LMSDiscrete"), 20},
                    Pair{"Euler", R"(, "grid": {"shape": "none"})", CLASS("EulerDiscrete", ""), 20},
                    Pair{"DPMSolverMultistepScheduler", "", CLASS("DPMSolverMultistep", ""), 9},
                    Pair{"DPMSolverMultistepScheduler, use_karras_sigmas=True", "",
                         KARRAS("DPMSolverMultistep"), 20},
                    Pair{"UniPCMultistepScheduler", "", CLASS("UniPCMultistep", ""), 9},
                    Pair{"DEISMultistepScheduler", "", CLASS("DEISMultistep", ""), 9},
                    Pair{"SASolverScheduler", "", CLASS("SASolver", ""), 9},
                    Pair{"DPMSolverSinglestepScheduler", "", CLASS("DPMSolverSinglestep", ""), 9},
                    Pair{"DDIMScheduler", "", CLASS("DDIM", R"(, "clip_sample": false)"), 20},
                    Pair{"DDPMScheduler", "", CLASS("DDPM", R"(, "clip_sample": false)"), 20},
                    Pair{"EulerAncestralDiscreteScheduler", "", CLASS("EulerAncestralDiscrete", ""),
                         20}),
    [](const testing::TestParamInfo<Pair>& instance) {
      std::string name = text_of(instance.param.name, "_", instance.index);
      for (char& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
      }
      return name;
    });

TEST(Names, FlowAndEdmClassesAreTheirCompositions) {
  expect_same(*loop_of(R"({"solver": "EDMEulerScheduler"})", 12),
              *loop_of(R"({"_class_name": "EDMEulerScheduler"})", 12));
  expect_same(*loop_of(R"({"solver": "EDMDPMSolverMultistepScheduler"})", 12),
              *loop_of(R"({"_class_name": "EDMDPMSolverMultistepScheduler"})", 12));
  expect_same(*loop_of(R"({"solver": "FlowMapEulerDiscreteScheduler"})", 1),
              *loop_of(R"({"_class_name": "FlowMapEulerDiscreteScheduler"})", 1));
}

}  // namespace
