// What the fuzzers of the C ABI share: handles, tensors whose memory is exactly theirs, and what
// has to hold after a call.

#pragma once

#include <sched/sched.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bytes.hpp"

namespace fuzz {

// Ends the process with the sentence where it does not hold, which a fuzzer reports as a crash.
void demand(bool holds, const char* sentence);

struct FreeScheduler {
  void operator()(sched_scheduler* scheduler) const { sched_free(scheduler); }
};
struct FreeState {
  void operator()(sched_state* state) const { sched_state_free(state); }
};
using Scheduler = std::unique_ptr<sched_scheduler, FreeScheduler>;
using State = std::unique_ptr<sched_state, FreeState>;

// The sentence of a call that makes a handle.
class Message {
 public:
  Message();
  char* data() { return text_.data(); }
  std::uint64_t capacity() const { return text_.size(); }
  // Ended by a zero; empty where nothing was written.
  std::string text() const;

 private:
  std::vector<char> text_;
};

// Says what an input means, where FUZZ_VERBOSE is set in the environment.
void show(std::string_view config);

// A status that the ABI documents, and with it a sentence.
void check_status(sched_status status);
void check_sentence(const std::string& sentence);
// What has to hold after any call on a state.
void check_state_call(const sched_state* state, sched_status status);

// sched_create() with its checks, and every question about the scheduler that it made.
Scheduler create(std::string_view config, bool lenient, Message& message);
// sched_init() with its checks; `options` has the message.
State init(const sched_scheduler* scheduler, sched_init_options options, sched_status& status);
// Every question about a loop.
void ask(sched_state* state);

std::size_t width_of(std::int32_t dtype);

// A tensor with exactly as much memory as it needs, so that a sanitizer sees what is beyond.
class Tensor {
 public:
  Tensor(std::int32_t dtype, std::int64_t batch, std::int64_t elements);
  // Values between -2 and 2, from `seed`.
  void fill(std::uint32_t seed);
  sched_tensor* get() { return &tensor_; }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
  sched_tensor tensor_;
};

std::vector<std::uint8_t> save(sched_state* state);

}  // namespace fuzz
