package io.sched;

import static io.sched.Support.N;
import static io.sched.Support.direct;
import static io.sched.Support.filled;
import static io.sched.Support.json;
import static io.sched.Support.prediction;
import static io.sched.Support.refused;
import static io.sched.Support.scheduler;
import static io.sched.Support.start;
import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.junit.Test;

/** Every kind of error that the library has, what it says, and that it changes nothing. */
public class ErrorsTest {
  private static void config(Status status, String words, String text) {
    refused(status, words, () -> Scheduler.create(json(text)));
  }

  @Test
  public void ofConfigurations() {
    config(Status.JSON, "", "{");
    config(Status.JSON, "", "");
    config(Status.JSON, "", "{'_class_name'\0: 1}");
    refused(Status.JSON, "",
        ()
            -> Scheduler.create(
                json("{'_class_name': '\u00ff'}").getBytes(StandardCharsets.ISO_8859_1)));
    refused(Status.JSON, "", () -> Scheduler.lenient(new byte[0]));
    config(Status.UNKNOWN_CLASS, "Nope", "{'_class_name': 'NopeScheduler'}");
    config(Status.UNKNOWN_KEY, "colour", "{'_class_name': 'DDIMScheduler', 'colour': 1}");
    config(Status.TYPE, "beta_end", "{'_class_name': 'DDIMScheduler', 'beta_end': 'big'}");
    config(Status.VALUE, "linspace | leading | trailing",
        "{'_class_name': 'DDIMScheduler', 'timestep_spacing': 'linspce'}");
    config(Status.CONFLICT, "use_karras_sigmas",
        "{'_class_name': 'EulerDiscreteScheduler', 'use_karras_sigmas': true, "
            + "'use_exponential_sigmas': true}");
    // Half of a surrogate pair is no text: it must not become a question mark.
    refused(IllegalArgumentException.class, "surrogate",
        () -> Scheduler.create(json("{'_class_name': '\ud83d'}")));
    refused(NullPointerException.class, "", () -> Scheduler.create((String) null));
    refused(NullPointerException.class, "config", () -> Scheduler.create((byte[]) null));
    refused(NullPointerException.class, "name", () -> Method.find(null));
    refused(NullPointerException.class, "name", () -> Name.find(null, "A1111"));
    refused(NullPointerException.class, "quirk", () -> Scheduler.quirkDescription(null));
  }

  @Test
  public void sentencesAreWholeText() {
    final String key = "f\u00e4rbe \ud83c\udfa8 \u6f22";
    config(Status.UNKNOWN_KEY, key, "{'_class_name': 'DDIMScheduler', '" + key + "': 1}");
    // So long that the sentence is cut, at any byte of a character: never within one.
    for (int spaces = 0; spaces < 4; ++spaces) {
      final String text = json("{'_class_name': 'DDIMScheduler', '"
          + "x".repeat(spaces) + "\ud83c\udfa8".repeat(3000) + "': 1}");
      try {
        Scheduler.create(text);
        throw new AssertionError("no error");
      } catch (SchedException error) {
        assertFalse(error.getMessage(), error.getMessage().contains("\uFFFD"));
        assertTrue(error.getMessage().contains("\ud83c\udfa8"));
      }
    }
  }

  private static void init(Status status, String words, String name, InitOptions options) {
    try (Scheduler scheduler = scheduler(name)) {
      refused(status, words, () -> scheduler.init(options));
    }
  }

  private static InitOptions steps(int steps) { return InitOptions.steps(steps).elements(N); }

  @Test
  public void ofInit() {
    final String ddim = "DDIMScheduler";
    final String ddpm = "DDPMScheduler";
    init(Status.STEPS, "num_steps", ddim, steps(0));
    init(Status.STEPS, "num_steps", ddim, steps(-1));
    init(Status.STEPS, "1000", ddim, steps(1001));
    init(Status.STEPS, "1000", ddim, steps(Integer.MAX_VALUE));
    init(Status.STEPS, "num_steps", ddim, steps(Integer.MIN_VALUE));
    init(Status.STEPS, "begin_step", ddim, steps(10).beginStep(10));
    init(Status.SHAPE, "elements", ddim, InitOptions.steps(10));
    init(Status.SHAPE, "elements", ddim, steps(10).elements(-1));
    init(Status.SHAPE, "elements", ddim, steps(10).elements(Long.MAX_VALUE));
    init(Status.SHAPE, "batch", ddim, steps(10).batch(0));
    init(Status.SHAPE, "", ddim, steps(10).batch(Long.MAX_VALUE));
    init(Status.TIMESTEPS, "", ddpm, new InitOptions().elements(N).timesteps(100, 500));
    init(Status.TIMESTEPS, "", ddpm, new InitOptions().elements(N).timesteps(900, Double.NaN));
    init(Status.TIMESTEPS, "empty", ddpm, new InitOptions().elements(N).timesteps());
    init(Status.CONFLICT, "num_steps", ddpm, steps(10).timesteps(900, 100));
    init(Status.OPTION, "s_churn", ddim, steps(10).sChurn(1));
    init(Status.VALUE, "eta", ddim, steps(10).eta(Double.NaN));
    init(Status.DTYPE, "float64", ddim, steps(10).dtype(DType.F64).kernel(Kernel.FUSED));
    init(Status.ARGUMENT, "item_seeds has 2", ddim, steps(10).batch(3).itemSeeds(1, 2));
    init(Status.ARGUMENT, "item_seeds has 0", ddim, steps(10).itemSeeds());
    refused(NullPointerException.class, "dtype", () -> steps(10).dtype(null));
    refused(NullPointerException.class, "kernel", () -> steps(10).kernel(null));
    refused(NullPointerException.class, "", () -> steps(10).timesteps((double[]) null));
    refused(NullPointerException.class, "device", () -> steps(10).vulkan(null));
    try (Scheduler scheduler = scheduler(ddim)) {
      refused(NullPointerException.class, "options", () -> scheduler.init(null));
    }
  }

  /** Every option arrives under its own name: a method that has none of them says which it was. */
  @Test
  public void optionsHaveTheirNames() {
    final String euler = "EulerAncestralDiscreteScheduler";
    init(Status.OPTION, "mu", euler, steps(10).mu(1));
    init(Status.OPTION, "s_tmin", euler, steps(10).sTmin(1));
    init(Status.OPTION, "s_tmax", euler, steps(10).sTmax(1));
    init(Status.OPTION, "order", euler, steps(10).order(2));
    init(Status.OPTION, "original_inference_steps", euler, steps(10).originalInferenceSteps(50));
    init(Status.OPTION, "use_clipped_model_output", euler, steps(10).useClippedModelOutput(true));
    init(Status.OPTION, "num_train_timesteps", euler, steps(10).numTrainTimesteps(500));
    init(Status.OPTION, "jump_length", euler, steps(10).jumpLength(2));
    init(Status.OPTION, "jump_n_sample", euler, steps(10).jumpNSample(2));
    init(Status.OPTION, "max_timesteps", euler, steps(10).maxTimesteps(1));
    init(Status.OPTION, "intermediate_timesteps", euler, steps(10).intermediateTimesteps(1));
    init(Status.OPTION, "stage_index", euler, steps(10).stageIndex(0));
    init(Status.OPTION, "is_amplify_first_chunk", euler, steps(10).isAmplifyFirstChunk(true));
    init(Status.OPTION, "s_noise", "DDIMScheduler", steps(10).sNoise(1));
    init(Status.VALUE, "strength", euler, steps(10).strength(2));
    init(Status.STEPS, "end_step", euler, steps(10).endStep(11));
    init(Status.OPTION, "recorded_in_flight", euler, steps(10).recordedInFlight(2));
    init(Status.OPTION, "recorded_groups", euler, steps(10).recordedGroups(2));
    init(Status.VALUE, "threads is -1", euler, steps(10).threads(-1));
    init(Status.VALUE, "threads is 257", euler, steps(10).threads(257));
  }

  @Test
  public void ofLoopsWithoutAPlan() {
    final String config = json("{'solver': 'dpm_adaptive', 'parameterization': {'frame': 've'}}");
    try (Scheduler scheduler = Scheduler.create(config);
         State state = scheduler.init(new InitOptions().sigmas(10, 0.1).elements(N))) {
      refused(Status.UNSUPPORTED, "", state::timesteps);
      refused(Status.UNSUPPORTED, "", state::calls);
      refused(Status.UNSUPPORTED, "", () -> state.weights(0));
      final float[] x = filled(1, N);
      final float[] f = filled(0.5f, N);
      while (!state.nextCall().orElseThrow().endsStep()) state.stepInPlace(x, f);
      f[2] = Float.NaN;
      refused(Status.NOT_FINITE, "finite", () -> state.stepInPlace(x, f));
    }
  }

  private interface Try {
    void step(State state, FloatBuffer next);
  }

  private static StepArgs<Tensor> args(FloatBuffer x, FloatBuffer f, FloatBuffer next) {
    return StepArgs.of(Tensor.of(x), Tensor.of(next)).prediction(Tensor.of(f));
  }

  /** Is refused, leaves output and state as they were; the right step then gives what it must. */
  private static void changesNothing(Status status, String words, Try step) {
    final float[] x = filled(0.5f, N);
    final float[] f = prediction(x);
    final float[] right = new float[N];
    final FloatBuffer next = direct(N);
    try (State state = start("DPMSolverMultistepScheduler");
         State other = start("DPMSolverMultistepScheduler")) {
      other.step(x, f, right);
      other.step(x, f, right);
      state.step(direct(x), direct(f), next);
      final byte[] saved = state.save();
      final float[] before = Support.values(next);
      refused(status, words, () -> step.step(state, next));
      assertArrayEquals(saved, state.save());
      assertArrayEquals(before, Support.values(next), 0);
      state.step(direct(x), direct(f), next);
      assertArrayEquals(right, Support.values(next), 0);
    }
  }

  @Test
  public void ofStepsChangeNothing() {
    final FloatBuffer x = direct(filled(0.5f, N));
    final FloatBuffer f = direct(prediction(filled(0.5f, N)));
    final FloatBuffer few = direct(N - 1);
    final FloatBuffer many = direct(N + 1);
    final FloatBuffer twice = direct(2 * N);
    final FloatBuffer none = direct(0);
    final Tensor doubles = Tensor.of(Support.bytes(N * 8).asDoubleBuffer());

    changesNothing(Status.SHAPE, "sample", (s, n) -> s.step(few, f, n));
    changesNothing(Status.SHAPE, "prediction", (s, n) -> s.step(x, many, n));
    changesNothing(Status.SHAPE, "prediction", (s, n) -> s.step(x, none, n));
    changesNothing(Status.SHAPE, "prediction", (s, n) -> s.step(x, twice, n));
    changesNothing(Status.SHAPE, "next", (s, n) -> s.step(x, f, n.slice(0, 3)));
    changesNothing(Status.SHAPE, "sample", (s, n) -> s.stepInPlace(n.slice(0, 5), f));
    changesNothing(
        Status.SHAPE, "sample has 21", (s, n) -> s.stepInPlace(new float[N + 1], new float[N]));
    changesNothing(Status.SHAPE, "sample", (s, n) -> s.stepInPlace(new float[0], new float[N]));
    changesNothing(Status.DTYPE, "sample", (s, n) -> s.step(doubles, Tensor.of(f), Tensor.of(n)));
    changesNothing(Status.DTYPE, "next", (s, n) -> s.step(Tensor.of(x), Tensor.of(f), doubles));
    changesNothing(Status.ARGUMENT, "prediction", (s, n) -> s.stepWithoutModel(n));
    changesNothing(Status.ARGUMENT, "prediction",
        (s, n) -> s.stepWide(StepArgs.of(Tensor.of(x), Tensor.of(n))));
    changesNothing(Status.OPTION, "noise", (s, n) -> s.stepWide(args(x, f, n).noise(Tensor.of(x))));
    changesNothing(Status.VALUE, "guidance_scale",
        (s, n) -> s.stepWide(args(x, f, n).guidance(Tensor.of(f), Double.NaN)));
    changesNothing(Status.SHAPE, "unconditional",
        (s, n) -> s.stepWide(args(x, f, n).guidance(Tensor.of(few), 2)));
    changesNothing(
        Status.SHAPE, "denoised", (s, n) -> s.stepWide(args(x, f, n).denoised(Tensor.of(few))));
    changesNothing(Status.SHAPE, "next_input",
        (s, n) -> s.stepWide(args(x, f, n).nextInput(Tensor.of(new float[1]))));
    changesNothing(Status.SHAPE, "next_input has 400",
        (s, n) -> s.stepWide(args(x, f, n).nextInput(Tensor.of(new float[400]))));
    changesNothing(Status.SHAPE, "mask",
        (s, n) -> s.stepWide(args(x, f, n).mask(Tensor.of(few), Tensor.of(x))));
    changesNothing(Status.SHAPE, "original",
        (s, n) -> s.stepWide(args(x, f, n).mask(Tensor.of(x), Tensor.of(few))));
    changesNothing(
        Status.ARGUMENT, "mask", (s, n) -> s.stepWide(args(x, f, n).knownNoise(Tensor.of(x))));
    changesNothing(
        Status.OPTION, "group_timesteps", (s, n) -> s.stepWide(args(x, f, n).groupTimesteps(1, 2)));
    changesNothing(Status.ARGUMENT, "group_timesteps has 3",
        (s, n) -> s.stepWide(args(x, f, n).groupTimesteps(1, 2, 3)));
    changesNothing(Status.ARGUMENT, "group_timesteps has 0",
        (s, n) -> s.stepWide(args(x, f, n).groupTimesteps()));
    changesNothing(Status.ARGUMENT, "group_targets has 1",
        (s, n) -> s.stepWide(args(x, f, n).groupTimesteps(1, 2).groupTargets(1)));
    changesNothing(
        Status.ARGUMENT, "group_targets", (s, n) -> s.stepWide(args(x, f, n).groupTargets(1, 2)));
  }

  @Test
  public void ofOverlaps() {
    final FloatBuffer f = direct(N);
    final FloatBuffer memory = direct(2 * N);
    final FloatBuffer x = memory.slice(0, N);
    final FloatBuffer shifted = memory.slice(1, N);
    changesNothing(Status.OVERLAP, "", (s, n) -> s.step(x, f, shifted));
    changesNothing(Status.OVERLAP, "", (s, n) -> s.step(direct(N), shifted, x));
    changesNothing(Status.OVERLAP, "", (s, n) -> s.stepInPlace(x, x));
    changesNothing(Status.OVERLAP, "", (s, n) -> s.scaleInput(x, shifted));
    changesNothing(Status.OVERLAP, "", (s, n) -> s.addNoise(0, x, null, shifted));
    changesNothing(Status.OVERLAP, "",
        (s, n) -> s.stepWide(args(f, direct(N), x).denoised(Tensor.of(shifted))));
  }

  @Test
  public void ofOtherTensors() {
    final FloatBuffer x = direct(N);
    final FloatBuffer out = direct(N);
    final FloatBuffer few = direct(3);
    try (State state = start("DDIMScheduler")) {
      refused(Status.SHAPE, "out", () -> state.initialNoise(few));
      refused(Status.SHAPE, "sample", () -> state.scaleInput(few, out));
      refused(Status.SHAPE, "out", () -> state.scaleInput(x, few));
      refused(Status.STEPS, "99", () -> state.addNoise(99, x, null, out));
      refused(Status.STEPS, "", () -> state.addNoise(Long.MIN_VALUE, x, null, out));
      refused(Status.SHAPE, "noise", () -> state.addNoise(0, x, few, out));
      refused(Status.SHAPE, "original", () -> state.addNoise(0, few, null, out));
      refused(Status.STEPS, "", () -> state.callAt(10));
      refused(Status.STEPS, "", () -> state.callAt(-1));
      refused(Status.STEPS, "", () -> state.weights(Long.MAX_VALUE));
      refused(Status.VALUE, "", () -> state.stepForTimestep(0.5));
      refused(Status.VALUE, "", () -> state.stepForTimestep(Double.NaN));
      assertFalse(state.callEndsStep(10));
      assertFalse(state.callEndsStep(-1));
    }
    try (State state = start("EulerAncestralDiscreteScheduler")) {
      refused(Status.SHAPE, "noise",
          () -> state.stepWide(args(x, direct(N), out).noise(Tensor.of(few))));
      refused(Status.OPTION, "noise[1]", () -> {
        final Tensor noise = Tensor.of(direct(N));
        state.stepWide(args(x, direct(N), out).noise(noise, noise));
      });
    }
  }

  @Test
  public void finishedLoopsStayFinished() {
    final float[] x = filled(0.5f, N);
    final float[] f = prediction(x);
    try (State state = start("DDIMScheduler")) {
      while (state.nextCall().isPresent()) state.stepInPlace(x, f);
      final float[] before = x.clone();
      for (int i = 0; i < 3; ++i) {
        refused(Status.FINISHED, "", () -> state.stepInPlace(x, f));
        refused(Status.FINISHED, "", () -> state.scaleInput(x, x));
        assertEquals(Optional.empty(), state.nextCall());
        assertTrue(state.isFinished());
      }
      assertArrayEquals(before, x, 0);
      assertEquals(10, state.callsDone());
    }
  }

  @Test
  public void ofSavedBytes() {
    try (State state = start("DPMSolverMultistepScheduler"); State other = start("DDIMScheduler")) {
      final byte[] bytes = state.save();
      refused(Status.DAMAGED, "", () -> state.load(new byte[0]));
      for (int length = 1; length < bytes.length; length += 7) {
        final byte[] part = Arrays.copyOf(bytes, length);
        refused(Status.DAMAGED, "", () -> state.load(part));
      }
      for (int i = 0; i < bytes.length; i += 3) {
        final byte[] changed = bytes.clone();
        changed[i] ^= 1;
        final SchedException error =
            org.junit.Assert.assertThrows(SchedException.class, () -> state.load(changed));
        assertTrue(error.toString(),
            error.status() == Status.DAMAGED || error.status() == Status.MISMATCH);
      }
      refused(Status.MISMATCH, "", () -> state.load(other.save()));
      refused(NullPointerException.class, "bytes", () -> state.load(null));
      assertArrayEquals(bytes, state.save());
    }
  }
}
