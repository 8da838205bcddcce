// `sched convergence`: the order of every deterministic method, measured where the exact
// solution is known.

#pragma once

namespace CLI {
class App;
}

// Adds the command `convergence`.  Its callback leaves in `exit_code` 0, or 1 where an order
// is not the theory's.
void add_convergence_command(CLI::App& app, int& exit_code);
