#include "values.hpp"

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

namespace sched {

using nlohmann::json;

namespace {

constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxText = 64u << 20;

// Outside of strings, -Infinity becomes "-Infinity".
std::string quote_infinity(const char* text, std::size_t length) {
  static constexpr char word[] = "-Infinity";
  constexpr std::size_t size = sizeof(word) - 1;
  std::string out;
  out.reserve(length + 16);
  bool in_string = false;
  for (std::size_t i = 0; i < length; ++i) {
    if (!in_string && length - i >= size && std::memcmp(text + i, word, size) == 0) {
      out += "\"-Infinity\"";
      i += size - 1;
      continue;
    }
    if (in_string && text[i] == '\\' && i + 1 < length) {
      out += text[i++];
    } else if (text[i] == '"') {
      in_string = !in_string;
    }
    out += text[i];
  }
  return out;
}

// The parser quotes what it stopped at, which need not be UTF-8.
std::string ascii_of(std::string sentence) {
  for (char& c : sentence) {
    if ((static_cast<unsigned char>(c) & 0x80u) != 0) c = '?';
  }
  return sentence;
}

const char* type_name(KeyType type) {
  switch (type) {
    case KeyType::boolean:
      return "true or false";
    case KeyType::integer:
      return "a whole number";
    case KeyType::number:
      return "a number";
    case KeyType::text:
      return "a string";
    case KeyType::numbers:
      return "a list of numbers";
    case KeyType::integers:
      return "a list of whole numbers";
    case KeyType::nothing:
      break;
  }
  return "null";
}

[[noreturn]] void wrong_type(const std::string& where, const KeySpec& key, const json& value) {
  fail(Status::type, where, key.name, " must be ", type_name(key.type),
       key.nullable ? " or null" : "", ", but is ",
       value == "-Infinity" ? "-Infinity" : value.type_name());
}

bool is_allowed(const char* allowed, const std::string& word) {
  if (*allowed == '\0') return true;
  const std::string padded = std::string(" ") + allowed + " ";
  return word.find(' ') == std::string::npos && !word.empty() &&
         padded.find(" " + word + " ") != std::string::npos && word != "|";
}

}  // namespace

json parse_json(const char* text, std::size_t length) {
  if (length > kMaxText) {
    fail(Status::json, "the configuration has ", length, " bytes; at most ", kMaxText,
         " are allowed");
  }
  // The parser would take it for the end.
  if (std::memchr(text, '\0', length) != nullptr) {
    fail(Status::json,
         "the configuration is not valid JSON: it has a zero byte (length counts the "
         "text only, not a final zero)");
  }
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kMaxDepth) {
      fail(Status::json, "the configuration is nested more than ", kMaxDepth, " deep");
    }
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key &&
        !keys.back().insert(parsed.get<std::string>()).second) {
      fail(Status::json, "the configuration has the key ", parsed.get<std::string>(), " twice");
    }
    return true;
  };
  try {
    const std::string quoted = quote_infinity(text, length);
    return json::parse(quoted.begin(), quoted.end(), check);
  } catch (const json::exception& error) {
    fail(Status::json, "the configuration is not valid JSON: ", ascii_of(error.what()));
  }
}

std::vector<std::string> words_of(const std::string& allowed) {
  std::vector<std::string> words;
  for (std::size_t from = 0; from < allowed.size();) {
    const std::size_t to = std::min(allowed.find(" | ", from), allowed.size());
    words.push_back(allowed.substr(from, to - from));
    from = to + 3;
  }
  return words;
}

std::string names_of(const std::vector<KeySpec>& keys) {
  std::string names;
  for (const KeySpec& key : keys) names += (names.empty() ? "" : ", ") + std::string(key.name);
  return names;
}

Values::Values(const json& object, const std::vector<KeySpec>& keys, const std::string& where,
               Notes& notes)
    : keys_(keys), where_(where), values_(keys.size()) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    values_[i].number = keys[i].number;
    values_[i].text = keys[i].word;
    values_[i].null = keys[i].nullable;
  }
  for (const auto& [name, value] : object.items()) {
    if (!name.empty() && name[0] == '_') continue;
    std::size_t i = 0;
    while (i < keys.size() && name != keys[i].name) ++i;
    if (i == keys.size()) {
      notes.trouble(Status::unknown_key,
                    text_of(where, "unknown key ", name, "; known are ", names_of(keys)));
      continue;
    }
    read(value, keys[i], values_[i]);
  }
}

const Values::Value& Values::at(const char* name) const {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (std::strcmp(keys_[i].name, name) == 0) return values_[i];
  }
  fail(Status::internal, "the key ", name, " is in no table");
}

std::optional<double> Values::maybe(const char* name) const {
  const Value& value = at(name);
  if (value.null) return std::nullopt;
  return value.number;
}

std::vector<int> Values::integers(const char* name) const {
  const std::vector<double>& list = numbers(name);
  return {list.begin(), list.end()};
}

void Values::read(const json& value, const KeySpec& key, Value& out) const {
  if (value.is_null()) {
    if (!key.nullable) wrong_type(where_, key, value);
    out.null = true;
    return;
  }
  out.given = true;
  out.null = false;
  switch (key.type) {
    case KeyType::boolean:
      if (!value.is_boolean()) wrong_type(where_, key, value);
      out.number = value.get<bool>() ? 1.0 : 0.0;
      return;
    case KeyType::text:
      return read_text(value, key, out);
    case KeyType::integer:
    case KeyType::number:
      return read_number(value, key, out);
    case KeyType::numbers:
    case KeyType::integers:
      return read_list(value, key, out);
    case KeyType::nothing:
      wrong_type(where_, key, value);
  }
}

void Values::read_text(const json& value, const KeySpec& key, Value& out) const {
  if (!value.is_string()) wrong_type(where_, key, value);
  out.text = value.get<std::string>();
  if (!is_allowed(key.allowed, out.text)) {
    fail(Status::value, where_, key.name, " is \"", out.text, "\"; allowed are ", key.allowed);
  }
}

void Values::read_number(const json& value, const KeySpec& key, Value& out) const {
  const bool minus_infinity =
      value.is_string() && std::isinf(key.low) && value.get<std::string>() == "-Infinity";
  if (!value.is_number() && !minus_infinity) wrong_type(where_, key, value);
  out.number = minus_infinity ? -INFINITY : value.get<double>();
  if (key.type == KeyType::integer && out.number != std::floor(out.number)) {
    wrong_type(where_, key, value);
  }
  const bool above = key.low_excluded ? out.number > key.low : out.number >= key.low;
  if (!above || !(out.number <= key.high)) {
    fail(Status::value, where_, key.name, " is ", out.number, "; allowed are numbers ",
         key.low_excluded ? "above " : "from ", key.low, " to ", key.high);
  }
}

void Values::read_list(const json& value, const KeySpec& key, Value& out) const {
  if (!value.is_array()) wrong_type(where_, key, value);
  out.list.clear();
  KeySpec entry = key;
  entry.type = key.type == KeyType::integers ? KeyType::integer : KeyType::number;
  for (const json& item : value) {
    Value one;
    read_number(item, entry, one);
    out.list.push_back(one.number);
  }
}

}  // namespace sched
