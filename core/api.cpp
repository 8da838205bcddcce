// The only extern "C": checks arguments, calls in, turns exceptions into codes.  Nothing
// is written before every check has passed.

#include <sched/sched.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <new>

#include "api_step.hpp"
#include "config/names.hpp"
#include "config/quirks.hpp"
#include "method_table.hpp"
#include "vulkan_context.hpp"

namespace {

using namespace sched::api;
using sched::DType;
using sched::fail;
using sched::State;
using sched::Status;
using sched::TensorView;

static_assert(static_cast<int>(Status::internal) == SCHED_ERROR_INTERNAL);
static_assert(static_cast<int>(Status::not_finite) == SCHED_ERROR_NOT_FINITE);
static_assert(static_cast<int>(Status::conflict) == SCHED_ERROR_CONFLICT);
static_assert(static_cast<int>(Status::vulkan) == SCHED_ERROR_VULKAN);
static_assert(static_cast<int>(Status::in_use) == SCHED_ERROR_IN_USE);
static_assert(static_cast<int>(sched::Input::memory0) == SCHED_INPUT_MEMORY0);
static_assert(static_cast<int>(sched::Clip::quantile) == SCHED_CLIP_QUANTILE);
static_assert(static_cast<int>(DType::f64) == SCHED_F64);
static_assert(static_cast<int>(sched::NameKind::schedule) == SCHED_NAME_SCHEDULE);
static_assert(sched::kInputs <= SCHED_WEIGHTS_INPUTS);

// ------------------------------------------------------------------------- memory

sched::Memory checked_memory(const sched_allocator* allocator) {
  if (allocator == nullptr) return {};
  const sched_allocator chosen =
      read_struct(allocator, sizeof(sched_allocator), sched_allocator{}, "allocator");
  need(chosen.allocate != nullptr && chosen.release != nullptr,
       "allocator.allocate or allocator.release is NULL");
  return {chosen.allocate, chosen.release, chosen.context};
}

// ------------------------------------------------------------------------ tensors

// Reads the caller's tensors in the host's memory.
struct ReadHost {
  const State& state;

  TensorView operator()(const sched_tensor* tensor, const char* name, int channels,
                        Span& span) const {
    const DType type = check_tensor(state, tensor, name, channels, "SCHED_TENSOR_INIT");
    if (tensor->data == nullptr) fail(Status::argument, name, ".data is NULL");
    const std::size_t width = sched::size_of(type);
    if (reinterpret_cast<std::uintptr_t>(tensor->data) % width != 0) {
      fail(Status::argument, name, ".data is not aligned to its ", width, "-byte elements");
    }
    const TensorView view{{tensor->data, 0, 0}, type};
    span = span_of(view, static_cast<std::uint64_t>(tensor->batch * tensor->elements), name);
    return view;
  }
};

// ------------------------------------------------------------------- init options

std::optional<double> optional_number(double value, const char* name) {
  if (value == SCHED_UNSET) return std::nullopt;
  if (std::isnan(value)) fail(Status::value, name, " is not a number");
  return value;
}

sched::List<double> checked_list(const double* values, int32_t count, const char* name) {
  if (count < 0) fail(Status::argument, name, "_count is ", count, "; it must not be negative");
  if (count > 0 && values == nullptr)
    fail(Status::argument, name, " is NULL, but ", name, "_count is ", count);
  if (count == 0 && values != nullptr) fail(Status::timesteps, name, " is empty");
  return {values, values + count};
}

// A member of an enumeration of options; `allowed` says what the others are.
template <typename Enum>
Enum checked_enum(int32_t value, Enum last, const char* name, const char* allowed) {
  if (value < 0 || value > static_cast<int32_t>(last)) {
    fail(Status::option, name, " is ", value, "; allowed are ", allowed);
  }
  return static_cast<Enum>(value);
}

sched::NoiseSpec noise_spec(const sched_init_options& o) {
  sched::NoiseSpec noise;
  noise.generator = checked_enum(o.generator, sched::Generator::caller, "generator",
                                 "0 philox, 1 torch_cpu, 2 torch_cuda, 3 nx, 4 jax and 5 caller");
  noise.policy = checked_enum(o.draw_policy, sched::DrawPolicy::bumblebee, "draw_policy",
                              "0 none, 1 diffusers, 2 k_diffusion, 3 comfyui and 4 bumblebee");
  if (o.noise_dtype < 0 || o.noise_dtype > SCHED_F64) {
    fail(Status::dtype, "noise_dtype is ", o.noise_dtype,
         "; allowed are SCHED_F32, SCHED_F64 for torch_cpu, and SCHED_F16 and SCHED_BF16 for "
         "torch_cuda (0 means SCHED_F32)");
  }
  if (o.noise_dtype != 0) noise.type = static_cast<DType>(o.noise_dtype);
  noise.has_item_seeds = o.item_seeds != nullptr;
  noise.first_draw = o.first_sample_draw;
  noise.extra_draws = o.extra_draws;
  noise.grid = {o.cuda_multiprocessors, o.cuda_threads_per_multiprocessor};
  noise.part = {o.whole_batch, o.whole_elements, o.first_item, o.first_element};
  return noise;
}

// Of each item; all the same where one generator serves the whole batch.
std::vector<std::uint64_t> item_seeds(const sched_init_options& options) {
  std::vector<std::uint64_t> seeds;
  if (options.batch < 1 || options.batch > (int64_t{1} << 24)) {
    fail(Status::shape, "batch is ", options.batch, "; allowed are 1 to 2^24");
  }
  seeds.reserve(static_cast<std::size_t>(options.batch));
  const bool differ = options.generator == SCHED_GENERATOR_PHILOX;
  for (int64_t k = 0; k < options.batch; ++k) {
    const uint64_t item =
        differ ? static_cast<uint64_t>(options.first_item) + static_cast<uint64_t>(k) : 0;
    seeds.push_back(options.item_seeds != nullptr ? options.item_seeds[k] : options.seed + item);
  }
  return seeds;
}

sched::LoopRequest loop_request(const sched_init_options& o) {
  sched::LoopRequest request;
  request.grid.num_steps = o.num_steps;
  request.grid.timesteps = checked_list(o.timesteps, o.timesteps_count, "timesteps");
  request.grid.sigmas = checked_list(o.sigmas, o.sigmas_count, "sigmas");
  request.grid.mu = optional_number(o.mu, "mu");
  request.grid.max_time = optional_number(o.max_timesteps, "max_timesteps");
  request.grid.middle_time = optional_number(o.intermediate_timesteps, "intermediate_timesteps");
  if (o.stage_index != -1) request.grid.stage = o.stage_index;
  request.grid.amplify_first_chunk =
      checked_flag(o.is_amplify_first_chunk, "is_amplify_first_chunk");
  request.grid.strength = optional_number(o.strength, "strength");
  request.grid.original_steps = o.original_inference_steps;
  request.grid.train_steps = o.num_train_timesteps;
  request.begin_step = o.begin_step;
  request.end_step = o.end_step;
  request.elements = o.elements;
  request.batch = o.batch;
  if (o.dtype < SCHED_F32 || o.dtype > SCHED_F64) {
    fail(Status::dtype, "dtype is ", o.dtype,
         "; allowed are SCHED_F32, SCHED_F16, SCHED_BF16 and SCHED_F64");
  }
  request.dtype = static_cast<DType>(o.dtype);
  request.kernel = o.kernel;
  if (o.history_dtype < 0 || o.history_dtype > SCHED_F64) {
    fail(Status::dtype, "history_dtype is ", o.history_dtype,
         "; allowed are SCHED_F32, SCHED_F16, SCHED_BF16, and SCHED_F64 on the reference kernel (0 "
         "means the kernel's own)");
  }
  if (o.history_dtype != 0) request.history = static_cast<DType>(o.history_dtype);
  request.noise = noise_spec(o);
  request.seeds = item_seeds(o);
  request.eta = optional_number(o.eta, "eta");
  request.churn = optional_number(o.s_churn, "s_churn");
  request.churn_min = optional_number(o.s_tmin, "s_tmin");
  request.churn_max = optional_number(o.s_tmax, "s_tmax");
  request.noise_scale = optional_number(o.s_noise, "s_noise");
  request.order = o.order;
  if (o.jump_length != 0) request.jump_length = o.jump_length;
  if (o.jump_n_sample != 0) request.jump_count = o.jump_n_sample;
  request.use_clipped_epsilon =
      checked_flag(o.use_clipped_model_output, "use_clipped_model_output");
  request.threads = {o.threads, o.parallel_for, o.parallel_context};
  return request;
}

// ------------------------------------------------------------------- small getters

// Gives a list out: its length, and its entries where there is room for all.
template <typename Get>
sched_status copy_list(const sched_state* state, double* out, int64_t capacity, int64_t* count,
                       const char* what, const Get& get_list) {
  return guarded_state(state, [&](const State& s) {
    const auto [size, entry] = get_list(s.loop());
    need(out == nullptr || capacity >= 0, "capacity is negative");
    if (out != nullptr && capacity < size) {
      fail(Status::capacity, "capacity is ", capacity, "; there are ", size, " ", what);
    }
    if (count != nullptr) *count = size;
    for (int64_t i = 0; out != nullptr && i < size; ++i)
      out[i] = entry(static_cast<std::size_t>(i));
  });
}

void check_planned(const sched::Loop& loop) {
  if (loop.adaptive() == nullptr) return;
  fail(Status::unsupported, loop.scheduler->factors.solver->name,
       " chooses its steps as it goes: ask sched_next_call() before each");
}

sched_call describe(const State& state, const sched::Node& node, const sched::StepPlan& plan) {
  sched_call call{};
  call.needs_model = node.needs_model ? 1 : 0;
  call.timestep = node.time;
  call.alpha = node.level.alpha;
  call.sigma = node.level.sigma;
  call.input_scale = state.loop().input_scale(node.level);
  call.step = state.control() != nullptr ? -1 : node.step;
  call.stage = node.stage;
  call.ends_step = node.ends_step ? 1 : 0;
  call.draws = plan.draws;
  return call;
}

sched_name_info describe(const sched::KnownName& known) {
  return {sizeof(sched_name_info), static_cast<int32_t>(known.kind), known.system,
          known.name.c_str(), known.composition.c_str()};
}

void fill_row(sched_weights& out, int32_t output, const sched::LinearForm& form) {
  out.output[out.rows] = output;
  for (std::size_t k = 0; k < sched::kInputs; ++k) out.weight[out.rows][k] = form.weight[k];
  ++out.rows;
}

sched_weights weights_of(const sched::Loop& loop, std::size_t call) {
  const sched::StepPlan& plan = loop.plans[call];
  sched_weights out{};
  out.draws = plan.draws;
  out.clip = static_cast<int32_t>(plan.clip.mode);
  out.clip_range = plan.clip.range;
  out.quantile = plan.clip.ratio;
  out.quantile_max = plan.clip.sample_max;
  out.gain = static_cast<int32_t>(plan.gain.mode);
  out.gain_offset = plan.gain.offset;
  out.gain_slope = plan.gain.slope;
  out.timestep = loop.grid.nodes[call].time;
  out.input_scale = loop.input_scale(loop.grid.nodes[call].level);
  for (std::size_t k = 0; k < sched::kInputs; ++k) out.denoised[k] = plan.denoised.weight[k];
  fill_row(out, SCHED_OUTPUT_NEXT, plan.next);
  fill_row(out, SCHED_OUTPUT_DENOISED, plan.preview);
  if (plan.has_known) fill_row(out, SCHED_OUTPUT_KNOWN, plan.known);
  for (int i = 0; i < plan.kept_count; ++i) {
    const sched::KeptRow& kept = plan.kept[static_cast<std::size_t>(i)];
    fill_row(out, SCHED_OUTPUT_MEMORY0 + kept.slot, kept.form);
  }
  return out;
}

std::size_t checked_call(const sched::Loop& loop, int64_t call) {
  check_planned(loop);
  const auto calls = static_cast<int64_t>(loop.plans.size());
  if (call < 0 || call >= calls) {
    fail(Status::steps, "call is ", call, "; allowed are 0 to ", calls - 1);
  }
  return static_cast<std::size_t>(call);
}

}  // namespace

extern "C" {

// ---------------------------------------------------------------- status, version

const char* sched_status_name(sched_status status) {
  switch (status) {
#define SCHED_NAME(name) \
  case name:             \
    return #name
    SCHED_NAME(SCHED_OK);
    SCHED_NAME(SCHED_ERROR_ARGUMENT);
    SCHED_NAME(SCHED_ERROR_STRUCT_SIZE);
    SCHED_NAME(SCHED_ERROR_JSON);
    SCHED_NAME(SCHED_ERROR_UNKNOWN_CLASS);
    SCHED_NAME(SCHED_ERROR_UNKNOWN_KEY);
    SCHED_NAME(SCHED_ERROR_TYPE);
    SCHED_NAME(SCHED_ERROR_VALUE);
    SCHED_NAME(SCHED_ERROR_CONFLICT);
    SCHED_NAME(SCHED_ERROR_STEPS);
    SCHED_NAME(SCHED_ERROR_TIMESTEPS);
    SCHED_NAME(SCHED_ERROR_OPTION);
    SCHED_NAME(SCHED_ERROR_SHAPE);
    SCHED_NAME(SCHED_ERROR_DTYPE);
    SCHED_NAME(SCHED_ERROR_OVERLAP);
    SCHED_NAME(SCHED_ERROR_FINISHED);
    SCHED_NAME(SCHED_ERROR_NOT_FINITE);
    SCHED_NAME(SCHED_ERROR_CAPACITY);
    SCHED_NAME(SCHED_ERROR_DAMAGED);
    SCHED_NAME(SCHED_ERROR_MISMATCH);
    SCHED_NAME(SCHED_ERROR_UNSUPPORTED);
    SCHED_NAME(SCHED_ERROR_MEMORY);
    SCHED_NAME(SCHED_ERROR_INTERNAL);
    SCHED_NAME(SCHED_ERROR_DEVICE_LOST);
    SCHED_NAME(SCHED_ERROR_DEVICE_MEMORY);
    SCHED_NAME(SCHED_ERROR_VULKAN);
    SCHED_NAME(SCHED_ERROR_IN_USE);
#undef SCHED_NAME
    default:
      return "unknown status";
  }
}

int32_t sched_version_number(void) { return SCHED_VERSION; }

#define SCHED_TEXT_(x) #x
#define SCHED_TEXT(x) SCHED_TEXT_(x)
const char* sched_version_string(void) {
  return SCHED_TEXT(SCHED_VERSION_MAJOR) "." SCHED_TEXT(SCHED_VERSION_MINOR) "." SCHED_TEXT(
      SCHED_VERSION_PATCH);
}

// ------------------------------------------------------------------------ methods

int32_t sched_method_count(void) {
  int32_t count = 0;
  guarded([&] { count = static_cast<int32_t>(sched::methods().size()); });
  return count;
}

sched_status sched_method_at(int32_t index, sched_method_info* info) {
  if (info == nullptr) return SCHED_ERROR_ARGUMENT;
  sched_status status = SCHED_ERROR_ARGUMENT;
  guarded([&] {
    if (index < 0 || index >= sched_method_count()) return;
    status = give_struct(sched::method_info(static_cast<std::size_t>(index)),
                         sizeof(sched_method_info), info);
  });
  return status;
}

sched_status sched_method_find(const char* name, int32_t* index) {
  if (name == nullptr || index == nullptr) return SCHED_ERROR_ARGUMENT;
  return guarded([&] {
    const auto& table = sched::methods();
    for (std::size_t i = 0; i < table.size(); ++i) {
      const char* own = table[i].is_class() ? table[i].class_name : table[i].name();
      if (std::strcmp(name, own) == 0) {
        *index = static_cast<int32_t>(i);
        return;
      }
    }
    fail(Status::unknown_class, "unknown method");
  });
}

int32_t sched_option_count(int32_t method) {
  int32_t count = -1;
  guarded([&] {
    if (method < 0 || method >= sched_method_count()) return;
    count = static_cast<int32_t>(sched::method_options(static_cast<std::size_t>(method)).size());
  });
  return count;
}

sched_status sched_option_at(int32_t method, int32_t index, sched_option_info* info) {
  if (info == nullptr || index < 0 || index >= sched_option_count(method)) {
    return SCHED_ERROR_ARGUMENT;
  }
  sched_status status = SCHED_ERROR_INTERNAL;
  guarded([&] {
    const auto& options = sched::method_options(static_cast<std::size_t>(method));
    status = give_struct(options[static_cast<std::size_t>(index)].info(), sizeof(sched_option_info),
                         info);
  });
  return status;
}

// -------------------------------------------------------------------------- names

int32_t sched_name_count(void) {
  int32_t count = 0;
  guarded([&] { count = static_cast<int32_t>(sched::known_names().size()); });
  return count;
}

sched_status sched_name_at(int32_t index, sched_name_info* info) {
  if (info == nullptr || index < 0 || index >= sched_name_count()) return SCHED_ERROR_ARGUMENT;
  sched_status status = SCHED_ERROR_INTERNAL;
  guarded([&] {
    status = give_struct(describe(sched::known_names()[static_cast<std::size_t>(index)]),
                         sizeof(sched_name_info), info);
  });
  return status;
}

sched_status sched_name_find(const char* name, const char* system, sched_name_info* info) {
  if (name == nullptr || info == nullptr) return SCHED_ERROR_ARGUMENT;
  sched_status status = SCHED_ERROR_INTERNAL;
  const sched_status called = guarded([&] {
    const sched::KnownName* known = sched::find_name(name, system == nullptr ? "" : system);
    if (known == nullptr) fail(Status::unknown_class, "unknown name");
    status = give_struct(describe(*known), sizeof(sched_name_info), info);
  });
  return called == SCHED_OK ? status : called;
}

// --------------------------------------------------------------------- schedulers

sched_status sched_create(const char* config, uint64_t length, const sched_create_options* options,
                          sched_scheduler** out) {
  if (out == nullptr) return SCHED_ERROR_ARGUMENT;
  *out = nullptr;
  char* message = nullptr;
  uint64_t capacity = 0;
  return guarded(
      [&] {
        sched_create_options chosen = SCHED_CREATE_OPTIONS_INIT;
        if (options != nullptr) {
          chosen =
              read_struct(options, offsetof(sched_create_options, allocator), chosen, "options");
        }
        message = chosen.message;
        capacity = chosen.message_capacity;
        need(config != nullptr, "config is NULL");
        const bool lenient = checked_flag(chosen.lenient, "lenient");
        const sched::Memory memory = checked_memory(chosen.allocator);
        *out = new_handle<sched_scheduler>(memory,
                                           sched::make_scheduler(config, length, lenient, memory));
      },
      [&](const char* sentence) { write_message(message, capacity, sentence); });
}

void sched_free(sched_scheduler* scheduler) { free_handle(scheduler); }

int32_t sched_method(const sched_scheduler* scheduler) {
  return scheduler == nullptr ? -1 : scheduler->inner->factors.method;
}

int32_t sched_warning_count(const sched_scheduler* scheduler) {
  return scheduler == nullptr ? 0 : static_cast<int32_t>(scheduler->inner->warnings.size());
}

const char* sched_warning(const sched_scheduler* scheduler, int32_t index) {
  if (index < 0 || index >= sched_warning_count(scheduler)) return nullptr;
  return scheduler->inner->warnings[static_cast<std::size_t>(index)].c_str();
}

int32_t sched_quirk_count(const sched_scheduler* scheduler) {
  int32_t count = 0;
  if (scheduler == nullptr) return count;
  guarded([&] {
    count = static_cast<int32_t>(sched::active_quirks(scheduler->inner->factors).size());
  });
  return count;
}

const char* sched_quirk(const sched_scheduler* scheduler, int32_t index) {
  const char* name = nullptr;
  if (index < 0 || index >= sched_quirk_count(scheduler)) return name;
  guarded([&] {
    const auto active = sched::active_quirks(scheduler->inner->factors);
    name = active[static_cast<std::size_t>(index)]->name;
  });
  return name;
}

const char* sched_quirk_description(const char* name) {
  const char* description = nullptr;
  if (name == nullptr) return description;
  guarded([&] {
    const sched::Quirk* quirk = sched::find_quirk(name);
    if (quirk != nullptr) description = quirk->description;
  });
  return description;
}

// --------------------------------------------------------------------------- init

sched_status sched_cuda_card(const char* name, int32_t* multiprocessors,
                             int32_t* threads_per_multiprocessor) {
  if (name == nullptr || multiprocessors == nullptr || threads_per_multiprocessor == nullptr) {
    return SCHED_ERROR_ARGUMENT;
  }
  const sched::CudaGrid* card = sched::find_cuda_card(name);
  if (card == nullptr) return SCHED_ERROR_VALUE;
  *multiprocessors = card->multiprocessors;
  *threads_per_multiprocessor = card->threads_per_multiprocessor;
  return SCHED_OK;
}

const char* sched_cuda_card_name(int32_t index) {
  const bool is_there = index >= 0 && index < sched::cuda_card_count();
  return is_there ? sched::cuda_card_name(index) : nullptr;
}

int32_t sched_kernel_available(sched_kernel kernel) {
  return sched::find_kernel(static_cast<int>(kernel)) != nullptr ? 1 : 0;
}

sched_status sched_init(const sched_scheduler* scheduler, const sched_init_options* options,
                        sched_state** out) {
  if (out == nullptr) return SCHED_ERROR_ARGUMENT;
  *out = nullptr;
  if (options == nullptr) return SCHED_ERROR_ARGUMENT;
  char* message = nullptr;
  uint64_t capacity = 0;
  return guarded(
      [&] {
        const sched_init_options defaults = SCHED_INIT_OPTIONS_INIT;
        const auto chosen =
            read_struct(options, offsetof(sched_init_options, jump_length), defaults, "options");
        message = chosen.message;
        capacity = chosen.message_capacity;
        need(scheduler != nullptr, "scheduler is NULL");
        check_vulkan_options(chosen);
        auto loop = sched::make_loop(scheduler->inner, loop_request(chosen));
        auto executor = make_executor(loop, chosen);
        *out = new_handle<sched_state>(scheduler->memory(), std::move(loop), std::move(executor));
      },
      [&](const char* sentence) { write_message(message, capacity, sentence); });
}

void sched_state_free(sched_state* state) { free_handle(state); }

int32_t sched_can_continue(const sched_state* state) {
  return read_state(state, -1, [](const State& s) { return s.can_continue() ? 1 : 0; });
}

const char* sched_last_error(const sched_state* state) {
  if (state == nullptr) return "state is NULL";
  return read_state(state, "another call is inside the state",
                    [](const State& s) { return s.error(); });
}

// ------------------------------------------------------------------------ getters

int64_t sched_batch(const sched_state* state) {
  return state == nullptr ? -1 : state->inner.loop().batch;
}

int64_t sched_elements(const sched_state* state) {
  return state == nullptr ? -1 : state->inner.loop().elements;
}

int64_t sched_prediction_elements(const sched_state* state) {
  if (state == nullptr) return -1;
  const sched::Loop& loop = state->inner.loop();
  return loop.elements * (loop.scheduler->factors.learned_channels ? 2 : 1);
}

int64_t sched_num_steps(const sched_state* state) {
  if (state == nullptr) return -1;
  const sched::TimeGrid& grid = state->inner.loop().grid;
  return grid.end - grid.begin;
}

int64_t sched_num_calls(const sched_state* state) {
  if (state == nullptr) return -1;
  const sched::Loop& loop = state->inner.loop();
  return loop.adaptive() != nullptr ? -2 : static_cast<int64_t>(loop.plans.size());
}

int64_t sched_calls_done(const sched_state* state) {
  return read_state(state, int64_t{-1}, [](const State& s) { return s.call(); });
}

sched_status sched_next_call(sched_state* state, sched_call* call) {
  return guarded_state(state, [&](State& s) {
    need(call != nullptr, "call is NULL");
    if (s.is_finished()) fail(Status::finished, "all ", s.call(), " calls of this loop are done");
    give_checked(describe(s, s.node(), s.plan()), call, "call");
  });
}

sched_status sched_call_at(sched_state* state, int64_t index, sched_call* call) {
  return guarded_state(state, [&](State& s) {
    need(call != nullptr, "call is NULL");
    const auto i = checked_call(s.loop(), index);
    give_checked(describe(s, s.loop().grid.nodes[i], s.loop().plans[i]), call, "call");
  });
}

sched_status sched_attempts(const sched_state* state, int64_t* accepted, int64_t* rejected) {
  return guarded_state(state, [&](const State& s) {
    need(accepted != nullptr && rejected != nullptr, "accepted or rejected is NULL");
    const sched::Control none;
    const sched::Control& control = s.control() != nullptr ? *s.control() : none;
    *accepted = control.accepted;
    *rejected = control.rejected;
  });
}

int32_t sched_call_ends_step(const sched_state* state, int64_t call) {
  if (call < 0 || call >= sched_num_calls(state)) return 0;
  return state->inner.loop().grid.nodes[static_cast<std::size_t>(call)].ends_step ? 1 : 0;
}

int32_t sched_state_kernel(const sched_state* state) {
  return state == nullptr ? -1 : state->inner.loop().kernel->id;
}

int64_t sched_state_bytes(const sched_state* state) {
  return read_state(state, int64_t{-1}, [](const State& s) {
    return s.bytes() + static_cast<int64_t>(sizeof(sched_state) - sizeof(State));
  });
}

sched_status sched_timesteps(const sched_state* state, double* out, int64_t capacity,
                             int64_t* count) {
  return copy_list(state, out, capacity, count, "timesteps", [](const sched::Loop& loop) {
    check_planned(loop);
    const auto& nodes = loop.grid.nodes;
    return std::pair(static_cast<int64_t>(nodes.size()),
                     [&nodes](std::size_t i) { return nodes[i].time; });
  });
}

sched_status sched_sigmas(const sched_state* state, double* out, int64_t capacity, int64_t* count) {
  return copy_list(state, out, capacity, count, "sigmas", [](const sched::Loop& loop) {
    const sched::TimeGrid& grid = loop.grid;
    return std::pair(static_cast<int64_t>(grid.total()) + 1,
                     [&grid](std::size_t i) { return grid.sigmas[i]; });
  });
}

sched_status sched_levels(const sched_state* state, double* out, int64_t capacity, int64_t* count) {
  return copy_list(state, out, capacity, count, "numbers", [](const sched::Loop& loop) {
    const sched::TimeGrid& grid = loop.grid;
    return std::pair(2 * (static_cast<int64_t>(grid.total()) + 1), [&grid](std::size_t i) {
      const sched::NoiseLevel& level = level_at(grid, i / 2);
      return i % 2 == 0 ? level.alpha : level.sigma;
    });
  });
}

sched_status sched_step_for_timestep(sched_state* state, double timestep, int64_t* step) {
  return guarded_state(state, [&](State& s) {
    need(step != nullptr, "step is NULL");
    const auto& steps = s.loop().grid.steps;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!(std::fabs(steps[i].time - timestep) <= 1e-6)) continue;
      *step = static_cast<int64_t>(i);
      return;
    }
    fail(Status::value, "no step begins at timestep ", timestep, "; they begin at ",
         steps.front().time, " down to ", steps.back().time);
  });
}

double sched_init_noise_sigma(const sched_state* state) {
  return state == nullptr ? -1.0 : state->inner.loop().init_noise_sigma();
}

double sched_input_scale(const sched_state* state) {
  return read_state(state, -1.0, [](const State& s) { return s.next_input_scale(); });
}

int32_t sched_next_draws(const sched_state* state) {
  return read_state(state, -1, [](const State& s) { return s.is_finished() ? 0 : s.plan().draws; });
}

// ------------------------------------------------------------------------ tensors

sched_status sched_initial_noise(sched_state* state, sched_tensor* out) {
  return guarded_state(state, [&](State& s) {
    Span span;
    s.initial_noise(ReadHost{s}(out, "out", 1, span));
  });
}

sched_status sched_scale_input(sched_state* state, const sched_tensor* sample, sched_tensor* out) {
  return guarded_state(state,
                       [&](State& s) { scale_input<sched_tensor>(s, sample, out, ReadHost{s}); });
}

sched_status sched_add_noise(sched_state* state, int64_t step, const sched_tensor* original,
                             const sched_tensor* noise, sched_tensor* out) {
  return guarded_state(state, [&](State& s) {
    add_noise<sched_tensor>(s, step, original, noise, out, ReadHost{s});
  });
}

sched_status sched_step(sched_state* state, const sched_tensor* sample,
                        const sched_tensor* prediction, sched_tensor* next) {
  return guarded_state(state, [&](State& s) {
    sched_step_args args = SCHED_STEP_ARGS_INIT;
    args.sample = sample;
    args.prediction = prediction;
    args.next = next;
    s.step(checked_step(s, args, ReadHost{s}).request);
  });
}

sched_status sched_step_wide(sched_state* state, const sched_step_args* args) {
  return guarded_state(state, [&](State& s) {
    need(args != nullptr, "args is NULL");
    const sched_step_args defaults = SCHED_STEP_ARGS_INIT;
    const auto chosen = read_struct(args, offsetof(sched_step_args, mask), defaults, "args");
    s.step(checked_step(s, chosen, ReadHost{s}).request);
  });
}

// ------------------------------------------------------------------------ weights

sched_status sched_step_weights(sched_state* state, int64_t call, sched_weights* weights) {
  return guarded_state(state, [&](State& s) {
    need(weights != nullptr, "weights is NULL");
    const auto i = checked_call(s.loop(), call);
    if (s.loop().plans[i].measure.kind != sched::Measure::none) {
      fail(Status::unsupported, "the weights of call ", call, " depend on norms of its tensors");
    }
    give_checked(weights_of(s.loop(), i), weights, "weights");
  });
}

// ----------------------------------------------------------------- save and clone

sched_status sched_save(sched_state* state, void* bytes, uint64_t capacity, uint64_t* size) {
  return guarded_state(state, [&](State& s) {
    const uint64_t needed = s.saved_size();
    if (bytes != nullptr && capacity < needed) {
      fail(Status::capacity, "capacity is ", capacity, "; the saved state has ", needed, " bytes");
    }
    need(bytes != nullptr || size != nullptr, "bytes and size are both NULL");
    if (bytes != nullptr) s.save(static_cast<unsigned char*>(bytes));
    if (size != nullptr) *size = needed;
  });
}

sched_status sched_load(sched_state* state, const void* bytes, uint64_t size) {
  return guarded_state(state, [&](State& s) {
    need(bytes != nullptr, "bytes is NULL");
    s.load(static_cast<const unsigned char*>(bytes), size);
  });
}

sched_status sched_clone(const sched_state* state, sched_state** out) {
  if (out == nullptr) return SCHED_ERROR_ARGUMENT;
  *out = nullptr;
  if (state == nullptr) return SCHED_ERROR_ARGUMENT;
  const Entrance entrance(*state);
  if (!entrance.is_open()) return SCHED_ERROR_IN_USE;
  return guarded([&] { *out = new_handle<sched_state>(state->memory(), state->inner); });
}

}  // extern "C"
