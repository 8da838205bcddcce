// sched_step_weights() says what a step does: a caller who runs the numbers alone gets what
// sched_step() gives.  This file is such a caller, in float64.

#include <algorithm>

#include "support.hpp"

namespace sched_test {
namespace {

// The tensors of one step, by the columns of sched_weights.weight; absent ones are empty.
struct Inputs {
  std::vector<double> column[SCHED_WEIGHTS_INPUTS];
};

double sum(const double* weight, const Inputs& in, std::size_t i) {
  double total = 0.0;
  for (int k = 0; k < SCHED_WEIGHTS_INPUTS; ++k) {
    if (weight[k] == 0.0) continue;  // an input that is not used may hold anything
    if (in.column[k].empty()) throw std::runtime_error("a weight on input that is not there");
    total += weight[k] * in.column[k][i];
  }
  return total;
}

// Saharia et al. 2022: the quantile of |x0| in each item, between 1 and quantile_max.
void clip_quantile(const sched_weights& w, std::size_t elements, std::vector<double>& x0) {
  for (std::size_t item = 0; item < x0.size() / elements; ++item) {
    double* values = x0.data() + item * elements;
    std::vector<double> sorted(elements);
    for (std::size_t i = 0; i < elements; ++i) sorted[i] = std::fabs(values[i]);
    std::sort(sorted.begin(), sorted.end());
    const double place = w.quantile * static_cast<double>(elements - 1);
    const auto low = static_cast<std::size_t>(place);
    const std::size_t high = std::min(low + 1, elements - 1);
    const double q =
        sorted[low] + (place - static_cast<double>(low)) * (sorted[high] - sorted[low]);
    const double limit = std::min(std::max(q, 1.0), w.quantile_max);
    for (std::size_t i = 0; i < elements; ++i)
      values[i] = std::min(std::max(values[i], -limit), limit) / limit;
  }
}

// Runs one step from its numbers; returns each row, in order of `w.output`.
std::vector<std::vector<double>> run_rows(const sched_weights& w, Inputs& in,
                                          const std::vector<double>& variance,
                                          std::size_t elements) {
  const std::size_t size = in.column[SCHED_INPUT_SAMPLE].size();
  if (w.gain != 0) {
    std::vector<double>& noise = in.column[SCHED_INPUT_NOISE0];
    for (std::size_t i = 0; i < noise.size(); ++i)
      noise[i] *= w.gain == 1 ? std::exp(w.gain_offset + w.gain_slope * variance[i])
                              : std::sqrt(variance[i]);
  }
  if (w.clip != SCHED_CLIP_NONE) {
    std::vector<double> x0(size);
    for (std::size_t i = 0; i < size; ++i) x0[i] = sum(w.denoised, in, i);
    if (w.clip == SCHED_CLIP_RANGE)
      for (double& value : x0) value = std::min(std::max(value, -w.clip_range), w.clip_range);
    else
      clip_quantile(w, elements, x0);
    in.column[SCHED_INPUT_DENOISED] = x0;
  }
  std::vector<std::vector<double>> rows(static_cast<std::size_t>(w.rows),
                                        std::vector<double>(size));
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (std::size_t i = 0; i < size; ++i) rows[row][i] = sum(w.weight[row], in, i);
  return rows;
}

std::vector<double> values_of(const Tensor& tensor) {
  std::vector<double> values(tensor.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = tensor.at(i);
  return values;
}

double distance(const std::vector<double>& a, const Tensor& b) {
  double worst = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::fabs(a[i] - b.at(i)));
  return worst;
}

// RePaint: where the mask is 1 the next sample is the known one.
void blend(const sched_weights& w, const Tensor& mask, std::vector<std::vector<double>>& rows) {
  const auto row_of = [&w](std::int32_t output) {
    return std::find(w.output, w.output + w.rows, output) - w.output;
  };
  const auto known = row_of(SCHED_OUTPUT_KNOWN);
  if (known == w.rows) return;  // an undone step
  std::vector<double>& next = rows[static_cast<std::size_t>(row_of(SCHED_OUTPUT_NEXT))];
  for (std::size_t i = 0; i < next.size(); ++i)
    next[i] = mask.at(i) * rows[static_cast<std::size_t>(known)][i] + (1.0 - mask.at(i)) * next[i];
}

class Weights : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(All, Weights, testing::ValuesIn(configs_without(kNorms)), CaseName());

TEST_P(Weights, AreTheStep) {
  const Config& config = GetParam();
  sched_init_options options = options_for(config);
  options.dtype = SCHED_F64;
  options.kernel = SCHED_KERNEL_REFERENCE;
  const State state = start(config, options);
  const std::vector<double> times = timesteps(state.get());
  Tensor sample(SCHED_F64, 2, 37);
  fill_random(sample, 3);
  const double noise_sigma = sched_init_noise_sigma(state.get());
  for (std::size_t i = 0; i < sample.size(); ++i) sample.set(i, noise_sigma * sample.at(i));

  std::vector<double> memory[8];  // rows that the state keeps
  double worst = 0.0;
  for (std::size_t call = 0; call < times.size(); ++call) {
    const sched_weights w = weights(state.get(), static_cast<std::int64_t>(call));
    EXPECT_EQ(w.timestep, times[call]);
    EXPECT_EQ(w.input_scale, sched_input_scale(state.get()));
    EXPECT_EQ(w.draws, sched_next_draws(state.get()));
    ASSERT_GE(w.draws, 0);
    ASSERT_LE(w.draws, 2);

    Tensor next(SCHED_F64, 2, 37), denoised(SCHED_F64, 2, 37);
    Step step(state.get(), config, sample, next);
    const Tensor& prediction = step.prediction;
    Tensor noise[2] = {sample, sample};
    fill_random(noise[0], 2 * call + 50);
    fill_random(noise[1], 2 * call + 51);
    Inputs in;
    in.column[SCHED_INPUT_SAMPLE] = values_of(sample);
    std::vector<double> variance;
    for (std::int64_t item = 0; item < 2; ++item) {
      for (std::int64_t i = 0; i < prediction.elements(); ++i) {
        const auto at = static_cast<std::size_t>(item * prediction.elements() + i);
        (i < 37 ? in.column[SCHED_INPUT_PREDICTION] : variance).push_back(prediction.at(at));
      }
    }
    for (int draw = 0; draw < w.draws; ++draw)
      in.column[SCHED_INPUT_NOISE0 + draw] = values_of(noise[draw]);
    for (int k = 0; k < 8; ++k) in.column[SCHED_INPUT_MEMORY0 + k] = memory[k];
    in.column[SCHED_INPUT_ORIGINAL] = values_of(step.original);
    if (config.has(kNeedsUnconditional))
      in.column[SCHED_INPUT_UNCONDITIONAL] = values_of(step.unconditional);
    auto rows = run_rows(w, in, variance, 37);
    if (config.has(kNeedsMask)) blend(w, step.mask, rows);

    const sched_tensor views[] = {noise[0].view(), noise[1].view()};
    sched_tensor out = denoised.view();
    if (step.call.needs_model != 0) step.args.denoised = &out;
    if (step.call.needs_model == 0) step.args.mask = step.args.original = nullptr;
    for (int draw = 0; draw < w.draws; ++draw) step.args.noise[draw] = &views[draw];
    step.run();

    bool has_next = false;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::int32_t to = w.output[row];
      if (to == SCHED_OUTPUT_NEXT) {
        has_next = true;
        const double error = distance(rows[row], next) / std::max(1.0, next.peak());
        EXPECT_LE(error, 1e-13) << "next, call " << call;
        worst = std::max(worst, error);
      } else if (to == SCHED_OUTPUT_KNOWN) {
        EXPECT_TRUE(config.has(kNeedsMask));
      } else if (to == SCHED_OUTPUT_DENOISED) {
        if (step.call.needs_model == 0) continue;
        EXPECT_LE(distance(rows[row], denoised) / std::max(1.0, denoised.peak()), 1e-13)
            << "denoised, call " << call;
      } else {
        ASSERT_GE(to, SCHED_OUTPUT_MEMORY0);
        ASSERT_LT(to, SCHED_OUTPUT_MEMORY0 + 8);
      }
    }
    EXPECT_TRUE(has_next);
    // All rows are computed before any is written.
    for (std::size_t row = 0; row < rows.size(); ++row)
      if (w.output[row] >= SCHED_OUTPUT_MEMORY0 && w.output[row] != SCHED_OUTPUT_KNOWN)
        memory[w.output[row] - SCHED_OUTPUT_MEMORY0] = rows[row];
    sample = next;
  }
  std::printf("%s: %.1e\n", config.name.c_str(), worst);
}

// The weights do not depend on where the loop stands, and asking does not move it.
TEST_P(Weights, DoNotDependOnThePosition) {
  const Config& config = GetParam();
  const sched_init_options options = options_for(config);
  const State state = start(config, options);
  const std::vector<std::uint8_t> before = save(state.get());
  std::vector<sched_weights> first;
  for (std::int64_t call = 0; call < sched_num_calls(state.get()); ++call)
    first.push_back(weights(state.get(), call));
  EXPECT_EQ(save(state.get()), before);
  run(state.get(), config, first_sample(state.get(), options));
  for (std::size_t call = 0; call < first.size(); ++call) {
    const sched_weights again = weights(state.get(), static_cast<std::int64_t>(call));
    EXPECT_EQ(std::memcmp(&again, &first[call], sizeof(again)), 0) << call;
  }
}

// The manual's identities: a sample at the last level is the clean data where the schedule
// ends there, so the weights of an x0 that is known exactly sum to it.
TEST(WeightIdentities, DdimMovesAlongTheLevels) {
  const State state = start(config_named("ddim_no_clip"));
  const std::vector<double> level = levels(state.get());
  for (std::int64_t call = 0; call < sched_num_calls(state.get()); ++call) {
    const sched_weights w = weights(state.get(), call);
    const auto at = static_cast<std::size_t>(2 * call);
    // x = alpha x0 + sigma n with the true n as prediction must land on the next level.
    const double alpha = level[at], sigma = level[at + 1];
    for (int row = 0; row < w.rows; ++row) {
      if (w.output[row] != SCHED_OUTPUT_NEXT) continue;
      const double on_x0 = w.weight[row][SCHED_INPUT_SAMPLE] * alpha;
      const double on_noise =
          w.weight[row][SCHED_INPUT_SAMPLE] * sigma + w.weight[row][SCHED_INPUT_PREDICTION];
      EXPECT_NEAR(on_x0, level[at + 2], 1e-13);
      EXPECT_NEAR(on_noise, level[at + 3], 1e-13);
    }
  }
}

}  // namespace
}  // namespace sched_test
