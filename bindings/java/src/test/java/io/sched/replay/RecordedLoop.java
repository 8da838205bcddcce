package io.sched.replay;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * A recorded denoising loop of another implementation, one entry for each model call.
 *
 * <p>Two forms of file are read. A file with {@code out} records a diffusers scheduler: what its
 * step returned at each call. A file with {@code final} records a k-diffusion sampler, which calls
 * the model itself: what the model was given and gave back.
 */
final class RecordedLoop {
  private static final Set<String> CHURNING =
      Set.of("euler", "heun", "dpm_2", "heunpp2", "dpm_adaptive", "dpm_fast");

  String method;
  /** For {@link io.sched.Scheduler#create}. */
  String config;
  final int batch;
  final int elements;
  /** Options of init by name: numbers, and flags as 0 and 1. */
  final Map<String, Double> options = new HashMap<>();
  double[] customTimesteps;
  double[] customSigmas;
  List<RecordedCall> calls = new ArrayList<>();
  /** False: the file stops before the loop ends. */
  boolean isWhole = true;
  double[] mask;
  double[] original;
  /** One for each call. */
  double[] timesteps;
  Double initNoiseSigma;
  /** Samplers that draw before they know whether they churn leave draws that no formula uses. */
  boolean hasSpareDraws;

  private final Safetensors file;

  RecordedLoop(Path path) throws IOException {
    file = new Safetensors(path);
    final Safetensors.Array init = file.array("init");
    batch = (int) init.shape[0];
    elements = init.values.length / batch;
    for (long i = 0; i < file.array("pred").shape[0]; ++i) calls.add(new RecordedCall());
    if (file.has("final")) {
      readSampler();
    } else {
      readDiffusers();
    }
  }

  private int size() { return batch * elements; }

  /** Sets an option of init; false where init has none of that name. */
  private boolean readArgument(String key, Object value) {
    if (key.equals("timesteps")) {
      customTimesteps = Json.numbers(value);
    } else if (key.equals("sigmas")) {
      customSigmas = Json.numbers(value);
    } else if (key.equals("intermediate_timesteps") && value == null) {
      // SCM's null asks for even spacing.
      options.put(key, 0.0);
    } else if (key.equals("use_clipped_model_output") && value instanceof Boolean) {
      options.put(key, (Boolean) value ? 1.0 : 0.0);
    } else if (Replay.isOption(key) && value instanceof Number) {
      options.put(key, Json.number(value));
    } else {
      return false;
    }
    return true;
  }

  private Map<String, Object> members(String metadata) {
    return Json.members(Json.parse(file.metadata(metadata)));
  }

  private void readArguments(String what) {
    members(what).forEach((key, value) -> {
      if (!readArgument(key, value)) {
        throw new IllegalArgumentException("unsupported " + what + ": " + key);
      }
    });
  }

  private void setRows(String name, int size, BiConsumer<RecordedCall, double[]> member) {
    final double[][] rows = file.rows(name, calls.size(), size);
    for (int i = 0; i < rows.length; ++i) member.accept(calls.get(i), rows[i]);
  }

  /**
   * Gives each call its draws. `offset` is the noise_step of the first call's draws; earlier ones
   * went into the recorded first sample.
   */
  private void readNoise(int offset) {
    final double[] steps = file.values("noise_step");
    if (steps == null || steps.length == 0) return;
    final double[][] rows = file.rows("noise", steps.length, size());
    for (int i = 0; i < steps.length; ++i) {
      final int call = (int) steps[i] - offset;
      if (call >= 0) calls.get(call).noise.add(rows[i]);
    }
  }

  // -------------------------------------------------------------------- diffusers

  private void readDiffusers() {
    method = file.metadata("class");
    config = file.metadata("config");
    readArguments("set_timesteps");
    readArguments("step");
    // A recorded list goes before a number of steps; the library takes only one of them.
    if (customTimesteps != null || customSigmas != null) options.remove("num_inference_steps");
    int predictionSize = size();
    boolean isGrouped = false;
    for (final Map.Entry<String, Object> option : members("options").entrySet()) {
      final Object value = option.getValue();
      switch (option.getKey()) {
        case "learned":
          if ((Boolean) value) predictionSize *= 2;
          break;
        case "kind":
          isGrouped = value.equals("per_token");
          break;
        case "first":
          isWhole = false;
          break;
        case "mu":
          readArgument("mu", value);
          break;
        default:
          throw new IllegalArgumentException("unsupported options: " + option);
      }
    }
    setRows("pred", predictionSize, (call, row) -> call.prediction = row);
    setRows("out", size(), (call, row) -> call.next = row);
    if (file.has("scaled")) setRows("scaled", size(), (call, row) -> call.scaled = row);
    if (file.has("x0")) setRows("x0", size(), (call, row) -> call.denoised = row);
    if (isGrouped) {
      final int times = file.array("token_timesteps").values.length / calls.size();
      setRows("token_timesteps", times, (call, row) -> call.groupTimesteps = row);
    }
    calls.get(0).sample = file.values("init");
    for (int i = 1; i < calls.size(); ++i) calls.get(i).sample = calls.get(i - 1).next;
    final int rows = calls.size();
    readNoise(0);
    splitOperations();
    mask = file.values("mask");
    original = file.values("original");
    // A split row has no time for each of its calls.
    if (calls.size() == rows) timesteps = file.values("timesteps");
    initNoiseSigma = Json.number(Json.parse(file.metadata("init_noise_sigma")));
  }

  /**
   * Rows without a model call (1 undo, 3 churn) lose their empty prediction; a row with many draws
   * is as many calls, each on what the one before gave.
   */
  private void splitOperations() {
    final double[] operations = file.values("op");
    if (operations == null) return;
    final List<RecordedCall> split = new ArrayList<>();
    for (int i = 0; i < operations.length; ++i) {
      final RecordedCall call = calls.get(i);
      if (operations[i] != 1 && operations[i] != 3) {
        split.add(call);
        continue;
      }
      for (int k = 0; k < call.noise.size(); ++k) {
        final RecordedCall part = new RecordedCall();
        part.noise.add(call.noise.get(k));
        if (k == 0) part.sample = call.sample;
        if (k + 1 == call.noise.size()) part.next = call.next;
        split.add(part);
      }
    }
    calls = split;
  }

  // ------------------------------------------------------------------ k-diffusion

  private void readSampler() {
    method = file.metadata("sampler");
    compose();
    customSigmas = file.values("sigmas");
    setRows("in", size(), (call, row) -> call.sample = row);
    setRows("pred", size(), (call, row) -> call.prediction = row);
    setRows("sigma", 1, (call, row) -> call.sigma = row[0]);
    for (int i = 1; i < calls.size(); ++i) calls.get(i - 1).next = calls.get(i).sample;
    calls.get(calls.size() - 1).next = file.values("final");
    // noise_step counts the calls made before the draw, and a step's own call comes first.
    readNoise(1);
  }

  /**
   * The sampler in our own composition. Arguments that init does not have belong to the solver.
   */
  private void compose() {
    final String name = method.substring("sample_".length());
    final Map<String, String> renamed =
        Map.of("solver_type", "type", "n", "calls", "max_order", "order");
    final Map<String, Object> solver = new LinkedHashMap<>();
    solver.put("name", name);
    members("kwargs").forEach((key, value) -> {
      final boolean ofSolver = key.equals("order") && !name.equals("lms");
      if (ofSolver || !readArgument(key, value)) {
        solver.put(renamed.getOrDefault(key, key), value);
      }
    });
    final String frame = file.hasMetadata("model") ? file.metadata("model") : "ve";
    final Map<String, Object> composition = new LinkedHashMap<>();
    composition.put("solver", solver);
    composition.put("parameterization", Map.of("prediction", "sample", "frame", frame));
    if (frame.equals("flow")) composition.put("schedule", "flow");
    config = Json.write(composition);
    hasSpareDraws = CHURNING.contains(name) || Double.valueOf(0).equals(options.get("eta"))
        || file.hasMetadata("unused_draws");
  }
}
