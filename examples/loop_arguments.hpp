// What a loop is started with, read from the JSON that diffusers' methods take as arguments.

#pragma once

#include <nlohmann/json_fwd.hpp>
#include <sched/sched.hpp>
#include <string>

// Parses `text`, which must be one JSON object.  Throws FileError; `what` names it there.
nlohmann::json parse_object(const std::string& text, const std::string& what);

// Puts the arguments of set_timesteps or step into `options`.
// Throws FileError for a key that the C ABI has no member for, or a value of the wrong type.
void read_arguments(const nlohmann::json& object, const std::string& what,
                    sched::InitOptions& options);

// The same for one argument; false, and nothing is changed, where there is no such member.
bool read_argument(const std::string& key, const nlohmann::json& value, const std::string& what,
                   sched::InitOptions& options);
