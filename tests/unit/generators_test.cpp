// Whole loops from a seed alone, with another system's generator and policy of draws: they are
// those of the same loop with every normal handed in, to the bit.

#include <gtest/gtest.h>
#include <sched/sched.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../../core/random/reference_normals.hpp"

namespace {

using namespace sched;
using Values = std::vector<float>;

struct FreeHandles {
  void operator()(sched_scheduler* s) const { sched_free(s); }
  void operator()(sched_state* s) const { sched_state_free(s); }
};
using Scheduler = std::unique_ptr<sched_scheduler, FreeHandles>;
using State = std::unique_ptr<sched_state, FreeHandles>;

constexpr CudaGrid kSmallCard = {1, 256};

// The draws of a generator, one after the other, as its functions give them.
class Draws {
 public:
  Draws(sched_generator generator, std::uint64_t seed)
      : generator_(generator), seed_(seed), cpu_(seed), key_(threefry_key(seed)) {}
  Draws(sched_generator generator, const ThreefryKey& key) : Draws(generator, 0) { key_ = key; }

  Values next(std::int64_t count) {
    Values values(static_cast<std::size_t>(count));
    if (generator_ == SCHED_GENERATOR_TORCH_CPU) {
      cpu_.fill(values.data(), count);
    } else if (generator_ == SCHED_GENERATOR_TORCH_CUDA) {
      fill_torch_cuda(values.data(), 0, count, count, seed_, offset_, kSmallCard);
      offset_ += torch_cuda_advance(count, kSmallCard);
    } else {
      const auto layout =
          generator_ == SCHED_GENERATOR_JAX ? ThreefryLayout::counters : ThreefryLayout::halves;
      ThreefryKey of_tensor;
      threefry_split(key_, layout, key_, of_tensor);
      fill_threefry(values.data(), 0, count, count, of_tensor, layout);
    }
    return values;
  }

 private:
  sched_generator generator_;
  std::uint64_t seed_;
  std::uint64_t offset_ = 0;
  TorchCpu cpu_;
  ThreefryKey key_;
};

// Gives the draws of the whole batch.
using Source = std::function<Values()>;

// Those of two items, each of a generator of its own; both outlive it.
Source beside(Draws& one, Draws& other, std::int64_t elements) {
  return [&one, &other, elements] {
    Values values = one.next(elements);
    const Values more = other.next(elements);
    values.insert(values.end(), more.begin(), more.end());
    return values;
  };
}

struct Loop {
  std::string config;
  int batch = 2;
  int elements = 24;
  sched_kernel kernel = SCHED_KERNEL_FUSED;
  std::function<void(sched_init_options&)> tune = [](sched_init_options&) {};

  std::int64_t size() const { return std::int64_t{batch} * elements; }
};

State begin(const Loop& loop, const std::function<void(sched_init_options&)>& tune) {
  char message[512] = "";
  sched_create_options create = SCHED_CREATE_OPTIONS_INIT;
  create.message = message;
  create.message_capacity = sizeof message;
  sched_scheduler* scheduler = nullptr;
  EXPECT_EQ(sched_create(loop.config.data(), loop.config.size(), &create, &scheduler), SCHED_OK)
      << message;
  const Scheduler owner(scheduler);
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = 5;
  options.batch = loop.batch;
  options.elements = loop.elements;
  options.kernel = loop.kernel;
  options.message = message;
  options.message_capacity = sizeof message;
  loop.tune(options);
  tune(options);
  sched_state* state = nullptr;
  EXPECT_EQ(sched_init(scheduler, &options, &state), SCHED_OK) << message;
  return State(state);
}

void choose(sched_generator generator, sched_draw_policy policy, sched_init_options& options) {
  options.generator = generator;
  options.draw_policy = policy;
  if (generator != SCHED_GENERATOR_TORCH_CUDA) return;
  options.cuda_multiprocessors = kSmallCard.multiprocessors;
  options.cuda_threads_per_multiprocessor = kSmallCard.threads_per_multiprocessor;
}

sched_tensor tensor(const State& state, Values& values) {
  sched_tensor view = SCHED_TENSOR_INIT;
  view.data = values.data();
  view.batch = sched_batch(state.get());
  view.elements = sched_elements(state.get());
  return view;
}

// A network that any two loops agree on.
Values predict(const Values& x) {
  Values f(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) f[i] = std::sin(3.0f * x[i]) + 0.1f * x[i];
  return f;
}

// Takes one call; the draws are handed in where there is a source.
void step(const State& state, Values& x, const Source& source) {
  Values f = predict(x);
  Values noise[2];
  sched_tensor sample = tensor(state, x), prediction = tensor(state, f), views[2];
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  args.sample = args.next = &sample;
  args.prediction = &prediction;
  const int draws = source ? sched_next_draws(state.get()) : 0;
  for (int i = 0; i < draws; ++i) {
    noise[i] = source();
    views[i] = tensor(state, noise[i]);
    args.noise[i] = &views[i];
  }
  ASSERT_EQ(sched_step_wide(state.get(), &args), SCHED_OK) << sched_last_error(state.get());
}

Values finish(const State& state, Values x, const Source& source = nullptr) {
  while (sched_calls_done(state.get()) < sched_num_calls(state.get())) {
    step(state, x, source);
    if (testing::Test::HasFatalFailure()) break;
  }
  return x;
}

Values first_sample(const State& state) {
  Values x(static_cast<std::size_t>(sched_batch(state.get()) * sched_elements(state.get())));
  sched_tensor out = tensor(state, x);
  EXPECT_EQ(sched_initial_noise(state.get(), &out), SCHED_OK) << sched_last_error(state.get());
  return x;
}

Values from_seed(const State& state) { return finish(state, first_sample(state)); }

// As the kernels round.
Values scaled(Values values, double scale, sched_kernel kernel) {
  const bool doubles = kernel == SCHED_KERNEL_REFERENCE;
  for (float& value : values) {
    value = doubles ? static_cast<float>(scale * double{value}) : static_cast<float>(scale) * value;
  }
  return values;
}

// The same loop where `first` are the normals of the first sample and `source` gives the others.
Values handed_in(const Loop& loop, const Values& first, const Source& source) {
  const State state =
      begin(loop, [](sched_init_options& o) { o.generator = SCHED_GENERATOR_CALLER; });
  return finish(state, scaled(first, sched_init_noise_sigma(state.get()), loop.kernel), source);
}

const std::vector<std::string> kClasses = {
    R"({"_class_name": "DDPMScheduler"})",
    R"({"_class_name": "EulerAncestralDiscreteScheduler"})",
    R"({"_class_name": "LCMScheduler"})",
    R"({"_class_name": "TCDScheduler"})",
    R"({"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "sde-dpmsolver++"})",
    R"({"_class_name": "SASolverScheduler"})",
    R"({"_class_name": "CogVideoXDPMScheduler"})",
    R"({"_class_name": "KDPM2AncestralDiscreteScheduler"})",
    R"({"_class_name": "DDIMScheduler"})"};

Loop loop_of(const std::string& config) {
  Loop loop;
  loop.config = config;
  if (config.find("DDIM") != std::string::npos) {
    loop.tune = [](sched_init_options& o) { o.eta = 1.0; };
  }
  return loop;
}

constexpr sched_generator kGenerators[] = {SCHED_GENERATOR_TORCH_CPU, SCHED_GENERATOR_TORCH_CUDA,
                                           SCHED_GENERATOR_NX, SCHED_GENERATOR_JAX};
constexpr sched_kernel kKernels[] = {SCHED_KERNEL_REFERENCE, SCHED_KERNEL_FUSED};

TEST(Generators, ALoopIsThatWithTheNoiseHandedIn) {
  for (const std::string& config : kClasses) {
    for (const sched_generator generator : kGenerators) {
      for (const sched_kernel kernel : kKernels) {
        // Torch draws otherwise below 16 elements.
        for (const int elements : {5, 24}) {
          SCOPED_TRACE(testing::Message() << config << ", generator " << generator << ", kernel "
                                          << kernel << ", elements " << elements);
          Loop loop = loop_of(config);
          loop.kernel = kernel;
          loop.elements = elements;
          const State state = begin(loop, [&](sched_init_options& o) {
            choose(generator, SCHED_DRAWS_DIFFUSERS, o);
            o.seed = 1234;
          });
          Draws draws(generator, 1234);
          const Values first = draws.next(loop.size());
          EXPECT_EQ(from_seed(state),
                    handed_in(loop, first, [&] { return draws.next(loop.size()); }));
        }
      }
    }
  }
}

// diffusers' list of generators: one for each item.
TEST(Generators, ItemsMayHaveTheirOwn) {
  const std::uint64_t seeds[] = {7, 1u << 31};
  for (const sched_generator generator : kGenerators) {
    const Loop loop = loop_of(kClasses[1]);
    const State state = begin(loop, [&](sched_init_options& o) {
      choose(generator, SCHED_DRAWS_DIFFUSERS, o);
      o.item_seeds = seeds;
    });
    Draws one(generator, seeds[0]), other(generator, seeds[1]);
    const Source both = beside(one, other, loop.elements);
    const Values first = both();
    EXPECT_EQ(from_seed(state), handed_in(loop, first, both));
  }
}

// Image to image: the posterior of the image comes first, of another one after the noise.
TEST(Generators, TheFirstSampleMayNotBeTheFirstDraw) {
  for (const sched_generator generator : kGenerators) {
    const Loop loop = loop_of(kClasses[0]);
    const State state = begin(loop, [&](sched_init_options& o) {
      choose(generator, SCHED_DRAWS_DIFFUSERS, o);
      o.first_sample_draw = 2;
      o.extra_draws = 1;
    });
    Draws draws(generator, std::uint64_t{0});
    draws.next(loop.size());
    draws.next(loop.size());
    const Values first = draws.next(loop.size());
    draws.next(loop.size());
    EXPECT_EQ(from_seed(state), handed_in(loop, first, [&] { return draws.next(loop.size()); }));
  }
}

// Of a pipeline that drew the posterior of an image first, and of one that drew no first sample.
TEST(Generators, OthersMayHaveDrawnBefore) {
  for (const int extra : {-1, 0, 3}) {
    const Loop loop = loop_of(kClasses[0]);
    const State state = begin(loop, [&](sched_init_options& o) {
      choose(SCHED_GENERATOR_TORCH_CPU, SCHED_DRAWS_NONE, o);
      o.extra_draws = extra;
    });
    Draws draws(SCHED_GENERATOR_TORCH_CPU, 0);
    const Values first = Draws(SCHED_GENERATOR_TORCH_CPU, 0).next(loop.size());
    for (int i = 0; i < 1 + extra; ++i) draws.next(loop.size());
    EXPECT_EQ(from_seed(state), handed_in(loop, first, [&] { return draws.next(loop.size()); }));
  }
}

TEST(Generators, ComfyUiDrawsTheStepsApart) {
  for (const sched_generator generator : {SCHED_GENERATOR_TORCH_CPU, SCHED_GENERATOR_TORCH_CUDA}) {
    const Loop loop = loop_of(R"({"solver": "euler_ancestral", "grid": "karras"})");
    const State state = begin(loop, [&](sched_init_options& o) {
      choose(generator, SCHED_DRAWS_COMFYUI, o);
      o.seed = 99;
    });
    const Values first = Draws(SCHED_GENERATOR_TORCH_CPU, 99).next(loop.size());
    Draws draws(generator, generator == SCHED_GENERATOR_TORCH_CPU ? 100 : 99);
    EXPECT_EQ(from_seed(state), handed_in(loop, first, [&] { return draws.next(loop.size()); }));
  }
}

TEST(Generators, BumblebeeSplitsAKeyForEachImage) {
  const Loop loop = loop_of(kClasses[2]);
  const std::uint64_t seeds[] = {5, 6};
  for (const bool own_seeds : {false, true}) {
    const State state = begin(loop, [&](sched_init_options& o) {
      choose(SCHED_GENERATOR_NX, SCHED_DRAWS_BUMBLEBEE, o);
      o.seed = 5;
      if (own_seeds) o.item_seeds = seeds;
    });
    const auto key_of = [&](int item) {
      return own_seeds ? threefry_part(threefry_key(seeds[item]), ThreefryLayout::halves, 1, 0)
                       : threefry_part(threefry_key(5), ThreefryLayout::halves, 2, item);
    };
    Draws one(SCHED_GENERATOR_NX, key_of(0)), other(SCHED_GENERATOR_NX, key_of(1));
    const Source both = beside(one, other, loop.elements);
    const Values first = both();
    EXPECT_EQ(from_seed(state), handed_in(loop, first, both));
  }
}

// k-diffusion makes a churn's normals at every step, and uses them where there is a churn.
TEST(Generators, KDiffusionDrawsBeforeItTestsChurn) {
  for (const char* solver : {"euler", "heun", "dpm_2"}) {
    Loop loop = loop_of(std::string(R"({"solver": ")") + solver + R"(", "grid": "karras"})");
    // Of five steps those that begin between 0.5 and 8.
    loop.tune = [](sched_init_options& o) {
      o.s_churn = 1.0;
      o.s_tmin = 0.5;
      o.s_tmax = 8.0;
    };
    const State state = begin(loop, [](sched_init_options& o) {
      choose(SCHED_GENERATOR_NX, SCHED_DRAWS_K_DIFFUSION, o);
    });
    std::vector<double> sigmas(6);
    ASSERT_EQ(sched_sigmas(state.get(), sigmas.data(), 6, nullptr), SCHED_OK);
    ASSERT_GT(sigmas[0], 8.0);
    // One for each step, taken or not.
    Draws draws(SCHED_GENERATOR_NX, std::uint64_t{0});
    const Values first = draws.next(loop.size());
    std::vector<Values> taken;
    int skipped = 0;
    for (std::size_t k = 0; k < 5; ++k) {
      const Values each = draws.next(loop.size());
      const bool is_churned = sigmas[k] >= 0.5 && sigmas[k] <= 8.0;
      if (is_churned) taken.push_back(each);
      skipped += is_churned ? 0 : 1;
    }
    ASSERT_GT(skipped, 1);
    ASSERT_GT(taken.size(), 1u);
    std::size_t next = 0;
    EXPECT_EQ(from_seed(state), handed_in(loop, first, [&] { return taken.at(next++); })) << solver;
    EXPECT_EQ(next, taken.size());
  }
}

// Where the first step churns its normals are not those of the first sample.
TEST(Generators, AChurnBeforeTheFirstCallIsADrawOfItsOwn) {
  Loop loop = loop_of(R"({"solver": "euler", "grid": "karras"})");
  loop.tune = [](sched_init_options& o) { o.s_churn = 2.0; };
  const State state = begin(
      loop, [](sched_init_options& o) { choose(SCHED_GENERATOR_JAX, SCHED_DRAWS_K_DIFFUSION, o); });
  double sigma[6];
  ASSERT_EQ(sched_sigmas(state.get(), sigma, 6, nullptr), SCHED_OK);
  // Karras et al. 2022, algorithm 2.
  const double gamma = std::fmin(2.0 / 5.0, std::sqrt(2.0) - 1.0);
  const double added = sigma[0] * std::sqrt(gamma * (gamma + 2.0));
  Draws draws(SCHED_GENERATOR_JAX, std::uint64_t{0});
  const Values first = draws.next(loop.size()), churn = draws.next(loop.size());
  const Values x = first_sample(state);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double of_first = sigma[0] * first[i], of_churn = added * churn[i];
    // A weight, its product and the sum are each rounded to float32.
    const double rounding = 3.0 * 0x1p-24 * (std::fabs(of_first) + std::fabs(of_churn));
    EXPECT_NEAR(x[i], of_first + of_churn, rounding) << i;
  }
  const Values rest = finish(state, x);
  const State other =
      begin(loop, [](sched_init_options& o) { o.generator = SCHED_GENERATOR_CALLER; });
  EXPECT_EQ(rest, finish(other, x, [&] { return draws.next(loop.size()); }));
}

// torch.randn(dtype=torch.float64), which only the reference kernel keeps.
TEST(Generators, TorchDrawsDoubles) {
  const Loop loop = loop_of(kClasses[0]);
  const State state = begin(loop, [](sched_init_options& o) {
    choose(SCHED_GENERATOR_TORCH_CPU, SCHED_DRAWS_DIFFUSERS, o);
    o.kernel = SCHED_KERNEL_REFERENCE;
    o.dtype = o.noise_dtype = SCHED_F64;
  });
  std::vector<double> expected(static_cast<std::size_t>(loop.size())), x = expected, f = x;
  TorchCpu torch(0);
  torch.fill(expected.data(), loop.size());
  sched_tensor sample = SCHED_TENSOR_INIT;
  sample.dtype = SCHED_F64;
  sample.data = x.data();
  sample.batch = loop.batch;
  sample.elements = loop.elements;
  ASSERT_EQ(sched_initial_noise(state.get(), &sample), SCHED_OK);
  EXPECT_EQ(x, expected);
  // The step's draw: what a prediction of zeros leaves of zeros is noise alone.
  torch.fill(expected.data(), loop.size());
  std::fill(x.begin(), x.end(), 0.0);
  sched_tensor prediction = sample;
  prediction.data = f.data();
  sched_weights weights{};
  weights.struct_size = sizeof weights;
  ASSERT_EQ(sched_step_weights(state.get(), 0, &weights), SCHED_OK);
  ASSERT_EQ(sched_step(state.get(), &sample, &prediction, &sample), SCHED_OK);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(x[i], weights.weight[0][SCHED_INPUT_NOISE0] * expected[i]) << i;
  }
}

// A card makes normals in float32, whatever the tensor's type.
TEST(Generators, TorchRoundsOnACard) {
  for (const sched_dtype type : {SCHED_F16, SCHED_BF16}) {
    const Loop loop = loop_of(kClasses[0]);
    const State state = begin(loop, [&](sched_init_options& o) {
      choose(SCHED_GENERATOR_TORCH_CUDA, SCHED_DRAWS_DIFFUSERS, o);
      o.noise_dtype = type;
    });
    const Values exact = Draws(SCHED_GENERATOR_TORCH_CUDA, std::uint64_t{0}).next(loop.size());
    const double half = type == SCHED_F16 ? 0x1p-11 : 0x1p-8;
    const Values x = first_sample(state);
    int moved = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_LE(std::fabs(double{x[i]} - exact[i]), half * std::fabs(exact[i])) << i;
      // So many bits below the leading one.
      int exponent = 0;
      const double mantissa =
          std::frexp(double{x[i]}, &exponent) * (type == SCHED_F16 ? 2048 : 256);
      EXPECT_EQ(mantissa, std::floor(mantissa)) << x[i];
      moved += x[i] != exact[i] ? 1 : 0;
    }
    EXPECT_GT(moved, 20);
  }
}

// Loaded, cloned, or asked for the first sample in between: the place in the noise is that of the
// calls done.
TEST(Generators, AStateGoesOnWhereItWas) {
  for (const sched_generator generator : kGenerators) {
    const Loop loop = loop_of(kClasses[6]);
    const auto tune = [&](sched_init_options& o) { choose(generator, SCHED_DRAWS_DIFFUSERS, o); };
    const State state = begin(loop, tune);
    Values x = first_sample(state);
    const Values expected = from_seed(begin(loop, tune));
    while (sched_calls_done(state.get()) < sched_num_calls(state.get())) {
      std::uint64_t size = 0;
      ASSERT_EQ(sched_save(state.get(), nullptr, 0, &size), SCHED_OK);
      std::vector<char> bytes(size);
      ASSERT_EQ(sched_save(state.get(), bytes.data(), size, nullptr), SCHED_OK);
      const State loaded = begin(loop, tune);
      first_sample(loaded);
      ASSERT_EQ(sched_load(loaded.get(), bytes.data(), size), SCHED_OK);
      EXPECT_EQ(finish(loaded, x), expected);
      // Backwards, over what it drew.
      ASSERT_EQ(sched_load(loaded.get(), bytes.data(), size), SCHED_OK);
      EXPECT_EQ(finish(loaded, x), expected);
      sched_state* twin = nullptr;
      ASSERT_EQ(sched_clone(state.get(), &twin), SCHED_OK);
      EXPECT_EQ(finish(State(twin), x), expected);
      first_sample(state);
      step(state, x, nullptr);
    }
    EXPECT_EQ(x, expected);
  }
}

// A saved state of one generator is none of another.
TEST(Generators, StatesOfOthersAreRefused) {
  const Loop loop = loop_of(kClasses[0]);
  const State nx = begin(loop, [](sched_init_options& o) { o.generator = SCHED_GENERATOR_NX; });
  const State jax = begin(loop, [](sched_init_options& o) { o.generator = SCHED_GENERATOR_JAX; });
  std::uint64_t size = 0;
  ASSERT_EQ(sched_save(nx.get(), nullptr, 0, &size), SCHED_OK);
  std::vector<char> bytes(size);
  ASSERT_EQ(sched_save(nx.get(), bytes.data(), size, nullptr), SCHED_OK);
  EXPECT_EQ(sched_load(jax.get(), bytes.data(), size), SCHED_ERROR_MISMATCH);
  EXPECT_EQ(sched_load(nx.get(), bytes.data(), size), SCHED_OK);
}

}  // namespace
