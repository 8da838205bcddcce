package io.sched;

import io.sched.raw.Raw;
import io.sched.raw.SWIGTYPE_p_sched_state;
import io.sched.raw.sched_call;
import io.sched.raw.sched_status;
import io.sched.raw.sched_weights;
import java.lang.ref.Reference;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;

/**
 * One loop. Made by {@link Scheduler#init}.
 *
 * <p>A state belongs to one thread at a time, any thread; a call while another is inside is an
 * {@link IllegalStateException}. A call that fails changes nothing and may be tried again.
 *
 * <p>Tensors have batch * elements values. Direct {@code FloatBuffer}s are used where they lie,
 * from position to limit, which stay as they are: nothing is copied, and a step allocates nothing.
 * {@code float[]} is copied in and out. {@link Tensor} has the other element types.
 *
 * <p>Closing a state frees it; where it is forgotten, the collector closes it.
 */
public final class State implements AutoCloseable {
  private final SWIGTYPE_p_sched_state handle;
  private final Gate gate;
  private final long batch;
  private final long elements;
  private final Slots slots;

  State(SWIGTYPE_p_sched_state made) {
    handle = made;
    gate = new Gate(this, "state", false, () -> Raw.sched_state_free(made));
    batch = Raw.sched_batch(made);
    elements = Raw.sched_elements(made);
    slots = new Slots(batch * Raw.sched_prediction_elements(made));
  }

  /** Frees it, once. A call that another thread is in comes to its end before. */
  @Override
  public void close() {
    gate.close();
  }

  // -------------------------------------------------------------------- calling

  private void leave() {
    gate.leave();
    Reference.reachabilityFence(this);
  }

  /** Throws the state's own sentence where `code` is an error; inside the gate. */
  private void check(int code) {
    if (code != sched_status.SCHED_OK) {
      throw new SchedException(Status.of(code), Raw.sched_last_error(handle));
    }
  }

  /** Calls what returns a status. */
  void run(ToIntFunction<SWIGTYPE_p_sched_state> call) {
    gate.enter();
    try {
      check(call.applyAsInt(handle));
    } finally {
      leave();
    }
  }

  private long number(ToLongFunction<SWIGTYPE_p_sched_state> question) {
    gate.enter();
    try {
      return question.applyAsLong(handle);
    } finally {
      leave();
    }
  }

  private double real(ToDoubleFunction<SWIGTYPE_p_sched_state> question) {
    gate.enter();
    try {
      return question.applyAsDouble(handle);
    } finally {
      leave();
    }
  }

  // ----------------------------------------------------------- asking about a loop

  /** {@return the items} */
  public long batch() { return batch; }

  /** {@return the values per item} */
  public long elements() { return elements; }

  /** {@return the values per item of a prediction: twice as many where the variance is learned} */
  public long predictionElements() { return number(Raw::sched_prediction_elements); }

  /** {@return the steps that this loop runs, what a user counts} */
  public long numSteps() { return number(Raw::sched_num_steps); }

  /**
   * Calls of {@link #step} that this loop takes.
   *
   * @return nothing where the method chooses its steps as it goes (dpm_adaptive): then ask {@link
   *     #nextCall} until it gives nothing
   */
  public OptionalLong numCalls() {
    final long calls = number(Raw::sched_num_calls);
    return calls < 0 ? OptionalLong.empty() : OptionalLong.of(calls);
  }

  /** {@return the calls done so far} */
  public long callsDone() { return number(Raw::sched_calls_done); }

  /** {@return true where every step is done} */
  public boolean isFinished() {
    try (sched_call c = new sched_call()) {
      return number(state -> Raw.sched_next_call(state, c)) == sched_status.SCHED_ERROR_FINISHED;
    }
  }

  /**
   * Describes the call that comes next. One loop serves every method:
   *
   * <pre>{@code
   * for (var call = state.nextCall(); call.isPresent(); call = state.nextCall()) {
   *   if (call.get().needsModel()) {
   *     state.stepInPlace(sample, model(sample, call.get().timestep()));
   *   } else {
   *     state.stepWithoutModel(sample);
   *   }
   * }
   * }</pre>
   *
   * @return nothing where the loop is done
   * @throws SchedException those of Vulkan, where the device was lost
   */
  public Optional<Call> nextCall() {
    gate.enter();
    try (sched_call c = new sched_call()) {
      final int code = Raw.sched_next_call(handle, c);
      if (code == sched_status.SCHED_ERROR_FINISHED) return Optional.empty();
      check(code);
      return Optional.of(Call.of(c));
    } finally {
      leave();
    }
  }

  /**
   * Describes one call of a loop that is planned as a whole.
   *
   * @param index from 0
   * @return the call
   * @throws SchedException {@link Status#STEPS} where there is none; {@link Status#UNSUPPORTED}
   *     where the method chooses its steps as it goes
   */
  public Call callAt(long index) {
    try (sched_call c = new sched_call()) {
      run(state -> Raw.sched_call_at(state, index, c));
      return Call.of(c);
    }
  }

  /**
   * Every call of a loop that is planned as a whole, in order.
   *
   * @return the calls
   * @throws SchedException {@link Status#UNSUPPORTED} where the method chooses its steps as it goes
   */
  public List<Call> calls() {
    // Asks for one where there is no number, for the library's own error.
    final long count = numCalls().orElse(1);
    final List<Call> calls = new ArrayList<>();
    for (long index = 0; index < count; ++index) calls.add(callAt(index));
    return List.copyOf(calls);
  }

  /** {@return the attempts so far, where the method chooses its steps; 0 and 0 for others} */
  public Attempts attempts() {
    final long[] accepted = new long[1];
    final long[] rejected = new long[1];
    run(state -> Raw.sched_attempts(state, accepted, rejected));
    return new Attempts(accepted[0], rejected[0]);
  }

  /**
   * Whether a call ends a step; progress bars count these.
   *
   * @param index any number
   * @return true where it does
   */
  public boolean callEndsStep(long index) {
    return number(state -> Raw.sched_call_ends_step(state, index)) == 1;
  }

  /** {@return what runs this state} */
  public Kernel kernel() { return Kernel.values()[(int) number(Raw::sched_state_kernel)]; }

  /** {@return the bytes that the library holds for the state, memory rows and plans} */
  public long bytes() { return number(Raw::sched_state_bytes); }

  /**
   * Whether the state can take its next call.
   *
   * @return false where its Vulkan device was lost, with what the state kept there
   */
  public boolean canContinue() { return number(Raw::sched_can_continue) == 1; }

  private interface Lists {
    int list(SWIGTYPE_p_sched_state state, double[] out, long capacity, long[] count);
  }

  private double[] list(Lists lists) {
    final long[] count = new long[1];
    gate.enter();
    try {
      check(lists.list(handle, null, 0, count));
      final double[] values = new double[Outcome.length(count[0])];
      check(lists.list(handle, values, values.length, null));
      return values;
    } finally {
      leave();
    }
  }

  /**
   * The time to give to the model at each call, in order.
   *
   * @return as many as there are calls
   * @throws SchedException {@link Status#UNSUPPORTED} where the method chooses its steps as it goes
   */
  public double[] timesteps() { return list(Raw::sched_timesteps); }

  /**
   * Noise levels of the whole schedule, step by step and the end, in the unit of the method's
   * family: sigma for flow matching, the sine of the angle for SCM, sigma / alpha elsewhere,
   * infinite at zero SNR.
   *
   * @return one more than there are steps
   * @throws SchedException {@link Status#UNSUPPORTED} where the method chooses its steps as it goes
   */
  public double[] sigmas() { return list(Raw::sched_sigmas); }

  /**
   * alpha and sigma at the start of each step of the whole schedule and at its end.
   *
   * @return one more than there are steps
   * @throws SchedException {@link Status#UNSUPPORTED} where the method chooses its steps as it goes
   */
  public List<Level> levels() {
    final double[] pairs = list(Raw::sched_levels);
    final List<Level> levels = new ArrayList<>();
    for (int i = 0; i < pairs.length; i += 2) levels.add(new Level(pairs[i], pairs[i + 1]));
    return List.copyOf(levels);
  }

  /**
   * The step of the whole schedule that begins at a time, to within 1e-6.
   *
   * @param timestep the time
   * @return its index
   * @throws SchedException {@link Status#VALUE} where no step begins there
   */
  public long stepForTimestep(double timestep) {
    final long[] step = new long[1];
    run(state -> Raw.sched_step_for_timestep(state, timestep, step));
    return step[0];
  }

  /** {@return the standard deviation of the first sample, diffusers' init_noise_sigma} */
  public double initNoiseSigma() { return real(Raw::sched_init_noise_sigma); }

  /** {@return the factor for the sample before it goes into the next model call} */
  public double inputScale() { return real(Raw::sched_input_scale); }

  /** {@return the normal draws that the next step takes, 0, 1 or 2} */
  public int nextDraws() { return (int) number(Raw::sched_next_draws); }

  /**
   * The weights of one call, in float64, before any rounding.
   *
   * @param index from 0
   * @return a step as numbers
   * @throws SchedException {@link Status#STEPS} where there is no such call; {@link
   *     Status#UNSUPPORTED} where the weights depend on norms of the tensors (dpm_adaptive, the
   *     corrector of score_sde_ve, noise_clip_std)
   */
  public Weights weights(long index) {
    try (sched_weights c = new sched_weights()) {
      run(state -> Raw.sched_step_weights(state, index, c));
      return Weights.of(c);
    }
  }

  // ---------------------------------------------------------------------- tensors

  /** After the library's call: arrays get what was written where it succeeded. */
  private void finish(int code) {
    check(code);
    slots.give();
  }

  private void leaveTensors() {
    slots.clear();
    leave();
  }

  /**
   * Fills the first sample: standard normals times {@link #initNoiseSigma}. The numbers depend on
   * the item's seed and the element only.
   *
   * @param out written
   * @throws SchedException {@link Status#SHAPE}, {@link Status#DTYPE}
   */
  public void initialNoise(FloatBuffer out) { makeNoise(out); }

  /**
   * As {@link #initialNoise(FloatBuffer)}, with arrays, which are copied in and out.
   *
   * @param out written
   */
  public void initialNoise(float[] out) { makeNoise(out); }

  /**
   * As {@link #initialNoise(FloatBuffer)}, with tensors of any element type.
   *
   * @param out written
   */
  public void initialNoise(Tensor out) { makeNoise(out); }

  private void makeNoise(Object out) {
    gate.enter();
    try {
      slots.write(Slots.NEXT, "out", out);
      finish(Raw.sched_flat_initial_noise(
          handle, slots.at(Slots.NEXT), slots.count(Slots.NEXT), slots.dtype(Slots.NEXT)));
    } finally {
      leaveTensors();
    }
  }

  /**
   * Scales a sample for the next model call (c_in of Karras et al. 2022): what diffusers calls
   * scale_model_input. A copy where the method scales nothing.
   *
   * @param sample only read
   * @param out written; may be exactly the sample
   * @throws SchedException {@link Status#FINISHED}, {@link Status#SHAPE}, {@link Status#DTYPE},
   *     {@link Status#OVERLAP}
   */
  public void scaleInput(FloatBuffer sample, FloatBuffer out) { scale(sample, out); }

  /**
   * As {@link #scaleInput(FloatBuffer, FloatBuffer)}, with arrays, which are copied in and out.
   *
   * @param sample only read
   * @param out written; may be exactly the sample
   */
  public void scaleInput(float[] sample, float[] out) { scale(sample, out); }

  /**
   * As {@link #scaleInput(FloatBuffer, FloatBuffer)}, with tensors of any element type.
   *
   * @param sample only read
   * @param out written; may be exactly the sample
   */
  public void scaleInput(Tensor sample, Tensor out) { scale(sample, out); }

  private void scale(Object sample, Object out) {
    gate.enter();
    try {
      slots.read(Slots.SAMPLE, "sample", sample);
      slots.write(Slots.NEXT, "out", out);
      finish(Raw.sched_flat_scale_input(handle, slots.at(Slots.SAMPLE), slots.count(Slots.SAMPLE),
          slots.dtype(Slots.SAMPLE), slots.at(Slots.NEXT), slots.count(Slots.NEXT),
          slots.dtype(Slots.NEXT)));
    } finally {
      leaveTensors();
    }
  }

  /**
   * Noises clean data to the level at which a step begins (image to image, inpainting).
   *
   * @param step of the whole schedule, from 0 to the number of its steps
   * @param original clean data; only read
   * @param noise standard normals, or null for those of {@link #initialNoise}; only read
   * @param out written; may be exactly the original
   * @throws SchedException {@link Status#STEPS}, {@link Status#SHAPE}, {@link Status#DTYPE},
   *     {@link Status#OVERLAP}
   */
  public void addNoise(long step, FloatBuffer original, FloatBuffer noise, FloatBuffer out) {
    noise(step, original, noise, out);
  }

  /**
   * As {@link #addNoise(long, FloatBuffer, FloatBuffer, FloatBuffer)}, with arrays, which are
   * copied in and out.
   *
   * @param step of the whole schedule, from 0 to the number of its steps
   * @param original clean data; only read
   * @param noise standard normals, or null for those of {@link #initialNoise}; only read
   * @param out written; may be exactly the original
   */
  public void addNoise(long step, float[] original, float[] noise, float[] out) {
    noise(step, original, noise, out);
  }

  /**
   * As {@link #addNoise(long, FloatBuffer, FloatBuffer, FloatBuffer)}, with tensors of any element
   * type.
   *
   * @param step of the whole schedule, from 0 to the number of its steps
   * @param original clean data; only read
   * @param noise standard normals, or null for those of {@link #initialNoise}; only read
   * @param out written; may be exactly the original
   */
  public void addNoise(long step, Tensor original, Tensor noise, Tensor out) {
    noise(step, original, noise, out);
  }

  private void noise(long step, Object original, Object noise, Object out) {
    gate.enter();
    try {
      slots.read(Slots.ORIGINAL, "original", original);
      if (noise != null) slots.read(Slots.NOISE0, "noise", noise);
      slots.write(Slots.NEXT, "out", out);
      finish(Raw.sched_flat_add_noise(handle, step, slots.at(Slots.ORIGINAL),
          slots.count(Slots.ORIGINAL), slots.dtype(Slots.ORIGINAL), slots.at(Slots.NOISE0),
          slots.count(Slots.NOISE0), slots.dtype(Slots.NOISE0), slots.at(Slots.NEXT),
          slots.count(Slots.NEXT), slots.dtype(Slots.NEXT)));
    } finally {
      leaveTensors();
    }
  }

  /**
   * Moves the sample one model call closer to the data. Once for each entry of {@link #timesteps},
   * in order. Noise that the method needs is drawn from the state's own generator.
   *
   * @param sample x at the current noise level, unscaled; only read
   * @param prediction what the network returned, twice as long where the variance is learned; only
   *     read
   * @param next gets x at the next noise level; may be exactly the sample
   * @throws SchedException {@link Status#FINISHED}, {@link Status#SHAPE}, {@link Status#DTYPE},
   *     {@link Status#OVERLAP}; {@link Status#NOT_FINITE} where the method depends on norms and a
   *     tensor holds NaN or infinity; those of Vulkan
   */
  public void step(FloatBuffer sample, FloatBuffer prediction, FloatBuffer next) {
    move(sample, Objects.requireNonNull(prediction, "prediction"), next);
  }

  /**
   * As {@link #step(FloatBuffer, FloatBuffer, FloatBuffer)}, with arrays, which are copied in and
   * out.
   *
   * @param sample x at the current noise level, unscaled; only read
   * @param prediction what the network returned, twice as long where the variance is learned; only
   *     read
   * @param next gets x at the next noise level; may be exactly the sample
   */
  public void step(float[] sample, float[] prediction, float[] next) {
    move(sample, Objects.requireNonNull(prediction, "prediction"), next);
  }

  /**
   * As {@link #step(FloatBuffer, FloatBuffer, FloatBuffer)}, with tensors of any element type.
   *
   * @param sample x at the current noise level, unscaled; only read
   * @param prediction what the network returned, twice as long where the variance is learned; only
   *     read
   * @param next gets x at the next noise level; may be exactly the sample
   */
  public void step(Tensor sample, Tensor prediction, Tensor next) {
    move(sample, Objects.requireNonNull(prediction, "prediction"), next);
  }

  /**
   * A step that overwrites the sample with the next.
   *
   * @param sample x at the current noise level, then at the next
   * @param prediction what the network returned, twice as long where the variance is learned; only
   *     read
   * @throws SchedException as {@link #step(FloatBuffer, FloatBuffer, FloatBuffer)}
   */
  public void stepInPlace(FloatBuffer sample, FloatBuffer prediction) {
    move(sample, Objects.requireNonNull(prediction, "prediction"), sample);
  }

  /**
   * As {@link #stepInPlace(FloatBuffer, FloatBuffer)}, with arrays, which are copied in and out.
   *
   * @param sample x at the current noise level, then at the next
   * @param prediction what the network returned, twice as long where the variance is learned; only
   *     read
   */
  public void stepInPlace(float[] sample, float[] prediction) {
    move(sample, Objects.requireNonNull(prediction, "prediction"), sample);
  }

  /**
   * As {@link #stepInPlace(FloatBuffer, FloatBuffer)}, with tensors of any element type.
   *
   * @param sample x at the current noise level, then at the next
   * @param prediction what the network returned, twice as long where the variance is learned; only
   *     read
   */
  public void stepInPlace(Tensor sample, Tensor prediction) {
    move(sample, Objects.requireNonNull(prediction, "prediction"), sample);
  }

  /**
   * A call that asks no model ({@link Call#needsModel} is false), in place.
   *
   * @param sample x, then what the call makes of it
   * @throws SchedException {@link Status#ARGUMENT} where the call needs a prediction; as {@link
   *     #step(FloatBuffer, FloatBuffer, FloatBuffer)}
   */
  public void stepWithoutModel(FloatBuffer sample) { move(sample, null, sample); }

  /**
   * As {@link #stepWithoutModel(FloatBuffer)}, with arrays, which are copied in and out.
   *
   * @param sample x, then what the call makes of it
   */
  public void stepWithoutModel(float[] sample) { move(sample, null, sample); }

  /**
   * As {@link #stepWithoutModel(FloatBuffer)}, with tensors of any element type.
   *
   * @param sample x, then what the call makes of it
   */
  public void stepWithoutModel(Tensor sample) { move(sample, null, sample); }

  /** Without a prediction where that is null. */
  private void move(Object sample, Object prediction, Object next) {
    gate.enter();
    try {
      slots.read(Slots.SAMPLE, "sample", sample);
      if (prediction != null) slots.read(Slots.PREDICTION, "prediction", prediction);
      // In place the two are one, which is looked at once.
      slots.write(Slots.NEXT, "next", next == sample ? slots.tensor(Slots.SAMPLE) : next);
      finish(Raw.sched_flat_step(handle, slots.at(Slots.SAMPLE), slots.count(Slots.SAMPLE),
          slots.dtype(Slots.SAMPLE), slots.at(Slots.PREDICTION), slots.count(Slots.PREDICTION),
          slots.dtype(Slots.PREDICTION), slots.at(Slots.NEXT), slots.count(Slots.NEXT),
          slots.dtype(Slots.NEXT)));
    } finally {
      leaveTensors();
    }
  }

  /**
   * A step with everything optional, in the same pass over memory.
   *
   * @param args outputs may not overlap each other nor any input, except that the next sample may
   *     be exactly the sample
   * @throws SchedException as {@link #step(FloatBuffer, FloatBuffer, FloatBuffer)}; {@link
   *     Status#OPTION} for noise that the step does not draw, or group times for a method that has
   *     none; {@link Status#VALUE} for a guidance scale or a group time that is not finite; {@link
   *     Status#ARGUMENT} where the call needs a prediction and has none, or for lists of groups
   *     that do not fit
   */
  public void stepWide(StepArgs<Tensor> args) {
    Objects.requireNonNull(args, "args");
    gate.enter();
    try {
      for (int slot = 0; slot < Slots.COUNT; ++slot) {
        final Tensor tensor = args.tensor(slot);
        if (tensor == null) continue;
        if (Slots.isOutput(slot)) {
          slots.write(slot, Slots.name(slot), tensor);
        } else {
          slots.read(slot, Slots.name(slot), tensor);
        }
      }
      finish(slots.stepWide(handle, args));
    } finally {
      leaveTensors();
    }
  }

  // ------------------------------------------------------------ save, load and copy

  /**
   * The state (position, memory rows, place in the noise) as versioned bytes with a checksum.
   *
   * @return for {@link #load}
   * @throws SchedException those of Vulkan, whose rows are read back
   */
  public byte[] save() {
    final long[] size = new long[1];
    gate.enter();
    try {
      check(Raw.sched_save(handle, null, 0, size));
      final byte[] bytes = new byte[Outcome.length(size[0])];
      check(Raw.sched_save(handle, bytes, bytes.length, null));
      return bytes;
    } finally {
      leave();
    }
  }

  /**
   * Continues from saved bytes, in a state that was started with the same configuration and
   * options.
   *
   * @param bytes from {@link #save}
   * @throws SchedException {@link Status#DAMAGED} where the bytes are truncated, changed, or no
   *     saved state; {@link Status#MISMATCH} where they belong to another configuration or version
   */
  public void load(byte[] bytes) {
    Objects.requireNonNull(bytes, "bytes");
    run(state -> Raw.sched_load(state, bytes, bytes.length));
  }

  /**
   * A second state that goes on from the same point, independently.
   *
   * @return a state that is closed by itself
   * @throws SchedException {@link Status#MEMORY}, and those of Vulkan
   */
  public State copy() {
    gate.enter();
    try {
      final int[] status = new int[1];
      final SWIGTYPE_p_sched_state made = Raw.sched_flat_clone(handle, status);
      check(status[0]);
      return new State(made);
    } finally {
      leave();
    }
  }
}
