/*
 * Every argument and every kind of damage to it: the status is the one that the manual names, a
 * sentence says what is wrong, and nothing was written: outputs are filled with a pattern and
 * compared, and the state saves to the same bytes as before.
 */
#include <math.h>
#include <sched/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 2, ELEMENTS = 6, COUNT = BATCH * ELEMENTS, STEPS = 4, TENSORS = 10, SAVED = 1024 };

static int checks, wrong;

static void expect(int holds, const char* function, const char* argument, const char* damage,
                   const char* what) {
  ++checks;
  if (holds) return;
  ++wrong;
  printf("%s, %s, %s: %s\n", function, argument, damage, what);
}

/* ---------------------------------------------------------------- one state and its tensors */

enum {
  SAMPLE,
  PREDICTION,
  NEXT,
  UNCONDITIONAL,
  DENOISED,
  NEXT_INPUT,
  MASK,
  ORIGINAL,
  KNOWN,
  NOISE
};
static const char* const names[TENSORS] = {"sample",   "prediction", "next", "unconditional",
                                           "denoised", "next_input", "mask", "original",
                                           "known",    "noise"};

static sched_state* state;
static float values[TENSORS][COUNT + 1], before[TENSORS][COUNT + 1];
static sched_tensor tensors[TENSORS];
static const sched_tensor* given[TENSORS]; /* what is passed: the tensor, or NULL */
static unsigned char saved[SAVED];
static uint64_t saved_size;

static void reset(void) {
  int i;
  memset(values, 0x5a, sizeof values);
  memcpy(before, values, sizeof before);
  for (i = 0; i < TENSORS; ++i) {
    const sched_tensor tensor = SCHED_TENSOR_INIT;
    tensors[i] = tensor;
    tensors[i].data = values[i];
    tensors[i].batch = BATCH;
    tensors[i].elements = ELEMENTS;
    given[i] = &tensors[i];
  }
}

static void unchanged(const char* function, const char* argument, const char* damage,
                      sched_status status, sched_status expected) {
  unsigned char now[SAVED];
  uint64_t size = 0;
  char what[128];
  sprintf(what, "%s instead of %s", sched_status_name(status), sched_status_name(expected));
  expect(status == expected, function, argument, damage, what);
  expect(sched_last_error(state)[0] != 0, function, argument, damage, "no sentence");
  expect(memcmp(values, before, sizeof values) == 0, function, argument, damage, "written");
  expect(sched_save(state, now, SAVED, &size) == SCHED_OK && size == saved_size &&
             memcmp(now, saved, saved_size) == 0,
         function, argument, damage, "the state has changed");
}

/* ---------------------------------------------------------------------------------- tensors */

/* A const tensor of the table is ours to pass as an output. */
static sched_tensor* out(int tensor) { return given[tensor] != NULL ? &tensors[tensor] : NULL; }

static sched_status call_step(void) {
  return sched_step(state, given[SAMPLE], given[PREDICTION], out(NEXT));
}
static sched_status call_initial_noise(void) { return sched_initial_noise(state, out(NEXT)); }
static sched_status call_scale_input(void) {
  return sched_scale_input(state, given[SAMPLE], out(NEXT));
}
static sched_status call_add_noise(void) {
  return sched_add_noise(state, 1, given[ORIGINAL], given[NOISE], out(NEXT));
}
static sched_step_args wide_args(void) {
  sched_step_args args = SCHED_STEP_ARGS_INIT;
  args.sample = given[SAMPLE];
  args.prediction = given[PREDICTION];
  args.next = out(NEXT);
  args.unconditional = given[UNCONDITIONAL];
  args.guidance_scale = 2.0;
  args.denoised = out(DENOISED);
  args.next_input = out(NEXT_INPUT);
  args.mask = given[MASK];
  args.original = given[ORIGINAL];
  args.known_noise = given[KNOWN];
  return args;
}
static sched_status call_step_wide(void) {
  const sched_step_args args = wide_args();
  return sched_step_wide(state, &args);
}

typedef struct {
  const char* name;
  sched_status (*call)(void);
  unsigned needed, optional, written; /* bits of tensors */
} function;
#define BIT(tensor) (1u << (tensor))
static const function functions[] = {
    {"sched_step", call_step, BIT(SAMPLE) | BIT(PREDICTION) | BIT(NEXT), 0, BIT(NEXT)},
    {"sched_initial_noise", call_initial_noise, BIT(NEXT), 0, BIT(NEXT)},
    {"sched_scale_input", call_scale_input, BIT(SAMPLE) | BIT(NEXT), 0, BIT(NEXT)},
    {"sched_add_noise", call_add_noise, BIT(ORIGINAL) | BIT(NEXT), BIT(NOISE), BIT(NEXT)},
    {"sched_step_wide", call_step_wide,
     BIT(SAMPLE) | BIT(PREDICTION) | BIT(NEXT) | BIT(ORIGINAL) | BIT(MASK),
     BIT(UNCONDITIONAL) | BIT(DENOISED) | BIT(NEXT_INPUT) | BIT(KNOWN),
     BIT(NEXT) | BIT(DENOISED) | BIT(NEXT_INPUT)}};

static void no_data(sched_tensor* t) { t->data = NULL; }
static void crooked(sched_tensor* t) { t->data = (char*)t->data + 2; }
static void size_0(sched_tensor* t) { t->struct_size = 0; }
static void size_small(sched_tensor* t) { t->struct_size = sizeof *t - 1; }
static void size_huge(sched_tensor* t) { t->struct_size = 0xffffffffu; }
static void dtype_0(sched_tensor* t) { t->dtype = 0; }
static void dtype_5(sched_tensor* t) { t->dtype = 5; }
static void dtype_low(sched_tensor* t) { t->dtype = INT32_MIN; }
static void dtype_f64(sched_tensor* t) { t->dtype = SCHED_F64; }
static void batch_0(sched_tensor* t) { t->batch = 0; }
static void batch_1(sched_tensor* t) { t->batch = 1; }
static void batch_low(sched_tensor* t) { t->batch = INT64_MIN; }
static void batch_huge(sched_tensor* t) { t->batch = INT64_MAX; }
static void elements_0(sched_tensor* t) { t->elements = 0; }
static void elements_7(sched_tensor* t) { t->elements = ELEMENTS + 1; }
static void elements_low(sched_tensor* t) { t->elements = -1; }
static void elements_huge(sched_tensor* t) { t->elements = INT64_MAX; }
static void turned(sched_tensor* t) { t->batch = ELEMENTS, t->elements = BATCH; }

static const struct {
  const char* name;
  void (*apply)(sched_tensor*);
  sched_status status;
} damages[] = {{"data is NULL", no_data, SCHED_ERROR_ARGUMENT},
               {"data is not aligned", crooked, SCHED_ERROR_ARGUMENT},
               {"struct_size 0", size_0, SCHED_ERROR_STRUCT_SIZE},
               {"struct_size too small", size_small, SCHED_ERROR_STRUCT_SIZE},
               {"struct_size 2^32 - 1", size_huge, SCHED_ERROR_STRUCT_SIZE},
               {"dtype 0", dtype_0, SCHED_ERROR_DTYPE},
               {"dtype 5", dtype_5, SCHED_ERROR_DTYPE},
               {"dtype lowest", dtype_low, SCHED_ERROR_DTYPE},
               {"dtype float64", dtype_f64, SCHED_ERROR_DTYPE},
               {"batch 0", batch_0, SCHED_ERROR_SHAPE},
               {"batch 1", batch_1, SCHED_ERROR_SHAPE},
               {"batch lowest", batch_low, SCHED_ERROR_SHAPE},
               {"batch highest", batch_huge, SCHED_ERROR_SHAPE},
               {"elements 0", elements_0, SCHED_ERROR_SHAPE},
               {"elements + 1", elements_7, SCHED_ERROR_SHAPE},
               {"elements -1", elements_low, SCHED_ERROR_SHAPE},
               {"elements highest", elements_huge, SCHED_ERROR_SHAPE},
               {"batch and elements exchanged", turned, SCHED_ERROR_SHAPE}};

static void damage_tensor(const function* f, int tensor) {
  size_t d;
  for (d = 0; d < sizeof damages / sizeof damages[0]; ++d) {
    reset();
    damages[d].apply(&tensors[tensor]);
    unchanged(f->name, names[tensor], damages[d].name, f->call(), damages[d].status);
  }
  if ((f->needed & BIT(tensor)) == 0) return;
  reset();
  given[tensor] = NULL;
  unchanged(f->name, names[tensor], "NULL", f->call(), SCHED_ERROR_ARGUMENT);
}

/* An output in the memory of another tensor, whole or in part; `next` alone may be `sample`. */
static void overlap_tensors(const function* f, int output, int other) {
  const unsigned used = f->needed | f->optional;
  if (output == other || (used & BIT(other)) == 0) return;
  reset();
  tensors[output].data = values[other] + 1;
  unchanged(f->name, names[output], names[other], f->call(), SCHED_ERROR_OVERLAP);
  if (output == NEXT && (other == SAMPLE || (f->call == call_add_noise && other == ORIGINAL)))
    return;
  reset();
  tensors[output].data = values[other];
  unchanged(f->name, names[output], names[other], f->call(), SCHED_ERROR_OVERLAP);
}

static void damage_tensors(void) {
  size_t i;
  int tensor, other;
  for (i = 0; i < sizeof functions / sizeof functions[0]; ++i) {
    const function* f = &functions[i];
    for (tensor = 0; tensor < TENSORS; ++tensor) {
      if (((f->needed | f->optional) & BIT(tensor)) == 0) continue;
      damage_tensor(f, tensor);
      if ((f->written & BIT(tensor)) == 0) continue;
      for (other = 0; other < TENSORS; ++other) overlap_tensors(f, tensor, other);
    }
  }
}

/* --------------------------------------------------------------------------- numbers of a step */

static void args_size(sched_step_args* a) { a->struct_size = 7; }
static void args_flag(sched_step_args* a) { a->without_noise = 2; }
static void args_scale(sched_step_args* a) { a->guidance_scale = (double)NAN; }
static void args_infinite(sched_step_args* a) { a->guidance_scale = (double)INFINITY; }
static void args_noise(sched_step_args* a) { a->noise[0] = &tensors[NOISE]; }
static void args_half_mask(sched_step_args* a) { a->original = NULL; }
static void args_no_mask(sched_step_args* a) { a->mask = NULL; }
static void args_groups(sched_step_args* a) { a->groups = 2; }
static const double times[COUNT] = {0};
static void args_times(sched_step_args* a) {
  a->mask = a->original = a->known_noise = NULL;
  a->groups = 2;
  a->group_timesteps = times;
}

static const struct {
  const char* name;
  void (*apply)(sched_step_args*);
  sched_status status;
} arg_damages[] = {{"struct_size", args_size, SCHED_ERROR_STRUCT_SIZE},
                   {"without_noise 2", args_flag, SCHED_ERROR_VALUE},
                   {"guidance_scale NaN", args_scale, SCHED_ERROR_VALUE},
                   {"guidance_scale infinite", args_infinite, SCHED_ERROR_VALUE},
                   {"noise for no draw", args_noise, SCHED_ERROR_OPTION},
                   {"a mask without original", args_half_mask, SCHED_ERROR_ARGUMENT},
                   {"an original without mask", args_no_mask, SCHED_ERROR_ARGUMENT},
                   {"groups without times", args_groups, SCHED_ERROR_ARGUMENT},
                   {"times of a method with history", args_times, SCHED_ERROR_OPTION}};

static void damage_args(void) {
  size_t i;
  reset();
  unchanged("sched_step_wide", "args", "NULL", sched_step_wide(state, NULL), SCHED_ERROR_ARGUMENT);
  for (i = 0; i < sizeof arg_damages / sizeof arg_damages[0]; ++i) {
    sched_step_args args;
    reset();
    args = wide_args();
    arg_damages[i].apply(&args);
    unchanged("sched_step_wide", "args", arg_damages[i].name, sched_step_wide(state, &args),
              arg_damages[i].status);
  }
  reset();
  unchanged("sched_add_noise", "step", "-1",
            sched_add_noise(state, -1, given[ORIGINAL], given[NOISE], out(NEXT)),
            SCHED_ERROR_STEPS);
  unchanged("sched_add_noise", "step", "too high",
            sched_add_noise(state, STEPS + 1, given[ORIGINAL], given[NOISE], out(NEXT)),
            SCHED_ERROR_STEPS);
}

/* ------------------------------------------------------------------------------------- queries */

static void damage_queries(void) {
  double list[2 * STEPS + 2], untouched[2 * STEPS + 2];
  int64_t count = -7, other = -7;
  sched_call call = SCHED_CALL_INIT;
  sched_weights weights;
  static const struct {
    const char* name;
    sched_status (*get)(const sched_state*, double*, int64_t, int64_t*);
  } lists[] = {{"sched_timesteps", sched_timesteps},
               {"sched_sigmas", sched_sigmas},
               {"sched_levels", sched_levels}};
  size_t i;
  reset();
  memset(list, 0x5a, sizeof list);
  memcpy(untouched, list, sizeof list);
  memset(&weights, 0, sizeof weights);
  for (i = 0; i < 3; ++i) {
    unchanged(lists[i].name, "capacity", "3", lists[i].get(state, list, 3, &count),
              SCHED_ERROR_CAPACITY);
    unchanged(lists[i].name, "capacity", "-1", lists[i].get(state, list, -1, &count),
              SCHED_ERROR_ARGUMENT);
    expect(lists[i].get(NULL, list, 9, &count) == SCHED_ERROR_ARGUMENT, lists[i].name, "state",
           "NULL", "accepted");
  }
  unchanged("sched_next_call", "call", "NULL", sched_next_call(state, NULL), SCHED_ERROR_ARGUMENT);
  unchanged("sched_call_at", "call", "NULL", sched_call_at(state, 0, NULL), SCHED_ERROR_ARGUMENT);
  unchanged("sched_call_at", "index", "-1", sched_call_at(state, -1, &call), SCHED_ERROR_STEPS);
  unchanged("sched_call_at", "index", "highest", sched_call_at(state, INT64_MAX, &call),
            SCHED_ERROR_STEPS);
  call.struct_size = 5;
  unchanged("sched_next_call", "call", "struct_size", sched_next_call(state, &call),
            SCHED_ERROR_STRUCT_SIZE);
  unchanged("sched_attempts", "accepted", "NULL", sched_attempts(state, NULL, &count),
            SCHED_ERROR_ARGUMENT);
  unchanged("sched_attempts", "rejected", "NULL", sched_attempts(state, &other, NULL),
            SCHED_ERROR_ARGUMENT);
  unchanged("sched_step_for_timestep", "step", "NULL", sched_step_for_timestep(state, 1.0, NULL),
            SCHED_ERROR_ARGUMENT);
  unchanged("sched_step_for_timestep", "timestep", "NaN",
            sched_step_for_timestep(state, (double)NAN, &count), SCHED_ERROR_VALUE);
  unchanged("sched_step_weights", "weights", "struct_size", sched_step_weights(state, 0, &weights),
            SCHED_ERROR_STRUCT_SIZE);
  unchanged("sched_step_weights", "weights", "NULL", sched_step_weights(state, 0, NULL),
            SCHED_ERROR_ARGUMENT);
  weights.struct_size = sizeof weights;
  unchanged("sched_step_weights", "call", "-1", sched_step_weights(state, -1, &weights),
            SCHED_ERROR_STEPS);
  expect(memcmp(list, untouched, sizeof list) == 0 && count == -7 && other == -7 &&
             weights.rows == 0 && call.sigma == 0.0,
         "queries", "outputs", "all", "written");
}

/* --------------------------------------------------------------------------- save, load, clone */

static void damage_saved(void) {
  unsigned char bytes[SAVED];
  sched_state* copy = state;
  uint64_t size = 7, i;
  reset();
  memset(bytes, 0x5a, sizeof bytes);
  unchanged("sched_save", "capacity", "too small", sched_save(state, bytes, saved_size - 1, &size),
            SCHED_ERROR_CAPACITY);
  unchanged("sched_save", "bytes and size", "NULL", sched_save(state, NULL, 0, NULL),
            SCHED_ERROR_ARGUMENT);
  expect(size == 7 && bytes[0] == 0x5a, "sched_save", "outputs", "all", "written");
  unchanged("sched_load", "bytes", "NULL", sched_load(state, NULL, 100), SCHED_ERROR_ARGUMENT);
  for (i = 0; i < saved_size; ++i) {
    unchanged("sched_load", "size", "truncated", sched_load(state, saved, i), SCHED_ERROR_DAMAGED);
    memcpy(bytes, saved, (size_t)saved_size);
    bytes[i] ^= 1;
    unchanged("sched_load", "bytes", "a bit flipped", sched_load(state, bytes, saved_size),
              SCHED_ERROR_DAMAGED);
  }
  expect(sched_clone(NULL, &copy) == SCHED_ERROR_ARGUMENT && copy == NULL, "sched_clone", "state",
         "NULL", "accepted");
  expect(sched_clone(state, NULL) == SCHED_ERROR_ARGUMENT, "sched_clone", "out", "NULL",
         "accepted");
}

/* --------------------------------------------------------------------------------- init, create */

static const double rising[2] = {1.0, 900.0};
static void init_size(sched_init_options* o) { o->struct_size = 9; }
static void init_steps_0(sched_init_options* o) { o->num_steps = 0; }
static void init_steps_low(sched_init_options* o) { o->num_steps = INT32_MIN; }
static void init_steps_huge(sched_init_options* o) { o->num_steps = INT32_MAX; }
static void init_begin(sched_init_options* o) { o->begin_step = STEPS; }
static void init_begin_low(sched_init_options* o) { o->begin_step = -1; }
static void init_end(sched_init_options* o) { o->end_step = STEPS + 1; }
static void init_strength(sched_init_options* o) { o->strength = 1.5; }
static void init_strength_nan(sched_init_options* o) { o->strength = (double)NAN; }
static void init_batch(sched_init_options* o) { o->batch = 0; }
static void init_batch_huge(sched_init_options* o) { o->batch = INT64_MAX; }
static void init_elements(sched_init_options* o) { o->elements = -1; }
static void init_elements_huge(sched_init_options* o) { o->elements = INT64_MAX; }
static void init_dtype(sched_init_options* o) { o->dtype = 9; }
static void init_history(sched_init_options* o) { o->history_dtype = -1; }
static void init_kernel(sched_init_options* o) { o->kernel = 99; }
static void init_threads(sched_init_options* o) { o->threads = 257; }
static void init_context(sched_init_options* o) { o->parallel_context = o; }
static void init_count(sched_init_options* o) { o->timesteps_count = -1; }
static void init_no_list(sched_init_options* o) { o->timesteps_count = 2; }
static void init_rising(sched_init_options* o) {
  o->num_steps = 0;
  o->timesteps = rising;
  o->timesteps_count = 2;
}
static void init_both(sched_init_options* o) {
  o->timesteps = o->sigmas = rising;
  o->timesteps_count = o->sigmas_count = 2;
}
static void init_eta(sched_init_options* o) { o->eta = 0.5; }
static void init_mu(sched_init_options* o) { o->mu = 1.0; }
static void init_flag(sched_init_options* o) { o->is_amplify_first_chunk = 3; }
static void init_recorded(sched_init_options* o) { o->recorded_groups = 1; }

static const struct {
  const char* name;
  void (*apply)(sched_init_options*);
  sched_status status, also;
} init_damages[] = {{"struct_size", init_size, SCHED_ERROR_STRUCT_SIZE, SCHED_OK},
                    {"num_steps 0", init_steps_0, SCHED_ERROR_STEPS, SCHED_OK},
                    {"num_steps lowest", init_steps_low, SCHED_ERROR_STEPS, SCHED_OK},
                    {"num_steps highest", init_steps_huge, SCHED_ERROR_STEPS, SCHED_OK},
                    {"begin_step", init_begin, SCHED_ERROR_STEPS, SCHED_OK},
                    {"begin_step -1", init_begin_low, SCHED_ERROR_STEPS, SCHED_OK},
                    {"end_step", init_end, SCHED_ERROR_STEPS, SCHED_OK},
                    {"strength", init_strength, SCHED_ERROR_VALUE, SCHED_OK},
                    {"strength NaN", init_strength_nan, SCHED_ERROR_VALUE, SCHED_OK},
                    {"batch 0", init_batch, SCHED_ERROR_SHAPE, SCHED_OK},
                    {"batch highest", init_batch_huge, SCHED_ERROR_SHAPE, SCHED_OK},
                    {"elements -1", init_elements, SCHED_ERROR_SHAPE, SCHED_OK},
                    {"elements highest", init_elements_huge, SCHED_ERROR_SHAPE, SCHED_OK},
                    {"dtype", init_dtype, SCHED_ERROR_DTYPE, SCHED_OK},
                    {"history_dtype", init_history, SCHED_ERROR_DTYPE, SCHED_OK},
                    {"kernel", init_kernel, SCHED_ERROR_UNSUPPORTED, SCHED_ERROR_VALUE},
                    {"threads", init_threads, SCHED_ERROR_VALUE, SCHED_OK},
                    {"parallel_context", init_context, SCHED_ERROR_ARGUMENT, SCHED_OK},
                    {"timesteps_count -1", init_count, SCHED_ERROR_ARGUMENT, SCHED_OK},
                    {"timesteps NULL", init_no_list, SCHED_ERROR_ARGUMENT, SCHED_OK},
                    {"timesteps rise", init_rising, SCHED_ERROR_TIMESTEPS, SCHED_OK},
                    {"two lists", init_both, SCHED_ERROR_CONFLICT, SCHED_ERROR_OPTION},
                    {"eta", init_eta, SCHED_ERROR_OPTION, SCHED_OK},
                    {"mu", init_mu, SCHED_ERROR_OPTION, SCHED_OK},
                    {"is_amplify_first_chunk 3", init_flag, SCHED_ERROR_VALUE, SCHED_ERROR_OPTION},
                    {"recorded_groups", init_recorded, SCHED_ERROR_OPTION, SCHED_OK}};

static sched_init_options init_options(void) {
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = STEPS;
  options.batch = BATCH;
  options.elements = ELEMENTS;
  return options;
}

static void damage_init(const sched_scheduler* scheduler) {
  char message[512];
  sched_state* made = state;
  sched_init_options options = init_options();
  size_t i;
  expect(sched_init(NULL, &options, &made) == SCHED_ERROR_ARGUMENT && made == NULL, "sched_init",
         "scheduler", "NULL", "accepted");
  made = state;
  expect(sched_init(scheduler, NULL, &made) == SCHED_ERROR_ARGUMENT && made == NULL, "sched_init",
         "options", "NULL", "accepted");
  expect(sched_init(scheduler, &options, NULL) == SCHED_ERROR_ARGUMENT, "sched_init", "out", "NULL",
         "accepted");
  for (i = 0; i < sizeof init_damages / sizeof init_damages[0]; ++i) {
    sched_status status;
    options = init_options();
    init_damages[i].apply(&options);
    memset(message, 0, sizeof message);
    options.message = message;
    options.message_capacity = sizeof message;
    made = state;
    status = sched_init(scheduler, &options, &made);
    expect(status == init_damages[i].status ||
               (init_damages[i].also != SCHED_OK && status == init_damages[i].also),
           "sched_init", "options", init_damages[i].name, sched_status_name(status));
    expect(made == NULL, "sched_init", "options", init_damages[i].name, "a state was made");
    /* Of a struct whose size is unknown no member is read. */
    expect(message[0] != 0 || init_damages[i].apply == init_size, "sched_init", "options",
           init_damages[i].name, "no sentence");
  }
}

#define EULER "{\"_class_name\": \"EulerDiscreteScheduler\""
static const struct {
  const char* text;
  sched_status status;
} configs[] = {
    {"", SCHED_ERROR_JSON},
    {"[", SCHED_ERROR_JSON},
    {"[]", SCHED_ERROR_JSON},
    {"null", SCHED_ERROR_JSON},
    {EULER, SCHED_ERROR_JSON},
    {"{\"a\": \"\xff\"}", SCHED_ERROR_JSON},
    {"{}", SCHED_ERROR_UNKNOWN_CLASS},
    {"{\"_class_name\": \"Euler\"}", SCHED_ERROR_UNKNOWN_CLASS},
    {"{\"_class_name\": 7}", SCHED_ERROR_TYPE},
    {"{\"solver\": 7}", SCHED_ERROR_TYPE},
    {"{\"solver\": \"?\"}", SCHED_ERROR_UNKNOWN_CLASS},
    {EULER ", \"beta_stat\": 0.1}", SCHED_ERROR_UNKNOWN_KEY},
    {EULER ", \"beta_start\": \"0.1\"}", SCHED_ERROR_TYPE},
    {EULER ", \"beta_start\": 1e999}", SCHED_ERROR_JSON},
    {EULER ", \"beta_start\": -0.1}", SCHED_ERROR_VALUE},
    {EULER ", \"beta_start\": 0.1, \"beta_start\": 0.1}", SCHED_ERROR_JSON},
    {EULER ", \"beta_schedule\": \"cubic\"}", SCHED_ERROR_VALUE},
    {EULER ", \"num_train_timesteps\": 0}", SCHED_ERROR_VALUE},
    {EULER ", \"num_train_timesteps\": 1.5}", SCHED_ERROR_TYPE},
    {EULER ", \"use_karras_sigmas\": true, \"use_beta_sigmas\": true}", SCHED_ERROR_CONFLICT}};

static void damage_create(void) {
  char message[512];
  sched_create_options options = SCHED_CREATE_OPTIONS_INIT;
  sched_scheduler* made = NULL;
  size_t i;
  options.message = message;
  options.message_capacity = sizeof message;
  for (i = 0; i < sizeof configs / sizeof configs[0]; ++i) {
    const char* text = configs[i].text;
    sched_status status;
    memset(message, 0, sizeof message);
    status = sched_create(text, strlen(text), &options, &made);
    expect(status == configs[i].status, "sched_create", "config", text, sched_status_name(status));
    expect(made == NULL && message[0] != 0, "sched_create", "config", text, "made, or no sentence");
  }
  expect(sched_create(NULL, 1, &options, &made) == SCHED_ERROR_ARGUMENT, "sched_create", "config",
         "NULL", "accepted");
  expect(sched_create(EULER "}", 37, &options, NULL) == SCHED_ERROR_ARGUMENT, "sched_create", "out",
         "NULL", "accepted");
  options.lenient = 2;
  expect(sched_create("{}", 2, &options, &made) == SCHED_ERROR_VALUE, "sched_create", "options",
         "lenient 2", "accepted");
  options.struct_size = 25;
  expect(sched_create("{}", 2, &options, &made) == SCHED_ERROR_STRUCT_SIZE, "sched_create",
         "options", "struct_size", "accepted");
}

int main(void) {
  static const char config[] = "{\"_class_name\": \"DPMSolverMultistepScheduler\"}";
  const sched_init_options options = init_options();
  sched_scheduler* scheduler = NULL;
  if (sched_create(config, sizeof config - 1, NULL, &scheduler) != SCHED_OK) return 1;
  if (sched_init(scheduler, &options, &state) != SCHED_OK) return 1;
  /* A step is done, so that there is something to lose. */
  reset();
  memset(values, 0, sizeof values);
  if (call_step() != SCHED_OK) return 1;
  if (sched_save(state, saved, SAVED, &saved_size) != SCHED_OK) return 1;

  damage_tensors();
  damage_args();
  damage_queries();
  damage_saved();
  damage_init(scheduler);
  damage_create();

  /* After all of it the same step works. */
  reset();
  expect(call_step_wide() == SCHED_OK, "sched_step_wide", "all", "none", sched_last_error(state));
  expect(sched_calls_done(state) == 2, "sched_calls_done", "state", "none", "not 2");
  sched_state_free(state);
  sched_free(scheduler);
  sched_state_free(NULL);
  sched_free(NULL);
  printf("%d checks, %d wrong\n", checks, wrong);
  return wrong == 0 && checks > 1000 ? 0 : 1;
}
