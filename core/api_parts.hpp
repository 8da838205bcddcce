// What every extern "C" function shares: the handles, exceptions as codes, and structs that
// may be older or newer than this version.

#pragma once

#include <sched/sched.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

#include "state.hpp"

struct sched_scheduler {
  std::shared_ptr<const sched::Scheduler> inner;

  const sched::Memory& memory() const { return inner->memory; }
};

struct sched_state {
  sched_state(std::shared_ptr<const sched::Loop> loop, sched::Owner<sched::Executor> executor)
      : inner(std::move(loop), std::move(executor)) {}
  explicit sched_state(const sched::State& other) : inner(other) {}

  const sched::Memory& memory() const { return inner.loop().scheduler->memory; }

  sched::State inner;
  // Whether a call is inside: see Entrance.
  mutable std::atomic<bool> entered{false};
};

namespace sched::api {

// Runs `body` and hands the sentence of any failure to `report`, which may not throw.
template <typename Body, typename Report>
sched_status guarded(const Body& body, const Report& report) noexcept {
  try {
    body();
    return SCHED_OK;
  } catch (const Error& error) {
    report(error.what());
    return static_cast<sched_status>(error.status());
  } catch (const std::bad_alloc&) {
    report("out of memory");
    return SCHED_ERROR_MEMORY;
  } catch (const std::exception& error) {
    report(error.what());
    return SCHED_ERROR_INTERNAL;
  } catch (...) {
    report("an exception that is none of the library's");
    return SCHED_ERROR_INTERNAL;
  }
}

template <typename Body>
sched_status guarded(const Body& body) noexcept {
  return guarded(body, [](const char*) {});
}

// A handle is in the memory of its scheduler, until it is freed.
template <typename Handle, typename... Arguments>
Handle* new_handle(const Memory& memory, Arguments&&... arguments) {
  return make_owner<Handle>(memory, std::forward<Arguments>(arguments)...).release();
}

template <typename Handle>
void free_handle(Handle* handle) noexcept {
  if (handle == nullptr) return;
  const Destroy destroy{handle->memory(), handle, sizeof(Handle), alignof(Handle)};
  destroy(handle);
}

inline void write_message(char* buffer, uint64_t capacity, const char* sentence) {
  if (buffer == nullptr || capacity == 0) return;
  std::size_t length = std::min<uint64_t>(std::strlen(sentence), capacity - 1);
  // Never a part of a character: the rest of one begins with the bits 10.
  while (length > 0 && (static_cast<unsigned char>(sentence[length]) & 0xc0u) == 0x80u) --length;
  std::memcpy(buffer, sentence, length);
  buffer[length] = '\0';
}

// Into a state, where no other call is: another thread's, or one below us on the stack that called
// the caller back.
class Entrance {
 public:
  explicit Entrance(const sched_state& state)
      : entered_(state.entered), is_open_(!entered_.exchange(true, std::memory_order_acquire)) {}
  ~Entrance() {
    if (is_open_) entered_.store(false, std::memory_order_release);
  }
  Entrance(const Entrance&) = delete;
  Entrance& operator=(const Entrance&) = delete;

  bool is_open() const { return is_open_; }

 private:
  std::atomic<bool>& entered_;
  bool is_open_;
};

// One that is refused leaves no sentence: the state is another's.
template <typename StatePointer, typename Body>
sched_status guarded_state(StatePointer* state, const Body& body) noexcept {
  if (state == nullptr) return SCHED_ERROR_ARGUMENT;
  const Entrance entrance(*state);
  if (!entrance.is_open()) return SCHED_ERROR_IN_USE;
  return guarded([&] { body(state->inner); },
                 [&](const char* sentence) { state->inner.set_error(sentence); });
}

// What changes from call to call, or `otherwise` where there is no state, or a call is inside it.
template <typename Value, typename Get>
Value read_state(const sched_state* state, Value otherwise, const Get& get) noexcept {
  if (state == nullptr) return otherwise;
  const Entrance entrance(*state);
  return entrance.is_open() ? get(state->inner) : otherwise;
}

inline void need(bool condition, const char* sentence) {
  if (!condition) fail(Status::argument, sentence);
}

// A struct of this version, read up to the size that the caller knows: that of an older version,
// this one's, or a later one's.
template <typename Struct>
Struct read_struct(const Struct* given, std::size_t least, const Struct& defaults,
                   const char* name) {
  // Structs have grown by whole members, and end on a whole word.
  const bool known = given->struct_size >= least && given->struct_size % alignof(Struct) == 0;
  if (!known || given->struct_size > 4096) {
    fail(Status::struct_size, name, ".struct_size is ", given->struct_size, "; it must be ",
         sizeof(Struct), " (use the _INIT macro)");
  }
  Struct copy = defaults;
  std::memcpy(&copy, given, std::min<std::size_t>(given->struct_size, sizeof(Struct)));
  return copy;
}

// Copies a struct of this version into a caller's that may be older or newer.
template <typename Struct>
sched_status give_struct(Struct value, std::size_t least, Struct* out) {
  if (out->struct_size < least || out->struct_size > 4096) return SCHED_ERROR_STRUCT_SIZE;
  value.struct_size = out->struct_size;
  std::memcpy(out, &value, std::min<std::size_t>(out->struct_size, sizeof value));
  return SCHED_OK;
}

template <typename Struct>
void give_checked(const Struct& value, Struct* out, const char* name) {
  if (give_struct(value, sizeof(Struct), out) == SCHED_OK) return;
  fail(Status::struct_size, name, ".struct_size is ", out->struct_size, "; it must be ",
       sizeof(Struct));
}

inline bool checked_flag(int32_t value, const char* name) {
  if (value != 0 && value != 1) fail(Status::value, name, " is ", value, "; allowed are 0 and 1");
  return value == 1;
}

}  // namespace sched::api
