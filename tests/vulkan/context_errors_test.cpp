// Errors of sched_vulkan_create(), _import(), _list(), _get_info() and of sched_init() with a
// context: each with its status and what its sentence says.

#include <algorithm>

#include "intercept.hpp"

namespace vulkan_test {
namespace {

// ------------------------------------------------------------------------- import

struct ImportCase {
  std::string name;
  sched_status status;
  std::vector<std::string> words;
  std::function<void(sched_vulkan_import_options&, sched_vulkan_limits&)> spoil;
};
std::ostream& operator<<(std::ostream& out, const ImportCase& c) { return out << c.name; }

using Options = sched_vulkan_import_options;
using Limits = sched_vulkan_limits;

void no_lock(void*) {}

VkAllocationCallbacks* empty_allocator() {
  static VkAllocationCallbacks none{};
  return &none;
}

ImportCase limit_case(const std::string& name, const std::vector<std::string>& words,
                      const std::function<void(Limits&)>& set) {
  return {name, SCHED_ERROR_VALUE, words, [set](Options& o, Limits& l) {
            set(l);
            o.limits = &l;
          }};
}

std::vector<ImportCase> import_cases() {
  return {
      {"loader",
       SCHED_ERROR_ARGUMENT,
       {"get_instance_proc_addr", "NULL"},
       [](Options& o, Limits&) { o.get_instance_proc_addr = nullptr; }},
      {"instance",
       SCHED_ERROR_ARGUMENT,
       {"`instance`", "NULL"},
       [](Options& o, Limits&) { o.instance = VK_NULL_HANDLE; }},
      {"physical_device",
       SCHED_ERROR_ARGUMENT,
       {"`physical_device`", "NULL"},
       [](Options& o, Limits&) { o.physical_device = VK_NULL_HANDLE; }},
      {"device",
       SCHED_ERROR_ARGUMENT,
       {"`device`", "NULL"},
       [](Options& o, Limits&) { o.device = VK_NULL_HANDLE; }},
      {"lock_alone",
       SCHED_ERROR_ARGUMENT,
       {"`unlock`", "neither"},
       [](Options& o, Limits&) { o.lock = no_lock; }},
      {"unlock_alone",
       SCHED_ERROR_ARGUMENT,
       {"`lock`", "neither"},
       [](Options& o, Limits&) { o.unlock = no_lock; }},
      {"allocator",
       SCHED_ERROR_ARGUMENT,
       {"allocator", "pfnAllocation"},
       [](Options& o, Limits&) { o.allocator = empty_allocator(); }},
      {"family_out_of_range",
       SCHED_ERROR_UNSUPPORTED,
       {"queue family 99", "does not exist"},
       [](Options& o, Limits&) { o.queue_family = 99; }},
      {"family_without_compute",
       SCHED_ERROR_UNSUPPORTED,
       {"has no compute", "VK_QUEUE_COMPUTE_BIT"},
       [](Options&, Limits&) { spy().has_no_compute = true; }},
      {"struct_size",
       SCHED_ERROR_STRUCT_SIZE,
       {"options"},
       [](Options& o, Limits&) { o.struct_size = 5; }},
      {"limits_struct_size",
       SCHED_ERROR_STRUCT_SIZE,
       {"limits"},
       [](Options& o, Limits& l) {
         l.struct_size = 2;
         o.limits = &l;
       }},
      limit_case("buffers_3", {"max_buffers is 3", "4 to"}, [](Limits& l) { l.max_buffers = 3; }),
      limit_case("buffers_many", {"max_buffers is 4000000000"},
                 [](Limits& l) { l.max_buffers = 4000000000u; }),
      limit_case("group_size_31", {"max_group_size is 31", "32 to"},
                 [](Limits& l) { l.max_group_size = 31; }),
      limit_case("group_size_many", {"max_group_size is 1000000"},
                 [](Limits& l) { l.max_group_size = 1000000; }),
      limit_case("group_count_many", {"max_group_count is"},
                 [](Limits& l) { l.max_group_count = UINT32_MAX; }),
      limit_case("range_small", {"max_range is 65535", "65536 to"},
                 [](Limits& l) { l.max_range = 65535; }),
      limit_case("range_many", {"max_range is"}, [](Limits& l) { l.max_range = UINT64_MAX; }),
      limit_case("alignment_3", {"offset_alignment is 3", "powers of two"},
                 [](Limits& l) { l.offset_alignment = 3; }),
      limit_case("alignment_8192", {"offset_alignment is 8192", "4096"},
                 [](Limits& l) { l.offset_alignment = 8192; }),
      limit_case("alignment_1", {"offset_alignment is 1"},
                 [](Limits& l) { l.offset_alignment = 1; }),
      limit_case("non_coherent_2", {"is_non_coherent is 2"},
                 [](Limits& l) { l.is_non_coherent = 2; }),
  };
}

using ImportErrors = Validated<testing::TestWithParam<ImportCase>>;
INSTANTIATE_TEST_SUITE_P(Each, ImportErrors, testing::ValuesIn(import_cases()), CaseName());

TEST_P(ImportErrors, SayWhatIsWrong) {
  spy().reset();
  const std::map<std::string, long> before = spy().living();
  Message message;
  Options options = import_options(app());
  Limits limits = SCHED_VULKAN_LIMITS_INIT;
  options.message = message.data();
  options.message_capacity = message.capacity();
  GetParam().spoil(options, limits);
  auto* vulkan = reinterpret_cast<sched_vulkan*>(&limits);
  EXPECT_EQ(sched_vulkan_import(&options, &vulkan), GetParam().status);
  EXPECT_EQ(vulkan, nullptr);
  EXPECT_TRUE(message.walls_intact());
  // Where the struct cannot be read there is no place for a sentence.
  if (GetParam().name != "struct_size") {
    std::printf("%s\n", message.text().c_str());
    EXPECT_TRUE(names(message.text(), GetParam().words));
  }
  EXPECT_EQ(spy().living(), before);
  spy().reset();
}

using Contexts = Validated<testing::Test>;

TEST_F(Contexts, ImportNeedsItsPointers) {
  const Options options = import_options(app());
  auto* vulkan = reinterpret_cast<sched_vulkan*>(&spy());
  EXPECT_EQ(sched_vulkan_import(&options, nullptr), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_vulkan_import(nullptr, &vulkan), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(vulkan, nullptr);
  EXPECT_EQ(sched_vulkan_create(nullptr, nullptr), SCHED_ERROR_ARGUMENT);
  sched_vulkan_free(nullptr);
}

TEST_F(Contexts, AShortMessageIsCut) {
  Message message(12);
  Options options = import_options(app());
  options.device = VK_NULL_HANDLE;
  options.message = message.data();
  options.message_capacity = message.capacity();
  sched_vulkan* vulkan = nullptr;
  EXPECT_EQ(sched_vulkan_import(&options, &vulkan), SCHED_ERROR_ARGUMENT);
  EXPECT_TRUE(message.walls_intact());
  EXPECT_TRUE(message.terminated());
}

TEST_F(Contexts, InfoIsOfTheApplication) {
  Limits limits = SCHED_VULKAN_LIMITS_INIT;
  limits.max_buffers = 4;
  limits.max_group_size = 100;
  limits.max_range = 1 << 20;
  limits.offset_alignment = 1024;
  Options options = import_options(app());
  options.limits = &limits;
  const Context vulkan = import(options);
  const sched_vulkan_info info = info_of(vulkan.get());
  EXPECT_EQ(info.instance, app().instance());
  EXPECT_EQ(info.physical_device, app().physical_device());
  EXPECT_EQ(info.device, app().device());
  EXPECT_EQ(info.queue, app().queue());
  EXPECT_EQ(info.queue_family, app().queue_family());
  EXPECT_EQ(info.max_buffers, 4u);
  EXPECT_EQ(info.group_size, 64u);
  EXPECT_EQ(info.max_range, 1u << 20);
  EXPECT_EQ(info.offset_alignment, 1024u);
  EXPECT_EQ(info.is_lost, 0);
  EXPECT_STREQ(info.name, app().properties().deviceName);

  sched_vulkan_info small{};
  small.struct_size = 4;
  EXPECT_EQ(sched_vulkan_get_info(vulkan.get(), &small), SCHED_ERROR_STRUCT_SIZE);
  EXPECT_EQ(sched_vulkan_get_info(nullptr, &small), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_vulkan_get_info(vulkan.get(), nullptr), SCHED_ERROR_ARGUMENT);
}

// ------------------------------------------------------------------------- create

TEST_F(Contexts, AListOfDevices) {
  std::int32_t count = -1;
  ASSERT_EQ(sched_vulkan_list(nullptr, 0, &count), SCHED_OK);
  ASSERT_GE(count, 1);
  std::vector<sched_vulkan_device> devices(static_cast<std::size_t>(count));
  for (sched_vulkan_device& device : devices) device.struct_size = sizeof device;
  ASSERT_EQ(sched_vulkan_list(devices.data(), count, &count), SCHED_OK);
  EXPECT_STREQ(devices[0].name, app().properties().deviceName);
  EXPECT_EQ(devices[0].is_suitable, 1);
  EXPECT_EQ(devices[0].index, 0);
  EXPECT_EQ(devices[0].vendor_id, app().properties().vendorID);
  EXPECT_EQ(sched_vulkan_list(devices.data(), count - 1, &count), SCHED_ERROR_CAPACITY);
  count = static_cast<std::int32_t>(devices.size());
  devices[0].struct_size = 7;
  EXPECT_EQ(sched_vulkan_list(devices.data(), count, &count), SCHED_ERROR_STRUCT_SIZE);
  EXPECT_EQ(sched_vulkan_list(nullptr, 0, nullptr), SCHED_ERROR_ARGUMENT);
}

void expect_no_context(sched_vulkan_create_options options, sched_status status,
                       const std::vector<std::string>& words) {
  Message message;
  options.message = message.data();
  options.message_capacity = message.capacity();
  auto* vulkan = reinterpret_cast<sched_vulkan*>(&options);
  EXPECT_EQ(sched_vulkan_create(&options, &vulkan), status);
  EXPECT_EQ(vulkan, nullptr);
  std::printf("%s\n", message.text().c_str());
  EXPECT_TRUE(names(message.text(), words));
}

TEST_F(Contexts, CreateSaysWhatThereIs) {
  const sched_vulkan_create_options defaults = SCHED_VULKAN_CREATE_OPTIONS_INIT;
  const std::string name = app().properties().deviceName;
  auto options = defaults;
  options.device_index = 99;
  expect_no_context(options, SCHED_ERROR_UNSUPPORTED, {"no Vulkan device 99", name});
  options.device_index = -2;
  expect_no_context(options, SCHED_ERROR_VALUE, {"device_index is -2"});
  options = defaults;
  options.device_name = "no such device";
  expect_no_context(options, SCHED_ERROR_UNSUPPORTED, {"no such device", name});
  options = defaults;
  const char* extension = "VK_EXT_that_is_not_there";
  options.device_extensions = &extension;
  options.device_extension_count = 1;
  expect_no_context(options, SCHED_ERROR_UNSUPPORTED, {extension});
  options.device_extension_count = -1;
  expect_no_context(options, SCHED_ERROR_ARGUMENT, {"device_extension_count"});
  options.device_extension_count = 1;
  extension = nullptr;
  expect_no_context(options, SCHED_ERROR_ARGUMENT, {"device_extensions", "NULL"});
  options.device_extensions = nullptr;
  expect_no_context(options, SCHED_ERROR_ARGUMENT, {"device_extensions", "NULL"});
  options = defaults;
  Limits limits = SCHED_VULKAN_LIMITS_INIT;
  limits.max_range = 100;
  options.limits = &limits;
  expect_no_context(options, SCHED_ERROR_VALUE, {"max_range is 100"});
  options = defaults;
  options.struct_size = 6;
  sched_vulkan* vulkan = nullptr;
  EXPECT_EQ(sched_vulkan_create(&options, &vulkan), SCHED_ERROR_STRUCT_SIZE);
}

// A device that the library makes: by its index, or a part of its name in any case.
TEST_F(Contexts, OfTheLibrarysOwn) {
  std::string name = app().properties().deviceName;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  for (int way = 0; way < 2; ++way) {
    sched_vulkan_create_options options = SCHED_VULKAN_CREATE_OPTIONS_INIT;
    if (way == 0) options.device_index = 0;
    if (way == 1) options.device_name = name.c_str();
    sched_vulkan* made = nullptr;
    ASSERT_EQ(sched_vulkan_create(&options, &made), SCHED_OK);
    const Context vulkan(made);
    EXPECT_STREQ(info_of(made).name, app().properties().deviceName);
    EXPECT_NE(info_of(made).queue, VK_NULL_HANDLE);
    EXPECT_NE(info_of(made).device, app().device());
  }
}

// --------------------------------------------------------------------------- init

struct InitCase {
  std::string name;
  sched_status status;
  std::vector<std::string> words;
  std::function<void(sched_init_options&)> spoil;
};
std::ostream& operator<<(std::ostream& out, const InitCase& c) { return out << c.name; }

std::vector<InitCase> init_cases() {
  return {
      {"kernel_without_context",
       SCHED_ERROR_CONFLICT,
       {"SCHED_KERNEL_VULKAN", "sched_vulkan_create"},
       [](sched_init_options& o) { o.vulkan = nullptr; }},
      {"context_without_kernel",
       SCHED_ERROR_CONFLICT,
       {"vulkan is set", "SCHED_KERNEL_VULKAN"},
       [](sched_init_options& o) { o.kernel = SCHED_KERNEL_DEFAULT; }},
      {"context_with_fused",
       SCHED_ERROR_CONFLICT,
       {"vulkan is set"},
       [](sched_init_options& o) { o.kernel = SCHED_KERNEL_FUSED; }},
      {"in_flight_on_the_host",
       SCHED_ERROR_OPTION,
       {"recorded_in_flight"},
       [](sched_init_options& o) {
         o.kernel = SCHED_KERNEL_FUSED;
         o.vulkan = nullptr;
         o.recorded_in_flight = 1;
       }},
      {"groups_on_the_host",
       SCHED_ERROR_OPTION,
       {"recorded_groups"},
       [](sched_init_options& o) {
         o.kernel = SCHED_KERNEL_FUSED;
         o.vulkan = nullptr;
         o.recorded_groups = 1;
       }},
      {"in_flight_negative",
       SCHED_ERROR_VALUE,
       {"recorded_in_flight is -1", "1 to 1024"},
       [](sched_init_options& o) { o.recorded_in_flight = -1; }},
      {"in_flight_many",
       SCHED_ERROR_VALUE,
       {"recorded_in_flight is 1025"},
       [](sched_init_options& o) { o.recorded_in_flight = 1025; }},
      {"groups_negative",
       SCHED_ERROR_VALUE,
       {"recorded_groups is -1"},
       [](sched_init_options& o) { o.recorded_groups = -1; }},
      {"groups_many",
       SCHED_ERROR_VALUE,
       {"recorded_groups is 2000000"},
       [](sched_init_options& o) { o.recorded_groups = 2000000; }},
      {"threads",
       SCHED_ERROR_CONFLICT,
       {"threads is 2", "SCHED_KERNEL_VULKAN", "0 and 1"},
       [](sched_init_options& o) { o.threads = 2; }},
      {"float64",
       SCHED_ERROR_DTYPE,
       {"reference"},
       [](sched_init_options& o) { o.dtype = SCHED_F64; }},
      {"elements_2_31",
       SCHED_ERROR_UNSUPPORTED,
       {"elements is 2147483648", "2147483647"},
       [](sched_init_options& o) { o.elements = std::int64_t{1} << 31; }},
  };
}

using InitErrors = Validated<testing::TestWithParam<InitCase>>;
INSTANTIATE_TEST_SUITE_P(Each, InitErrors, testing::ValuesIn(init_cases()), CaseName());

TEST_P(InitErrors, SayWhatIsWrong) {
  const Config& config = config_named("flow");
  const Scheduler scheduler = create(config.json);
  const std::map<std::string, long> before = spy().living();
  Message message;
  sched_init_options options = on(shared_context(), options_for(config));
  GetParam().spoil(options);
  options.message = message.data();
  options.message_capacity = message.capacity();
  auto* state = reinterpret_cast<sched_state*>(&options);
  EXPECT_EQ(sched_init(scheduler.get(), &options, &state), GetParam().status);
  EXPECT_EQ(state, nullptr);
  std::printf("%s\n", message.text().c_str());
  EXPECT_TRUE(names(message.text(), GetParam().words));
  const std::map<std::string, long> after = spy().living();
  if (!before.empty()) {
    EXPECT_EQ(after, before);
  }
}

// A method that looks at whole items, and an item that no binding covers.
TEST_F(Contexts, AnItemThatTheDeviceCannotHold) {
  Limits limits = SCHED_VULKAN_LIMITS_INIT;
  limits.max_range = 65536;
  Options import_with = import_options(app());
  import_with.limits = &limits;
  const Context vulkan = import(import_with);
  sched_init_options options = on(vulkan.get(), options_for(config_named("dpm_threshold")));
  options.batch = 2;
  options.elements = 20000;
  try {
    start(config_named("dpm_threshold"), options);
    ADD_FAILURE() << "it was taken";
  } catch (const std::runtime_error& error) {
    EXPECT_TRUE(names(error.what(), {"SCHED_ERROR_UNSUPPORTED", "elements is 20000", "65536"}))
        << error.what();
  }
}

// It records for whoever has a queue.
TEST_F(Contexts, WithoutAQueueNothingIsSubmitted) {
  Options options = import_options(app());
  options.queue = VK_NULL_HANDLE;
  const Context vulkan = import(options);
  const Config& config = config_named("euler");
  const sched_init_options init = options_for(config);
  const State state = start(config, on(vulkan.get(), init));
  Tensor sample = first_sample(start(config, init).get(), init);
  const Tensor prediction = sample;
  sched_tensor x = sample.view();
  const sched_tensor eps = prediction.view();
  EXPECT_EQ(sched_step(state.get(), &x, &eps, &x), SCHED_ERROR_UNSUPPORTED);
  EXPECT_TRUE(names(sched_last_error(state.get()), {"without a queue", "only records"}));
  EXPECT_EQ(sched_calls_done(state.get()), 0);
}

// Rows lie in float32 there.
TEST_F(Contexts, HistoryInSixteenBits) {
  const Context vulkan = import(import_options(app()));
  sched_init_options options = on(vulkan.get(), options_for(config_named("dpm")));
  options.history_dtype = SCHED_F32;
  start(config_named("dpm"), options);
  for (const std::int32_t history : {SCHED_F16, SCHED_BF16}) {
    options.history_dtype = history;
    try {
      start(config_named("dpm"), options);
      ADD_FAILURE() << "it was taken";
    } catch (const std::runtime_error& error) {
      EXPECT_TRUE(
          names(error.what(), {"SCHED_ERROR_UNSUPPORTED", "history_dtype", "vulkan", "float32"}))
          << error.what();
    }
  }
}

}  // namespace
}  // namespace vulkan_test
