// `sched demo`: the scheduler of a published checkpoint turns noise into pictures.
//
// The scheduler is the real one, from the checkpoint's own scheduler_config.json.  The network is
// not: a small set of pictures stands in for its training data, and the denoiser is exact for it.

#pragma once

#include <string>

namespace CLI {
class App;
}

// Adds the command `demo`.  Its callback leaves in `exit_code` 0, 1 (the run failed) or 2 (the
// arguments are wrong); the sentence is on stderr by then.
void add_demo_command(CLI::App& app, int& exit_code);

// The text of a scheduler_config.json by the name of its checkpoint; nullptr if there is none.
const char* builtin_config(const std::string& name);
