/**
 * The scheduler (sampler) engine of diffusion models: reads the {@code scheduler_config.json} of a
 * checkpoint and turns sample and prediction into the next sample.
 *
 * <ul>
 *   <li>{@link io.sched.Scheduler} is a configuration, immutable and shared by any number of
 *       threads.
 *   <li>{@link io.sched.State} is one loop, for one thread at a time.
 *   <li>{@link io.sched.StepArgs} is what one pass over memory can do besides.
 *   <li>{@link io.sched.Tensor} is a view of the caller's memory.
 *   <li>{@link io.sched.SchedException} has a status and a sentence that says what is wrong and
 *       what is allowed.
 * </ul>
 *
 * Noise levels follow x = alpha * x0 + sigma * n. Timesteps are in units of the training schedule.
 * The manual, with methods, names and compositions, is the library's README and its header {@code
 * sched/sched.h}.
 */
package io.sched;
