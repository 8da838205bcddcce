// Loaders and drivers that lack a function, offer no device, or say strange things while they list.

#include "faults.hpp"

namespace vulkan_test {
namespace {

using Missing = Validated<testing::Test>;

// "" where a context is made, else what sched_vulkan_create() or _import() said.
std::string sentence_of(Way way) {
  try {
    new_context(way);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

bool may_be_missing(const std::string& name) { return name.rfind("vkEnumerateInstance", 0) == 0; }

// What cannot be released stays, so nothing is made without a way to release it but these two.
bool releases_a_device(const std::string& name) {
  return name == "vkDestroyInstance" || name == "vkDestroyDevice";
}

TEST_F(Missing, FunctionsAreNamed) {
  for (const Way way : {Way::imported, Way::own}) new_context(way);
  std::vector<std::string> all = spy().asked_for();
  all.push_back("vkGetDeviceProcAddr");
  const std::map<std::string, long> before = spy().living();
  int refused = 0;
  for (const std::string& name : all) {
    for (const Way way : {Way::imported, Way::own}) {
      if (way == Way::own && releases_a_device(name)) continue;
      // Of the loader, which an application has used already.
      if (way == Way::imported && name == "vkCreateInstance") continue;
      spy().reset();
      spy().missing = name;
      const std::string sentence = sentence_of(way);
      spy().reset();
      EXPECT_EQ(spy().living(), before) << name;
      if (may_be_missing(name)) {
        EXPECT_EQ(sentence, "") << name;
        continue;
      }
      ++refused;
      EXPECT_TRUE(names(sentence, {"SCHED_ERROR_UNSUPPORTED", name}));
    }
  }
  std::printf("%d refused\n", refused);
  EXPECT_GE(refused, 100);
  for (const Way way : {Way::imported, Way::own}) EXPECT_EQ(sentence_of(way), "");
}

struct Answer {
  const char* call;
  VkResult result;
  std::vector<std::string> words;
};

// Results that are no failure of a call, but mean that there is nothing to run on.
TEST_F(Missing, DriversAndDevices) {
  const Answer answers[] = {
      {"vkCreateInstance", VK_ERROR_INCOMPATIBLE_DRIVER, {"UNSUPPORTED", "no Vulkan driver"}},
      {"vkEnumeratePhysicalDevices", VK_ERROR_INITIALIZATION_FAILED, {"UNSUPPORTED", "has none"}},
      {"vkEnumeratePhysicalDevices", VK_INCOMPLETE, {"VULKAN", "vkEnumeratePhysicalDevices"}},
  };
  const std::map<std::string, long> before = spy().living();
  for (const Answer& answer : answers) {
    spy().reset();
    spy().fail(answer.call, 1, answer.result, true);
    EXPECT_TRUE(names(sentence_of(Way::own), answer.words));
    spy().reset();
    EXPECT_EQ(spy().living(), before);
  }
  spy().has_no_compute = true;
  EXPECT_TRUE(names(sentence_of(Way::own), {"UNSUPPORTED", "no queue for compute"}));
  spy().reset();
  EXPECT_EQ(spy().living(), before);
}

// A list that grows while it is read is read again, and not for ever.
TEST_F(Missing, ListsThatGrow) {
  for (const char* list :
       {"vkEnumerateInstanceExtensionProperties", "vkEnumerateDeviceExtensionProperties"}) {
    spy().reset();
    spy().fail(list, 2, VK_INCOMPLETE);
    EXPECT_EQ(sentence_of(Way::own), "");
    spy().reset();
    spy().fail(list, 2, VK_INCOMPLETE, true);
    EXPECT_TRUE(names(sentence_of(Way::own), {"VULKAN", list, "VK_INCOMPLETE"}));
  }
  spy().reset();
}

TEST_F(Missing, ListingDevicesFailsCleanly) {
  const std::map<std::string, long> before = spy().living();
  std::int32_t right = -1;
  ASSERT_EQ(sched_vulkan_list(nullptr, 0, &right), SCHED_OK);
  for (const Fault& fault : every_fault()) {
    spy().reset();
    ASSERT_EQ(sched_vulkan_list(nullptr, 0, &right), SCHED_OK);
    const long calls = spy().calls(fault.name);
    for (long nth = 1; nth <= calls; ++nth) {
      spy().reset();
      spy().fail(fault.name, nth, fault.result);
      std::int32_t count = -1;
      EXPECT_EQ(sched_vulkan_list(nullptr, 0, &count), fault.status) << fault.name;
      EXPECT_EQ(count, fault.status == SCHED_OK ? right : 0) << fault.name;
      EXPECT_EQ(spy().living(), before) << fault.name;
      EXPECT_EQ(sched_vulkan_list(nullptr, 0, &count), SCHED_OK);
    }
  }
  spy().reset();
}

}  // namespace
}  // namespace vulkan_test
