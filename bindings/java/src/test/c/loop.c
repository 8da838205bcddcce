// The loop of README.md in C: what every language must print.
#include <sched/sched.h>
#include <stdio.h>
#include <string.h>

static const char config[] =
    "{\"_class_name\": \"DPMSolverMultistepScheduler\", \"use_karras_sigmas\": true}";

int main(void) {
  sched_scheduler* scheduler;
  if (sched_create(config, strlen(config), NULL, &scheduler) != SCHED_OK) return 1;
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = 20;
  options.elements = 4;
  options.seed = 7;
  sched_state* state;
  if (sched_init(scheduler, &options, &state) != SCHED_OK) return 1;
  double levels[2 * 21];
  float x[4], noise[4];
  sched_tensor sample = SCHED_TENSOR_INIT;
  sample.data = x;
  sample.elements = 4;
  sched_tensor prediction = sample;
  prediction.data = noise;
  if (sched_levels(state, levels, 2 * 21, NULL) != SCHED_OK) return 1;
  if (sched_initial_noise(state, &sample) != SCHED_OK) return 1;
  for (int i = 0; i < 20; ++i) {
    const double alpha = levels[2 * i], sigma = levels[2 * i + 1];
    for (int k = 0; k < 4; ++k) {
      noise[k] = (float)((x[k] - (x[k] < 0 ? -alpha : alpha)) / sigma);
    }
    if (sched_step(state, &sample, &prediction, &sample) != SCHED_OK) return 1;
  }
  printf("%.9f %.9f %.9f %.9f\n", x[0], x[1], x[2], x[3]);
  sched_state_free(state);
  sched_free(scheduler);
  return 0;
}
