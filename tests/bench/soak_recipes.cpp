#include "soak_recipes.hpp"

#include <cstring>
#include <stdexcept>

#include "methods.hpp"
#include "step_loop.hpp"

namespace {

constexpr int32_t kSteps[] = {1, 2, 3, 4, 5, 8, 10, 13, 20, 25, 30, 50};

// What a number of steps, or a missing option, may be refused with.
bool is_refusal(sched_status status) {
  return status == SCHED_ERROR_STEPS || status == SCHED_ERROR_CONFLICT ||
         status == SCHED_ERROR_OPTION || status == SCHED_ERROR_VALUE ||
         status == SCHED_ERROR_NOT_FINITE || status == SCHED_ERROR_TIMESTEPS;
}

// A small loop, or nothing where the library refuses it.
StateHandle try_init(const sched_scheduler* scheduler, sched_init_options options) {
  char message[1024] = "";
  options.elements = 4;
  options.message = message;
  options.message_capacity = sizeof message;
  sched_state* state = nullptr;
  const sched_status status = sched_init(scheduler, &options, &state);
  if (status != SCHED_OK && !is_refusal(status)) {
    throw std::runtime_error(std::string(sched_status_name(status)) + ": " + message);
  }
  return {state, sched_state_free};
}

void look_at(sched_state* state, Recipe& recipe) {
  sched_weights weights{};
  weights.struct_size = sizeof weights;
  recipe.depends_on_norms |= sched_step_weights(state, 0, &weights) == SCHED_ERROR_UNSUPPORTED;
}

bool takes_row_type(const sched_scheduler* scheduler, sched_init_options options) {
  options.history_dtype = SCHED_BF16;
  return try_init(scheduler, options) != nullptr;
}

// Fills in the numbers of steps that are allowed.
void find_steps(const sched_scheduler* scheduler, Recipe& recipe) {
  sched_init_options options = recipe_options(recipe);
  for (const int32_t steps : kSteps) {
    options.num_steps = steps;
    const StateHandle state = try_init(scheduler, options);
    if (state == nullptr) continue;
    recipe.steps.push_back(steps);
    look_at(state.get(), recipe);
  }
  if (recipe.steps.empty()) return;
  options.num_steps = recipe.steps.back();
  recipe.keeps_rows = takes_row_type(scheduler, options);
}

// The first of the defaults, with the options that some methods ask for, that gives a loop.
Recipe find_recipe(const sched_method_info& info) {
  for (const std::string& config : default_configs(info)) {
    sched_scheduler* made = nullptr;
    if (sched_create(config.data(), config.size(), nullptr, &made) != SCHED_OK) continue;
    const SchedulerHandle scheduler(made, sched_free);
    for (const double mu : {SCHED_UNSET, 0.8}) {
      for (const int32_t stage : {-1, 0}) {
        Recipe recipe{method_name(info), config, mu, stage, false, false, false, {}};
        const bool is_cfg_pp = std::strstr(info.name, "_cfg_pp") != nullptr;
        recipe.needs_wide = std::strcmp(info.name, "repaint") == 0 || is_cfg_pp;
        find_steps(scheduler.get(), recipe);
        if (!recipe.steps.empty()) return recipe;
      }
    }
  }
  return {};
}

}  // namespace

sched_init_options recipe_options(const Recipe& recipe) {
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.mu = recipe.mu;
  options.stage_index = recipe.stage_index;
  return options;
}

RecipeList soak_recipes() {
  RecipeList list;
  for (int32_t index = 0; index < sched_method_count(); ++index) {
    sched_method_info info = SCHED_METHOD_INFO_INIT;
    sched_method_at(index, &info);
    const Recipe recipe = find_recipe(info);
    if (recipe.steps.empty()) {
      list.left_out.push_back(method_name(info));
    } else {
      list.recipes.push_back(recipe);
    }
  }
  return list;
}
