// The pool of a scheduler: shared by its states, gone with the last handle, and absent in a
// forked child.

#include <dirent.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "support.hpp"

namespace sched_test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Makes noise, so that its steps use the pool.
const Config& config() { return config_named("euler_ancestral_v"); }

sched_init_options options_with(int threads) {
  sched_init_options options = options_for(config());
  options.num_steps = 8;
  options.elements = 150001;
  options.threads = threads;
  return options;
}

State init(const Scheduler& scheduler, int threads) {
  const sched_init_options options = options_with(threads);
  sched_state* state = nullptr;
  if (sched_init(scheduler.get(), &options, &state) != SCHED_OK) return nullptr;
  return State(state);
}

// Steps to the end, in place; the model says always the same.
Tensor finished(sched_state* state, const Tensor& prediction) {
  Tensor x = prediction;
  sched_tensor view = x.view();
  const sched_tensor model = prediction.view();
  if (sched_initial_noise(state, &view) != SCHED_OK) return prediction;
  while (sched_step(state, &view, &model, &view) == SCHED_OK) {
  }
  return x;
}

Tensor some_prediction() {
  Tensor prediction(SCHED_F32, 2, 150001);
  fill_random(prediction, 5);
  return prediction;
}

int threads_of_process() {
  DIR* folder = opendir("/proc/self/task");
  int count = -2;  // . and ..
  while (folder != nullptr && readdir(folder) != nullptr) ++count;
  if (folder != nullptr) closedir(folder);
  return count;
}

// A thread that was joined may be listed a little longer.
void wait_for_threads(int count) {
  while (threads_of_process() != count) std::this_thread::yield();
}

TEST(Pool, TwoThreadsStepTwoStates) {
  const Scheduler scheduler = create(config().json);
  const Tensor prediction = some_prediction();
  const Tensor expected = finished(init(scheduler, 1).get(), prediction);
  std::atomic<int> wrong{0};
  std::vector<std::thread> users;
  for (int user = 0; user < 4; ++user) {
    users.emplace_back([&, user] {
      for (int round = 0; round < 5; ++round) {
        // The pool grows meanwhile.
        const State state = init(scheduler, 2 + user + round);
        if (finished(state.get(), prediction) != expected) ++wrong;
      }
    });
  }
  for (std::thread& thread : users) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Pool, IsMadeOnceAndEndsWithTheLastHandle) {
  const int before = threads_of_process();
  Scheduler scheduler = create(config().json);
  State serial = init(scheduler, 1);
  EXPECT_EQ(threads_of_process(), before);
  State first = init(scheduler, 3);
  State second = init(scheduler, 5);
  State third = init(scheduler, 2);
  EXPECT_EQ(threads_of_process(), before + 4);
  scheduler.reset();
  first.reset();
  serial.reset();
  sched_state* copy = nullptr;
  ASSERT_EQ(sched_clone(second.get(), &copy), SCHED_OK);
  State clone(copy);
  second.reset();
  third.reset();
  EXPECT_EQ(threads_of_process(), before + 4);
  const Scheduler other = create(config().json);
  const Tensor prediction = some_prediction();
  EXPECT_EQ(finished(clone.get(), prediction), finished(init(other, 1).get(), prediction));
  clone.reset();
  wait_for_threads(before);
  // States first, the scheduler last.
  scheduler = create(config().json);
  first = init(scheduler, 3);
  first.reset();
  EXPECT_EQ(threads_of_process(), before + 2);
  scheduler.reset();
  wait_for_threads(before);
}

TEST(Pool, AnInitThatFailsMakesNoThreads) {
  const int before = threads_of_process();
  const Scheduler scheduler = create(config().json);
  sched_init_options options = options_with(8);
  options.begin_step = 100;
  sched_state* state = nullptr;
  EXPECT_EQ(sched_init(scheduler.get(), &options, &state), SCHED_ERROR_STEPS);
  EXPECT_EQ(threads_of_process(), before);
}

// Threads that take no signal but those of a fault.
int threads_without_signals() {
  int count = 0;
  DIR* folder = opendir("/proc/self/task");
  while (const dirent* entry = readdir(folder)) {
    std::ifstream status("/proc/self/task/" + std::string(entry->d_name) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.rfind("SigBlk:", 0) != 0) continue;
      const unsigned long long mask = std::stoull(line.substr(7), nullptr, 16);
      count += (mask >> (SIGTERM - 1) & 1) != 0 && (mask >> (SIGSEGV - 1) & 1) == 0;
    }
  }
  closedir(folder);
  return count;
}

// Signals are the application's: none arrives on a thread of the pool.
TEST(Pool, BlocksSignals) {
  const Scheduler scheduler = create(config().json);
  sigset_t before, after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  const State state = init(scheduler, 3);
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  // libc gives a thread its mask once it runs.
  for (int i = 0; i < 20000 && threads_without_signals() != 2; ++i) usleep(1000);
  EXPECT_EQ(threads_without_signals(), 2);
  for (int signal : {SIGTERM, SIGINT, SIGCHLD, SIGPROF}) {
    EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
  }
}

// ----------------------------------------------------------------------- fork

// What `child` returns, run in a forked child; 0 is right.  A child that hangs is killed.
template <class Child>
int status_of_child(const Child& child) {
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(300);
    _exit(child());
  }
  int status = -1;
  if (waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST(Fork, TheChildStepsAndFrees) {
  Scheduler scheduler = create(config().json);
  const Tensor prediction = some_prediction();
  const Tensor expected = finished(init(scheduler, 1).get(), prediction);
  State state = init(scheduler, 4);
  EXPECT_EQ(finished(init(scheduler, 4).get(), prediction), expected);
  const int status = status_of_child([&] {
    if (finished(state.get(), prediction) != expected) return 1;
    sched_state* copy = nullptr;
    if (sched_clone(state.get(), &copy) != SCHED_OK) return 2;
    sched_state_free(copy);
    state.reset();
    scheduler.reset();
    return 0;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(finished(state.get(), prediction), expected);
}

// A state that the child makes has threads of its own, though its scheduler is the parent's.
TEST(Fork, TheChildStartsAnew) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer takes no new threads after a fork with several";
#endif
  Scheduler scheduler = create(config().json);
  const Tensor prediction = some_prediction();
  const Tensor expected = finished(init(scheduler, 1).get(), prediction);
  const State state = init(scheduler, 4);
  const int status = status_of_child([&] {
    if (threads_of_process() != 1) return 1;
    State mine = init(scheduler, 3);
    if (threads_of_process() != 3) return 2;
    if (finished(mine.get(), prediction) != expected) return 3;
    mine.reset();
    wait_for_threads(1);
    scheduler.reset();
    return 0;
  });
  EXPECT_EQ(status, 0);
}

// Forked while another thread steps and others are made: whatever is locked then stays so.
TEST(Fork, AtAnyMoment) {
  Scheduler scheduler = create(config().json);
  const Tensor prediction = some_prediction();
  const Tensor expected = finished(init(scheduler, 1).get(), prediction);
  State state = init(scheduler, 3);
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) finished(init(scheduler, 3).get(), prediction);
  });
  for (int i = 0; i < 30; ++i) {
    const int status = status_of_child([&] {
      const bool right = finished(state.get(), prediction) == expected;
      state.reset();
      scheduler.reset();
      return right ? 0 : 1;
    });
    EXPECT_EQ(status, 0);
  }
  stop = true;
  busy.join();
}

// A process that may have few threads more: init succeeds, with those.
TEST(Fork, FewerThreadsThanAsked) {
  if (kSanitized) GTEST_SKIP() << "the sanitizers need the address space";
  const Scheduler scheduler = create(config().json);
  const Tensor prediction = some_prediction();
  const Tensor expected = finished(init(scheduler, 1).get(), prediction);
  const int status = status_of_child([&] {
    std::ifstream statm("/proc/self/statm");
    unsigned long pages = 0;
    statm >> pages;
    const rlim_t now = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
    const rlimit limit = {now + (100u << 20), now + (100u << 20)};
    if (setrlimit(RLIMIT_AS, &limit) != 0) return 1;
    State state = init(scheduler, 256);
    if (state == nullptr) return 2;
    if (threads_of_process() >= 256) return 3;
    return finished(state.get(), prediction) == expected ? 0 : 4;
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace sched_test
