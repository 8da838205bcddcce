// `sched list`: the methods and what each costs, or the options of one.

#pragma once

#include <string>

// All methods where `name` is empty, else the options of the method with that solver or class
// name.  Returns 0; throws UsageError for a name that does not exist.
int run_list(const std::string& name);
