#include "recorded_loop.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "loop_arguments.hpp"

using nlohmann::json;

namespace {

constexpr std::int64_t kMaxCalls = 100000;  // far above any loop; bounds what a file can ask for

const std::string& metadata(const Safetensors& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) throw FileError("metadata has no '" + key + "'");
  return found->second;
}

const RecordedTensor* find(const Safetensors& file, const std::string& name) {
  const auto found = file.tensors.find(name);
  return found == file.tensors.end() ? nullptr : &found->second;
}

const RecordedTensor& tensor(const Safetensors& file, const std::string& name) {
  const RecordedTensor* const found = find(file, name);
  if (found == nullptr) throw FileError("tensor '" + name + "' is missing");
  return *found;
}

Values all_of(const RecordedTensor* recorded) {
  return recorded == nullptr ? Values{} : Values{recorded->values.data(), recorded->values.size()};
}

// `name` seen as rows of `row_size` values; their number must be `rows`.
std::vector<Values> rows_of(const Safetensors& file, const std::string& name, std::size_t rows,
                            std::size_t row_size) {
  const RecordedTensor& recorded = tensor(file, name);
  const bool first_fits =
      !recorded.shape.empty() && static_cast<std::size_t>(recorded.shape.front()) == rows;
  if (!first_fits || rows == 0 || recorded.values.size() % rows != 0 ||
      recorded.values.size() / rows != row_size)
    throw FileError("tensor '" + name + "' has the wrong shape");
  std::vector<Values> result;
  for (std::size_t i = 0; i < rows; ++i)
    result.push_back({recorded.values.data() + i * row_size, row_size});
  return result;
}

std::vector<Values> optional_rows(const Safetensors& file, const std::string& name,
                                  std::size_t rows, std::size_t row_size) {
  if (find(file, name) == nullptr) return std::vector<Values>(rows);
  return rows_of(file, name, rows, row_size);
}

// Reads batch and elements from the first sample.
void read_shape(RecordedLoop& loop) {
  const RecordedTensor& init = tensor(*loop.file, "init");
  if (init.shape.size() < 2 || init.values.empty())
    throw FileError("tensor 'init' has the wrong shape");
  loop.options.batch = init.shape.front();
  loop.options.elements = static_cast<std::int64_t>(init.values.size()) / loop.options.batch;
}

std::size_t sample_size(const RecordedLoop& loop) {
  return static_cast<std::size_t>(loop.options.batch * loop.options.elements);
}

std::size_t count_calls(const RecordedLoop& loop) {
  const RecordedTensor& prediction = tensor(*loop.file, "pred");
  if (prediction.shape.empty() || prediction.values.empty() || prediction.shape.front() > kMaxCalls)
    throw FileError("tensor 'pred' has the wrong shape");
  return static_cast<std::size_t>(prediction.shape.front());
}

// The step of each draw.  A fork of ComfyUI makes all draws of a step at once; its files say
// besides where ComfyUI makes them.
std::vector<double> noise_steps(const Safetensors& file) {
  const std::vector<double>& steps = tensor(file, "noise_step").values;
  const auto found = file.metadata.find("noise_step_comfyui");
  if (found == file.metadata.end()) return steps;
  const json list = json::parse(found->second, nullptr, /*allow_exceptions=*/false);
  std::vector<double> of_comfyui;
  for (const json& step : list) {
    if (step.is_number()) of_comfyui.push_back(step.get<double>());
  }
  if (of_comfyui.size() != steps.size() || !list.is_array())
    throw FileError("metadata 'noise_step_comfyui' does not list a step for each draw");
  return of_comfyui;
}

// Gives each call its draws.  `offset` is the noise_step of the first call's draws; earlier
// ones went into the recorded first sample.
void read_noise(RecordedLoop& loop, double offset) {
  const RecordedTensor* const steps = find(*loop.file, "noise_step");
  if (steps == nullptr && find(*loop.file, "noise") == nullptr) return;
  if (steps == nullptr) throw FileError("tensor 'noise_step' is missing");
  if (steps->values.empty()) return;
  const std::vector<double> at = noise_steps(*loop.file);
  const auto rows = rows_of(*loop.file, "noise", steps->values.size(), sample_size(loop));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double call = at[i] - offset;
    if (!(call >= -offset && call < static_cast<double>(loop.calls.size())) ||
        call != std::floor(call))
      throw FileError("tensor 'noise_step' names a step that does not exist");
    if (call >= 0) loop.calls[static_cast<std::size_t>(call)].noise.push_back(rows[i]);
  }
}

void set_rows(RecordedLoop& loop, const std::vector<Values>& rows, Values RecordedCall::*member) {
  for (std::size_t i = 0; i < loop.calls.size(); ++i) loop.calls[i].*member = rows[i];
}

// ------------------------------------------------------------------ diffusers

void read_options(RecordedLoop& loop) {
  const json options = parse_object(metadata(*loop.file, "options"), "options");
  loop.prediction_elements = loop.options.elements;
  for (const auto& item : options.items()) {
    const json& value = item.value();
    if (item.key() == "learned" && value.is_boolean()) {
      if (value.get<bool>()) loop.prediction_elements = 2 * loop.options.elements;
    } else if (item.key() == "kind" && value == "per_token") {
      const RecordedTensor& times = tensor(*loop.file, "token_timesteps");
      if (times.shape.size() != 3 || times.values.empty() || times.shape[2] > loop.options.elements)
        throw FileError("tensor 'token_timesteps' has the wrong shape");
      loop.groups = static_cast<std::int32_t>(times.shape[2]);
    } else if (item.key() == "first" && value.is_number_integer()) {
      loop.is_whole = false;
    } else if (item.key() != "kind" &&
               (item.key() != "mu" || !read_argument(item.key(), value, "options", loop.options))) {
      throw FileError("unsupported options: " + item.key() + " " + value.dump());
    }
  }
}

// Rows without a model call (1 undo, 3 churn) lose their empty prediction; a row with many
// draws is as many calls, each on what the one before gave.
void split_operations(RecordedLoop& loop) {
  const RecordedTensor* const operations = find(*loop.file, "op");
  if (operations == nullptr) return;
  if (operations->values.size() != loop.calls.size())
    throw FileError("tensor 'op' has the wrong shape");
  std::vector<RecordedCall> calls;
  for (std::size_t i = 0; i < loop.calls.size(); ++i) {
    const double operation = operations->values[i];
    if (operation != 1 && operation != 3) {
      calls.push_back(loop.calls[i]);
      continue;
    }
    const std::vector<Values> draws = loop.calls[i].noise;
    for (std::size_t k = 0; k < draws.size(); ++k) {
      RecordedCall call;
      if (k == 0) call.sample = loop.calls[i].sample;
      if (k + 1 == draws.size()) call.next = loop.calls[i].next;
      call.noise = {draws[k]};
      calls.push_back(call);
    }
  }
  loop.calls = calls;
}

double number_in(const Safetensors& file, const std::string& key) {
  const json value = json::parse(metadata(file, key), nullptr, /*allow_exceptions=*/false);
  if (!value.is_number()) throw FileError("metadata '" + key + "' is not a number");
  return value.get<double>();
}

void read_diffusers_calls(RecordedLoop& loop) {
  const std::size_t size = sample_size(loop);
  const std::size_t count = loop.calls.size();
  const auto batch = static_cast<std::size_t>(loop.options.batch);
  const auto prediction_size = batch * static_cast<std::size_t>(loop.prediction_elements);
  set_rows(loop, rows_of(*loop.file, "pred", count, prediction_size), &RecordedCall::prediction);
  set_rows(loop, rows_of(*loop.file, "out", count, size), &RecordedCall::next);
  set_rows(loop, optional_rows(*loop.file, "scaled", count, size), &RecordedCall::scaled);
  set_rows(loop, optional_rows(*loop.file, "x0", count, size), &RecordedCall::denoised);
  if (loop.groups > 0) {
    const std::size_t times = batch * static_cast<std::size_t>(loop.groups);
    set_rows(loop, rows_of(*loop.file, "token_timesteps", count, times),
             &RecordedCall::group_timesteps);
  }
  loop.calls[0].sample = all_of(find(*loop.file, "init"));
  for (std::size_t i = 1; i < count; ++i) loop.calls[i].sample = loop.calls[i - 1].next;
}

void read_diffusers(RecordedLoop& loop) {
  const Safetensors& file = *loop.file;
  loop.config = metadata(file, "config");
  read_arguments(parse_object(metadata(file, "set_timesteps"), "set_timesteps"), "set_timesteps",
                 loop.options);
  read_arguments(parse_object(metadata(file, "step"), "step"), "step", loop.options);
  // A recorded list goes before a number of steps; the library takes only one of them.
  if (!loop.options.timesteps.empty() || !loop.options.sigmas.empty()) loop.options.num_steps = 0;
  read_options(loop);
  read_diffusers_calls(loop);
  read_noise(loop, 0);
  const std::size_t rows = loop.calls.size();
  split_operations(loop);
  loop.mask = all_of(find(file, "mask"));
  loop.original = all_of(find(file, "original"));
  // A split row has no time for each of its calls.
  if (loop.calls.size() == rows) loop.timesteps = all_of(&tensor(file, "timesteps"));
  // ScoreSdeVe records what its model is given, not where its steps go.
  if (loop.method != "ScoreSdeVeScheduler") loop.sigmas = all_of(find(file, "sigmas"));
  loop.init_noise_sigma = number_in(file, "init_noise_sigma");
}

// ---------------------------------------------------------------- k-diffusion

// "sample_dpmpp_2m_sde" -> "dpmpp_2m_sde", "sample_euler_ancestral_RF" -> "euler_ancestral_rf".
std::string solver_name(const std::string& sampler) {
  const std::string prefix = "sample_";
  std::string name =
      sampler.compare(0, prefix.size(), prefix) == 0 ? sampler.substr(prefix.size()) : sampler;
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

bool churns(const std::string& solver) {
  return solver == "euler" || solver == "heun" || solver == "dpm_2" || solver == "heunpp2";
}

// Our name for a sampler's own argument, where it differs.
std::string option_name(const std::string& argument) {
  if (argument == "solver_type") return "type";
  if (argument == "n") return "calls";
  if (argument == "ge_gamma") return "gamma";
  if (argument == "simple_order_2") return "simple_second_order";
  return argument == "max_order" || argument == "max_stage" ? "order" : argument;
}

// What ComfyUI's sampler of this name does and ours does only where asked.
void add_customs(const std::string& sampler, json& solver, json& config) {
  if (sampler == "deis") {
    const bool tab = solver.value("deis_mode", "tab") == "tab";
    solver["name"] = tab ? "deis_tab" : "deis_rhoab";
    solver.erase("deis_mode");
    if (tab) config["quirks"] = {"rectangles"};
  }
  // What its own scaling of x0 does belongs to the model there.
  if (sampler == "lcm") solver["name"] = "consistency";
  if (sampler == "dpmpp_2m") solver["flow_axis"] = "log_sigma";
  if (sampler == "ipndm") solver["euler_at_data"] = true;
  if (sampler == "ipndm_v" && solver.value("order", 4) > 2) config["quirks"] = {"misplaced_terms"};
}

// SA-Solver's eta is our tau, and its sigmas of the beginning and the end are in the metadata.
void add_tau(RecordedLoop& loop, json& solver, json& config) {
  solver["tau"] = loop.options.eta.value_or(1.0);
  loop.options.eta.reset();
  solver.erase("sde_start_percent");
  solver.erase("sde_end_percent");
  solver["tau_start"] = number_in(*loop.file, "tau_start_sigma");
  solver["tau_end"] = number_in(*loop.file, "tau_end_sigma");
  solver["tau_at"] = "end";
  config["quirks"] = {"early_lowering"};
}

// The sampler in our own composition.  Arguments that init does not have belong to the solver.
void compose(RecordedLoop& loop) {
  const Safetensors& file = *loop.file;
  json solver = {{"name", solver_name(loop.method)}};
  const json arguments = parse_object(metadata(file, "kwargs"), "kwargs");
  for (const auto& item : arguments.items()) {
    const bool of_solver = item.key() == "order" && solver_name(loop.method) != "lms";
    if (of_solver || !read_argument(item.key(), item.value(), "kwargs", loop.options))
      solver[option_name(item.key())] = item.value();
  }
  const auto model = file.metadata.find("model");
  const std::string frame = model == file.metadata.end() ? "ve" : model->second;
  json config = {{"parameterization", {{"prediction", "sample"}, {"frame", frame}}}};
  if (file.metadata.count("source") > 0) add_customs(solver_name(loop.method), solver, config);
  if (solver_name(loop.method).compare(0, 9, "sa_solver") == 0) add_tau(loop, solver, config);
  config["solver"] = solver;
  if (frame == "flow") config["schedule"] = "flow";
  loop.config = config.dump();
  const bool adaptive = solver_name(loop.method) == "dpm_adaptive";
  const bool fast = solver_name(loop.method) == "dpm_fast";
  loop.spare_draws = churns(solver_name(loop.method)) || adaptive || fast ||
                     arguments.value("eta", 1.0) == 0.0 || file.metadata.count("unused_draws") > 0;
}

void read_sampler(RecordedLoop& loop) {
  const Safetensors& file = *loop.file;
  const std::size_t size = sample_size(loop);
  const std::size_t count = loop.calls.size();
  compose(loop);
  loop.prediction_elements = loop.options.elements;
  const Values sigmas = all_of(&tensor(file, "sigmas"));
  loop.options.sigmas.assign(sigmas.data, sigmas.data + sigmas.count);
  // ComfyUI moves a first sigma of 1, whose log SNR is infinite, inside the sampler.
  const bool moved = file.metadata.count("first_sigma") > 0 && sigmas.count > 0;
  if (moved) loop.options.sigmas[0] = number_in(file, "first_sigma");
  // Two sigmas are the ends between which a sampler makes its own.
  if (sigmas.count > 2 && !moved) loop.sigmas = sigmas;
  set_rows(loop, rows_of(file, "in", count, size), &RecordedCall::sample);
  set_rows(loop, rows_of(file, "pred", count, size), &RecordedCall::prediction);
  set_rows(loop, optional_rows(file, "uncond", count, size), &RecordedCall::unconditional);
  const std::vector<Values> levels = rows_of(file, "sigma", count, 1);
  for (std::size_t i = 0; i < count; ++i) loop.calls[i].sigma = levels[i].data[0];
  for (std::size_t i = 0; i + 1 < count; ++i) loop.calls[i].next = loop.calls[i + 1].sample;
  loop.calls.back().next = all_of(&tensor(file, "final"));
  if (loop.calls.back().next.count != size) throw FileError("tensor 'final' has the wrong shape");
  // noise_step counts the calls made before the draw, and a step's own call comes first.
  read_noise(loop, 1);
}

}  // namespace

RecordedLoop load_recorded_loop(const std::string& path) {
  RecordedLoop loop;
  loop.file = std::make_unique<const Safetensors>(read_safetensors(path));
  const bool is_sampler = find(*loop.file, "final") != nullptr;
  loop.method = metadata(*loop.file, is_sampler ? "sampler" : "class");
  read_shape(loop);
  loop.calls.resize(count_calls(loop));
  if (is_sampler) {
    read_sampler(loop);
  } else {
    read_diffusers(loop);
  }
  return loop;
}
