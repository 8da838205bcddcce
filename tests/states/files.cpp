#include "files.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace states_test {

namespace {

// Little-endian on every machine.
void append_size(Bytes& bytes, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

class Reader {
 public:
  Reader(const Bytes& bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  bool is_at_end() const { return at_ == bytes_.size(); }
  Bytes take(std::uint64_t size) {
    if (size > bytes_.size() - at_) throw std::runtime_error(path_ + " is cut");
    const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(at_);
    at_ += size;
    return Bytes(from, from + static_cast<std::ptrdiff_t>(size));
  }
  std::uint64_t take_size() {
    const Bytes bytes = take(8);
    std::uint64_t value = 0;
    for (std::size_t i = 8; i-- > 0;) value = value << 8 | bytes[i];
    return value;
  }

 private:
  const Bytes& bytes_;
  std::string path_;
  std::size_t at_ = 0;
};

}  // namespace

Bytes read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  return Bytes(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

void write_file(const std::string& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary);
  for (const std::uint8_t byte : bytes) out.put(static_cast<char>(byte));
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

SavedLoop read_loop(const std::string& path, const sched_init_options& options) {
  const Bytes bytes = read_file(path);
  Reader reader(bytes, path);
  SavedLoop loop;
  while (!reader.is_at_end()) {
    Tensor sample(options.dtype, options.batch, options.elements);
    const Bytes values = reader.take(sample.size() * bytes_of(options.dtype));
    std::memcpy(sample.view().data, values.data(), values.size());
    loop.samples.push_back(sample);
    loop.states.push_back(reader.take(reader.take_size()));
  }
  if (loop.states.empty()) throw std::runtime_error(path + " is empty");
  return loop;
}

void write_loop(const std::string& path, const SavedLoop& loop) {
  Bytes bytes;
  for (std::size_t i = 0; i < loop.states.size(); ++i) {
    const Tensor& sample = loop.samples[i];
    const auto* values = static_cast<const std::uint8_t*>(sample.view().data);
    bytes.insert(bytes.end(), values, values + sample.size() * bytes_of(sample.dtype()));
    append_size(bytes, loop.states[i].size());
    bytes.insert(bytes.end(), loop.states[i].begin(), loop.states[i].end());
  }
  write_file(path, bytes);
}

}  // namespace states_test
