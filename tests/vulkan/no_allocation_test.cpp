// Recording allocates nothing: no memory of the host's is asked for by the library.
//
// This program defines malloc and operator new itself, as api/no_allocation_test.cpp does.  The
// driver may allocate as it records, so what is counted is who called: the library, or the C++
// library on its behalf.  The validation layer is C++ too and stays away.
//
// AddressSanitizer brings its own malloc, so under it the tests are skipped.

#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif

#include <dlfcn.h>

#include <cstdlib>
#include <new>

#include "buffers.hpp"

#if !defined(__SANITIZE_ADDRESS__)

namespace {

// Of this thread: drivers have threads of their own.  No dynamic initialisation, since malloc
// is called before any constructor runs.
thread_local bool counting = false;
thread_local long of_library = 0;
thread_local long of_others = 0;

bool is_of_library(const void* caller) {
  // A static library is a part of this program.
  static Dl_info program{};
  if (program.dli_fbase == nullptr) dladdr(reinterpret_cast<const void*>(&is_of_library), &program);
  Dl_info info{};
  if (dladdr(caller, &info) == 0 || info.dli_fname == nullptr) return false;
  const std::string file = info.dli_fname;
  return info.dli_fbase == program.dli_fbase || file.find("libsched") != std::string::npos ||
         file.find("libstdc++") != std::string::npos || file.find("libc++") != std::string::npos;
}

void count(const void* caller) {
  if (!counting) return;
  counting = false;  // dladdr and std::string may allocate
  ++(is_of_library(caller) ? of_library : of_others);
  counting = true;
}

template <class Function>
Function next_symbol(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

void* allocate(std::size_t size) {
  static const auto real = next_symbol<void* (*)(std::size_t)>("malloc");
  return real(size);
}

}  // namespace

extern "C" void* malloc(std::size_t size) {
  count(__builtin_return_address(0));
  return allocate(size);
}

void* operator new(std::size_t size) {
  count(__builtin_return_address(0));
  void* p = allocate(size);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
void* operator new[](std::size_t size) {
  count(__builtin_return_address(0));
  void* p = allocate(size);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
// Not inlined, or compilers see memory of operator new go to free().
__attribute__((noinline)) void operator delete(void* p) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete[](void* p) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete(void* p, std::size_t) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

#endif  // !__SANITIZE_ADDRESS__

namespace vulkan_test {
namespace {

#if defined(__SANITIZE_ADDRESS__)

TEST(Recording, AllocatesNothing) { GTEST_SKIP() << "AddressSanitizer owns malloc"; }

#else

struct Counted {
  long of_library, of_others;
};

template <class Call>
Counted allocations_of(const Call& call) {
  of_library = of_others = 0;
  counting = true;
  call();
  counting = false;
  return {of_library, of_others};
}

// Or the other test would prove nothing.
TEST(Counter, SeesTheLibrary) {
  const Config& config = config_named("dpm");
  const sched_init_options options = options_for(config);
  const Scheduler scheduler = create(config.json);
  sched_state* state = nullptr;
  const Counted counted =
      allocations_of([&] { (void)sched_init(scheduler.get(), &options, &state); });
  sched_state_free(state);
  EXPECT_GT(counted.of_library, 0);
}

TEST(Recording, AllocatesNothing) {
  Application app(false);
  const Context vulkan = import(import_options(app));
  long others = 0;
  for (const Config& config : configs_without(kNorms)) {
    sched_init_options options = options_for(config);
    options.elements = 1000;
    const State state = start(config, on(vulkan.get(), options));
    Workspace workspace(app, {true, true, false}, 2 * 2 * 4 * 1000, 10);
    const Tensor values(SCHED_F32, 2, 1000);
    const Tensor predicted(SCHED_F32, 2, 1000 * config.prediction_factor());
    sched_vulkan_step_args args = SCHED_VULKAN_STEP_ARGS_INIT;
    args.sample = args.next = workspace.add(values);
    const sched_vulkan_tensor* prediction = workspace.add(predicted);
    args.unconditional = workspace.add(predicted);
    args.guidance_scale = 2.0;
    const sched_vulkan_tensor* denoised = workspace.add(values);
    args.next_input = workspace.add(values);
    args.mask = workspace.add(values);
    args.original = workspace.add(values);
    // The first recording puts the state on the device.
    VkCommandBuffer commands = app.begin();
    const Counted at_first = allocations_of([&] {
      (void)sched_vulkan_record_initial_noise(vulkan.get(), state.get(), commands, args.sample);
    });
    EXPECT_EQ(at_first.of_library, 0) << config.name;
    while (is_next(state.get())) {
      sched_call call = SCHED_CALL_INIT;
      ASSERT_EQ(sched_next_call(state.get(), &call), SCHED_OK);
      args.prediction = call.needs_model != 0 ? prediction : nullptr;
      args.denoised = call.needs_model != 0 ? denoised : nullptr;
      sched_status status = SCHED_OK;
      const Counted counted = allocations_of(
          [&] { status = sched_vulkan_record_step(vulkan.get(), state.get(), commands, &args); });
      ASSERT_EQ(status, SCHED_OK) << config.name << ": " << sched_last_error(state.get());
      EXPECT_EQ(counted.of_library, 0) << config.name;
      others += counted.of_others;
    }
    app.discard(commands);
  }
  std::printf("%ld allocations of the driver's\n", others);
}

// Times of groups are read from the caller's list as they are.
TEST(Recording, AllocatesNothingForGroups) {
  Application app(false);
  const Context vulkan = import(import_options(app));
  const Config& config = config_named("flow");
  sched_init_options options = options_for(config);
  options.elements = 1000;
  options.recorded_groups = 200;
  const State state = start(config, on(vulkan.get(), options));
  Workspace workspace(app, {true, true, false}, 2 * 4 * 1000, 3);
  const Tensor values(SCHED_F32, 2, 1000);
  const std::vector<double> times(200, 500.0);
  sched_vulkan_step_args args = SCHED_VULKAN_STEP_ARGS_INIT;
  args.sample = args.next = workspace.add(values);
  args.prediction = workspace.add(values);
  args.groups = 100;
  args.group_timesteps = times.data();
  VkCommandBuffer commands = app.begin();
  sched_status status = SCHED_OK;
  const Counted counted = allocations_of(
      [&] { status = sched_vulkan_record_step(vulkan.get(), state.get(), commands, &args); });
  EXPECT_EQ(status, SCHED_OK) << sched_last_error(state.get());
  EXPECT_EQ(counted.of_library, 0);
  app.discard(commands);
}

#endif

}  // namespace
}  // namespace vulkan_test
