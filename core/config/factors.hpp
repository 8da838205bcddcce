// A configuration taken apart: every scheduler is (noise schedule) x (time grid) x
// (parameterization) x (solver).  Two readers fill it in, and nothing else does.

#pragma once

#include <initializer_list>
#include <string>

#include "../plan/solver.hpp"
#include "values.hpp"

namespace sched {

// Init options that only some methods have.
enum InitOption : unsigned {
  kTimesteps = 1u << 0,
  kSigmas = 1u << 1,
  kMu = 1u << 2,
  kEta = 1u << 3,
  kChurn = 1u << 4,
  kOrder = 1u << 5,
  kOriginalSteps = 1u << 6,
  kClippedEpsilon = 1u << 7,
  kTrainSteps = 1u << 8,
  kGroups = 1u << 9,       // not an init option: per-token times in the wide step
  kNoiseScale = 1u << 10,  // s_noise without the rest of churn
  kAngles = 1u << 11,      // max_timesteps and intermediate_timesteps
  kJumps = 1u << 12,       // jump_length and jump_n_sample
  kStage = 1u << 13,
  kFirstChunk = 1u << 14
};

struct Factors {
  int method = 0;  // index into methods()
  const Solver* solver = nullptr;
  unsigned init_options = 0;
  ScheduleSpec schedule;
  GridSpec grid;
  Parameterization parameterization;
  ClipRule clip;
  SolverOptions options;
  // The network gives twice the channels; the second half is ignored or the variance.
  bool learned_channels = false;
};

// Is the solver one of these?
bool is_solver(const Factors& f, std::initializer_list<const char*> names);

// Reads either form of configuration.  Throws Error.
Factors read_factors(const char* text, std::size_t length, Notes& notes);

// A diffusers class, or a solver of our own composition, as data.
struct Method {
  const char* class_name;   // "" for the latter
  const char* solver_name;  // in the registry
  unsigned init_options;
  std::vector<KeySpec> keys;  // of the file, or of the section "solver"
  void (*build)(const Values&, Factors&);
  const char* composed_name = nullptr;  // of the latter

  bool is_class() const { return composed_name == nullptr; }
  const char* name() const { return is_class() ? solver_name : composed_name; }
};

// The classes, then the composition's solvers.
const std::vector<Method>& methods();

// Method `index` as the values of its keys say.  `where` begins each sentence.  Throws Error.
void build_method(std::size_t index, const Json& values, const std::string& where, Notes& notes,
                  Factors& f);

// A diffusers file, or one within a composition.
Factors read_diffusers(const Json& object, Notes& notes);

// Our own composition.
Factors read_composition(const Json& object, Notes& notes);

}  // namespace sched
