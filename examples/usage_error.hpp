// The command line asks for something that does not exist; the program ends with code 2.

#pragma once

#include <stdexcept>

class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
