#include "json.hpp"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "../status.hpp"

namespace sched {

namespace {

constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxText = 64u << 20;

bool is_before(const Json::Member& member, const std::string& name) { return member.name < name; }

// The first member that is not before `name`.
template <typename Members>
auto place_of(Members& members, const std::string& name) {
  return std::lower_bound(members.begin(), members.end(), name, is_before);
}

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

}  // namespace

// --------------------------------------------------------------------------- values

const char* Json::type_name() const {
  static constexpr const char* names[] = {"null", "boolean", "number", "string", "array", "object"};
  return names[static_cast<std::size_t>(type_)];
}

const Json* Json::find(const std::string& name) const {
  const auto place = place_of(members_, name);
  return place != members_.end() && place->name == name ? &place->value : nullptr;
}

void Json::set(const std::string& name, Json value) {
  const auto place = place_of(members_, name);
  if (place != members_.end() && place->name == name) {
    place->value = std::move(value);
  } else {
    members_.insert(place, {name, std::move(value)});
  }
}

void Json::erase(const std::string& name) {
  const auto place = place_of(members_, name);
  if (place != members_.end() && place->name == name) members_.erase(place);
}

void Json::update(const Json& other) {
  for (const Member& member : other.members()) set(member.name, member.value);
}

// -------------------------------------------------------------------------- reading

// What nlohmann-json's parser tells, put together.
class JsonBuilder {
 public:
  Json take() { return std::move(root_); }

  bool null() { return put(Json()); }
  bool boolean(bool value) { return put(Json(value)); }
  bool number_integer(std::int64_t value) { return put(Json(static_cast<double>(value))); }
  bool number_unsigned(std::uint64_t value) { return put(Json(static_cast<double>(value))); }
  bool number_float(double value, const std::string&) { return put(Json(value)); }
  bool string(std::string& value) { return put(Json(std::move(value))); }
  bool binary(nlohmann::json::binary_t&) { return false; }  // not in text

  bool start_array(std::size_t) { return open(Json::empty_array()); }
  bool start_object(std::size_t) { return open(Json::empty_object()); }
  bool end_array() {
    open_.pop_back();
    return true;
  }
  // The members of an open object are in the order of the text.
  bool key(std::string& name) {
    open_.back()->members_.push_back({std::move(name), Json()});
    return true;
  }
  bool end_object() {
    Json::Object& members = open_.back()->members_;
    open_.pop_back();
    const auto is_less = [](const Json::Member& a, const Json::Member& b) {
      return a.name < b.name;
    };
    const auto is_same = [](const Json::Member& a, const Json::Member& b) {
      return a.name == b.name;
    };
    std::sort(members.begin(), members.end(), is_less);
    const auto twice = std::adjacent_find(members.begin(), members.end(), is_same);
    if (twice == members.end()) return true;
    fail(Status::json, "the configuration has the key ", twice->name, " twice");
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
    fail(Status::json, "the configuration is not valid JSON: ", ascii_of(error.what()));
  }

 private:
  // Where the next value goes.
  Json& place() {
    if (open_.empty()) return root_;
    Json& parent = *open_.back();
    return parent.is_object() ? parent.members_.back().value : parent.items_.emplace_back();
  }
  bool put(Json value) {
    place() = std::move(value);
    return true;
  }
  bool open(Json value) {
    if (open_.size() > kMaxDepth) {
      fail(Status::json, "the configuration is nested more than ", kMaxDepth, " deep");
    }
    Json& at = place();
    at = std::move(value);
    open_.push_back(&at);
    return true;
  }

  Json root_;
  std::vector<Json*> open_;  // nothing is added to a parent while its child is open
};

Json parse_json(const char* text, std::size_t length) {
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
  const std::string quoted = quote_infinity(text, length);
  JsonBuilder builder;
  nlohmann::json::sax_parse(quoted.begin(), quoted.end(), &builder);
  return builder.take();
}

}  // namespace sched
