#include "safetensors.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

using nlohmann::json;

namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 28;
constexpr std::size_t kMaxHeader = 100'000'000;  // the format's own limit
constexpr std::size_t kMaxDimensions = 8;
constexpr std::size_t kLengthBytes = 8;

struct Extent {
  std::size_t begin, end;  // bytes, counted from the end of the header
  std::string name;
};

std::uint64_t little_endian(const char* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// The JSON standard leaves open what a name given twice means, so refuse it.
json parse_header(const char* begin, const char* end) {
  // The parser takes a zero byte for the end of the text.
  if (std::find(begin, end, '\0') != end) throw FileError("header is not valid JSON");
  std::vector<std::set<std::string>> names;
  const auto refuse_twice = [&names](int, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key && !names.back().insert(value.get<std::string>()).second)
      throw FileError("header: the name '" + value.get<std::string>() + "' is given twice");
    return true;
  };
  try {
    json header = json::parse(begin, end, refuse_twice);
    if (!header.is_object()) throw FileError("header is not a JSON object");
    return header;
  } catch (const json::exception&) {
    throw FileError("header is not valid JSON");
  }
}

std::size_t unsigned_value(const json& value, const std::string& what) {
  if (!value.is_number_unsigned()) throw FileError(what + " is not a whole number");
  return value.get<std::size_t>();
}

const json& member(const json& object, const char* key, const std::string& what) {
  const auto found = object.find(key);
  if (found == object.end()) throw FileError(what + " has no '" + key + "'");
  return *found;
}

// Bytes that a shape takes.  The running product cannot overflow: it stays below the limit.
std::size_t shape_bytes(const json& shape, std::size_t limit, const std::string& what,
                        std::vector<std::int64_t>& dimensions) {
  if (!shape.is_array() || shape.size() > kMaxDimensions)
    throw FileError(what + ": shape is not a short list");
  std::size_t count = 1;
  for (const json& entry : shape) {
    const std::size_t size = unsigned_value(entry, what + ": shape");
    if (size != 0 && count > limit / sizeof(double) / size)
      throw FileError(what + ": shape is larger than the file");
    count *= size;
    dimensions.push_back(static_cast<std::int64_t>(size));
  }
  return count * sizeof(double);
}

Extent read_extent(const std::string& name, const json& entry, std::size_t data_size) {
  const std::string what = "tensor '" + name + "'";
  const json& offsets = member(entry, "data_offsets", what);
  if (!offsets.is_array() || offsets.size() != 2)
    throw FileError(what + ": data_offsets are not two numbers");
  Extent extent = {unsigned_value(offsets[0], what + ": data_offsets"),
                   unsigned_value(offsets[1], what + ": data_offsets"), name};
  if (extent.begin > extent.end || extent.end > data_size)
    throw FileError(what + ": data_offsets are outside the file");
  return extent;
}

RecordedTensor read_tensor(const Extent& extent, const json& entry, const char* data) {
  const std::string what = "tensor '" + extent.name + "'";
  const json& dtype = member(entry, "dtype", what);
  if (dtype != "F64") throw FileError(what + ": dtype is not F64");
  RecordedTensor tensor;
  const std::size_t size = extent.end - extent.begin;
  // One more than there is, so that an empty tensor still has a limit to divide.
  const std::size_t bytes =
      shape_bytes(member(entry, "shape", what), size + sizeof(double), what, tensor.shape);
  if (bytes != size) throw FileError(what + ": shape and data_offsets disagree");
  tensor.values.resize(size / sizeof(double));
  for (std::size_t i = 0; i < tensor.values.size(); ++i) {
    const std::uint64_t bits =
        little_endian(data + extent.begin + i * sizeof(double), sizeof(double));
    std::memcpy(&tensor.values[i], &bits, sizeof(bits));
  }
  return tensor;
}

// The format demands that tensors cover the data without gap or overlap.
void check_cover(std::vector<Extent> extents, std::size_t data_size) {
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::size_t position = 0;
  for (const Extent& extent : extents) {
    if (extent.begin < position) throw FileError("tensor '" + extent.name + "' overlaps another");
    if (extent.begin > position)
      throw FileError("bytes before tensor '" + extent.name + "' belong to none");
    position = extent.end;
  }
  if (position != data_size) throw FileError("bytes at the end belong to no tensor");
}

std::map<std::string, std::string> read_metadata(const json& header) {
  std::map<std::string, std::string> metadata;
  const auto found = header.find("__metadata__");
  if (found == header.end()) return metadata;
  if (!found->is_object()) throw FileError("__metadata__ is not an object");
  for (const auto& item : found->items()) {
    if (!item.value().is_string()) throw FileError("__metadata__ has a value that is not a string");
    metadata[item.key()] = item.value().get<std::string>();
  }
  return metadata;
}

}  // namespace

std::string read_bytes(const std::string& path, std::size_t limit) {
  const bool piped = path == "-";
  std::error_code ignored;  // fopen says it better
  if (!piped && std::filesystem::is_directory(path, ignored)) throw FileError("is a directory");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(
      piped ? nullptr : std::fopen(path.c_str(), "rb"),
      [](std::FILE* f) { return std::fclose(f); });
  std::FILE* const file = piped ? stdin : opened.get();
  if (file == nullptr) throw FileError("cannot be opened");
  std::string bytes;
  char block[65536];
  while (const std::size_t count = std::fread(block, 1, sizeof(block), file)) {
    if (bytes.size() + count > limit) throw FileError("is too large");
    bytes.append(block, count);
  }
  if (std::ferror(file)) throw FileError("cannot be read");
  return bytes;
}

Safetensors read_safetensors(const std::string& path) {
  const std::string bytes = read_bytes(path, kMaxFile);
  if (bytes.size() < kLengthBytes) throw FileError("is too short for a safetensors file");
  const std::uint64_t length = little_endian(bytes.data(), kLengthBytes);
  if (length > kMaxHeader || length > bytes.size() - kLengthBytes)
    throw FileError("header length is larger than the file");
  const char* const begin = bytes.data() + kLengthBytes;
  const char* const data = begin + length;
  const std::size_t data_size = bytes.size() - kLengthBytes - static_cast<std::size_t>(length);

  const json header = parse_header(begin, data);
  Safetensors file;
  file.metadata = read_metadata(header);
  // Offsets first: a file whose tensors overlap could ask for more memory than it has bytes.
  std::vector<Extent> extents;
  for (const auto& item : header.items()) {
    if (item.key() == "__metadata__") continue;
    if (!item.value().is_object()) throw FileError("tensor '" + item.key() + "' is not an object");
    extents.push_back(read_extent(item.key(), item.value(), data_size));
  }
  check_cover(extents, data_size);
  for (const Extent& extent : extents)
    file.tensors[extent.name] = read_tensor(extent, header[extent.name], data);
  return file;
}
