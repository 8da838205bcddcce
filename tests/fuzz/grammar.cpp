#include "grammar.hpp"

#include "support.hpp"

namespace fuzz {

namespace {

struct Key {
  std::string name;
  std::string type;                // of sched_option_info
  std::vector<std::string> words;  // of a string, where it is one of some
};

struct Method {
  std::string name;
  bool is_class = false;
  std::vector<Key> keys;
};

// "a<separator>b<separator>c"
std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t to = std::min(text.find(separator, from), text.size());
    parts.push_back(text.substr(from, to - from));
    from = to + separator.size();
  }
  return parts;
}

// ------------------------------------------------------------ what the library knows

Method method_at(std::int32_t index) {
  sched_method_info info = SCHED_METHOD_INFO_INIT;
  sched_method_at(index, &info);
  Method method;
  method.is_class = *info.class_name != '\0';
  method.name = method.is_class ? info.class_name : info.name;
  for (std::int32_t i = 0; i < sched_option_count(index); ++i) {
    sched_option_info option = SCHED_OPTION_INFO_INIT;
    sched_option_at(index, i, &option);
    if (option.at_init != 0) continue;
    const bool is_word = std::string(option.type) == "string";
    method.keys.push_back({option.name, option.type,
                           is_word ? split(option.allowed, " | ") : std::vector<std::string>{}});
  }
  return method;
}

std::vector<Method> methods_that(bool are_classes) {
  std::vector<Method> methods;
  for (std::int32_t i = 0; i < sched_method_count(); ++i) {
    Method method = method_at(i);
    if (method.is_class == are_classes) methods.push_back(std::move(method));
  }
  return methods;
}

// What sched_create() says of a text that it refuses.
std::string refusal(const std::string& text) {
  std::vector<char> sentence(8192);
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  options.message = sentence.data();
  options.message_capacity = sentence.size();
  sched_scheduler* made = nullptr;
  sched_create(text.data(), text.size(), &options, &made);
  sched_free(made);
  return sentence.data();
}

std::vector<std::string> after(const std::string& sentence, const std::string& marker,
                               const std::string& separator) {
  const std::size_t found = sentence.find(marker);
  if (found == std::string::npos) return {};
  return split(sentence.substr(found + marker.size()), separator);
}

// The kind of a section's key, from how the library refuses a word for it.
Key probed(const std::string& section, const std::string& name) {
  const std::string sentence =
      refusal(R"({"solver": "euler", ")" + section + R"(": {")" + name + R"(": "?"}})");
  Key key{name, "number", after(sentence, "; allowed are ", " | ")};
  if (!key.words.empty()) key.type = "string";
  for (const auto& [words, type] :
       {std::pair("a list", "list"), {"true or false", "boolean"}, {"a whole number", "integer"}}) {
    if (sentence.find(std::string("must be ") + words) != std::string::npos) key.type = type;
  }
  return key;
}

std::vector<Key> keys_of_section(const std::string& section) {
  const std::string sentence = refusal(R"({"solver": "euler", ")" + section + R"(": {"?": 0}})");
  std::vector<Key> keys;
  for (const std::string& name : after(sentence, "known are ", ", ")) {
    keys.push_back(probed(section, name));
  }
  demand(!keys.empty(), "the keys of a section are listed where one is unknown");
  return keys;
}

struct Grammar {
  std::vector<Method> classes = methods_that(true);
  std::vector<Method> solvers = methods_that(false);
  std::vector<Key> schedule = keys_of_section("schedule");
  std::vector<Key> grid = keys_of_section("grid");
  std::vector<Key> parameterization = keys_of_section("parameterization");
  std::vector<std::string> quirks =
      after(refusal(R"({"solver": "euler", "quirks": ["?"]})"), "known are ", ", ");
};

const Grammar& grammar() {
  static const Grammar known;
  return known;
}

// ------------------------------------------------------------------------- values

template <typename Entry>
const Entry& chosen(Bytes& b, const std::vector<Entry>& entries) {
  return entries[b.index(entries.size())];
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string number_text(Bytes& b, bool is_whole) {
  static const std::vector<std::string> whole = {
      "0",   "1",    "2",  "3", "4",       "5",          "6",           "10",  "50",
      "100", "1000", "-1", "7", "1000000", "2147483647", "-2147483649", "1e30"};
  static const std::vector<std::string> real = {
      "0",    "1",     "0.5",  "0.25", "2",      "3",       "7",     "80",   "0.002", "0.00085",
      "0.02", "0.995", "14.6", "1000", "0.0001", "1e-9",    "1e6",   "1e30", "-1",    "-0.5",
      "1.15", "0.999", "0.9",  "1e-3", "5e-324", "1.7e308", "1e-30", "100",  "0.1",   "1e400"};
  if (b.is_rare(8)) return std::to_string(b.raw<std::int16_t>() / 64.0);
  return chosen(b, is_whole ? whole : real);
}

std::string list_text(Bytes& b) {
  const unsigned count = b.byte() % 7u;
  std::string text = "[";
  double falling = b.byte() / 8.0;
  for (unsigned i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    text += b.is_rare(8) ? number_text(b, false) : std::to_string(falling);
    falling = falling * (b.byte() / 256.0);
  }
  return text + "]";
}

std::string value_text(Bytes& b, const Key& key) {
  static const std::vector<std::string> odd = {"null", "true",          "\"\"",      "[]",   "{}",
                                               "0",    "\"-Infinity\"", "-Infinity", "[[1]]"};
  if (b.is_rare(16)) return chosen(b, odd);
  if (key.type == "boolean") return b.flag() ? "true" : "false";
  if (key.type == "string" && !key.words.empty()) return quoted(chosen(b, key.words));
  if (key.type == "string") return "\"x\"";
  if (key.type == "list") return list_text(b);
  return number_text(b, key.type == "integer");
}

// Members of an object: up to four keys, none twice.
std::string members(Bytes& b, const std::vector<Key>& keys) {
  std::string text;
  if (keys.empty()) return text;
  const unsigned count = b.byte() % 5u;
  std::size_t at = b.index(keys.size());
  for (unsigned i = 0; i < count && i < keys.size(); ++i) {
    const Key& key = keys[at % keys.size()];
    text += ", " + quoted(key.name) + ": " + value_text(b, key);
    // Apart by less than all of them together, so that none comes again.
    at += 1 + b.byte() % (keys.size() / 4 + 1);
    if (i + 1 < count && at % keys.size() == 0) break;
  }
  return text;
}

std::string class_text(Bytes& b) {
  const Method& method = chosen(b, grammar().classes);
  return R"({"_class_name": )" + quoted(method.name) + members(b, method.keys) + "}";
}

// ----------------------------------------------------------------------- sections

std::string solver_text(Bytes& b) {
  if (b.is_rare(4)) {
    sched_name_info info = SCHED_NAME_INFO_INIT;
    sched_name_at(static_cast<std::int32_t>(b.index(static_cast<std::size_t>(sched_name_count()))),
                  &info);
    return quoted(info.name);
  }
  const Method& method = chosen(b, grammar().solvers);
  return R"({"name": )" + quoted(method.name) + members(b, method.keys) + "}";
}

std::string section_text(Bytes& b, const char* first, const std::vector<Key>& keys) {
  if (b.flag()) return "{" + std::string(members(b, keys)).erase(0, 2) + "}";
  for (const Key& key : keys) {
    if (key.name != first) continue;
    const std::string text = quoted(chosen(b, key.words));
    if (b.flag()) return text;
    std::vector<Key> others;
    for (const Key& other : keys) {
      if (other.name != first) others.push_back(other);
    }
    return "{" + quoted(first) + ": " + text + members(b, others) + "}";
  }
  return "{}";
}

std::string composition_text(Bytes& b) {
  const Grammar& known = grammar();
  std::string text = R"({"solver": )" + solver_text(b);
  const unsigned sections = b.byte();
  if ((sections & 1u) != 0) {
    text += R"(, "schedule": )" +
            (b.is_rare(4) ? class_text(b) : section_text(b, "type", known.schedule));
  }
  if ((sections & 2u) != 0) text += R"(, "grid": )" + section_text(b, "shape", known.grid);
  if ((sections & 4u) != 0) {
    text += R"(, "parameterization": )" + section_text(b, "prediction", known.parameterization);
  }
  if ((sections & 56u) == 8u) text += R"(, "quirks": [)" + quoted(chosen(b, known.quirks)) + "]";
  return text + "}";
}

}  // namespace

std::string configuration(Bytes& choices) {
  return choices.is_rare(3) ? class_text(choices) : composition_text(choices);
}

const std::vector<std::string>& usual_configurations() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> texts;
    for (const Method& m : grammar().classes)
      texts.push_back(R"({"_class_name": ")" + m.name + "\"}");
    for (const Method& m : grammar().solvers) texts.push_back(R"({"solver": ")" + m.name + "\"}");
    const std::string latent = R"("beta_start": 0.00085, "beta_end": 0.012, )";
    for (const char* rest : {
             R"("_class_name": "DDIMScheduler", "thresholding": true, "sample_max_value": 1.5})",
             R"("_class_name": "DDPMScheduler", "variance_type": "learned_range"})",
             R"("_class_name": "DDIMScheduler", "rescale_betas_zero_snr": true,
                "prediction_type": "v_prediction", "timestep_spacing": "trailing"})",
             R"("_class_name": "DPMSolverMultistepScheduler", "use_karras_sigmas": true,
                "algorithm_type": "sde-dpmsolver++", "solver_order": 3})",
             R"("_class_name": "UniPCMultistepScheduler", "use_flow_sigmas": true, "flow_shift": 3,
                "prediction_type": "flow_prediction"})",
         }) {
      texts.push_back("{" + latent + rest);
    }
    texts.push_back(R"({"_class_name": "FlowMatchEulerDiscreteScheduler",
                        "use_dynamic_shifting": true, "shift_terminal": 0.1})");
    texts.push_back(R"({"solver": "dpmpp_2m", "schedule": "tableless", "grid": {"shape": "karras",
                        "sigma_min": 0.002, "sigma_max": 80}})");
    texts.push_back(R"({"solver": "unipc", "schedule": "flow", "grid": {"shift": 3}})");
    return texts;
  }();
  return all;
}

}  // namespace fuzz
