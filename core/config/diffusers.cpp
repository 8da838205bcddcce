// Reads diffusers' scheduler_config.json: finds the class, and lets it build its factors.

#include <cstring>

#include "class_parts.hpp"
#include "composed_solvers.hpp"

namespace sched {

const std::vector<Method>& methods() {
  static const std::vector<Method> table = [] {
    std::vector<Method> all;
    for (const auto& family :
         {timestep_classes(), sigma_classes(), log_snr_classes(), flow_classes(), edm_classes(),
          consistency_classes(), score_classes(), helios_classes()}) {
      all.insert(all.end(), family.begin(), family.end());
    }
    for (const ComposedSolver& s : composed_solvers()) {
      all.push_back({"", s.solver, s.init_options, s.keys, s.build, s.name});
    }
    return all;
  }();
  return table;
}

void build_method(std::size_t index, const Json& values, const std::string& where, Notes& notes,
                  Factors& f) {
  const Method& method = methods()[index];
  f.method = static_cast<int>(index);
  f.solver = find_solver(method.solver_name);
  f.init_options = method.init_options;
  method.build(Values(values, method.keys, where, notes), f);
}

Factors read_diffusers(const Json& object, Notes& notes) {
  const Json& name = *object.find("_class_name");
  if (!name.is_string()) fail(Status::type, "_class_name must be a string");
  const std::string& asked = name.text();
  for (std::size_t i = 0; i < methods().size(); ++i) {
    const Method& method = methods()[i];
    if (!method.is_class() || asked != method.class_name) continue;
    Factors factors;
    build_method(i, object, asked + ": ", notes, factors);
    return factors;
  }
  std::string known;
  for (const Method& method : methods()) {
    if (!method.is_class()) continue;
    known += (known.empty() ? "" : ", ") + std::string(method.class_name);
  }
  fail(Status::unknown_class, "unknown _class_name ", asked, "; known are ", known);
}

bool is_solver(const Factors& f, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::strcmp(f.solver->name, name) == 0) return true;
  }
  return false;
}

Factors read_factors(const char* text, std::size_t length, Notes& notes) {
  const Json object = parse_json(text, length);
  if (!object.is_object()) fail(Status::json, "the configuration must be a JSON object");
  if (object.contains("_class_name")) return read_diffusers(object, notes);
  if (object.contains("solver")) return read_composition(object, notes);
  fail(Status::unknown_class,
       "the configuration names no method: it needs _class_name (a diffusers file) or solver");
}

}  // namespace sched
