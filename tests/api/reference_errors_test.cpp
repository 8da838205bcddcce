// What diffusers refuses, by the codes of its errors: each is refused here as well, by every
// class that has what it is about, with a status and a sentence that names the key.
//
// Not here, because it cannot be asked for:
//   E-SCIPY  beta sigmas need no other library
//   E-NOSET  a state is made by sched_init() with its steps, so none can be without
//   E-INT    steps go by position; sched_step() takes no timestep that could be an index
//   E-GENVAR noise is given or drawn by the state, by one and the same member
//   E-TEMP   token samplers have the temperature; there are none here

#include <set>

#include "support.hpp"

namespace sched_test {
namespace {

struct Outcome {
  sched_status status = SCHED_OK;
  std::string sentence;
};

Outcome created(const std::string& json, Scheduler* out = nullptr) {
  Message message;
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.message = message.data();
  options.message_capacity = message.capacity();
  sched_scheduler* scheduler = nullptr;
  const sched_status status = sched_create(json.data(), json.size(), &options, &scheduler);
  Scheduler owner(scheduler);
  if (status != SCHED_OK) return {status, message.text()};
  if (out != nullptr) *out = std::move(owner);
  return {};
}

// Create and init, whichever fails.
Outcome started(const std::string& json, const Tune& tune) {
  Scheduler scheduler;
  const Outcome outcome = created(json, &scheduler);
  if (outcome.status != SCHED_OK) return outcome;
  Message message;
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = 5;
  options.elements = 4;
  tune(options);
  options.message = message.data();
  options.message_capacity = message.capacity();
  sched_state* state = nullptr;
  const sched_status status = sched_init(scheduler.get(), &options, &state);
  const State owner(state);
  return {status, status == SCHED_OK ? "" : message.text()};
}

void expect_refused(const Outcome& outcome, const Statuses& allowed,
                    const std::vector<std::string>& words, const std::string& what) {
  EXPECT_TRUE(is_one_of(outcome.status, allowed)) << what << ": " << outcome.sentence;
  EXPECT_TRUE(names(outcome.sentence, words)) << what;
}

std::string of(const std::string& class_name, const std::string& keys = "") {
  return R"({"_class_name": ")" + class_name + "\"" + (keys.empty() ? "" : ", " + keys) + "}";
}

// The classes that have an option, of the configuration or of init.
std::vector<std::string> classes_with(const std::string& name, bool at_init = false) {
  std::vector<std::string> classes;
  for (std::int32_t method = 0; method < sched_method_count(); ++method) {
    sched_method_info info = SCHED_METHOD_INFO_INIT;
    if (sched_method_at(method, &info) != SCHED_OK || *info.class_name == '\0') continue;
    for (std::int32_t index = 0; index < sched_option_count(method); ++index) {
      sched_option_info option = SCHED_OPTION_INFO_INIT;
      if (sched_option_at(method, index, &option) != SCHED_OK) continue;
      if ((option.at_init != 0) == at_init && name == option.name)
        classes.push_back(info.class_name);
    }
  }
  EXPECT_FALSE(classes.empty()) << name;
  return classes;
}

// A word that no class has, as the value of a key.
void expect_unknown_word(const std::string& key, std::size_t at_least) {
  const std::vector<std::string> classes = classes_with(key);
  for (const std::string& name : classes)
    expect_refused(created(of(name, "\"" + key + R"(": "no_such_word")")), {SCHED_ERROR_VALUE},
                   {key, "no_such_word"}, name);
  EXPECT_GE(classes.size(), at_least) << key;
  std::printf("%s: refused by %zu classes\n", key.c_str(), classes.size());
}

TEST(ReferenceErrors, E_BETA) { expect_unknown_word("beta_schedule", 24); }
TEST(ReferenceErrors, E_SPACING) { expect_unknown_word("timestep_spacing", 18); }
TEST(ReferenceErrors, E_FINAL) { expect_unknown_word("final_sigmas_type", 7); }
TEST(ReferenceErrors, E_PRED) { expect_unknown_word("prediction_type", 25); }
TEST(ReferenceErrors, E_ALGO) { expect_unknown_word("algorithm_type", 6); }
TEST(ReferenceErrors, E_SOLVER) { expect_unknown_word("solver_type", 8); }
TEST(ReferenceErrors, E_SHIFTT) { expect_unknown_word("time_shift_type", 6); }

TEST(ReferenceErrors, E_1SIG) {
  const std::vector<std::string> keys = {"use_karras_sigmas", "use_exponential_sigmas",
                                         "use_beta_sigmas"};
  for (const std::string& name : classes_with(keys[0])) {
    for (std::size_t i = 0; i < 3; ++i) {
      const std::string& a = keys[i];
      const std::string& b = keys[(i + 1) % 3];
      expect_refused(created(of(name, "\"" + a + "\": true, \"" + b + "\": true")),
                     {SCHED_ERROR_CONFLICT}, {a, b}, name);
    }
  }
}

TEST(ReferenceErrors, E_ALGOFINAL) {
  for (const char* name : {"DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler"}) {
    for (const char* algorithm : {"dpmsolver", "sde-dpmsolver"}) {
      // Singlestep has no sde-dpmsolver.
      expect_refused(
          created(of(name, std::string(R"("final_sigmas_type": "zero", "algorithm_type": ")") +
                               algorithm + "\"")),
          {SCHED_ERROR_CONFLICT, SCHED_ERROR_VALUE}, {algorithm}, name);
    }
  }
}

TEST(ReferenceErrors, E_PREDNI) {
  for (const char* name :
       {"EulerAncestralDiscreteScheduler", "KDPM2DiscreteScheduler",
        "KDPM2AncestralDiscreteScheduler", "DPMSolverSDEScheduler", "PNDMScheduler"})
    expect_refused(created(of(name, R"("prediction_type": "sample")")), {SCHED_ERROR_VALUE},
                   {"prediction_type", "sample", "epsilon"}, name);
}

TEST(ReferenceErrors, E_MANY) {
  for (const char* name :
       {"DDIMScheduler", "CogVideoXDDIMScheduler", "DDIMInverseScheduler", "DDIMParallelScheduler",
        "DDPMScheduler", "DDPMParallelScheduler", "CogVideoXDPMScheduler", "LCMScheduler",
        "TCDScheduler", "SCMScheduler", "CMStochasticIterativeScheduler", "UnCLIPScheduler"}) {
    const auto more = [](sched_init_options& o) { o.num_steps = 1001; };
    expect_refused(started(of(name), more), {SCHED_ERROR_STEPS}, {"num_steps", "1001"}, name);
  }
}

TEST(ReferenceErrors, E_EXCL) {
  static const double times[] = {900.0, 500.0, 100.0};
  for (const std::string& name : classes_with("timesteps", true)) {
    const auto both = [](sched_init_options& o) {
      o.timesteps = times;
      o.timesteps_count = 3;
    };
    const auto neither = [](sched_init_options& o) { o.num_steps = 0; };
    expect_refused(started(of(name), both), {SCHED_ERROR_CONFLICT}, {"num_steps", "timesteps"},
                   name);
    expect_refused(started(of(name), neither), {SCHED_ERROR_STEPS}, {"num_steps"}, name);
  }
}

// Custom timesteps that do not fall, and that start beyond the training schedule.
TEST(ReferenceErrors, E_DESC) {
  static const double times[] = {0.1, 0.5, 0.9};
  for (const std::string& name : classes_with("timesteps", true)) {
    const auto rising = [](sched_init_options& o) {
      o.num_steps = 0;
      o.timesteps = times;
      o.timesteps_count = 3;
    };
    expect_refused(started(of(name), rising), {SCHED_ERROR_TIMESTEPS}, {"timesteps"}, name);
  }
}

TEST(ReferenceErrors, E_START) {
  static const double times[] = {5000.0, 500.0, 100.0};
  for (const std::string& name : classes_with("timesteps", true)) {
    const auto beyond = [](sched_init_options& o) {
      o.num_steps = 0;
      o.timesteps = times;
      o.timesteps_count = 3;
    };
    expect_refused(started(of(name), beyond), {SCHED_ERROR_TIMESTEPS}, {"timesteps", "5000"}, name);
  }
}

TEST(ReferenceErrors, E_CUSTSIG) {
  static const double times[] = {900.0, 500.0, 100.0};
  for (const char* name : {"DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler",
                           "EulerDiscreteScheduler", "HeunDiscreteScheduler"}) {
    for (const char* shape :
         {"use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas"}) {
      const bool lu = std::string(shape) == "use_lu_lambdas";
      if (lu && std::string(name) != "DPMSolverMultistepScheduler") continue;
      const auto custom = [](sched_init_options& o) {
        o.num_steps = 0;
        o.timesteps = times;
        o.timesteps_count = 3;
      };
      expect_refused(started(of(name, "\"" + std::string(shape) + "\": true"), custom),
                     {SCHED_ERROR_CONFLICT}, {"timesteps", "shape"}, name);
    }
  }
}

TEST(ReferenceErrors, E_MU) {
  const std::set<std::string> flow = {"FlowMatchEulerDiscreteScheduler", "FlowMatchLCMScheduler",
                                      "HeliosScheduler", "HeliosDMDScheduler"};
  for (const std::string& name : classes_with("use_dynamic_shifting")) {
    const std::string keys = flow.count(name) != 0
                                 ? R"("use_dynamic_shifting": true)"
                                 : R"("use_dynamic_shifting": true, "use_flow_sigmas": true)";
    const auto without = [&name](sched_init_options& o) {
      if (name.find("Helios") == 0) o.stage_index = 0;
    };
    expect_refused(started(of(name, keys), without), {SCHED_ERROR_CONFLICT}, {"mu"}, name);
  }
}

TEST(ReferenceErrors, E_LEN) {
  static const double times[] = {900.0, 500.0, 100.0};
  static const double sigmas[] = {0.9, 0.5};
  for (const char* name : {"FlowMatchEulerDiscreteScheduler", "FlowMatchLCMScheduler",
                           "FlowMapEulerDiscreteScheduler"}) {
    // Of lists and numbers only one is given, so that none can disagree.
    const auto lists = [](sched_init_options& o) {
      o.num_steps = 0;
      o.timesteps = times;
      o.timesteps_count = 3;
      o.sigmas = sigmas;
      o.sigmas_count = 2;
    };
    const auto number = [](sched_init_options& o) {
      o.num_steps = 3;
      o.sigmas = sigmas;
      o.sigmas_count = 2;
    };
    expect_refused(started(of(name), lists), {SCHED_ERROR_CONFLICT}, {"timesteps", "sigmas"}, name);
    expect_refused(started(of(name), number), {SCHED_ERROR_CONFLICT}, {"num_steps", "sigmas"},
                   name);
  }
}

// For steps; block lengths belong to token samplers.
TEST(ReferenceErrors, E_POS) {
  for (const Config& config : plain_configs()) {
    for (int steps : {0, -1}) {
      const auto none = [steps](sched_init_options& o) { o.num_steps = steps; };
      expect_refused(started(config.json, none), {SCHED_ERROR_STEPS}, {"num_steps"}, config.name);
    }
  }
}

TEST(ReferenceErrors, E_STRENGTH) {
  for (const char* name : {"LCMScheduler", "TCDScheduler"}) {
    const auto weak = [](sched_init_options& o) {
      o.num_steps = 30;
      o.strength = 0.5;
    };
    expect_refused(started(of(name), weak), {SCHED_ERROR_STEPS, SCHED_ERROR_CONFLICT},
                   {"strength", "30"}, name);
  }
}

TEST(ReferenceErrors, E_ORIG) {
  for (const char* name : {"LCMScheduler", "TCDScheduler"}) {
    const auto original = [](sched_init_options& o) { o.original_inference_steps = 2000; };
    const auto steps = [](sched_init_options& o) { o.num_steps = 51; };
    expect_refused(started(of(name), original), {SCHED_ERROR_STEPS, SCHED_ERROR_VALUE},
                   {"original_inference_steps", "2000"}, name);
    expect_refused(started(of(name), steps), {SCHED_ERROR_STEPS}, {"num_steps", "51"}, name);
  }
}

TEST(ReferenceErrors, E_CURORDER) {
  for (const std::string& name : classes_with("solver_order"))
    for (int order : {0, -1, 7})
      expect_refused(created(of(name, R"("solver_order": )" + std::to_string(order))),
                     {SCHED_ERROR_VALUE}, {"solver_order"}, name);
  for (const char* name :
       {"DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler", "DEISMultistepScheduler"})
    expect_refused(created(of(name, R"("solver_order": 4)")), {SCHED_ERROR_VALUE},
                   {"solver_order", "3"}, name);
}

}  // namespace
}  // namespace sched_test
