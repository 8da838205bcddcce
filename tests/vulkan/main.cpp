// The program of the tests: the shared application ends after the last of them, so that objects
// of the library that were left behind are told of.

#include "application.hpp"

namespace {

class EndOfAll : public testing::Environment {
 public:
  void TearDown() override { vulkan_test::Application::end_shared(); }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::AddGlobalTestEnvironment(new EndOfAll);
  return RUN_ALL_TESTS();
}
