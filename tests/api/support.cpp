#include "support.hpp"

#if defined(SCHED_HAVE_VULKAN)
#include <sched/sched_vulkan.h>
#endif

#include <algorithm>
#include <cstdlib>
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

Tensor in(const Tensor& tensor, std::int32_t dtype) {
  Tensor other(dtype, tensor.batch(), tensor.elements());
  for (std::size_t i = 0; i < tensor.size(); ++i) other.set(i, tensor.at(i));
  return other;
}

// ---------------------------------------------------------- kernels and states

std::vector<std::int32_t> kernels() {
  const char* asked = std::getenv("SCHED_TEST_KERNELS");
  if (asked != nullptr && std::string(asked) == "vulkan") return {SCHED_KERNEL_VULKAN};
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
    case SCHED_KERNEL_VULKAN:
      return "vulkan";
    default:
      return "default";
  }
}

#if defined(SCHED_HAVE_VULKAN)
sched_vulkan* vulkan_device() {
  static const std::unique_ptr<sched_vulkan, void (*)(sched_vulkan*)> device = [] {
    Message message;
    sched_vulkan_create_options options = SCHED_VULKAN_CREATE_OPTIONS_INIT;
    options.message = message.data();
    options.message_capacity = message.capacity();
    sched_vulkan* vulkan = nullptr;
    check(sched_vulkan_create(&options, &vulkan), message.text().c_str());
    return std::unique_ptr<sched_vulkan, void (*)(sched_vulkan*)>(vulkan, sched_vulkan_free);
  }();
  return device.get();
}
#else
sched_vulkan* vulkan_device() { throw std::runtime_error("this build has no Vulkan"); }
#endif

sched_init_options with_device(sched_init_options options) {
  const bool needs = options.kernel == SCHED_KERNEL_VULKAN && options.vulkan == nullptr;
  if (needs) options.vulkan = vulkan_device();
  return options;
}

sched_init_options options_for(const Config& config) {
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = std::min(5, config.most);
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
  sched_init_options with_message = with_device(options);
  with_message.message = message.data();
  with_message.message_capacity = message.capacity();
  sched_state* state = nullptr;
  const sched_status status = sched_init(scheduler.get(), &with_message, &state);
  if (status != SCHED_OK) check(status, (config.name + ": " + message.text()).c_str());
  return State(state);
}

WithReference start_with_reference(const Config& config, sched_init_options options) {
  options.dtype = SCHED_F64;
  options.kernel = SCHED_KERNEL_REFERENCE;
  WithReference states{start(config, options), {}};
  options.dtype = SCHED_F32;
  for (std::int32_t kernel : kernels()) {
    options.kernel = kernel;
    states.others.push_back(start(config, options));
  }
  return states;
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
  Tensor prediction(sample.dtype(), sample.batch(), elements * config.prediction_factor());
  for (std::int64_t item = 0; item < sample.batch(); ++item) {
    for (std::int64_t i = 0; i < elements; ++i) {
      const auto from = static_cast<std::size_t>(item * elements + i);
      const auto to = static_cast<std::size_t>(item * prediction.elements() + i);
      const double phase = 0.37 * static_cast<double>(i) + 0.013 * time;
      const double x = sample.at(from);
      prediction.set(to, 0.6 * std::sin(0.7 * x + phase) + 0.8 * x / (1.0 + std::fabs(x)));
      // A learned variance is in [-1, 1], or where it is the variance itself, positive.
      if (config.has(kTwice))
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

bool is_next(sched_state* state) {
  sched_call call = SCHED_CALL_INIT;
  const sched_status status = sched_next_call(state, &call);
  if (status != SCHED_ERROR_FINISHED) check(status, sched_last_error(state));
  return status == SCHED_OK;
}

std::vector<sched_call> calls(sched_state* state) {
  std::vector<sched_call> all;
  for (std::int64_t index = 0; index < sched_num_calls(state); ++index) {
    sched_call call = SCHED_CALL_INIT;
    check(sched_call_at(state, index, &call), sched_last_error(state));
    all.push_back(call);
  }
  return all;
}

namespace {
sched_call next_call(sched_state* state) {
  sched_call call = SCHED_CALL_INIT;
  check(sched_next_call(state, &call), sched_last_error(state));
  return call;
}
}  // namespace

Step::Step(sched_state* state, const Config& config, const Tensor& from, Tensor& to)
    : call(next_call(state)),
      sample(from),
      prediction(predict(config, from, call.timestep)),
      mask(from),
      original(from),
      unconditional(predict(config, from, call.timestep + 40.0)),
      next(to),
      state_(state) {
  args = SCHED_STEP_ARGS_INIT;
  fill_mask(mask);
  fill_original(original);
  if (config.has(kNeedsMask)) use_mask();
  if (config.has(kNeedsUnconditional)) args.unconditional = &views_[5];
}

void Step::use_mask() {
  args.mask = &views_[2];
  args.original = &views_[3];
}

sched_status Step::try_run() {
  const Tensor* inputs[] = {&sample, &prediction, &mask, &original};
  for (std::size_t k = 0; k < 4; ++k) views_[k] = inputs[k]->view();
  views_[4] = next.view();
  views_[5] = unconditional.view();
  args.sample = &views_[0];
  args.prediction = call.needs_model != 0 ? &views_[1] : nullptr;
  args.next = &views_[4];
  return sched_step_wide(state_, &args);
}

void Step::run() {
  const sched_status status = try_run();
  if (status != SCHED_OK) check(status, sched_last_error(state_));
}

void fill_mask(Tensor& mask) {
  const double values[] = {0.0, 1.0, 0.25, 1.0, 0.0, 0.5, 0.0};
  const auto elements = static_cast<std::size_t>(mask.elements());
  for (std::size_t i = 0; i < mask.size(); ++i) mask.set(i, values[i % elements % 7]);
}

void fill_original(Tensor& original) {
  const auto elements = static_cast<std::size_t>(original.elements());
  for (std::size_t i = 0; i < original.size(); ++i)
    original.set(i, (static_cast<double>(i % elements * 37 % 101) - 50.0) / 64.0);
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
  std::vector<Tensor> after;
  while (is_next(state)) {
    Tensor next(sample.dtype(), sample.batch(), sample.elements());
    Step(state, config, sample, next).run();
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
