// What diffusers does that a paper does not, each under a name: on where the configuration
// is a diffusers file, off in our own composition unless it asks for it.

#pragma once

#include <string>
#include <vector>

#include "factors.hpp"

namespace sched {

struct Quirk {
  const char* name;
  const char* description;
  const char* where;             // what it belongs to, for the sentence of an error
  bool (*fits)(const Factors&);  // may it have an effect there?
  bool (*is_on)(const Factors&);
  void (*set)(Factors&, bool on);
};

const std::vector<Quirk>& quirks();
const Quirk* find_quirk(const std::string& name);

// Those that are on and may have an effect.
std::vector<const Quirk*> active_quirks(const Factors& f);

// Turns one on.  Throws Error{value, conflict}.
void set_quirk(const std::string& name, Factors& f);

}  // namespace sched
