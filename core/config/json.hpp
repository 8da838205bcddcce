// A JSON value, as the readers of configurations need it.  The text is parsed by nlohmann-json,
// whose own values allocate where they are destroyed, and so end a program that has no memory left.

#pragma once

#include <string>
#include <vector>

namespace sched {

class Json {
 public:
  struct Member;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;  // sorted by name
  enum class Type { null, boolean, number, string, array, object };

  Json() = default;
  explicit Json(bool value) : type_(Type::boolean), number_(value ? 1.0 : 0.0) {}
  explicit Json(double value) : type_(Type::number), number_(value) {}
  explicit Json(std::string value) : type_(Type::string), text_(std::move(value)) {}
  static Json empty_array() { return Json(Type::array); }
  static Json empty_object() { return Json(Type::object); }

  bool is_null() const { return type_ == Type::null; }
  bool is_boolean() const { return type_ == Type::boolean; }
  bool is_number() const { return type_ == Type::number; }
  bool is_string() const { return type_ == Type::string; }
  bool is_array() const { return type_ == Type::array; }
  bool is_object() const { return type_ == Type::object; }
  // "null", "boolean", "number", "string", "array" or "object".
  const char* type_name() const;

  // Of a value of that type.
  bool boolean() const { return number_ != 0.0; }
  double number() const { return number_; }
  const std::string& text() const { return text_; }
  const Array& items() const { return items_; }
  const Object& members() const { return members_; }

  // Of an object; nullptr where there is none of that name.
  const Json* find(const std::string& name) const;
  bool contains(const std::string& name) const { return find(name) != nullptr; }
  // Instead of the one that there is, if any.
  void set(const std::string& name, Json value);
  void erase(const std::string& name);
  // Takes over the members of another object.
  void update(const Json& other);

 private:
  friend class JsonBuilder;

  explicit Json(Type type) : type_(type) {}

  // No std::variant: libstdc++ 12 destroys one that is not there where to copy one throws.
  Type type_ = Type::null;
  double number_ = 0.0;
  std::string text_;
  Array items_;
  Object members_;
};

struct Json::Member {
  std::string name;
  Json value;
};

// Throws Error{json}.  Numbers that JSON cannot write (-Infinity, which Python's json writes for
// lambda_min_clipped) read as the text "-Infinity".
Json parse_json(const char* text, std::size_t length);
inline Json parse_json(const std::string& text) { return parse_json(text.data(), text.size()); }

}  // namespace sched
