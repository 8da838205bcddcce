// The proof that nothing grows: random loops in a few threads for millions of steps, with the
// memory of the process watched.  `build/bin/sched_soak`, about 10 minutes by default.

#include <sched/sched_device.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
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

namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr int kParts = 10;
// A shorter run ends before its live states have been through every shape.
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

// Of this process; -1 where the system does not say.
double resident_mebibytes() {
#if defined(__linux__)
  std::ifstream file("/proc/self/statm");
  double all = 0.0, resident = 0.0;
  if (file >> all >> resident) {
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / kMebibyte;
  }
#endif
  return -1.0;
}

// What the workers have done so far, and the memory at each tenth of the way.
class Progress {
 public:
  explicit Progress(const SoakOptions& options) : steps_(options.steps) {
    std::printf("%12s %12s %12s %14s\n", "steps", "steps/s", "live states", "resident MiB");
  }

  bool is_over() const { return failed_ || done_ >= steps_; }
  bool has_failed() const { return failed_; }
  const std::vector<double>& resident() const { return resident_; }

  void add(int64_t steps, int live_change) {
    live_ += live_change;
    const int64_t done = done_ += steps;
    if (steps == 0 || done < next_row_) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    while (done >= next_row_ && resident_.size() < kParts) add_row(done);
  }

  void fail(const std::string& sentence) {
    failed_ = true;
    const std::lock_guard<std::mutex> lock(mutex_);
    std::fprintf(stderr, "sched_soak: %s\n", sentence.c_str());
  }

 private:
  void add_row(int64_t done) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin_;
    const double resident = resident_mebibytes();
    resident_.push_back(resident);
    next_row_ = (static_cast<int64_t>(resident_.size()) + 1) * steps_ / kParts;
    const std::string memory = resident < 0.0 ? "unknown" : format("%.1f", resident);
    std::printf("%12lld %12.0f %12d %14s\n", static_cast<long long>(done),
                static_cast<double>(done) / seconds.count(), live_.load(), memory.c_str());
    std::fflush(stdout);
  }

  const int64_t steps_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::atomic<int64_t> done_{0}, next_row_{steps_ / kParts};
  std::atomic<int> live_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::vector<double> resident_;
};

void work(SoakWorker& worker, Progress& progress) {
  try {
    while (!progress.is_over()) {
      const int before = worker.live_states();
      const int64_t steps = worker.act();
      progress.add(steps, worker.live_states() - before);
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
bool is_flat(const std::vector<double>& resident, int64_t steps) {
  if (steps < kLeastToJudge) {
    std::printf("Memory is judged from %lld steps on: not judged.\n",
                static_cast<long long>(kLeastToJudge));
    return true;
  }
  if (resident.size() < kParts || resident.front() < 0.0) {
    std::printf("This system does not say how much memory a process has: not judged.\n");
    return true;
  }
  const double limit = resident.front() * kGrowth + kSlackMebibytes;
  const bool flat = resident.back() <= limit;
  std::printf("Resident memory %.1f MiB at a tenth, %.1f MiB at the end, at most %.1f MiB: %s\n",
              resident.front(), resident.back(), limit, flat ? "flat" : "IT GROWS");
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
  return !progress.has_failed() && is_flat(progress.resident(), options.steps);
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
  try {
    return soak(options) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sched_soak: %s\n", error.what());
    return 1;
  }
}
