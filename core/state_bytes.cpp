// Saved states, byte by byte, little-endian:
//
//   offset  size
//        0     8  "SCHEDSTA"
//        8     4  version of this format, 3
//       12     4  size of this header, 112
//       16     8  fingerprint of configuration, options, shape, seeds and type of the rows
//       24     8  model calls done
//       32     8  size of the memory rows
//       40    40  loops that choose their own steps: log SNR of the next attempt, its step,
//                  three inverse errors (float64); 0 for others, as all up to 112
//       80    24  attempts accepted, rejected, draws taken
//      104     8  stage of the next call, whether the loop is done (4 bytes each)
//      112     n  memory rows, slot by slot, in the type that init gave them
//    112+n     8  FNV-1a of everything before

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
  std::memset(bytes, 0, kHeader);
  std::memcpy(bytes, kMagic, 8);
  put(bytes, 8, kVersion);
  put(bytes, 12, static_cast<std::uint32_t>(kHeader));
  put(bytes, 16, fingerprint_of(*loop_));
  put(bytes, 24, call_);
  put(bytes, 32, payload);
  if (attempt_) put_control(bytes, attempt_->control);
  executor_->save_rows(bytes + kHeader);
  put(bytes, kHeader + payload, hash_bytes(bytes, kHeader + payload, kHashStart));
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
  if (get<std::uint64_t>(bytes, 16) != fingerprint_of(*loop_)) {
    fail(Status::mismatch,
         "the saved state belongs to another configuration, shape, seed, number of "
         "steps, or to a state with rows of another type");
  }
  const auto calls = get<std::int64_t>(bytes, 24);
  const auto payload = get<std::uint64_t>(bytes, 32);
  const auto most = attempt_ ? kMostCounted : static_cast<std::int64_t>(loop_->plans.size());
  if (size != saved_size() || payload != size - kHeader - kChecksum || calls < 0 || calls > most) {
    fail(Status::damaged, "the saved state contradicts itself");
  }
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
