// Times blocks of steps through the C ABI: one for each line that it reads, so that Overhead.java
// can take turns with it.  Prints the nanoseconds of a block, and the bits of its first element.
#include <sched/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { elements = 16, steps = 1000 };

static const char config[] = "{\"_class_name\": \"DDIMScheduler\", \"clip_sample\": false}";

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

int main(void) {
  sched_scheduler* scheduler;
  if (sched_create(config, strlen(config), NULL, &scheduler) != SCHED_OK) return 1;
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = steps;
  options.elements = elements;
  sched_state* state;
  if (sched_init(scheduler, &options, &state) != SCHED_OK) return 1;
  uint64_t size = 0;
  if (sched_save(state, NULL, 0, &size) != SCHED_OK) return 1;
  void* start = malloc(size);
  if (start == NULL || sched_save(state, start, size, NULL) != SCHED_OK) return 1;
  float x[elements], f[elements];
  sched_tensor sample = SCHED_TENSOR_INIT;
  sample.data = x;
  sample.elements = elements;
  sched_tensor prediction = sample;
  prediction.data = f;
  for (int k = 0; k < elements; ++k) f[k] = 0.25f;
  while (getchar() == '\n') {
    for (int k = 0; k < elements; ++k) x[k] = 1;
    if (sched_load(state, start, size) != SCHED_OK) return 1;
    const double begin = now();
    for (int i = 0; i < steps; ++i) {
      if (sched_step(state, &sample, &prediction, &sample) != SCHED_OK) return 1;
    }
    const double end = now();
    int bits;
    memcpy(&bits, x, sizeof bits);
    printf("%.0f %d\n", end - begin, bits);
    fflush(stdout);
  }
  free(start);
  sched_state_free(state);
  sched_free(scheduler);
  return 0;
}
