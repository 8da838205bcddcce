/*
 * The whole of the library in one loop, with a model that has a closed form.
 *
 * Where the data are N(0, 1) and x = alpha x0 + sigma n, the best prediction of n from x is
 * sigma x / (alpha^2 + sigma^2).  So the samples must come out with mean 0 and deviation 1.
 */
#include <math.h>
#include <sched/sched.h>
#include <stdio.h>

enum { kSteps = 50, kElements = 100000 };

static const char kConfig[] = "{\"_class_name\": \"DPMSolverMultistepScheduler\"}";
static float x[kElements], epsilon[kElements];

static void predict_noise(double alpha, double sigma) {
  int i;
  for (i = 0; i < kElements; ++i)
    epsilon[i] = (float)(sigma * x[i] / (alpha * alpha + sigma * sigma));
}

int main(void) {
  double levels[2 * (kSteps + 1)], sum = 0, squares = 0;
  char message[512] = "";
  sched_scheduler* scheduler = NULL;
  sched_state* state = NULL;
  sched_create_options create = SCHED_CREATE_OPTIONS_INIT;
  sched_init_options init = SCHED_INIT_OPTIONS_INIT;
  sched_tensor sample = SCHED_TENSOR_INIT, prediction = SCHED_TENSOR_INIT;
  int i, ok;

  create.message = init.message = message;
  create.message_capacity = init.message_capacity = sizeof(message);
  init.num_steps = kSteps;
  init.elements = sample.elements = prediction.elements = kElements;
  sample.data = x;
  prediction.data = epsilon;

  ok = sched_create(kConfig, sizeof(kConfig) - 1, &create, &scheduler) == SCHED_OK &&
       sched_init(scheduler, &init, &state) == SCHED_OK &&
       sched_levels(state, levels, 2 * (kSteps + 1), NULL) == SCHED_OK &&
       sched_initial_noise(state, &sample) == SCHED_OK;
  for (i = 0; ok && i < kSteps; ++i) {
    predict_noise(levels[2 * i], levels[2 * i + 1]);
    ok = sched_step(state, &sample, &prediction, &sample) == SCHED_OK; /* in place */
  }
  if (!ok) fprintf(stderr, "%s\n", message[0] != '\0' ? message : sched_last_error(state));
  sched_state_free(state);
  sched_free(scheduler);
  if (!ok) return 1;

  for (i = 0; i < kElements; ++i) {
    sum += x[i];
    squares += (double)x[i] * x[i];
  }
  printf("mean %.4f, standard deviation %.4f\n", sum / kElements, sqrt(squares / kElements));
  return 0;
}
