package io.sched;

import io.sched.raw.Raw;
import io.sched.raw.SWIGTYPE_p_sched_scheduler;
import io.sched.raw.SWIGTYPE_p_sched_state;
import io.sched.raw.sched_init_options;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * One loop: how many steps, of what shape, and what its method takes besides.
 *
 * <pre>{@code
 * InitOptions.steps(20).batch(2).elements(4 * 64 * 64).seed(7).eta(0.3)
 * }</pre>
 *
 * <p>What is not set is not given to the library, and an option that a method does not have is an
 * error, never silent. Every setter changes this object and returns it; one thread at a time.
 */
public final class InitOptions {
  /** What was set, in order. The defaults are the library's alone. */
  private final List<Consumer<sched_init_options>> settings = new ArrayList<>();
  private double[] timesteps;
  private double[] sigmas;
  private long[] itemSeeds;
  private Vulkan vulkan;

  /** No steps and no elements yet. */
  public InitOptions() {}

  /**
   * So many steps.
   *
   * @param numSteps what diffusers calls num_inference_steps
   * @return new options, without elements yet
   */
  public static InitOptions steps(int numSteps) { return new InitOptions().numSteps(numSteps); }

  private InitOptions set(Consumer<sched_init_options> setting) {
    settings.add(setting);
    return this;
  }

  /**
   * How many steps; none with custom lists.
   *
   * @param numSteps what diffusers calls num_inference_steps
   * @return this
   */
  public InitOptions numSteps(int numSteps) { return set(c -> c.setNum_steps(numSteps)); }

  /**
   * First step to run.
   *
   * @param beginStep counted in steps of the whole schedule
   * @return this
   */
  public InitOptions beginStep(int beginStep) { return set(c -> c.setBegin_step(beginStep)); }

  /**
   * One past the last step to run.
   *
   * @param endStep 0 means all
   * @return this
   */
  public InitOptions endStep(int endStep) { return set(c -> c.setEnd_step(endStep)); }

  /**
   * Image to image: runs the last part of the schedule.
   *
   * @param strength (0, 1]
   * @return this
   */
  public InitOptions strength(double strength) { return set(c -> c.setStrength(strength)); }

  /**
   * Dynamic shift.
   *
   * @param mu from the pipeline's sequence length
   * @return this
   */
  public InitOptions mu(double mu) { return set(c -> c.setMu(mu)); }

  /**
   * Items of a tensor.
   *
   * @param batch 1 where it is not set
   * @return this
   */
  public InitOptions batch(long batch) { return set(c -> c.setBatch(batch)); }

  /**
   * Values of an item.
   *
   * @param elements needed
   * @return this
   */
  public InitOptions elements(long elements) { return set(c -> c.setElements(elements)); }

  /**
   * Element type of sample and next.
   *
   * @param dtype {@link DType#F32} where it is not set
   * @return this
   */
  public InitOptions dtype(DType dtype) {
    Objects.requireNonNull(dtype, "dtype");
    return set(c -> c.setDtype(dtype.code));
  }

  /**
   * What runs the steps.
   *
   * @param kernel {@link Kernel#DEFAULT} where it is not set
   * @return this
   */
  public InitOptions kernel(Kernel kernel) {
    Objects.requireNonNull(kernel, "kernel");
    return set(c -> c.setKernel(kernel.code));
  }

  /**
   * Seed of item 0; item k takes seed + k.
   *
   * @param seed 64 bits without a sign
   * @return this
   */
  public InitOptions seed(long seed) { return set(c -> c.setSeed(seed)); }

  /**
   * DDIM, ancestral and SDE solvers: amount of noise.
   *
   * @param eta 0 for none
   * @return this
   */
  public InitOptions eta(double eta) { return set(c -> c.setEta(eta)); }

  /**
   * Euler, Heun, DPM-2: churn (Karras et al. 2022, algorithm 2).
   *
   * @param sChurn 0 for none
   * @return this
   */
  public InitOptions sChurn(double sChurn) { return set(c -> c.setS_churn(sChurn)); }

  /**
   * Lowest sigma that is churned.
   *
   * @param sTmin a sigma
   * @return this
   */
  public InitOptions sTmin(double sTmin) { return set(c -> c.setS_tmin(sTmin)); }

  /**
   * Highest sigma that is churned.
   *
   * @param sTmax a sigma
   * @return this
   */
  public InitOptions sTmax(double sTmax) { return set(c -> c.setS_tmax(sTmax)); }

  /**
   * Solvers with noise of their own: its deviation.
   *
   * @param sNoise 1 for normals
   * @return this
   */
  public InitOptions sNoise(double sNoise) { return set(c -> c.setS_noise(sNoise)); }

  /**
   * LMS: the order.
   *
   * @param order 1 to 4
   * @return this
   */
  public InitOptions order(int order) { return set(c -> c.setOrder(order)); }

  /**
   * LCM: steps of the schedule that was distilled.
   *
   * @param originalInferenceSteps 0 means the configuration's
   * @return this
   */
  public InitOptions originalInferenceSteps(int originalInferenceSteps) {
    return set(c -> c.setOriginal_inference_steps(originalInferenceSteps));
  }

  /**
   * DDIM: derives the prediction again from the clipped x0.
   *
   * @param useClippedModelOutput whether it does
   * @return this
   */
  public InitOptions useClippedModelOutput(boolean useClippedModelOutput) {
    return set(c -> c.setUse_clipped_model_output(useClippedModelOutput ? 1 : 0));
  }

  /**
   * Heun: timesteps of the training schedule.
   *
   * @param numTrainTimesteps 0 means the configuration's
   * @return this
   */
  public InitOptions numTrainTimesteps(int numTrainTimesteps) {
    return set(c -> c.setNum_train_timesteps(numTrainTimesteps));
  }

  /**
   * RePaint: steps of a jump back.
   *
   * @param jumpLength 0 means the configuration's, or 10
   * @return this
   */
  public InitOptions jumpLength(int jumpLength) { return set(c -> c.setJump_length(jumpLength)); }

  /**
   * RePaint: how often it jumps.
   *
   * @param jumpNSample 0 means the configuration's, or 10
   * @return this
   */
  public InitOptions jumpNSample(int jumpNSample) {
    return set(c -> c.setJump_n_sample(jumpNSample));
  }

  /**
   * SCM: the first angle.
   *
   * @param maxTimesteps up to pi / 2
   * @return this
   */
  public InitOptions maxTimesteps(double maxTimesteps) {
    return set(c -> c.setMax_timesteps(maxTimesteps));
  }

  /**
   * SCM: the second of two angles.
   *
   * @param intermediateTimesteps 0 spaces them evenly
   * @return this
   */
  public InitOptions intermediateTimesteps(double intermediateTimesteps) {
    return set(c -> c.setIntermediate_timesteps(intermediateTimesteps));
  }

  /**
   * Helios: which stage, where there are several.
   *
   * @param stageIndex 0 first
   * @return this
   */
  public InitOptions stageIndex(int stageIndex) { return set(c -> c.setStage_index(stageIndex)); }

  /**
   * Helios DMD: twice the steps and one.
   *
   * @param isAmplifyFirstChunk whether it does
   * @return this
   */
  public InitOptions isAmplifyFirstChunk(boolean isAmplifyFirstChunk) {
    return set(c -> c.setIs_amplify_first_chunk(isAmplifyFirstChunk ? 1 : 0));
  }

  /**
   * Vulkan: recorded calls that may be pending.
   *
   * @param recordedInFlight 0 means all
   * @return this
   */
  public InitOptions recordedInFlight(int recordedInFlight) {
    return set(c -> c.setRecorded_in_flight(recordedInFlight));
  }

  /**
   * Vulkan: groups in the whole batch of a recorded step.
   *
   * @param recordedGroups 0 means 64
   * @return this
   */
  public InitOptions recordedGroups(int recordedGroups) {
    return set(c -> c.setRecorded_groups(recordedGroups));
  }

  /**
   * Most threads that a step uses, out of a pool that the states of a scheduler share. Bits do not
   * depend on it.
   *
   * @param threads up to 256; 0 and 1 mean the calling thread alone
   * @return this
   */
  public InitOptions threads(int threads) { return set(c -> c.setThreads(threads)); }

  /**
   * Element type of the rows that the state keeps; the kernel's own where it is not set.
   *
   * @param historyDtype of 16 or 32 bits, or 64 on the reference kernel
   * @return this
   */
  public InitOptions historyDtype(DType historyDtype) {
    Objects.requireNonNull(historyDtype, "historyDtype");
    return set(c -> c.setHistory_dtype(historyDtype.code));
  }

  /**
   * Custom timesteps, falling.
   *
   * @param values copied
   * @return this
   */
  public InitOptions timesteps(double... values) {
    timesteps = values.clone();
    return this;
  }

  /**
   * Custom sigmas, falling.
   *
   * @param values copied
   * @return this
   */
  public InitOptions sigmas(double... values) {
    sigmas = values.clone();
    return this;
  }

  /**
   * A seed for each item, instead of {@link #seed}.
   *
   * @param values 64 bits each, without a sign; copied
   * @return this
   */
  public InitOptions itemSeeds(long... values) {
    itemSeeds = values.clone();
    return this;
  }

  /**
   * Runs on a Vulkan device, with {@link Kernel#VULKAN}.
   *
   * @param device open when the loop is started; the state keeps what it needs of it
   * @return this
   */
  public InitOptions vulkan(Vulkan device) {
    vulkan = Objects.requireNonNull(device, "device");
    return kernel(Kernel.VULKAN);
  }

  SWIGTYPE_p_sched_state init(SWIGTYPE_p_sched_scheduler scheduler) {
    final Outcome outcome = new Outcome();
    // Read once: another thread may set others meanwhile.
    final double[] times = timesteps;
    final double[] levels = sigmas;
    final long[] seeds = itemSeeds;
    final int seedCount = seeds == null ? 0 : seeds.length;
    try (sched_init_options c = new sched_init_options()) {
      settings.forEach(setting -> setting.accept(c));
      return outcome.check(Vulkan.with(vulkan,
                               device
                               -> Raw.sched_flat_init(scheduler, c, times, StepArgs.length(times),
                                   levels, StepArgs.length(levels), seeds, seedCount, device,
                                   outcome.message, outcome.message.length, outcome.status)),
          "");
    }
  }
}
