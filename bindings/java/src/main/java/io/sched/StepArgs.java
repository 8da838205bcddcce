package io.sched;

import java.util.Objects;

/**
 * Everything that one step can do, in one pass over memory: {@link State#stepWide}, or {@link
 * Vulkan#recordStep} on buffers of the application's.
 *
 * <pre>{@code
 * state.stepWide(StepArgs.inPlace(sample).prediction(positive).guidance(negative, 7.5)
 *     .denoised(preview));
 * }</pre>
 *
 * <p>Every setter changes this object and returns it. It may be used for any number of steps, by
 * one thread at a time.
 *
 * @param <T> {@link Tensor}, or {@link VulkanTensor} for recorded steps
 */
public final class StepArgs<T> {
  private final Object[] tensors = new Object[Slots.COUNT];
  private double[] groupTimesteps;
  private double[] groupTargets;
  private double guidanceScale = 1;
  private boolean isWithoutNoise;

  private StepArgs() {}

  /**
   * A step from one tensor to another.
   *
   * @param <T>    the kind of tensor
   * @param sample x at the current noise level; only read
   * @param next   gets x at the next; may be exactly the sample
   * @return new arguments
   */
  public static <T> StepArgs<T> of(T sample, T next) {
    return new StepArgs<T>().set(Slots.SAMPLE, sample, "sample").set(Slots.NEXT, next, "next");
  }

  /**
   * A step that overwrites the sample with the next.
   *
   * @param <T>    the kind of tensor
   * @param sample x at the current noise level, then at the next
   * @return new arguments
   */
  public static <T> StepArgs<T> inPlace(T sample) { return of(sample, sample); }

  private StepArgs<T> set(int slot, T tensor, String name) {
    tensors[slot] = Objects.requireNonNull(tensor, name);
    return this;
  }

  /**
   * What the network returned. Left out for calls that need no model.
   *
   * @param prediction as long as the sample, or twice where the variance is learned; only read
   * @return this
   */
  public StepArgs<T> prediction(T prediction) {
    return set(Slots.PREDICTION, prediction, "prediction");
  }

  /**
   * Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598): the step uses unconditional
   * + scale * (prediction - unconditional). Methods with CFG++ need it at every step; where the
   * prediction is guided already, the scale is 1.
   *
   * @param unconditional as long as the prediction; only read
   * @param scale         finite
   * @return this
   */
  public StepArgs<T> guidance(T unconditional, double scale) {
    guidanceScale = scale;
    return set(Slots.UNCONDITIONAL, unconditional, "unconditional");
  }

  /**
   * The caller's normals for a step of one draw.
   *
   * @param normals only read
   * @return this
   */
  public StepArgs<T> noise(T normals) { return set(Slots.NOISE0, normals, "normals"); }

  /**
   * The caller's normals for a step of two draws, in order.
   *
   * @param first  only read
   * @param second only read
   * @return this
   */
  public StepArgs<T> noise(T first, T second) {
    return noise(first).set(Slots.NOISE1, second, "second");
  }

  /**
   * Gets x0 as the method sees it, a preview.
   *
   * @param out written
   * @return this
   */
  public StepArgs<T> denoised(T out) { return set(Slots.DENOISED, out, "out"); }

  /**
   * Gets the next sample, scaled for the next model call.
   *
   * @param out written
   * @return this
   */
  public StepArgs<T> nextInput(T out) { return set(Slots.NEXT_INPUT, out, "out"); }

  /**
   * Inpainting: where the mask is 1 the original is kept, noised to the level at which the call
   * arrives; where it is 0 the step paints; between, it blends.
   *
   * @param mask     only read
   * @param original clean data; only read
   * @return this
   */
  public StepArgs<T> mask(T mask, T original) {
    return set(Slots.MASK, mask, "mask").set(Slots.ORIGINAL, original, "original");
  }

  /**
   * Normals for the original under the mask, instead of those of the first sample.
   *
   * @param normals only read
   * @return this
   */
  public StepArgs<T> knownNoise(T normals) { return set(Slots.KNOWN_NOISE, normals, "normals"); }

  /**
   * A time of its own for each of equal parts (tokens) of each item. Methods of one model call and
   * no history.
   *
   * @param timesteps batch * groups values; one for each item gives each item its own; not copied
   * @return this
   */
  public StepArgs<T> groupTimesteps(double... timesteps) {
    groupTimesteps = Objects.requireNonNull(timesteps, "timesteps");
    return this;
  }

  /**
   * Where the groups go; left out, where the schedule goes from each group's time.
   *
   * @param targets as many as there are timesteps of groups; not copied
   * @return this
   */
  public StepArgs<T> groupTargets(double... targets) {
    groupTargets = Objects.requireNonNull(targets, "targets");
    return this;
  }

  /**
   * The next sample is the mean of the step. Its draws count as taken.
   *
   * @return this
   */
  public StepArgs<T> withoutNoise() {
    isWithoutNoise = true;
    return this;
  }

  /** The tensor of a slot; null for none. */
  @SuppressWarnings("unchecked") // Nothing but a T is ever put in.
  T tensor(int slot) {
    return (T) tensors[slot];
  }

  double[] times() { return groupTimesteps; }

  double[] targets() { return groupTargets; }

  static long length(double[] values) { return values == null ? 0 : values.length; }

  double guidanceScale() { return guidanceScale; }

  int noNoise() { return isWithoutNoise ? 1 : 0; }
}
