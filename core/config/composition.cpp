// Our own composition: any solver with any schedule, grid and parameterization that make
// sense together, for everything that a diffusers file cannot say.
//
//   {"solver": "dpm_multistep" or {"name": "dpm_multistep", "order": 3},
//    "schedule": "scaled_linear" or {"type": "scaled_linear", "beta_start": 0.00085}
//                or the scheduler_config.json of a checkpoint,
//    "grid": "karras" or {"shape": "karras", "rho": 7},
//    "parameterization": "epsilon" or {"prediction": "epsilon", "frame": "vp"},
//    "quirks": ["idle_draw"]}
//
// A solver or a grid may also go by the name that it has elsewhere ("DPM++ 2M Karras").
// Nothing here reproduces a reference's quirks unless they are asked for: steps end where
// the next begins, shifts are applied once, custom timesteps and sigmas are used as given.

#include <cstring>

#include "composed_solvers.hpp"
#include "composition_parts.hpp"
#include "names.hpp"
#include "quirks.hpp"
#include "words.hpp"

namespace sched {

Json section(const Json& object, const char* name, const char* first) {
  const Json* const value = object.find(name);
  Json named = Json::empty_object();
  if (value == nullptr) return named;
  if (value->is_object()) return *value;
  if (!value->is_string()) fail(Status::type, name, " must be an object or a string");
  named.set(first, *value);
  return named;
}

namespace {

// ------------------------------------------------------------------------- solver

std::optional<std::size_t> find_composed(const std::string& name) {
  for (std::size_t i = 0; i < methods().size(); ++i) {
    if (!methods()[i].is_class() && name == methods()[i].name()) return i;
  }
  return std::nullopt;
}

void read_solver(const Json& object, Notes& notes, Factors& f) {
  const Json value = section(object, "solver", "name");
  const Json* const given = value.find("name");
  if (given == nullptr || !given->is_string()) {
    fail(Status::type, "solver: name must be a string");
  }
  const std::string& name = given->text();
  const auto method = find_composed(name);
  if (!method) {
    std::string known;
    for (const ComposedSolver& entry : composed_solvers()) {
      known += (known.empty() ? "" : ", ") + std::string(entry.name);
    }
    fail(Status::unknown_class, "unknown solver ", name, "; known are ", known,
         ", and the names that sched_name_at() lists");
  }
  Json options = value;
  options.erase("name");
  build_method(*method, options, "solver: ", notes, f);
}

// ----------------------------------------------------------------------- schedule

constexpr const char* kTypes =
    "linear | scaled_linear | squaredcos_cap_v2 | sigmoid | laplace | exp | trained | flow | "
    "tableless";

// Keys that say what a table holds mean nothing where there is none.
void refuse_table_keys(const Values& v, const std::string& type) {
  for (const char* key :
       {"beta_start", "beta_end", "trained_betas", "zero_terminal_snr", "snr_shift"}) {
    if (v.given(key)) {
      fail(Status::conflict, "schedule: ", key, " needs betas, which type ", type, " has not");
    }
  }
}

void set_table(const Values& v, ScheduleSpec& s) {
  const std::string& type = v.text("type");
  s.kind = type == "trained" ? BetaSchedule::trained : beta_schedule(type);
  s.beta_start = v.number("beta_start");
  s.beta_end = v.number("beta_end");
  s.snr_shift = v.number("snr_shift");
  if (v.flag("zero_terminal_snr")) s.zero_snr = ZeroSnr::exact;
  if ((s.kind == BetaSchedule::trained) != v.given("trained_betas")) {
    fail(Status::conflict, "schedule: trained_betas and type trained go together");
  }
  s.trained_betas = v.numbers("trained_betas");
  if (s.kind == BetaSchedule::trained) s.train_steps = static_cast<int>(s.trained_betas.size());
  if (s.train_steps < 1) fail(Status::value, "schedule: trained_betas is empty");
}

// What a checkpoint's file says about the model: everything but solver, grid and clip.
void take_model(const Factors& file, Factors& f) {
  const GridFamily family = file.grid.family;
  const bool has_own_grid = family != GridFamily::timesteps && family != GridFamily::subset &&
                            family != GridFamily::sigmas && family != GridFamily::flow &&
                            family != GridFamily::shaped;
  if (has_own_grid) {
    fail(Status::conflict, "schedule: the noise levels of ",
         methods()[static_cast<std::size_t>(file.method)].class_name,
         " belong to its own grid, and no other solver can take them");
  }
  if (file.grid.inverted) {
    fail(Status::conflict, "schedule: invert_sigmas is read in diffusers files only");
  }
  const double boundary = f.parameterization.boundary;
  f.schedule = file.schedule;
  f.schedule.flow = file.grid.frame == Frame::flow;
  if (f.schedule.zero_snr != ZeroSnr::off) f.schedule.zero_snr = ZeroSnr::exact;
  f.parameterization = file.parameterization;
  if (boundary > 0.0) f.parameterization.boundary = boundary;
  f.learned_channels = f.learned_channels || file.learned_channels;
  GridSpec& g = f.grid;
  g.model_time = file.grid.model_time;
  g.reversed_times = file.grid.reversed_times;
  if (f.schedule.tableless) {
    g.sigma_min = file.grid.sigma_min;
    g.sigma_max = file.grid.sigma_max;
    g.rho = file.grid.rho;
  }
  if (!f.schedule.flow) return;
  g.shift = file.grid.shift;
  g.dynamic_shift = file.grid.dynamic_shift;
  g.time_shift = file.grid.time_shift;
  g.shift_terminal = file.grid.shift_terminal;
}

// Returns whether the prediction is known already, from a checkpoint's file.
bool read_schedule(const Json& object, Notes& notes, Factors& f) {
  static const Keys keys = {
      choice("type", "scaled_linear", kTypes), whole("num_train_timesteps", 1000, 1, 1000000),
      real("beta_start", 0.00085, 0, 1),       real("beta_end", 0.012, 0, 1),
      optional_list("trained_betas", 0, 1),    boolean("zero_terminal_snr", false),
      real("snr_shift", 1.0, 0, 1e6, true)};
  const Json value = section(object, "schedule", "type");
  if (value.contains("_class_name")) {
    take_model(read_diffusers(value, notes), f);
    return true;
  }
  const std::string where = "schedule: ";
  const Values v(value, keys, where, notes);
  const bool flow_only = f.solver->frames == kFlow;
  const std::string type = flow_only && !v.given("type") ? "flow" : v.text("type");
  f.schedule.flow = type == "flow";
  f.schedule.tableless = type == "tableless";
  f.schedule.train_steps = v.integer("num_train_timesteps");
  if (f.schedule.flow || f.schedule.tableless) {
    refuse_table_keys(v, type);
  } else {
    set_table(v, f.schedule);
  }
  if (!f.schedule.tableless) return false;
  f.parameterization.prediction = Prediction::edm;
  f.grid.model_time = ModelTime::quarter_log;
  return false;
}

// --------------------------------------------------------------------- everything

void check_top_level(const Json& object, Notes& notes) {
  static const Keys keys = {choice("solver", "", ""), choice("schedule", "", ""),
                            choice("grid", "", ""), choice("parameterization", "", ""),
                            choice("quirks", "", "")};
  for (const auto& [name, value] : object.members()) {
    bool known = !name.empty() && name[0] == '_';
    for (const KeySpec& key : keys) known = known || name == key.name;
    if (!known) {
      notes.trouble(Status::unknown_key,
                    text_of("unknown key ", name, "; known are ", names_of(keys)));
    }
  }
}

void read_quirks(const Json& object, Factors& f) {
  const Json* const list = object.find("quirks");
  if (list == nullptr) return;
  if (!list->is_array()) fail(Status::type, "quirks must be a list of strings");
  for (const Json& name : list->items()) {
    if (!name.is_string()) fail(Status::type, "quirks must be a list of strings");
    set_quirk(name.text(), f);
  }
}

}  // namespace

Factors read_composition(const Json& object, Notes& notes) {
  check_top_level(object, notes);
  const Json composition = with_names_resolved(object);
  Factors f;
  read_solver(composition, notes, f);
  const bool known = read_schedule(composition, notes, f);
  read_parameterization(composition, notes, known, f);
  read_grid(composition, notes, f);
  check_pairs(f);
  choose_family(f);
  read_quirks(composition, f);
  return f;
}

}  // namespace sched
