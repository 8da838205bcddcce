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
   * Philox: seed of item 0, item k takes seed + k; other generators: of the whole batch.
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
   * Whose normals the loop draws.
   *
   * @param generator {@link Generator#PHILOX} where it is not set
   * @return this
   */
  public InitOptions generator(Generator generator) {
    Objects.requireNonNull(generator, "generator");
    return set(c -> c.setGenerator(generator.code));
  }

  /**
   * Which draws a reference takes besides.
   *
   * @param drawPolicy {@link DrawPolicy#NONE} where it is not set
   * @return this
   */
  public InitOptions drawPolicy(DrawPolicy drawPolicy) {
    Objects.requireNonNull(drawPolicy, "drawPolicy");
    return set(c -> c.setDraw_policy(drawPolicy.code));
  }

  /**
   * In which torch on a CPU draws, or to which torch on a card rounds.
   *
   * @param noiseDtype {@link DType#F32} where it is not set
   * @return this
   */
  public InitOptions noiseDtype(DType noiseDtype) {
    Objects.requireNonNull(noiseDtype, "noiseDtype");
    return set(c -> c.setNoise_dtype(noiseDtype.code));
  }

  /**
   * Tensors that the reference draws between first sample and first step.
   *
   * @param extraDraws -1 where it did not draw the first sample
   * @return this
   */
  public InitOptions extraDraws(int extraDraws) { return set(c -> c.setExtra_draws(extraDraws)); }

  /**
   * Tensors that the reference draws before the first sample.
   *
   * @param firstSampleDraw 1 in image to image: the posterior of the image
   * @return this
   */
  public InitOptions firstSampleDraw(int firstSampleDraw) {
    return set(c -> c.setFirst_sample_draw(firstSampleDraw));
  }

  /**
   * Torch on a card: how many multiprocessors it has; see {@link #cudaCard}.
   *
   * @param cudaMultiprocessors 1 and up
   * @return this
   */
  public InitOptions cudaMultiprocessors(int cudaMultiprocessors) {
    return set(c -> c.setCuda_multiprocessors(cudaMultiprocessors));
  }

  /**
   * Torch on a card: how many threads each of its multiprocessors runs at once.
   *
   * @param cudaThreadsPerMultiprocessor a multiple of 256
   * @return this
   */
  public InitOptions cudaThreadsPerMultiprocessor(int cudaThreadsPerMultiprocessor) {
    return set(c -> c.setCuda_threads_per_multiprocessor(cudaThreadsPerMultiprocessor));
  }

  /**
   * Items of the tensor that this is a part of.
   *
   * @param wholeBatch 0 for the batch
   * @return this
   */
  public InitOptions wholeBatch(long wholeBatch) { return set(c -> c.setWhole_batch(wholeBatch)); }

  /**
   * Elements of an item of the tensor that this is a part of.
   *
   * @param wholeElements 0 for the elements
   * @return this
   */
  public InitOptions wholeElements(long wholeElements) {
    return set(c -> c.setWhole_elements(wholeElements));
  }

  /**
   * Item of the whole at which the part begins.
   *
   * @param firstItem 0 and up
   * @return this
   */
  public InitOptions firstItem(long firstItem) { return set(c -> c.setFirst_item(firstItem)); }

  /**
   * Element of each item of the whole at which the part begins.
   *
   * @param firstElement 0 and up
   * @return this
   */
  public InitOptions firstElement(long firstElement) {
    return set(c -> c.setFirst_element(firstElement));
  }

  /**
   * Torch on a card that the library knows; see {@link #cudaCards}.
   *
   * @param name "RTX 4090", in any case of letters
   * @return this
   * @throws SchedException VALUE where there is no such card in the table
   */
  public InitOptions cudaCard(String name) {
    Objects.requireNonNull(name, "name");
    final int[] multiprocessors = new int[1];
    final int[] threads = new int[1];
    if (name.indexOf('\0') >= 0 || Raw.sched_cuda_card(name, multiprocessors, threads) != 0) {
      throw new SchedException(Status.VALUE, "there is no card \"" + name + "\" in the table");
    }
    return cudaMultiprocessors(multiprocessors[0]).cudaThreadsPerMultiprocessor(threads[0]);
  }

  /** {@return the cards whose numbers the library knows} */
  public static List<String> cudaCards() {
    final List<String> cards = new ArrayList<>();
    for (String name; (name = Raw.sched_cuda_card_name(cards.size())) != null;) cards.add(name);
    return List.copyOf(cards);
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
