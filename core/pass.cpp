#include "pass.hpp"

#include <algorithm>
#include <cmath>

#include "kernel/cache.hpp"

namespace sched {

void InputUse::add(const LinearForm& form) {
  for (std::size_t i = 0; i < kInputs; ++i) used_[i] += std::fabs(form.weight[i]);
}

void InputUse::add(const Pass& pass) {
  for (int r = 0; r < pass.rows; ++r) add(pass.row[r].form);
  if (pass.mask.place.is_given()) add(pass.known);
  if (used_[index_of(Input::denoised)] != 0.0) add(pass.denoised);
}

Live InputUse::live() const {
  Live live;
  for (std::size_t i = 0; i < kInputs; ++i) {
    if (used_[i] != 0.0) live.input[live.count++] = static_cast<Input>(i);
  }
  return live;
}

// The first sample and the known part of a mask have a stream of their own, the nodes of a
// Brownian path another.
NoiseSource noise_source(const Pass& pass, Input name) {
  if (name == Input::known_noise) return {0, kFirstSampleStream, false};
  if (name == Input::noise0 && pass.term_count > 0) return {0, kPathStream, true};
  return {pass.first_draw + (name == Input::noise0 ? 0 : 1), pass.stream, false};
}

namespace {

void set_weights(const Pass& pass, const Live& live, KernelTask& task) {
  task.inputs = live.count;
  task.rows = pass.rows;
  for (int k = 0; k < live.count; ++k) {
    for (int r = 0; r < pass.rows; ++r) task.weight[r][k] = pass.row[r].form[live.input[k]];
    task.denoised[k] = pass.denoised[live.input[k]];
    task.known[k] = pass.known[live.input[k]];
  }
}

// What the plan says besides the rows.
void set_plan(const Pass& pass, const Live& live, KernelTask& task) {
  task.clip = 0;
  task.gain = 0;
  task.gain_input = -1;
  task.mask = nullptr;
  task.mask_type = pass.mask.type;
  if (pass.plan == nullptr) return;
  const ClipRule& clip = pass.plan->clip;
  task.clip = static_cast<int>(clip.mode);
  task.clip_range = clip.range;
  task.quantile = clip.ratio;
  task.quantile_max = clip.sample_max;
  task.scratch = pass.scratch;
  const Gain& gain = pass.plan->gain;
  for (int k = 0; k < live.count; ++k) {
    if (live.input[k] != Input::noise0) continue;
    task.gain = static_cast<int>(gain.mode);
    task.gain_input = k;
  }
  task.gain_offset = gain.offset;
  task.gain_slope = gain.slope;
  task.variance_type = pass.variance.type;
}

void* shifted(const Place& place, DType type, std::int64_t bytes, std::int64_t elements) {
  return place.after(bytes + elements * static_cast<std::int64_t>(size_of(type))).address();
}

void set_noise(const Pass& pass, Input name, std::int64_t item, KernelInput& input) {
  const NoiseSource source = noise_source(pass, name);
  input.key = {(source.on_path ? pass.path_seeds : pass.seeds)[item], source.draw, source.stream};
  if (!source.on_path) return;
  input.terms = pass.terms;
  input.term_count = pass.term_count;
}

// Whether rows go past the caches: where the tensors of the whole pass are larger than they are.
bool is_beyond_cache(const Pass& pass, const Live& live) {
  std::int64_t bytes = 0;
  for (int k = 0; k < live.count; ++k) {
    const Operand& operand = pass.input[index_of(live.input[k])];
    if (operand.place.is_given()) bytes += pass.batch * operand.item_bytes;
  }
  for (int r = 0; r < pass.rows; ++r) bytes += pass.batch * pass.row[r].item_bytes;
  return bytes > cache_bytes();
}

// What is written over an input is in the cache already.
bool is_in_place(const Pass& pass, const Live& live, const Place& place) {
  for (int k = 0; k < live.count; ++k) {
    const Place& input = pass.input[index_of(live.input[k])].place;
    if (input.is_given() && input.address() == place.address()) return true;
  }
  return false;
}

void set_rows(const Pass& pass, const Live& live, KernelTask& task) {
  const bool beyond_cache = is_beyond_cache(pass, live);
  for (int r = 0; r < pass.rows; ++r) {
    const PassRow& row = pass.row[r];
    task.output[r].type = row.type;
    task.output[r].known = row.known;
    task.output[r].streamed = beyond_cache && !is_in_place(pass, live, row.place);
  }
}

bool is_drawn(const Pass& pass, Input name) {
  return is_noise(name) && !pass.input[index_of(name)].place.is_given();
}

// Pointers to the elements from `first` of an item.
void set_item(const Pass& pass, const Live& live, std::int64_t item, std::int64_t first,
              KernelTask& task) {
  task.first = pass.noise_first + first;
  for (int k = 0; k < live.count; ++k) {
    const Input name = live.input[k];
    const Operand& operand = pass.input[index_of(name)];
    KernelInput& input = task.input[k];
    input.type = operand.type;
    input.term_count = 0;
    if (name == Input::denoised) {
      input.source = Source::denoised;
    } else if (is_drawn(pass, name)) {
      input.source = Source::noise;
      set_noise(pass, name, item, input);
    } else {
      input.source = Source::memory;
      input.data = shifted(operand.place, operand.type, item * operand.item_bytes, first);
    }
  }
  for (int r = 0; r < pass.rows; ++r) {
    const PassRow& row = pass.row[r];
    task.output[r].data = shifted(row.place, row.type, item * row.item_bytes, first);
  }
  if (pass.mask.place.is_given()) {
    task.mask = shifted(pass.mask.place, pass.mask.type, item * pass.mask.item_bytes, first);
  }
  if (task.gain != 0 && pass.variance.place.is_given()) {
    task.variance =
        shifted(pass.variance.place, pass.variance.type, item * pass.variance.item_bytes, first);
  }
}

// Items may be run as one where nothing depends on the item and all lie end to end.
bool is_one_span(const Pass& pass, const Live& live, const KernelTask& task) {
  if (pass.count != pass.elements || task.gain != 0 || pass.mask.place.is_given()) return false;
  const auto dense = [&](DType type, std::int64_t item_bytes) {
    return item_bytes == pass.elements * static_cast<std::int64_t>(size_of(type));
  };
  for (int k = 0; k < live.count; ++k) {
    const Operand& operand = pass.input[index_of(live.input[k])];
    if (live.input[k] == Input::denoised) {
      if (task.clip == static_cast<int>(Clip::quantile)) return false;
    } else if (!operand.place.is_given() || !dense(operand.type, operand.item_bytes)) {
      return false;
    }
  }
  for (int r = 0; r < pass.rows; ++r) {
    if (!dense(pass.row[r].type, pass.row[r].item_bytes)) return false;
  }
  return true;
}

// A pass as the kernel sees it, before anything that depends on the item: one span is one item.
struct Prepared {
  const Kernel& kernel;
  const Pass& pass;
  Live live;
  KernelTask task;
  std::int64_t items;
  std::int64_t elements;  // of each

  Prepared(const Kernel& its_kernel, const Pass& its_pass) : kernel(its_kernel), pass(its_pass) {
    InputUse use;
    use.add(pass);
    live = use.live();
    set_weights(pass, live, task);
    set_plan(pass, live, task);
    set_rows(pass, live, task);
    const bool one_span = pass.batch == 1 || is_one_span(pass, live, task);
    items = one_span ? 1 : pass.batch;
    elements = pass.batch == 1 || !one_span ? pass.count : pass.batch * pass.elements;
  }

  bool is_noisy() const {
    for (int k = 0; k < live.count; ++k) {
      if (is_drawn(pass, live.input[k])) return true;
    }
    return false;
  }
  // An item's quantile needs all of it, and there is scratch for one.
  bool is_divisible() const { return task.clip != static_cast<int>(Clip::quantile); }
};

// A pass in parts of whole blocks, those of one item after those of another.
struct Division {
  // The block of the kernels: so that parts do not meet within a line of the caches, and each
  // block of normals is made by one thread.
  static constexpr std::int64_t kBlock = 1024;

  const Prepared& whole;
  std::int64_t parts;
  std::int64_t item_blocks = (whole.elements + kBlock - 1) / kBlock;

  std::int64_t blocks() const { return whole.items * item_blocks; }
  void run(std::int64_t part) const {
    KernelTask task = whole.task;
    const std::int64_t end = blocks() * (part + 1) / parts;
    for (std::int64_t block = blocks() * part / parts; block < end;) {
      const std::int64_t from = block % item_blocks;
      const std::int64_t count = std::min(end - block, item_blocks - from);
      task.elements = std::min(count * kBlock, whole.elements - from * kBlock);
      set_item(whole.pass, whole.live, block / item_blocks, whole.pass.first + from * kBlock, task);
      whole.kernel.run(task);
      block += count;
    }
  }
};

void run_part(void* division, std::int64_t index) {
  static_cast<const Division*>(division)->run(index);
}

}  // namespace

void run_pass(const Kernel& kernel, const Pass& pass, StepThreads& threads) {
  Prepared whole(kernel, pass);
  const bool may_use = threads.are_there() && whole.is_divisible();
  const int useful = may_use ? threads.useful(whole.items * whole.elements, whole.is_noisy()) : 1;
  if (useful > 1) {
    Division division{whole, threads.parts_for(useful)};
    // cppcheck-suppress danglingTemporaryLifetime; `whole` is no temporary
    division.parts = std::min(division.parts, division.blocks());
    threads.run(useful, division.parts, run_part, &division);
    return;
  }
  whole.task.elements = whole.elements;
  for (std::int64_t item = 0; item < whole.items; ++item) {
    set_item(pass, whole.live, item, pass.first, whole.task);
    kernel.run(whole.task);
  }
}

}  // namespace sched
