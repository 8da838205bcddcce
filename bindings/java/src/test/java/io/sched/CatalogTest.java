package io.sched;

import static io.sched.Support.json;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.Test;

/** What the library knows, and that its strings arrive. */
public class CatalogTest {
  @Test
  public void methodsAreListedAndFound() {
    final List<Method> methods = Method.all();
    assertTrue(methods.size() > 44);
    for (final Method method : methods) {
      assertEquals(method, methods.get(method.index()));
      assertFalse(method.name().isEmpty() || method.paper().isEmpty());
      assertTrue(method.callsPerStep() >= 1);
      final String key = method.className().isEmpty() ? method.name() : method.className();
      assertEquals(Optional.of(method), Method.find(key));
      for (final Method.Option option : method.options()) {
        assertFalse(option.name().isEmpty() || option.type().isEmpty());
      }
    }
    final Method euler = Method.find("EulerDiscreteScheduler").orElseThrow();
    assertEquals("euler", euler.name());
    assertEquals(Stochastic.OPTIONAL, euler.stochastic());
    assertTrue(euler.options().contains(new Method.Option(
        false, "timestep_spacing", "string", "\"linspace\"", "linspace | leading | trailing")));
    assertTrue(euler.options().stream().anyMatch(o -> o.atInit() && o.name().equals("s_churn")));
    final Method pndm = Method.find("PNDMScheduler").orElseThrow();
    assertEquals(new Method(pndm.index(), "pndm", "PNDMScheduler",
                     "Liu et al. 2022, arXiv:2202.09778", 1, 5, 0, 2, Stochastic.NEVER),
        pndm);
    assertEquals(Optional.empty(), Method.find("Nope"));
    assertEquals(Optional.empty(), Method.find("DDIMScheduler\0"));
    assertEquals(Optional.empty(), Method.find("DDIM\ud83dScheduler"));
    try (Scheduler scheduler = Support.scheduler("EulerDiscreteScheduler")) {
      assertEquals(euler, scheduler.method());
    }
  }

  @Test
  public void namesAreListedAndFound() {
    final List<Name> names = Name.all();
    assertTrue(names.size() > 100);
    for (final Name name : names) {
      assertTrue(Name.find(name.name(), name.system()).isPresent());
      assertTrue(name.composition().startsWith("{"));
    }
    assertTrue(names.stream().anyMatch(name -> name.kind() == NameKind.SCHEDULE));
    final Name name = Name.find("dpm++ 2m karras", "A1111").orElseThrow();
    assertEquals("DPM++ 2M Karras", name.name());
    assertEquals(NameKind.SAMPLER, name.kind());
    try (Scheduler scheduler = Scheduler.create(name.composition());
         State state = scheduler.init(InitOptions.steps(10).elements(4))) {
      assertEquals(10, state.numSteps());
    }
    assertEquals(Optional.empty(), Name.find("Nope", null));
    assertEquals(Optional.empty(), Name.find("Euler\0", null));
    assertEquals(Optional.empty(), Name.find("Euler", "Nope"));
    assertEquals(Optional.empty(), Name.find("Euler", "A1111\0"));
    assertTrue(Name.find("Euler", null).isPresent());
  }

  @Test
  public void quirksAreDescribed() {
    try (Scheduler scheduler = Support.scheduler("DDIMScheduler");
         Scheduler own = Scheduler.create(json("{'solver': 'ddim'}"))) {
      assertFalse(scheduler.quirks().isEmpty());
      for (final String quirk : scheduler.quirks()) {
        assertTrue(Scheduler.quirkDescription(quirk).orElseThrow().length() > 20);
      }
      assertEquals(List.of(), own.quirks());
    }
    assertEquals(Optional.empty(), Scheduler.quirkDescription("nope"));
    assertEquals(Optional.empty(), Scheduler.quirkDescription("\0"));
  }

  @Test
  public void versionsAndKernels() {
    assertEquals("0.1.0", Scheduler.version());
    assertEquals(100, Scheduler.versionNumber());
    assertTrue(Kernel.REFERENCE.isAvailable() && Kernel.FUSED.isAvailable());
  }

  @Test
  public void lenientIsWarned() {
    final String config = json("{'_class_name': 'DDIMScheduler', 'colour \ud83c\udfa8': 1}");
    for (final Scheduler scheduler : List.of(Scheduler.lenient(config),
             Scheduler.lenient(config.getBytes(java.nio.charset.StandardCharsets.UTF_8)))) {
      assertEquals(1, scheduler.warnings().size());
      final String warning = scheduler.warnings().get(0);
      assertTrue(warning, warning.contains("colour \ud83c\udfa8"));
      scheduler.close();
    }
    try (Scheduler strict = Support.scheduler("DDIMScheduler")) {
      assertEquals(List.of(), strict.warnings());
    }
  }
}
