// What a step has to move: the arrays that it reads and those that it writes.

#pragma once

#include <sched/sched.h>

#include <vector>

// Arrays by number, so that one that is read and written is the same to a stream loop too.
constexpr int kSampleArray = 0, kPredictionArray = 1, kNextArray = 2, kUnconditionalArray = 3,
              kFirstRowArray = 4;

struct Traffic {
  std::vector<int> reads, writes;
  int normals = 0;  // draws that are used: made where they are used, and never in memory

  bool operator==(const Traffic& other) const {
    return reads == other.reads && writes == other.writes && normals == other.normals;
  }
};

// Inputs of weight zero are not read; the preview is not written where it is not asked for.
Traffic traffic_of(const sched_weights& weights);

// Calls of a loop that repeat, and one round of them.
struct Stretch {
  int first = 0, last = 0;
  std::vector<Traffic> cycle;
};

// The longest such of the calls [first, last): a method may have noise in a part of its loop only.
// Throws std::runtime_error where the library has no weights for them, or where nothing repeats.
Stretch longest_stretch(sched_state* state, int first, int last);

// How many arrays a call reads and writes, in the mean.
double mean_arrays(const std::vector<Traffic>& cycle);
bool has_noise(const std::vector<Traffic>& cycle);
bool reads(const std::vector<Traffic>& cycle, int array);
int arrays_needed(const std::vector<Traffic>& cycle);
