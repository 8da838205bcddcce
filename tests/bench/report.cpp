#include "report.hpp"

#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "text_table.hpp"

namespace {

// A cell with a comma or a quote in it.
std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\n") == std::string::npos) return cell;
  std::string text = "\"";
  for (const char c : cell) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + '"';
}

}  // namespace

CsvFile::CsvFile(const std::string& path, const std::string& header)
    : file_(std::fopen(path.c_str(), "w"), std::fclose) {
  if (file_ == nullptr) throw std::runtime_error("cannot write '" + path + "'");
  std::fprintf(file_.get(), "%s\n", header.c_str());
}

void CsvFile::row(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) line += (line.empty() ? "" : ",") + quoted(cell);
  std::fprintf(file_.get(), "%s\n", line.c_str());
  std::fflush(file_.get());
}

Report::Report(const std::string& folder) : folder_(folder) {
  std::filesystem::create_directories(folder);
}

std::string Report::path(const std::string& name) {
  files_.push_back(name);
  return folder_ + "/" + name;
}

CsvFile Report::csv(const std::string& name, const std::string& header) {
  return CsvFile(path(name), header);
}

void Report::text(const std::string& name, const std::string& content) {
  const std::string to = path(name);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(to.c_str(), "w"),
                                                             std::fclose);
  if (file == nullptr) throw std::runtime_error("cannot write '" + to + "'");
  std::fputs(content.c_str(), file.get());
}

void Report::picture(const std::string& name, const plot::Canvas& canvas) {
  canvas.save(path(name));
}

std::string Report::judge(const std::string& what, double value, const Target& target) {
  const bool is_met = target.at_least ? value >= target.value : value <= target.value;
  // What misses by less than it is rounded by is not rounded.
  const bool looks_met = short_text(value) == short_text(target.value);
  const std::string number = !is_met && looks_met ? format("%.5g", value) : short_text(value);
  const std::string text = number + (target.at_least ? " (>= " : " (<= ") +
                           short_text(target.value) + ")" + (is_met ? "" : " missed");
  if (is_met) {
    ++met_;
  } else {
    missed_.push_back(what + ": " + text);
  }
  return text;
}

void Report::print_end() const {
  if (met_ + static_cast<int>(missed_.size()) > 0) {
    std::printf("\nTargets: %d met, %zu missed\n", met_, missed_.size());
  }
  for (const std::string& line : missed_) std::printf("  %s\n", line.c_str());
  std::printf("\nIn %s:", folder_.c_str());
  for (const std::string& name : files_) std::printf(" %s", name.c_str());
  std::printf("\n");
}

std::string short_text(double value) {
  if (std::isnan(value)) return "-";
  if (std::fabs(value) < 0.01) return format("%.2g", value);
  const int before = static_cast<int>(std::floor(std::log10(std::fabs(value)))) + 1;
  const int digits = before <= 1 ? 2 : before == 2 ? 1 : 0;
  return format("%.*f", before < 0 ? 3 : digits, value);
}

std::string spread_text(const Spread& spread) {
  return short_text(spread.median) + " +- " + short_text(spread.half());
}
