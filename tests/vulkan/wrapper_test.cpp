// <sched/sched_vulkan.hpp> and the recording functions of <sched/sched_flat.h>: the same bits as
// sched_vulkan.h, and its errors.

#include "steps.hpp"
// After steps.hpp, by which Vulkan is included without prototypes.
#include <sched/sched_flat.h>
#include <sched/sched_vulkan.hpp>

namespace vulkan_test {
namespace {

const char kAncestral[] = R"({"_class_name": "EulerAncestralDiscreteScheduler"})";
constexpr std::int64_t kBatch = 2, kElements = 24, kValues = kBatch * kElements;

using Recording = Validated<testing::Test>;

sched::Vulkan import_again() { return sched::import_vulkan(import_options(Application::shared())); }

sched::InitOptions on_device(const sched::Vulkan& vulkan) {
  sched::InitOptions options;
  options.num_steps = 4;
  options.batch = kBatch;
  options.elements = kElements;
  options.kernel = SCHED_KERNEL_VULKAN;
  options.vulkan = vulkan.get();
  return options;
}

// Tensors of one size in one buffer.
class Slots {
 public:
  Slots(Application& app, int count)
      : buffer_(app, static_cast<std::uint64_t>(count) * kValues * 4) {}

  sched::BufferView view(int slot) const {
    return {buffer_.handle(), offset(slot), buffer_.bytes(), kValues, SCHED_F32, buffer_.device()};
  }
  std::uint64_t offset(int slot) const { return static_cast<std::uint64_t>(slot) * kValues * 4; }
  float* values(int slot) const {
    return reinterpret_cast<float*>(buffer_.mapped() + offset(slot));
  }
  std::vector<float> get(int slot) const { return {values(slot), values(slot) + kValues}; }
  VkBuffer handle() const { return buffer_.handle(); }
  std::uint64_t bytes() const { return buffer_.bytes(); }

 private:
  Buffer buffer_;
};

enum Slot { kSample, kPrediction, kNext, kNoise, kDenoised, kScaled, kSlots };

void fill(const Slots& slots) {
  for (int i = 0; i < kValues; ++i) {
    slots.values(kPrediction)[i] = 0.01f * static_cast<float>(i % 17) - 0.05f;
    slots.values(kNoise)[i] = 0.1f * static_cast<float>(i % 13) - 0.6f;
  }
}

std::uint64_t number(const void* handle) { return reinterpret_cast<std::uintptr_t>(handle); }

// The flat arrays for tensors in slots; -1 is none.
struct Arrays {
  Arrays(const Slots& slots, const std::vector<int>& which) {
    for (const int slot : which) {
      buffers.push_back(slot < 0 ? 0 : number(slots.handle()));
      offsets.push_back(slot < 0 ? 0 : slots.offset(slot));
      sizes.push_back(slots.bytes());
      counts.push_back(kValues);
      dtypes.push_back(SCHED_F32);
    }
  }
  std::int32_t count() const { return static_cast<std::int32_t>(buffers.size()); }

  std::vector<std::uint64_t> buffers, offsets, sizes;
  std::vector<std::int64_t> counts;
  std::vector<std::int32_t> dtypes;
};

TEST_F(Recording, ByTheWrapperByFlatAndOnTheHostIsTheSame) {
  sched::Vulkan vulkan = import_again();
  const sched::Scheduler scheduler(kAncestral);
  sched::State wrapped = scheduler.init(on_device(vulkan));
  sched::State flat = scheduler.init(on_device(vulkan));
  sched::State host = scheduler.init(on_device(vulkan));
  const Slots a(app(), kSlots), b(app(), kSlots);
  fill(a), fill(b);

  VkCommandBuffer commands = app().begin();
  sched::record_initial_noise(vulkan, wrapped, commands, a.view(kSample));
  sched::record_scale_input(vulkan, wrapped, commands, a.view(kSample), a.view(kScaled));
  sched::RecordArgs args;
  args.sample = a.view(kSample);
  args.prediction = a.view(kPrediction);
  args.next = a.view(kNext);
  args.noise[0] = a.view(kNoise);
  args.denoised = a.view(kDenoised);
  sched::record_step(vulkan, wrapped, commands, args);
  app().run(commands);

  commands = app().begin();
  const std::uint64_t in = number(commands), device = number(app().device());
  const Arrays first(b, {kSample}), scaled(b, {kSample, kScaled});
  const Arrays step(b, {kSample, kPrediction, kNext, -1, kNoise, -1, kDenoised, -1, -1, -1, -1});
  ASSERT_EQ(sched_flat_vulkan_record_initial_noise(
                vulkan.get(), flat.get(), in, device, first.buffers.data(), first.offsets.data(),
                first.sizes.data(), first.counts.data(), first.dtypes.data(), first.count()),
            SCHED_OK);
  ASSERT_EQ(sched_flat_vulkan_record_scale_input(
                vulkan.get(), flat.get(), in, device, scaled.buffers.data(), scaled.offsets.data(),
                scaled.sizes.data(), scaled.counts.data(), scaled.dtypes.data(), scaled.count()),
            SCHED_OK);
  ASSERT_EQ(sched_flat_vulkan_record_step(vulkan.get(), flat.get(), in, device, step.buffers.data(),
                                          step.offsets.data(), step.sizes.data(),
                                          step.counts.data(), step.dtypes.data(), step.count(),
                                          nullptr, 0, nullptr, 0, 1.0, 0),
            SCHED_OK)
      << sched_last_error(flat.get());
  app().run(commands);

  std::vector<float> sample(kValues), input(kValues), next(kValues), denoised(kValues);
  const std::vector<float> noise = a.get(kNoise), prediction = a.get(kPrediction);
  host.initial_noise(sample);
  host.scale_input(sample, input);
  sched::StepArgs on_host;
  on_host.sample = sample, on_host.prediction = prediction, on_host.next = next;
  on_host.noise[0] = noise, on_host.denoised = denoised;
  host.step(on_host);
  for (const Slots* slots : {&a, &b}) {
    EXPECT_EQ(slots->get(kSample), sample);
    EXPECT_EQ(slots->get(kScaled), input);
    EXPECT_EQ(slots->get(kNext), next);
    EXPECT_EQ(slots->get(kDenoised), denoised);
  }
}

TEST_F(Recording, AddsNoise) {
  sched::Vulkan vulkan = import_again();
  const sched::Scheduler scheduler(kAncestral);
  sched::State state = scheduler.init(on_device(vulkan));
  const Slots a(app(), kSlots);
  fill(a);
  std::vector<float> expected[2];
  for (auto& each : expected) each.resize(kValues);
  state.add_noise(1, a.get(kPrediction), a.get(kNoise), expected[0]);
  state.add_noise(2, a.get(kPrediction), expected[1]);

  VkCommandBuffer commands = app().begin();
  sched::record_add_noise(vulkan, state, commands, 1, a.view(kPrediction), a.view(kNoise),
                          a.view(kNext));
  sched::record_add_noise(vulkan, state, commands, 2, a.view(kPrediction), {}, a.view(kDenoised));
  const Arrays flat(a, {kPrediction, kNoise, kScaled});
  ASSERT_EQ(sched_flat_vulkan_record_add_noise(
                vulkan.get(), state.get(), number(commands), 1, 0, flat.buffers.data(),
                flat.offsets.data(), flat.sizes.data(), flat.counts.data(), flat.dtypes.data(), 3),
            SCHED_OK);
  app().run(commands);
  EXPECT_EQ(a.get(kNext), expected[0]);
  EXPECT_EQ(a.get(kScaled), expected[0]);
  EXPECT_EQ(a.get(kDenoised), expected[1]);
}

TEST_F(Recording, GroupsAreCountedByTheirTimes) {
  sched::Vulkan vulkan = import_again();
  const sched::Scheduler scheduler(R"({"_class_name": "FlowMatchEulerDiscreteScheduler"})");
  sched::State state = scheduler.init(on_device(vulkan)), host = scheduler.init(on_device(vulkan));
  const Slots a(app(), kSlots);
  fill(a);
  const std::vector<double> times = {900.0, 500.0, 700.0, 300.0};
  std::vector<float> next(kValues);
  const std::vector<float> sample = a.get(kNoise), prediction = a.get(kPrediction);
  sched::StepArgs on_host;
  on_host.sample = sample, on_host.prediction = prediction, on_host.next = next;
  on_host.group_timesteps = times;
  host.step(on_host);

  sched::RecordArgs args;
  args.sample = a.view(kNoise), args.prediction = a.view(kPrediction), args.next = a.view(kNext);
  args.group_timesteps = {times.data(), 3};
  VkCommandBuffer commands = app().begin();
  EXPECT_THROW(sched::record_step(vulkan, state, commands, args), sched::Error);
  args.group_timesteps = times;
  sched::record_step(vulkan, state, commands, args);
  app().run(commands);
  EXPECT_EQ(a.get(kNext), next);
}

TEST_F(Recording, RefusesWithTheSentenceOfTheState) {
  sched::Vulkan vulkan = import_again();
  const sched::Scheduler scheduler(kAncestral);
  sched::State state = scheduler.init(on_device(vulkan));
  const Slots a(app(), kSlots);
  sched::RecordArgs args;
  args.sample = a.view(kSample), args.next = a.view(kNext);
  VkCommandBuffer commands = app().begin();
  try {
    sched::record_step(vulkan, state, commands, args);
    ADD_FAILURE() << "recorded without a prediction";
  } catch (const sched::Error& error) {
    EXPECT_EQ(error.status(), SCHED_ERROR_ARGUMENT);
    EXPECT_TRUE(names(error.what(), {"prediction is NULL"}));
  }
  args.prediction = a.view(kPrediction);
  args.prediction.size = kValues - 1;
  EXPECT_THROW(sched::record_step(vulkan, state, commands, args), sched::Error);

  const Arrays few(a, {kSample, kPrediction});
  const auto record = [&](const std::uint64_t* buffers, std::int32_t tensors) {
    return sched_flat_vulkan_record_step(vulkan.get(), state.get(), number(commands), 0, buffers,
                                         few.offsets.data(), few.sizes.data(), few.counts.data(),
                                         few.dtypes.data(), tensors, nullptr, 0, nullptr, 0, 1.0,
                                         0);
  };
  EXPECT_EQ(record(few.buffers.data(), 2), SCHED_ERROR_ARGUMENT);
  EXPECT_TRUE(names(sched_last_error(state.get()), {"tensors is 2", "11"}));
  EXPECT_EQ(record(nullptr, SCHED_FLAT_SLOTS), SCHED_ERROR_ARGUMENT);
  const Arrays none(a, std::vector<int>(SCHED_FLAT_SLOTS, -1));
  EXPECT_EQ(sched_flat_vulkan_record_step(vulkan.get(), state.get(), number(commands), 0,
                                          none.buffers.data(), none.offsets.data(),
                                          none.sizes.data(), none.counts.data(), none.dtypes.data(),
                                          SCHED_FLAT_SLOTS, nullptr, 0, nullptr, 0, 1.0, 0),
            SCHED_ERROR_ARGUMENT);
  EXPECT_TRUE(names(sched_last_error(state.get()), {"sample is NULL"}));
  EXPECT_EQ(state.calls_done(), 0);
  app().discard(commands);
}

// ----------------------------------------------------------------------- contexts

TEST_F(Recording, ContextsMoveAndSayWhatTheyAre) {
  sched::Vulkan vulkan = import_again();
  const sched_vulkan_info info = sched::vulkan_info(vulkan);
  EXPECT_EQ(info.device, app().device());
  sched_flat_info flat = SCHED_FLAT_INFO_INIT;
  ASSERT_EQ(sched_flat_vulkan_info(vulkan.get(), &flat), SCHED_OK);
  EXPECT_EQ(flat.device, number(info.device));
  EXPECT_EQ(flat.queue, number(info.queue));
  EXPECT_EQ(flat.max_range, info.max_range);
  EXPECT_EQ(flat.max_buffers, info.max_buffers);
  EXPECT_STREQ(sched_flat_info_name(&flat), info.name);

  sched::Vulkan moved = std::move(vulkan);
  EXPECT_FALSE(static_cast<bool>(vulkan));
  EXPECT_THROW(sched::vulkan_info(vulkan), sched::Error);
  vulkan = std::move(moved);
  EXPECT_TRUE(static_cast<bool>(vulkan));
  EXPECT_FALSE(vulkan.cache().empty());
  // The pipelines are compiled by now.
  EXPECT_THROW(vulkan.set_cache(vulkan.cache()), sched::Error);
}

TEST_F(Recording, FlatImportsAreImports) {
  const sched_vulkan_import_options plain = import_options(app());
  sched_flat_import options = SCHED_FLAT_IMPORT_INIT;
  options.get_instance_proc_addr =
      number(reinterpret_cast<const void*>(plain.get_instance_proc_addr));
  options.instance = number(plain.instance);
  options.physical_device = number(plain.physical_device);
  options.device = number(plain.device);
  options.queue_family = plain.queue_family;
  Message message;
  const auto capacity = static_cast<std::int64_t>(message.capacity());
  std::int32_t status = -99;
  const sched::Vulkan records(
      sched_flat_vulkan_import(&options, nullptr, message.data(), capacity, &status));
  ASSERT_EQ(status, SCHED_OK) << message.text();
  EXPECT_EQ(sched::vulkan_info(records).queue, VK_NULL_HANDLE);

  options.lock = options.get_instance_proc_addr;
  EXPECT_EQ(sched_flat_vulkan_import(&options, nullptr, message.data(), capacity, &status),
            nullptr);
  EXPECT_EQ(status, SCHED_ERROR_ARGUMENT);
  EXPECT_TRUE(names(message.text(), {"unlock"}));
  options = SCHED_FLAT_IMPORT_INIT;
  options.struct_size = 4;
  EXPECT_EQ(sched_flat_vulkan_import(&options, nullptr, nullptr, 0, &status), nullptr);
  EXPECT_EQ(status, SCHED_ERROR_STRUCT_SIZE);
  EXPECT_EQ(sched_flat_vulkan_import(nullptr, nullptr, nullptr, 0, &status), nullptr);
  EXPECT_EQ(status, SCHED_ERROR_ARGUMENT);
}

TEST_F(Recording, OwnDevicesTakeNamesAndExtensions) {
  const std::vector<sched_vulkan_device> devices = sched::vulkan_devices();
  ASSERT_FALSE(devices.empty());
  sched::VulkanOptions options;
  options.device_name = "no such device";
  EXPECT_THROW(sched::Vulkan{options}, sched::Error);
  options = {};
  options.device_extensions = {"VK_KHR_no_such_extension", "VK_KHR_another"};
  try {
    const sched::Vulkan vulkan(options);
    ADD_FAILURE() << "made with an extension that does not exist";
  } catch (const sched::Error& error) {
    EXPECT_EQ(error.status(), SCHED_ERROR_UNSUPPORTED);
  }
  Message message;
  std::int32_t status = 0;
  EXPECT_EQ(sched_flat_vulkan_create(-1, nullptr, " VK_KHR_a  VK_KHR_no_such_extension", nullptr,
                                     message.data(), static_cast<std::int64_t>(message.capacity()),
                                     &status),
            nullptr);
  EXPECT_EQ(status, SCHED_ERROR_UNSUPPORTED);
  EXPECT_TRUE(names(message.text(), {"VK_KHR_a"}));
  const sched::Vulkan vulkan(
      sched_flat_vulkan_create(devices[0].index, nullptr, nullptr, nullptr, nullptr, 0, &status));
  EXPECT_EQ(status, SCHED_OK);
  EXPECT_STREQ(sched::vulkan_info(vulkan).name, devices[0].name);
}

}  // namespace
}  // namespace vulkan_test
