#include "method_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "config/factors.hpp"

namespace sched {

namespace {

// What a class makes of a file that says nothing but its name.
SolverOptions default_options(const Method& method) {
  Factors factors;
  if (method.build == nullptr) return factors.options;
  const nlohmann::json nothing = nlohmann::json::object();
  Notes notes{true, {}};
  const std::string where;
  method.build(Values(nothing, method.keys, where, notes), factors);
  return factors.options;
}

// The highest order that a class can be asked for; a solver's own where the class fixes none.
int highest_order(const Method& method, const Solver& solver, const SolverOptions& options) {
  for (const KeySpec& key : method.keys) {
    if (std::strcmp(key.name, "solver_order") == 0) return static_cast<int>(key.high);
  }
  const bool fixed = method.build != nullptr && (method.init_options & kOrder) == 0;
  return fixed && options.order < solver.cost.order ? options.order : solver.cost.order;
}

// Every option that makes a method more expensive, turned on.
SolverOptions most_expensive(const Method& method, const Solver& solver) {
  SolverOptions options = default_options(method);
  options.order = highest_order(method, solver, options);
  options.predictor_order = options.corrector_order = solver.cost.order;
  options.algorithm = DpmAlgorithm::sde_data;
  options.skip_runge_kutta = false;
  options.eta = 1.0;
  options.r = 1.0;
  if ((method.init_options & kChurn) != 0) options.churn = 1.0;
  options.stochastic = true;
  return options;
}

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
  const Method& method = methods()[index];
  const Solver& solver = *find_solver(method.solver_name);
  const SolverOptions options = most_expensive(method, solver);
  const StepCost& cost = solver.cost;
  // A class may lack the option that makes its solver draw (Heun's churn).
  const int draws = cost.draws(options);
  const Noise noise = draws == 0 ? Noise::never : cost.noise;
  return {sizeof(sched_method_info),
          cost.model_calls,
          solver.name,
          method.class_name,
          solver.paper,
          cost.memory_rows(options),
          draws,
          cost.order,
          static_cast<int32_t>(noise)};
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
