#include "plan.hpp"

#include <cstdio>

#include "demo.hpp"
#include "planned_loop.hpp"
#include "safetensors.hpp"
#include "text_table.hpp"
#include "usage_error.hpp"

namespace {

constexpr std::size_t kMaxConfig = std::size_t{1} << 26;

struct Config {
  std::string text;
  sched::Keys keys;
};

Config read_config(const std::string& name, bool lenient) {
  try {
    return {read_bytes(name, kMaxConfig), lenient ? sched::Keys::lenient : sched::Keys::strict};
  } catch (const FileError& error) {
    // A file goes first, so that a checkpoint's name never hides one.  Published files carry
    // stray keys that nobody here can correct.
    if (const char* const text = builtin_config(name)) return {text, sched::Keys::lenient};
    throw UsageError("'" + printable(name) + "' " + error.what() +
                     ", and is not the name of a built-in checkpoint");
  }
}

// What diffusers does that a paper does not.
void print_quirks(const sched::Scheduler& scheduler) {
  for (const std::string& name : scheduler.quirks())
    std::printf("quirk %s: %s\n", name.c_str(), sched::quirk_description(name).c_str());
}

}  // namespace

int run_plan(const PlanOptions& options) {
  const Config config = read_config(options.config, options.lenient);
  const sched::Scheduler scheduler(config.text, config.keys);
  for (const std::string& warning : scheduler.warnings())
    std::fprintf(stderr, "warning: %s\n", printable(warning).c_str());
  const PlannedLoop loop = plan_loop(scheduler, options.loop);
  if (options.format == "csv") {
    print_plan_csv(loop);
  } else if (options.format == "json") {
    print_plan_json(loop);
  } else {
    print_plan_table(loop);
    print_quirks(scheduler);
  }
  return 0;
}
