/* The library may be unloaded once its last handle is freed: no thread of its own is left that
 * would run on in code that is gone.  unload LIBRARY */
#include <dirent.h>
#include <dlfcn.h>
#include <sched/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ELEMENTS (1 << 21) /* enough for four threads */
#define ROUNDS 3

static int threads_of_process(void) {
  DIR* tasks = opendir("/proc/self/task");
  struct dirent* entry;
  int count = 0;
  if (tasks == NULL) return -1;
  while ((entry = readdir(tasks)) != NULL) count += entry->d_name[0] != '.';
  closedir(tasks);
  return count;
}

/* One that has ended may be listed for a moment. */
static int is_back_to(int threads) {
  int tries;
  for (tries = 0; tries < 1000 && threads_of_process() != threads; ++tries) {
    const struct timespec moment = {0, 1000000};
    nanosleep(&moment, NULL);
  }
  return threads_of_process() == threads;
}

/* ISO C has no way from an object's pointer to a function's but its bytes. */
static void find(void* library, const char* name, void* function) {
  void* symbol = dlsym(library, name);
  if (symbol == NULL) {
    printf("%s\n", dlerror());
    exit(1);
  }
  memcpy(function, &symbol, sizeof symbol);
}

/* Steps on threads, frees everything; how many threads there were meanwhile, or -1. */
static int run_loop(void* library, float* sample, float* prediction) {
  sched_status (*create)(const char*, uint64_t, const sched_create_options*, sched_scheduler**);
  sched_status (*init)(const sched_scheduler*, const sched_init_options*, sched_state**);
  sched_status (*step)(sched_state*, const sched_tensor*, const sched_tensor*, sched_tensor*);
  void (*state_free)(sched_state*);
  void (*scheduler_free)(sched_scheduler*);
  static const char config[] = "{\"solver\": \"ddim\"}";
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  sched_tensor x = SCHED_TENSOR_INIT, f = SCHED_TENSOR_INIT;
  sched_scheduler* scheduler = NULL;
  sched_state* state = NULL;
  int i, status, threads;
  find(library, "sched_create", &create);
  find(library, "sched_init", &init);
  find(library, "sched_step", &step);
  find(library, "sched_state_free", &state_free);
  find(library, "sched_free", &scheduler_free);
  options.num_steps = 4;
  options.threads = 4;
  x.elements = f.elements = options.elements = ELEMENTS;
  x.data = sample;
  f.data = prediction;
  status = create(config, strlen(config), NULL, &scheduler);
  if (status == SCHED_OK) status = init(scheduler, &options, &state);
  for (i = 0; i < 4 && status == SCHED_OK; ++i) status = step(state, &x, &f, &x);
  threads = threads_of_process();
  scheduler_free(scheduler);
  state_free(state);
  return status == SCHED_OK ? threads : -1;
}

int main(int argc, char** argv) {
  const int before = threads_of_process();
  float* sample = calloc(ELEMENTS, sizeof(float));
  float* prediction = calloc(ELEMENTS, sizeof(float));
  int round, failed = argc != 2 || sample == NULL || prediction == NULL;
  for (round = 0; round < ROUNDS && !failed; ++round) {
    void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    int loaded, meanwhile;
    if (library == NULL) {
      printf("%s\n", dlerror());
      return 1;
    }
    loaded = threads_of_process(); /* OpenBLAS starts some of its own */
    meanwhile = run_loop(library, sample, prediction);
    failed = meanwhile != loaded + 3 || !is_back_to(loaded);
    dlclose(library);
    failed = failed || !is_back_to(before);
    printf("round %d: %d threads before, %d with the library, %d in the loop, %d after\n", round,
           before, loaded, meanwhile, threads_of_process());
  }
  free(sample);
  free(prediction);
  return failed;
}
