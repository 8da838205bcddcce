// Lower limits change no bit: few buffers, small groups, small ranges and so many chunks, coarse
// offsets, memory that is not coherent.

#include <algorithm>
#include <chrono>

#include "intercept.hpp"
#include "steps.hpp"

namespace vulkan_test {
namespace {

struct Limited {
  std::string name;
  std::function<void(sched_vulkan_limits&)> lower;
};
std::ostream& operator<<(std::ostream& out, const Limited& limited) { return out << limited.name; }

// All but one with few buffers, whose pipelines drivers compile sooner.
std::vector<Limited> every_limit() {
  using L = sched_vulkan_limits;
  const auto few = [](const std::function<void(L&)>& lower) {
    return [lower](L& l) {
      l.max_buffers = 4;
      lower(l);
    };
  };
  return {
      {"buffers_4", few([](L&) {})},
      {"range_64_KiB", [](L& l) { l.max_range = 65536; }},
      {"group_size_128", few([](L& l) { l.max_group_size = 128; })},
      {"group_count_64", few([](L& l) {
         l.max_group_count = 64;
         l.max_group_size = 32;
       })},
      {"alignment_256", few([](L& l) { l.offset_alignment = 256; })},
      {"alignment_4096", few([](L& l) { l.offset_alignment = 4096; })},
      {"non_coherent", few([](L& l) { l.is_non_coherent = 1; })},
      {"all", few([](L& l) {
         l.max_group_size = 32;
         l.max_group_count = 64;
         l.max_range = 65536;
         l.offset_alignment = 4096;
         l.is_non_coherent = 1;
       })},
  };
}

sched_vulkan* limited_context(const std::function<void(sched_vulkan_limits&)>& lower) {
  sched_vulkan_limits limits = SCHED_VULKAN_LIMITS_INIT;
  lower(limits);
  return shared_context(limits);
}

using Limits = Validated<testing::TestWithParam<Limited>>;
INSTANTIATE_TEST_SUITE_P(Each, Limits, testing::ValuesIn(every_limit()), CaseName());

// One of each way through the shaders: history, noise, a path, a learned variance,
// thresholding, a mask.
const char* const kConfigs[] = {"unipc",        "euler_ancestral", "dpm_sde_tree",
                                "ddpm_learned", "dpm_threshold",   "our_dpmpp_3m_sde"};

// Items of an odd number of elements lie across chunks and vectors.
TEST_P(Limits, ChangeNoBit) {
  sched_vulkan* const vulkan = limited_context(GetParam().lower);
  for (const char* name : kConfigs) {
    const Config& config = config_named(name);
    for (const std::int32_t dtype : {SCHED_F32, SCHED_F16}) {
      sched_init_options options = options_for(config);
      options.num_steps = 3;
      options.dtype = dtype;
      // Several chunks, or rows of groups, where the limit is one of these.
      const bool many = info_of(vulkan).max_range == 65536 || info_of(vulkan).group_size == 32;
      const bool whole = config.json.find("threshold") != std::string::npos;
      options.batch = whole ? 12 : 3;
      options.elements = whole ? 601 : many ? 3571 : 1201;
      const State wide = start(config, on(shared_context(), options));
      const State limited = start(config, on(vulkan, options));
      Tensor sample = initial_noise_recorded(shared_context(), wide.get(), options);
      EXPECT_EQ(initial_noise_recorded(vulkan, limited.get(), options), sample);
      for (int call = 0; is_next(wide.get()); ++call) {
        Inputs inputs = inputs_for(wide.get(), config, sample);
        inputs.wants_denoised = call % 2 == 1;
        // With four bindings of 64 KiB there is one for each tensor, and one for the state.
        const Arrangement arrangement = {true, call % 3 != 0, inputs.wants_denoised};
        const Outputs expected = step_recorded(shared_context(), wide.get(), inputs, arrangement);
        const Outputs got = step_recorded(vulkan, limited.get(), inputs, arrangement);
        ASSERT_EQ(got.next, expected.next) << name << ", dtype " << dtype << ", call " << call;
        ASSERT_EQ(got.denoised, expected.denoised) << name;
        sample = expected.next;
      }
    }
  }
}

TEST_P(Limits, ChangeNoBitOfGroups) {
  sched_vulkan* const vulkan = limited_context(GetParam().lower);
  const Config& config = config_named("ddpm_parallel");
  for (const std::int32_t dtype : {SCHED_F32, SCHED_BF16}) {
    sched_init_options options = options_for(config);
    options.batch = 3;
    options.elements = 3333;
    options.dtype = dtype;
    options.recorded_groups = 3 * 303;
    const State wide = start(config, on(shared_context(), options));
    const State limited = start(config, on(vulkan, options));
    Inputs inputs = inputs_for(wide.get(), config,
                               initial_noise_recorded(shared_context(), wide.get(), options));
    inputs.groups = 303;
    for (int i = 0; i < 3 * 303; ++i) inputs.times.push_back(i * 37 % 1000);
    const Outputs expected = step_recorded(shared_context(), wide.get(), inputs);
    EXPECT_EQ(step_recorded(vulkan, limited.get(), inputs, {true, false, true}).next,
              expected.next);
  }
}

// The host's functions go the same ways, through staging.
TEST_P(Limits, ChangeNoBitOfTheHostsFunctions) {
  sched_vulkan* const vulkan = limited_context(GetParam().lower);
  for (const char* name : {"unipc", "euler_ancestral", "our_adaptive", "our_score_ve"}) {
    const Config& config = config_named(name);
    sched_init_options options = options_for(config);
    options.batch = 6;
    options.elements = 601;
    const std::vector<Tensor> expected = run(config, on(shared_context(), options));
    const std::vector<Tensor> got = run(config, on(vulkan, options));
    ASSERT_EQ(got.size(), expected.size()) << name;
    for (std::size_t i = 0; i < got.size(); ++i) {
      // Norms are summed chunk by chunk.
      if (config.has(kNorms)) {
        EXPECT_LE(relative_distance(got[i], expected[i]), 1e-5) << name << ", call " << i;
      } else {
        EXPECT_EQ(got[i], expected[i]) << name << ", call " << i;
      }
    }
  }
}

// Non-coherent memory is flushed before the device reads and invalidated before the host does.
TEST(NonCoherent, IsFlushedAndInvalidated) {
  sched_vulkan* const vulkan = limited_context([](sched_vulkan_limits& l) {
    l.max_buffers = 4;
    l.is_non_coherent = 1;
  });
  const Config& config = config_named("euler");
  const sched_init_options options = on(vulkan, options_for(config));
  const State state = start(config, options);
  spy().reset();
  const Tensor sample = first_sample(state.get(), options);
  run(state.get(), config, sample);
  EXPECT_GE(spy().calls("vkFlushMappedMemoryRanges"), 10);
  EXPECT_GE(spy().calls("vkInvalidateMappedMemoryRanges"), 6);
  for (const std::string& message : Application::shared().take_messages()) ADD_FAILURE() << message;
}

// ------------------------------------------------------------------------ by themselves

using Sizes = Validated<testing::Test>;

void fill_fast(const DeviceTensor& tensor, std::uint32_t seed) {
  auto* values = reinterpret_cast<float*>(tensor.data());
  const std::size_t count = tensor.size_in_bytes() / 4;
  std::uint32_t x = seed;
  for (std::size_t i = 0; i < count; ++i) {
    x = x * 1664525u + 1013904223u;
    values[i] = static_cast<float>(static_cast<std::int32_t>(x)) * 1e-9f;
  }
}

sched_tensor host_view(const DeviceTensor& tensor) {
  sched_tensor view = SCHED_TENSOR_INIT;
  view.data = tensor.data();
  view.elements = tensor.view.elements;
  return view;
}

// More than one binding of 128 MiB covers, in place, against the host reading the same memory.
TEST_F(Sizes, ATensorPastTheRangeOfABinding) {
  const std::int64_t elements = (std::int64_t{33} << 20) + 5;
  sched_vulkan* const vulkan = limited_context([](sched_vulkan_limits& l) {
    l.max_buffers = 4;
    l.max_range = std::uint64_t{128} << 20;
  });
  const Config& config = config_named("dpm");
  sched_init_options options = options_for(config);
  options.num_steps = 2;
  options.batch = 1;
  options.elements = elements;
  options.kernel = SCHED_KERNEL_FUSED;
  const State host = start(config, options), state = start(config, on(vulkan, options));
  const std::uint64_t bytes = (static_cast<std::uint64_t>(elements) * 4 + 127) / 128 * 128 + 128;
  Buffer buffer(app(), 2 * bytes);
  const DeviceTensor sample = place(buffer, 64, SCHED_F32, 1, elements);
  const DeviceTensor prediction = place(buffer, bytes + 64, SCHED_F32, 1, elements);
  std::vector<float> expected(static_cast<std::size_t>(elements));
  fill_fast(sample, 1);
  for (std::uint32_t call = 0; is_next(host.get()); ++call) {
    fill_fast(prediction, 2 + call);
    const sched_tensor views[] = {host_view(sample), host_view(prediction)};
    sched_tensor out = views[0];
    out.data = expected.data();
    ASSERT_EQ(sched_step(host.get(), &views[0], &views[1], &out), SCHED_OK);
    sched_vulkan_step_args args = SCHED_VULKAN_STEP_ARGS_INIT;
    args.sample = args.next = &sample.view;
    args.prediction = &prediction.view;
    VkCommandBuffer commands = app().begin();
    ASSERT_EQ(sched_vulkan_record_step(vulkan, state.get(), commands, &args), SCHED_OK)
        << sched_last_error(state.get());
    const auto before = std::chrono::steady_clock::now();
    app().run(commands);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - before;
    std::printf("%.2f s\n", time.count());
    EXPECT_EQ(std::memcmp(sample.data(), expected.data(), sample.size_in_bytes()), 0);
  }
}

// A dispatch of more groups than 64 across takes a second dimension; the last row of groups is
// not whole.
TEST_F(Sizes, MoreGroupsThanOneDimensionHolds) {
  sched_vulkan* const vulkan = limited_context([](sched_vulkan_limits& l) {
    l.max_buffers = 4;
    l.max_group_size = 32;
    l.max_group_count = 64;
  });
  const Config& config = config_named("euler_ancestral");
  for (const std::int64_t elements : {8193, 100003}) {
    sched_init_options options = options_for(config);
    options.num_steps = 2;
    options.batch = 1;
    options.elements = elements;
    const State wide = start(config, on(shared_context(), options));
    const State narrow = start(config, on(vulkan, options));
    const Tensor sample = initial_noise_recorded(shared_context(), wide.get(), options);
    EXPECT_EQ(initial_noise_recorded(vulkan, narrow.get(), options), sample);
    const Inputs inputs = inputs_for(wide.get(), config, sample);
    EXPECT_EQ(step_recorded(vulkan, narrow.get(), inputs).next,
              step_recorded(shared_context(), wide.get(), inputs).next)
        << elements;
  }
}

// Without a queue the recordings run all the same; what needs one says so.
TEST_F(Sizes, RecordOnly) {
  sched_vulkan_import_options import_with = import_options(app());
  import_with.queue = VK_NULL_HANDLE;
  const Context vulkan = import(import_with);
  EXPECT_EQ(info_of(vulkan.get()).queue, VK_NULL_HANDLE);
  const Config& config = config_named("dpm");
  const sched_init_options options = options_for(config);
  const State host = start(config, options), state = start(config, on(vulkan.get(), options));
  const Tensor sample = first_sample(host.get(), options);
  Tensor out = sample;
  sched_tensor from = sample.view(), to = out.view();
  const auto expect_refused = [&](sched_status status) {
    EXPECT_EQ(status, SCHED_ERROR_UNSUPPORTED);
    EXPECT_TRUE(names(sched_last_error(state.get()), {"without a queue"}));
  };
  expect_refused(sched_step(state.get(), &from, &from, &to));
  expect_refused(sched_initial_noise(state.get(), &to));
  expect_refused(sched_scale_input(state.get(), &from, &to));
  expect_refused(sched_add_noise(state.get(), 1, &from, nullptr, &to));
  EXPECT_EQ(run_recorded(vulkan.get(), state.get(), config, sample),
            run(host.get(), config, sample));
  std::uint64_t size = 0;
  EXPECT_EQ(sched_save(state.get(), nullptr, 0, &size), SCHED_OK);
  std::vector<std::uint8_t> bytes(size);
  expect_refused(sched_save(state.get(), bytes.data(), size, &size));
  sched_state* copy = nullptr;
  EXPECT_EQ(sched_clone(state.get(), &copy), SCHED_ERROR_UNSUPPORTED);
  EXPECT_EQ(copy, nullptr);
}

}  // namespace
}  // namespace vulkan_test
