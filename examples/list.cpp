#include "list.hpp"

#include <cstdio>
#include <sched/sched.hpp>
#include <vector>

#include "text_table.hpp"
#include "usage_error.hpp"

namespace {

using Align = TextTable::Align;

const char* text_or_empty(const char* text) { return text == nullptr ? "" : text; }

const char* stochastic_word(std::int32_t stochastic) {
  if (stochastic == 0) return "never";
  return stochastic == 1 ? "option" : "always";
}

// Words separated by commas, broken into lines that begin with `indent`.
std::string wrapped(const std::vector<std::string>& words, const std::string& indent) {
  constexpr std::size_t kWidth = 98;
  std::string text, line = indent;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i] + (i + 1 < words.size() ? "," : "");
    if (line.size() > indent.size() && line.size() + 1 + word.size() > kWidth) {
      text += line + "\n";
      line = indent;
    }
    line += (line.size() > indent.size() ? " " : "") + word;
  }
  return text + line;
}

std::string known_names() {
  std::vector<std::string> solvers, classes;
  for (const sched_method_info& info : sched::methods()) {
    const bool is_class = *text_or_empty(info.class_name) != '\0';
    (is_class ? classes : solvers).push_back(is_class ? info.class_name : info.name);
  }
  return "solvers:\n" + wrapped(solvers, "  ") + "\nclasses:\n" + wrapped(classes, "  ");
}

int list_methods() {
  TextTable table({Align::left, Align::left, Align::right, Align::right, Align::right, Align::left,
                   Align::right, Align::left});
  table.add_row({"solver", "class", "calls/step", "rows", "draws", "stochastic", "order", "paper"});
  for (const sched_method_info& info : sched::methods()) {
    table.add_row({text_or_empty(info.name), text_or_empty(info.class_name),
                   std::to_string(info.calls_per_step), std::to_string(info.memory_rows),
                   std::to_string(info.draws_per_step), stochastic_word(info.stochastic),
                   std::to_string(info.max_order), text_or_empty(info.paper)});
  }
  table.print();
  std::printf(
      "\n%d methods.  calls/step: model calls per step; rows: sample-sized rows kept;\n"
      "draws: normal draws per step; all at most.  `sched list NAME` shows the options.\n",
      sched_method_count());
  return 0;
}

// Those that a file with nothing but the class has.
void list_quirks(const sched_method_info& info) {
  if (*text_or_empty(info.class_name) == '\0') return;
  const sched::Scheduler scheduler(std::string("{\"_class_name\": \"") + info.class_name + "\"}");
  for (const std::string& name : scheduler.quirks())
    std::printf("\nquirk %s: %s", name.c_str(), sched::quirk_description(name).c_str());
  std::printf("\n");
}

int list_options(std::int32_t method) {
  const sched_method_info info = sched::method_at(method);
  std::printf("%s (%s)\n%s\n\n", text_or_empty(info.name), text_or_empty(info.class_name),
              text_or_empty(info.paper));
  TextTable table({Align::left, Align::left, Align::left, Align::left, Align::left});
  table.add_row({"option", "given in", "type", "default", "allowed"});
  for (const sched_option_info& option : sched::options_of(method)) {
    table.add_row({text_or_empty(option.name), option.at_init != 0 ? "init" : "configuration",
                   text_or_empty(option.type), text_or_empty(option.default_value),
                   text_or_empty(option.allowed)});
  }
  table.print();
  list_quirks(info);
  return 0;
}

}  // namespace

int run_list(const std::string& name) {
  if (name.empty()) return list_methods();
  const auto method = sched::find_method(name);
  if (!method)
    throw UsageError("no solver or class '" + printable(name) + "'; there are\n" + known_names());
  return list_options(*method);
}
