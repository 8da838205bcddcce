#include "names.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <sched/sched.hpp>

#include "text_table.hpp"
#include "usage_error.hpp"

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

int run_names(const std::string& name) {
  using Align = TextTable::Align;
  TextTable table({Align::left, Align::left, Align::left, Align::left});
  table.add_row({"name", "system", "kind", "composition"});
  bool found = name.empty();
  for (const sched_name_info& info : sched::names()) {
    if (!name.empty() && lower(info.name) != lower(name)) continue;
    found = true;
    const char* const kind = info.kind == SCHED_NAME_SAMPLER ? "sampler" : "schedule";
    table.add_row({info.name, info.system, kind, info.composition});
  }
  if (!found) {
    throw UsageError("no sampler or schedule is called '" + printable(name) +
                     "'; `sched names` lists all names, `sched list` our own");
  }
  table.print();
  return 0;
}
