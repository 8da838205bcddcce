// The only extern "C": checks arguments, calls in, turns exceptions into codes.  Nothing
// is written before every check has passed.

#include <sched/sched.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <new>

#include "config/names.hpp"
#include "config/quirks.hpp"
#include "method_table.hpp"
#include "state.hpp"

struct sched_scheduler {
  std::shared_ptr<const sched::Scheduler> inner;
};

struct sched_state {
  sched::State inner;
};

namespace {

using sched::DType;
using sched::Error;
using sched::fail;
using sched::State;
using sched::Status;
using sched::TensorView;

static_assert(static_cast<int>(Status::internal) == SCHED_ERROR_INTERNAL);
static_assert(static_cast<int>(Status::not_finite) == SCHED_ERROR_NOT_FINITE);
static_assert(static_cast<int>(Status::conflict) == SCHED_ERROR_CONFLICT);
static_assert(static_cast<int>(sched::Input::memory0) == SCHED_INPUT_MEMORY0);
static_assert(static_cast<int>(sched::Clip::quantile) == SCHED_CLIP_QUANTILE);
static_assert(static_cast<int>(DType::f64) == SCHED_F64);
static_assert(static_cast<int>(sched::NameKind::schedule) == SCHED_NAME_SCHEDULE);
static_assert(sched::kInputs <= SCHED_WEIGHTS_INPUTS);

// ------------------------------------------------------------------------- errors

// Runs `body` and hands the sentence of any failure to `report`.
template <typename Body, typename Report>
sched_status guarded(const Body& body, const Report& report) noexcept {
  try {
    try {
      body();
      return SCHED_OK;
    } catch (const Error& error) {
      report(error.what());
      return static_cast<sched_status>(error.status());
    } catch (const std::bad_alloc&) {
      report("out of memory");
      return SCHED_ERROR_MEMORY;
    } catch (const std::exception& error) {
      report(error.what());
      return SCHED_ERROR_INTERNAL;
    }
  } catch (...) {
    return SCHED_ERROR_INTERNAL;
  }
}

template <typename Body>
sched_status guarded(const Body& body) noexcept {
  return guarded(body, [](const char*) {});
}

void write_message(char* buffer, uint64_t capacity, const char* sentence) {
  if (buffer == nullptr || capacity == 0) return;
  const std::size_t length = std::min<uint64_t>(std::strlen(sentence), capacity - 1);
  std::memcpy(buffer, sentence, length);
  buffer[length] = '\0';
}

template <typename StatePointer, typename Body>
sched_status guarded_state(StatePointer* state, const Body& body) noexcept {
  if (state == nullptr) return SCHED_ERROR_ARGUMENT;
  return guarded([&] { body(state->inner); },
                 [&](const char* sentence) { state->inner.error = sentence; });
}

void need(bool condition, const char* sentence) {
  if (!condition) fail(Status::argument, sentence);
}

// A struct of this version, read up to the size that the caller knows: that of the first
// version, this one's, or a later one's.
template <typename Struct>
Struct read_struct(const Struct* given, std::size_t least, const Struct& defaults,
                   const char* name) {
  const bool known = given->struct_size == least || given->struct_size >= sizeof(Struct);
  if (!known || given->struct_size > 4096) {
    fail(Status::struct_size, name, ".struct_size is ", given->struct_size, "; it must be ",
         sizeof(Struct), " (use the _INIT macro)");
  }
  Struct copy = defaults;
  std::memcpy(&copy, given, std::min<std::size_t>(given->struct_size, sizeof(Struct)));
  return copy;
}

// ------------------------------------------------------------------------ tensors

struct Span {
  const char* begin = nullptr;
  const char* end = nullptr;
  const char* name = "";
};

DType checked_dtype(const sched_tensor& tensor, const State& state, const char* name) {
  if (tensor.dtype < SCHED_F32 || tensor.dtype > SCHED_F64) {
    fail(Status::dtype, name, ".dtype is ", tensor.dtype,
         "; allowed are SCHED_F32, SCHED_F16, SCHED_BF16 and SCHED_F64");
  }
  const auto type = static_cast<DType>(tensor.dtype);
  if (!state.loop().kernel->takes(type)) {
    fail(Status::dtype, name, ".dtype is float64, which only the reference kernel takes; this is ",
         state.loop().kernel->name);
  }
  return type;
}

TensorView checked_tensor(const State& state, const sched_tensor* tensor, const char* name,
                          int channels, Span& span) {
  if (tensor == nullptr) fail(Status::argument, name, " is NULL");
  if (tensor->struct_size < sizeof(sched_tensor) || tensor->struct_size > 4096) {
    fail(Status::struct_size, name, ".struct_size is ", tensor->struct_size, "; it must be ",
         sizeof(sched_tensor), " (use SCHED_TENSOR_INIT)");
  }
  const DType type = checked_dtype(*tensor, state, name);
  const auto& loop = state.loop();
  if (tensor->batch != loop.batch || tensor->elements != channels * loop.elements) {
    fail(Status::shape, name, " has shape [", tensor->batch, ", ", tensor->elements,
         "]; it must be [", loop.batch, ", ", channels * loop.elements, "]");
  }
  if (tensor->data == nullptr) fail(Status::argument, name, ".data is NULL");
  const std::size_t width = sched::size_of(type);
  if (reinterpret_cast<std::uintptr_t>(tensor->data) % width != 0) {
    fail(Status::argument, name, ".data is not aligned to its ", width, "-byte elements");
  }
  span.begin = static_cast<const char*>(tensor->data);
  span.end = span.begin + static_cast<std::size_t>(tensor->batch * tensor->elements) * width;
  span.name = name;
  return {tensor->data, type};
}

bool overlap(const Span& a, const Span& b) {
  return a.begin != nullptr && b.begin != nullptr && a.begin < b.end && b.begin < a.end;
}

void check_apart(const Span& a, const Span& b, bool same_allowed) {
  if (!overlap(a, b)) return;
  if (same_allowed && a.begin == b.begin && a.end == b.end) return;
  fail(Status::overlap, a.name, " overlaps ", b.name,
       same_allowed ? "; it may be exactly the same memory, or apart" : "; they must be apart");
}

// ------------------------------------------------------------------- init options

std::optional<double> optional_number(double value, const char* name) {
  if (value == SCHED_UNSET) return std::nullopt;
  if (std::isnan(value)) fail(Status::value, name, " is not a number");
  return value;
}

std::vector<double> checked_list(const double* values, int32_t count, const char* name) {
  if (count < 0) fail(Status::argument, name, "_count is ", count, "; it must not be negative");
  if (count > 0 && values == nullptr)
    fail(Status::argument, name, " is NULL, but ", name, "_count is ", count);
  if (count == 0 && values != nullptr) fail(Status::timesteps, name, " is empty");
  return {values, values + count};
}

std::vector<std::uint64_t> item_seeds(const sched_init_options& options) {
  std::vector<std::uint64_t> seeds;
  if (options.batch < 1 || options.batch > (int64_t{1} << 24)) {
    fail(Status::shape, "batch is ", options.batch, "; allowed are 1 to 2^24");
  }
  seeds.reserve(static_cast<std::size_t>(options.batch));
  for (int64_t k = 0; k < options.batch; ++k) {
    seeds.push_back(options.item_seeds != nullptr ? options.item_seeds[k]
                                                  : options.seed + static_cast<uint64_t>(k));
  }
  return seeds;
}

bool checked_flag(int32_t value, const char* name) {
  if (value != 0 && value != 1) fail(Status::value, name, " is ", value, "; allowed are 0 and 1");
  return value == 1;
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
  return request;
}

// ---------------------------------------------------------------------- the step

// The arguments of a step with what their memory covers.
struct CheckedStep {
  sched::StepRequest request;
  Span next, sample, inputs[7], outputs[2];
};

void check_noise(const State& state, const sched_step_args& args, CheckedStep& step) {
  const int draws = state.plan().draws;
  for (int i = 0; i < 2; ++i) {
    if (args.noise[i] == nullptr) continue;
    const char* name = i == 0 ? "noise[0]" : "noise[1]";
    if (i >= draws) {
      fail(Status::option, name, " was given, but this step takes ", draws, " draws");
    }
    step.request.noise[i] = checked_tensor(state, args.noise[i], name, 1, step.inputs[2 + i]);
  }
  if (draws == 2 && (args.noise[0] == nullptr) != (args.noise[1] == nullptr)) {
    fail(Status::argument, "this step takes 2 draws; give both noise tensors or none");
  }
}

void check_groups(const State& state, const sched_step_args& args, CheckedStep& step) {
  if (args.group_timesteps == nullptr) {
    if (args.groups != 0 || args.group_targets != nullptr) {
      fail(Status::argument, "groups or group_targets is set, but group_timesteps is NULL");
    }
    return;
  }
  const auto& loop = state.loop();
  const auto& factors = loop.scheduler->factors;
  if ((factors.init_options & sched::kGroups) == 0) {
    fail(Status::option, "group_timesteps is not an option of ", factors.solver->name);
  }
  if (args.groups < 1 || loop.elements % args.groups != 0) {
    fail(Status::shape, "groups is ", args.groups, "; it must divide the ", loop.elements,
         " elements of an item");
  }
  step.request.group_timesteps = args.group_timesteps;
  step.request.group_targets = args.group_targets;
  step.request.groups = args.groups;
}

void check_mask(const State& state, const sched_step_args& args, CheckedStep& step) {
  const char* solver = state.loop().scheduler->factors.solver->name;
  sched::StepRequest& r = step.request;
  if (args.mask == nullptr) {
    if (args.original != nullptr || args.known_noise != nullptr) {
      fail(Status::argument, "original and known_noise go with mask, which is NULL");
    }
    if (state.plan().has_known) {
      fail(Status::argument, "mask is NULL; ", solver, " needs mask and original");
    }
    return;
  }
  if (args.group_timesteps != nullptr) {
    fail(Status::conflict, "mask and group_timesteps exclude each other");
  }
  r.mask = checked_tensor(state, args.mask, "mask", 1, step.inputs[4]);
  r.original = checked_tensor(state, args.original, "original", 1, step.inputs[5]);
  if (args.known_noise == nullptr) return;
  if (state.plan().has_known) {
    fail(Status::option, "known_noise is not an option of ", solver,
         ", whose known part shares the step's draw");
  }
  r.known_noise = checked_tensor(state, args.known_noise, "known_noise", 1, step.inputs[6]);
}

void check_overlaps(const CheckedStep& step) {
  check_apart(step.next, step.sample, true);
  const Span* outputs[] = {&step.next, &step.outputs[0], &step.outputs[1]};
  for (const Span* output : outputs) {
    for (const Span& input : step.inputs) check_apart(*output, input, false);
  }
  for (const Span& output : step.outputs) {
    check_apart(output, step.sample, false);
    check_apart(output, step.next, false);
  }
  check_apart(step.outputs[0], step.outputs[1], false);
}

CheckedStep checked_step(const State& state, const sched_step_args& args) {
  if (state.is_finished()) {
    fail(Status::finished, "all ", state.call(), " model calls of this loop are done");
  }
  CheckedStep step;
  sched::StepRequest& r = step.request;
  const int channels = state.loop().scheduler->factors.learned_channels ? 2 : 1;
  r.sample = checked_tensor(state, args.sample, "sample", 1, step.sample);
  if (state.node().needs_model || args.prediction != nullptr) {
    r.prediction = checked_tensor(state, args.prediction, "prediction", channels, step.inputs[0]);
  }
  r.next = checked_tensor(state, args.next, "next", 1, step.next);
  if (args.unconditional != nullptr) {
    r.unconditional =
        checked_tensor(state, args.unconditional, "unconditional", channels, step.inputs[1]);
    if (!std::isfinite(args.guidance_scale)) {
      fail(Status::value, "guidance_scale is ", args.guidance_scale, "; it must be finite");
    }
    r.guidance_scale = args.guidance_scale;
  }
  check_noise(state, args, step);
  if (args.denoised != nullptr && !state.node().needs_model) {
    fail(Status::option, "denoised was given, but this call asks no model");
  }
  if (args.denoised != nullptr) {
    r.denoised = checked_tensor(state, args.denoised, "denoised", 1, step.outputs[0]);
  }
  if (args.next_input != nullptr) {
    r.next_input = checked_tensor(state, args.next_input, "next_input", 1, step.outputs[1]);
  }
  r.without_noise = checked_flag(args.without_noise, "without_noise");
  check_groups(state, args, step);
  check_mask(state, args, step);
  check_overlaps(step);
  return step;
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

const sched::NoiseLevel& level_at(const sched::TimeGrid& grid, std::size_t i) {
  return i < grid.steps.size() ? grid.steps[i].from : grid.steps.back().to;
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

// Copies a struct of this version into a caller's that may be older or newer.
template <typename Struct>
sched_status give_struct(Struct value, std::size_t least, Struct* out) {
  if (out->struct_size < least || out->struct_size > 4096) return SCHED_ERROR_STRUCT_SIZE;
  value.struct_size = out->struct_size;
  std::memcpy(out, &value, std::min<std::size_t>(out->struct_size, sizeof value));
  return SCHED_OK;
}

template <typename Struct>
void give_checked(const Struct& value, Struct* out, const char* name) {
  if (give_struct(value, sizeof(Struct), out) == SCHED_OK) return;
  fail(Status::struct_size, name, ".struct_size is ", out->struct_size, "; it must be ",
       sizeof(Struct));
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
          chosen = read_struct(options, sizeof(sched_create_options), chosen, "options");
        }
        message = chosen.message;
        capacity = chosen.message_capacity;
        need(config != nullptr, "config is NULL");
        const bool lenient = checked_flag(chosen.lenient, "lenient");
        *out = new sched_scheduler{sched::make_scheduler(config, length, lenient)};
      },
      [&](const char* sentence) { write_message(message, capacity, sentence); });
}

void sched_free(sched_scheduler* scheduler) { delete scheduler; }

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
        *out = new sched_state{State(sched::make_loop(scheduler->inner, loop_request(chosen)))};
      },
      [&](const char* sentence) { write_message(message, capacity, sentence); });
}

void sched_state_free(sched_state* state) { delete state; }

const char* sched_last_error(const sched_state* state) {
  return state == nullptr ? "state is NULL" : state->inner.error.c_str();
}

// ------------------------------------------------------------------------ getters

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
  return state == nullptr ? -1 : state->inner.call();
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
  return state == nullptr ? -1 : state->inner.bytes();
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
  return state == nullptr ? -1.0 : state->inner.loop().grid.init_noise_sigma;
}

double sched_input_scale(const sched_state* state) {
  if (state == nullptr) return -1.0;
  return state->inner.next_input_scale();
}

int32_t sched_next_draws(const sched_state* state) {
  if (state == nullptr) return -1;
  return state->inner.is_finished() ? 0 : state->inner.plan().draws;
}

// ------------------------------------------------------------------------ tensors

sched_status sched_initial_noise(sched_state* state, sched_tensor* out) {
  return guarded_state(state, [&](State& s) {
    Span span;
    s.initial_noise(checked_tensor(s, out, "out", 1, span));
  });
}

sched_status sched_scale_input(sched_state* state, const sched_tensor* sample, sched_tensor* out) {
  return guarded_state(state, [&](State& s) {
    if (s.is_finished()) {
      fail(Status::finished, "all model calls of this loop are done: there is no next input");
    }
    Span in;
    Span to;
    const TensorView sample_view = checked_tensor(s, sample, "sample", 1, in);
    const TensorView out_view = checked_tensor(s, out, "out", 1, to);
    check_apart(to, in, true);
    s.scale_input(sample_view, out_view);
  });
}

sched_status sched_add_noise(sched_state* state, int64_t step, const sched_tensor* original,
                             const sched_tensor* noise, sched_tensor* out) {
  return guarded_state(state, [&](State& s) {
    const sched::TimeGrid& grid = s.loop().grid;
    if (step < 0 || step > grid.total()) {
      fail(Status::steps, "step is ", step, "; allowed are 0 to ", grid.total());
    }
    Span in;
    Span from;
    Span to;
    const TensorView original_view = checked_tensor(s, original, "original", 1, in);
    TensorView noise_view;
    if (noise != nullptr) noise_view = checked_tensor(s, noise, "noise", 1, from);
    const TensorView out_view = checked_tensor(s, out, "out", 1, to);
    check_apart(to, in, true);
    check_apart(to, from, false);
    sched::NoiseLevel level = level_at(grid, static_cast<std::size_t>(step));
    // The churn before the first call has no call before it that could add it.
    if (step == grid.begin && !grid.nodes.empty()) {
      level.sigma = std::hypot(level.sigma, grid.nodes.front().added_noise);
    }
    s.add_noise(level, original_view, noise_view, out_view);
  });
}

sched_status sched_step(sched_state* state, const sched_tensor* sample,
                        const sched_tensor* prediction, sched_tensor* next) {
  return guarded_state(state, [&](State& s) {
    sched_step_args args = SCHED_STEP_ARGS_INIT;
    args.sample = sample;
    args.prediction = prediction;
    args.next = next;
    s.step(checked_step(s, args).request);
  });
}

sched_status sched_step_wide(sched_state* state, const sched_step_args* args) {
  return guarded_state(state, [&](State& s) {
    need(args != nullptr, "args is NULL");
    const sched_step_args defaults = SCHED_STEP_ARGS_INIT;
    const auto chosen = read_struct(args, offsetof(sched_step_args, mask), defaults, "args");
    s.step(checked_step(s, chosen).request);
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
  return guarded([&] { *out = new sched_state{State(state->inner)}; });
}

}  // extern "C"
