// What the tests of the C ABI share: tensors of any dtype, configurations, and a loop.
// Everything goes through <sched/sched.h>, as a caller would.

#ifndef SCHED_TESTS_API_SUPPORT_HPP_
#define SCHED_TESTS_API_SUPPORT_HPP_

#include <gtest/gtest.h>
#include <sched/sched.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace sched_test {

struct FreeScheduler {
  void operator()(sched_scheduler* scheduler) const { sched_free(scheduler); }
};
struct FreeState {
  void operator()(sched_state* state) const { sched_state_free(state); }
};
using Scheduler = std::unique_ptr<sched_scheduler, FreeScheduler>;
using State = std::unique_ptr<sched_state, FreeState>;

// ------------------------------------------------------------------ tensors

// Bits of a binary16 or bfloat16 nearest to `value`, ties to even, and back.
std::uint16_t to_half(float value);
float from_half(std::uint16_t bits);
std::uint16_t to_bfloat(float value);
float from_bfloat(std::uint16_t bits);

std::size_t bytes_of(std::int32_t dtype);

// A tensor that owns its memory.  Begins as canary bytes, which are NaN in no dtype but
// are a value that no sampler returns by chance.
class Tensor {
 public:
  Tensor(std::int32_t dtype, std::int64_t batch, std::int64_t elements);

  double at(std::size_t i) const;
  void set(std::size_t i, double value);
  void fill(double value);
  std::size_t size() const { return static_cast<std::size_t>(batch_ * elements_); }
  std::int64_t batch() const { return batch_; }
  std::int64_t elements() const { return elements_; }
  std::int32_t dtype() const { return dtype_; }

  // The C struct, by value; its data points here.
  sched_tensor view() const;
  // The values of one item, as a batch of one.
  Tensor item(std::int64_t k) const;
  // Largest absolute value, and largest absolute difference to another tensor.
  double peak() const;
  double distance(const Tensor& other) const;
  // Same bits?
  bool operator==(const Tensor& other) const { return bytes_ == other.bytes_; }
  bool operator!=(const Tensor& other) const { return !(*this == other); }

 private:
  std::int32_t dtype_;
  std::int64_t batch_, elements_;
  std::vector<std::uint8_t> bytes_;
};

std::ostream& operator<<(std::ostream& out, const Tensor& tensor);
// The same values in another dtype, rounded.
Tensor in(const Tensor& tensor, std::int32_t dtype);

// ----------------------------------------------------------- configurations

using Tune = std::function<void(sched_init_options&)>;

// What sets a configuration apart from one call per step, each planned in init.
enum Trait : unsigned {
  kTwice = 1u << 0,              // the network also returns the variance
  kNorms = 1u << 1,              // steps depend on norms over the whole batch
  kAdaptive = 1u << 2,           // chooses its steps as it goes
  kOwnSteps = 1u << 3,           // num_steps is a budget of calls, not a number of steps
  kNeedsMask = 1u << 4,          // RePaint
  kRises = 1u << 5,              // from data to noise
  kRepeats = 1u << 6,            // goes back and takes steps again
  kStartsAnew = 1u << 7,         // a part of a loop is not a part of the calls of the whole
  kChurns = 1u << 8,             // noise is added between steps, so that times rise there
  kNeedsUnconditional = 1u << 9  // CFG++
};

// A configuration and the init options that belong to it.
struct Config {
  std::string name;
  std::string json;
  Tune tune = [](sched_init_options&) {};
  unsigned traits = 0;
  int least = 1, most = 1000;  // numbers of steps that it takes

  bool has(unsigned any) const { return (traits & any) != 0; }
  std::int64_t prediction_factor() const { return has(kTwice) ? 2 : 1; }
};
std::ostream& operator<<(std::ostream& out, const Config& config);

// One plain configuration of each class of diffusers; one of each solver of our own
// composition; these and those with the features of each.  See configs.cpp.
const std::vector<Config>& plain_configs();
const std::vector<Config>& composed_configs();
const std::vector<Config>& every_config();
// Stochastic ones with the generators of other systems, for the tests in which an item may depend
// on its batch.
const std::vector<Config>& generator_configs();
const Config& config_named(const std::string& name);
// Those of every_config() that have none of these traits.
std::vector<Config> configs_without(unsigned traits);
// "" for our own composition.
std::string class_of(const Config& config);

// The kernels that the tests run on, and their names: those of the CPU, or with
// SCHED_TEST_KERNELS=vulkan in the environment the Vulkan kernel alone.
std::vector<std::int32_t> kernels();
std::string kernel_name(std::int32_t kernel);

// 5 steps, two items of 37 values (a size that no vector register divides), tuned.
sched_init_options options_for(const Config& config);

// One Vulkan device for the program, the most suitable; throws where there is none.
sched_vulkan* vulkan_device();
// options.vulkan where the kernel needs it and none is given.
sched_init_options with_device(sched_init_options options);

// Both throw std::runtime_error with the library's sentence.
Scheduler create(const std::string& json);
State start(const Config& config, const sched_init_options& options);
inline State start(const Config& config) { return start(config, options_for(config)); }
// The reference kernel in float64, and each kernel of this build in float32.
struct WithReference {
  State reference;
  std::vector<State> others;
};
WithReference start_with_reference(const Config& config, sched_init_options options);

// --------------------------------------------------------------------- loop

// Seeded values that look like normals, from the test's own generator.
void fill_random(Tensor& tensor, std::uint64_t seed);

// A network without meaning: smooth, bounded, a different one for each element and time.
// Element `i` of an item depends on that item's element i only.
Tensor predict(const Config& config, const Tensor& sample, double time);

std::vector<double> timesteps(const sched_state* state);
std::vector<double> sigmas(const sched_state* state);
std::vector<double> levels(const sched_state* state);
sched_weights weights(sched_state* state, std::int64_t call);

// The calls of a loop that is planned in init.
std::vector<sched_call> calls(sched_state* state);

// Is there another call?
bool is_next(sched_state* state);

// The call that comes next, as a caller's loop makes it: the model is asked where the call
// needs it, and RePaint gets its mask.  Members may be changed before it runs.
class Step {
 public:
  Step(sched_state* state, const Config& config, const Tensor& from, Tensor& to);
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  // Inpainting with `mask` and `original`, which hold something sensible.
  void use_mask();
  sched_status try_run();
  // Throws where it fails.
  void run();

  sched_call call;
  const Tensor& sample;
  Tensor prediction, mask, original, unconditional;
  Tensor& next;
  sched_step_args args;

 private:
  sched_state* state_;
  sched_tensor views_[6];
};

// Zeros, ones and fractions; data.  Exact in every dtype, the same for every item.
void fill_mask(Tensor& mask);
void fill_original(Tensor& original);

// One step with this prediction; throws where it fails.
void step(sched_state* state, const Tensor& sample, const Tensor& prediction, Tensor& next);

Tensor first_sample(sched_state* state, const sched_init_options& options);

// Runs from where the state stands to the end, and returns the sample after each call.
std::vector<Tensor> run(sched_state* state, const Config& config, Tensor sample);

// A whole loop of a fresh state, from the library's own first sample.
std::vector<Tensor> run(const Config& config, const sched_init_options& options);

std::vector<std::uint8_t> save(sched_state* state);

// ------------------------------------------------------------------- errors

using Statuses = std::vector<sched_status>;

// Does `status` stand among `allowed`?  The failure message names all.
testing::AssertionResult is_one_of(sched_status status, const Statuses& allowed);

// Does the sentence contain each word?  "a|b" means a or b.
testing::AssertionResult names(const std::string& sentence, const std::vector<std::string>& words);

// A message buffer of any size between two walls of canaries.
class Message {
 public:
  explicit Message(std::size_t capacity = 4096);
  char* data() { return bytes_.data() + kWall; }
  std::uint64_t capacity() const { return capacity_; }
  std::string text() const;
  bool walls_intact() const;
  // Is there a zero within the capacity?
  bool terminated() const;
  bool untouched() const;

 private:
  static constexpr std::size_t kWall = 64;
  static constexpr char kCanary = '\x5a';
  std::size_t capacity_;
  std::vector<char> bytes_;
};

// Name of a table case, for INSTANTIATE_TEST_SUITE_P.
struct CaseName {
  template <class Info>
  std::string operator()(const Info& info) const {
    return info.param.name;
  }
};

}  // namespace sched_test

#endif  // SCHED_TESTS_API_SUPPORT_HPP_
