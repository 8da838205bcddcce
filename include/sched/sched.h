/*
 * sched: the scheduler (sampler) of a diffusion model, behind a C ABI.
 *
 * This header is the manual.  What is not in it is not part of the interface.
 *
 * A diffusion model predicts noise.  A scheduler decides at which timesteps to
 * ask the model, and turns sample and prediction into the next sample:
 *
 *     sched_create    a scheduler_config.json         -> scheduler (immutable)
 *     sched_init      scheduler + number of steps ... -> state (one loop)
 *     sched_timesteps state                           -> one time per model call
 *     sched_step      sample + prediction             -> next sample
 *     sched_state_free, sched_free
 *
 * CONVENTIONS, for every function below
 *
 * Noise levels follow x = alpha * x0 + sigma * n with n from N(0, 1)
 *   (Karras et al. 2022, arXiv:2206.00364; Kingma et al. 2021, arXiv:2107.00630).
 *   Timesteps are in units of the training schedule.  log SNR means
 *   log(alpha / sigma), the `lambda` of the DPM-Solver papers.
 * Tensors are contiguous, [batch, elements per item]; any inner shape is fine,
 *   since every sampler here works element by element.  The library never keeps
 *   a pointer to a caller's tensor after a call returns.
 * Ownership: a handle is released by its own free function, which accepts NULL.
 *   Frees may come in any order: a state keeps its scheduler alive.
 * Threads: a scheduler is immutable and may be shared by any number of threads.
 *   A state belongs to one thread at a time; different states are independent.  A call
 *   on a state that finds another call inside it, of another thread or of one that
 *   called the caller back, is refused with SCHED_ERROR_IN_USE, or gives the value for
 *   a NULL state, and changes nothing; only to free a state that is in use is beyond
 *   help.  There is nothing global, and no initialisation to call.
 * Errors: functions return a sched_status.  A failed call changes nothing, writes
 *   to no output tensor, and may be tried again.  The sentence that says what is
 *   wrong and what is allowed goes to the `message` buffer that the caller passes
 *   (create, init) or is kept by the state (sched_last_error).  It is UTF-8, and cut between
 *   characters where the buffer is too small.
 * Memory: what a handle holds comes from the allocator that sched_create() was given, or
 *   from the C++ runtime; what a call needs while it runs, from the runtime.  An
 *   allocation that fails is SCHED_ERROR_MEMORY, like any other error.
 * Structs begin with struct_size, which the _INIT macro sets.  Later versions add
 *   members at the end only, so that old callers keep working.
 * Randomness: normals are made by Philox4x32-10 (Salmon et al. 2011), keyed by the
 *   seed of the item, the number of the draw, and the element.  They do not depend
 *   on the batch, the thread or the machine.  Those that other systems make from the same
 *   seed are an option of init: sched_generator, sched_draw_policy.
 *
 * STABILITY
 *
 * Stable is what this header and sched_device.h say.  As long as SCHED_VERSION_MAJOR is the same
 *   (it is in the name of the shared library, libsched.so.0), programs that were compiled
 *   against an older version run with a newer one: functions, enumerators and members at the end of
 *   a struct are added, and nothing is removed, renumbered, moved or given another meaning.  Bytes
 *   of sched_save() are read by every version with the same number of their format.
 * Experimental are the sched_vulkan_record functions and the struct of sched_vulkan_import()
 *   (sched_vulkan.h), and all of sched_flat.h, which goes with the bindings of its own version.
 *   They may change in a new minor version; CHANGELOG.md says so in its line ABI.
 * Not part of the interface: the sentences of errors, and the order in which methods, options and
 *   names are listed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SCHED_SCHED_H_
#define SCHED_SCHED_H_

#include <stdint.h>

#define SCHED_VERSION_MAJOR 0
#define SCHED_VERSION_MINOR 1
#define SCHED_VERSION_PATCH 0
/* major * 10000 + minor * 100 + patch */
#define SCHED_VERSION 100

#if defined(SCHED_STATIC)
#define SCHED_API
#elif defined(_WIN32)
#if defined(SCHED_BUILDING)
#define SCHED_API __declspec(dllexport)
#else
#define SCHED_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define SCHED_API __attribute__((visibility("default")))
#else
#define SCHED_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ status */

/* Codes keep their numbers for ever. */
typedef enum sched_status {
  SCHED_OK = 0,
  SCHED_ERROR_ARGUMENT = -1,       /* a pointer is NULL, a count is negative, ... */
  SCHED_ERROR_STRUCT_SIZE = -2,    /* struct_size is not one that this version knows */
  SCHED_ERROR_JSON = -3,           /* the text is not valid JSON (or not UTF-8) */
  SCHED_ERROR_UNKNOWN_CLASS = -4,  /* no such scheduler class or solver */
  SCHED_ERROR_UNKNOWN_KEY = -5,    /* the configuration has a key that does not belong */
  SCHED_ERROR_TYPE = -6,           /* a key has a value of the wrong JSON type */
  SCHED_ERROR_VALUE = -7,          /* a value is not among those allowed */
  SCHED_ERROR_CONFLICT = -8,       /* two keys or options exclude each other */
  SCHED_ERROR_STEPS = -9,          /* number of steps, begin or end out of range */
  SCHED_ERROR_TIMESTEPS = -10,     /* custom timesteps or sigmas are unusable */
  SCHED_ERROR_OPTION = -11,        /* an init option that this method does not have */
  SCHED_ERROR_SHAPE = -12,         /* batch or elements differ from init's */
  SCHED_ERROR_DTYPE = -13,         /* element type not supported here */
  SCHED_ERROR_OVERLAP = -14,       /* tensors overlap in a way that is not allowed */
  SCHED_ERROR_FINISHED = -15,      /* every step is done */
  SCHED_ERROR_NOT_FINITE = -16,    /* a weight would be infinite or NaN */
  SCHED_ERROR_CAPACITY = -17,      /* the caller's buffer is too small */
  SCHED_ERROR_DAMAGED = -18,       /* saved bytes are truncated or changed */
  SCHED_ERROR_MISMATCH = -19,      /* saved bytes belong to another configuration */
  SCHED_ERROR_UNSUPPORTED = -20,   /* valid, but not in this build */
  SCHED_ERROR_MEMORY = -21,        /* an allocation failed */
  SCHED_ERROR_INTERNAL = -22,      /* a bug in this library: please report it */
  SCHED_ERROR_DEVICE_LOST = -23,   /* the Vulkan device is gone; see sched_can_continue() */
  SCHED_ERROR_DEVICE_MEMORY = -24, /* the Vulkan device has no memory left */
  SCHED_ERROR_VULKAN = -25,        /* another failure of Vulkan, named in the sentence */
  SCHED_ERROR_IN_USE = -26,        /* another call is inside the state */
  SCHED_STATUS_MAX = 0x7fffffff
} sched_status;

/**
 * The name of a status code, "SCHED_ERROR_SHAPE" for example.
 * Never NULL; static storage; any thread.
 */
SCHED_API const char* sched_status_name(sched_status status);

/** Version of the library that is running, as SCHED_VERSION.  Any thread. */
SCHED_API int32_t sched_version_number(void);

/** Version of the library that is running, "0.1.0".  Static storage; any thread. */
SCHED_API const char* sched_version_string(void);

/* ----------------------------------------------------------------- tensors */

typedef enum sched_dtype {
  SCHED_DTYPE_UNDEFINED = 0,
  SCHED_F32 = 1,  /* IEEE binary32 */
  SCHED_F16 = 2,  /* IEEE binary16; arithmetic is float32, from 65520 on it is infinite */
  SCHED_BF16 = 3, /* bfloat16; arithmetic is float32 */
  SCHED_F64 = 4,  /* IEEE binary64; only the reference kernel */
  SCHED_DTYPE_MAX = 0x7fffffff
} sched_dtype;

/*
 * A contiguous tensor in the caller's memory: `batch` items of `elements` values.
 * `data` is written only where the tensor is an output.
 */
typedef struct sched_tensor {
  uint32_t struct_size;
  int32_t dtype; /* sched_dtype */
  void* data;
  int64_t batch;
  int64_t elements; /* per item */
} sched_tensor;

#define SCHED_TENSOR_INIT \
  { sizeof(sched_tensor), SCHED_F32, 0, 1, 0 }

/* ----------------------------------------------------------------- methods */

/*
 * What a method is and what a step of it costs, before anything is run.
 * Strings are static.
 */
typedef struct sched_method_info {
  uint32_t struct_size;
  int32_t calls_per_step; /* model calls per step (PNDM's start takes more) */
  const char* name;       /* solver name in our own composition: "euler" */
  const char* class_name; /* diffusers class: "EulerDiscreteScheduler"; "" for a solver
                             of our own composition */
  const char* paper;      /* where the method was published */
  int32_t memory_rows;    /* sample-sized rows that a state keeps, at most */
  int32_t draws_per_step; /* normal draws per step, at most */
  int32_t max_order;      /* highest order of accuracy, without noise */
  int32_t stochastic;     /* 0 never, 1 where an option asks for it, 2 always */
} sched_method_info;

#define SCHED_METHOD_INFO_INIT \
  { sizeof(sched_method_info), 0, 0, 0, 0, 0, 0, 0, 0 }

/** How many methods there are.  Any thread. */
SCHED_API int32_t sched_method_count(void);

/**
 * Describes method `index` (0 .. count-1).
 * @return SCHED_OK, SCHED_ERROR_ARGUMENT (index, NULL), SCHED_ERROR_STRUCT_SIZE
 */
SCHED_API sched_status sched_method_at(int32_t index, sched_method_info* info);

/**
 * Finds a method by the name of a diffusers class, or of a solver of our own composition.
 * @return SCHED_OK, or SCHED_ERROR_UNKNOWN_CLASS if there is none; `index` unchanged
 */
SCHED_API sched_status sched_method_find(const char* name, int32_t* index);

/*
 * One option of a method.  Strings are static.  Keys of a solver of our own composition
 * are those of its section "solver".
 */
typedef struct sched_option_info {
  uint32_t struct_size;
  int32_t at_init;           /* 0: key of the configuration; 1: member of init options */
  const char* name;          /* "timestep_spacing" */
  const char* type;          /* "boolean", "integer", "number", "string", "list", "null" */
  const char* default_value; /* as JSON: "\"linspace\"" */
  const char* allowed;       /* "linspace | leading | trailing", or "" */
} sched_option_info;

#define SCHED_OPTION_INFO_INIT \
  { sizeof(sched_option_info), 0, 0, 0, 0, 0 }

/** How many options method `method` has; -1 where there is no such method. */
SCHED_API int32_t sched_option_count(int32_t method);

/**
 * Describes option `index` of method `method`.
 * @return SCHED_OK, SCHED_ERROR_ARGUMENT, SCHED_ERROR_STRUCT_SIZE
 */
SCHED_API sched_status sched_option_at(int32_t method, int32_t index, sched_option_info* info);

/* ------------------------------------------------------------------- names */

typedef enum sched_name_kind {
  SCHED_NAME_SAMPLER = 0,  /* its composition has a solver, and a grid where the name says one */
  SCHED_NAME_SCHEDULE = 1, /* its composition has a grid only */
  SCHED_NAME_MAX = 0x7fffffff
} sched_name_kind;

/* A name by which people know a sampler or a schedule elsewhere.  Strings are static. */
typedef struct sched_name_info {
  uint32_t struct_size;
  int32_t kind;            /* sched_name_kind */
  const char* system;      /* "diffusers", "ComfyUI", "A1111", "stable-diffusion.cpp", ... */
  const char* name;        /* as people write it: "DPM++ 2M Karras" */
  const char* composition; /* ours, as JSON: {"solver": "dpmpp_2m", "grid": "karras"} */
} sched_name_info;

#define SCHED_NAME_INFO_INIT \
  { sizeof(sched_name_info), 0, 0, 0, 0 }

/** How many names there are.  Any thread. */
SCHED_API int32_t sched_name_count(void);

/**
 * Describes name `index` (0 .. count-1).
 * @return SCHED_OK, SCHED_ERROR_ARGUMENT (index, NULL), SCHED_ERROR_STRUCT_SIZE
 */
SCHED_API sched_status sched_name_at(int32_t index, sched_name_info* info);

/**
 * Finds a name; upper and lower case are the same.  In a composition such a name may stand
 * for "solver" or "grid" as it is.
 * @param system  where the name comes from, or NULL for the first that has it
 * @return SCHED_OK, SCHED_ERROR_UNKNOWN_CLASS where there is none, SCHED_ERROR_ARGUMENT,
 *         SCHED_ERROR_STRUCT_SIZE; on error `info` is unchanged
 */
SCHED_API sched_status sched_name_find(const char* name, const char* system, sched_name_info* info);

/* -------------------------------------------------------------- schedulers */

typedef struct sched_scheduler sched_scheduler;

/*
 * The caller's memory, for everything that a scheduler and its states hold: the handles, tables,
 * plans, memory rows, sentences.  Apart are the threads of the library's own, and what Vulkan
 * and a context of it hold.  Both functions may be called on any thread that makes, clones or
 * frees a handle, or on which a call fails, and must neither call back into the library nor
 * throw.  They and `context` outlive the scheduler and its states.
 */
typedef struct sched_allocator {
  uint32_t struct_size;
  uint32_t reserved;
  /* `size` bytes, at least 1, at an address that `alignment`, a power of two up to 64, divides;
   * NULL where there are none */
  void* (*allocate)(void* context, uint64_t size, uint64_t alignment);
  /* Takes back a block of allocate(), with the size and alignment that it was asked for with. */
  void (*release)(void* context, void* block, uint64_t size, uint64_t alignment);
  void* context; /* handed to both */
} sched_allocator;

#define SCHED_ALLOCATOR_INIT \
  { sizeof(sched_allocator), 0, 0, 0, 0 }

typedef struct sched_create_options {
  uint32_t struct_size;
  int32_t lenient;                  /* 1: unknown and unused keys become warnings */
  char* message;                    /* gets the sentence where create fails; may be NULL */
  uint64_t message_capacity;        /* bytes at `message`, with the final zero */
  const sched_allocator* allocator; /* copied; NULL for the C++ runtime's */
} sched_create_options;

#define SCHED_CREATE_OPTIONS_INIT \
  { sizeof(sched_create_options), 0, 0, 0, 0 }

/**
 * Reads a configuration and makes a scheduler.
 *
 * @param config   JSON text, UTF-8, `length` bytes; need not end in zero.  Either
 *                 - a diffusers scheduler_config.json: `_class_name` names the method,
 *                   missing keys take that class's defaults; or
 *                 - our own composition: {"solver": ..., "schedule": {...},
 *                   "grid": {...}, "parameterization": {...}, "quirks": [...]};
 *                   "schedule" may be a scheduler_config.json, and "solver" a name of
 *                   sched_name_at(); see the README.
 * @param options  may be NULL: strict, no message
 * @param out      gets the scheduler; set to NULL on error.  Release by sched_free().
 *
 * @return SCHED_OK, or
 *         SCHED_ERROR_JSON           not JSON, not UTF-8, nested too deeply, key twice
 *         SCHED_ERROR_UNKNOWN_CLASS  no such `_class_name` or solver
 *         SCHED_ERROR_UNKNOWN_KEY    a key that the class does not have (strict only)
 *         SCHED_ERROR_TYPE, _VALUE   names the key and what is allowed
 *         SCHED_ERROR_CONFLICT       names the keys that exclude each other
 *         SCHED_ERROR_ARGUMENT, SCHED_ERROR_STRUCT_SIZE, SCHED_ERROR_MEMORY
 *
 * Keys that diffusers writes and ignores (every key that begins with `_`) are accepted.
 * Any thread.
 */
SCHED_API sched_status sched_create(const char* config, uint64_t length,
                                    const sched_create_options* options, sched_scheduler** out);

/** Releases a scheduler.  States made from it stay valid.  NULL is fine. */
SCHED_API void sched_free(sched_scheduler* scheduler);

/** Which method this is: its index for sched_method_at(); -1 for NULL. */
SCHED_API int32_t sched_method(const sched_scheduler* scheduler);

/** How many warnings a lenient create collected; 0 for NULL. */
SCHED_API int32_t sched_warning_count(const sched_scheduler* scheduler);

/** Warning `index`, owned by the scheduler; NULL where there is none. */
SCHED_API const char* sched_warning(const sched_scheduler* scheduler, int32_t index);

/**
 * How many quirks are on: what diffusers does that a paper does not.  They come with
 * diffusers files; our own composition has those that its key "quirks" lists.  0 for NULL.
 */
SCHED_API int32_t sched_quirk_count(const sched_scheduler* scheduler);

/** The name of quirk `index` that is on, static; NULL where there is none. */
SCHED_API const char* sched_quirk(const sched_scheduler* scheduler, int32_t index);

/** What a quirk does, in a sentence; static.  NULL where there is no such quirk. */
SCHED_API const char* sched_quirk_description(const char* name);

/* -------------------------------------------------------------------- init */

typedef enum sched_kernel {
  SCHED_KERNEL_DEFAULT = 0,
  SCHED_KERNEL_REFERENCE = 1, /* a plain loop in float64: the definition of correct */
  SCHED_KERNEL_FUSED = 2,     /* one pass, SIMD, instruction set chosen at run time */
  SCHED_KERNEL_BLAS = 3,      /* OpenBLAS, tiled */
  SCHED_KERNEL_VULKAN = 4,    /* compute shaders; see sched_vulkan.h */
  SCHED_KERNEL_MAX = 0x7fffffff
} sched_kernel;

/** 1 where this build has the kernel, else 0.  Any thread. */
SCHED_API int32_t sched_kernel_available(sched_kernel kernel);

/*
 * Whose normals a loop draws.  All but philox are made in the host's memory before the pass that
 * uses them, by the calling thread, in rows that init reserves; no global state is read or written.
 */
typedef enum sched_generator {
  /* The library's own: element i of draw d of a seed, the same on every kernel and machine. */
  SCHED_GENERATOR_PHILOX = 0,
  /* torch.manual_seed(seed), then torch.randn() on a CPU, draw after draw: a Mersenne Twister
   * (Matsumoto and Nishimura 1998), of which the seed's lower 32 bits count. */
  SCHED_GENERATOR_TORCH_CPU = 1,
  /* torch.randn(device="cuda") of a seed: Philox4x32-10 with curand's normals, in the order in
   * which the card's threads take them: set cuda_multiprocessors. */
  SCHED_GENERATOR_TORCH_CUDA = 2,
  /* Nx.Random.normal(), as jax.random.normal() with jax_threefry_partitionable off: threefry2x32-20
   * (Salmon et al. 2011).  Each draw splits the key: the second half makes the normals, the first
   * is the next key.  The seed is the key: its upper 32 bits are the first word. */
  SCHED_GENERATOR_NX = 3,
  /* The same as JAX does it now, with jax_threefry_partitionable on. */
  SCHED_GENERATOR_JAX = 4,
  /* None: the caller hands in every normal, sched_step_args.noise and the like. */
  SCHED_GENERATOR_CALLER = 5,
  SCHED_GENERATOR_MAX = 0x7fffffff
} sched_generator;

/*
 * Which draws besides those that a method needs are taken from the generator and thrown away, and
 * from where it starts: so that with generator and policy set a seed gives the noise that the
 * reference gives.  Methods of Brownian paths have philox and none only: what torchsde draws
 * is not reproduced.
 */
typedef enum sched_draw_policy {
  SCHED_DRAWS_NONE = 0,      /* none is thrown away; the first sample is draw 0 */
  SCHED_DRAWS_DIFFUSERS = 1, /* configurations with _class_name; one generator for the whole batch,
                                or one for each of item_seeds */
  SCHED_DRAWS_K_DIFFUSION = 2, /* our composition, for the samplers that k-diffusion has */
  /* The first sample by torch_cpu of the seed; the steps by a generator of their own, which on a
   * CPU starts from seed + 1. */
  SCHED_DRAWS_COMFYUI = 3,
  /* Each item has a key of its own, split from that of the seed; with item_seeds each item's key is
   * the only one split from its seed.  Bumblebee draws with the channels last. */
  SCHED_DRAWS_BUMBLEBEE = 4,
  SCHED_DRAWS_MAX = 0x7fffffff
} sched_draw_policy;

/**
 * The number of multiprocessors of a card, and how many threads each runs at once, for
 * SCHED_GENERATOR_TORCH_CUDA.  Any thread.
 *
 * @param name  "A100", "RTX 4090", ...; upper and lower case are the same
 * @return SCHED_OK, SCHED_ERROR_ARGUMENT, or SCHED_ERROR_VALUE where there is no such card in the
 *         table: then ask the card itself (torch.cuda.get_device_properties); nothing is written
 */
SCHED_API sched_status sched_cuda_card(const char* name, int32_t* multiprocessors,
                                       int32_t* threads_per_multiprocessor);

/** The name of card `index` of that table, static; NULL where there is none.  Any thread. */
SCHED_API const char* sched_cuda_card_name(int32_t index);

/* A Vulkan device that states run on: made by sched_vulkan.h. */
typedef struct sched_vulkan sched_vulkan;

/* Marks a number in sched_init_options that was not given. */
#define SCHED_UNSET (-1.0e300)

/*
 * The caller's threads.  The function calls run(task, i) once for each i in 0 .. count-1, on any
 * threads and in any order, its own included, and returns when every call has returned.  It is
 * called by sched_step() and the like, must not call back into the library, and may not throw.
 * The library checks: parts that were not run are run on the calling thread, a part that is
 * asked for twice is run once, and one that still runs is waited for.  No call of run() may begin
 * after the function has returned.
 */
typedef void (*sched_parallel_run)(void* task, int64_t index);
typedef void (*sched_parallel_for)(void* context, int64_t count, sched_parallel_run run,
                                   void* task);

/*
 * One loop.  Every member that a method does not have must stay unset: an option
 * that would be ignored is an error, never silent.
 */
typedef struct sched_init_options {
  uint32_t struct_size;

  int32_t num_steps;       /* what diffusers calls num_inference_steps; 0 with custom lists */
  const double* timesteps; /* custom timesteps, falling; copied */
  const double* sigmas;    /* custom sigmas, falling; copied */
  int32_t timesteps_count;
  int32_t sigmas_count;

  int32_t begin_step; /* first step to run, counted in steps of the whole schedule */
  int32_t end_step;   /* one past the last; 0 means all */
  double strength;    /* image to image: run the last part of the schedule, (0, 1] */
  double mu;          /* dynamic shift, from the pipeline's sequence length */

  int64_t batch;    /* items, >= 1 */
  int64_t elements; /* per item, >= 1 */
  int32_t dtype;    /* sched_dtype of sample and next */
  int32_t kernel;   /* sched_kernel */

  uint64_t seed;              /* philox: of item 0, item k takes seed + k; other generators: of
                                 the whole batch */
  const uint64_t* item_seeds; /* `batch` seeds instead, or NULL; copied.  Each item then has a
                                 generator of its own */

  double eta;                       /* DDIM, ancestral and SDE solvers: amount of noise */
  double s_churn, s_tmin, s_tmax;   /* Euler, Heun, DPM-2 (Karras et al. 2022, algorithm 2) */
  double s_noise;                   /* solvers with noise of their own: its deviation */
  int32_t order;                    /* LMS, 1..4; 0 means 4 */
  int32_t original_inference_steps; /* LCM; 0 means the configuration's */
  int32_t use_clipped_model_output; /* DDIM */
  int32_t num_train_timesteps;      /* Heun; 0 means the configuration's */

  char* message;             /* gets the sentence where init fails; may be NULL */
  uint64_t message_capacity; /* bytes at `message`, with the final zero */

  int32_t jump_length;   /* RePaint; 0 means the configuration's, or 10 */
  int32_t jump_n_sample; /* RePaint; 0 means the configuration's, or 10 */

  double max_timesteps;           /* SCM: the first angle, up to pi / 2 */
  double intermediate_timesteps;  /* SCM: the second of two angles; 0 spaces them evenly */
  int32_t stage_index;            /* Helios: which stage, where there are several; else -1 */
  int32_t is_amplify_first_chunk; /* Helios DMD: twice the steps and one */

  sched_vulkan* vulkan;       /* with SCHED_KERNEL_VULKAN, else NULL; the state keeps it alive */
  int32_t recorded_in_flight; /* Vulkan: recorded calls that may be pending; 0 means all */
  int32_t recorded_groups;    /* Vulkan: groups in the whole batch of a recorded step; 0 means 64 */

  /* Host kernels.  Bits do not depend on the number of threads.  The library's own are one pool
   * for each scheduler, made by the first init that asks for threads: asleep between steps, and
   * ended with the last handle.  Where the system gives fewer, init succeeds with those; a step
   * that finds the pool busy with another state's does without, and so does a state from before a
   * fork() in the child.  Small steps, dynamic thresholding and norms stay on the calling
   * thread. */
  int32_t threads;       /* most threads that a step uses, up to 256, or parts for parallel_for;
                            0 and 1: the calling thread alone */
  int32_t history_dtype; /* sched_dtype of the rows that the state keeps; 0: float32, and float64
                            on the reference kernel, which alone keeps SCHED_F64.  16 bits halve
                            memory and traffic, and cost their rounding at each step; float16
                            overflows above 65504.  Not for methods without rows */
  sched_parallel_for parallel_for; /* the caller's threads instead of the library's, with `threads`
                                      above 1; or NULL */
  void* parallel_context;          /* handed to parallel_for; both outlive state and clones */

  int32_t generator;   /* sched_generator */
  int32_t draw_policy; /* sched_draw_policy */
  /* sched_dtype in which torch_cpu draws: SCHED_F32, or SCHED_F64 on the reference kernel; and to
   * which torch_cuda rounds, SCHED_F32, SCHED_F16 or SCHED_BF16.  0: SCHED_F32 */
  int32_t noise_dtype;
  /* Whole tensors of this shape that the reference takes from the generator between the first
   * sample and the first step (diffusers' inpainting: the posterior of the masked image); -1 where
   * it did not draw the first sample from it either. */
  int32_t extra_draws;
  int32_t cuda_multiprocessors; /* torch_cuda, see sched_cuda_card(); else 0 */
  int32_t cuda_threads_per_multiprocessor;
  /* Tensors that it takes before the first sample, or before the noise of sched_add_noise()
   * (diffusers' image to image: the posterior of the image, 1). */
  int32_t first_sample_draw;
  int32_t reserved;

  /* A part of a larger tensor, on another thread, process or machine: the state draws what the
   * whole would draw there.  The part is items first_item .. + batch of whole_batch, and of each
   * elements first_element .. + elements of whole_elements; 0 stands for the state's own.  `seed`
   * is that of the whole, item_seeds are those of the state's own items.  Not for
   * torch_cpu, whose numbers come one after the other, nor for ComfyUI's policy, whose first sample
   * is torch_cpu's, nor for methods that need norms or quantiles of whole items. */
  int64_t whole_batch, whole_elements;
  int64_t first_item, first_element;
} sched_init_options;

#define SCHED_INIT_OPTIONS_INIT                                                                    \
  {                                                                                                \
    sizeof(sched_init_options), 0, 0, 0, 0, 0, 0, 0, SCHED_UNSET, SCHED_UNSET, 1, 0, SCHED_F32,    \
        SCHED_KERNEL_DEFAULT, 0, 0, SCHED_UNSET, SCHED_UNSET, SCHED_UNSET, SCHED_UNSET,            \
        SCHED_UNSET, 0, 0, 0, 0, 0, 0, 0, 0, SCHED_UNSET, SCHED_UNSET, -1, 0, 0, 0, 0, 0, 0, 0, 0, \
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                                                         \
  }

typedef struct sched_state sched_state;

/**
 * Starts a loop: plans every step and reserves the memory that the method needs.
 *
 * @param scheduler  stays usable and may be freed; the state keeps it alive
 * @param options    num_steps (or custom timesteps or sigmas), batch and elements are
 *                   needed, the rest has defaults
 * @param out        gets the state; set to NULL on error.  Release by sched_state_free().
 *
 * @return SCHED_OK, or
 *         SCHED_ERROR_STEPS       num_steps, begin_step or end_step out of range
 *         SCHED_ERROR_TIMESTEPS   custom list empty, not falling, or out of range
 *         SCHED_ERROR_OPTION      an option that this method does not have
 *         SCHED_ERROR_CONFLICT    options that exclude each other, or one that is missing (mu)
 *         SCHED_ERROR_VALUE       an option out of its range
 *         SCHED_ERROR_SHAPE, SCHED_ERROR_DTYPE
 *         SCHED_ERROR_NOT_FINITE  the method has no finite weights here; says at which step
 *         SCHED_ERROR_UNSUPPORTED kernel not in this build; a shape that the device cannot hold, or
 *                                 rows of a type that it does not keep
 *         SCHED_ERROR_DEVICE_MEMORY, SCHED_ERROR_DEVICE_LOST, SCHED_ERROR_VULKAN
 *         SCHED_ERROR_ARGUMENT, SCHED_ERROR_STRUCT_SIZE, SCHED_ERROR_MEMORY
 *
 * Everything is computed in float64 and checked here, so a step cannot fail for numbers.
 * Any thread.
 */
SCHED_API sched_status sched_init(const sched_scheduler* scheduler,
                                  const sched_init_options* options, sched_state** out);

/** Releases a state.  NULL is fine. */
SCHED_API void sched_state_free(sched_state* state);

/**
 * What went wrong in the last call on this state that failed; "" if none did.
 * Owned by the state, valid until the next call on it.  A fixed sentence for NULL, and while
 * another call is inside the state.
 */
SCHED_API const char* sched_last_error(const sched_state* state);

/**
 * 1 where the state can take its next call, 0 where it cannot any more: its Vulkan device was
 * lost, with what the state kept there.  -1 for NULL, and while another call is inside the
 * state.  Any other failure leaves it as it was.
 */
SCHED_API int32_t sched_can_continue(const sched_state* state);

/* ------------------------------------------------------- asking about a loop */

/** Items of the batch that init was given; -1 for NULL. */
SCHED_API int64_t sched_batch(const sched_state* state);

/** Elements of an item that init was given; -1 for NULL. */
SCHED_API int64_t sched_elements(const sched_state* state);

/**
 * Elements of an item of a prediction: those of a sample, or twice as many where the
 * configuration says that the variance is learned; -1 for NULL.
 */
SCHED_API int64_t sched_prediction_elements(const sched_state* state);

/** Steps that this loop runs, what a user counts; -1 for NULL. */
SCHED_API int64_t sched_num_steps(const sched_state* state);

/**
 * Calls of sched_step() that this loop takes: entries of sched_timesteps(); -1 for NULL.
 * -2 where the method chooses its steps as it goes (dpm_adaptive): then ask
 * sched_next_call() until it says SCHED_ERROR_FINISHED.
 */
SCHED_API int64_t sched_num_calls(const sched_state* state);

/** Calls done so far; -1 for NULL, and while another call is inside the state. */
SCHED_API int64_t sched_calls_done(const sched_state* state);

/* One call of sched_step(). */
typedef struct sched_call {
  uint32_t struct_size;
  int32_t needs_model; /* 0: noise is added or undone (RePaint, KarrasVe): the sample goes to
                          sched_step() with a NULL prediction, and no model is asked */
  double timestep;     /* for the model */
  double alpha, sigma; /* level of the sample that is handed in: x = alpha x0 + sigma n */
  double input_scale;  /* factor for the sample before it goes into the model */
  int64_t step;        /* of the whole schedule; -1 where the method chooses its steps */
  int32_t stage;       /* within the step, 0 first */
  int32_t ends_step;   /* 1 where this call ends a step, or an attempt at one */
  int32_t draws;       /* normal draws that it takes, 0, 1 or 2 */
  int32_t reserved;
} sched_call;

#define SCHED_CALL_INIT \
  { sizeof(sched_call), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * Describes the call that comes next, so that one loop serves every method:
 *
 *     while (sched_next_call(state, &call) == SCHED_OK) { ask the model; sched_step(...); }
 *
 * @return SCHED_OK, SCHED_ERROR_FINISHED where the loop is done, SCHED_ERROR_ARGUMENT,
 *         SCHED_ERROR_STRUCT_SIZE
 */
SCHED_API sched_status sched_next_call(sched_state* state, sched_call* call);

/**
 * Describes call `index` (0 .. calls-1) of a loop that is planned as a whole.
 * @return SCHED_OK, SCHED_ERROR_STEPS, SCHED_ERROR_ARGUMENT, SCHED_ERROR_STRUCT_SIZE,
 *         SCHED_ERROR_UNSUPPORTED where the method chooses its steps as it goes
 */
SCHED_API sched_status sched_call_at(sched_state* state, int64_t index, sched_call* call);

/**
 * Attempts at a step that were accepted and rejected so far, where the method chooses its
 * steps (Lu et al. 2022, arXiv:2206.00927, algorithm 3); 0 and 0 for others.  A rejected
 * attempt gives back the sample at which it began.
 * @return SCHED_OK, SCHED_ERROR_ARGUMENT
 */
SCHED_API sched_status sched_attempts(const sched_state* state, int64_t* accepted,
                                      int64_t* rejected);

/** 1 where model call `call` ends a step (progress bars count these), else 0. */
SCHED_API int32_t sched_call_ends_step(const sched_state* state, int64_t call);

/** The kernel that runs this state, a sched_kernel; -1 for NULL. */
SCHED_API int32_t sched_state_kernel(const sched_state* state);

/**
 * Bytes that the state holds: memory rows, what a quantile needs, plans, and the sentence of the
 * last error; -1 for NULL, and while another call is inside the state.  On the host exactly what
 * sched_init() allocated, as it was asked of the allocator: blocks of rows fill whole cache lines,
 * from 4 MiB on whole pages.  The scheduler is apart.  Clones share their plans, and each counts
 * them.
 */
SCHED_API int64_t sched_state_bytes(const sched_state* state);

/**
 * The time to give to the model at each call, in order.
 *
 * @param out       gets the times; NULL to ask for the count only
 * @param capacity  entries at `out`
 * @param count     gets the number of entries; may be NULL
 * @return SCHED_OK, SCHED_ERROR_ARGUMENT, SCHED_ERROR_CAPACITY (nothing written),
 *         SCHED_ERROR_UNSUPPORTED where the method chooses its steps as it goes
 */
SCHED_API sched_status sched_timesteps(const sched_state* state, double* out, int64_t capacity,
                                       int64_t* count);

/**
 * Noise levels of the whole schedule, step by step and the end: steps + 1 entries,
 * whatever begin_step and end_step are.  In the unit of the method's family: sigma for
 * flow matching (data at 0), the sine of the angle for SCM (alpha its cosine), sigma / alpha
 * elsewhere, infinite at zero SNR.
 * Arguments and errors as sched_timesteps(), but never SCHED_ERROR_UNSUPPORTED: where the method
 * chooses its steps these are the levels that its schedule names.
 */
SCHED_API sched_status sched_sigmas(const sched_state* state, double* out, int64_t capacity,
                                    int64_t* count);

/**
 * alpha and sigma of x = alpha x0 + sigma n at the start of each step of the whole
 * schedule and at its end: pairs, 2 (steps + 1) entries.
 * Arguments and errors as sched_timesteps(), but never SCHED_ERROR_UNSUPPORTED: where the method
 * chooses its steps these are the levels that its schedule names.
 */
SCHED_API sched_status sched_levels(const sched_state* state, double* out, int64_t capacity,
                                    int64_t* count);

/**
 * The step of the whole schedule that begins at `timestep`, to within 1e-6.
 * Steps go by index; this is the explicit way to find one by value.
 * @return SCHED_OK, or SCHED_ERROR_VALUE where no step begins there; `step` unchanged
 */
SCHED_API sched_status sched_step_for_timestep(sched_state* state, double timestep, int64_t* step);

/** Standard deviation of the first sample, diffusers' init_noise_sigma; -1 for NULL. */
SCHED_API double sched_init_noise_sigma(const sched_state* state);

/**
 * Factor for the sample before it goes into the next model call; -1 for NULL, and while another
 * call is inside the state.
 */
SCHED_API double sched_input_scale(const sched_state* state);

/**
 * Normal draws that the next step takes, 0, 1 or 2; -1 for NULL, and while another call is inside
 * the state.  An attempt of dpm_adaptive that is rejected leaves its draw for the next.
 */
SCHED_API int32_t sched_next_draws(const sched_state* state);

/* ------------------------------------------------------------------- tensors */

/**
 * Fills the first sample: standard normals times sched_init_noise_sigma().
 *
 * @param out  [batch, elements], any dtype that the kernel takes; written
 * @return SCHED_OK, SCHED_ERROR_ARGUMENT, SCHED_ERROR_SHAPE, SCHED_ERROR_DTYPE
 *
 * The numbers depend on the item's seed and the element only; with another generator than philox
 * they are its first draw.  May be called again.  SCHED_GENERATOR_CALLER has none:
 * SCHED_ERROR_OPTION.
 */
SCHED_API sched_status sched_initial_noise(sched_state* state, sched_tensor* out);

/**
 * Scales a sample for the next model call (c_in of Karras et al. 2022): what diffusers
 * calls scale_model_input.  A copy where the method scales nothing.
 *
 * @param sample  [batch, elements]; only read
 * @param out     [batch, elements]; may be the same memory as `sample`
 * @return SCHED_OK, SCHED_ERROR_FINISHED, SCHED_ERROR_ARGUMENT, SCHED_ERROR_SHAPE,
 *         SCHED_ERROR_DTYPE, SCHED_ERROR_OVERLAP
 */
SCHED_API sched_status sched_scale_input(sched_state* state, const sched_tensor* sample,
                                         sched_tensor* out);

/**
 * Noises clean data to the level at which `step` begins (image to image, inpainting).
 *
 * @param step      0 .. steps of the whole schedule; with begin_step in init, pass that
 * @param original  [batch, elements] x0; only read
 * @param noise     [batch, elements] standard normals, or NULL for those that
 *                  sched_initial_noise() would use; only read
 * @param out       [batch, elements] alpha x0 + sigma noise; may be `original`'s memory
 * @return SCHED_OK, SCHED_ERROR_STEPS, SCHED_ERROR_ARGUMENT, SCHED_ERROR_SHAPE,
 *         SCHED_ERROR_DTYPE, SCHED_ERROR_OVERLAP
 */
SCHED_API sched_status sched_add_noise(sched_state* state, int64_t step,
                                       const sched_tensor* original, const sched_tensor* noise,
                                       sched_tensor* out);

/**
 * Moves the sample one model call closer to the data.
 *
 * Call once for each entry of sched_timesteps(), in order.  A two-stage solver (Heun)
 * lists its inner calls there too, so the loop is the same.  Churn (s_churn) is in the
 * first sample and in each `next` already, where the method asks the model after it.
 *
 * @param state       from sched_init(); one thread at a time
 * @param sample      [batch, elements] x at the current noise level, unscaled; only read
 * @param prediction  [batch, elements] what the network returned; only read.
 *                    [batch, 2 * elements] where the configuration says that the
 *                    variance is learned: first the prediction, then the variance.
 * @param next        [batch, elements] x at the next noise level.  May be the same
 *                    memory as `sample`; may not overlap it otherwise, nor `prediction`.
 *
 * @return SCHED_OK, or
 *         SCHED_ERROR_FINISHED  every step is done
 *         SCHED_ERROR_SHAPE     a tensor differs from the shape given to init
 *         SCHED_ERROR_DTYPE     a dtype that the kernel does not take
 *         SCHED_ERROR_ARGUMENT  a tensor or its data is NULL
 *         SCHED_ERROR_OVERLAP
 *         SCHED_ERROR_NOT_FINITE  the norms on which dpm_adaptive, score_sde_ve or noise_clip_std
 *                               depend are not: a tensor holds NaN or infinity
 *         On error nothing was written and the same step may be tried again.
 *
 * Noise that the method needs is drawn from the state's own generator.  Allocates nothing.
 */
SCHED_API sched_status sched_step(sched_state* state, const sched_tensor* sample,
                                  const sched_tensor* prediction, sched_tensor* next);

/* Everything that one pass can do besides.  Unused members stay NULL. */
typedef struct sched_step_args {
  uint32_t struct_size;
  int32_t groups; /* per item, with group_timesteps; else 0 */
  const sched_tensor* sample;
  const sched_tensor* prediction;
  sched_tensor* next;

  /* Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598): the step uses
   * unconditional + guidance_scale * (prediction - unconditional).  The CFG++ methods (Chung
   * et al. 2024, arXiv:2406.08070; solvers *_cfg_pp) need `unconditional` at every step, for
   * the noise that they put back: `prediction` is then the conditional one with its scale, or
   * the guided one with guidance_scale 1. */
  const sched_tensor* unconditional; /* shape of `prediction`; only read */
  double guidance_scale;

  const sched_tensor* noise[2]; /* the caller's normals, one per draw, in order; only read */

  sched_tensor* denoised;   /* [batch, elements] x0 as the method sees it (preview) */
  sched_tensor* next_input; /* [batch, elements] next, scaled for the next model call */

  /* A time of its own for each of `groups` equal parts (tokens) of each item:
   * [batch * groups] values; groups 1 gives each item its own.  Methods of one model call
   * and no history: DDIM, DDPM, Euler, Euler ancestral, flow matching (diffusers' parallel
   * classes, UnCLIP, FlowMatchEuler, FlowMap).  Configurations of diffusers' FlowMatchEuler
   * keep its sign, x + (sigma - next sigma) prediction; our own composition steps the usual
   * way. */
  const double* group_timesteps;

  /* Inpainting: next = mask * known + (1 - mask) * next, with `known` the original noised to
   * the level at which the call arrives (RePaint, Lugmayr et al. 2022, arXiv:2201.09865,
   * needs them; every other method takes them).  All [batch, elements], only read. */
  const sched_tensor* mask;        /* 1 keeps the original, 0 paints; between blends */
  const sched_tensor* original;    /* clean data; needed with `mask` */
  const sched_tensor* known_noise; /* normals for it, or NULL for those of
                                      sched_initial_noise(); RePaint uses its draw */

  /* Where the groups go, [batch * groups] times; NULL for where the schedule goes from each
   * group's time.  A flow map may jump anywhere; diffusers' r_timestep and prev_timestep. */
  const double* group_targets;

  int32_t without_noise; /* 1: next is the mean of the step.  Its draws count as taken. */
  int32_t reserved;
} sched_step_args;

#define SCHED_STEP_ARGS_INIT \
  { sizeof(sched_step_args), 0, 0, 0, 0, 0, 1.0, {0, 0}, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * sched_step() with everything optional, in the same pass over memory.
 *
 * Outputs may not overlap each other, nor any input, except that `next` may be the same
 * memory as `sample`.  Where caller's noise is given, there must be one tensor for each
 * draw (sched_next_draws()).  Errors as sched_step(), and
 *         SCHED_ERROR_OPTION  noise for a step that draws none, group times for a method
 *                             that has none
 *         SCHED_ERROR_VALUE   guidance_scale or a group time that is not finite
 */
SCHED_API sched_status sched_step_wide(sched_state* state, const sched_step_args* args);

/* ---------------------------------------------------------- weights of a step */

/* Columns of sched_weights.weight. */
typedef enum sched_input {
  SCHED_INPUT_SAMPLE = 0,
  SCHED_INPUT_PREDICTION = 1,
  SCHED_INPUT_DENOISED = 2, /* x0 after clipping; only where clip is not none */
  SCHED_INPUT_NOISE0 = 3,
  SCHED_INPUT_NOISE1 = 4,
  SCHED_INPUT_UNCONDITIONAL = 5,
  SCHED_INPUT_MEMORY0 = 6, /* rows that the state keeps: 6 .. 13 */
  SCHED_INPUT_ORIGINAL = 14,
  SCHED_INPUT_KNOWN_NOISE = 15,
  SCHED_INPUT_MAX = 0x7fffffff
} sched_input;

/* What a row of sched_weights.weight makes. */
typedef enum sched_output {
  SCHED_OUTPUT_NEXT = 0,
  SCHED_OUTPUT_DENOISED = 1, /* the preview */
  SCHED_OUTPUT_MEMORY0 = 2,  /* rows that the state keeps: 2 .. 9 */
  SCHED_OUTPUT_KNOWN = 10,   /* RePaint: what `next` is where the mask is 1 */
  SCHED_OUTPUT_MAX = 0x7fffffff
} sched_output;

typedef enum sched_clip {
  SCHED_CLIP_NONE = 0,
  SCHED_CLIP_RANGE = 1,    /* clamp to +-clip_range */
  SCHED_CLIP_QUANTILE = 2, /* Saharia et al. 2022, arXiv:2205.11487: dynamic thresholding */
  SCHED_CLIP_MAX = 0x7fffffff
} sched_clip;

#define SCHED_WEIGHTS_INPUTS 16
#define SCHED_WEIGHTS_ROWS 8

/*
 * A step as numbers, for callers who run it themselves: each row is a weighted sum of
 * the inputs.  Where clip is not none, x0 is made first, by the weights `denoised`, and
 * clipped; the rows then use it as SCHED_INPUT_DENOISED.  Where gain is 1, noise0 is
 * multiplied by exp(gain_offset + gain_slope * v), where it is 2 by sqrt(v), with v the
 * second half of the prediction.  All rows are computed before any is written.
 */
typedef struct sched_weights {
  uint32_t struct_size;
  int32_t rows;
  int32_t draws;
  int32_t clip; /* sched_clip */
  double clip_range;
  double quantile;     /* ratio */
  double quantile_max; /* highest limit; the lowest is 1 */
  int32_t gain;
  int32_t reserved;
  double gain_offset, gain_slope;
  double timestep;    /* of the model call */
  double input_scale; /* of the model call */
  double denoised[SCHED_WEIGHTS_INPUTS];
  int32_t output[SCHED_WEIGHTS_ROWS]; /* sched_output */
  double weight[SCHED_WEIGHTS_ROWS][SCHED_WEIGHTS_INPUTS];
} sched_weights;

/**
 * The weights of model call `call` (0 .. calls-1), in float64, before any rounding.
 * @param weights  struct_size set; the rest is written
 * @return SCHED_OK, SCHED_ERROR_STEPS, SCHED_ERROR_ARGUMENT, SCHED_ERROR_STRUCT_SIZE,
 *         SCHED_ERROR_UNSUPPORTED where they depend on norms of the tensors (dpm_adaptive,
 *         the corrector of score_sde_ve, consistency with noise_clip_std)
 */
SCHED_API sched_status sched_step_weights(sched_state* state, int64_t call, sched_weights* weights);

/* ------------------------------------------------------ save, load and clone */

/**
 * Writes the state (position, memory rows, place in the noise) as versioned,
 * little-endian bytes with a checksum.
 *
 * @param bytes     gets the bytes; NULL to ask for the size only
 * @param capacity  bytes at `bytes`
 * @param size      gets the number of bytes; may be NULL
 * @return SCHED_OK, SCHED_ERROR_CAPACITY (nothing written), SCHED_ERROR_ARGUMENT; on Vulkan
 *         SCHED_ERROR_UNSUPPORTED without a queue, SCHED_ERROR_DEVICE_LOST, _DEVICE_MEMORY
 */
SCHED_API sched_status sched_save(sched_state* state, void* bytes, uint64_t capacity,
                                  uint64_t* size);

/**
 * Continues from saved bytes, in a state from sched_init() with the same configuration
 * and options.  On error the state is as it was.
 *
 * @return SCHED_OK, or
 *         SCHED_ERROR_DAMAGED   truncated, changed, or not a saved state
 *         SCHED_ERROR_MISMATCH  saved with another version, configuration or options, or with
 *                               rows of another type (history_dtype)
 *         SCHED_ERROR_ARGUMENT, SCHED_ERROR_MEMORY; on Vulkan SCHED_ERROR_DEVICE_LOST,
 * _DEVICE_MEMORY
 */
SCHED_API sched_status sched_load(sched_state* state, const void* bytes, uint64_t size);

/**
 * A second state that goes on from the same point, independently.
 * @return SCHED_OK, SCHED_ERROR_ARGUMENT, SCHED_ERROR_MEMORY; on Vulkan as sched_save()
 */
SCHED_API sched_status sched_clone(const sched_state* state, sched_state** out);

#ifdef __cplusplus
}
#endif

#endif /* SCHED_SCHED_H_ */
