package main

/*
#include <sched/sched.h>

static sched_state* c_start(const char* config, int64_t length, int32_t steps, int64_t elements) {
  sched_scheduler* scheduler = 0;
  sched_state* state = 0;
  sched_init_options options = SCHED_INIT_OPTIONS_INIT;
  options.num_steps = steps;
  options.elements = elements;
  if (sched_create(config, (uint64_t)length, 0, &scheduler) == SCHED_OK) {
    sched_init(scheduler, &options, &state);
  }
  sched_free(scheduler);
  return state;
}

static int32_t c_run(sched_state* state, float* x, const float* prediction, int64_t elements, int32_t steps) {
  sched_tensor sample = SCHED_TENSOR_INIT, f = SCHED_TENSOR_INIT, next = SCHED_TENSOR_INIT;
  sample.data = next.data = x;
  f.data = (void*)prediction;
  sample.elements = f.elements = next.elements = elements;
  for (int32_t i = 0; i < steps; ++i) {
    const sched_status status = sched_step(state, &sample, &f, &next);
    if (status != SCHED_OK) return status;
  }
  return SCHED_OK;
}
*/
import "C"
import "unsafe"

// cLoop is the loop as a C program would write it.
type cLoop struct{ state *C.sched_state }

func startC() cLoop {
	text := []byte(config)
	state := C.c_start((*C.char)(unsafe.Pointer(&text[0])), C.int64_t(len(text)), steps, elements)
	if state == nil {
		panic("the C loop does not start")
	}
	return cLoop{state}
}

// load goes back to saved bytes.
func (l cLoop) load(bytes []byte) {
	if C.sched_load(l.state, unsafe.Pointer(&bytes[0]), C.uint64_t(len(bytes))) != C.SCHED_OK {
		panic("the C loop does not load")
	}
}

// run is every step of the loop, in C.
func (l cLoop) run(x, prediction []float32) {
	if C.c_run(l.state, (*C.float)(&x[0]), (*C.float)(&prediction[0]), elements, steps) != C.SCHED_OK {
		panic("the C loop does not step")
	}
}

func (l cLoop) free() { C.sched_state_free(l.state) }
