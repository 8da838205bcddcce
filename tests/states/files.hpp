// What one process leaves for another: a loop's samples and its saved states, before the first
// call and after each.

#ifndef SCHED_TESTS_STATES_FILES_HPP_
#define SCHED_TESTS_STATES_FILES_HPP_

#include "../api/support.hpp"

namespace states_test {

using namespace sched_test;

using Bytes = std::vector<std::uint8_t>;

struct SavedLoop {
  std::vector<Tensor> samples;
  std::vector<Bytes> states;
};

// Throw std::runtime_error with the name of the file.
Bytes read_file(const std::string& path);
void write_file(const std::string& path, const Bytes& bytes);
SavedLoop read_loop(const std::string& path, const sched_init_options& options);
void write_loop(const std::string& path, const SavedLoop& loop);

}  // namespace states_test

#endif  // SCHED_TESTS_STATES_FILES_HPP_
