// The sections of the benchmark.  Each prints its tables, and writes its files.

#pragma once

#include <string>
#include <vector>

#include "options.hpp"
#include "report.hpp"

struct Section {
  const char* name;  // of --only
  const char* title;
  void (*run)(const BenchOptions& options, Report& report);
};

const std::vector<Section>& sections();

void run_limit_section(const BenchOptions& options, Report& report);
void run_in_place_section(const BenchOptions& options, Report& report);
void run_extras_section(const BenchOptions& options, Report& report);
void run_size_section(const BenchOptions& options, Report& report);
void run_states_section(const BenchOptions& options, Report& report);
void run_peers_section(const BenchOptions& options, Report& report);
void run_threads_section(const BenchOptions& options, Report& report);
void run_history_section(const BenchOptions& options, Report& report);
void run_noise_section(const BenchOptions& options, Report& report);
