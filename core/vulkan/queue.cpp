// The queue is used under a lock: the application's where it gave one, else the library's.

#include "../status.hpp"
#include "device.hpp"

namespace sched::vulkan {

namespace {

class Locked {
 public:
  Locked(void (*lock)(void*), void (*unlock)(void*), void* user, std::mutex& mutex)
      : unlock_(unlock), user_(user), mutex_(mutex) {
    if (lock != nullptr) {
      lock(user);
    } else {
      mutex.lock();
    }
  }
  ~Locked() {
    if (unlock_ != nullptr) {
      unlock_(user_);
    } else {
      mutex_.unlock();
    }
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  void (*unlock_)(void*);
  void* user_;
  std::mutex& mutex_;
};

}  // namespace

void Device::check_device(VkResult result, const char* call) {
  if (result == VK_ERROR_DEVICE_LOST) lost_ = true;
  check(result, call);
}

void Device::give_up(VkResult result, const char* call) {
  lost_ = true;
  fail(Status::device_lost, call, " failed: ", name_of(result));
}

void Device::need_alive() const {
  if (lost_) fail(Status::device_lost, "the Vulkan device was lost; nothing runs on it any more");
}

void Device::submit(const VkSubmitInfo& info, VkFence fence) {
  if (queue_ == VK_NULL_HANDLE) {
    fail(Status::unsupported,
         "this context was imported without a queue, so it only records; what submits needs one");
  }
  need_alive();
  const Locked locked(lock_, unlock_, user_, queue_mutex_);
  check_device(functions_.vkQueueSubmit(queue_, 1, &info, fence), "vkQueueSubmit");
}

}  // namespace sched::vulkan
