// The loop that the overhead is measured against, as a C program would write it: through the C ABI,
// without any C# in it.
#include <sched/sched.h>
#include <stdlib.h>

typedef struct {
  sched_state* state;
  void* start;
  uint64_t size;
} loop;

loop* loop_new(const char* config, uint64_t length, int32_t steps, int64_t elements) {
  loop* made = calloc(1, sizeof *made);
  sched_scheduler* scheduler = NULL;
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = steps;
  options.elements = elements;
  if (made == NULL || sched_create(config, length, NULL, &scheduler) != SCHED_OK ||
      sched_init(scheduler, &options, &made->state) != SCHED_OK ||
      sched_save(made->state, NULL, 0, &made->size) != SCHED_OK)
    abort();
  made->start = malloc(made->size);
  if (made->start == NULL ||
      sched_save(made->state, made->start, made->size, &made->size) != SCHED_OK)
    abort();
  sched_free(scheduler);
  return made;
}

// Back to the first step; not timed.
void loop_rewind(loop* l) {
  if (sched_load(l->state, l->start, l->size) != SCHED_OK) abort();
}

void loop_run(loop* l, float* sample, float* prediction, int32_t steps, int64_t elements) {
  sched_tensor x = SCHED_TENSOR_INIT, f = SCHED_TENSOR_INIT;
  x.data = sample;
  f.data = prediction;
  x.elements = f.elements = elements;
  for (int32_t i = 0; i < steps; ++i)
    if (sched_step(l->state, &x, &f, &x) != SCHED_OK) abort();
}

void loop_free(loop* l) {
  sched_state_free(l->state);
  free(l->start);
  free(l);
}
