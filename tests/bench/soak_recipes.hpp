// What the soak makes loops of: every method of the library's list, by its defaults.

#pragma once

#include <sched/sched.h>

#include <cstdint>
#include <string>
#include <vector>

struct Recipe {
  std::string name, config;
  double mu = SCHED_UNSET;        // where the configuration asks for it
  int32_t stage_index = -1;       // Helios
  bool needs_wide = false;        // RePaint, CFG++
  bool depends_on_norms = false;  // a type of few bits may leave norms that are not finite
  bool keeps_rows = false;
  std::vector<int32_t> steps;  // those of a short list that its defaults allow
};

struct RecipeList {
  std::vector<Recipe> recipes;
  std::vector<std::string> left_out;  // names
};

// Throws std::runtime_error where the library fails in a way that no default may.
RecipeList soak_recipes();

// The options of a recipe that every loop of it takes.
sched_init_options recipe_options(const Recipe& recipe);
