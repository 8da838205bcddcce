// Saved states, byte by byte.  Numbers are little-endian; counts are signed, sizes and hashes not.
//
//   offset  size
//        0     8  "SCHEDSTA"
//        8     4  version of this format, 3
//       12     4  size of this header, 112
//       16     8  fingerprint (fingerprint_of() in loop.cpp): FNV-1a of shape, seeds, types of
//       sample
//                  and rows, and of every level, time and weight of the loop
//       24     8  model calls done
//       32     8  size of the memory rows, n
//       40    40  loops that choose their own steps: log SNR at which the next attempt begins, its
//                  step in log SNR, three inverse errors (float64); zeros for others, as all up to
//                  112
//       80    24  attempts accepted, attempts rejected, draws taken (8 bytes each)
//      104     8  stage of the next call, 1 where the loop is done (4 bytes each)
//      112     n  memory rows, slot by slot, [batch, elements] each, in the type that init gave
//      them
//    112+n     8  FNV-1a of everything before
//
// What is read is checked in this order: size and magic, checksum (damaged); version, fingerprint
// (mismatch); sizes, counts, zeros and attempts that contradict each other (damaged).

#include <algorithm>
#include <cstring>

#include "hash.hpp"
#include "state.hpp"

namespace sched {

namespace {

constexpr char kMagic[9] = "SCHEDSTA";
constexpr std::uint32_t kVersion = 3;
constexpr std::uint64_t kHeader = 112;
constexpr std::uint64_t kControl = 40;
constexpr std::uint64_t kChecksum = 8;

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "saved states are little-endian; this machine needs byte swaps here"
#endif

template <typename T>
void put(unsigned char* bytes, std::uint64_t offset, T value) {
  std::memcpy(bytes + offset, &value, sizeof value);
}

template <typename T>
T get(const unsigned char* bytes, std::uint64_t offset) {
  T value;
  std::memcpy(&value, bytes + offset, sizeof value);
  return value;
}

void put_control(unsigned char* bytes, const Control& control) {
  put(bytes, kControl, control.position);
  put(bytes, kControl + 8, control.step);
  for (std::uint64_t i = 0; i < 3; ++i) {
    put(bytes, kControl + 16 + 8 * i, control.inverse_error[i]);
  }
  put(bytes, kControl + 40, control.accepted);
  put(bytes, kControl + 48, control.rejected);
  put(bytes, kControl + 56, control.draws);
  put(bytes, kControl + 64, control.stage);
  put(bytes, kControl + 68, control.finished);
}

Control get_control(const unsigned char* bytes) {
  Control control;
  control.position = get<double>(bytes, kControl);
  control.step = get<double>(bytes, kControl + 8);
  for (std::uint64_t i = 0; i < 3; ++i) {
    control.inverse_error[i] = get<double>(bytes, kControl + 16 + 8 * i);
  }
  control.accepted = get<std::int64_t>(bytes, kControl + 40);
  control.rejected = get<std::int64_t>(bytes, kControl + 48);
  control.draws = get<std::int64_t>(bytes, kControl + 56);
  control.stage = get<std::int32_t>(bytes, kControl + 64);
  control.finished = get<std::int32_t>(bytes, kControl + 68);
  return control;
}

}  // namespace

std::uint64_t State::saved_size() const {
  return kHeader + static_cast<std::uint64_t>(loop_->rows_bytes()) + kChecksum;
}

void State::save(unsigned char* bytes) const {
  const std::uint64_t payload = static_cast<std::uint64_t>(loop_->rows_bytes());
  // First, since only this can fail.
  executor_->save_rows(bytes + kHeader);
  std::memset(bytes, 0, kHeader);
  std::memcpy(bytes, kMagic, 8);  // NOLINT(bugprone-not-null-terminated-result): no text
  put(bytes, 8, kVersion);
  put(bytes, 12, static_cast<std::uint32_t>(kHeader));
  put(bytes, 16, loop_->fingerprint());
  put(bytes, 24, call_);
  put(bytes, 32, payload);
  if (attempt_) put_control(bytes, attempt_->control);
  put(bytes, kHeader + payload, hash_bytes(bytes, kHeader + payload, kHashStart));
}

// Do the parts of the header fit each other, and this loop?  What they mean is looked at later.
bool State::is_consistent(const unsigned char* bytes, std::uint64_t size) const {
  const auto calls = get<std::int64_t>(bytes, 24);
  const bool is_sized = size == saved_size() && get<std::uint32_t>(bytes, 12) == kHeader &&
                        get<std::uint64_t>(bytes, 32) == size - kHeader - kChecksum;
  if (!is_sized || calls < 0) return false;
  if (attempt_) return calls <= kMostCounted;
  // Planned as a whole: nothing is known of it but how many calls are done.
  return calls <= static_cast<std::int64_t>(loop_->plans.size()) &&
         std::all_of(bytes + kControl, bytes + kHeader, [](unsigned char b) { return b == 0; });
}

void State::load(const unsigned char* bytes, std::uint64_t size) {
  if (size < kHeader + kChecksum || std::memcmp(bytes, kMagic, 8) != 0) {
    fail(Status::damaged, "these bytes are not a saved state");
  }
  if (hash_bytes(bytes, size - kChecksum, kHashStart) !=
      get<std::uint64_t>(bytes, size - kChecksum)) {
    fail(Status::damaged, "the saved state is truncated or was changed: its checksum is wrong");
  }
  const auto version = get<std::uint32_t>(bytes, 8);
  if (version != kVersion) {
    fail(Status::mismatch, "the saved state has format version ", version, "; this library reads ",
         kVersion);
  }
  if (get<std::uint64_t>(bytes, 16) != loop_->fingerprint()) {
    fail(Status::mismatch,
         "the saved state belongs to another configuration, shape, seed, number of "
         "steps, or to a state with rows of another type");
  }
  const auto calls = get<std::int64_t>(bytes, 24);
  if (!is_consistent(bytes, size)) fail(Status::damaged, "the saved state contradicts itself");
  std::optional<Attempt> attempt = attempt_;
  if (attempt) {
    attempt->control = get_control(bytes);
    if (!loop_->adaptive()->is_sane(loop_->context(), attempt->control)) {
      fail(Status::damaged, "the saved state contradicts itself");
    }
    plan_attempt(*attempt);
  }
  executor_->load_rows(bytes + kHeader);
  if (attempt) attempt_ = attempt;
  call_ = calls;
}

}  // namespace sched
