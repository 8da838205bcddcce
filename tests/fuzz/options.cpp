#include "options.hpp"

#include <cstddef>

namespace fuzz {

namespace {

constexpr std::int64_t kFewElements = 512;
constexpr std::int64_t kFewSteps = 40;

// Backwards, and the last part twice, as the manual allows.
void backwards(void*, std::int64_t count, sched_parallel_run part, void* task) {
  for (std::int64_t i = count; i-- > 0;) part(task, i);
  if (count > 0) part(task, count - 1);
}
// Leaves parts to the library.
void half(void*, std::int64_t count, sched_parallel_run part, void* task) {
  for (std::int64_t i = 0; i < count / 2; ++i) part(task, i);
}

std::int32_t odd_count(Bytes& b) { return static_cast<std::int32_t>(b.integer()); }

// Mostly falling.
std::vector<double> odd_list(Bytes& b) {
  std::vector<double> list(b.byte() % 9u);
  double value = b.is_rare(4) ? b.number() : b.byte() * 4.0;
  const bool is_whole = b.flag();
  for (double& entry : list) {
    entry = b.is_rare(16) ? b.number() : value;
    value = is_whole ? value - b.byte() : value * (b.byte() / 256.0);
  }
  return list;
}

}  // namespace

InitInput::InitInput(Bytes& choices) {
  options.num_steps = 1 + choices.byte() % 12;
  const unsigned parts = choices.byte();
  read_shape(choices);
  if ((parts & 1u) != 0) read_lists(choices);
  if ((parts & 2u) != 0) read_counts(choices);
  if ((parts & 4u) != 0) read_numbers(choices);
  if ((parts & 8u) != 0) read_threads(choices);
  if ((parts & 192u) == 64u) read_noise(choices);
  if ((parts & 48u) == 16u) options.struct_size = choices.raw<std::uint16_t>();
  if ((parts & 48u) == 32u) options.struct_size = offsetof(sched_init_options, jump_length);
}

void InitInput::read_shape(Bytes& b) {
  options.batch = 1 + b.byte() % 3;
  options.elements = 1 + b.byte() % 40;
  options.dtype = SCHED_F32 + b.byte() % 3;
  const unsigned odd = b.byte();
  if (odd % 16 == 1) options.batch = b.integer();
  if (odd % 16 == 2) options.elements = b.integer();
  if (odd % 16 == 3) options.dtype = odd_count(b);
  if (odd % 16 == 4) options.kernel = odd_count(b);
  if (odd % 16 >= 12) options.kernel = static_cast<std::int32_t>(odd >> 4) % 4;
  if (odd % 16 == 12) options.dtype = SCHED_F64;
  options.seed = b.byte();
  constexpr std::int64_t most_items = std::int64_t{1} << 24, most = std::int64_t{1} << 40;
  if (options.batch < 1 || options.batch > most_items || options.elements < 1) return;
  if (options.elements > most / options.batch) {
    // Refused for their product, but not before there is a seed for each item.
    options.batch = 1 + options.batch % 64;
    if (options.elements > most / options.batch) return;
  }
  options.batch = 1 + (options.batch - 1) % 8;
  options.elements = 1 + (options.elements - 1) % kFewElements;
}

void InitInput::read_lists(Bytes& b) {
  const unsigned which = b.byte();
  if ((which & 1u) != 0) timesteps = odd_list(b);
  if ((which & 2u) != 0) sigmas = odd_list(b);
  if ((which & 4u) != 0 && options.batch >= 1 && options.batch <= 64) {
    seeds.resize(static_cast<std::size_t>(options.batch), b.raw<std::uint64_t>());
    options.item_seeds = seeds.data();
  }
  if ((which & 1u) != 0) options.timesteps = timesteps.data();
  if ((which & 2u) != 0) options.sigmas = sigmas.data();
  options.timesteps_count = static_cast<std::int32_t>(timesteps.size());
  options.sigmas_count = static_cast<std::int32_t>(sigmas.size());
  if (options.timesteps_count + options.sigmas_count > 0 && (which & 8u) == 0) {
    options.num_steps = 0;
  }
  if ((which & 240u) == 16u) options.timesteps_count = -static_cast<std::int32_t>(b.byte());
  if ((which & 240u) == 32u) options.sigmas = nullptr;
}

void InitInput::read_counts(Bytes& b) {
  std::int32_t* const counts[] = {&options.num_steps,
                                  &options.begin_step,
                                  &options.end_step,
                                  &options.order,
                                  &options.original_inference_steps,
                                  &options.use_clipped_model_output,
                                  &options.num_train_timesteps,
                                  &options.jump_length,
                                  &options.jump_n_sample,
                                  &options.stage_index,
                                  &options.is_amplify_first_chunk,
                                  &options.recorded_in_flight,
                                  &options.recorded_groups,
                                  &options.history_dtype};
  for (unsigned i = 0; i <= b.byte() % 3u; ++i) *counts[b.index(std::size(counts))] = odd_count(b);
  // A long loop is nothing new, but takes long.
  constexpr std::int32_t most = 100000;
  if (options.num_steps > kFewSteps && options.num_steps <= most) {
    options.num_steps = 1 + options.num_steps % static_cast<std::int32_t>(kFewSteps);
  }
}

void InitInput::read_numbers(Bytes& b) {
  double* const numbers[] = {&options.strength,
                             &options.mu,
                             &options.eta,
                             &options.s_churn,
                             &options.s_tmin,
                             &options.s_tmax,
                             &options.s_noise,
                             &options.max_timesteps,
                             &options.intermediate_timesteps};
  for (unsigned i = 0; i <= b.byte() % 3u; ++i) *numbers[b.index(std::size(numbers))] = b.number();
}

// Mostly what goes together.
void InitInput::read_noise(Bytes& b) {
  options.generator = b.byte() % 7;
  options.draw_policy = b.is_rare(2) ? b.byte() % 6 : 0;
  if (options.generator == SCHED_GENERATOR_TORCH_CUDA || b.is_rare(16)) {
    options.cuda_multiprocessors = b.is_rare(4) ? odd_count(b) : 1 + b.byte();
    options.cuda_threads_per_multiprocessor =
        b.is_rare(4) ? odd_count(b) : 256 * (1 + b.byte() % 8);
  }
  if (b.is_rare(4)) options.noise_dtype = b.is_rare(4) ? odd_count(b) : b.byte() % 5;
  if (b.is_rare(4)) options.extra_draws = odd_count(b);
  if (b.is_rare(4)) options.first_sample_draw = odd_count(b);
  // Many are nothing new, but take long.
  for (std::int32_t* draws : {&options.extra_draws, &options.first_sample_draw}) {
    if (*draws > 8 && *draws <= 1000000) *draws %= 8;
  }
  if (!b.is_rare(2)) return;
  std::int64_t* const part[] = {&options.whole_batch, &options.whole_elements, &options.first_item,
                                &options.first_element};
  for (std::int64_t* number : part) *number = b.is_rare(4) ? b.integer() : b.byte() % 64;
}

void InitInput::read_threads(Bytes& b) {
  options.threads = odd_count(b);
  if (options.threads > 2 && options.threads <= 256) options.threads = 2;
  const unsigned which = b.byte() % 8u;
  if (which == 1) options.parallel_for = backwards;
  if (which == 2) options.parallel_for = half;
  if (which == 3) options.parallel_context = this;
}

}  // namespace fuzz
