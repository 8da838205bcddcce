/*
 * sched.hpp: the C ABI of <sched/sched.h> for C++17, header only.
 *
 * It adds nothing to the C interface but what C++ gives for free: objects that release
 * themselves, containers instead of pointer and count, and exceptions.  What a call means
 * stands in <sched/sched.h>; each function here names its C twin and says only what differs.
 *
 *     sched::Scheduler scheduler(config);            // text of a scheduler_config.json
 *     sched::InitOptions options;
 *     options.num_steps = 20;
 *     options.batch = 2;
 *     options.elements = 4 * 64 * 64;
 *     sched::State state = scheduler.init(options);
 *
 *     std::vector<float> sample(2 * 4 * 64 * 64), input(sample.size());
 *     state.initial_noise(sample);
 *     for (double time : state.timesteps()) {
 *       state.scale_input(sample, input);
 *       const std::vector<float> prediction = network(input, time);
 *       state.step(sample, prediction, sample);      // in place
 *     }
 *
 * ERRORS are exceptions, everywhere and only of one kind: a call that the C ABI answers
 *   with a status other than SCHED_OK throws sched::Error, which carries that status and
 *   the sentence that says what is wrong and what is allowed.  A call that throws changed
 *   nothing and wrote to no output, as in C.  Destructors never throw.  std::bad_alloc can
 *   come from the containers that a function returns.
 * OWNERSHIP: Scheduler and State are move-only and own one C handle each.  A State keeps
 *   its scheduler alive, so they may be destroyed in any order.  A moved-from object may be
 *   destroyed, assigned to, or asked `if (object)`; anything else throws
 *   SCHED_ERROR_ARGUMENT.
 * THREADS: as in C.  A Scheduler may be shared, a State belongs to one thread at a time.
 *
 * Vulkan is in <sched/sched_device.hpp> and <sched/sched_vulkan.hpp>.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SCHED_SCHED_HPP_
#define SCHED_SCHED_HPP_

#include <sched/sched.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace sched {

// ------------------------------------------------------------------ errors

/** What every function of this header throws: a status and a sentence (what()). */
class Error : public std::runtime_error {
 public:
  Error(sched_status status, const std::string& sentence)
      : std::runtime_error(sentence), status_(status) {}

  /** One of the SCHED_ERROR_ codes, never SCHED_OK. */
  sched_status status() const noexcept { return status_; }

  /** The code's name, "SCHED_ERROR_SHAPE" for example.  Static storage. */
  const char* status_name() const noexcept { return sched_status_name(status_); }

 private:
  sched_status status_;
};

namespace detail {

// For calls that have no handle to keep a sentence: the code's name has to do.
inline void check(sched_status status, const char* sentence = nullptr) {
  if (status == SCHED_OK) return;
  const bool empty = sentence == nullptr || sentence[0] == '\0';
  throw Error(status, empty ? sched_status_name(status) : sentence);
}

// Long enough for a sentence that lists every key of a class.
constexpr std::size_t kMessageCapacity = 4096;

}  // namespace detail

// ------------------------------------------------------------------- views

/**
 * Pointer and size: what std::span is in C++20.  Does not own; valid as long as what it
 * was made from.  Made from anything that has data() and size(), or from an array.
 */
template <class T>
class Span {
 public:
  constexpr Span() noexcept = default;
  constexpr Span(T* data, std::size_t size) noexcept : data_(data), size_(size) {}

  template <std::size_t N>
  constexpr Span(T (&array)[N]) noexcept : data_(array), size_(N) {}

  // Converts a pointer only where that adds const, so never from a derived class.
  template <class Container, class Pointer = decltype(std::declval<Container&>().data()),
            class = std::enable_if_t<
                std::is_convertible_v<std::remove_pointer_t<Pointer> (*)[], T (*)[]>>>
  constexpr Span(Container&& container) noexcept
      : data_(container.data()), size_(container.size()) {}

  constexpr T* data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr T* begin() const noexcept { return data_; }
  constexpr T* end() const noexcept { return data_ + size_; }
  constexpr T& operator[](std::size_t index) const noexcept { return data_[index]; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

/** The sched_dtype of a C++ type: float and double.  Halves have no C++17 type. */
template <class T>
constexpr sched_dtype dtype_of() noexcept {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "name the dtype of other types explicitly: View(data, size, dtype)");
  return std::is_same_v<T, float> ? SCHED_F32 : SCHED_F64;
}

/**
 * A tensor in the caller's memory, [batch, elements].  `Byte` is void for a tensor that is
 * written and const void for one that is only read; use the names TensorView and
 * ConstTensorView.  Does not own.
 *
 * A view made without a batch is flat: the state that it is given to splits it into its own
 * batch.  So a vector of floats can be passed as it is.  A default view means "none".
 */
template <class Byte>
class BasicTensorView {
  template <class T>
  using Element = std::conditional_t<std::is_const_v<Byte>, const T, T>;

 public:
  /** No tensor: an optional argument that is not given. */
  constexpr BasicTensorView() noexcept = default;

  /** `size` values of any dtype; the way to pass halves, which are two bytes each. */
  constexpr BasicTensorView(Byte* data, std::size_t size, sched_dtype dtype,
                            std::int64_t batch = 0) noexcept
      : data_(data), size_(size), dtype_(dtype), batch_(batch) {}

  /** Floats or doubles by pointer; batch 0 means that the state knows. */
  template <class T, class = std::enable_if_t<std::is_floating_point_v<T>>>
  constexpr BasicTensorView(T* data, std::size_t size, std::int64_t batch = 0) noexcept
      : BasicTensorView(static_cast<Byte*>(data), size, dtype_of<std::remove_const_t<T>>(), batch) {
  }

  /** Floats or doubles in a vector, std::array, Span or anything with data() and size(). */
  template <class Container,
            class T = std::remove_pointer_t<decltype(std::declval<Container&>().data())>,
            class = std::enable_if_t<std::is_floating_point_v<std::remove_const_t<T>> &&
                                     (std::is_const_v<Byte> || !std::is_const_v<T>)>>
  constexpr BasicTensorView(Container&& container, std::int64_t batch = 0) noexcept
      : BasicTensorView(container.data(), container.size(), batch) {}

  /** An array of floats or doubles. */
  template <class T, std::size_t N,
            class = std::enable_if_t<std::is_floating_point_v<T> &&
                                     (std::is_const_v<Byte> || !std::is_const_v<T>)>>
  constexpr BasicTensorView(T (&array)[N]) noexcept : BasicTensorView(array, N, std::int64_t{0}) {}

  /** What can be written can be read. */
  template <class Other, class = std::enable_if_t<std::is_const_v<Byte> && !std::is_const_v<Other>>>
  constexpr BasicTensorView(const BasicTensorView<Other>& other) noexcept
      : BasicTensorView(other.data(), other.size(), other.dtype(), other.batch()) {}

  constexpr Byte* data() const noexcept { return data_; }
  /** Values in all items together. */
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr sched_dtype dtype() const noexcept { return dtype_; }
  /** Items; 0 for a flat view. */
  constexpr std::int64_t batch() const noexcept { return batch_; }
  /** False for a default view: no tensor. */
  constexpr explicit operator bool() const noexcept { return data_ != nullptr; }

  /**
   * The C struct.  Where the values cannot be split evenly into the batch the result is one
   * item of all of them, which the library then refuses with SCHED_ERROR_SHAPE.
   * The C struct has one type for both directions; the library writes to outputs only.
   */
  sched_tensor tensor(std::int64_t state_batch) const noexcept {
    const auto total = static_cast<std::int64_t>(size_);
    std::int64_t batch = batch_ > 0 ? batch_ : state_batch;
    if (batch < 1 || total % batch != 0) batch = 1;
    sched_tensor tensor = SCHED_TENSOR_INIT;
    tensor.dtype = dtype_;
    tensor.data = const_cast<void*>(static_cast<const void*>(data_));
    tensor.batch = batch;
    tensor.elements = total / batch;
    return tensor;
  }

 private:
  Byte* data_ = nullptr;
  std::size_t size_ = 0;
  sched_dtype dtype_ = SCHED_F32;
  std::int64_t batch_ = 0;
};

/** A tensor that a call writes. */
using TensorView = BasicTensorView<void>;
/** A tensor that a call only reads. */
using ConstTensorView = BasicTensorView<const void>;

// ----------------------------------------------------------- what there is

/** sched_version_number() */
inline std::int32_t version_number() noexcept { return sched_version_number(); }

/** sched_version_string() */
inline const char* version_string() noexcept { return sched_version_string(); }

/** sched_status_name() */
inline const char* status_name(sched_status status) noexcept { return sched_status_name(status); }

/** sched_kernel_available() */
inline bool kernel_available(sched_kernel kernel) noexcept {
  return sched_kernel_available(kernel) != 0;
}

/** sched_method_at() for one index.  Strings are static. */
inline sched_method_info method_at(std::int32_t index) {
  sched_method_info info = SCHED_METHOD_INFO_INIT;
  detail::check(sched_method_at(index, &info), "there is no method with this index");
  return info;
}

/** Every method, in order of index. */
inline std::vector<sched_method_info> methods() {
  std::vector<sched_method_info> all;
  const std::int32_t count = sched_method_count();
  all.reserve(static_cast<std::size_t>(count));
  for (std::int32_t index = 0; index < count; ++index) all.push_back(method_at(index));
  return all;
}

/**
 * sched_method_find(): index of a method by solver name or diffusers class name.
 * Nothing where there is none, since asking is not an error.
 */
inline std::optional<std::int32_t> find_method(const std::string& name) {
  std::int32_t index = -1;
  const sched_status status = sched_method_find(name.c_str(), &index);
  if (status == SCHED_ERROR_UNKNOWN_CLASS) return std::nullopt;
  detail::check(status);
  return index;
}

/** sched_option_at() for every option of a method.  Strings are static. */
inline std::vector<sched_option_info> options_of(std::int32_t method) {
  const std::int32_t count = sched_option_count(method);
  if (count < 0) throw Error(SCHED_ERROR_ARGUMENT, "there is no method with this index");
  std::vector<sched_option_info> all;
  for (std::int32_t index = 0; index < count; ++index) {
    sched_option_info info = SCHED_OPTION_INFO_INIT;
    detail::check(sched_option_at(method, index, &info));
    all.push_back(info);
  }
  return all;
}

/** Every name by which samplers and schedules are known elsewhere.  Strings are static. */
inline std::vector<sched_name_info> names() {
  std::vector<sched_name_info> all;
  const std::int32_t count = sched_name_count();
  for (std::int32_t index = 0; index < count; ++index) {
    sched_name_info info = SCHED_NAME_INFO_INIT;
    detail::check(sched_name_at(index, &info));
    all.push_back(info);
  }
  return all;
}

/**
 * sched_name_find(); an empty system is any.  Nothing where there is no such name, since
 * asking is not an error.
 */
inline std::optional<sched_name_info> find_name(const std::string& name,
                                                const std::string& system = "") {
  sched_name_info info = SCHED_NAME_INFO_INIT;
  const char* const where = system.empty() ? nullptr : system.c_str();
  const sched_status status = sched_name_find(name.c_str(), where, &info);
  if (status == SCHED_ERROR_UNKNOWN_CLASS) return std::nullopt;
  detail::check(status);
  return info;
}

/** sched_quirk_description(): what a quirk does; empty where there is none of that name. */
inline std::string quirk_description(const std::string& name) {
  const char* const description = sched_quirk_description(name.c_str());
  return description == nullptr ? "" : description;
}

// ----------------------------------------------------------------- options

/**
 * sched_init_options with containers.  What is not set is not given to the library, and
 * what a method does not have must not be set.  See sched_init_options for the meaning.
 */
struct InitOptions {
  std::int32_t num_steps = 0;     ///< 0 with custom timesteps or sigmas
  std::vector<double> timesteps;  ///< custom timesteps, falling; empty means none
  std::vector<double> sigmas;     ///< custom sigmas, falling; empty means none

  std::int32_t begin_step = 0;     ///< first step to run
  std::int32_t end_step = 0;       ///< one past the last; 0 means all
  std::optional<double> strength;  ///< image to image, (0, 1]
  std::optional<double> mu;        ///< dynamic shift

  std::int64_t batch = 1;
  std::int64_t elements = 0;  ///< per item
  sched_dtype dtype = SCHED_F32;
  sched_kernel kernel = SCHED_KERNEL_DEFAULT;

  std::uint64_t seed = 0;                 ///< philox: of item 0, item k takes seed + k
  std::vector<std::uint64_t> item_seeds;  ///< one for each item instead; empty means none

  std::optional<double> eta;                      ///< DDIM, ancestral and SDE solvers
  std::optional<double> s_churn, s_tmin, s_tmax;  ///< Euler, Heun, DPM-2
  std::optional<double> s_noise;                  ///< solvers with noise of their own
  std::int32_t order = 0;                         ///< LMS, 1..4; 0 means 4
  std::int32_t original_inference_steps = 0;      ///< LCM; 0 means the configuration's
  bool use_clipped_model_output = false;          ///< DDIM
  std::int32_t num_train_timesteps = 0;           ///< Heun; 0 means the configuration's
  std::int32_t jump_length = 0;                   ///< RePaint; 0 means the configuration's
  std::int32_t jump_n_sample = 0;                 ///< RePaint; 0 means the configuration's
  std::optional<double> max_timesteps;            ///< SCM: the first angle
  std::optional<double> intermediate_timesteps;   ///< SCM: the second of two; 0 is even spacing
  std::optional<std::int32_t> stage_index;        ///< Helios: which of several stages
  bool is_amplify_first_chunk = false;            ///< Helios DMD

  sched_vulkan* vulkan = nullptr;       ///< with SCHED_KERNEL_VULKAN; the state keeps it alive
  std::int32_t recorded_in_flight = 0;  ///< Vulkan: recorded calls that may be pending
  std::int32_t recorded_groups = 0;     ///< Vulkan: groups of a recorded step

  std::int32_t threads = 0;  ///< most threads of a step; 0 and 1: the calling thread alone
  sched_dtype history_dtype = SCHED_DTYPE_UNDEFINED;  ///< of the state's rows; undefined: the
                                                      ///< kernel's own
  sched_parallel_for parallel_for = nullptr;          ///< see use_threads_of()
  void* parallel_context = nullptr;

  sched_generator generator = SCHED_GENERATOR_PHILOX;  ///< whose normals
  sched_draw_policy draw_policy = SCHED_DRAWS_NONE;    ///< which reference's draws
  sched_dtype noise_dtype = SCHED_DTYPE_UNDEFINED;     ///< undefined: float32
  std::int32_t extra_draws = 0;                        ///< between first sample and first step
  std::int32_t first_sample_draw = 0;                  ///< drawn before the first sample
  std::int32_t cuda_multiprocessors = 0;               ///< torch_cuda; see cuda_card()
  std::int32_t cuda_threads_per_multiprocessor = 0;    ///< torch_cuda
  std::int64_t whole_batch = 0, whole_elements = 0;    ///< of the tensor this is a part of
  std::int64_t first_item = 0, first_element = 0;      ///< where in it the part begins

  /** Takes the numbers of a card from the library's table, sched_cuda_card(). */
  void use_cuda_card(const std::string& name) {
    const sched_status status =
        sched_cuda_card(name.c_str(), &cuda_multiprocessors, &cuda_threads_per_multiprocessor);
    if (status != SCHED_OK) throw Error(status, "there is no card \"" + name + "\" in the table");
  }

  /**
   * Steps run on the caller's threads, in up to `parts` parts: `pool(count, run)` calls run(i) for
   * each i in 0 .. count-1, returns when every call has returned, and does not throw.
   * @param pool  must outlive the state and its clones; see sched_parallel_for
   */
  template <class Pool>
  void use_threads_of(Pool& pool, std::int32_t parts) {
    threads = parts;
    parallel_context = const_cast<void*>(static_cast<const void*>(&pool));
    parallel_for = [](void* context, std::int64_t count, sched_parallel_run run, void* task) {
      (*static_cast<Pool*>(context))(count, [=](std::int64_t index) { run(task, index); });
    };
  }

  /** The C struct, pointing into this one. */
  sched_init_options c_options() const {
    // The C struct carries no length for the seeds: it must be the batch.
    if (!item_seeds.empty() && static_cast<std::int64_t>(item_seeds.size()) != batch)
      throw Error(SCHED_ERROR_SHAPE, "item_seeds must have one seed for each item of the batch");
    sched_init_options options = SCHED_INIT_OPTIONS_INIT;
    options.num_steps = num_steps;
    options.timesteps = timesteps.empty() ? nullptr : timesteps.data();
    options.timesteps_count = static_cast<std::int32_t>(timesteps.size());
    options.sigmas = sigmas.empty() ? nullptr : sigmas.data();
    options.sigmas_count = static_cast<std::int32_t>(sigmas.size());
    options.begin_step = begin_step;
    options.end_step = end_step;
    options.strength = strength.value_or(SCHED_UNSET);
    options.mu = mu.value_or(SCHED_UNSET);
    options.batch = batch;
    options.elements = elements;
    options.dtype = dtype;
    options.kernel = kernel;
    options.seed = seed;
    options.item_seeds = item_seeds.empty() ? nullptr : item_seeds.data();
    options.eta = eta.value_or(SCHED_UNSET);
    options.s_churn = s_churn.value_or(SCHED_UNSET);
    options.s_tmin = s_tmin.value_or(SCHED_UNSET);
    options.s_tmax = s_tmax.value_or(SCHED_UNSET);
    options.s_noise = s_noise.value_or(SCHED_UNSET);
    options.order = order;
    options.original_inference_steps = original_inference_steps;
    options.use_clipped_model_output = use_clipped_model_output ? 1 : 0;
    options.num_train_timesteps = num_train_timesteps;
    options.jump_length = jump_length;
    options.jump_n_sample = jump_n_sample;
    options.max_timesteps = max_timesteps.value_or(SCHED_UNSET);
    options.stage_index = stage_index.value_or(-1);
    options.is_amplify_first_chunk = is_amplify_first_chunk ? 1 : 0;
    options.vulkan = vulkan;
    options.recorded_in_flight = recorded_in_flight;
    options.recorded_groups = recorded_groups;
    options.threads = threads;
    options.history_dtype = history_dtype;
    options.parallel_for = parallel_for;
    options.parallel_context = parallel_context;
    options.intermediate_timesteps = intermediate_timesteps.value_or(SCHED_UNSET);
    put_noise(options);
    return options;
  }

 private:
  void put_noise(sched_init_options& options) const {
    options.generator = generator;
    options.draw_policy = draw_policy;
    options.noise_dtype = noise_dtype;
    options.extra_draws = extra_draws;
    options.first_sample_draw = first_sample_draw;
    options.cuda_multiprocessors = cuda_multiprocessors;
    options.cuda_threads_per_multiprocessor = cuda_threads_per_multiprocessor;
    options.whole_batch = whole_batch;
    options.whole_elements = whole_elements;
    options.first_item = first_item;
    options.first_element = first_element;
  }
};

/** sched_step_args with views.  sample, prediction and next are needed, the rest optional. */
struct StepArgs {
  ConstTensorView sample;
  ConstTensorView prediction;  ///< empty where the call needs no model
  TensorView next;             ///< may be the memory of `sample`

  ConstTensorView unconditional;  ///< classifier-free guidance
  double guidance_scale = 1.0;

  std::array<ConstTensorView, 2> noise;  ///< the caller's normals, one tensor per draw

  TensorView denoised;    ///< gets x0 as the method sees it
  TensorView next_input;  ///< gets `next`, scaled for the next model call

  /** [batch * groups] times, flow-match Euler only; empty means none. */
  Span<const double> group_timesteps;

  Span<const double> group_targets;  ///< where the groups go; empty for the schedule's next
  bool without_noise = false;        ///< `next` is the mean of the step

  ConstTensorView mask;         ///< inpainting: 1 keeps `original`, 0 paints
  ConstTensorView original;     ///< clean data; goes with `mask`
  ConstTensorView known_noise;  ///< normals for it; empty means the first sample's
};

namespace detail {

// Group times and targets, whose length the C structs do not carry: it must be batch * groups.
template <class Args, class CArgs>
void set_groups(const Args& args, std::int64_t batch, CArgs& c_args) {
  const auto times = static_cast<std::int64_t>(args.group_timesteps.size());
  if (!args.group_targets.empty() && args.group_targets.size() != args.group_timesteps.size())
    throw Error(SCHED_ERROR_SHAPE, "group_targets must have as many values as group_timesteps");
  if (times == 0) return;
  if (batch < 1 || times % batch != 0)
    throw Error(SCHED_ERROR_SHAPE, "group_timesteps must have batch * groups values");
  c_args.groups = static_cast<std::int32_t>(times / batch);
  c_args.group_timesteps = args.group_timesteps.data();
  if (!args.group_targets.empty()) c_args.group_targets = args.group_targets.data();
}

}  // namespace detail

/** One pair of sched_levels(): x = alpha x0 + sigma n. */
struct Level {
  double alpha;
  double sigma;
};

/** Attempts at a step, where the method chooses its steps: sched_attempts(). */
struct Attempts {
  std::int64_t accepted;
  std::int64_t rejected;
};

// ------------------------------------------------------------------- state

/**
 * One loop: sched_state.  Made by Scheduler::init().
 *
 * Every function that can fail throws Error with the sentence of sched_last_error().
 */
class State {
 public:
  State(State&& other) noexcept { swap(other); }
  State& operator=(State&& other) noexcept {
    State taken(std::move(other));
    swap(taken);
    return *this;
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { sched_state_free(state_); }

  /** False for a moved-from object. */
  explicit operator bool() const noexcept { return state_ != nullptr; }
  /** The C handle, still owned by this object. */
  sched_state* get() const noexcept { return state_; }
  /** Items and elements per item, as given to init. */
  std::int64_t batch() const noexcept { return batch_; }
  std::int64_t elements() const noexcept { return elements_; }
  /** sched_prediction_elements() */
  std::int64_t prediction_elements() const noexcept { return sched_prediction_elements(state_); }

  // ---- asking about the loop

  /** sched_num_steps() */
  std::int64_t num_steps() const noexcept { return sched_num_steps(state_); }
  /** sched_num_calls() */
  std::int64_t num_calls() const noexcept { return sched_num_calls(state_); }
  /** sched_calls_done() */
  std::int64_t calls_done() const noexcept { return sched_calls_done(state_); }
  /** True when every call is done. */
  bool finished() const noexcept {
    if (num_calls() >= 0) return calls_done() >= num_calls();
    sched_call call = SCHED_CALL_INIT;
    return sched_next_call(state_, &call) == SCHED_ERROR_FINISHED;
  }
  /** sched_next_call(); throws SCHED_ERROR_FINISHED where the loop is done. */
  sched_call next_call() {
    sched_call call = SCHED_CALL_INIT;
    check(sched_next_call(state_, &call));
    return call;
  }
  /** sched_call_at() */
  sched_call call_at(std::int64_t index) {
    sched_call call = SCHED_CALL_INIT;
    check(sched_call_at(state_, index, &call));
    return call;
  }
  /** sched_attempts() */
  Attempts attempts() const {
    Attempts attempts = {};
    check(sched_attempts(state_, &attempts.accepted, &attempts.rejected));
    return attempts;
  }
  /** sched_call_ends_step() */
  bool call_ends_step(std::int64_t call) const noexcept {
    return sched_call_ends_step(state_, call) != 0;
  }
  /** sched_state_kernel() */
  sched_kernel kernel() const noexcept {
    return static_cast<sched_kernel>(sched_state_kernel(state_));
  }
  /** sched_state_bytes() */
  std::int64_t bytes() const noexcept { return sched_state_bytes(state_); }

  /** sched_timesteps(): the time to give to the model, for each call. */
  std::vector<double> timesteps() const { return list(sched_timesteps); }
  /** sched_sigmas(): steps of the whole schedule + 1 values. */
  std::vector<double> sigmas() const { return list(sched_sigmas); }
  /** sched_levels(): steps of the whole schedule + 1 pairs. */
  std::vector<Level> levels() const {
    const std::vector<double> flat = list(sched_levels);
    std::vector<Level> pairs;
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2) pairs.push_back({flat[i], flat[i + 1]});
    return pairs;
  }

  /** sched_step_for_timestep(); throws SCHED_ERROR_VALUE where no step begins there. */
  std::int64_t step_for_timestep(double timestep) {
    std::int64_t step = -1;
    check(sched_step_for_timestep(state_, timestep, &step));
    return step;
  }

  /** sched_init_noise_sigma() */
  double init_noise_sigma() const noexcept { return sched_init_noise_sigma(state_); }
  /** sched_input_scale() */
  double input_scale() const noexcept { return sched_input_scale(state_); }
  /** sched_next_draws() */
  std::int32_t next_draws() const noexcept { return sched_next_draws(state_); }

  /** sched_step_weights(): model call `call` as numbers. */
  sched_weights weights(std::int64_t call) {
    sched_weights weights = {};
    weights.struct_size = sizeof(weights);
    check(sched_step_weights(state_, call, &weights));
    return weights;
  }

  // ---- tensors

  /** sched_initial_noise() */
  void initial_noise(TensorView out) {
    sched_tensor to = out.tensor(batch_);
    check(sched_initial_noise(state_, &to));
  }

  /** sched_scale_input(); `out` may be the memory of `sample`. */
  void scale_input(ConstTensorView sample, TensorView out) {
    const sched_tensor from = sample.tensor(batch_);
    sched_tensor to = out.tensor(batch_);
    check(sched_scale_input(state_, &from, &to));
  }

  /** sched_add_noise() with the library's own noise. */
  void add_noise(std::int64_t step, ConstTensorView original, TensorView out) {
    add_noise(step, original, ConstTensorView(), out);
  }

  /** sched_add_noise() with the caller's normals. */
  void add_noise(std::int64_t step, ConstTensorView original, ConstTensorView noise,
                 TensorView out) {
    const sched_tensor from = original.tensor(batch_);
    const sched_tensor normals = noise.tensor(batch_);
    sched_tensor to = out.tensor(batch_);
    check(sched_add_noise(state_, step, &from, noise ? &normals : nullptr, &to));
  }

  /** sched_step(); `next` may be the memory of `sample`.  Allocates nothing. */
  void step(ConstTensorView sample, ConstTensorView prediction, TensorView next) {
    const sched_tensor from = sample.tensor(batch_);
    const sched_tensor predicted = prediction.tensor(batch_);
    sched_tensor to = next.tensor(batch_);
    check(sched_step(state_, &from, &predicted, &to));
  }

  /** sched_step_wide(): the step with everything optional.  Allocates nothing. */
  void step(const StepArgs& args) {
    sched_step_args c_args = SCHED_STEP_ARGS_INIT;
    const sched_tensor sample = args.sample.tensor(batch_);
    const sched_tensor prediction = args.prediction.tensor(batch_);
    const sched_tensor unconditional = args.unconditional.tensor(batch_);
    const sched_tensor mask = args.mask.tensor(batch_);
    const sched_tensor original = args.original.tensor(batch_);
    const sched_tensor known_noise = args.known_noise.tensor(batch_);
    const sched_tensor noise[2] = {args.noise[0].tensor(batch_), args.noise[1].tensor(batch_)};
    sched_tensor next = args.next.tensor(batch_);
    sched_tensor denoised = args.denoised.tensor(batch_);
    sched_tensor next_input = args.next_input.tensor(batch_);

    c_args.sample = &sample;
    c_args.prediction = args.prediction ? &prediction : nullptr;
    c_args.mask = args.mask ? &mask : nullptr;
    c_args.original = args.original ? &original : nullptr;
    c_args.known_noise = args.known_noise ? &known_noise : nullptr;
    c_args.next = &next;
    c_args.unconditional = args.unconditional ? &unconditional : nullptr;
    c_args.guidance_scale = args.guidance_scale;
    for (std::size_t draw = 0; draw < 2; ++draw)
      c_args.noise[draw] = args.noise[draw] ? &noise[draw] : nullptr;
    c_args.denoised = args.denoised ? &denoised : nullptr;
    c_args.next_input = args.next_input ? &next_input : nullptr;
    detail::set_groups(args, batch_, c_args);
    c_args.without_noise = args.without_noise ? 1 : 0;
    check(sched_step_wide(state_, &c_args));
  }

  // ---- save, load and clone

  /** sched_save() */
  std::vector<std::uint8_t> save() {
    std::uint64_t size = 0;
    check(sched_save(state_, nullptr, 0, &size));
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
    check(sched_save(state_, bytes.data(), size, &size));
    return bytes;
  }

  /** sched_load(); where it throws the state is as it was. */
  void load(Span<const std::uint8_t> bytes) {
    check(sched_load(state_, bytes.data(), bytes.size()));
  }

  /** sched_clone(): a second state that goes on from the same point.  Never implicit. */
  State clone() const {
    sched_state* copy = nullptr;
    check(sched_clone(state_, &copy));
    return State(copy, batch_, elements_);
  }

 private:
  friend class Scheduler;

  State(sched_state* state, std::int64_t batch, std::int64_t elements) noexcept
      : state_(state), batch_(batch), elements_(elements) {}

  void swap(State& other) noexcept {
    std::swap(state_, other.state_);
    std::swap(batch_, other.batch_);
    std::swap(elements_, other.elements_);
  }

  void check(sched_status status) const {
    if (status != SCHED_OK) detail::check(status, sched_last_error(state_));
  }

  std::vector<double> list(sched_status (*query)(const sched_state*, double*, std::int64_t,
                                                 std::int64_t*)) const {
    std::int64_t count = 0;
    check(query(state_, nullptr, 0, &count));
    std::vector<double> values(static_cast<std::size_t>(count));
    check(query(state_, values.data(), count, &count));
    return values;
  }

  sched_state* state_ = nullptr;
  std::int64_t batch_ = 0;
  std::int64_t elements_ = 0;
};

// --------------------------------------------------------------- scheduler

/** Whether unknown and unused keys of a configuration are errors or warnings. */
enum class Keys { strict, lenient };

/**
 * A configuration that was read and checked: sched_scheduler.  Immutable; may be shared by
 * any number of threads.
 */
class Scheduler {
 public:
  /** sched_create().  `config` is JSON text, UTF-8; it is not kept. */
  explicit Scheduler(std::string_view config, Keys keys = Keys::strict) {
    char message[detail::kMessageCapacity] = "";
    sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
    options.lenient = keys == Keys::lenient ? 1 : 0;
    options.message = message;
    options.message_capacity = sizeof(message);
    detail::check(sched_create(config.data(), config.size(), &options, &scheduler_), message);
  }

  Scheduler(Scheduler&& other) noexcept : scheduler_(std::exchange(other.scheduler_, nullptr)) {}
  Scheduler& operator=(Scheduler&& other) noexcept {
    Scheduler taken(std::move(other));
    std::swap(scheduler_, taken.scheduler_);
    return *this;
  }
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler() { sched_free(scheduler_); }

  /** False for a moved-from object. */
  explicit operator bool() const noexcept { return scheduler_ != nullptr; }
  /** The C handle, still owned by this object. */
  sched_scheduler* get() const noexcept { return scheduler_; }

  /** sched_method(): index for method_at(). */
  std::int32_t method() const noexcept { return sched_method(scheduler_); }
  /** What the method is and costs. */
  sched_method_info method_info() const { return method_at(method()); }

  /** sched_warning(): what a lenient create did not use.  Copies. */
  std::vector<std::string> warnings() const {
    std::vector<std::string> all;
    const std::int32_t count = sched_warning_count(scheduler_);
    all.reserve(static_cast<std::size_t>(count));
    for (std::int32_t index = 0; index < count; ++index)
      all.emplace_back(sched_warning(scheduler_, index));
    return all;
  }

  /** sched_quirk(): the names of the quirks that are on. */
  std::vector<std::string> quirks() const {
    std::vector<std::string> all;
    const std::int32_t count = sched_quirk_count(scheduler_);
    all.reserve(static_cast<std::size_t>(count));
    for (std::int32_t index = 0; index < count; ++index)
      all.emplace_back(sched_quirk(scheduler_, index));
    return all;
  }

  /** sched_init(): starts a loop.  The state does not need this object to stay. */
  State init(const InitOptions& options) const {
    char message[detail::kMessageCapacity] = "";
    sched_init_options c_options = options.c_options();
    c_options.message = message;
    c_options.message_capacity = sizeof(message);
    sched_state* state = nullptr;
    detail::check(sched_init(scheduler_, &c_options, &state), message);
    return State(state, options.batch, options.elements);
  }

 private:
  sched_scheduler* scheduler_ = nullptr;
};

}  // namespace sched

#endif  // SCHED_SCHED_HPP_
