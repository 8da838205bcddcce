#include "names.hpp"

#include <algorithm>
#include <cctype>

#include "composed_solvers.hpp"
#include "composition_parts.hpp"

namespace sched {

namespace {

bool same_word(const std::string& a, const std::string& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) ==
                  std::tolower(static_cast<unsigned char>(y));
         });
}

const KnownName* find_kind(const std::string& name, const std::string& system,
                           const NameKind* kind) {
  for (const KnownName& entry : known_names()) {
    if (!same_word(name, entry.name) || (kind != nullptr && entry.kind != *kind)) continue;
    if (system.empty() || same_word(system, entry.system)) return &entry;
  }
  return nullptr;
}

}  // namespace

const KnownName* find_name(const std::string& name, const std::string& system) {
  return find_kind(name, system, nullptr);
}

// ------------------------------------------------------------------------ resolving

namespace {

std::string text_at(const Json& object, const char* key) {
  const Json* const found = object.find(key);
  return found != nullptr && found->is_string() ? found->text() : "";
}

// A grid with a shape of its own stands instead of the name's, one without is added to it.
// Which sigma a sampler leaves out belongs to the sampler.
Json merged_grid(const Json& meant, const Json& said) {
  Json merged = meant;
  if (said.contains("shape")) {
    const Json* const skip = meant.find("skip_smallest");
    merged = Json::empty_object();
    if (skip != nullptr) merged.set("skip_smallest", *skip);
  }
  merged.update(said);
  return merged;
}

void resolve_sampler(Json& composition) {
  Json solver = section(composition, "solver", "name");
  const std::string name = text_at(solver, "name");
  static constexpr NameKind kind = NameKind::sampler;
  if (name.empty() || find_composed_solver(name) != nullptr) return;
  const KnownName* entry = find_kind(name, "", &kind);
  if (entry == nullptr) return;
  const Json meant = parse_json(entry->composition);
  Json meant_solver = section(meant, "solver", "name");
  solver.erase("name");
  meant_solver.update(solver);
  const Json grid =
      merged_grid(section(meant, "grid", "shape"), section(composition, "grid", "shape"));
  for (const auto& [key, value] : meant.members()) {
    if (!composition.contains(key)) composition.set(key, value);
  }
  composition.set("solver", meant_solver);
  if (!grid.members().empty()) composition.set("grid", grid);
}

void resolve_grid(Json& composition) {
  Json grid = section(composition, "grid", "shape");
  const std::string shape = text_at(grid, "shape");
  static constexpr NameKind kind = NameKind::schedule;
  if (shape.empty() || is_shape_name(shape)) return;
  const KnownName* entry = find_kind(shape, "", &kind);
  if (entry == nullptr) return;
  Json meant = section(parse_json(entry->composition), "grid", "shape");
  grid.erase("shape");
  meant.update(grid);
  composition.set("grid", meant);
}

}  // namespace

Json with_names_resolved(const Json& composition) {
  Json resolved = composition;
  resolve_sampler(resolved);
  resolve_grid(resolved);
  return resolved;
}

}  // namespace sched
