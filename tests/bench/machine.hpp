// On what and with what was measured.

#pragma once

#include <cstdint>
#include <string>

// Lines of "name: value".
std::string machine_text();

// Bytes that can be allocated without driving anything out; a guess where the system does not say.
int64_t available_bytes();
