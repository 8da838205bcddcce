// Package sched is the scheduler (sampler) engine of diffusion models: it reads the
// scheduler_config.json of a checkpoint and turns sample and prediction into the next sample.
//
//   - A [Scheduler] is a configuration, immutable and shared by any number of goroutines.
//   - A [State] is one loop, for one goroutine at a time.  [State.Step] moves it; when no call is
//     left, [State.NextCall] says so.
//   - [StepArgs] is what one pass over memory can do besides: the caller's own noise, the denoised
//     preview, the next model input already scaled, guidance, masks, times per token.
//   - A tensor is a slice of the caller's: []float32, or a [Tensor] of another element type.
//     Nothing is copied, and no slice is kept after a call.
//   - An [*Error] has a [Status] and a sentence that says what is wrong and what is allowed.
//     errors.Is(err, sched.ErrShape) asks for the status.  A call that failed changed nothing and
//     may be tried again.
//
// Schedulers, states and contexts of Vulkan hold memory that the garbage collector does not see:
// Close them.  Those that are forgotten are released by a finalizer, some time.  They may be closed
// in any order, since a state keeps its scheduler and its device alive.
//
// Noise levels follow x = alpha * x0 + sigma * n.  Timesteps are in units of the training schedule.
// The manual, with methods, names and compositions, is the library's README and its header
// sched/sched.h.
package sched
