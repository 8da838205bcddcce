// `sched names`: the names of samplers and schedules elsewhere, with our composition.

#pragma once

#include <string>

// All names where `name` is empty, else every system's meaning of that one.  Returns 0; throws
// UsageError for a name that is nowhere.
int run_names(const std::string& name);
