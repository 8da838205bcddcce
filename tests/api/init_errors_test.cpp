// What sched_init() refuses: one line per case.  Each checks the status, that the sentence
// names the option, that `out` is NULL, and that right options are accepted afterwards.

#include <limits>

#include "support.hpp"

namespace sched_test {
namespace {

using Options = sched_init_options;

const double kNan = std::numeric_limits<double>::quiet_NaN();
const double kInf = std::numeric_limits<double>::infinity();

const Statuses kSteps = {SCHED_ERROR_STEPS};
const Statuses kTimes = {SCHED_ERROR_TIMESTEPS};
const Statuses kOption = {SCHED_ERROR_OPTION};
const Statuses kValue = {SCHED_ERROR_VALUE};
const Statuses kConflict = {SCHED_ERROR_CONFLICT};
const Statuses kShape = {SCHED_ERROR_SHAPE};
const Statuses kDtype = {SCHED_ERROR_DTYPE};
const Statuses kSize = {SCHED_ERROR_STRUCT_SIZE};
const Statuses kArgument = {SCHED_ERROR_ARGUMENT};
const Statuses kConflictOrOption = {SCHED_ERROR_CONFLICT, SCHED_ERROR_OPTION};
// For what can be refused when the configuration is read or only when it is planned.
const Statuses kImpossible = {SCHED_ERROR_CONFLICT, SCHED_ERROR_VALUE, SCHED_ERROR_NOT_FINITE};

// Lists must outlive the case, so they are named.
template <std::size_t N>
struct List {
  double values[N];
  int count = N;
};
const List<4> kRising = {{100.0, 200.0, 300.0, 400.0}};
const List<4> kUnsorted = {{900.0, 300.0, 500.0, 100.0}};
const List<3> kEqual = {{900.0, 900.0, 100.0}};
const List<3> kBeyond = {{1000.0, 500.0, 100.0}};
const List<3> kFarBeyond = {{1e30, 500.0, 100.0}};
const List<3> kBelowZero = {{900.0, 500.0, -1.0}};
const List<3> kNanTime = {{900.0, kNan, 100.0}};
const List<3> kNanFirst = {{kNan, 500.0, 100.0}};
const List<3> kInfTime = {{kInf, 500.0, 100.0}};
const List<4> kGoodTimes = {{900.0, 600.0, 300.0, 100.0}};
const List<4> kGoodSigmas = {{14.0, 5.0, 1.0, 0.0}};
const List<3> kRisingSigmas = {{1.0, 5.0, 14.0}};
const List<3> kNegativeSigmas = {{14.0, 5.0, -1.0}};
const List<3> kNanSigmas = {{14.0, kNan, 0.0}};
const List<3> kInfSigmas = {{kInf, 5.0, 0.0}};
const List<1> kOneSigma = {{14.0}};
const List<3> kUnendedFlow = {{1.0, 0.7, 0.2}};
const List<3> kFractions = {{900.5, 500.0, 100.0}};
const List<1> kOneAngle = {{1.5}};
const List<2> kAngles = {{1.5, 0.0}};
const List<3> kUnendedTimes = {{1.0, 0.5, 0.1}};
const List<100001> kTooMany = {{900.0}};

template <std::size_t N>
void times(Options& o, const List<N>& list) {
  o.num_steps = 0;
  o.timesteps = list.values;
  o.timesteps_count = list.count;
}
template <std::size_t N>
void levels_of(Options& o, const List<N>& list) {
  o.num_steps = 0;
  o.sigmas = list.values;
  o.sigmas_count = list.count;
}

std::string of(const std::string& name, const std::string& keys = "") {
  return R"({"_class_name": ")" + name + R"(Scheduler")" + (keys.empty() ? "" : ", " + keys) + "}";
}
const std::string kDdim = of("DDIM"), kDdpm = of("DDPM"), kEuler = of("EulerDiscrete");
const std::string kHeun = of("HeunDiscrete"), kLms = of("LMSDiscrete"), kLcm = of("LCM");
const std::string kDpm = of("DPMSolverMultistep"), kUnipc = of("UniPCMultistep");
const std::string kFlow = of("FlowMatchEulerDiscrete");
const std::string kDynamic = of("FlowMatchEulerDiscrete", R"("use_dynamic_shifting": true)");

struct InitCase {
  std::string name;
  std::string json;
  Tune spoil;
  Statuses allowed;
  std::vector<std::string> words;
};
std::ostream& operator<<(std::ostream& out, const InitCase& c) { return out << c.name; }

Options right_options() {
  Options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = 5;
  options.batch = 2;
  options.elements = 7;
  return options;
}

class InitErrors : public testing::TestWithParam<InitCase> {};

TEST_P(InitErrors, AreNamed) {
  const InitCase& c = GetParam();
  Message message;
  sched_create_options create_options = SCHED_CREATE_OPTIONS_INIT;
  create_options.message = message.data();
  create_options.message_capacity = message.capacity();
  sched_scheduler* scheduler = nullptr;
  sched_status status = sched_create(c.json.data(), c.json.size(), &create_options, &scheduler);
  const Scheduler owner(scheduler);
  if (status == SCHED_OK) {
    Options options = right_options();
    options.message = message.data();
    options.message_capacity = message.capacity();
    c.spoil(options);
    auto* state = reinterpret_cast<sched_state*>(&message);
    status = sched_init(scheduler, &options, &state);
    EXPECT_EQ(state, nullptr);
    if (status == SCHED_OK) sched_state_free(state);

    // The same scheduler, asked rightly.
    const Config right = {"right", kDdim};
    const Scheduler second = create(right.json);
    options = right_options();
    state = nullptr;
    EXPECT_EQ(sched_init(second.get(), &options, &state), SCHED_OK);
    sched_state_free(state);
  } else {
    std::printf("refused by create: ");
  }
  EXPECT_TRUE(is_one_of(status, c.allowed)) << message.text();
  EXPECT_TRUE(message.walls_intact());
  if (status == SCHED_ERROR_STRUCT_SIZE) return;  // then the message members are not trusted
  ASSERT_TRUE(message.terminated());
  EXPECT_TRUE(names(message.text(), c.words));
  std::printf("%s\n", message.text().c_str());
}

// clang-format off
const InitCase kCounts[] = {
    {"steps_missing", kEuler, [](Options& o) { o.num_steps = 0; }, kSteps, {"num_steps"}},
    {"steps_negative", kEuler, [](Options& o) { o.num_steps = -1; }, kSteps, {"num_steps"}},
    {"steps_lowest", kEuler, [](Options& o) { o.num_steps = std::numeric_limits<int>::min(); }, kSteps, {"num_steps"}},
    {"steps_highest", kEuler, [](Options& o) { o.num_steps = std::numeric_limits<int>::max(); }, {SCHED_ERROR_STEPS, SCHED_ERROR_MEMORY}, {}},
    {"ddim_steps_above_train", kDdim, [](Options& o) { o.num_steps = 1001; }, kSteps, {"num_steps", "1000"}},
    {"ddpm_steps_above_train", kDdpm, [](Options& o) { o.num_steps = 1001; }, kSteps, {"num_steps", "1000"}},
    {"lcm_steps_above_original", kLcm, [](Options& o) { o.num_steps = 51; }, kSteps, {"num_steps", "original_inference_steps", "50"}},
    {"begin_negative", kEuler, [](Options& o) { o.begin_step = -1; }, kSteps, {"begin_step"}},
    {"begin_at_end", kEuler, [](Options& o) { o.begin_step = 5; }, kSteps, {"begin_step"}},
    {"end_negative", kEuler, [](Options& o) { o.end_step = -1; }, kSteps, {"end_step"}},
    {"end_above", kEuler, [](Options& o) { o.end_step = 6; }, kSteps, {"end_step"}},
    {"end_before_begin", kEuler, [](Options& o) { o.begin_step = 3; o.end_step = 2; }, kSteps, {"begin_step|end_step"}},
    {"end_equals_begin", kEuler, [](Options& o) { o.begin_step = 3; o.end_step = 3; }, kSteps, {"begin_step|end_step"}},
    {"batch_zero", kEuler, [](Options& o) { o.batch = 0; }, kShape, {"batch"}},
    {"batch_negative", kEuler, [](Options& o) { o.batch = -2; }, kShape, {"batch"}},
    {"elements_zero", kEuler, [](Options& o) { o.elements = 0; }, kShape, {"elements"}},
    {"elements_negative", kEuler, [](Options& o) { o.elements = -7; }, kShape, {"elements"}},
    {"size_overflows", kDpm, [](Options& o) { o.batch = INT64_C(1) << 40; o.elements = INT64_C(1) << 40; }, {SCHED_ERROR_SHAPE, SCHED_ERROR_MEMORY}, {}},
    {"size_overflows_in_bytes", kDpm, [](Options& o) { o.batch = 4; o.elements = INT64_C(1) << 60; }, {SCHED_ERROR_SHAPE, SCHED_ERROR_MEMORY}, {}},
    {"too_much_memory", kDpm, [](Options& o) { o.batch = 1; o.elements = INT64_C(1) << 46; }, {SCHED_ERROR_SHAPE, SCHED_ERROR_MEMORY}, {}},
    {"dtype_undefined", kEuler, [](Options& o) { o.dtype = SCHED_DTYPE_UNDEFINED; }, kDtype, {"dtype"}},
    {"dtype_unknown", kEuler, [](Options& o) { o.dtype = 99; }, kDtype, {"dtype"}},
    {"dtype_negative", kEuler, [](Options& o) { o.dtype = -1; }, kDtype, {"dtype"}},
    {"history_unknown", kDpm, [](Options& o) { o.history_dtype = 99; }, kDtype, {"history_dtype", "99", "SCHED_F16"}},
    {"history_negative", kDpm, [](Options& o) { o.history_dtype = -1; }, kDtype, {"history_dtype", "-1"}},
    {"history_wide", kDpm, [](Options& o) { o.history_dtype = SCHED_F64; }, kDtype, {"history_dtype", "float64", "fused", "float16"}},
    {"history_wide_blas", kDpm, [](Options& o) { o.history_dtype = SCHED_F64; o.kernel = SCHED_KERNEL_BLAS; }, {SCHED_ERROR_DTYPE, SCHED_ERROR_UNSUPPORTED}, {}},
    {"history_without_rows", kEuler, [](Options& o) { o.history_dtype = SCHED_F16; }, kOption, {"history_dtype", "no rows"}},
    {"history_of_order_1", of("DPMSolverMultistep", R"("solver_order": 1)"), [](Options& o) { o.history_dtype = SCHED_F32; }, kOption, {"history_dtype", "no rows"}},
    {"f64_on_fused", kEuler, [](Options& o) { o.dtype = SCHED_F64; o.kernel = SCHED_KERNEL_FUSED; }, kDtype, {"dtype|F64", "reference"}},
    {"f64_on_blas", kEuler, [](Options& o) { o.dtype = SCHED_F64; o.kernel = SCHED_KERNEL_BLAS; }, {SCHED_ERROR_DTYPE, SCHED_ERROR_UNSUPPORTED}, {}},
    {"kernel_unknown", kEuler, [](Options& o) { o.kernel = 99; }, {SCHED_ERROR_UNSUPPORTED, SCHED_ERROR_VALUE}, {"kernel"}},
    {"kernel_negative", kEuler, [](Options& o) { o.kernel = -1; }, {SCHED_ERROR_UNSUPPORTED, SCHED_ERROR_VALUE}, {"kernel"}},
    {"struct_size_zero", kEuler, [](Options& o) { o.struct_size = 0; }, kSize, {}},
    {"struct_size_small", kEuler, [](Options& o) { o.struct_size = 8; }, kSize, {}},
    {"struct_size_odd", kEuler, [](Options& o) { o.struct_size -= 1; }, kSize, {}},
    {"struct_size_absurd", kEuler, [](Options& o) { o.struct_size = 1u << 30; }, kSize, {}},
};

const InitCase kLists[] = {
    {"times_rising", kEuler, [](Options& o) { times(o, kRising); }, kTimes, {"timesteps"}},
    {"times_unsorted", kDdpm, [](Options& o) { times(o, kUnsorted); }, kTimes, {"timesteps"}},
    {"times_equal", kDpm, [](Options& o) { times(o, kEqual); }, kTimes, {"timesteps"}},
    {"times_beyond_training", kDdpm, [](Options& o) { times(o, kBeyond); }, kTimes, {"timesteps", "999|1000"}},
    {"times_far_beyond", kEuler, [](Options& o) { times(o, kFarBeyond); }, kTimes, {"timesteps"}},
    {"times_beyond_lcm", kLcm, [](Options& o) { times(o, kBeyond); }, kTimes, {"timesteps"}},
    {"times_below_zero", kHeun, [](Options& o) { times(o, kBelowZero); }, kTimes, {"timesteps"}},
    {"times_nan", kEuler, [](Options& o) { times(o, kNanTime); }, kTimes, {"timesteps"}},
    {"times_nan_first", kDpm, [](Options& o) { times(o, kNanFirst); }, kTimes, {"timesteps"}},
    {"times_infinite", kFlow, [](Options& o) { times(o, kInfTime); }, kTimes, {"timesteps"}},
    {"times_empty", kEuler, [](Options& o) { times(o, kGoodTimes); o.timesteps_count = 0; }, kTimes, {"timesteps"}},
    {"times_negative_count", kEuler, [](Options& o) { times(o, kGoodTimes); o.timesteps_count = -4; }, {SCHED_ERROR_ARGUMENT, SCHED_ERROR_TIMESTEPS}, {"timesteps"}},
    {"times_null_with_count", kEuler, [](Options& o) { o.num_steps = 0; o.timesteps_count = 4; }, {SCHED_ERROR_ARGUMENT, SCHED_ERROR_TIMESTEPS}, {"timesteps"}},
    {"sigmas_rising", kEuler, [](Options& o) { levels_of(o, kRisingSigmas); }, kTimes, {"sigmas"}},
    {"sigmas_negative", kEuler, [](Options& o) { levels_of(o, kNegativeSigmas); }, kTimes, {"sigmas"}},
    {"sigmas_nan", kEuler, [](Options& o) { levels_of(o, kNanSigmas); }, kTimes, {"sigmas"}},
    {"sigmas_infinite", kEuler, [](Options& o) { levels_of(o, kInfSigmas); }, kTimes, {"sigmas"}},
    {"sigmas_empty", kEuler, [](Options& o) { levels_of(o, kGoodSigmas); o.sigmas_count = 0; }, kTimes, {"sigmas"}},
    {"sigmas_null_with_count", kEuler, [](Options& o) { o.num_steps = 0; o.sigmas_count = 4; }, {SCHED_ERROR_ARGUMENT, SCHED_ERROR_TIMESTEPS}, {"sigmas"}},
    {"flow_sigmas_rising", kFlow, [](Options& o) { levels_of(o, kRisingSigmas); }, kTimes, {"sigmas"}},
    {"times_and_steps", kEuler, [](Options& o) { times(o, kGoodTimes); o.num_steps = 4; }, kConflict, {"timesteps", "num_steps"}},
    {"sigmas_and_steps", kEuler, [](Options& o) { levels_of(o, kGoodSigmas); o.num_steps = 4; }, kConflict, {"sigmas", "num_steps"}},
    {"times_and_sigmas", kEuler, [](Options& o) { times(o, kGoodTimes); levels_of(o, kGoodSigmas); }, kConflict, {"timesteps", "sigmas"}},
    {"times_with_karras", of("EulerDiscrete", R"("use_karras_sigmas": true)"), [](Options& o) { times(o, kGoodTimes); }, kConflict, {"timesteps", "karras"}},
    {"times_with_exponential", of("HeunDiscrete", R"("use_exponential_sigmas": true)"), [](Options& o) { times(o, kGoodTimes); }, kConflict, {"timesteps", "exponential"}},
    {"times_with_lu", of("DPMSolverMultistep", R"("use_lu_lambdas": true)"), [](Options& o) { times(o, kGoodTimes); }, kConflict, {"timesteps", "lu"}},
    {"times_too_many", kEuler, [](Options& o) { times(o, kTooMany); }, kTimes, {"100001", "100000"}},
    {"times_not_whole", kDdpm, [](Options& o) { times(o, kFractions); }, kTimes, {"timesteps[0] is 900.5", "whole"}},
    {"times_one_angle", of("SCM"), [](Options& o) { times(o, kOneAngle); }, kTimes, {"two angles"}},
    {"times_and_highest_angle", of("SCM"), [](Options& o) { times(o, kAngles); o.max_timesteps = 1.5; }, kConflict, {"max_timesteps"}},
    {"times_without_end", of("DDPMWuerstchen"), [](Options& o) { times(o, kUnendedTimes); }, kTimes, {"timesteps", "0"}},
    {"times_of_continuous", of("EulerDiscrete", R"("timestep_type": "continuous", "prediction_type": "v_prediction")"), [](Options& o) { times(o, kGoodTimes); }, kConflict, {"timesteps", "continuous"}},
    {"sigmas_with_karras", of("EulerDiscrete", R"("use_karras_sigmas": true)"), [](Options& o) { levels_of(o, kGoodSigmas); }, kConflict, {"sigmas", "karras"}},
    {"sigmas_one", kEuler, [](Options& o) { levels_of(o, kOneSigma); }, kTimes, {"two entries"}},
    {"sigmas_of_three_for_two", R"({"solver": "dpm_fast"})", [](Options& o) { levels_of(o, kNegativeSigmas); }, kTimes, {"3 entries", "two"}},
    {"flow_sigmas_without_end", of("MiniMaxH3"), [](Options& o) { levels_of(o, kUnendedFlow); }, kTimes, {"must end at 0"}},
    {"noise_predicted_at_the_end", R"({"solver": {"name": "dpm_multistep", "algorithm": "noise"}})", [](Options&) {}, kConflict, {"sigma 0", "sigma_min"}},
    {"unipc_sigmas_without_flow", kUnipc, [](Options& o) { levels_of(o, kGoodSigmas); }, kConflictOrOption, {"sigmas"}},
};

void cuda(Options& o) {
  o.generator = SCHED_GENERATOR_TORCH_CUDA;
  o.cuda_multiprocessors = 108;
  o.cuda_threads_per_multiprocessor = 2048;
}
void draws(Options& o, std::int32_t generator, std::int32_t policy) {
  o.generator = generator;
  o.draw_policy = policy;
}

const std::string kPath = R"({"solver": "dpmpp_2m_sde"})";

const InitCase kNoise[] = {
    {"generator_unknown", kDdpm, [](Options& o) { o.generator = 6; }, kOption, {"generator is 6", "torch_cpu"}},
    {"generator_negative", kDdpm, [](Options& o) { o.generator = -1; }, kOption, {"generator is -1"}},
    {"policy_unknown", kDdpm, [](Options& o) { o.draw_policy = 5; }, kOption, {"draw_policy is 5", "comfyui"}},
    {"policy_of_caller", kDdpm, [](Options& o) { draws(o, SCHED_GENERATOR_CALLER, SCHED_DRAWS_DIFFUSERS); }, kConflict, {"diffusers", "caller"}},
    {"comfyui_of_nx", kDdpm, [](Options& o) { draws(o, SCHED_GENERATOR_NX, SCHED_DRAWS_COMFYUI); }, kConflict, {"comfyui", "nx", "torch_cpu"}},
    {"bumblebee_of_torch", of("LCM"), [](Options& o) { draws(o, SCHED_GENERATOR_TORCH_CPU, SCHED_DRAWS_BUMBLEBEE); }, kConflict, {"bumblebee", "torch_cpu", "nx"}},
    {"bumblebee_of_ddpm", kDdpm, [](Options& o) { draws(o, SCHED_GENERATOR_NX, SCHED_DRAWS_BUMBLEBEE); }, {SCHED_ERROR_UNSUPPORTED}, {"bumblebee", "ddpm", "none, diffusers"}},
    {"k_diffusion_of_class", kEuler, [](Options& o) { draws(o, 0, SCHED_DRAWS_K_DIFFUSION); }, {SCHED_ERROR_UNSUPPORTED}, {"k_diffusion", "euler"}},
    {"diffusers_of_composition", R"({"solver": "euler_ancestral"})", [](Options& o) { draws(o, 0, SCHED_DRAWS_DIFFUSERS); }, {SCHED_ERROR_UNSUPPORTED}, {"diffusers", "k_diffusion, comfyui"}},
    {"k_diffusion_of_tcd", R"({"solver": "tcd"})", [](Options& o) { draws(o, 0, SCHED_DRAWS_K_DIFFUSION); }, {SCHED_ERROR_UNSUPPORTED}, {"k_diffusion", "tcd", "none"}},
    {"comfyui_of_sa_solver", R"({"solver": "sa_solver"})", [](Options& o) { draws(o, SCHED_GENERATOR_TORCH_CPU, SCHED_DRAWS_COMFYUI); }, {SCHED_ERROR_UNSUPPORTED}, {"comfyui", "sa_solver"}},
    {"diffusers_of_helios_dmd", of("HeliosDMD", R"("stages": 1)"), [](Options& o) { draws(o, SCHED_GENERATOR_TORCH_CPU, SCHED_DRAWS_DIFFUSERS); }, {SCHED_ERROR_UNSUPPORTED}, {"diffusers", "flow_match_euler"}},
    {"comfyui_churn", R"({"solver": "heun"})", [](Options& o) { draws(o, SCHED_GENERATOR_TORCH_CPU, SCHED_DRAWS_COMFYUI); o.s_churn = 1.0; }, {SCHED_ERROR_UNSUPPORTED}, {"comfyui", "s_churn"}},
    {"path_of_torch", kPath, [](Options& o) { o.generator = SCHED_GENERATOR_TORCH_CPU; }, {SCHED_ERROR_UNSUPPORTED}, {"Brownian", "philox", "torchsde"}},
    {"path_of_policy", kPath, [](Options& o) { o.draw_policy = SCHED_DRAWS_K_DIFFUSION; }, {SCHED_ERROR_UNSUPPORTED}, {"Brownian", "none"}},
    {"noise_dtype_unknown", kDdpm, [](Options& o) { o.noise_dtype = 5; }, {SCHED_ERROR_DTYPE}, {"noise_dtype is 5"}},
    {"noise_halves_of_torch_cpu", kDdpm, [](Options& o) { o.generator = SCHED_GENERATOR_TORCH_CPU; o.noise_dtype = SCHED_F16; }, {SCHED_ERROR_UNSUPPORTED}, {"noise_dtype", "torch_cuda", "torch_cpu"}},
    {"noise_doubles_of_philox", kDdpm, [](Options& o) { o.noise_dtype = SCHED_F64; }, {SCHED_ERROR_UNSUPPORTED}, {"noise_dtype", "torch_cpu", "philox"}},
    {"noise_doubles_on_fused", kDdpm, [](Options& o) { o.generator = SCHED_GENERATOR_TORCH_CPU; o.noise_dtype = SCHED_F64; o.kernel = SCHED_KERNEL_FUSED; }, {SCHED_ERROR_DTYPE}, {"noise_dtype", "reference", "fused"}},
    {"cuda_without_card", kDdpm, [](Options& o) { o.generator = SCHED_GENERATOR_TORCH_CUDA; }, kValue, {"cuda_multiprocessors is 0", "sched_cuda_card"}},
    {"cuda_threads_odd", kDdpm, [](Options& o) { cuda(o); o.cuda_threads_per_multiprocessor = 1000; }, kValue, {"cuda_threads_per_multiprocessor is 1000", "256"}},
    {"card_of_philox", kDdpm, [](Options& o) { o.cuda_multiprocessors = 1; }, kOption, {"cuda_multiprocessors", "torch_cuda", "philox"}},
    {"extra_of_philox", kDdpm, [](Options& o) { o.extra_draws = 1; }, kValue, {"extra_draws is 1", "philox"}},
    {"extra_too_few", kDdpm, [](Options& o) { o.generator = SCHED_GENERATOR_JAX; o.extra_draws = -2; }, kValue, {"extra_draws is -2", "-1 to 1000000"}},
    {"extra_of_comfyui", R"({"solver": "euler"})", [](Options& o) { draws(o, SCHED_GENERATOR_TORCH_CPU, SCHED_DRAWS_COMFYUI); o.extra_draws = -1; }, kValue, {"extra_draws is -1", "comfyui"}},
    {"first_draw_of_philox", kDdpm, [](Options& o) { o.first_sample_draw = 1; }, kValue, {"first_sample_draw is 1", "philox"}},
    {"first_draw_negative", kDdpm, [](Options& o) { o.generator = SCHED_GENERATOR_NX; o.first_sample_draw = -1; }, kValue, {"first_sample_draw is -1", "0 to 1000000"}},
    {"whole_too_small", kDdpm, [](Options& o) { o.whole_elements = o.elements - 1; }, kShape, {"whole_elements", "the state alone"}},
    {"whole_negative", kDdpm, [](Options& o) { o.whole_batch = -1; }, kShape, {"whole_batch is -1"}},
    {"part_outside", kDdpm, [](Options& o) { o.whole_elements = 2 * o.elements; o.first_element = o.elements + 1; }, kShape, {"first_element", "allowed are 0 to"}},
    {"part_before", kDdpm, [](Options& o) { o.first_item = -1; }, kShape, {"first_item is -1"}},
    {"part_far_outside", kDdpm, [](Options& o) { o.first_item = INT64_MAX; }, kShape, {"first_item is 9223372036854775807"}},
    {"whole_product", kDdpm, [](Options& o) { o.whole_batch = std::int64_t{1} << 24; o.whole_elements = std::int64_t{1} << 24; }, kShape, {"whole_batch times whole_elements"}},
    {"part_of_torch_cpu", kDdpm, [](Options& o) { o.generator = SCHED_GENERATOR_TORCH_CPU; o.whole_elements = 2 * o.elements; }, {SCHED_ERROR_UNSUPPORTED}, {"torch_cpu", "one after the other", "philox"}},
    {"part_of_comfyui", R"({"solver": "euler"})", [](Options& o) { cuda(o); o.draw_policy = SCHED_DRAWS_COMFYUI; o.whole_elements = 2 * o.elements; }, {SCHED_ERROR_UNSUPPORTED}, {"torch_cpu", "one after the other"}},
    {"part_thresholded", of("DDIM", R"("thresholding": true, "clip_sample": false)"), [](Options& o) { o.whole_elements = 2 * o.elements; }, kConflict, {"whole_elements", "thresholding"}},
    {"part_of_norms", of("ScoreSdeVe"), [](Options& o) { o.whole_batch = 2 * o.batch; }, kConflict, {"score_sde_ve", "norms"}},
    {"cuda_too_large", kDdpm, [](Options& o) { cuda(o); o.whole_elements = std::int64_t{1} << 30; }, {SCHED_ERROR_UNSUPPORTED}, {"torch_cuda", "536870912"}},
};

const InitCase kOptions[] = {
    {"eta_negative", kDdim, [](Options& o) { o.eta = -0.1; }, kValue, {"eta"}},
    {"eta_nan", kDdim, [](Options& o) { o.eta = kNan; }, kValue, {"eta"}},
    {"eta_infinite", kDdim, [](Options& o) { o.eta = kInf; }, kValue, {"eta"}},
    {"churn_negative", kEuler, [](Options& o) { o.s_churn = -1.0; }, kValue, {"s_churn"}},
    {"churn_nan", kEuler, [](Options& o) { o.s_churn = kNan; }, kValue, {"s_churn"}},
    {"tmin_nan", kEuler, [](Options& o) { o.s_churn = 1.0; o.s_tmin = kNan; }, kValue, {"s_tmin"}},
    {"tmax_nan", kEuler, [](Options& o) { o.s_churn = 1.0; o.s_tmax = kNan; }, kValue, {"s_tmax"}},
    {"s_noise_nan", kEuler, [](Options& o) { o.s_churn = 1.0; o.s_noise = kNan; }, kValue, {"s_noise"}},
    {"s_noise_infinite", kEuler, [](Options& o) { o.s_churn = 1.0; o.s_noise = kInf; }, kValue, {"s_noise"}},
    {"order_five", kLms, [](Options& o) { o.order = 5; }, kValue, {"order", "1", "4"}},
    {"order_negative", kLms, [](Options& o) { o.order = -1; }, kValue, {"order", "1", "4"}},
    {"original_negative", kLcm, [](Options& o) { o.original_inference_steps = -5; }, {SCHED_ERROR_VALUE, SCHED_ERROR_STEPS}, {"original_inference_steps"}},
    {"original_above_train", kLcm, [](Options& o) { o.original_inference_steps = 2000; }, {SCHED_ERROR_VALUE, SCHED_ERROR_STEPS}, {"original_inference_steps"}},
    {"original_below_steps", kLcm, [](Options& o) { o.original_inference_steps = 3; }, {SCHED_ERROR_VALUE, SCHED_ERROR_STEPS}, {"original_inference_steps"}},
    {"heun_train_negative", kHeun, [](Options& o) { o.num_train_timesteps = -5; }, {SCHED_ERROR_VALUE, SCHED_ERROR_STEPS}, {"num_train_timesteps"}},
    {"strength_zero", kDdim, [](Options& o) { o.strength = 0.0; }, kValue, {"strength"}},
    {"strength_negative", kDdim, [](Options& o) { o.strength = -0.5; }, kValue, {"strength"}},
    {"strength_above_one", kDdim, [](Options& o) { o.strength = 1.5; }, kValue, {"strength"}},
    {"strength_nan", kDdim, [](Options& o) { o.strength = kNan; }, kValue, {"strength"}},
    {"strength_with_begin", kDdim, [](Options& o) { o.strength = 0.6; o.begin_step = 2; }, kConflict, {"strength", "begin_step"}},
    {"mu_without_dynamic", kFlow, [](Options& o) { o.mu = 1.0; }, kConflictOrOption, {"mu", "use_dynamic_shifting"}},
    {"dpm_mu_without_dynamic", kDpm, [](Options& o) { o.mu = 1.0; }, kConflictOrOption, {"mu", "use_dynamic_shifting"}},
    {"dynamic_without_mu", kDynamic, [](Options&) {}, kConflict, {"mu", "use_dynamic_shifting"}},
    {"mu_nan", kDynamic, [](Options& o) { o.mu = kNan; }, kValue, {"mu"}},
    {"mu_infinite", kDynamic, [](Options& o) { o.mu = kInf; }, kValue, {"mu"}},
    {"ddpm_fixed_large_log", of("DDPM", R"("variance_type": "fixed_large_log")"), [](Options&) {}, kImpossible, {"variance_type|fixed_large_log"}},
    {"sde_dpmsolver_order_3", of("DPMSolverMultistep", R"("algorithm_type": "sde-dpmsolver", "solver_order": 3, "final_sigmas_type": "sigma_min")"), [](Options&) {}, kImpossible, {"sde-dpmsolver", "solver_order"}},
    {"sigma_min_above_max", of("EulerDiscrete", R"("use_karras_sigmas": true, "sigma_min": 5.0, "sigma_max": 2.0)"), [](Options&) {}, {SCHED_ERROR_VALUE, SCHED_ERROR_CONFLICT, SCHED_ERROR_TIMESTEPS, SCHED_ERROR_NOT_FINITE}, {"sigma"}},
    {"lcm_configured_above_train", of("LCM", R"("original_inference_steps": 5000)"), [](Options&) {}, {SCHED_ERROR_VALUE, SCHED_ERROR_CONFLICT, SCHED_ERROR_STEPS}, {"original_inference_steps"}},
    {"mu_of_linear_shift", of("FlowMatchEulerDiscrete", R"("use_dynamic_shifting": true, "time_shift_type": "linear")"), [](Options& o) { o.mu = -1.0; }, kValue, {"mu", "above 0"}},
    {"terminal_of_one_step", of("FlowMatchEulerDiscrete", R"("shift_terminal": 0.1)"), [](Options& o) { o.num_steps = 1; }, kSteps, {"shift_terminal", "two steps"}},
    {"nothing_above_clipped_lambda", of("DPMSolverMultistep", R"("lambda_min_clipped": 100.0)"), [](Options&) {}, kValue, {"lambda_min_clipped", "100"}},
    {"ipndm_other_steps", of("IPNDM", R"("trained_betas": [0.9, 0.5, 0.1])"), [](Options&) {}, kSteps, {"num_steps is 5", "2 steps"}},
    {"repaint_without_end", of("RePaint"), [](Options& o) { o.num_steps = 250; o.jump_length = 1; o.jump_n_sample = 100000; }, kSteps, {"jump_n_sample"}},
    {"pndm_start_too_short", of("PNDM"), [](Options& o) { o.num_steps = 3; }, kSteps, {"4", "skip_prk_steps"}},
    {"zero_snr_epsilon", of("DDIM", R"("rescale_betas_zero_snr": true, "timestep_spacing": "trailing")"), [](Options&) {}, kImpossible, {"rescale_betas_zero_snr|step"}},
};
// clang-format on

INSTANTIATE_TEST_SUITE_P(Counts, InitErrors, testing::ValuesIn(kCounts), CaseName());
INSTANTIATE_TEST_SUITE_P(Lists, InitErrors, testing::ValuesIn(kLists), CaseName());
INSTANTIATE_TEST_SUITE_P(Noise, InitErrors, testing::ValuesIn(kNoise), CaseName());
INSTANTIATE_TEST_SUITE_P(Options, InitErrors, testing::ValuesIn(kOptions), CaseName());

// ------------------------------------------- options that a method does not have

struct InitOption {
  const char* name;
  void (*set)(Options&);
};

const InitOption kInitOptions[] = {
    {"eta", [](Options& o) { o.eta = 0.5; }},
    {"use_clipped_model_output", [](Options& o) { o.use_clipped_model_output = 1; }},
    {"s_churn", [](Options& o) { o.s_churn = 1.0; }},
    {"s_tmin", [](Options& o) { o.s_tmin = 0.1; }},
    {"s_tmax", [](Options& o) { o.s_tmax = 10.0; }},
    {"s_noise", [](Options& o) { o.s_noise = 1.0; }},
    {"order", [](Options& o) { o.order = 2; }},
    {"original_inference_steps", [](Options& o) { o.original_inference_steps = 25; }},
    {"num_train_timesteps", [](Options& o) { o.num_train_timesteps = 900; }},
    {"mu", [](Options& o) { o.mu = 1.0; }},
    {"stage_index", [](Options& o) { o.stage_index = 0; }},
    {"is_amplify_first_chunk", [](Options& o) { o.is_amplify_first_chunk = 1; }},
    {"jump_length", [](Options& o) { o.jump_length = 2; }},
    {"jump_n_sample", [](Options& o) { o.jump_n_sample = 2; }},
    {"max_timesteps", [](Options& o) { o.max_timesteps = 1.4; }},
    {"intermediate_timesteps",
     [](Options& o) {
       o.num_steps = 2;
       o.intermediate_timesteps = 1.0;
     }},
    {"timesteps", [](Options& o) { times(o, kGoodTimes); }},
    {"sigmas", [](Options& o) { levels_of(o, kGoodSigmas); }},
};

// Is it among the init options that the library lists for the class?
bool lists(const Scheduler& scheduler, const std::string& name) {
  const std::int32_t method = sched_method(scheduler.get());
  for (std::int32_t index = 0; index < sched_option_count(method); ++index) {
    sched_option_info option = SCHED_OPTION_INFO_INIT;
    if (sched_option_at(method, index, &option) != SCHED_OK) return false;
    if (option.at_init != 0 && name == option.name) return true;
  }
  return false;
}

// Every option on every class: refused by name where the class does not list it.  Where it
// does, it is accepted, or refused for its value or for what it is combined with.
TEST(InitOptions, OnlyWhereTheMethodHasThem) {
  int refused = 0, accepted = 0;
  for (const Config& config : plain_configs()) {
    const Scheduler scheduler = create(config.json);
    for (const InitOption& option : kInitOptions) {
      Message message;
      Options options = options_for(config);
      option.set(options);
      options.message = message.data();
      options.message_capacity = message.capacity();
      sched_state* state = nullptr;
      const sched_status status = sched_init(scheduler.get(), &options, &state);
      const State owner(state);
      const std::string name = option.name;
      if (!lists(scheduler, name)) {
        EXPECT_EQ(sched_status_name(status), std::string("SCHED_ERROR_OPTION"))
            << config.name << " with " << name << ": " << message.text();
        EXPECT_TRUE(names(message.text(), {name})) << config.name;
        ++refused;
        continue;
      }
      // mu, and UniPC's sigmas, need flow sigmas besides; Helios's own, stages or DMD.
      const bool needs_more = name == "mu" || (config.name == "unipc" && name == "sigmas") ||
                              name == "stage_index" || name == "is_amplify_first_chunk";
      if (status == SCHED_OK) {
        ++accepted;
      } else if (!needs_more) {
        EXPECT_TRUE(is_one_of(status, {SCHED_ERROR_TIMESTEPS, SCHED_ERROR_CONFLICT}))
            << config.name << " with " << name << ": " << message.text();
        std::printf("%s with %s: %s\n", config.name.c_str(), option.name, message.text().c_str());
      }
    }
  }
  std::printf("%d options refused by name, %d accepted\n", refused, accepted);
  EXPECT_GT(accepted, 30);
}

// ------------------------------------------------------------ numbers of steps

// One, as many as were trained, and more: finite weights, or a refusal that says why.
TEST(InitSteps, OneAllAndMore) {
  for (const Config& config : every_config()) {
    for (int steps : {1, 2, 4, 50, 999, 1000, 1001, 1500}) {
      Options options = options_for(config);
      options.num_steps = steps;
      Message message;
      options.message = message.data();
      options.message_capacity = message.capacity();
      const Scheduler scheduler = create(config.json);
      sched_state* state = nullptr;
      const sched_status status = sched_init(scheduler.get(), &options, &state);
      const State owner(state);
      if (status != SCHED_OK) {
        EXPECT_TRUE(
            is_one_of(status, {SCHED_ERROR_STEPS, SCHED_ERROR_TIMESTEPS, SCHED_ERROR_NOT_FINITE}));
        // PNDM's Runge-Kutta start needs four, say; most have 1 to 50.
        EXPECT_TRUE(steps > 50 || steps < config.least || steps > config.most)
            << config.name << ": " << message.text();
        EXPECT_TRUE(names(message.text(), {"step"}));
        std::printf("%s, %d: %s\n", config.name.c_str(), steps, message.text().c_str());
        continue;
      }
      // An inversion steps over a timestep that is listed twice once.
      if (config.has(kRises)) {
        EXPECT_LE(sched_num_steps(state), steps) << config.name;
      } else if (!config.has(kOwnSteps)) {
        EXPECT_EQ(sched_num_steps(state), steps) << config.name;
      }
      if (config.has(kNorms)) continue;
      for (std::int64_t call = 0; call < sched_num_calls(state); ++call) {
        const sched_weights w = weights(state, call);
        for (int row = 0; row < w.rows; ++row)
          for (double weight : w.weight[row])
            ASSERT_TRUE(std::isfinite(weight)) << config.name << " " << steps << " call " << call;
      }
    }
  }
}

// ------------------------------------------------------------------- pointers

TEST(InitArguments, Null) {
  const Scheduler scheduler = create(kEuler);
  const Options options = right_options();
  sched_state* state = reinterpret_cast<sched_state*>(&state);
  EXPECT_EQ(sched_init(nullptr, &options, &state), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(state, nullptr);
  state = reinterpret_cast<sched_state*>(&state);
  EXPECT_EQ(sched_init(scheduler.get(), nullptr, &state), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(state, nullptr);
  EXPECT_EQ(sched_init(scheduler.get(), &options, nullptr), SCHED_ERROR_ARGUMENT);
}

TEST(InitArguments, MessageBuffersOfAnySize) {
  const Scheduler scheduler = create(kEuler);
  Options options = right_options();
  options.num_steps = -7;
  Message whole;
  options.message = whole.data();
  options.message_capacity = whole.capacity();
  sched_state* state = nullptr;
  ASSERT_EQ(sched_init(scheduler.get(), &options, &state), SCHED_ERROR_STEPS);
  for (std::size_t capacity : {0u, 1u, 2u, 3u, 5u, 16u, 31u, 32u, 33u}) {
    Message message(capacity);
    options.message = message.data();
    options.message_capacity = capacity;
    EXPECT_EQ(sched_init(scheduler.get(), &options, &state), SCHED_ERROR_STEPS);
    EXPECT_TRUE(message.walls_intact()) << capacity;
    if (capacity == 0) {
      EXPECT_TRUE(message.untouched());
      continue;
    }
    ASSERT_TRUE(message.terminated()) << capacity;
    EXPECT_EQ(message.text(), whole.text().substr(0, capacity - 1)) << capacity;
  }
  options.message = nullptr;
  options.message_capacity = 100;
  EXPECT_EQ(sched_init(scheduler.get(), &options, &state), SCHED_ERROR_STEPS);
}

// Lists and seeds are copied: what happens to them after init does not matter.
TEST(InitArguments, ListsAreCopied) {
  const Config config = {"euler", kEuler};
  std::vector<double> list = {900.0, 600.0, 300.0, 100.0};
  std::vector<std::uint64_t> seeds = {5, 6};
  Options options = right_options();
  options.num_steps = 0;
  options.timesteps = list.data();
  options.timesteps_count = static_cast<std::int32_t>(list.size());
  options.item_seeds = seeds.data();
  const State state = start(config, options);
  const State control = start(config, options);
  const Tensor expected = first_sample(control.get(), options);
  list.assign(list.size(), kNan);
  seeds.assign(seeds.size(), 0);
  EXPECT_EQ(timesteps(state.get()), (std::vector<double>{900.0, 600.0, 300.0, 100.0}));
  EXPECT_EQ(first_sample(state.get(), options), expected);
}

}  // namespace
}  // namespace sched_test
