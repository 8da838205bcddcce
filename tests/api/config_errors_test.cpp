// What sched_create() refuses: one line per case.  Each checks the status, that the
// sentence names the key (and, where there is a list, what is allowed), that `out` is NULL,
// and that the right text is accepted afterwards.

#include "support.hpp"

namespace sched_test {
namespace {

const Statuses kJson = {SCHED_ERROR_JSON};
const Statuses kJsonOrType = {SCHED_ERROR_JSON, SCHED_ERROR_TYPE};
const Statuses kJsonOrValue = {SCHED_ERROR_JSON, SCHED_ERROR_VALUE};
const Statuses kClass = {SCHED_ERROR_UNKNOWN_CLASS};
const Statuses kKey = {SCHED_ERROR_UNKNOWN_KEY};
const Statuses kType = {SCHED_ERROR_TYPE};
const Statuses kTypeOrValue = {SCHED_ERROR_TYPE, SCHED_ERROR_VALUE};
const Statuses kValue = {SCHED_ERROR_VALUE};
const Statuses kConflict = {SCHED_ERROR_CONFLICT};
const Statuses kValueOrConflict = {SCHED_ERROR_VALUE, SCHED_ERROR_CONFLICT};

// {"_class_name": "<name>Scheduler", <keys>}
std::string of(const std::string& name, const std::string& keys) {
  return R"({"_class_name": ")" + name + R"(Scheduler", )" + keys + "}";
}
std::string ddim(const std::string& keys) { return of("DDIM", keys); }
std::string ddpm(const std::string& keys) { return of("DDPM", keys); }
std::string euler(const std::string& keys) { return of("EulerDiscrete", keys); }
std::string dpm(const std::string& keys) { return of("DPMSolverMultistep", keys); }
std::string unipc(const std::string& keys) { return of("UniPCMultistep", keys); }
std::string lcm(const std::string& keys) { return of("LCM", keys); }
std::string flow(const std::string& keys) { return of("FlowMatchEulerDiscrete", keys); }

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

struct ConfigCase {
  std::string name;
  std::string json;
  Statuses allowed;
  std::vector<std::string> words;
};
std::ostream& operator<<(std::ostream& out, const ConfigCase& c) { return out << c.name; }

class ConfigErrors : public testing::TestWithParam<ConfigCase> {};

TEST_P(ConfigErrors, AreNamed) {
  const ConfigCase& c = GetParam();
  Message message;
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.message = message.data();
  options.message_capacity = message.capacity();
  // Not NULL and never read: the call must overwrite it.
  auto* scheduler = reinterpret_cast<sched_scheduler*>(&message);
  const sched_status status = sched_create(c.json.data(), c.json.size(), &options, &scheduler);
  EXPECT_TRUE(is_one_of(status, c.allowed)) << message.text();
  EXPECT_EQ(scheduler, nullptr);
  EXPECT_TRUE(message.walls_intact());
  ASSERT_TRUE(message.terminated());
  EXPECT_FALSE(message.text().empty());
  EXPECT_TRUE(names(message.text(), c.words));
  std::printf("%s\n", message.text().c_str());

  // Nothing stays behind: the right text is accepted with the same options.
  const std::string right = R"({"_class_name": "DDIMScheduler"})";
  EXPECT_EQ(sched_create(right.data(), right.size(), &options, &scheduler), SCHED_OK);
  sched_free(scheduler);

  // Without anywhere to put the sentence the status is the same.
  scheduler = nullptr;
  EXPECT_EQ(sched_create(c.json.data(), c.json.size(), nullptr, &scheduler), status);
  EXPECT_EQ(scheduler, nullptr);
}

// clang-format off
const ConfigCase kText[] = {
    {"empty", "", kJson, {}},
    {"spaces", "  \n\t ", kJson, {}},
    {"cut_in_string", R"({"_class_name": "DDIMSch)", kJson, {}},
    {"cut_before_brace", R"({"_class_name": "DDIMScheduler")", kJson, {}},
    {"cut_after_colon", R"({"_class_name":)", kJson, {}},
    {"trailing_text", R"({"_class_name": "DDIMScheduler"} x)", kJson, {}},
    {"second_object", R"({"_class_name": "DDIMScheduler"}{})", kJson, {}},
    {"trailing_comma", R"({"_class_name": "DDIMScheduler",})", kJson, {}},
    {"text_after_zero_byte", std::string("{\"_class_name\": \"DDIMScheduler\"}\0x", 34), kJson, {}},
    {"zero_byte_inside", std::string("{\"_class_name\"\0: \"DDIMScheduler\"}", 33), kJson, {}},
    {"single_quotes", R"({'_class_name': 'DDIMScheduler'})", kJson, {}},
    {"not_utf8_in_value", "{\"_class_name\": \"DDIM\xffScheduler\"}", kJson, {}},
    {"not_utf8_in_key", "{\"_class_name\": \"DDIMScheduler\", \"beta\xc3\": 1}", kJson, {}},
    {"not_utf8_in_ignored", "{\"_class_name\": \"DDIMScheduler\", \"_x\": \"\xe2\x28\xa1\"}", kJson, {}},
    {"surrogate_in_utf8", "{\"_class_name\": \"DDIMScheduler\", \"_x\": \"\xed\xa0\x80\"}", kJson, {}},
    {"overlong_utf8", "{\"_class_name\": \"DDIMScheduler\", \"_x\": \"\xc0\xaf\"}", kJson, {}},
    {"open_brackets", std::string(100000, '['), kJson, {}},
    {"open_braces", [] { std::string s; for (int i = 0; i < 100000; ++i) s += "{\"a\":"; return s; }(), kJson, {}},
    {"nested_brackets", nested(100000), kJson, {}},
    {"nested_in_key", ddim(R"("trained_betas": )" + nested(100000)), kJson, {}},
    {"nested_in_ignored_key", ddim(R"("_x": )" + nested(100000)), kJson, {}},
    {"key_twice", ddim(R"("beta_end": 0.02, "beta_end": 0.01)"), kJson, {"beta_end"}},
    {"class_twice", R"({"_class_name": "DDIMScheduler", "_class_name": "DDPMScheduler"})", kJson, {"_class_name"}},
    {"ignored_key_twice", ddim(R"("_x": 1, "_x": 1)"), kJson, {"_x"}},
    {"nested_key_twice", ddim(R"("_x": {"a": 1, "a": 2})"), kJson, {"a"}},
    {"huge_number", ddim(R"("beta_end": 1e999)"), kJsonOrValue, {"1e999|beta_end|number"}},
    {"huge_negative_number", ddim(R"("beta_end": -1e999)"), kJsonOrValue, {"1e999|beta_end|number"}},
    {"huge_integer", ddim(R"("num_train_timesteps": 99999999999999999999)"), {SCHED_ERROR_JSON, SCHED_ERROR_TYPE, SCHED_ERROR_VALUE}, {"num_train_timesteps"}},
    {"nan_literal", ddim(R"("beta_end": NaN)"), kJsonOrValue, {"NaN|beta_end"}},
    {"infinity_literal", ddim(R"("beta_end": Infinity)"), kJsonOrValue, {"Infinity|beta_end"}},
    {"minus_infinity_literal", ddim(R"("beta_end": -Infinity)"), {SCHED_ERROR_JSON, SCHED_ERROR_TYPE, SCHED_ERROR_VALUE}, {"Infinity|beta_end"}},
    {"minus_infinity_after_quotes", ddim(R"("_x": "a\"b", "beta_end": -Infinity)"), {SCHED_ERROR_JSON, SCHED_ERROR_TYPE, SCHED_ERROR_VALUE}, {"Infinity|beta_end"}},
    {"longer_than_any", std::string((64u << 20) + 1, ' '), kJson, {"67108865", "67108864"}},
    {"is_number", "5", kJsonOrType, {"object"}},
    {"is_string", R"("DDIMScheduler")", kJsonOrType, {"object"}},
    {"is_list", "[]", kJsonOrType, {"object"}},
    {"is_null", "null", kJsonOrType, {"object"}},
    {"is_true", "true", kJsonOrType, {"object"}},
};

const ConfigCase kNames[] = {
    {"no_class", "{}", kClass, {"_class_name"}},
    {"no_class_but_keys", R"({"beta_end": 0.02})", kClass, {"_class_name"}},
    {"unknown_class", R"({"_class_name": "DDIMSheduler"})", kClass, {"DDIMSheduler", "DDIMScheduler"}},
    {"class_in_lower_case", R"({"_class_name": "ddimscheduler"})", kClass, {"ddimscheduler"}},
    {"class_empty", R"({"_class_name": ""})", kClass, {}},
    {"class_number", R"({"_class_name": 5})", kType, {"_class_name", "string"}},
    {"class_list", R"({"_class_name": ["DDIMScheduler"]})", kType, {"_class_name", "string"}},
    {"unknown_solver", R"({"solver": "nonsense"})", kClass, {"nonsense", "euler"}},
    {"solver_number", R"({"solver": 1})", kType, {"solver"}},
    {"solver_without_name", R"({"solver": {"eta": 1.0}})", kType, {"solver", "name"}},
    {"solver_unknown_part", R"({"solver": "euler", "bogus": {}})", kKey, {"bogus"}},
    {"solver_schedule_number", R"({"solver": "euler", "schedule": 5})", kType, {"schedule"}},
    {"solver_grid_list", R"({"solver": "euler", "grid": []})", kType, {"grid"}},
    {"solver_schedule_unknown_key", R"({"solver": "euler", "schedule": {"bogus": 1}})", kKey, {"bogus"}},
    {"solver_and_class", R"({"_class_name": "DDIMScheduler", "solver": "ddim"})", {SCHED_ERROR_CONFLICT, SCHED_ERROR_UNKNOWN_KEY}, {"solver"}},
    {"unknown_key", ddim(R"("colour": "red")"), kKey, {"colour", "DDIM"}},
    {"misspelt_key", ddim(R"("beta_strat": 0.1)"), kKey, {"beta_strat"}},
    {"upper_case_key", ddim(R"("Beta_start": 0.1)"), kKey, {"Beta_start"}},
    {"key_with_space", ddim(R"("beta_start ": 0.1)"), kKey, {"beta_start "}},
    {"empty_key", ddim(R"("": 0.1)"), kKey, {}},
    {"key_of_other_class", ddim(R"("use_karras_sigmas": true)"), kKey, {"use_karras_sigmas"}},
    {"flow_key_on_ddpm", ddpm(R"("shift": 3.0)"), kKey, {"shift"}},
    {"beta_key_on_flow", flow(R"("beta_start": 0.1)"), kKey, {"beta_start"}},
    {"clip_key_on_euler", euler(R"("clip_sample": true)"), kKey, {"clip_sample"}},
};

const ConfigCase kValues[] = {
    {"prediction_type", ddim(R"("prediction_type": "eps")"), kValue, {"prediction_type", "eps", "epsilon", "v_prediction"}},
    {"prediction_type_case", ddim(R"("prediction_type": "Epsilon")"), kValue, {"prediction_type", "epsilon"}},
    {"pndm_sample", of("PNDM", R"("prediction_type": "sample")"), kValue, {"prediction_type", "sample", "epsilon"}},
    {"ancestral_sample", of("EulerAncestralDiscrete", R"("prediction_type": "sample")"), kValue, {"prediction_type", "sample", "epsilon"}},
    {"ddim_flow", ddim(R"("prediction_type": "flow_prediction")"), kValue, {"prediction_type", "epsilon"}},
    {"beta_schedule", ddim(R"("beta_schedule": "cosine")"), kValue, {"beta_schedule", "cosine", "squaredcos_cap_v2"}},
    {"ddim_sigmoid", ddim(R"("beta_schedule": "sigmoid")"), kValue, {"beta_schedule", "sigmoid", "linear"}},
    {"timestep_spacing", ddim(R"("timestep_spacing": "tailing")"), kValue, {"timestep_spacing", "tailing", "trailing"}},
    {"train_zero", ddim(R"("num_train_timesteps": 0)"), kValue, {"num_train_timesteps"}},
    {"train_negative", ddim(R"("num_train_timesteps": -1000)"), kValue, {"num_train_timesteps"}},
    {"train_enormous", ddim(R"("num_train_timesteps": 2000000000)"), {SCHED_ERROR_VALUE, SCHED_ERROR_MEMORY}, {}},
    {"beta_start_negative", ddim(R"("beta_start": -0.1)"), kValue, {"beta_start"}},
    {"beta_end_above_one", ddim(R"("beta_end": 1.5)"), kValue, {"beta_end"}},
    {"betas_empty", ddim(R"("trained_betas": [])"), kValueOrConflict, {"trained_betas"}},
    {"betas_of_strings", ddim(R"("trained_betas": ["a", "b"])"), kTypeOrValue, {"trained_betas"}},
    {"betas_above_one", ddim(R"("num_train_timesteps": 2, "trained_betas": [0.1, 1.5])"), kValue, {"trained_betas"}},
    {"betas_negative", ddim(R"("num_train_timesteps": 2, "trained_betas": [-0.1, 0.5])"), kValue, {"trained_betas"}},
    {"betas_of_other_length", ddim(R"("num_train_timesteps": 4, "trained_betas": [0.1, 0.2])"), kValueOrConflict, {"trained_betas", "num_train_timesteps"}},
    {"clip_range_negative", ddim(R"("clip_sample_range": -1.0)"), kValue, {"clip_sample_range"}},
    {"quantile_above_one", ddim(R"("thresholding": true, "dynamic_thresholding_ratio": 1.5)"), kValue, {"dynamic_thresholding_ratio"}},
    {"quantile_negative", ddim(R"("thresholding": true, "dynamic_thresholding_ratio": -0.1)"), kValue, {"dynamic_thresholding_ratio"}},
    {"sample_max_negative", ddim(R"("thresholding": true, "sample_max_value": -0.5)"), kValue, {"sample_max_value"}},
    {"variance_type", ddpm(R"("variance_type": "fixed")"), kValue, {"variance_type", "fixed_small"}},
    {"interpolation_type", euler(R"("interpolation_type": "cubic")"), kValue, {"interpolation_type", "log_linear"}},
    {"timestep_type", euler(R"("timestep_type": "real")"), kValue, {"timestep_type", "discrete", "continuous"}},
    {"euler_final_sigmas_type", euler(R"("final_sigmas_type": "one")"), kValue, {"final_sigmas_type", "sigma_min"}},
    {"sigma_min_negative", euler(R"("use_karras_sigmas": true, "sigma_min": -1.0)"), kValue, {"sigma_min"}},
    {"algorithm_type", dpm(R"("algorithm_type": "dpm++")"), kValue, {"algorithm_type", "dpmsolver++", "sde-dpmsolver++"}},
    {"dpm_solver_type", dpm(R"("solver_type": "bh3")"), kValue, {"solver_type", "midpoint", "heun"}},
    {"dpm_order_zero", dpm(R"("solver_order": 0)"), kValue, {"solver_order", "1", "3"}},
    {"dpm_order_four", dpm(R"("solver_order": 4)"), kValue, {"solver_order", "1", "3"}},
    {"dpm_variance_type", dpm(R"("variance_type": "fixed_small")"), kValue, {"variance_type", "learned"}},
    {"dpm_time_shift_type", dpm(R"("time_shift_type": "linear")"), kValue, {"time_shift_type", "exponential"}},
    {"dpm_flow_shift", dpm(R"("use_flow_sigmas": true, "prediction_type": "flow_prediction", "flow_shift": -1.0)"), kValue, {"flow_shift"}},
    {"unipc_solver_type", unipc(R"("solver_type": "bh3")"), kValue, {"solver_type", "bh1", "bh2"}},
    {"unipc_order_negative", unipc(R"("solver_order": -2)"), kValue, {"solver_order"}},
    {"unipc_corrector_strings", unipc(R"("disable_corrector": ["0"])"), kTypeOrValue, {"disable_corrector"}},
    {"unipc_solver_p", unipc(R"("solver_p": {"_class_name": "DDIMScheduler"})"), {SCHED_ERROR_VALUE, SCHED_ERROR_TYPE, SCHED_ERROR_UNSUPPORTED}, {"solver_p"}},
    {"lcm_original_zero", lcm(R"("original_inference_steps": 0)"), kValue, {"original_inference_steps"}},
    {"lcm_scaling_negative", lcm(R"("timestep_scaling": -1.0)"), kValue, {"timestep_scaling"}},
    {"flow_shift_zero", flow(R"("shift": 0.0)"), kValue, {"shift"}},
    {"flow_shift_negative", flow(R"("shift": -3.0)"), kValue, {"shift"}},
    {"flow_time_shift_type", flow(R"("time_shift_type": "cubic")"), kValue, {"time_shift_type", "exponential", "linear"}},
    {"flow_terminal_one", flow(R"("shift_terminal": 1.0)"), kValue, {"shift_terminal"}},
    {"ipndm_one_beta", of("IPNDM", R"("trained_betas": [0.5])"), kValue, {"trained_betas"}},
};

const ConfigCase kConflicts[] = {
    {"karras_and_exponential", euler(R"("use_karras_sigmas": true, "use_exponential_sigmas": true)"), kConflict, {"use_karras_sigmas", "use_exponential_sigmas"}},
    {"karras_and_beta", of("LMSDiscrete", R"("use_karras_sigmas": true, "use_beta_sigmas": true)"), kConflict, {"use_karras_sigmas", "use_beta_sigmas"}},
    {"exponential_and_beta", of("HeunDiscrete", R"("use_exponential_sigmas": true, "use_beta_sigmas": true)"), kConflict, {"use_exponential_sigmas", "use_beta_sigmas"}},
    {"karras_and_lu", dpm(R"("use_karras_sigmas": true, "use_lu_lambdas": true)"), kConflict, {"use_karras_sigmas", "use_lu_lambdas"}},
    {"flow_karras_and_beta", flow(R"("use_karras_sigmas": true, "use_beta_sigmas": true)"), kConflict, {"use_karras_sigmas", "use_beta_sigmas"}},
    {"three_at_once", unipc(R"("use_karras_sigmas": true, "use_exponential_sigmas": true, "use_beta_sigmas": true)"), kConflict, {"use_karras_sigmas", "use_exponential_sigmas"}},
    {"dpmsolver_ends_at_zero", dpm(R"("algorithm_type": "dpmsolver", "final_sigmas_type": "zero")"), kConflict, {"algorithm_type", "final_sigmas_type"}},
    {"dpmsolver_ends_at_zero_by_default", dpm(R"("algorithm_type": "dpmsolver")"), kConflict, {"algorithm_type", "final_sigmas_type", "sigma_min"}},
    {"sde_dpmsolver_ends_at_zero", dpm(R"("algorithm_type": "sde-dpmsolver")"), kConflict, {"algorithm_type", "final_sigmas_type"}},
    {"unipc_terminal_without_flow", unipc(R"("shift_terminal": 0.1)"), kConflict, {"shift_terminal", "use_flow_sigmas"}},
    {"dpmsolver_of_flow", dpm(R"("algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min", "prediction_type": "flow_prediction", "use_flow_sigmas": true)"), kConflict, {"flow_prediction", "dpmsolver++"}},
    {"sa_noise_of_flow", of("SASolver", R"("algorithm_type": "noise_prediction", "prediction_type": "flow_prediction", "use_flow_sigmas": true)"), kConflict, {"flow_prediction", "data_prediction"}},
    {"dpm_flow_and_karras", dpm(R"("use_flow_sigmas": true, "use_karras_sigmas": true, "prediction_type": "flow_prediction")"), kConflict, {"use_flow_sigmas", "use_karras_sigmas"}},
    {"unipc_flow_and_exponential", unipc(R"("use_flow_sigmas": true, "use_exponential_sigmas": true)"), kConflict, {"use_flow_sigmas", "use_exponential_sigmas"}},
    {"unipc_noise_of_flow", unipc(R"("use_flow_sigmas": true, "predict_x0": false, "prediction_type": "flow_prediction")"), kConflict, {"flow_prediction", "predict_x0"}},
    {"score_ve_upside_down", of("ScoreSdeVe", R"("sigma_min": 5.0, "sigma_max": 2.0)"), kConflict, {"sigma_min", "sigma_max"}},
    {"score_vp_upside_down", of("ScoreSdeVp", R"("beta_min": 5.0, "beta_max": 2.0)"), kConflict, {"beta_min", "beta_max"}},
    {"zero_snr_without_noise", ddim(R"("num_train_timesteps": 2, "trained_betas": [0.0, 0.0], "rescale_betas_zero_snr": true)"), kConflict, {"rescale_betas_zero_snr"}},
    {"trained_without_betas", R"({"solver": "euler", "schedule": {"type": "trained"}})", kConflict, {"trained_betas", "trained"}},
    {"betas_of_another_type", R"({"solver": "euler", "schedule": {"type": "linear", "trained_betas": [0.1]}})", kConflict, {"trained_betas", "trained"}},
    {"inverted_checkpoint", R"({"solver": "euler", "schedule": {"_class_name": "FlowMatchEulerDiscreteScheduler", "invert_sigmas": true}})", kConflict, {"invert_sigmas"}},
    {"time_shift_alone", R"({"solver": "euler", "schedule": "flow", "grid": {"time_shift": "linear"}})", kConflict, {"time_shift", "dynamic_shift"}},
    {"threshold_max_alone", R"({"solver": "euler", "parameterization": {"threshold_max": 2.0}})", kConflict, {"threshold_max", "threshold_ratio"}},
    {"unipc_dynamic_without_flow", unipc(R"("use_dynamic_shifting": true)"), kConflict, {"use_dynamic_shifting", "use_flow_sigmas"}},
};
const ConfigCase kUnsupported[] = {
    {"flow_lcm_scale_factors", of("FlowMatchLCM", R"("scale_factors": [1.0, 2.0])"), {SCHED_ERROR_UNSUPPORTED}, {"scale_factors"}},
};
// clang-format on

INSTANTIATE_TEST_SUITE_P(Text, ConfigErrors, testing::ValuesIn(kText), CaseName());
INSTANTIATE_TEST_SUITE_P(Names, ConfigErrors, testing::ValuesIn(kNames), CaseName());
INSTANTIATE_TEST_SUITE_P(Values, ConfigErrors, testing::ValuesIn(kValues), CaseName());
INSTANTIATE_TEST_SUITE_P(Conflicts, ConfigErrors, testing::ValuesIn(kConflicts), CaseName());
INSTANTIATE_TEST_SUITE_P(Unsupported, ConfigErrors, testing::ValuesIn(kUnsupported), CaseName());

// Every key of every class with a value of every JSON type that it does not have.
TEST(ConfigTypes, EveryKeyRefusesEveryOtherType) {
  const struct {
    const char* type;
    std::vector<const char*> wrong;
  } table[] = {
      {"boolean", {"1", "\"true\"", "[]", "{}", "0.5"}},
      {"integer", {"\"1\"", "true", "[1]", "{}", "1.5"}},
      {"number", {"\"1\"", "true", "[1]", "{}"}},
      {"string", {"1", "true", "[\"epsilon\"]", "{}"}},
      {"list", {"1", "true", "\"x\"", "{}"}},
      {"null", {"1", "true", "\"x\"", "[1]"}},
      {"null", {"1", "true", "\"x\"", "[]", "{}"}},
  };
  int cases = 0;
  for (const Config& config : plain_configs()) {
    const std::string class_name = class_of(config);
    std::int32_t method = -1;
    ASSERT_EQ(sched_method_find(class_name.c_str(), &method), SCHED_OK) << class_name;
    ASSERT_GT(sched_option_count(method), 0) << class_name;
    for (std::int32_t index = 0; index < sched_option_count(method); ++index) {
      sched_option_info option = SCHED_OPTION_INFO_INIT;
      ASSERT_EQ(sched_option_at(method, index, &option), SCHED_OK);
      if (option.at_init != 0) continue;
      bool known = false;
      for (const auto& row : table) {
        if (std::string(option.type) != row.type) continue;
        known = true;
        for (const char* value : row.wrong) {
          const std::string key = option.name;
          const std::string json =
              R"({"_class_name": ")" + class_name + R"(", ")" + key + "\": " + value + "}";
          Message message;
          sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
          options.message = message.data();
          options.message_capacity = message.capacity();
          sched_scheduler* scheduler = nullptr;
          const sched_status status = sched_create(json.data(), json.size(), &options, &scheduler);
          EXPECT_EQ(sched_status_name(status), std::string("SCHED_ERROR_TYPE"))
              << json << ": " << message.text();
          EXPECT_EQ(scheduler, nullptr);
          EXPECT_TRUE(names(message.text(), {key})) << json;
          sched_free(scheduler);
          ++cases;
        }
      }
      EXPECT_TRUE(known) << class_name << " " << option.name << " has type " << option.type;
    }
  }
  std::printf("%d wrong types refused\n", cases);
}

// null means the default where the default is null, and is a wrong type elsewhere.
TEST(ConfigTypes, NullOnlyWhereTheDefaultIsNull) {
  for (const Config& config : plain_configs()) {
    std::int32_t method = -1;
    ASSERT_EQ(sched_method_find(class_of(config).c_str(), &method), SCHED_OK);
    for (std::int32_t index = 0; index < sched_option_count(method); ++index) {
      sched_option_info option = SCHED_OPTION_INFO_INIT;
      ASSERT_EQ(sched_option_at(method, index, &option), SCHED_OK);
      if (option.at_init != 0) continue;
      const std::string json =
          R"({"_class_name": ")" + class_of(config) + R"(", ")" + option.name + "\": null}";
      sched_scheduler* scheduler = nullptr;
      const sched_status status = sched_create(json.data(), json.size(), nullptr, &scheduler);
      const bool nullable = std::string(option.default_value) == "null";
      EXPECT_EQ(sched_status_name(status), std::string(nullable ? "SCHED_OK" : "SCHED_ERROR_TYPE"))
          << json;
      sched_free(scheduler);
    }
  }
}

// -------------------------------------------------------- arguments of create

const std::string kRight = R"({"_class_name": "DDIMScheduler"})";

TEST(CreateArguments, NullConfig) {
  sched_scheduler* scheduler = nullptr;
  EXPECT_EQ(sched_create(nullptr, 10, nullptr, &scheduler), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_create(nullptr, 0, nullptr, &scheduler), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(scheduler, nullptr);
}

TEST(CreateArguments, NullOut) {
  EXPECT_EQ(sched_create(kRight.data(), kRight.size(), nullptr, nullptr), SCHED_ERROR_ARGUMENT);
}

TEST(CreateArguments, NullMessageWithCapacity) {
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.message_capacity = 100;
  sched_scheduler* scheduler = nullptr;
  EXPECT_EQ(sched_create("x", 1, &options, &scheduler), SCHED_ERROR_JSON);
}

TEST(CreateArguments, TextNeedsNoFinalZero) {
  const std::string longer = kRight + "garbage";
  sched_scheduler* scheduler = nullptr;
  EXPECT_EQ(sched_create(longer.data(), kRight.size(), nullptr, &scheduler), SCHED_OK);
  sched_free(scheduler);
}

TEST(CreateArguments, StructSize) {
  for (std::uint32_t size : {0u, 1u, 4u, 8u, 1u << 30, 0xffffffffu}) {
    sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
    options.struct_size = size;
    sched_scheduler* scheduler = nullptr;
    EXPECT_EQ(sched_create(kRight.data(), kRight.size(), &options, &scheduler),
              SCHED_ERROR_STRUCT_SIZE)
        << size;
    EXPECT_EQ(scheduler, nullptr);
  }
}

// Buffers of every small size: never past the end, zero-terminated, and a prefix.
TEST(CreateArguments, MessageBuffersOfAnySize) {
  const std::string wrong = R"({"_class_name": "NoSuchScheduler"})";
  Message whole;
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.message = whole.data();
  options.message_capacity = whole.capacity();
  sched_scheduler* scheduler = nullptr;
  ASSERT_NE(sched_create(wrong.data(), wrong.size(), &options, &scheduler), SCHED_OK);
  for (std::size_t capacity : {0u, 1u, 2u, 3u, 5u, 16u, 31u, 32u, 33u}) {
    Message message(capacity);
    options.message = message.data();
    options.message_capacity = capacity;
    EXPECT_EQ(sched_create(wrong.data(), wrong.size(), &options, &scheduler),
              SCHED_ERROR_UNKNOWN_CLASS);
    EXPECT_TRUE(message.walls_intact()) << capacity;
    if (capacity == 0) {
      EXPECT_TRUE(message.untouched());
      continue;
    }
    ASSERT_TRUE(message.terminated()) << capacity;
    EXPECT_EQ(message.text(), whole.text().substr(0, capacity - 1)) << capacity;
  }
}

// ------------------------------------------------------------------- lenient

TEST(Lenient, UnknownKeysBecomeWarnings) {
  const std::string json = ddim(R"("colour": "red", "use_karras_sigmas": true)");
  sched_scheduler* scheduler = nullptr;
  EXPECT_EQ(sched_create(json.data(), json.size(), nullptr, &scheduler), SCHED_ERROR_UNKNOWN_KEY);
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.lenient = 1;
  ASSERT_EQ(sched_create(json.data(), json.size(), &options, &scheduler), SCHED_OK);
  std::string all;
  for (std::int32_t i = 0; i < sched_warning_count(scheduler); ++i)
    all += std::string(sched_warning(scheduler, i)) + "\n";
  std::printf("%s", all.c_str());
  EXPECT_EQ(sched_warning_count(scheduler), 2);
  EXPECT_TRUE(names(all, {"colour", "use_karras_sigmas"}));
  EXPECT_EQ(sched_warning(scheduler, -1), nullptr);
  EXPECT_EQ(sched_warning(scheduler, sched_warning_count(scheduler)), nullptr);
  sched_free(scheduler);
}

TEST(Lenient, RightKeysGiveNoWarning) {
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.lenient = 1;
  for (const Config& config : every_config()) {
    sched_scheduler* scheduler = nullptr;
    ASSERT_EQ(sched_create(config.json.data(), config.json.size(), &options, &scheduler), SCHED_OK)
        << config.name;
    EXPECT_EQ(sched_warning_count(scheduler), 0) << config.name;
    sched_free(scheduler);
  }
}

// Wrong values stay errors: only keys that are not used at all become warnings.
TEST(Lenient, WrongValuesStayErrors) {
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.lenient = 1;
  const struct {
    std::string json;
    sched_status status;
  } cases[] = {
      {"{", SCHED_ERROR_JSON},
      {R"({"_class_name": "None"})", SCHED_ERROR_UNKNOWN_CLASS},
      {ddim(R"("beta_end": "x")"), SCHED_ERROR_TYPE},
      {ddim(R"("prediction_type": "x")"), SCHED_ERROR_VALUE},
      {euler(R"("use_karras_sigmas": true, "use_beta_sigmas": true)"), SCHED_ERROR_CONFLICT},
  };
  for (const auto& c : cases) {
    sched_scheduler* scheduler = nullptr;
    EXPECT_EQ(sched_create(c.json.data(), c.json.size(), &options, &scheduler), c.status) << c.json;
    EXPECT_EQ(scheduler, nullptr);
  }
}

TEST(Lenient, NoWarningsOnNull) {
  EXPECT_EQ(sched_warning_count(nullptr), 0);
  EXPECT_EQ(sched_warning(nullptr, 0), nullptr);
  EXPECT_EQ(sched_method(nullptr), -1);
  sched_free(nullptr);
}

// Of any length, the sentence is the beginning of the whole one, and whole characters.
TEST(Messages, AreCutBetweenCharacters) {
  const std::string json = "{\"_class_name\": \"DDIMScheduler\", \"\xf0\x9f\x8e\xa8\xc3\xa9\": 1}";
  const auto fails_with = [&](Message& message) {
    sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
    options.message = message.data();
    options.message_capacity = message.capacity();
    sched_scheduler* scheduler = nullptr;
    EXPECT_EQ(sched_create(json.data(), json.size(), &options, &scheduler),
              SCHED_ERROR_UNKNOWN_KEY);
    EXPECT_TRUE(message.walls_intact());
    return message.text();
  };
  Message room;
  const std::string whole = fails_with(room);
  ASSERT_NE(whole.find("\xf0\x9f\x8e\xa8\xc3\xa9"), std::string::npos) << whole;
  for (std::size_t capacity = 1; capacity < whole.size() + 2; ++capacity) {
    Message message(capacity);
    const std::string text = fails_with(message);
    ASSERT_EQ(whole.substr(0, text.size()), text);
    // What was left out is less than a character, or does not fit.
    ASSERT_LE(std::min(whole.size(), capacity - 1) - text.size(), 3u);
    const unsigned char following = static_cast<unsigned char>(whole[text.size()]);
    ASSERT_NE(following & 0xc0u, 0x80u) << "cut within a character at " << capacity;
  }
}

}  // namespace
}  // namespace sched_test
