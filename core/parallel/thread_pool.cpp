#include "thread_pool.hpp"

#include <algorithm>
#include <system_error>

#if defined(_WIN32)
#include <process.h>
#else
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#endif

namespace sched {

namespace {

// How often the calling thread looks whether the last part is done before it sleeps.
constexpr int kSpins = 2000;

long process_id() {
#if defined(_WIN32)
  return _getpid();
#else
  return getpid();
#endif
}

// New threads take over the mask of the one that makes them.  The application's signals are for
// its own threads; those of a fault must reach the handler of whoever reports crashes.
class BlockedSignals {
 public:
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
#if defined(_WIN32)
  BlockedSignals() {}
#else
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
      sigdelset(&all, fault);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
#endif
};

void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

std::shared_ptr<ThreadPool> ThreadPool::make() {
  return std::shared_ptr<ThreadPool>(new ThreadPool, Delete());
}

// In a forked child the mutex may be locked for ever, and threads cannot be joined that do not
// exist: the pool stays where it is.
void ThreadPool::Delete::operator()(ThreadPool* pool) const {
  if (process_id() == pool->process_) delete pool;
}

ThreadPool::ThreadPool() : process_(process_id()) {}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::grow(int threads) {
  const auto helpers = static_cast<std::size_t>(std::max(threads - 1, 0));
  if (threads_.size() >= helpers) return;
  threads_.reserve(helpers);
  const BlockedSignals blocked;
  try {
    while (threads_.size() < helpers) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    // Fewer threads: the same results, later.
  }
}

void ThreadPool::run(int helpers, std::int64_t count, RunPart function, void* task) {
  if (process_id() != process_ || !begin(helpers, count, function, task)) return;
  for (int i = 0; i < helpers; ++i) wake_.notify_one();
  take_parts();
  end();
}

bool ThreadPool::begin(int helpers, std::int64_t count, RunPart function, void* task) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (busy_) return false;
  busy_ = true;
  run_ = function;
  task_ = task;
  count_ = count;
  next_.store(0, std::memory_order_relaxed);
  wanted_ = helpers;
  return true;
}

// Threads that did not wake in time are not waited for.
void ThreadPool::end() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    wanted_ = 0;
  }
  for (int i = 0; i < kSpins && inside_.load(std::memory_order_relaxed) != 0; ++i) {
    pause_briefly();
  }
  std::unique_lock<std::mutex> lock(mutex_);
  left_.wait(lock, [&] { return inside_.load(std::memory_order_relaxed) == 0; });
  busy_ = false;
}

void ThreadPool::take_parts() {
  for (;;) {
    const std::int64_t part = next_.fetch_add(1, std::memory_order_relaxed);
    if (part >= count_) return;
    run_(task_, part);
  }
}

void ThreadPool::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return wanted_ > 0 || stopping_; });
    if (stopping_) return;
    --wanted_;
    ++inside_;
    lock.unlock();
    take_parts();
    lock.lock();
    if (--inside_ == 0) left_.notify_one();
  }
}

PoolHolder::PoolHolder() : process_(process_id()) {}

std::shared_ptr<ThreadPool> PoolHolder::pool(int threads) {
  if (process_id() != process_) {
    auto own = ThreadPool::make();
    own->grow(threads);
    return own;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (pool_ == nullptr) pool_ = ThreadPool::make();
  pool_->grow(threads);
  return pool_;
}

}  // namespace sched
