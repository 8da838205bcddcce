// A table of text whose columns are as wide as their widest cell.

#pragma once

#include <string>
#include <vector>

class TextTable {
 public:
  enum class Align { left, right };

  explicit TextTable(std::vector<Align> columns) : columns_(std::move(columns)) {}

  // Missing cells are empty.
  void add_row(std::vector<std::string> cells);
  void print() const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// printf into a string.
std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

// `text` with control characters replaced, so that a file cannot steer the terminal.
std::string printable(std::string text);
