// The proof that nothing grows: random loops in a few threads for millions of steps, with the
// memory of the process watched.  `build/bin/sched_soak`, a few minutes by default.

#include <sched/sched_device.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "soak_worker.hpp"
#include "text_table.hpp"

#if defined(__linux__)
#include <unistd.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr int kParts = 10;
// A shorter run ends before malloc and OpenBLAS have all that they will ever keep.
constexpr int64_t kLeastToJudge = 1000000;
// More than this beside the first tenth is a leak.
constexpr double kGrowth = 1.1, kSlackMebibytes = 4.0;

struct SoakOptions {
  int64_t steps = 10000000;
  uint64_t seed = 1;
  int threads = 2;
  bool vulkan = false;
};

using VulkanHandle = std::unique_ptr<sched_vulkan, void (*)(sched_vulkan*)>;

// Left alone, malloc takes ever larger blocks for ordinary ones, and keeps as much that is free at
// the top of each thread's heap, which malloc_trim() leaves there.
void keep_little() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

// Of this process; -1 where the system does not say.  What is free goes back to the system before:
// how much of it malloc keeps is a matter of chance, and no leak.
double resident_mebibytes() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
#if defined(__linux__)
  std::ifstream file("/proc/self/statm");
  double all = 0.0, resident = 0.0;
  if (file >> all >> resident) {
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / kMebibyte;
  }
#endif
  return -1.0;
}

std::string memory_text(double mebibytes) {
  return mebibytes < 0.0 ? "unknown" : format("%.1f", mebibytes);
}

// What the workers have done so far.  At each tenth of the way all of them free what they hold and
// wait, and the memory is read: a loop may hold more than would be a leak, so that what lives at
// the moment would decide.
class Progress {
 public:
  explicit Progress(const SoakOptions& options) : steps_(options.steps), workers_(options.threads) {
    std::printf("%12s %12s %12s %10s %14s %14s\n", "steps", "steps/s", "live states", "their MiB",
                "resident MiB", "at rest MiB");
  }

  bool is_over() const { return failed_ || rows_ == kParts; }
  bool has_failed() const { return failed_; }
  const std::vector<double>& at_rest() const { return at_rest_; }

  void add(int64_t steps) { done_ += steps; }
  bool is_row_due() const { return done_ >= (rows_ + 1) * steps_ / kParts; }

  // Frees the states of a worker, and returns when every worker has done so.
  void rest(SoakWorker& worker) {
    std::unique_lock<std::mutex> lock(mutex_);
    const int row = rows_;
    if (resting_ == 0) resident_ = resident_mebibytes();
    live_states_ += worker.live_states();
    live_mebibytes_ += static_cast<double>(worker.live_bytes()) / kMebibyte;
    worker.release_all();
    if (++resting_ == workers_) {
      add_rows();
      everyone_.notify_all();
    }
    everyone_.wait(lock, [&] { return failed_ || rows_ != row; });
  }

  void fail(const std::string& sentence) {
    const std::lock_guard<std::mutex> lock(mutex_);
    failed_ = true;
    std::fprintf(stderr, "sched_soak: %s\n", sentence.c_str());
    everyone_.notify_all();
  }

 private:
  void add_rows() {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin_;
    const double at_rest = resident_mebibytes();
    std::printf("%12lld %12.0f %12d %10.1f %14s %14s\n", static_cast<long long>(done_.load()),
                static_cast<double>(done_) / seconds.count(), live_states_, live_mebibytes_,
                memory_text(resident_).c_str(), memory_text(at_rest).c_str());
    std::fflush(stdout);
    // In a short run one loop may be more than a tenth.
    while (rows_ < kParts && is_row_due()) {
      at_rest_.push_back(at_rest);
      ++rows_;
    }
    resting_ = live_states_ = 0;
    live_mebibytes_ = 0.0;
  }

  const int64_t steps_;
  const int workers_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::atomic<int64_t> done_{0};
  std::atomic<int> rows_{0};
  std::atomic<bool> failed_{false};

  std::mutex mutex_;  // for what follows
  std::condition_variable everyone_;
  int resting_ = 0, live_states_ = 0;
  double live_mebibytes_ = 0.0, resident_ = 0.0;
  std::vector<double> at_rest_;
};

void work(SoakWorker& worker, Progress& progress) {
  try {
    while (!progress.is_over()) {
      progress.add(worker.act());
      if (progress.is_row_due()) progress.rest(worker);
    }
  } catch (const std::exception& error) {
    progress.fail(error.what());
  }
}

VulkanHandle make_vulkan() {
  char message[1024] = "";
  sched_vulkan_create_options options = SCHED_VULKAN_CREATE_OPTIONS_INIT;
  options.message = message;
  options.message_capacity = sizeof message;
  sched_vulkan* vulkan = nullptr;
  if (sched_vulkan_create(&options, &vulkan) != SCHED_OK) throw std::runtime_error(message);
  return {vulkan, sched_vulkan_free};
}

// Whether memory has stayed what it was after the first tenth.
bool is_flat(const std::vector<double>& at_rest, int64_t steps) {
  if (steps < kLeastToJudge) {
    std::printf("Memory is judged from %lld steps on: not judged.\n",
                static_cast<long long>(kLeastToJudge));
    return true;
  }
  if (at_rest.size() < kParts || at_rest.front() < 0.0) {
    std::printf("This system does not say how much memory a process has: not judged.\n");
    return true;
  }
  const double limit = at_rest.front() * kGrowth + kSlackMebibytes;
  const bool flat = at_rest.back() <= limit;
  std::printf("At rest %.1f MiB at a tenth, %.1f MiB at the end, at most %.1f MiB: %s\n",
              at_rest.front(), at_rest.back(), limit, flat ? "flat" : "IT GROWS");
  return flat;
}

void print_recipes(const RecipeList& list, const SoakOptions& options) {
  std::printf("%zu methods, %d workers, seed %llu", list.recipes.size(), options.threads,
              static_cast<unsigned long long>(options.seed));
  for (std::size_t i = 0; i < list.left_out.size(); ++i) {
    std::printf("%s%s", i == 0 ? "; left out, since they need more than defaults: " : ", ",
                list.left_out[i].c_str());
  }
  std::printf("\n");
}

bool soak(const SoakOptions& options) {
  const RecipeList list = soak_recipes();
  print_recipes(list, options);
  const VulkanHandle vulkan =
      options.vulkan ? make_vulkan() : VulkanHandle(nullptr, sched_vulkan_free);
  const FakePredictions predictions;
  Progress progress(options);
  std::vector<std::unique_ptr<SoakWorker>> workers;
  std::vector<std::thread> threads;
  for (int i = 0; i < options.threads; ++i) {
    const uint64_t seed = options.seed + static_cast<uint64_t>(i);
    workers.push_back(std::make_unique<SoakWorker>(list.recipes, predictions, seed, vulkan.get()));
    threads.emplace_back(work, std::ref(*workers.back()), std::ref(progress));
  }
  for (std::thread& thread : threads) thread.join();
  return !progress.has_failed() && is_flat(progress.at_rest(), options.steps);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Random loops for millions of steps: no status but those expected, memory flat");
  SoakOptions options;
  app.add_option("--steps", options.steps, "Steps of all workers together")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{kParts}, int64_t{1} << 50));
  app.add_option("--seed", options.seed, "Of the first worker; the others count on")
      ->capture_default_str();
  app.add_option("--threads", options.threads, "Worker threads")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  app.add_flag("--vulkan", options.vulkan, "On the Vulkan kernel too");
  CLI11_PARSE(app, argc, argv);
  keep_little();
  try {
    return soak(options) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sched_soak: %s\n", error.what());
    return 1;
  }
}
