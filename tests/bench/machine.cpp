#include "machine.hpp"

#include <dlfcn.h>
#include <sched/sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>

#include "stream.hpp"

namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The value of the first line "key<anything>: value" of a file of /proc.
std::string value_of(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (line.rfind(key, 0) != 0 || colon == std::string::npos) continue;
    const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "unknown";
}

std::string processor() {
  std::string text = value_of("/proc/cpuinfo", "model name");
  const std::string family = value_of("/proc/cpuinfo", "cpu family");
  if (family != "unknown") {
    text += " (family " + family + ", model " + value_of("/proc/cpuinfo", "model\t") + ")";
  }
  return text + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores";
}

std::string caches() {
  std::string text;
  for (int index = 0; index < 8; ++index) {
    const std::string folder =
        "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    const std::string size = first_line(folder + "size");
    if (size.empty()) break;
    const std::string type = first_line(folder + "type");
    if (type == "Instruction") continue;
    text += (text.empty() ? "L" : ", L") + first_line(folder + "level") + " " + size;
  }
  return text.empty() ? "unknown" : text;
}

std::string openblas() {
  using Text = char* (*)();
  const auto config = reinterpret_cast<Text>(dlsym(RTLD_DEFAULT, "openblas_get_config"));
  const auto core = reinterpret_cast<Text>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  if (config == nullptr || core == nullptr) return "not loaded";
  return std::string(config()) + ", kernels of " + core();
}

std::string date() {
  const std::time_t now = std::time(nullptr);
  char text[32] = "";
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", std::gmtime(&now));
  return text;
}

}  // namespace

int64_t available_bytes() {
  std::istringstream text(value_of("/proc/meminfo", "MemAvailable"));
  int64_t kibibytes = 0;
  text >> kibibytes;
  return kibibytes > 0 ? kibibytes * 1024 : int64_t{4} << 30;
}

std::string machine_text() {
  utsname system{};
  uname(&system);
  std::ostringstream text;
  text << "date: " << date() << "\nsched: " << sched_version_string()
       << "\nprocessor: " << processor() << "\ncaches: " << caches()
       << "\nmemory: " << value_of("/proc/meminfo", "MemTotal") << "\nsystem: " << system.sysname
       << " " << system.release << " " << system.machine
       << "\nhuge pages: " << first_line("/sys/kernel/mm/transparent_hugepage/enabled")
       << "\ncompiler: " << SCHED_BENCH_COMPILER << "\nflags: " << SCHED_BENCH_FLAGS
       << "\ninstruction set: " << instruction_set() << "\nOpenBLAS: " << openblas() << "\n";
  return text.str();
}
