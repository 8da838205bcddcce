#include "loop_arguments.hpp"

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "safetensors.hpp"

using nlohmann::json;

namespace {

using sched::InitOptions;

template <typename Member>
struct Key {
  const char* name;
  Member InitOptions::*member;
};

constexpr Key<std::optional<double>> kNumbers[] = {
    {"strength", &InitOptions::strength},
    {"mu", &InitOptions::mu},
    {"eta", &InitOptions::eta},
    {"s_churn", &InitOptions::s_churn},
    {"s_tmin", &InitOptions::s_tmin},
    {"s_tmax", &InitOptions::s_tmax},
    {"s_noise", &InitOptions::s_noise},
    {"max_timesteps", &InitOptions::max_timesteps},
    {"intermediate_timesteps", &InitOptions::intermediate_timesteps},
};
constexpr Key<std::int32_t> kIntegers[] = {
    {"num_inference_steps", &InitOptions::num_steps},
    {"order", &InitOptions::order},
    {"original_inference_steps", &InitOptions::original_inference_steps},
    {"num_train_timesteps", &InitOptions::num_train_timesteps},
    {"jump_length", &InitOptions::jump_length},
    {"jump_n_sample", &InitOptions::jump_n_sample},
};
constexpr Key<std::vector<double>> kLists[] = {
    {"timesteps", &InitOptions::timesteps},
    {"sigmas", &InitOptions::sigmas},
};
constexpr Key<bool> kFlags[] = {
    {"use_clipped_model_output", &InitOptions::use_clipped_model_output},
};

double number_of(const json& value, const std::string& what) {
  if (!value.is_number()) throw FileError(what + " is not a number");
  return value.get<double>();
}

std::int32_t integer_of(const json& value, const std::string& what) {
  if (!value.is_number_integer()) throw FileError(what + " is not a whole number");
  const double number = value.get<double>();
  if (number < 0 || number > std::numeric_limits<std::int32_t>::max())
    throw FileError(what + " is out of range");
  return static_cast<std::int32_t>(number);
}

std::vector<double> list_of(const json& value, const std::string& what) {
  if (!value.is_array()) throw FileError(what + " is not a list");
  std::vector<double> list;
  for (const json& entry : value) list.push_back(number_of(entry, what + ": entry"));
  return list;
}

bool flag_of(const json& value, const std::string& what) {
  if (!value.is_boolean()) throw FileError(what + " is not true or false");
  return value.get<bool>();
}

// Sets the member that `keys` has for `name`; false where it has none.
template <typename Member, std::size_t count, typename Convert>
bool set_member(const Key<Member> (&keys)[count], const std::string& name, const json& value,
                const std::string& what, Convert convert, InitOptions& options) {
  for (const Key<Member>& key : keys) {
    if (name != key.name) continue;
    options.*key.member = convert(value, what + ": " + name);
    return true;
  }
  return false;
}

}  // namespace

json parse_object(const std::string& text, const std::string& what) {
  json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  // The parser takes a zero byte for the end of the text.
  if (!object.is_object() || text.find('\0') != std::string::npos)
    throw FileError(what + " is not a JSON object");
  return object;
}

bool read_argument(const std::string& key, const json& value, const std::string& what,
                   InitOptions& options) {
  // SCM's null asks for even spacing.
  if (key == "intermediate_timesteps" && value.is_null()) {
    options.intermediate_timesteps = 0.0;
    return true;
  }
  return set_member(kNumbers, key, value, what, number_of, options) ||
         set_member(kIntegers, key, value, what, integer_of, options) ||
         set_member(kLists, key, value, what, list_of, options) ||
         set_member(kFlags, key, value, what, flag_of, options);
}

void read_arguments(const json& object, const std::string& what, InitOptions& options) {
  for (const auto& item : object.items()) {
    if (!read_argument(item.key(), item.value(), what, options))
      throw FileError("unsupported " + what + ": " + item.key());
  }
}
