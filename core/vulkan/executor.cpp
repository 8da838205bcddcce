#include "executor.hpp"

#include <algorithm>
#include <cstring>

#include "../measure.hpp"

namespace sched::vulkan {

namespace {

constexpr std::int64_t kOwnSlots = 8;  // of command buffers of the library's own, at least
constexpr int kMostInFlight = 1024;
constexpr int kDefaultGroups = 64;
constexpr std::int64_t kMostSlots = 1 << 16;
// Rows and inputs of a step with times of its own for each token: those methods have no
// history.
constexpr std::int64_t kGroupFloats = 4 * 6 + 2;

constexpr char kBroken[] =
    "a step could not be read back, and the state's rows went on without it: only sched_load() "
    "helps";

BlockedBuffer arena_places(const Buffer& arena, const Layout& layout) {
  return {number_of(arena.handle()), layout.block_bytes, layout.header_bytes, layout.plane_bytes()};
}

int in_flight_of(const RecordOptions& options, const Loop& loop) {
  if (options.in_flight < 0 || options.in_flight > kMostInFlight) {
    fail(Status::value, "recorded_in_flight is ", options.in_flight, "; allowed are 1 to ",
         kMostInFlight, " (0 means one for each call, and a few)");
  }
  if (options.in_flight != 0) return options.in_flight;
  // The first sample, noised data and scaled inputs are recordings too.
  return static_cast<int>(std::min<std::size_t>(2 * loop.plans.size() + 2, kMostInFlight));
}

int groups_of(const RecordOptions& options) {
  if (options.groups < 0 || options.groups > (1 << 20)) {
    fail(Status::value, "recorded_groups is ", options.groups, "; allowed are 1 to ", 1 << 20,
         " (0 means ", kDefaultGroups, ")");
  }
  return options.groups == 0 ? kDefaultGroups : options.groups;
}

bool takes_groups(const Loop& loop) {
  return (loop.scheduler->factors.init_options & sched::kGroups) != 0;
}

std::shared_ptr<Device> alive(std::shared_ptr<Device> device) {
  device->need_alive();
  return device;
}

}  // namespace

VulkanExecutor::VulkanExecutor(std::shared_ptr<Device> device, std::shared_ptr<const Loop> loop,
                               const RecordOptions& options)
    : device_(alive(std::move(device))),
      loop_(std::move(loop)),
      options_{options.in_flight, groups_of(options)},
      layout_(layout_of(*loop_, device_->limits())),
      arena_(device_, static_cast<std::uint64_t>(layout_.chunks * layout_.block_bytes),
             MemoryUse::device),
      arena_places_(arena_places(arena_, layout_)),
      staging_(device_, layout_),
      builder_(layout_, device_->limits(), device_->buffers(), arena_places_, staging_.places()),
      in_flight_(in_flight_of(options, *loop_)),
      recorder_(device_, in_flight_ * slots_per_recording() + own_slots(), slot_bytes()),
      prepared_(static_cast<std::size_t>(slots_per_recording())) {
  prepare_pipelines();
}

// Those of steps with nothing optional.
void VulkanExecutor::prepare_pipelines() const {
  for (const StepPlan& plan : loop_->plans) {
    if (plan.clip.mode != Clip::none) continue;
    InputUse use;
    use.add(plan.next);
    for (int i = 0; i < plan.kept_count; ++i) use.add(plan.kept[static_cast<std::size_t>(i)].form);
    const Live live = use.live();
    if (std::any_of(live.input, live.input + live.count, is_noise)) continue;
    device_->prepare_plain(static_cast<std::uint32_t>(live.count),
                           static_cast<std::uint32_t>(1 + plan.kept_count));
  }
}

std::int64_t VulkanExecutor::slot_bytes() const {
  const std::int64_t floats =
      takes_groups(*loop_)
          ? std::min<std::int64_t>(kTableFloats, kGroupFloats * (options_.groups + 1))
          : kBlockRows * kBlockInputs;
  const std::int64_t least = (kBlockRows + 2) * kBlockInputs + 2;
  const auto alignment = static_cast<std::int64_t>(device_->limits().uniform_alignment);
  return round_up(static_cast<std::int64_t>(sizeof(PlanBlock)) + 4 * std::max(floats, least),
                  std::max<std::int64_t>(alignment, 16));
}

// How many sets of weights a slot holds.
std::int64_t VulkanExecutor::sets_in_slot(std::int64_t floats) const {
  const std::int64_t room = (slot_bytes() - static_cast<std::int64_t>(sizeof(PlanBlock))) / 4;
  return std::min<std::int64_t>(room, kTableFloats) / floats;
}

std::int64_t VulkanExecutor::slots_per_recording() const {
  // A chunk may end within a group.
  const std::int64_t groups = takes_groups(*loop_) ? options_.groups + layout_.chunks : 0;
  // With thresholding each group is a dispatch.
  const bool split = loop_->scheduler->factors.clip.mode == Clip::quantile;
  const std::int64_t room = split ? 1 : sets_in_slot(kGroupFloats) - 1;
  const std::int64_t slots = layout_.chunks + groups / std::max<std::int64_t>(room, 1);
  if (slots * in_flight_ > kMostSlots) {
    fail(Status::unsupported, "recorded_in_flight ", in_flight_, " times ", slots,
         " dispatches are too many; at most ", kMostSlots,
         " are allowed: set recorded_in_flight, or recorded_groups, to what is needed");
  }
  return slots;
}

std::int64_t VulkanExecutor::own_slots() const { return std::max(kOwnSlots, layout_.chunks); }

std::int64_t VulkanExecutor::bytes() const {
  return static_cast<std::int64_t>(arena_.bytes()) + staging_.bytes() + recorder_.bytes() +
         (loaded_ ? static_cast<std::int64_t>(loaded_->bytes()) : 0);
}

void VulkanExecutor::need_usable() const {
  device_->need_alive();
  if (is_broken_) fail(Status::device_lost, kBroken);
}

Submission& VulkanExecutor::submission() const {
  if (device_->queue() == VK_NULL_HANDLE) {
    fail(Status::unsupported,
         "this context was imported without a queue, so it only records; tensors in host memory, "
         "save and clone need one");
  }
  need_usable();
  if (submission_ == nullptr) submission_ = std::make_unique<Submission>(device_);
  return *submission_;
}

// -------------------------------------------------------------------------- passes

template <typename Visit>
std::int64_t VulkanExecutor::each_range(const Job& job, const Visit& visit) const {
  std::int64_t count = 0;
  for (std::int64_t c = 0; c < layout_.chunks; ++c) {
    const Chunk chunk = layout_.chunk(c);
    std::int64_t step = chunk.end - chunk.begin;
    std::int64_t length = 1;
    if (job.parts != nullptr) {
      // One group may lie before the first whole vector.
      length = layout_.item_elements / job.groups;
      const std::int64_t room = sets_in_slot(builder_.floats_for(job));
      step = builder_.is_split(job) ? length : std::max<std::int64_t>(room - 1, 1) * length;
    }
    for (std::int64_t begin = chunk.begin; begin < chunk.end;) {
      const std::int64_t end = std::min((begin / length * length) + step, chunk.end);
      visit(Range{chunk, begin, end}, count++);
      begin = end;
    }
  }
  return count;
}

void VulkanExecutor::run(const Pass& pass) {
  Job job;
  job.pass = &pass;
  execute(job);
}

void VulkanExecutor::run_parts(const Pass& whole, std::int64_t groups, const PartSource& parts) {
  StepPlan plan;
  Pass pass = whole;
  parts.put_part(0, plan, pass);
  Job job;
  job.pass = &pass;
  job.parts = &parts;
  job.groups = groups;
  execute(job);
}

void VulkanExecutor::execute(Job& job) {
  job.live = live_of(job);
  if (is_recording()) {
    record(job);
  } else {
    submit(job);
  }
}

// Everything that can fail comes before anything is recorded.
void VulkanExecutor::record(const Job& job) {
  need_usable();
  const std::int64_t count = each_range(job, [](const Range&, std::int64_t) {});
  if (count > slots_per_recording()) {
    fail(Status::capacity, "groups times batch is ", job.groups * loop_->batch,
         "; recorded_groups of sched_init() makes room for ", options_.groups);
  }
  const std::int64_t first = recordings_ % in_flight_ * slots_per_recording();
  Dispatch dispatch;
  each_range(job, [&](const Range& range, std::int64_t i) {
    builder_.build(job, range.chunk, range.begin, range.end, dispatch);
    prepared_[static_cast<std::size_t>(i)] =
        recorder_.prepare(dispatch, first + i, unused_window());
  });
  if (!is_started_) record_start(commands_);
  for (std::int64_t i = 0; i < count; ++i) {
    recorder_.record(commands_, prepared_[static_cast<std::size_t>(i)]);
  }
  is_started_ = true;
  ++recordings_;
}

// One submission where a state has history: then it is done as a whole, or not at all.
void VulkanExecutor::submit(Job job) {
  Submission& submission = this->submission();
  Pass pass = *job.pass;
  staging_.take(job, pass);
  job.pass = &pass;
  const std::int64_t first = in_flight_ * slots_per_recording();
  VkCommandBuffer commands = submission.begin();
  if (!is_started_) record_start(commands);
  Dispatch dispatch;
  each_range(job, [&](const Range& range, std::int64_t i) {
    if (i > 0 && i % own_slots() == 0) {
      submission.submit_and_wait();
      is_started_ = true;
      commands = submission.begin();
    }
    builder_.build(job, range.chunk, range.begin, range.end, dispatch);
    recorder_.record(commands,
                     recorder_.prepare(dispatch, first + i % own_slots(), unused_window()));
  });
  submission.submit_and_wait();
  is_started_ = true;
  loaded_.reset();
  try {
    staging_.give();
  } catch (const Error& error) {
    if (!moves_rows(pass)) throw;
    // The rows have moved on, and what was written cannot be read.
    is_broken_ = true;
    fail(Status::device_lost, error.what(), "; ", kBroken);
  }
}

bool VulkanExecutor::moves_rows(const Pass& pass) const {
  for (int r = 0; r < pass.rows; ++r) {
    if (pass.row[r].place.buffer == arena_places_.buffer) return true;
  }
  return false;
}

Measured VulkanExecutor::measure(const Pass& given, const MeasureRule& rule) {
  if (is_recording()) {
    fail(Status::unsupported, "the step of ", loop_->scheduler->factors.solver->name,
         " depends on norms of its tensors, so the host decides: sched_step() runs it, and no "
         "command buffer can");
  }
  Pass pass = given;
  pass.rows = 0;
  Job job;
  job.pass = &pass;
  job.measure = &rule;
  job.live = live_of(job);
  Submission& submission = this->submission();
  staging_.take(job, pass);
  pass.add_row({}, staging_.sums_place(), DType::f32, 0);
  VkCommandBuffer commands = submission.begin();
  if (!is_started_) record_start(commands);
  const std::int64_t first = in_flight_ * slots_per_recording();
  MeasureTotal total(rule);
  Dispatch dispatch;
  for (std::int64_t c = 0; c < layout_.chunks; ++c) {
    const Chunk chunk = layout_.chunk(c);
    builder_.build(job, chunk, chunk.begin, chunk.end, dispatch);
    recorder_.record(commands, recorder_.prepare_measure(dispatch, first, unused_window()));
    submission.submit_and_wait();
    is_started_ = true;
    if (c + 1 < layout_.chunks) commands = submission.begin();
    staging_.give();
    const float* sums = staging_.sums(c);
    for (std::int64_t item = 0; item < dispatch.items; ++item) {
      double both[2] = {0.0, 0.0};
      for (std::int64_t i = 0; i < 4 * layout_.spans; ++i) {
        both[i % 4 / 2] += static_cast<double>(*sums++);
      }
      total.add_item(both[0], both[1]);
    }
  }
  return total.result(loop_->batch, loop_->elements);
}

// ------------------------------------------------------------------ what is kept there

Window VulkanExecutor::unused_window() const {
  return {arena_places_.buffer, 0, layout_.block_bytes};
}

// Rows of zeros or as they were loaded, and the seeds.
void VulkanExecutor::record_start(VkCommandBuffer commands) const {
  const DeviceFunctions& vk = device_->functions();
  // After a load, earlier dispatches may not be done with the arena.
  recorder_.record_barrier(commands);
  if (loaded_) {
    const VkBufferCopy whole = {0, 0, arena_.bytes()};
    vk.vkCmdCopyBuffer(commands, loaded_->handle(), arena_.handle(), 1, &whole);
  } else {
    vk.vkCmdFillBuffer(commands, arena_.handle(), 0, VK_WHOLE_SIZE, 0);
  }
  recorder_.record_barrier(commands);
  for (std::int64_t c = 0; c < layout_.chunks; ++c) record_seeds(commands, c);
}

void VulkanExecutor::record_seeds(VkCommandBuffer commands, std::int64_t index) const {
  constexpr std::int64_t kMost = 65536 / 8;  // of vkCmdUpdateBuffer
  const Chunk chunk = layout_.chunk(index);
  const std::int64_t first = chunk.begin / layout_.item_elements;
  const std::int64_t items =
      std::min(layout_.items, static_cast<std::int64_t>(loop_->seeds.size()) - first);
  const auto update = [&](std::int64_t at, const List<std::uint64_t>& seeds) {
    for (std::int64_t i = 0; i < items; i += kMost) {
      const std::int64_t count = std::min(kMost, items - i);
      device_->functions().vkCmdUpdateBuffer(
          commands, arena_.handle(),
          static_cast<std::uint64_t>(index * layout_.block_bytes + at + 8 * i),
          static_cast<std::uint64_t>(8 * count), seeds.data() + first + i);
    }
  };
  update(0, loop_->seeds);
  update(layout_.path_seeds_at(), loop_->path_seeds);
}

// Each row's part in each chunk: where it is in the arena, and in a saved state.
template <typename Copy>
void VulkanExecutor::each_row_part(const Copy& copy) const {
  for (std::int64_t c = 0; c < layout_.chunks; ++c) {
    const Chunk chunk = layout_.chunk(c);
    for (int slot = 0; slot < layout_.rows; ++slot) {
      copy(c * layout_.block_bytes + layout_.row_at(slot),
           slot * loop_->row_bytes() + 4 * chunk.begin,
           static_cast<std::size_t>(4 * (chunk.end - chunk.begin)));
    }
  }
}

void VulkanExecutor::save_rows(unsigned char* bytes) const {
  if (layout_.rows == 0) return;
  const Buffer* from = loaded_.get();
  std::unique_ptr<Buffer> copy;
  if (is_started_) {
    Submission& submission = this->submission();
    copy = std::make_unique<Buffer>(device_, arena_.bytes(), MemoryUse::shared);
    VkCommandBuffer commands = submission.begin();
    recorder_.record_barrier(commands);
    const VkBufferCopy whole = {0, 0, arena_.bytes()};
    device_->functions().vkCmdCopyBuffer(commands, arena_.handle(), copy->handle(), 1, &whole);
    submission.submit_and_wait();
    copy->invalidate(0, copy->bytes());
    from = copy.get();
  }
  each_row_part([&](std::int64_t in_arena, std::int64_t saved, std::size_t size) {
    if (from == nullptr) {
      std::memset(bytes + saved, 0, size);
    } else {
      std::memcpy(bytes + saved, from->mapped() + in_arena, size);
    }
  });
}

void VulkanExecutor::load_rows(const unsigned char* bytes) {
  device_->need_alive();
  if (layout_.rows == 0) {
    // The seeds may have been in a command buffer that was thrown away.
    is_started_ = false;
    return;
  }
  auto loaded = std::make_unique<Buffer>(device_, arena_.bytes(), MemoryUse::shared);
  std::memset(loaded->mapped(), 0, static_cast<std::size_t>(loaded->bytes()));
  each_row_part([&](std::int64_t in_arena, std::int64_t saved, std::size_t size) {
    std::memcpy(loaded->mapped() + in_arena, bytes + saved, size);
  });
  loaded->flush(0, loaded->bytes());
  loaded_ = std::move(loaded);
  is_started_ = false;
  is_broken_ = false;
}

Owner<Executor> VulkanExecutor::clone() const {
  auto copy = make_owner<VulkanExecutor>(loop_->scheduler->memory, device_, loop_, options_);
  if (layout_.rows == 0) return copy;
  std::vector<unsigned char> rows(static_cast<std::size_t>(loop_->rows_bytes()));
  save_rows(rows.data());
  copy->load_rows(rows.data());
  return copy;
}

}  // namespace sched::vulkan
