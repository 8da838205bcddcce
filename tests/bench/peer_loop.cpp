// Our side of peers.py, as a library that any foreign function interface loads: a loop's steps in
// one call, so that what is timed is what C pays.

#include <cstdio>
#include <exception>

#include "step_loop.hpp"

namespace {

template <class Function>
int report(const Function& function) {
  try {
    function();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "peer_loop: %s\n", error.what());
    return 1;
  }
}

}  // namespace

extern "C" {

StepLoop* peer_open(const char* config, int steps, int64_t elements) {
  StepLoop* loop = nullptr;
  report([&] {
    LoopSpec spec;
    spec.config = config;
    spec.steps = steps;
    spec.elements = elements;
    loop = new StepLoop(spec);
  });
  return loop;
}

// From the first call on, or with `begin` from the middle.
int peer_bind(StepLoop* loop, int begin, void* sample, void* prediction, void* next) {
  return report([&] {
    if (begin != 0) {
      loop->begin(sample, prediction, next);
    } else {
      loop->bind(sample, prediction, next);
    }
  });
}

int peer_prepare(StepLoop* loop, int count) {
  return report([&] { loop->prepare(count); });
}

int peer_run(StepLoop* loop, int count) {
  return report([&] {
    for (int i = 0; i < count; ++i) loop->step();
  });
}

void peer_close(StepLoop* loop) { delete loop; }

}  // extern "C"
