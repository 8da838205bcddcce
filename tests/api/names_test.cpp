// Names and quirks through the C ABI and the wrapper.

#include <sched/sched.hpp>

#include "support.hpp"

namespace {

using namespace sched_test;

TEST(Names, AreListedAndFound) {
  const std::int32_t count = sched_name_count();
  EXPECT_GT(count, 100);
  for (std::int32_t i = 0; i < count; ++i) {
    sched_name_info info = SCHED_NAME_INFO_INIT;
    ASSERT_EQ(sched_name_at(i, &info), SCHED_OK);
    EXPECT_EQ(info.struct_size, sizeof info);
    EXPECT_TRUE(info.kind == SCHED_NAME_SAMPLER || info.kind == SCHED_NAME_SCHEDULE);
    sched_name_info found = SCHED_NAME_INFO_INIT;
    ASSERT_EQ(sched_name_find(info.name, info.system, &found), SCHED_OK) << info.name;
    EXPECT_STREQ(found.system, info.system);
    if (info.kind == SCHED_NAME_SCHEDULE) continue;
    EXPECT_NO_THROW(create(info.composition)) << info.name;
  }
}

TEST(Names, MisusesAreErrors) {
  sched_name_info info = SCHED_NAME_INFO_INIT;
  EXPECT_EQ(sched_name_at(0, nullptr), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_name_at(-1, &info), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_name_at(sched_name_count(), &info), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_name_find(nullptr, nullptr, &info), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_name_find("Euler a", nullptr, nullptr), SCHED_ERROR_ARGUMENT);
  EXPECT_EQ(sched_name_find("no such name", nullptr, &info), SCHED_ERROR_UNKNOWN_CLASS);
  EXPECT_EQ(sched_name_find("Euler a", "no such system", &info), SCHED_ERROR_UNKNOWN_CLASS);
  EXPECT_EQ(info.name, nullptr);
  info.struct_size = 4;
  EXPECT_EQ(sched_name_find("Euler a", nullptr, &info), SCHED_ERROR_STRUCT_SIZE);
  EXPECT_EQ(sched_name_at(0, &info), SCHED_ERROR_STRUCT_SIZE);
}

TEST(Names, ReachTheWrapper) {
  EXPECT_EQ(sched::names().size(), static_cast<std::size_t>(sched_name_count()));
  EXPECT_STREQ(sched::find_name("euler A")->composition,
               R"({"solver": "euler_ancestral", "grid": "normal"})");
  EXPECT_FALSE(sched::find_name("no such name"));
}

TEST(Quirks, AreOnInDiffusersFilesOnly) {
  const Scheduler theirs = create(R"({"_class_name": "DDIMScheduler"})");
  ASSERT_EQ(sched_quirk_count(theirs.get()), 1);
  EXPECT_STREQ(sched_quirk(theirs.get(), 0), "stride_previous");
  EXPECT_EQ(sched_quirk(theirs.get(), 1), nullptr);
  EXPECT_EQ(sched_quirk(theirs.get(), -1), nullptr);
  const Scheduler ours = create(R"({"solver": "ddim"})");
  EXPECT_EQ(sched_quirk_count(ours.get()), 0);
  EXPECT_EQ(sched_quirk_count(nullptr), 0);
  EXPECT_EQ(sched_quirk(nullptr, 0), nullptr);
  EXPECT_NE(sched_quirk_description("stride_previous"), nullptr);
  EXPECT_EQ(sched_quirk_description("no such quirk"), nullptr);
  EXPECT_EQ(sched_quirk_description(nullptr), nullptr);
}

TEST(Quirks, ReachTheWrapper) {
  const sched::Scheduler asked(R"({"solver": "ddim", "quirks": ["stride_previous"]})");
  EXPECT_EQ(asked.quirks(), std::vector<std::string>{"stride_previous"});
  EXPECT_FALSE(sched::quirk_description("stride_previous").empty());
  EXPECT_TRUE(sched::quirk_description("no such quirk").empty());
}

}  // namespace
