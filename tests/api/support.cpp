#include "support.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>

#if defined(__SANITIZE_ADDRESS__)
// Tests that ask for too much memory want the allocation to fail, as it does without the
// sanitizer, and not the program to end.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
#endif

namespace sched_test {
namespace {

std::uint32_t bits_of(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

float float_of(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

void check(sched_status status, const char* sentence) {
  if (status != SCHED_OK)
    throw std::runtime_error(std::string(sched_status_name(status)) + ": " + sentence);
}

}  // namespace

// ------------------------------------------------------------------ tensors

std::uint16_t to_half(float value) {
  const auto sign = static_cast<std::uint16_t>((bits_of(value) >> 16) & 0x8000u);
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7e00u);
  const double magnitude = std::fabs(static_cast<double>(value));
  if (magnitude >= 65520.0) return static_cast<std::uint16_t>(sign | 0x7c00u);
  // nearbyint rounds ties to even; the spacing below 2^-14 is 2^-24.
  if (magnitude < std::ldexp(1.0, -14))
    return static_cast<std::uint16_t>(
        sign | static_cast<std::uint16_t>(std::nearbyint(std::ldexp(magnitude, 24))));
  int exponent;
  const double fraction = std::frexp(magnitude, &exponent);  // [0.5, 1)
  const auto mantissa = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(fraction, 11)));
  // A mantissa that rounds up to 2048 carries into the exponent by itself.
  const std::uint32_t bits = (static_cast<std::uint32_t>(exponent + 13) << 10) + mantissa;
  return static_cast<std::uint16_t>(sign | bits);
}

float from_half(std::uint16_t bits) {
  const float sign = (bits & 0x8000u) != 0 ? -1.0f : 1.0f;
  const int exponent = (bits >> 10) & 31;
  const int mantissa = bits & 1023;
  if (exponent == 31) return mantissa != 0 ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  return sign * std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
}

std::uint16_t to_bfloat(float value) {
  const std::uint32_t bits = bits_of(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

float from_bfloat(std::uint16_t bits) { return float_of(static_cast<std::uint32_t>(bits) << 16); }

std::size_t bytes_of(std::int32_t dtype) {
  if (dtype == SCHED_F64) return 8;
  return dtype == SCHED_F32 ? 4 : 2;
}

Tensor::Tensor(std::int32_t dtype, std::int64_t batch, std::int64_t elements)
    : dtype_(dtype),
      batch_(batch),
      elements_(elements),
      bytes_(static_cast<std::size_t>(batch * elements) * bytes_of(dtype), 0xa5) {}

double Tensor::at(std::size_t i) const {
  const std::uint8_t* p = bytes_.data() + i * bytes_of(dtype_);
  double wide;
  float single;
  std::uint16_t half;
  switch (dtype_) {
    case SCHED_F64:
      std::memcpy(&wide, p, sizeof(wide));
      return wide;
    case SCHED_F32:
      std::memcpy(&single, p, sizeof(single));
      return static_cast<double>(single);
    default:
      std::memcpy(&half, p, sizeof(half));
      return static_cast<double>(dtype_ == SCHED_F16 ? from_half(half) : from_bfloat(half));
  }
}

void Tensor::set(std::size_t i, double value) {
  std::uint8_t* p = bytes_.data() + i * bytes_of(dtype_);
  const auto single = static_cast<float>(value);
  std::uint16_t half;
  switch (dtype_) {
    case SCHED_F64:
      std::memcpy(p, &value, sizeof(value));
      return;
    case SCHED_F32:
      std::memcpy(p, &single, sizeof(single));
      return;
    default:
      half = dtype_ == SCHED_F16 ? to_half(single) : to_bfloat(single);
      std::memcpy(p, &half, sizeof(half));
  }
}

void Tensor::fill(double value) {
  for (std::size_t i = 0; i < size(); ++i) set(i, value);
}

sched_tensor Tensor::view() const {
  sched_tensor tensor = SCHED_TENSOR_INIT;
  tensor.dtype = dtype_;
  tensor.data = const_cast<std::uint8_t*>(bytes_.data());
  tensor.batch = batch_;
  tensor.elements = elements_;
  return tensor;
}

Tensor Tensor::item(std::int64_t k) const {
  Tensor one(dtype_, 1, elements_);
  const std::size_t bytes = one.bytes_.size();
  std::memcpy(one.bytes_.data(), bytes_.data() + static_cast<std::size_t>(k) * bytes, bytes);
  return one;
}

double Tensor::peak() const {
  double peak = 0.0;
  for (std::size_t i = 0; i < size(); ++i) peak = std::max(peak, std::fabs(at(i)));
  return peak;
}

double Tensor::distance(const Tensor& other) const {
  double distance = 0.0;
  for (std::size_t i = 0; i < size(); ++i) {
    const double difference = std::fabs(at(i) - other.at(i));
    // A NaN must not be lost in max().
    if (!(difference <= distance)) distance = difference;
    if (std::isnan(distance)) return INFINITY;
  }
  return distance;
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  out << "[" << tensor.batch() << ", " << tensor.elements() << "] {";
  for (std::size_t i = 0; i < std::min<std::size_t>(tensor.size(), 6); ++i)
    out << (i == 0 ? "" : ", ") << tensor.at(i);
  return out << ", ...}";
}

// ----------------------------------------------------------- configurations

std::ostream& operator<<(std::ostream& out, const Config& config) { return out << config.name; }

namespace {

// A configuration of the betas that latent diffusion models ship, with `keys` added.
std::string latent(const std::string& class_name, const std::string& keys = "") {
  return R"({"_class_name": ")" + class_name +
         R"(", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear")" +
         (keys.empty() ? "" : ", " + keys) + "}";
}

std::string flow(const std::string& keys = "") {
  return R"({"_class_name": "FlowMatchEulerDiscreteScheduler")" +
         (keys.empty() ? "" : ", " + keys) + "}";
}

void eta(sched_init_options& o) { o.eta = 0.7; }
void eta_clipped(sched_init_options& o) {
  o.eta = 0.4;
  o.use_clipped_model_output = 1;
}
void churn(sched_init_options& o) {
  o.s_churn = 2.8;
  o.s_noise = 1.003;
}
void order_2(sched_init_options& o) { o.order = 2; }
void mu(sched_init_options& o) { o.mu = 0.9; }

std::vector<Config> make_features() {
  const std::string ddim = "DDIMScheduler", ddpm = "DDPMScheduler", pndm = "PNDMScheduler";
  const std::string lms = "LMSDiscreteScheduler", euler = "EulerDiscreteScheduler";
  const std::string ancestral = "EulerAncestralDiscreteScheduler", heun = "HeunDiscreteScheduler";
  const std::string dpm = "DPMSolverMultistepScheduler", unipc = "UniPCMultistepScheduler";
  const std::string lcm = "LCMScheduler";
  const std::string v = R"("prediction_type": "v_prediction")";
  const std::string x0 = R"("prediction_type": "sample")";
  const std::string karras = R"("use_karras_sigmas": true)";
  const std::string trailing = R"("timestep_spacing": "trailing")";
  const std::string sigma_min = R"("final_sigmas_type": "sigma_min")";
  const std::string zero_snr = R"("rescale_betas_zero_snr": true)";
  const std::string flow_sigmas =
      R"("prediction_type": "flow_prediction", "use_flow_sigmas": true, "flow_shift": 3.0)";
  const Tune none = [](sched_init_options&) {};
  return {
      {"ddim_eta", latent(ddim), eta},
      {"ddim_eta_clipped", latent(ddim), eta_clipped},
      {"ddim_no_clip", latent(ddim, R"("clip_sample": false)")},
      {"ddim_zero_snr",
       latent(ddim, zero_snr + ", " + v + ", " + trailing + R"(, "clip_sample": false)")},
      {"ddim_threshold", latent(ddim, R"("thresholding": true, "sample_max_value": 1.5)")},
      {"ddpm_fixed_large", latent(ddpm, R"("variance_type": "fixed_large")")},
      {"ddpm_learned", latent(ddpm, R"("variance_type": "learned")"), none, 2},
      {"ddpm_learned_range", latent(ddpm, R"("variance_type": "learned_range")"), none, 2},
      {"ddpm_v", latent(ddpm, v)},
      {"pndm_skip", latent(pndm, R"("skip_prk_steps": true, "steps_offset": 1)")},
      {"pndm_v", latent(pndm, v)},
      {"lms_karras", latent(lms, karras)},
      {"lms_order_2", latent(lms), order_2},
      {"euler_churn", latent(euler), churn},
      {"euler_karras", latent(euler, karras)},
      {"euler_v", latent(euler, v + ", " + trailing)},
      {"euler_zero_snr", latent(euler, zero_snr + ", " + v + ", " + trailing)},
      {"euler_ancestral_v", latent(ancestral, v + ", " + trailing)},
      {"heun_karras", latent(heun, karras)},
      {"heun_clip", latent(heun, R"("clip_sample": true)")},
      {"dpm_order_3", latent(dpm, R"("solver_order": 3)")},
      {"dpm_karras", latent(dpm, karras)},
      {"dpm_noise", latent(dpm, R"("algorithm_type": "dpmsolver", )" + sigma_min)},
      {"dpm_sde", latent(dpm, R"("algorithm_type": "sde-dpmsolver++")")},
      {"dpm_sde_noise", latent(dpm, R"("algorithm_type": "sde-dpmsolver", )" + sigma_min)},
      {"dpm_threshold", latent(dpm, R"("thresholding": true)")},
      {"dpm_learned", latent(dpm, R"("variance_type": "learned_range")"), none, 2},
      {"dpm_flow", latent(dpm, flow_sigmas)},
      {"unipc_order_3", latent(unipc, R"("solver_order": 3)")},
      {"unipc_bh1", latent(unipc, R"("solver_type": "bh1", )" + sigma_min)},
      {"unipc_noise", latent(unipc, R"("predict_x0": false, )" + sigma_min)},
      {"unipc_no_corrector", latent(unipc, R"("disable_corrector": [0, 1])")},
      {"unipc_x0", latent(unipc, x0)},
      {"unipc_flow", latent(unipc, flow_sigmas)},
      {"lcm_v", latent(lcm, v)},
      {"lcm_threshold", latent(lcm, R"("thresholding": true)")},
      {"flow_shift", flow(R"("shift": 3.0)")},
      {"flow_karras", flow(karras)},
      {"flow_dynamic", flow(R"("use_dynamic_shifting": true)"), mu},
      {"flow_stochastic", flow(R"("stochastic_sampling": true)")},
  };
}

std::vector<Config> make_all() {
  std::vector<Config> all = plain_configs();
  const std::vector<Config> features = make_features();
  all.insert(all.end(), features.begin(), features.end());
  return all;
}

}  // namespace

const std::vector<Config>& plain_configs() {
  static const std::vector<Config> configs = {
      {"ddim", latent("DDIMScheduler")},
      {"ddpm", latent("DDPMScheduler")},
      {"pndm", latent("PNDMScheduler")},
      {"lms", latent("LMSDiscreteScheduler")},
      {"euler", latent("EulerDiscreteScheduler")},
      {"euler_ancestral", latent("EulerAncestralDiscreteScheduler")},
      {"heun", latent("HeunDiscreteScheduler")},
      {"dpm", latent("DPMSolverMultistepScheduler")},
      {"unipc", latent("UniPCMultistepScheduler")},
      {"lcm", latent("LCMScheduler")},
      {"flow", flow()},
  };
  return configs;
}

const std::vector<Config>& every_config() {
  static const std::vector<Config> configs = make_all();
  return configs;
}

const Config& config_named(const std::string& name) {
  for (const Config& config : every_config())
    if (config.name == name) return config;
  throw std::runtime_error("no configuration " + name);
}

std::string class_of(const Config& config) {
  const std::string key = R"("_class_name": ")";
  const std::size_t from = config.json.find(key) + key.size();
  return config.json.substr(from, config.json.find('"', from) - from);
}

std::vector<std::int32_t> kernels() {
  std::vector<std::int32_t> all;
  for (sched_kernel kernel : {SCHED_KERNEL_REFERENCE, SCHED_KERNEL_FUSED, SCHED_KERNEL_BLAS})
    if (sched_kernel_available(kernel) != 0) all.push_back(kernel);
  return all;
}

std::string kernel_name(std::int32_t kernel) {
  switch (kernel) {
    case SCHED_KERNEL_REFERENCE:
      return "reference";
    case SCHED_KERNEL_FUSED:
      return "fused";
    case SCHED_KERNEL_BLAS:
      return "blas";
    default:
      return "default";
  }
}

sched_init_options options_for(const Config& config) {
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = 5;
  options.batch = 2;
  options.elements = 37;
  options.seed = 11;
  config.tune(options);
  return options;
}

Scheduler create(const std::string& json) {
  Message message;
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.message = message.data();
  options.message_capacity = message.capacity();
  sched_scheduler* scheduler = nullptr;
  const sched_status status = sched_create(json.data(), json.size(), &options, &scheduler);
  if (status != SCHED_OK) check(status, (message.text() + " in " + json).c_str());
  return Scheduler(scheduler);
}

State start(const Config& config, const sched_init_options& options) {
  const Scheduler scheduler = create(config.json);
  Message message;
  sched_init_options with_message = options;
  with_message.message = message.data();
  with_message.message_capacity = message.capacity();
  sched_state* state = nullptr;
  const sched_status status = sched_init(scheduler.get(), &with_message, &state);
  if (status != SCHED_OK) check(status, (config.name + ": " + message.text()).c_str());
  return State(state);
}

// --------------------------------------------------------------------- loop

void fill_random(Tensor& tensor, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  // A sum of uniforms: the same on every standard library, unlike normal_distribution.
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    double sum = -2.0;
    for (int k = 0; k < 4; ++k) sum += std::ldexp(static_cast<double>(generator() >> 11), -53);
    tensor.set(i, sum * 1.7);
  }
}

Tensor predict(const Config& config, const Tensor& sample, double time) {
  const std::int64_t elements = sample.elements();
  Tensor prediction(sample.dtype(), sample.batch(), elements * config.prediction_factor);
  for (std::int64_t item = 0; item < sample.batch(); ++item) {
    for (std::int64_t i = 0; i < elements; ++i) {
      const auto from = static_cast<std::size_t>(item * elements + i);
      const auto to = static_cast<std::size_t>(item * prediction.elements() + i);
      const double phase = 0.37 * static_cast<double>(i) + 0.013 * time;
      const double x = sample.at(from);
      prediction.set(to, 0.6 * std::sin(0.7 * x + phase) + 0.8 * x / (1.0 + std::fabs(x)));
      // A learned variance is in [-1, 1], or where it is the variance itself, positive.
      if (config.prediction_factor == 2)
        prediction.set(to + static_cast<std::size_t>(elements), 0.5 + 0.4 * std::cos(phase));
    }
  }
  return prediction;
}

namespace {
std::vector<double> list(const sched_state* state,
                         sched_status (*query)(const sched_state*, double*, std::int64_t,
                                               std::int64_t*)) {
  std::int64_t count = -1;
  check(query(state, nullptr, 0, &count), "asking for the count");
  std::vector<double> values(static_cast<std::size_t>(count));
  check(query(state, values.data(), count, nullptr), "asking for the values");
  return values;
}
}  // namespace

std::vector<double> timesteps(const sched_state* state) { return list(state, sched_timesteps); }
std::vector<double> sigmas(const sched_state* state) { return list(state, sched_sigmas); }
std::vector<double> levels(const sched_state* state) { return list(state, sched_levels); }

sched_weights weights(sched_state* state, std::int64_t call) {
  sched_weights weights = {};
  weights.struct_size = sizeof(weights);
  check(sched_step_weights(state, call, &weights), sched_last_error(state));
  return weights;
}

void step(sched_state* state, const Tensor& sample, const Tensor& prediction, Tensor& next) {
  const sched_tensor from = sample.view();
  const sched_tensor predicted = prediction.view();
  sched_tensor to = next.view();
  const sched_status status = sched_step(state, &from, &predicted, &to);
  if (status != SCHED_OK) check(status, sched_last_error(state));
}

Tensor first_sample(sched_state* state, const sched_init_options& options) {
  Tensor sample(options.dtype, options.batch, options.elements);
  sched_tensor out = sample.view();
  const sched_status status = sched_initial_noise(state, &out);
  if (status != SCHED_OK) check(status, sched_last_error(state));
  return sample;
}

std::vector<Tensor> run(sched_state* state, const Config& config, Tensor sample) {
  const std::vector<double> times = timesteps(state);
  std::vector<Tensor> after;
  for (std::int64_t call = sched_calls_done(state); call < sched_num_calls(state); ++call) {
    Tensor next(sample.dtype(), sample.batch(), sample.elements());
    step(state, sample, predict(config, sample, times[static_cast<std::size_t>(call)]), next);
    after.push_back(next);
    sample = next;
  }
  return after;
}

std::vector<Tensor> run(const Config& config, const sched_init_options& options) {
  const State state = start(config, options);
  return run(state.get(), config, first_sample(state.get(), options));
}

std::vector<std::uint8_t> save(sched_state* state) {
  std::uint64_t size = 0;
  check(sched_save(state, nullptr, 0, &size), sched_last_error(state));
  std::vector<std::uint8_t> bytes(size);
  check(sched_save(state, bytes.data(), size, &size), sched_last_error(state));
  return bytes;
}

// ------------------------------------------------------------------- errors

testing::AssertionResult is_one_of(sched_status status, const Statuses& allowed) {
  if (std::find(allowed.begin(), allowed.end(), status) != allowed.end())
    return testing::AssertionSuccess();
  testing::AssertionResult failure = testing::AssertionFailure();
  failure << "got " << sched_status_name(status) << ", expected";
  for (sched_status one : allowed) failure << " " << sched_status_name(one);
  return failure;
}

testing::AssertionResult names(const std::string& sentence, const std::vector<std::string>& words) {
  for (const std::string& alternatives : words) {
    bool found = false;
    for (std::size_t from = 0; from <= alternatives.size() && !found;) {
      const std::size_t to = std::min(alternatives.find('|', from), alternatives.size());
      found = sentence.find(alternatives.substr(from, to - from)) != std::string::npos;
      from = to + 1;
    }
    if (!found)
      return testing::AssertionFailure() << "no '" << alternatives << "' in: '" << sentence << "'";
  }
  return testing::AssertionSuccess();
}

Message::Message(std::size_t capacity)
    : capacity_(capacity), bytes_(capacity + 2 * kWall, kCanary) {}

std::string Message::text() const {
  const char* begin = bytes_.data() + kWall;
  if (!terminated()) return "";
  return std::string(begin);
}

bool Message::walls_intact() const {
  const auto is_canary = [](char c) { return c == kCanary; };
  return std::all_of(bytes_.begin(), bytes_.begin() + kWall, is_canary) &&
         std::all_of(bytes_.end() - kWall, bytes_.end(), is_canary);
}

bool Message::terminated() const {
  return std::memchr(bytes_.data() + kWall, '\0', capacity_) != nullptr;
}

bool Message::untouched() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](char c) { return c == kCanary; });
}

}  // namespace sched_test
