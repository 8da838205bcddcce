#include "names.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <nlohmann/json.hpp>

#include "composed_solvers.hpp"
#include "composition_parts.hpp"

namespace sched {

using nlohmann::json;

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

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// A grid with a shape of its own stands instead of the name's, one without is added to it.
// Which sigma a sampler leaves out belongs to the sampler.
json merged_grid(json meant, const json& said) {
  if (said.contains("shape")) {
    for (auto entry = meant.begin(); entry != meant.end();) {
      entry = entry.key() == "skip_smallest" ? std::next(entry) : meant.erase(entry);
    }
  }
  meant.update(said);
  return meant;
}

void resolve_sampler(json& composition) {
  json solver = section(composition, "solver", "name");
  const std::string name = text_at(solver, "name");
  static constexpr NameKind kind = NameKind::sampler;
  if (name.empty() || find_composed_solver(name) != nullptr) return;
  const KnownName* entry = find_kind(name, "", &kind);
  if (entry == nullptr) return;
  json meant = json::parse(entry->composition);
  json meant_solver = section(meant, "solver", "name");
  solver.erase("name");
  meant_solver.update(solver);
  const json grid =
      merged_grid(section(meant, "grid", "shape"), section(composition, "grid", "shape"));
  for (const auto& [key, value] : meant.items()) {
    if (!composition.contains(key)) composition[key] = value;
  }
  composition["solver"] = meant_solver;
  if (!grid.empty()) composition["grid"] = grid;
}

void resolve_grid(json& composition) {
  json grid = section(composition, "grid", "shape");
  const std::string shape = text_at(grid, "shape");
  static constexpr NameKind kind = NameKind::schedule;
  if (shape.empty() || is_shape_name(shape)) return;
  const KnownName* entry = find_kind(shape, "", &kind);
  if (entry == nullptr) return;
  json meant = section(json::parse(entry->composition), "grid", "shape");
  grid.erase("shape");
  meant.update(grid);
  composition["grid"] = meant;
}

}  // namespace

json with_names_resolved(const json& composition) {
  json resolved = composition;
  resolve_sampler(resolved);
  resolve_grid(resolved);
  return resolved;
}

}  // namespace sched
