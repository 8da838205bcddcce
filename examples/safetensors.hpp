// Reads a safetensors file of float64 arrays: header length (8 bytes, little-endian), JSON
// header, data.  https://github.com/huggingface/safetensors
//
// The file may come from anywhere: every length, offset and shape is checked before use.

#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

// A file that cannot be used; what() says why.
class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct RecordedTensor {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};

struct Safetensors {
  std::map<std::string, RecordedTensor> tensors;
  std::map<std::string, std::string> metadata;
};

// Throws FileError.
Safetensors read_safetensors(const std::string& path);

// All bytes of a file or, for "-", of standard input.  Throws FileError, also where there are
// more than `limit` bytes.
std::string read_bytes(const std::string& path, std::size_t limit);
