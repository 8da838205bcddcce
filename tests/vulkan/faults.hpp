// Every call of Vulkan that can fail, and a life of a context and a state in which each is made.

#ifndef SCHED_TESTS_VULKAN_FAULTS_HPP_
#define SCHED_TESTS_VULKAN_FAULTS_HPP_

#include "intercept.hpp"
#include "steps.hpp"

namespace vulkan_test {

// What there is once for each, or what only a device of the library's own has.
enum class Scope { instance, context, state };
enum class Effect {
  tried_again,  // fails with a status, and works when it is tried again
  tolerated,    // nothing fails
  lost          // the device is lost from then on
};

struct Fault {
  std::string name;
  VkResult result;
  sched_status status;
  Scope scope;
  Effect effect = Effect::tried_again;
};
std::ostream& operator<<(std::ostream& out, const Fault& fault);

// One for each function that returns a VkResult and that the library calls: a test holds this
// list against what the library asks of the loader.
const std::vector<Fault>& every_fault();

enum class Way { imported, own };
std::string name_of(Way way);

// Few buffers, whose pipelines are compiled sooner; several chunks; memory to be flushed.
sched_vulkan_limits fault_limits();

// A new context, and that of all tests.  New ones throw std::runtime_error.
Context new_context(Way way);
sched_vulkan* context_of_all(Way way);

// A whole life of a context and a state by the functions of the host.  A call that fails is
// tried once more.
class Life {
 public:
  Life(const Fault& fault, Way way, const Config& config, const sched_init_options& options)
      : fault_(fault), way_(way), config_(config), options_(options) {}

  int failures() const { return failures_; }

  // The sample after each call; on a context of its own where `shared` is NULL.
  std::vector<Tensor> live(sched_vulkan* shared);

 private:
  template <typename Call>
  void again(const Call& call);
  template <typename Call>
  void again_with(sched_state* state, const Call& call, bool says = true);
  void note(sched_status status, const std::string& sentence);
  Context make_again();
  void use_cache(sched_vulkan* vulkan);
  State init_again(sched_vulkan* vulkan);
  void copy_again(sched_state* state);

  const Fault& fault_;
  Way way_;
  const Config& config_;
  sched_init_options options_;
  int failures_ = 0;
};

}  // namespace vulkan_test

#endif  // SCHED_TESTS_VULKAN_FAULTS_HPP_
