// Where results go: files in one folder, and targets that are met or missed.

#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "plot.hpp"
#include "statistics.hpp"

struct Target {
  double value = 0.0;
  bool at_least = true;  // else at most
};

class CsvFile {
 public:
  // Throws std::runtime_error naming the file.
  CsvFile(const std::string& path, const std::string& header);
  void row(const std::vector<std::string>& cells);

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

class Report {
 public:
  explicit Report(const std::string& folder);

  CsvFile csv(const std::string& name, const std::string& header);
  void text(const std::string& name, const std::string& content);
  void picture(const std::string& name, const plot::Canvas& canvas);

  // "0.93 (>= 0.90)", and counts whether it was met.
  std::string judge(const std::string& what, double value, const Target& target);
  // How many targets were met, which were missed, and what was written.
  void print_end() const;

 private:
  std::string path(const std::string& name);

  std::string folder_;
  std::vector<std::string> files_;
  int met_ = 0;
  std::vector<std::string> missed_;
};

// Two or three digits: "0.0042", "0.93", "12.4", "376".
std::string short_text(double value);
// "0.93 +- 0.01"
std::string spread_text(const Spread& spread);
