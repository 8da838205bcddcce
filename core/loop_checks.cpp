// What a caller may ask for in init: every check that needs no grid.

#include <algorithm>
#include <cmath>
#include <string>

#include "loop.hpp"

namespace sched {

namespace {

[[noreturn]] void no_option(const char* name, const Factors& factors, const char* reason) {
  fail(Status::option, name, " is not an option of ", factors.solver->name, reason);
}

void check_option(const Factors& f, bool given, unsigned option, const char* name) {
  if (!given || (f.init_options & option) != 0) return;
  const bool churns = is_solver(f, {"euler", "heun", "dpm_2", "heunpp2"});
  const bool outside = (option & kChurn) != 0 && churns && f.grid.frame != Frame::ve;
  no_option(name, f,
            outside ? " with this configuration: churn adds noise in frame ve only"
                    : " with this configuration");
}

void check_range(const char* name, const std::optional<double>& value, double low, double high) {
  if (!value || (*value >= low && *value <= high)) return;
  fail(Status::value, name, " is ", *value, "; allowed are ", low, " to ", high);
}

void check_lists(const Factors& f, const GridRequest& grid) {
  const bool times = !grid.timesteps.empty();
  const bool sigmas = !grid.sigmas.empty();
  if (times && sigmas) fail(Status::conflict, "timesteps and sigmas exclude each other");
  if (grid.num_steps != 0 && (times || sigmas)) {
    fail(Status::conflict, "num_steps excludes custom ", times ? "timesteps" : "sigmas",
         ": their number says how many steps there are");
  }
  if (grid.num_steps < 0) {
    fail(Status::steps, "num_steps is ", grid.num_steps, "; it must be at least 1");
  }
  const bool along = f.grid.family == GridFamily::shaped;  // both are positions on the shape
  if (times && f.grid.shape != SigmaShape::none && !along) {
    fail(Status::conflict,
         "timesteps cannot be combined with a sigma shape (karras, exponential, "
         "beta or lu) in the configuration");
  }
  if (sigmas && f.grid.shape != SigmaShape::none && f.grid.family != GridFamily::flow && !along &&
      f.solver->grid_steps == nullptr) {
    fail(Status::conflict,
         "sigmas cannot be combined with a sigma shape (karras, exponential, "
         "beta or lu) in the configuration");
  }
  if (times && f.grid.model_time == ModelTime::quarter_log) {
    fail(Status::conflict, "timesteps cannot be combined with timestep_type continuous");
  }
}

void check_options(const Factors& f, const LoopRequest& request) {
  const GridRequest& grid = request.grid;
  check_option(f, !grid.timesteps.empty(), kTimesteps, "timesteps");
  check_option(f, !grid.sigmas.empty(), kSigmas, "sigmas");
  check_option(f, grid.mu.has_value(), kMu, "mu");
  check_option(f, grid.max_time.has_value(), kAngles, "max_timesteps");
  check_option(f, grid.middle_time.has_value(), kAngles, "intermediate_timesteps");
  check_option(f, request.eta.has_value(), kEta, "eta");
  check_option(f, request.churn.has_value(), kChurn, "s_churn");
  check_option(f, request.churn_min.has_value(), kChurn, "s_tmin");
  check_option(f, request.churn_max.has_value(), kChurn, "s_tmax");
  check_option(f, request.noise_scale.has_value(), kChurn | kNoiseScale, "s_noise");
  check_option(f, grid.stage.has_value(), kStage, "stage_index");
  check_option(f, grid.amplify_first_chunk, kFirstChunk, "is_amplify_first_chunk");
  check_option(f, request.jump_length.has_value(), kJumps, "jump_length");
  check_option(f, request.jump_count.has_value(), kJumps, "jump_n_sample");
  check_option(f, request.order != 0, kOrder, "order");
  check_option(f, grid.original_steps != 0, kOriginalSteps, "original_inference_steps");
  check_option(f, request.use_clipped_epsilon, kClippedEpsilon, "use_clipped_model_output");
  check_option(f, grid.train_steps != 0, kTrainSteps, "num_train_timesteps");
  for (const auto& [name, count] : {std::pair("jump_length", request.jump_length),
                                    std::pair("jump_n_sample", request.jump_count)}) {
    if (count && *count < 1) fail(Status::value, name, " is ", *count, "; it must be at least 1");
  }
  const bool shifts = f.grid.family == GridFamily::flow || f.grid.family == GridFamily::staged;
  if (grid.mu && !shifts) {
    no_option("mu", f, ": it needs use_flow_sigmas and use_dynamic_shifting");
  }
  check_range("eta", request.eta, 0.0, 1.0);
  check_range("s_churn", request.churn, 0.0, 1e6);
  check_range("s_tmin", request.churn_min, 0.0, INFINITY);
  check_range("s_tmax", request.churn_max, 0.0, INFINITY);
  check_range("s_noise", request.noise_scale, 0.0, 1e3);
  check_range("mu", grid.mu, -100.0, 100.0);
  if (grid.strength && !(*grid.strength > 0.0 && *grid.strength <= 1.0)) {
    fail(Status::value, "strength is ", *grid.strength, "; allowed are numbers above 0 up to 1");
  }
  if (request.order < 0 || request.order > 4) {
    fail(Status::value, "order is ", request.order, "; allowed are 1 to 4 (0 means 4)");
  }
  if (grid.original_steps < 0) {
    fail(Status::value, "original_inference_steps is ", grid.original_steps,
         "; it must be at least 1");
  }
  const int most = f.schedule.train_steps;
  if (grid.train_steps < 0 || grid.train_steps > most) {
    fail(Status::value, "num_train_timesteps is ", grid.train_steps, "; allowed are 1 to ", most);
  }
  check_lists(f, grid);
}

void check_threads(const LoopRequest& request) {
  const ThreadRequest& asked = request.threads;
  if (asked.threads < 0 || asked.threads > kMaxThreads) {
    fail(Status::value, "threads is ", asked.threads, "; allowed are 0 to ", kMaxThreads,
         " (0 and 1 mean the calling thread alone)");
  }
  if (asked.context != nullptr && asked.parallel_for == nullptr) {
    fail(Status::argument, "parallel_context is set, but parallel_for is NULL");
  }
  if (asked.parallel_for != nullptr && asked.threads <= 1) {
    fail(Status::conflict, "parallel_for is set, but threads is ", asked.threads,
         ": threads says into how many parts a step may be cut, allowed are 2 to ", kMaxThreads);
  }
  const Kernel* kernel = find_kernel(request.kernel);
  if (asked.threads > 1 && kernel != nullptr && kernel->run == nullptr) {
    fail(Status::conflict, "threads is ", asked.threads, ", but kernel is SCHED_KERNEL_VULKAN, ",
         "which runs on the device; allowed are 0 and 1");
  }
}

void check_shape(const LoopRequest& request) {
  if (request.batch < 1) fail(Status::shape, "batch is ", request.batch, "; it must be at least 1");
  if (request.elements < 1) {
    fail(Status::shape, "elements is ", request.elements, "; it must be at least 1");
  }
  if (request.elements > kMaxElements / request.batch) {
    fail(Status::shape, "batch times elements is too large; at most ", kMaxElements,
         " are allowed");
  }
}

const char* name_of(DType type) {
  switch (type) {
    case DType::f32:
      return "float32";
    case DType::f16:
      return "float16";
    case DType::bf16:
      return "bfloat16";
    case DType::f64:
      break;
  }
  return "float64";
}

}  // namespace

DType history_type(const LoopRequest& request, const Kernel& kernel, const char* solver, int rows) {
  if (!request.history) return kernel.arithmetic;
  const DType type = *request.history;
  if (rows == 0) {
    fail(Status::option, "history_dtype is not an option of ", solver,
         " with this configuration: it keeps no rows");
  }
  if (kernel.keeps(type)) return type;
  std::string allowed;
  for (const DType other : {DType::f32, DType::f16, DType::bf16, DType::f64}) {
    if (kernel.keeps(other)) allowed += (allowed.empty() ? "" : ", ") + std::string(name_of(other));
  }
  fail(kernel.takes(type) ? Status::unsupported : Status::dtype, "history_dtype is ", name_of(type),
       ", in which the kernel ", kernel.name, " keeps no rows; allowed are ", allowed);
}

void check_request(const Factors& factors, const LoopRequest& request) {
  check_shape(request);
  check_options(factors, request);
  check_threads(request);
}

}  // namespace sched
