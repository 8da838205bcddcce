package io.sched.replay;

import io.sched.InitOptions;
import io.sched.Input;
import io.sched.Scheduler;
import io.sched.State;
import io.sched.StepArgs;
import io.sched.Tensor;
import io.sched.Weights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Replays a recorded loop. Teacher-forced: each step is given the recorded sample, so that one
 * step's error is measured at each step; only the library's own memory rows carry over.
 */
final class Replay implements AutoCloseable {
  /** Of max(1, max|recorded|), in float32. */
  static final double TOLERANCE = 2e-6;
  /** Grids are float64 on both sides; this allows for another order of operations. */
  private static final double GRID_TOLERANCE = 1e-9;

  /** Options of init by the names that the files have for them. */
  private static final Map<String, BiConsumer<InitOptions, Double>> OPTIONS =
      Map.ofEntries(Map.entry("num_inference_steps", (o, x) -> o.numSteps(x.intValue())),
          Map.entry("strength", InitOptions::strength), Map.entry("mu", InitOptions::mu),
          Map.entry("eta", InitOptions::eta), Map.entry("s_churn", InitOptions::sChurn),
          Map.entry("s_tmin", InitOptions::sTmin), Map.entry("s_tmax", InitOptions::sTmax),
          Map.entry("s_noise", InitOptions::sNoise),
          Map.entry("max_timesteps", InitOptions::maxTimesteps),
          Map.entry("intermediate_timesteps", InitOptions::intermediateTimesteps),
          Map.entry("order", (o, x) -> o.order(x.intValue())),
          Map.entry("original_inference_steps", (o, x) -> o.originalInferenceSteps(x.intValue())),
          Map.entry("num_train_timesteps", (o, x) -> o.numTrainTimesteps(x.intValue())),
          Map.entry("jump_length", (o, x) -> o.jumpLength(x.intValue())),
          Map.entry("jump_n_sample", (o, x) -> o.jumpNSample(x.intValue())),
          Map.entry("use_clipped_model_output", (o, x) -> o.useClippedModelOutput(x != 0)));

  private final RecordedLoop recorded;
  private final State state;
  private final Bits bits;
  private final FloatBuffer next;
  private final Tensor nextTensor;

  Replay(Path path, Bits bits) throws IOException {
    recorded = new RecordedLoop(path);
    this.bits = bits;
    next = direct(recorded.batch * recorded.elements);
    nextTensor = Tensor.of(next);
    final InitOptions options = new InitOptions().batch(recorded.batch).elements(recorded.elements);
    recorded.options.forEach((name, value) -> OPTIONS.get(name).accept(options, value));
    if (recorded.customTimesteps != null) options.timesteps(recorded.customTimesteps);
    if (recorded.customSigmas != null) options.sigmas(recorded.customSigmas);
    try (Scheduler scheduler = Scheduler.create(recorded.config)) {
      state = scheduler.init(options);
    }
  }

  @Override
  public void close() {
    state.close();
  }

  static boolean isOption(String name) { return OPTIONS.containsKey(name); }

  String method() { return recorded.method; }

  int calls() { return recorded.calls.size(); }

  private static FloatBuffer direct(int count) {
    return ByteBuffer.allocateDirect(count * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  private static Tensor tensor(double[] values) {
    final FloatBuffer buffer = direct(values.length);
    for (int i = 0; i < values.length; ++i) buffer.put(i, (float) values[i]);
    return Tensor.of(buffer);
  }

  private static void check(boolean isRight, String format, Object... values) {
    if (!isRight) throw new IllegalStateException(String.format(format, values));
  }

  /** Largest difference, relative to max(1, max|recorded|). Infinite for anything not finite. */
  private static double error(FloatBuffer values, double[] recorded) {
    double largest = 0;
    double scale = 1;
    for (int i = 0; i < recorded.length; ++i) {
      final double difference = Math.abs(values.get(i) - recorded[i]);
      if (!Double.isFinite(difference)) return Double.POSITIVE_INFINITY;
      largest = Math.max(largest, difference);
      scale = Math.max(scale, Math.abs(recorded[i]));
    }
    return largest / scale;
  }

  /** The largest error, of the next samples and of the scaled inputs. */
  double run() {
    checkGrid();
    double error = 0;
    for (int i = 0; i < calls(); ++i) {
      try {
        error = Math.max(error, call(i, recorded.calls.get(i)));
      } catch (RuntimeException exception) {
        throw new IllegalStateException("call " + i + ": " + exception.getMessage(), exception);
      }
    }
    check(!recorded.isWhole || state.isFinished(), "not finished after the calls of the file");
    return error;
  }

  private void checkGrid() {
    final Double sigma = recorded.initNoiseSigma;
    if (sigma != null) {
      check(Math.abs(state.initNoiseSigma() - sigma) <= GRID_TOLERANCE * Math.abs(sigma),
          "init noise sigma: %s, the file has %s", state.initNoiseSigma(), sigma);
    }
    if (state.numCalls().isEmpty()) return;
    final long calls = state.numCalls().getAsLong();
    check(recorded.isWhole ? calls == calls() : calls >= calls(), "%d model calls, the file has %d",
        calls, calls());
    if (recorded.timesteps == null) return;
    final double[] ours = state.timesteps();
    for (int i = 0; i < recorded.timesteps.length; ++i) {
      final double file = recorded.timesteps[i];
      check(ours[i] == file
              || Math.abs(ours[i] - file) <= GRID_TOLERANCE * Math.max(1, Math.abs(file)),
          "timestep %s, the file has %s", ours[i], file);
    }
  }

  private void checkSigma(double sigma) {
    final double ours = state.nextCall().orElseThrow().sigma();
    // An adaptive loop's levels depend on the tensors, and so on their type.
    final double allowed = state.numCalls().isPresent() ? GRID_TOLERANCE : TOLERANCE;
    check(Math.abs(ours - sigma) <= allowed * Math.max(1, sigma), "sigma %s, the file has %s", ours,
        sigma);
  }

  /** The largest error of one call. */
  private double call(int index, RecordedCall call) {
    final Tensor sample = call.sample == null ? Tensor.of(copy(next)) : tensor(call.sample);
    if (call.sigma != null) checkSigma(call.sigma);
    double error = 0;
    if (call.scaled != null) {
      state.scaleInput(sample, nextTensor);
      error = error(next, call.scaled);
    }
    final FloatBuffer denoised = call.denoised == null ? null : direct(call.denoised.length);
    final double allowed = call.denoised == null ? 0 : roundingOfDenoised(index, call);
    final StepArgs<Tensor> args = arguments(call, sample);
    if (denoised != null) args.denoised(Tensor.of(denoised));
    state.stepWide(args);
    bits.add(next);
    if (call.next != null) error = Math.max(error, error(next, call.next));
    check(error <= TOLERANCE, "is off by %.3e", error);
    if (denoised != null) {
      final double off = error(denoised, call.denoised);
      check(off <= Math.max(TOLERANCE, allowed), "denoised is off by %.3e", off);
    }
    return error;
  }

  private static FloatBuffer copy(FloatBuffer values) {
    return direct(values.capacity()).put(0, values, 0, values.capacity());
  }

  private StepArgs<Tensor> arguments(RecordedCall call, Tensor sample) {
    final int draws = state.nextDraws();
    final List<double[]> noise = call.noise;
    check(noise.size() == draws || recorded.hasSpareDraws && draws == 0,
        "%d draws, the file has %d", draws, noise.size());
    final StepArgs<Tensor> args = StepArgs.of(sample, nextTensor);
    if (call.prediction != null) {
      args.prediction(tensor(call.prediction));
      if (recorded.mask != null && recorded.original != null) {
        args.mask(tensor(recorded.mask), tensor(recorded.original));
      }
    }
    if (draws == 1) args.noise(tensor(noise.get(0)));
    if (draws == 2) args.noise(tensor(noise.get(0)), tensor(noise.get(1)));
    if (call.groupTimesteps != null) args.groupTimesteps(call.groupTimesteps);
    return args;
  }

  /**
   * What storing the inputs in float32 alone can do to x0, relative to max(1, max|x0|). Near pure
   * noise x0 = (x - sigma f) / alpha divides by a small alpha.
   */
  private double roundingOfDenoised(int index, RecordedCall call) {
    if (state.numCalls().isEmpty()) return 0;
    final Weights.Row row = state.weights(index).denoised();
    final double moved = Math.abs(row.weight(Input.SAMPLE)) * largest(call.sample)
        + Math.abs(row.weight(Input.PREDICTION)) * largest(call.prediction);
    return Math.ulp(1f) / 2 * moved / Math.max(1, largest(call.denoised));
  }

  private static double largest(double[] values) {
    double largest = 0;
    if (values == null) return largest;
    for (final double value : values) largest = Math.max(largest, Math.abs(value));
    return largest;
  }
}
