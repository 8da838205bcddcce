// e: diffusers' own steps beside ours, where a Python with torch and diffusers is found.
//
// peers.py measures; here its rows become a table, a file and a picture.

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "charts.hpp"
#include "sections.hpp"
#include "targets.hpp"
#include "text_table.hpp"

namespace {

struct Row {
  std::string method, size;
  double ratio = NAN, spread = NAN, theirs_us = NAN, ours_us = NAN, difference = NAN;
};

std::string in_shell_quotes(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// The lines that a command prints.  `status` is that of pclose().
std::vector<std::string> lines_of(const std::string& command, int& status) {
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::string text;
  char part[4096];
  while (std::fgets(part, sizeof part, pipe) != nullptr) text += part;
  status = pclose(pipe);
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// A Python that has both, or an empty string.
std::string find_python() {
  std::vector<std::string> candidates = {"python3", "/usr/bin/python3"};
  if (const char* given = std::getenv("SCHED_PYTHON")) candidates = {given};
  for (const std::string& python : candidates) {
    int status = 0;
    lines_of(in_shell_quotes(python) + " -c 'import torch, diffusers' 2>/dev/null", status);
    if (status == 0) return python;
  }
  return "";
}

std::vector<Row> measure_peers(const BenchOptions& options, const std::string& python) {
  std::string command = in_shell_quotes(python) + " " + in_shell_quotes(SCHED_BENCH_PEERS) + " " +
                        in_shell_quotes(SCHED_BENCH_PEER_LOOP) +
                        format(" --seconds %g --sizes ", 2.0 * options.seconds);
  for (const BenchSize& size : options.chosen_sizes()) {
    command += format("%s=%lld,", size.name, static_cast<long long>(size.elements));
  }
  command.pop_back();
  int status = 0;
  std::vector<Row> rows;
  for (const std::string& line : lines_of(command, status)) {
    std::istringstream cells(line);
    Row row;
    std::getline(cells, row.method, ',');
    std::getline(cells, row.size, ',');
    char comma = 0;
    cells >> row.ratio >> comma >> row.spread >> comma >> row.theirs_us >> comma >> row.ours_us >>
        comma >> row.difference;
    if (!cells) throw std::runtime_error("peers.py printed '" + line + "'");
    rows.push_back(row);
  }
  if (status != 0) throw std::runtime_error("peers.py failed; its reason is above");
  return rows;
}

const Row* find(const std::vector<Row>& rows, const std::string& method, const std::string& size) {
  for (const Row& row : rows) {
    if (row.method == method && row.size == size) return &row;
  }
  return nullptr;
}

void print_peers(const BenchOptions& options, Report& report, const std::vector<Row>& rows) {
  std::vector<TextTable::Align> aligns(options.chosen_sizes().size() + 1, TextTable::Align::right);
  aligns.front() = TextTable::Align::left;
  TextTable table(aligns);
  std::vector<std::string> head = {"method"};
  for (const BenchSize& size : options.chosen_sizes()) head.emplace_back(size.name);
  table.add_row(head);
  BarChart chart{"Time of diffusers' step / time of ours (float32, 1 thread)",
                 "times as fast",
                 {},
                 {},
                 1.0,
                 "as fast",
                 true};
  chart.series = {head.begin() + 1, head.end()};
  for (const PeerTarget& target : kPeerTargets) {
    std::vector<std::string> cells = {target.name};
    BarGroup group{target.name, {}};
    for (std::size_t s = 0; s < kSizeCount; ++s) {
      if (!is_among(options.sizes, kSizes[s].name)) continue;
      const Row* const row = find(rows, target.name, kSizes[s].name);
      group.values.push_back(row == nullptr ? NAN : row->ratio);
      const std::string what =
          std::string("diffusers / ours, ") + target.name + ", " + kSizes[s].name;
      cells.push_back(row == nullptr ? "-" : report.judge(what, row->ratio, {target.ratio[s]}));
    }
    table.add_row(cells);
    chart.groups.push_back(group);
  }
  std::printf("\nTime of diffusers' step over ours, same arrays, 1 thread, float32\n");
  table.print();
  report.picture("peers.png", draw_bars(chart));
}

}  // namespace

void run_peers_section(const BenchOptions& options, Report& report) {
  const std::string python = find_python();
  if (python.empty()) {
    std::printf("skipped: no python3 here has both torch and diffusers (SCHED_PYTHON names one)\n");
    return;
  }
  const std::vector<Row> rows = measure_peers(options, python);
  CsvFile csv = report.csv("peers.csv",
                           "method,size,diffusers_over_ours,spread,diffusers_us,ours_us,"
                           "largest_difference");
  for (const Row& row : rows) {
    csv.row({row.method, row.size, format("%.4f", row.ratio), format("%.4f", row.spread),
             format("%.3f", row.theirs_us), format("%.3f", row.ours_us),
             format("%.3g", row.difference)});
  }
  print_peers(options, report, rows);
}
