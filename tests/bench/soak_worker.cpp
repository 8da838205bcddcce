#include "soak_worker.hpp"

#include <algorithm>
#include <stdexcept>

namespace {

constexpr int64_t kMostElements = 2000, kMostBatch = 4, kMostLoops = 16;
// dpm_adaptive may take as many as it likes.
constexpr int64_t kMostCalls = 2000;
constexpr sched_dtype kTypes[] = {SCHED_F32, SCHED_F16, SCHED_BF16, SCHED_F64};

void expect(const Loop& loop, sched_status status, sched_status expected, const char* what) {
  if (status == expected) return;
  throw std::runtime_error(
      loop.recipe->name + ": " + what + " gave " + sched_status_name(status) + " instead of " +
      sched_status_name(expected) + ", kernel " + std::to_string(loop.options.kernel) + ", dtype " +
      std::to_string(loop.options.dtype) + ", " + std::to_string(loop.options.num_steps) +
      " steps of " + std::to_string(loop.options.batch) + " x " +
      std::to_string(loop.options.elements) + ": " + sched_last_error(loop.state.get()));
}

// Memory for a sample, in doubles so that it is aligned for every type.
std::size_t doubles_for(const sched_init_options& options) {
  return static_cast<std::size_t>(options.batch * options.elements);
}

void init(Loop& loop) {
  char message[1024] = "";
  loop.options.message = message;
  loop.options.message_capacity = sizeof message;
  sched_state* state = nullptr;
  const sched_status status = sched_init(loop.scheduler.get(), &loop.options, &state);
  loop.options.message = nullptr;
  loop.options.message_capacity = 0;
  loop.state.reset(state);
  if (status != SCHED_OK) expect(loop, status, SCHED_OK, message);
  loop.sample.resize(doubles_for(loop.options));
}

std::vector<char> saved_bytes(const Loop& loop) {
  uint64_t size = 0;
  expect(loop, sched_save(loop.state.get(), nullptr, 0, &size), SCHED_OK, "the size of a save");
  std::vector<char> bytes(size);
  expect(loop, sched_save(loop.state.get(), bytes.data(), size, nullptr), SCHED_OK, "a save");
  return bytes;
}

}  // namespace

// ----------------------------------------------------------------- predictions

FakePredictions::FakePredictions() {
  const SchedulerHandle scheduler = create_scheduler(R"({"solver": "ddim"})");
  // A prediction with a learned variance is twice a sample.
  const int64_t most = 2 * std::max(kLargeElements, kMostBatch * kMostElements);
  zeros_.resize(static_cast<std::size_t>(most));
  for (const sched_dtype dtype : kTypes) {
    std::vector<double>& normals = types_[dtype];
    normals.resize(zeros_.size());
    LoopSpec spec;
    spec.elements = most;
    spec.steps = 1;
    spec.dtype = dtype;
    spec.kernel = SCHED_KERNEL_REFERENCE;
    const StateHandle state = init_state(scheduler.get(), spec);
    sched_tensor tensor = tensor_at(normals.data(), spec);
    if (sched_initial_noise(state.get(), &tensor) != SCHED_OK) {
      throw std::runtime_error(sched_last_error(state.get()));
    }
  }
}

void* FakePredictions::normals(int32_t dtype) const { return types_[dtype].data(); }
void* FakePredictions::zeros() const { return zeros_.data(); }

sched_tensor Loop::tensor(const void* data) const {
  sched_tensor tensor = SCHED_TENSOR_INIT;
  tensor.dtype = options.dtype;
  tensor.data = const_cast<void*>(data);
  tensor.batch = options.batch;
  tensor.elements = options.elements;
  return tensor;
}

// ---------------------------------------------------------------------- choices

SoakWorker::SoakWorker(const std::vector<Recipe>& recipes, const FakePredictions& predictions,
                       uint64_t seed, sched_vulkan* vulkan)
    : recipes_(recipes), predictions_(predictions), random_(seed), vulkan_(vulkan) {
  for (const sched_kernel kernel :
       {SCHED_KERNEL_FUSED, SCHED_KERNEL_BLAS, SCHED_KERNEL_REFERENCE}) {
    if (sched_kernel_available(kernel) == 1) kernels_.push_back(kernel);
  }
  if (vulkan != nullptr) kernels_.push_back(SCHED_KERNEL_VULKAN);
}

int64_t SoakWorker::below(int64_t end) {
  return static_cast<int64_t>(random_() % static_cast<uint64_t>(end));
}

Loop& SoakWorker::any() { return loops_[static_cast<std::size_t>(below(live_states()))]; }

void SoakWorker::choose_kernel(const Recipe& recipe, sched_init_options& options) {
  options.kernel = kernels_[static_cast<std::size_t>(below(static_cast<int64_t>(kernels_.size())))];
  const bool is_reference = options.kernel == SCHED_KERNEL_REFERENCE;
  options.dtype = kTypes[below(is_reference ? 4 : 3)];
  if (recipe.depends_on_norms) options.dtype = is_reference ? SCHED_F64 : SCHED_F32;
  if (options.kernel == SCHED_KERNEL_VULKAN) {
    options.vulkan = vulkan_;
  } else if (recipe.keeps_rows && options.kernel == SCHED_KERNEL_FUSED && one_in(4)) {
    options.history_dtype = SCHED_BF16;
  }
}

sched_init_options SoakWorker::random_options(const Recipe& recipe) {
  sched_init_options options = recipe_options(recipe);
  const auto choices = static_cast<int64_t>(recipe.steps.size());
  options.num_steps = recipe.steps[static_cast<std::size_t>(below(choices))];
  options.batch = 1 + below(kMostBatch);
  // Of every magnitude alike: most of a small step is the same work at any size.
  options.elements = 1 + below(kMostElements >> below(11));
  options.seed = random_();
  choose_kernel(recipe, options);
  if (one_in(200) && options.kernel == SCHED_KERNEL_FUSED) {
    options.batch = 1;
    options.elements = kLargeElements;
    options.threads = 2;
  }
  return options;
}

// ---------------------------------------------------------------------- actions

void SoakWorker::make() {
  Loop loop;
  loop.recipe = &recipes_[static_cast<std::size_t>(below(static_cast<int64_t>(recipes_.size())))];
  loop.scheduler = create_scheduler(loop.recipe->config);
  loop.options = random_options(*loop.recipe);
  init(loop);
  sched_tensor sample = loop.tensor(loop.sample.data());
  expect(loop, sched_initial_noise(loop.state.get(), &sample), SCHED_OK, "the first noise");
  if (one_in(2)) loop.scheduler.reset();
  loops_.push_back(std::move(loop));
}

void SoakWorker::clone() {
  const Loop& from = any();
  sched_state* state = nullptr;
  expect(from, sched_clone(from.state.get(), &state), SCHED_OK, "a clone");
  Loop loop;
  loop.recipe = from.recipe;
  loop.state.reset(state);
  loop.options = from.options;
  loop.sample = from.sample;
  loops_.push_back(std::move(loop));
}

// Into another state of the same scheduler where that is there, else back into the same.  Damaged
// bytes are refused before.
void SoakWorker::save_and_load() {
  Loop& from = any();
  std::vector<char> bytes = saved_bytes(from);
  if (from.scheduler != nullptr) {
    const StateHandle replaced = std::move(from.state);
    init(from);
  }
  const std::size_t place = static_cast<std::size_t>(below(static_cast<int64_t>(bytes.size())));
  bytes[place] = static_cast<char>(bytes[place] ^ 1);
  expect(from, sched_load(from.state.get(), bytes.data(), bytes.size()), SCHED_ERROR_DAMAGED,
         "a load of damaged bytes");
  bytes[place] = static_cast<char>(bytes[place] ^ 1);
  expect(from, sched_load(from.state.get(), bytes.data(), bytes.size()), SCHED_OK, "a load");
}

void SoakWorker::release() {
  std::swap(any(), loops_.back());
  loops_.pop_back();
}

sched_status SoakWorker::step(Loop& loop, const sched_call& call, bool wide) {
  sched_state* const state = loop.state.get();
  sched_tensor sample = loop.tensor(loop.sample.data());
  sched_tensor prediction = loop.tensor(predictions_.normals(loop.options.dtype));
  prediction.elements = sched_prediction_elements(state);
  const sched_tensor* const asked = call.needs_model != 0 ? &prediction : nullptr;
  if (!wide) return sched_step(state, &sample, asked, &sample);

  sched_step_args args = SCHED_STEP_ARGS_INIT;
  sched_tensor unconditional = prediction, denoised = loop.tensor(loop.denoised.data());
  unconditional.data = predictions_.zeros();
  const sched_tensor mask = loop.tensor(predictions_.zeros());
  const sched_tensor original = loop.tensor(predictions_.normals(loop.options.dtype));
  args.sample = &sample, args.prediction = asked, args.next = &sample;
  if (asked != nullptr) {
    args.mask = &mask, args.original = &original;
    args.denoised = &denoised;
    args.unconditional = &unconditional, args.guidance_scale = 1.5;
  }
  return sched_step_wide(state, &args);
}

// To the end of the loop, or now and then to somewhere before it.
int64_t SoakWorker::run(Loop& loop) {
  const int64_t most = one_in(4) ? 1 + below(20) : kMostCalls;
  const bool wide = loop.recipe->needs_wide || one_in(4);
  if (wide) loop.denoised.resize(loop.sample.size());
  sched_call call = SCHED_CALL_INIT;
  int64_t steps = 0;
  while (steps < most) {
    const sched_status status = sched_next_call(loop.state.get(), &call);
    if (status == SCHED_ERROR_FINISHED) {
      expect(loop, step(loop, call, false), SCHED_ERROR_FINISHED, "a step past the end");
      break;
    }
    expect(loop, status, SCHED_OK, "the next call");
    expect(loop, step(loop, call, wide), SCHED_OK, "a step");
    ++steps;
  }
  return steps;
}

int64_t SoakWorker::live_bytes() const {
  int64_t bytes = 0;
  for (const Loop& loop : loops_) bytes += sched_state_bytes(loop.state.get());
  return bytes;
}

int64_t SoakWorker::act() {
  const bool is_full = live_states() >= kMostLoops;
  const int64_t choice = below(16);
  if (is_full || (choice < 4 && live_states() > 2)) {
    release();
  } else if (choice < 8 || live_states() == 0) {
    make();
  } else if (choice == 8) {
    clone();
  } else if (choice == 9) {
    save_and_load();
  } else {
    return run(any());
  }
  return 0;
}
