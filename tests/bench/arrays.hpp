// Memory for tensors as favourable as it gets: huge pages, and no two arrays that begin at the
// same place of a page, which would make them rivals for the same sets of the caches.

#pragma once

#include <cstddef>
#include <memory>
#include <vector>

class Arrays {
 public:
  // The whole lies a few cache lines further in each `place`.
  Arrays(int count, std::size_t bytes, int place = 0);

  // Whole cache lines.  Filled with a number of ordinary size in every type.
  void* at(int index) const { return arrays_.at(static_cast<std::size_t>(index)).begin; }
  float* floats(int index) const { return static_cast<float*>(at(index)); }

 private:
  struct Release {
    void operator()(void* memory) const;
  };
  struct Array {
    std::unique_ptr<void, Release> memory;
    void* begin;
  };
  std::vector<Array> arrays_;
};
