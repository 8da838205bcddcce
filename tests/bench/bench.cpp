// The proof of speed: `build/bin/sched_bench`, or `./bootstrap.sh bench`.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>

#include "machine.hpp"
#include "sections.hpp"

namespace {

constexpr double kSeconds = 0.2, kQuickSeconds = 0.05;

const char* const kMethod =
    "Ratios are medians over rounds.  In a round each contestant runs once, in one block of at\n"
    "least 200 us or one pass, in a new order each time, on the same arrays; a ratio is of two\n"
    "blocks of one round.  +- is half the distance of the quartiles.  What fits into the caches "
    "is\n"
    "measured in five places of memory, which are as good as a third apart.\n";

template <class List>
std::vector<std::string> names_of(const List& list) {
  std::vector<std::string> names;
  for (const auto& entry : list) names.emplace_back(entry.name);
  return names;
}

void add_choice(CLI::App& app, const char* option, std::vector<std::string>& into, const char* help,
                const std::vector<std::string>& allowed) {
  app.add_option(option, into, help)->delimiter(',')->check(CLI::IsMember(allowed));
}

void read_options(CLI::App& app, BenchOptions& options) {
  options.out = SCHED_BENCH_OUT;
  app.add_option("--out", options.out, "Folder for CSV and PNG files")->capture_default_str();
  app.add_flag("--quick", options.quick, "Fewer sizes and less time: about 2 minutes");
  app.add_option("--seconds", options.seconds, "Time for each group that runs in turns")
      ->check(CLI::PositiveNumber);
  add_choice(app, "--only", options.only, "Some sections only: a,b", names_of(sections()));
  app.add_option("--methods", options.methods, "Of section a: DDIM,dpmpp_2m")->delimiter(',');
  add_choice(app, "--kernels", options.kernels, "Of section a: fused,blas", names_of(kKernels));
  add_choice(app, "--types", options.types, "Of section a: f32,f16", names_of(kTypes));
  add_choice(app, "--sizes", options.sizes, "Of a tensor in float32: 64KiB,2MiB", names_of(kSizes));
}

// What was not asked for on the command line.
void complete(BenchOptions& options) {
  if (options.seconds == 0.0) options.seconds = options.quick ? kQuickSeconds : kSeconds;
  if (options.only.empty()) options.only = names_of(sections());
  if (options.types.empty()) {
    options.types = options.quick ? std::vector<std::string>{"f32"} : names_of(kTypes);
  }
  if (options.sizes.empty()) {
    options.sizes =
        options.quick ? std::vector<std::string>{"64KiB", "1MiB", "18.5MiB"} : names_of(kSizes);
  }
}

void run(const BenchOptions& options) {
  Report report(options.out);
  const std::string machine = machine_text();
  std::printf("%s\n%s", kMethod, machine.c_str());
  report.text("machine.txt", machine + "\n" + kMethod);
  for (const Section& section : sections()) {
    if (!is_among(options.only, section.name)) continue;
    std::printf("\n=== %s: %s\n", section.name, section.title);
    std::fflush(stdout);
    section.run(options, report);
    std::fflush(stdout);
  }
  report.print_end();
}

}  // namespace

std::vector<BenchSize> BenchOptions::chosen_sizes() const {
  std::vector<BenchSize> chosen;
  for (const BenchSize& size : kSizes) {
    if (is_among(sizes, size.name)) chosen.push_back(size);
  }
  return chosen;
}

bool is_among(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

const std::vector<Section>& sections() {
  static const std::vector<Section> all = {
      {"a", "samplers, as a fraction of the memory limit", run_limit_section},
      {"b", "in place, and what one pass does besides",
       [](const BenchOptions& options, Report& report) {
         run_in_place_section(options, report);
         run_extras_section(options, report);
       }},
      {"c", "cost over elements, and fixed costs", run_size_section},
      {"d", "cost over live states", run_states_section},
      {"e", "diffusers' steps over ours", run_peers_section},
      {"f", "threads", run_threads_section},
      {"g", "history in 16 bits", run_history_section},
      {"h", "normals of each generator", run_noise_section}};
  return all;
}

int main(int argc, char** argv) {
  CLI::App app("What steps cost beside the memory limit, their variants and diffusers");
  BenchOptions options;
  read_options(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    complete(options);
    run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sched_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
