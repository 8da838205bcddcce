// Short ways to write one line of a table of keys.

#pragma once

#include "values.hpp"

namespace sched {

using Keys = std::vector<KeySpec>;

inline Keys operator+(Keys a, const Keys& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline KeySpec boolean(const char* name, bool value) {
  return {name, KeyType::boolean, false, value ? 1.0 : 0.0, "", "true | false"};
}
inline KeySpec optional_boolean(const char* name) {
  return {name, KeyType::boolean, true, 0.0, "", "true | false | null"};
}
inline KeySpec whole(const char* name, int value, double low, double high) {
  return {name, KeyType::integer, false, static_cast<double>(value), "", "", low, high};
}
inline KeySpec optional_whole(const char* name, double low, double high) {
  return {name, KeyType::integer, true, 0.0, "", "", low, high};
}
inline KeySpec real(const char* name, double value, double low, double high,
                    bool excluded = false) {
  return {name, KeyType::number, false, value, "", "", low, high, excluded};
}
inline KeySpec optional_real(const char* name, double low, double high, bool excluded = false) {
  return {name, KeyType::number, true, 0.0, "", "", low, high, excluded};
}
inline KeySpec choice(const char* name, const char* value, const char* allowed) {
  return {name, KeyType::text, false, 0.0, value, allowed};
}
inline KeySpec whole_list(const char* name, double low, double high) {
  return {name, KeyType::integers, false, 0.0, "", "", low, high};
}
inline KeySpec optional_list(const char* name, double low, double high) {
  return {name, KeyType::numbers, true, 0.0, "", "", low, high};
}

}  // namespace sched
