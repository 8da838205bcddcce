// `sched replay` of any file.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "../../examples/replay.hpp"
#include "support.hpp"

namespace {

// A file that every input overwrites.
class File {
 public:
  File() : path_("/tmp/fuzz_recorded_loop_XXXXXX") {
    const int made = mkstemp(path_.data());
    fuzz::demand(made >= 0, "there is room for a file");
    close(made);
  }
  ~File() { std::remove(path_.c_str()); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  const std::string& write(const std::uint8_t* data, std::size_t size) {
    std::FILE* const file = std::fopen(path_.c_str(), "wb");
    fuzz::demand(file != nullptr && std::fwrite(data, 1, size, file) == size, "it is written");
    std::fclose(file);
    return path_;
  }

 private:
  std::string path_;
};

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  // What replay prints of each file.
  return std::freopen("/dev/null", "w", stdout) == nullptr ? 1 : 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static File file;
  ReplayOptions options;
  options.verbose = true;
  options.files = {file.write(data, size)};
  run_replay(options);
  return 0;
}
