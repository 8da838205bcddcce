package io.sched;

import static io.sched.Support.CLASSES;
import static io.sched.Support.N;
import static io.sched.Support.direct;
import static io.sched.Support.filled;
import static io.sched.Support.json;
import static io.sched.Support.options;
import static io.sched.Support.prediction;
import static io.sched.Support.refused;
import static io.sched.Support.scheduler;
import static io.sched.Support.start;
import static io.sched.Support.values;
import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertTrue;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.Test;

/** Loops: every way in which a state is moved, and what it says of itself. */
public class LoopsTest {
  private interface Step {
    void step(State state, float[] sample, float[] prediction);
  }

  private static float[] run(State state, Step step) {
    final float[] x = new float[N];
    state.initialNoise(x);
    return finish(state, x, step);
  }

  private static float[] finish(State state, float[] from, Step step) {
    final float[] x = from.clone();
    while (state.nextCall().isPresent()) step.step(state, x, prediction(x));
    state.close();
    return x;
  }

  @Test
  public void inPlaceWideAndApartGiveTheSameBits() {
    for (final String name : CLASSES) {
      final float[] arrays = run(start(name), (state, x, f) -> state.step(x, f, x));
      final float[] inPlace = run(start(name), State::stepInPlace);
      final float[] apart = run(start(name), (state, x, f) -> {
        final FloatBuffer next = direct(N);
        state.step(direct(x), direct(f), next);
        next.get(0, x);
      });
      final float[] buffers = run(start(name), (state, x, f) -> {
        final FloatBuffer sample = direct(x);
        state.stepInPlace(sample, direct(f));
        sample.get(0, x);
      });
      final float[] tensors = run(start(name), (state, x, f) -> {
        final FloatBuffer sample = direct(x);
        state.stepInPlace(Tensor.of(sample), Tensor.of(f));
        sample.get(0, x);
      });
      final float[] wide = run(start(name),
          (state, x, f) -> state.stepWide(StepArgs.inPlace(Tensor.of(x)).prediction(Tensor.of(f))));
      for (final float[] other : List.of(inPlace, apart, buffers, tensors, wide)) {
        assertArrayEquals(name, arrays, other, 0);
      }
      for (final float value : arrays) assertTrue(Float.isFinite(value));
    }
  }

  @Test
  public void theCallsAreTheLists() {
    for (final String name : CLASSES) {
      try (State state = start(name)) {
        final List<Call> calls = state.calls();
        assertEquals(OptionalLong.of(calls.size()), state.numCalls());
        assertArrayEquals(
            calls.stream().mapToDouble(Call::timestep).toArray(), state.timesteps(), 0);
        long ends = 0;
        for (int i = 0; i < calls.size(); ++i) {
          assertEquals(calls.get(i).endsStep(), state.callEndsStep(i));
          if (state.callEndsStep(i)) ++ends;
        }
        assertEquals(state.numSteps(), ends);
        assertEquals(Optional.of(calls.get(0)), state.nextCall());
        assertEquals(0, calls.get(0).step());
        assertTrue(calls.get(0).needsModel());
        assertEquals(state.numSteps() + 1, state.sigmas().length);
        assertEquals(state.numSteps() + 1, state.levels().size());
        assertEquals(calls.get(0).inputScale(), state.inputScale(), 0);
        assertEquals(calls.get(0).draws(), state.nextDraws());
        assertEquals(2, state.batch());
        assertEquals(N / 2, state.elements());
        assertEquals(N / 2, state.predictionElements());
        assertEquals(0, state.callsDone());
        assertEquals(new Attempts(0, 0), state.attempts());
        assertEquals(Kernel.FUSED, state.kernel());
        assertTrue(state.bytes() > 0 && state.canContinue() && !state.isFinished());
        assertTrue(state.initNoiseSigma() > 0);
      }
    }
    try (State state = start("DDIMScheduler")) {
      final double[] times = state.timesteps();
      for (int step = 0; step < times.length; ++step) {
        assertEquals(step, state.stepForTimestep(times[step]));
      }
    }
  }

  @Test
  public void wideStepsGivePreviewsAndInputs() {
    final float[] x = new float[N];
    final float[] next = new float[N];
    final float[] preview = new float[N];
    final float[] input = new float[N];
    final float[] scaled = new float[N];
    try (State state = start("EulerDiscreteScheduler")) {
      state.initialNoise(x);
      final double sigma = state.nextCall().orElseThrow().sigma();
      final float[] f = prediction(x);
      state.stepWide(StepArgs.of(Tensor.of(x), Tensor.of(next))
                         .prediction(Tensor.of(f))
                         .denoised(Tensor.of(preview))
                         .nextInput(Tensor.of(input)));
      for (int i = 0; i < N; ++i) assertEquals(x[i] - sigma * f[i], preview[i], 1e-5 * sigma);
      state.scaleInput(next, scaled);
      // One pass rounds once, two calls round twice.
      assertArrayEquals(scaled, input, 1e-5f);
      final FloatBuffer buffer = direct(next);
      state.scaleInput(Tensor.of(buffer), Tensor.of(buffer));
      assertArrayEquals(scaled, values(buffer), 0);
      final FloatBuffer other = direct(N);
      state.scaleInput(direct(next), other);
      assertArrayEquals(scaled, values(other), 0);
    }
  }

  @Test
  public void guidanceIsAPrediction() {
    final float[] x = filled(0.3f, N);
    final float[] positive = prediction(x);
    final float[] mixed = new float[N];
    for (int i = 0; i < N; ++i) mixed[i] = 0.25f + 7.5f * (positive[i] - 0.25f);
    final float[] guided = new float[N];
    final float[] plain = new float[N];
    try (State a = start("DDIMScheduler"); State b = start("DDIMScheduler")) {
      a.stepWide(StepArgs.of(Tensor.of(x), Tensor.of(guided))
                     .prediction(Tensor.of(positive))
                     .guidance(Tensor.of(filled(0.25f, N)), 7.5));
      b.step(x, mixed, plain);
    }
    assertArrayEquals(plain, guided, 1e-6f);
  }

  @Test
  public void noiseOfTheCallersAndNone() {
    final Tensor x = Tensor.of(filled(0.5f, N));
    final Tensor f = Tensor.of(prediction(filled(0.5f, N)));
    final float[] own = new float[N];
    final float[] mean = new float[N];
    final float[] drawn = new float[N];
    final String name = "EulerAncestralDiscreteScheduler";
    try (State a = start(name); State b = start(name); State c = start(name)) {
      assertEquals(1, a.nextDraws());
      a.stepWide(StepArgs.of(x, Tensor.of(own)).prediction(f).noise(Tensor.of(new float[N])));
      b.stepWide(StepArgs.of(x, Tensor.of(mean)).prediction(f).withoutNoise());
      c.stepWide(StepArgs.of(x, Tensor.of(drawn)).prediction(f));
    }
    assertArrayEquals(mean, own, 0);
    assertFalse(Arrays.equals(mean, drawn));
  }

  /** What comes of a step with these draws. */
  private static float[] drawn(State state, float[] x, float[] first, float[] second) {
    final float[] next = new float[N];
    try (State copy = state.copy()) {
      copy.stepWide(StepArgs.of(Tensor.of(x), Tensor.of(next))
                        .prediction(Tensor.of(prediction(x)))
                        .noise(Tensor.of(first), Tensor.of(second)));
    }
    return next;
  }

  @Test
  public void stepsOfTwoDraws() {
    final float[] x = filled(0.5f, N);
    final float[] zero = new float[N];
    final float[] mean = new float[N];
    try (State state = start("CogVideoXDPMScheduler")) {
      while (state.nextDraws() < 2) state.stepInPlace(x, prediction(x));
      // Its steps draw twice and use the second.
      final float[] second = drawn(state, x, zero, x);
      assertArrayEquals(second, drawn(state, x, x, x), 0);
      final float[] none = drawn(state, x, x, zero);
      assertFalse(Arrays.equals(none, second));
      state.stepWide(StepArgs.of(Tensor.of(x), Tensor.of(mean))
                         .prediction(Tensor.of(prediction(x)))
                         .withoutNoise());
      assertArrayEquals(mean, none, 0);
    }
  }

  @Test
  public void masksKeepTheOriginal() {
    final float[] mask = filled(1, N);
    Arrays.fill(mask, N / 2, N, 0);
    final float[] x = new float[N];
    final float[] y = new float[N];
    try (State state = start("DDIMScheduler"); State plain = start("DDIMScheduler")) {
      state.initialNoise(x);
      plain.initialNoise(y);
      final float[] f = prediction(x);
      state.stepWide(StepArgs.inPlace(Tensor.of(x))
                         .prediction(Tensor.of(f))
                         .mask(Tensor.of(mask), Tensor.of(filled(0.25f, N)))
                         .knownNoise(Tensor.of(filled(0.1f, N))));
      plain.stepInPlace(y, f);
      final Call call = state.nextCall().orElseThrow();
      for (int i = 0; i < N / 2; ++i) {
        assertEquals(call.alpha() * 0.25 + call.sigma() * 0.1f, x[i], 1e-6);
      }
      assertArrayEquals(Arrays.copyOfRange(y, N / 2, N), Arrays.copyOfRange(x, N / 2, N), 0);
    }
  }

  @Test
  public void groupsGoTheirOwnWays() {
    // Three tokens of two values for each item.
    final double[] times = {1000, 700, 500, 250, 125, 10};
    final double[] targets = {0, 650, 500, 0, 100, 5};
    final float[] x = new float[12];
    final float[] f = new float[12];
    final float[] next = new float[12];
    for (int i = 0; i < 12; ++i) {
      x[i] = i / 10f;
      f[i] = 1 - i / 7f;
    }
    try (Scheduler scheduler = scheduler("FlowMapEulerDiscreteScheduler");
         State state = scheduler.init(InitOptions.steps(10).elements(6).batch(2))) {
      state.stepWide(StepArgs.of(Tensor.of(x), Tensor.of(next))
                         .prediction(Tensor.of(f))
                         .groupTimesteps(times)
                         .groupTargets(targets));
    }
    for (int i = 0; i < 12; ++i) {
      assertEquals(x[i] - (times[i / 2] - targets[i / 2]) / 1000 * f[i], next[i], 1e-6);
    }
  }

  @Test
  public void savedLoadedAndCopiedGoOnToTheSameBits() {
    for (final String name : CLASSES) {
      final State state = start(name);
      final float[] x = new float[N];
      state.initialNoise(x);
      final long half = state.numCalls().orElseThrow() / 2;
      for (long i = 0; i < half; ++i) state.stepInPlace(x, prediction(x));
      final byte[] bytes = state.save();
      final State copy = state.copy();
      final State loaded = start(name);
      loaded.load(bytes);
      assertArrayEquals(bytes, loaded.save());
      final float[] straight = finish(state, x, State::stepInPlace);
      assertArrayEquals(name, straight, finish(copy, x, State::stepInPlace), 0);
      assertArrayEquals(name, straight, finish(loaded, x, State::stepInPlace), 0);
    }
  }

  @Test
  public void weightsAreTheStep() {
    final float[] x = filled(3, N);
    final float[] f = prediction(x);
    final float[] next = new float[N];
    try (State state = start("EulerDiscreteScheduler"); State clipped = start("DDPMScheduler")) {
      final Weights weights = state.weights(0);
      final Weights.Row row = weights.rows().get(0);
      assertEquals(Output.NEXT, row.output());
      assertEquals(Clip.NONE, weights.clip());
      assertEquals(Gain.NONE, weights.gain());
      assertEquals(state.timesteps()[0], weights.timestep(), 0);
      assertEquals(state.inputScale(), weights.inputScale(), 0);
      state.step(x, f, next);
      for (int i = 0; i < N; ++i) {
        final double sum = row.weight(Input.SAMPLE) * x[i] + row.weight(Input.PREDICTION) * f[i];
        assertEquals(sum, next[i], 1e-6);
      }
      final Weights second = clipped.weights(1);
      assertEquals(Clip.RANGE, second.clip());
      assertEquals(1, second.clipRange(), 0);
      assertEquals(1, second.draws());
      assertEquals(Output.DENOISED, second.denoised().output());
      assertNotEquals(0, second.denoised().weight(Input.PREDICTION), 0);
      assertNotEquals(0, second.rows().get(0).weight(Input.DENOISED), 0);
      assertNotEquals(0, second.rows().get(0).weight(Input.NOISE0), 0);
    }
    final String config = json("{'_class_name': 'DDPMScheduler', 'thresholding': true, "
        + "'dynamic_thresholding_ratio': 0.9, 'sample_max_value': 2.5, "
        + "'variance_type': 'learned_range'}");
    try (Scheduler scheduler = Scheduler.create(config); State state = scheduler.init(options())) {
      final Weights thresholded = state.weights(0);
      assertEquals(Clip.QUANTILE, thresholded.clip());
      assertEquals(0.9, thresholded.quantile(), 0);
      assertEquals(2.5, thresholded.quantileMax(), 0);
      // The variance is between two that are both small.
      assertEquals(Gain.EXPONENTIAL, thresholded.gain());
      assertTrue(thresholded.gainOffset() < 0 && thresholded.gainSlope() > 0);
      assertEquals(thresholded, state.weights(0));
    }
  }

  @Test
  public void noiseIsAddedAtALevel() {
    final float[] x = filled(0.5f, N);
    final float[] with = new float[N];
    final float[] own = new float[N];
    try (State state = start("DDIMScheduler")) {
      state.addNoise(3, x, filled(0.25f, N), with);
      final Level level = state.levels().get(3);
      for (final float value : with) {
        assertEquals(level.alpha() * 0.5 + level.sigma() * 0.25, value, 1e-6);
      }
      state.addNoise(3, x, null, own);
      final FloatBuffer inPlace = direct(x);
      state.addNoise(3, inPlace, null, inPlace);
      assertArrayEquals(own, values(inPlace), 0);
      state.addNoise(3, Tensor.of(x), null, Tensor.of(inPlace));
      assertArrayEquals(own, values(inPlace), 0);
      assertFalse(Arrays.equals(own, with));
    }
  }

  @Test
  public void callsWithoutAModel() {
    try (Scheduler scheduler = scheduler("KarrasVeScheduler")) {
      final InitOptions options = InitOptions.steps(5).elements(N);
      final State[] states = {
          scheduler.init(options), scheduler.init(options), scheduler.init(options)};
      final float[] x = new float[N];
      for (final State state : states) state.initialNoise(x);
      int without = 0;
      while (states[0].nextCall().isPresent()) {
        final FloatBuffer y = direct(x);
        final FloatBuffer z = direct(x);
        if (states[0].nextCall().get().needsModel()) {
          final float[] f = prediction(x);
          states[0].stepInPlace(x, f);
          states[1].stepInPlace(y, direct(f));
          states[2].stepInPlace(Tensor.of(z), Tensor.of(f));
        } else {
          states[0].stepWithoutModel(x);
          states[1].stepWithoutModel(y);
          states[2].stepWithoutModel(Tensor.of(z));
          ++without;
        }
        assertArrayEquals(x, values(y), 0);
        assertArrayEquals(x, values(z), 0);
      }
      assertTrue(without > 0);
    }
  }

  @Test
  public void aLoopThatChoosesItsSteps() {
    final String config = json("{'solver': 'dpm_adaptive', 'parameterization': {'frame': 've'}}");
    try (Scheduler scheduler = Scheduler.create(config);
         State state = scheduler.init(new InitOptions().sigmas(10, 0.1).elements(N))) {
      assertEquals(OptionalLong.empty(), state.numCalls());
      final float[] x = new float[N];
      state.initialNoise(x);
      for (Optional<Call> call = state.nextCall(); call.isPresent(); call = state.nextCall()) {
        assertEquals(-1, call.get().step());
        assertFalse(state.isFinished());
        // Epsilon of data that is 0.5 everywhere.
        final float[] f = new float[N];
        for (int i = 0; i < N; ++i) f[i] = (x[i] - 0.5f) / (float) call.get().sigma();
        state.stepInPlace(x, f);
      }
      assertTrue(state.attempts().accepted() > 0);
      assertTrue(state.isFinished());
      // What is left is the last level's noise.
      assertArrayEquals(filled(0.5f, N), x, 0.5f);
    }
  }

  @Test
  public void theVarianceIsLearned() {
    final String config =
        json("{'_class_name': 'DDPMScheduler', 'variance_type': 'learned_range'}");
    try (Scheduler scheduler = Scheduler.create(config); State state = scheduler.init(options())) {
      assertEquals(N, state.predictionElements());
      final float[] x = filled(0.5f, N);
      state.stepInPlace(x, filled(0.1f, 2 * N));
      assertEquals(Gain.EXPONENTIAL, state.weights(0).gain());
      assertTrue(Float.isFinite(x[N - 1]));
    }
  }

  private static State of(DType dtype, Kernel kernel) {
    try (Scheduler scheduler = scheduler("DDIMScheduler")) {
      return scheduler.init(options().dtype(dtype).kernel(kernel));
    }
  }

  @Test
  public void everyDtype() {
    final DoubleBuffer doubles = Support.bytes(N * Double.BYTES).asDoubleBuffer();
    final DoubleBuffer half = Support.bytes(N * Double.BYTES).asDoubleBuffer();
    for (int i = 0; i < N; ++i) {
      doubles.put(i, 0.5);
      half.put(i, 0.5);
    }
    try (State state = of(DType.F64, Kernel.REFERENCE)) {
      assertEquals(Kernel.REFERENCE, state.kernel());
      state.stepInPlace(Tensor.of(doubles), Tensor.of(half));
    }
    final double expected = doubles.get(N - 1);

    final float[] single = filled(0.5f, N);
    try (State state = of(DType.F32, Kernel.DEFAULT)) {
      state.stepInPlace(single, filled(0.5f, N));
    }
    assertEquals(expected, single[N - 1], 1e-7);

    final ShortBuffer in = Support.bytes(N * Short.BYTES).asShortBuffer();
    final ShortBuffer out = Support.bytes(N * Short.BYTES).asShortBuffer();
    for (int i = 0; i < N; ++i) in.put(i, (short) (Float.floatToIntBits(0.5f) >> 16));
    try (State state = of(DType.BF16, Kernel.DEFAULT)) {
      state.step(Tensor.bf16(in), Tensor.bf16(in), Tensor.bf16(out));
    }
    assertEquals(expected, Float.intBitsToFloat(out.get(N - 1) << 16), 4e-3);

    // 0.5 is 0x3800 in binary16; the result lies in [0.5, 1), where the exponent is the same.
    for (int i = 0; i < N; ++i) in.put(i, (short) 0x3800);
    try (State state = of(DType.F16, Kernel.DEFAULT)) {
      state.step(Tensor.f16(in), Tensor.f16(in), Tensor.f16(out));
    }
    final int bits = out.get(N - 1);
    assertEquals(
        expected, (1 + (bits & 0x3ff) / 1024.0) * Math.pow(2, (bits >> 10 & 31) - 15), 5e-4);
  }

  @Test
  public void seedsBelongToItems() {
    try (Scheduler scheduler = scheduler("DDIMScheduler")) {
      final long large = 0xfedcba9876543210L;
      final float[] both = new float[16];
      final float[] first = new float[8];
      final float[] second = new float[8];
      final InitOptions one = InitOptions.steps(5).elements(8);
      scheduler.init(InitOptions.steps(5).elements(8).batch(2).itemSeeds(large, 3))
          .initialNoise(both);
      scheduler.init(one.seed(large)).initialNoise(first);
      scheduler.init(one.seed(3)).initialNoise(second);
      assertArrayEquals(first, Arrays.copyOf(both, 8), 0);
      assertArrayEquals(second, Arrays.copyOfRange(both, 8, 16), 0);
      final FloatBuffer buffer = direct(8);
      scheduler.init(one).initialNoise(buffer);
      assertArrayEquals(second, values(buffer), 0);
      scheduler.init(one).initialNoise(Tensor.of(first));
      assertArrayEquals(second, first, 0);
    }
  }

  @Test
  public void nanStaysWhereItIs() {
    final float[] x = filled(0.5f, N);
    final float[] f = prediction(x);
    f[3] = Float.NaN;
    try (State state = start("DPMSolverMultistepScheduler")) {
      state.stepInPlace(x, f);
    }
    for (int i = 0; i < N; ++i) assertEquals(i == 3, Float.isNaN(x[i]));
  }

  @Test
  public void customListsAndParts() {
    final double[] sigmas = {14, 5, 1, 0};
    final double[] times = {900, 500, 100};
    try (Scheduler scheduler = scheduler("EulerDiscreteScheduler")) {
      assertArrayEquals(
          sigmas, scheduler.init(new InitOptions().sigmas(sigmas).elements(4)).sigmas(), 0);
      assertArrayEquals(
          times, scheduler.init(new InitOptions().timesteps(times).elements(4)).timesteps(), 0);
      final InitOptions part = InitOptions.steps(10).elements(4).beginStep(3).endStep(7);
      assertEquals(4, scheduler.init(part).numSteps());
      assertEquals(3, scheduler.init(InitOptions.steps(10).elements(4).strength(0.3)).numSteps());
    }
  }

  /** What torch.manual_seed(0); torch.randn(12) begins with. */
  @Test
  public void torchDrawsTheFirstSample() {
    final InitOptions options = InitOptions.steps(10).elements(12).generator(Generator.TORCH_CPU);
    final float[] x = new float[12];
    try (State state = scheduler("DDPMScheduler").init(options.drawPolicy(DrawPolicy.DIFFUSERS))) {
      state.initialNoise(x);
    }
    final float[] torch = {1.5409961f, -0.2934289f, -2.1787894f, 0.56843126f};
    assertArrayEquals(torch, Arrays.copyOf(x, 4), 0);
  }

  @Test
  public void noiseIsHandedInWhereThereIsNoGenerator() {
    final InitOptions options = InitOptions.steps(10).elements(12).generator(Generator.CALLER);
    final float[] x = new float[12];
    try (State state = scheduler("DDPMScheduler").init(options)) {
      refused(Status.ARGUMENT, "noise[0]", () -> state.step(x, new float[12], x));
    }
  }

  private static void refusedFor(Status status, String words, InitOptions options) {
    final Scheduler ddpm = scheduler("DDPMScheduler");
    refused(status, words, () -> ddpm.init(options.numSteps(10).batch(2).elements(12)));
  }

  @Test
  public void optionsOfTheNoiseArrive() {
    final InitOptions cards = new InitOptions().generator(Generator.TORCH_CUDA);
    refusedFor(
        Status.UNSUPPORTED, "k_diffusion", new InitOptions().drawPolicy(DrawPolicy.K_DIFFUSION));
    refusedFor(
        Status.UNSUPPORTED, "noise_dtype is float64", new InitOptions().noiseDtype(DType.F64));
    refusedFor(Status.VALUE, "extra_draws is -7", new InitOptions().extraDraws(-7));
    refusedFor(Status.VALUE, "first_sample_draw is -3", new InitOptions().firstSampleDraw(-3));
    refusedFor(Status.VALUE, "cuda_multiprocessors is 5000", cards.cudaMultiprocessors(5000));
    refusedFor(Status.VALUE, "cuda_threads_per_multiprocessor is 300",
        cards.cudaMultiprocessors(1).cudaThreadsPerMultiprocessor(300));
    refusedFor(Status.SHAPE, "whole_batch is 1", new InitOptions().wholeBatch(1));
    refusedFor(Status.SHAPE, "whole_elements is 3", new InitOptions().wholeElements(3));
    refusedFor(Status.SHAPE, "first_item is 7", new InitOptions().firstItem(7));
    refusedFor(Status.SHAPE, "first_element is 9", new InitOptions().firstElement(9));
  }

  @Test
  public void cardsHaveNames() {
    final List<String> cards = InitOptions.cudaCards();
    assertTrue(cards.contains("A100"));
    for (final String card : cards) {
      final InitOptions options =
          InitOptions.steps(10).elements(12).generator(Generator.TORCH_CUDA);
      scheduler("DDPMScheduler").init(options.cudaCard(card)).close();
    }
    refused(Status.VALUE, "Abacus", () -> new InitOptions().cudaCard("Abacus"));
    refused(Status.VALUE, "", () -> new InitOptions().cudaCard("A\0"));
  }
}
