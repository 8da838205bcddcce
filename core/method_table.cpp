#include "method_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "config/factors.hpp"

namespace sched {

namespace {

// The values that a key is tried with: what may change the solver or what it costs.
std::vector<Json> trials_of(const KeySpec& key) {
  if (key.type == KeyType::boolean) return {Json(true), Json(false)};
  if (key.type == KeyType::text) {
    std::vector<Json> words;
    for (const std::string& word : words_of(key.allowed)) words.emplace_back(word);
    return words;
  }
  const bool is_order = key.type == KeyType::integer && std::strstr(key.name, "order") != nullptr;
  return is_order ? std::vector<Json>{Json(key.high)} : std::vector<Json>{};
}

// Every option of init that makes a method more expensive, turned on.
SolverOptions with_init_options(const Factors& f) {
  SolverOptions options = f.options;
  if ((f.init_options & kEta) != 0) options.eta = 1.0;
  if ((f.init_options & kChurn) != 0) options.churn = 1.0;
  return options;
}

// What the method makes of one key beside its defaults; nothing where it refuses that.
std::optional<Factors> built_with(std::size_t method, const char* key, const Json& value) {
  Json object = Json::empty_object();
  if (key != nullptr) object.set(key, value);
  Notes notes{true, {}};
  Factors factors;
  try {
    build_method(method, object, "", notes, factors);
  } catch (const Error&) {
    return std::nullopt;
  }
  return factors;
}

// The highest of what each setting costs.
struct Highest {
  int calls = 0, rows = 0, draws = 0, order = 0;
  bool never = true, always = true;  // draws noise

  void add(const Factors& f) {
    const SolverOptions options = with_init_options(f);
    const StepCost& cost = f.solver->cost;
    const int drawn = cost.draws(options);
    calls = std::max(calls, cost.model_calls);
    rows = std::max(rows, cost.memory_rows(options));
    draws = std::max(draws, drawn);
    order = std::max(order, cost.order(options));
    never = never && drawn == 0;
    always = always && drawn != 0 && cost.noise == Noise::always;
  }
  Noise noise() const { return never ? Noise::never : always ? Noise::always : Noise::optional; }
};

const char* type_name(KeyType type) {
  switch (type) {
    case KeyType::boolean:
      return "boolean";
    case KeyType::integer:
      return "integer";
    case KeyType::number:
      return "number";
    case KeyType::text:
      return "string";
    case KeyType::numbers:
    case KeyType::integers:
      return "list";
    case KeyType::nothing:
      break;
  }
  return "null";
}

std::string default_text(const KeySpec& key) {
  if (key.nullable) return "null";
  switch (key.type) {
    case KeyType::boolean:
      return key.number != 0.0 ? "true" : "false";
    case KeyType::text:
      return text_of('"', key.word, '"');
    case KeyType::numbers:
    case KeyType::integers:
      return "[]";
    default:
      return std::isinf(key.number) ? "-Infinity" : text_of(key.number);
  }
}

std::string allowed_text(const KeySpec& key) {
  if (*key.allowed != '\0') return key.allowed;
  if (key.type == KeyType::text || std::isinf(key.low)) return "";
  return text_of(key.low_excluded ? "above " : "", key.low, " to ", key.high);
}

sched_method_info info_of(std::size_t index) {
  const Method& method = methods()[index];
  Highest highest;
  const auto add = [&](const char* key, const Json& value) {
    if (const auto factors = built_with(index, key, value)) highest.add(*factors);
  };
  add(nullptr, Json());
  for (const KeySpec& key : method.keys) {
    for (const Json& value : trials_of(key)) add(key.name, value);
  }
  return {sizeof(sched_method_info),
          highest.calls,
          method.name(),
          method.class_name,
          find_solver(method.solver_name)->paper,
          highest.rows,
          highest.draws,
          highest.order,
          static_cast<int32_t>(highest.noise())};
}

struct InitText {
  unsigned option;  // 0: every method
  OptionText text;
};

const std::vector<InitText>& init_texts() {
  static const std::vector<InitText> texts = {
      {0, {true, "num_steps", "integer", "0", "1 to num_train_timesteps"}},
      {0, {true, "begin_step", "integer", "0", "0 to steps - 1"}},
      {0, {true, "end_step", "integer", "0", "begin_step + 1 to steps, 0 means all"}},
      {0, {true, "strength", "number", "unset", "above 0 to 1"}},
      {0, {true, "seed", "integer", "0", ""}},
      {0, {true, "item_seeds", "list", "null", "one for each item"}},
      {0,
       {true, "generator", "integer", "0",
        "0 philox | 1 torch_cpu | 2 torch_cuda | 3 nx | 4 jax | 5 caller"}},
      {0,
       {true, "draw_policy", "integer", "0",
        "0 none | 1 diffusers | 2 k_diffusion | 3 comfyui | 4 bumblebee"}},
      {kTimesteps, {true, "timesteps", "list", "null", "falling, within the training schedule"}},
      {kSigmas, {true, "sigmas", "list", "null", "falling"}},
      {kMu, {true, "mu", "number", "unset", "with dynamic shifting"}},
      {kEta, {true, "eta", "number", "0", "0 to 1"}},
      {kClippedEpsilon, {true, "use_clipped_model_output", "boolean", "0", "0 | 1"}},
      {kChurn, {true, "s_churn", "number", "0", "0 and up"}},
      {kChurn, {true, "s_tmin", "number", "0", "0 and up"}},
      {kChurn, {true, "s_tmax", "number", "infinity", "0 and up"}},
      {kChurn | kNoiseScale, {true, "s_noise", "number", "1", "0 and up"}},
      {kOrder, {true, "order", "integer", "4", "1 to 4"}},
      {kOriginalSteps,
       {true, "original_inference_steps", "integer", "the configuration's", "1 and up"}},
      {kTrainSteps, {true, "num_train_timesteps", "integer", "the configuration's", "1 and up"}},
      {kAngles, {true, "max_timesteps", "number", "1.5708", "above 0 to pi / 2"}},
      {kAngles,
       {true, "intermediate_timesteps", "number", "1.3 of two steps", "0, or below the first"}},
      {kStage, {true, "stage_index", "integer", "unset", "0 to stages - 1"}},
      {kFirstChunk, {true, "is_amplify_first_chunk", "boolean", "0", "0 | 1"}},
      {kJumps, {true, "jump_length", "integer", "the configuration's", "1 and up"}},
      {kJumps, {true, "jump_n_sample", "integer", "the configuration's", "1 and up"}}};
  return texts;
}

std::vector<OptionText> options_of(const Method& method) {
  std::vector<OptionText> options;
  for (const KeySpec& key : method.keys) {
    options.push_back({false, key.name, type_name(key.type), default_text(key), allowed_text(key)});
  }
  for (const InitText& init : init_texts()) {
    const bool has = init.option == 0 || (method.init_options & init.option) != 0;
    if (has) options.push_back(init.text);
  }
  return options;
}

}  // namespace

sched_method_info method_info(std::size_t index) {
  static const std::vector<sched_method_info> table = [] {
    std::vector<sched_method_info> all;
    for (std::size_t method = 0; method < methods().size(); ++method)
      all.push_back(info_of(method));
    return all;
  }();
  return table[index];
}

const std::vector<OptionText>& method_options(std::size_t method) {
  static const std::vector<std::vector<OptionText>> table = [] {
    std::vector<std::vector<OptionText>> all;
    for (const Method& entry : methods()) all.push_back(options_of(entry));
    return all;
  }();
  return table[method];
}

}  // namespace sched
