// A part of a larger tensor draws what the whole would draw there: the same bits, however it is
// cut.

#include "support.hpp"

namespace sched_test {
namespace {

constexpr std::int64_t kBatch = 3, kElements = 1031;

struct Case {
  std::string name;
  std::string json;
  std::function<void(sched_init_options&)> tune;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

void ask(sched_generator generator, sched_init_options& options) {
  options.generator = generator;
  options.num_steps = 4;
  options.seed = 11;
  if (generator != SCHED_GENERATOR_TORCH_CUDA) return;
  options.cuda_multiprocessors = 1;
  options.cuda_threads_per_multiprocessor = 512;
}

std::vector<Case> cases() {
  const std::string ancestral = R"({"_class_name": "EulerAncestralDiscreteScheduler"})";
  std::vector<Case> all;
  const auto add = [&](const char* name, const std::string& json, sched_generator generator) {
    all.push_back({name, json, [=](sched_init_options& o) { ask(generator, o); }});
  };
  add("philox", ancestral, SCHED_GENERATOR_PHILOX);
  add("torch_cuda", ancestral, SCHED_GENERATOR_TORCH_CUDA);
  add("nx", ancestral, SCHED_GENERATOR_NX);
  add("jax", ancestral, SCHED_GENERATOR_JAX);
  add("brownian_path", R"({"solver": "dpmpp_2m_sde"})", SCHED_GENERATOR_PHILOX);
  add("two_draws", R"({"_class_name": "CogVideoXDPMScheduler"})", SCHED_GENERATOR_JAX);
  all.push_back({"bumblebee", R"({"_class_name": "LCMScheduler"})", [](sched_init_options& o) {
                   ask(SCHED_GENERATOR_NX, o);
                   o.draw_policy = SCHED_DRAWS_BUMBLEBEE;
                 }});
  return all;
}

class PartsOfAWhole : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, PartsOfAWhole, testing::ValuesIn(cases()), CaseName());

// The loop's result; the network is the same for every element.
Tensor result_of(const Case& c, const sched_init_options& options) {
  const Config config = {c.name, c.json};
  const State state = start(config, options);
  Tensor sample = first_sample(state.get(), options);
  while (is_next(state.get())) {
    Tensor prediction = sample;
    for (std::size_t i = 0; i < sample.size(); ++i) {
      prediction.set(i, std::cos(2.0 * sample.at(i)));
    }
    step(state.get(), sample, prediction, sample);
  }
  return sample;
}

sched_init_options options_of(const Case& c, std::int32_t kernel) {
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  c.tune(options);
  options.kernel = kernel;
  options.batch = kBatch;
  options.elements = kElements;
  return options;
}

// Begins of `parts` parts, and the end; not on multiples of anything.
std::vector<std::int64_t> cuts(std::int64_t whole, std::int64_t parts) {
  std::vector<std::int64_t> cut;
  for (std::int64_t i = 0; i <= parts; ++i) cut.push_back(whole * i / parts);
  return cut;
}

TEST_P(PartsOfAWhole, HaveItsBits) {
  for (const std::int32_t kernel : kernels()) {
    const sched_init_options whole_options = options_of(GetParam(), kernel);
    const Tensor whole = result_of(GetParam(), whole_options);
    for (const std::int64_t parts : {1, 2, 3, 7}) {
      const std::vector<std::int64_t> cut = cuts(kElements, parts);
      for (std::size_t p = 0; p + 1 < cut.size(); ++p) {
        sched_init_options options = whole_options;
        options.whole_elements = kElements;
        options.first_element = cut[p];
        options.elements = cut[p + 1] - cut[p];
        const Tensor part = result_of(GetParam(), options);
        for (std::size_t i = 0; i < part.size(); ++i) {
          const auto n = static_cast<std::size_t>(options.elements);
          const std::size_t at = i / n * kElements + static_cast<std::size_t>(cut[p]) + i % n;
          ASSERT_EQ(part.at(i), whole.at(at))
              << kernel_name(kernel) << " part " << p << " of " << parts << ", value " << i;
        }
      }
    }
  }
}

// Items of the batch on their own, and a part of those.
TEST_P(PartsOfAWhole, MayBeItems) {
  for (const std::int32_t kernel : kernels()) {
    const sched_init_options whole_options = options_of(GetParam(), kernel);
    const Tensor whole = result_of(GetParam(), whole_options);
    for (std::int64_t item = 0; item < kBatch; ++item) {
      sched_init_options options = whole_options;
      options.whole_batch = kBatch;
      options.whole_elements = kElements;
      options.first_item = item;
      options.first_element = 401;
      options.batch = 1;
      options.elements = 130;
      const Tensor part = result_of(GetParam(), options);
      for (std::size_t i = 0; i < part.size(); ++i) {
        const std::size_t at = static_cast<std::size_t>(item * kElements + 401) + i;
        ASSERT_EQ(part.at(i), whole.at(at)) << kernel_name(kernel) << " item " << item;
      }
    }
  }
}

// Far into a tensor that no machine holds: the same numbers on every kernel.
TEST(PartsOfLargeWholes, AreTheSameOnEveryKernel) {
  std::vector<Tensor> samples;
  for (const std::int32_t kernel : {std::int32_t{SCHED_KERNEL_REFERENCE}, kernels().back()}) {
    sched_init_options options = SCHED_INIT_OPTIONS_INIT;
    options.num_steps = 4;
    options.kernel = kernel;
    options.elements = 70;
    options.whole_elements = std::int64_t{1} << 34;
    options.first_element = (std::int64_t{1} << 34) - 75;
    const State state = start({"ddpm", R"({"_class_name": "DDPMScheduler"})"}, options);
    samples.push_back(first_sample(state.get(), options));
  }
  EXPECT_EQ(samples[0], samples[1]);
}

}  // namespace
}  // namespace sched_test
