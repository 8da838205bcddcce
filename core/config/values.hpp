// Reading JSON objects against a table of keys: types, ranges and allowed words are
// data, and every sentence about a bad value is made in one place.

#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "../memory.hpp"
#include "../status.hpp"
#include "json.hpp"

namespace sched {

enum class KeyType { boolean, integer, number, text, numbers, integers, nothing };

// One key that an object may have.
struct KeySpec {
  const char* name;
  KeyType type;
  bool nullable = false;     // null is allowed, and is the default
  double number = 0.0;       // default of booleans, integers and numbers
  const char* word = "";     // default of texts
  const char* allowed = "";  // texts: "a | b | c"; shown to users for all types
  double low = -std::numeric_limits<double>::max();
  double high = std::numeric_limits<double>::max();
  bool low_excluded = false;
};

// What create collects where it is lenient; strict throws instead.
struct Notes {
  bool lenient = false;
  std::vector<std::string> warnings;

  void trouble(Status status, const std::string& sentence) {
    if (!lenient) throw Error(status, sentence);
    warnings.push_back(sentence);
  }
};

// The values of one object, defaults filled in.  Names must be in the table.
class Values {
 public:
  // Keys that begin with `_` are diffusers' own and accepted; others must be in `keys`.
  Values(const Json& object, const std::vector<KeySpec>& keys, const std::string& where,
         Notes& notes);

  bool given(const char* name) const { return at(name).given; }
  bool flag(const char* name) const { return at(name).number != 0.0; }
  int integer(const char* name) const { return static_cast<int>(at(name).number); }
  double number(const char* name) const { return at(name).number; }
  std::optional<double> maybe(const char* name) const;
  const std::string& text(const char* name) const { return at(name).text; }
  const List<double>& numbers(const char* name) const { return at(name).list; }
  List<int> integers(const char* name) const;

 private:
  struct Value {
    bool given = false;
    bool null = true;
    double number = 0.0;
    std::string text;
    List<double> list;
  };
  const Value& at(const char* name) const;
  void read(const Json& value, const KeySpec& key, Value& out) const;
  void read_text(const Json& value, const KeySpec& key, Value& out) const;
  void read_number(const Json& value, const KeySpec& key, Value& out) const;
  void read_list(const Json& value, const KeySpec& key, Value& out) const;

  const std::vector<KeySpec>& keys_;
  const std::string& where_;
  std::vector<Value> values_;
};

// The words of KeySpec::allowed.
std::vector<std::string> words_of(const std::string& allowed);

// The names in the table, as "a, b, c".
std::string names_of(const std::vector<KeySpec>& keys);

}  // namespace sched
