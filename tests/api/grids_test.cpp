// Grids that the configuration or the caller gives point by point, and ends of shaped ones.

#include "support.hpp"

namespace sched_test {
namespace {

State start_with(const std::string& keys, const sched_init_options& options) {
  return start({"given", "{" + keys + "}"}, options);
}

sched_init_options steps(std::int32_t count) {
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = count;
  options.elements = 1;
  return options;
}

// diffusers' trained_betas are the sigmas of the steps and of the end.
TEST(Grids, OfIpndmAreItsBetas) {
  const State state =
      start_with(R"("_class_name": "IPNDMScheduler", "trained_betas": [0.9, 0.5, 0.1])", steps(2));
  const std::vector<double> expected = {std::sqrt(1.0 - 0.81), 0.9, std::sqrt(0.75), 0.5,
                                        std::sqrt(0.99),       0.1};
  const std::vector<double> got = levels(state.get());
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-15) << i;
}

// The times that two steps have anyway, given one by one.
TEST(Grids, OfWuerstchenTakeTimesAsGiven) {
  const std::string config = R"("_class_name": "DDPMWuerstchenScheduler")";
  const double times[] = {1.0, 0.5, 0.0};
  sched_init_options options = steps(0);
  options.timesteps = times;
  options.timesteps_count = 3;
  const State given = start_with(config, options);
  const State spaced = start_with(config, steps(2));
  EXPECT_EQ(timesteps(given.get()), timesteps(spaced.get()));
  EXPECT_EQ(levels(given.get()), levels(spaced.get()));
}

// diffusers: with shaped sigmas, sigma_min is the last of them once more.
TEST(Grids, OfUnipcEndTwiceWhereShaped) {
  const State state =
      start_with(R"("_class_name": "UniPCMultistepScheduler", "use_karras_sigmas": true,)"
                 R"("final_sigmas_type": "sigma_min")",
                 steps(5));
  const std::vector<double> falling = sigmas(state.get());
  ASSERT_EQ(falling.size(), 6u);
  for (std::size_t i = 1; i < 5; ++i) EXPECT_LT(falling[i], falling[i - 1]) << i;
  EXPECT_EQ(falling[5], falling[4]);
}

}  // namespace
}  // namespace sched_test
