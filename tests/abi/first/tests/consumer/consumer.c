/*
 * A program outside the project, in C99: finds the installed library, runs one loop.
 * It includes POSIX's <sched.h> as well, which must stay what it is.
 */
#define _POSIX_C_SOURCE 200809L
#include <sched.h>
#include <sched/sched.h>
#include <stdio.h>
#include <string.h>

#define ELEMENTS 48

/* A network that knows one picture, all of it 0.5: the noise is whatever else is there. */
static void predict(const float* input, double scale, double sigma, float* prediction) {
  int i;
  for (i = 0; i < ELEMENTS; ++i) prediction[i] = (float)(((double)input[i] / scale - 0.5) / sigma);
}

int main(void) {
  static const char config[] =
      "{\"_class_name\": \"EulerDiscreteScheduler\", \"beta_start\": 0.00085,"
      " \"beta_end\": 0.012, \"beta_schedule\": \"scaled_linear\"}";
  char message[256] = "";
  sched_create_options create = SCHED_CREATE_OPTIONS_INIT;
  sched_init_options init = SCHED_INIT_OPTIONS_INIT;
  sched_tensor sample = SCHED_TENSOR_INIT, input = SCHED_TENSOR_INIT;
  sched_tensor prediction = SCHED_TENSOR_INIT;
  sched_scheduler* scheduler = 0;
  sched_state* state = 0;
  float x[ELEMENTS], scaled[ELEMENTS], predicted[ELEMENTS];
  double sigmas[21], worst = 0.0;
  int64_t call;
  int i;

  if (sched_version_number() != SCHED_VERSION) {
    fprintf(stderr, "library %s, header %d\n", sched_version_string(), SCHED_VERSION);
    return 1;
  }
  if (sched_yield() != 0) return 1; /* POSIX's */

  create.message = message;
  create.message_capacity = sizeof(message);
  if (sched_create(config, strlen(config), &create, &scheduler) != SCHED_OK) {
    fprintf(stderr, "create: %s\n", message);
    return 1;
  }
  init.num_steps = 20;
  init.elements = ELEMENTS;
  init.message = message;
  init.message_capacity = sizeof(message);
  if (sched_init(scheduler, &init, &state) != SCHED_OK) {
    fprintf(stderr, "init: %s\n", message);
    return 1;
  }
  sched_free(scheduler);

  sample.data = x;
  input.data = scaled;
  prediction.data = predicted;
  sample.elements = input.elements = prediction.elements = ELEMENTS;
  if (sched_initial_noise(state, &sample) != SCHED_OK) return 1;
  if (sched_sigmas(state, sigmas, 21, 0) != SCHED_OK) return 1;
  for (call = 0; call < sched_num_calls(state); ++call) {
    const double scale = sched_input_scale(state);
    if (sched_scale_input(state, &sample, &input) != SCHED_OK) return 1;
    predict(scaled, scale, sigmas[call], predicted);
    if (sched_step(state, &sample, &prediction, &sample) != SCHED_OK) {
      fprintf(stderr, "step: %s\n", sched_last_error(state));
      return 1;
    }
  }
  sched_state_free(state);

  for (i = 0; i < ELEMENTS; ++i) {
    const double error = x[i] > 0.5f ? (double)x[i] - 0.5 : 0.5 - (double)x[i];
    if (!(error <= worst)) worst = error;
  }
  printf("sched %s: %d steps, farthest from the picture %.1e\n", sched_version_string(), 20, worst);
  return worst < 1e-4 ? 0 : 1;
}
