package sched_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	sched "github.com/sched/sched/bindings/go"
)

func TestErrorsOfConfigurations(t *testing.T) {
	of := func(class, keys string) string {
		return fmt.Sprintf(`{"_class_name": "%sScheduler"%s}`, class, keys)
	}
	for _, test := range []struct {
		config string
		status sched.Status
		words  string
	}{
		{"", sched.ErrJSON, ""},
		{"{", sched.ErrJSON, ""},
		{"{\"_class_name\": \"\xff\"}", sched.ErrJSON, ""},
		{"{\"_class_name\"\x00: 1}", sched.ErrJSON, ""},
		{strings.Repeat("[", 1<<20), sched.ErrJSON, ""},
		{"{}", sched.ErrUnknownClass, ""},
		{of("Nope", ""), sched.ErrUnknownClass, "Nope"},
		{of("DDIM", `, "colour": 1`), sched.ErrUnknownKey, "colour"},
		{of("DDIM", `, "beta_end": "big"`), sched.ErrType, "beta_end"},
		{of("DDIM", `, "timestep_spacing": "linspce"`), sched.ErrValue, "linspace | leading | trailing"},
		{of("EulerDiscrete", `, "use_karras_sigmas": true, "use_exponential_sigmas": true`),
			sched.ErrConflict, "use_karras_sigmas"},
	} {
		scheduler, err := sched.Create(test.config)
		if scheduler != nil {
			t.Fatalf("%.40q gave a scheduler", test.config)
		}
		expect(t, err, test.status, test.words)
		_, err = sched.Create([]byte(test.config))
		expect(t, err, test.status, test.words)
	}
	_, err := sched.Create([]byte(nil))
	expect(t, err, sched.ErrJSON, "")
}

func TestSentencesAreWhole(t *testing.T) {
	for _, key := range []string{"naïve", "色", "🎲seed🎲", `quo\"te`} {
		_, err := sched.Create(`{"_class_name": "DDIMScheduler", "` + key + `": 1}`)
		expect(t, err, sched.ErrUnknownKey, strings.ReplaceAll(key, `\`, ""))
	}
	// Longer than there is room for: cut, but not inside a character.
	_, err := sched.Create(`{"_class_name": "DDIMScheduler", "` + strings.Repeat("🎲", 4000) + `": 1}`)
	expect(t, err, sched.ErrUnknownKey, "🎲🎲🎲")
	if len(err.Error()) > 1100 {
		t.Fatalf("a sentence of %d bytes", len(err.Error()))
	}
}

func TestLenientIsWarned(t *testing.T) {
	config := `{"_class_name": "DDIMScheduler", "🎲": 1}`
	scheduler, err := sched.Create(config, sched.Lenient())
	must(t, err)
	defer scheduler.Close()
	warnings := scheduler.Warnings()
	if len(warnings) != 1 || !strings.Contains(warnings[0], "🎲") {
		t.Fatal(warnings)
	}
	warnings[0] = "changed"
	if scheduler.Warnings()[0] == "changed" {
		t.Fatal("the caller changes the scheduler")
	}
	if len(create(t, ofClass("DDIMScheduler")).Warnings()) != 0 {
		t.Fatal("warnings of nothing")
	}
}

func TestErrorsOfInit(t *testing.T) {
	ddim, ddpm := ofClass("DDIMScheduler"), ofClass("DDPMScheduler")
	for _, test := range []struct {
		config  string
		options sched.InitOptions
		status  sched.Status
		words   string
	}{
		{ddim, sched.InitOptions{Elements: n}, sched.ErrSteps, "num_steps"},
		{ddim, sched.InitOptions{NumSteps: -1, Elements: n}, sched.ErrSteps, "num_steps"},
		{ddim, sched.InitOptions{NumSteps: 1001, Elements: n}, sched.ErrSteps, "1000"},
		{ddim, sched.InitOptions{NumSteps: math.MaxInt64, Elements: n}, sched.ErrSteps, "num_steps"},
		{ddim, sched.InitOptions{NumSteps: math.MinInt64, Elements: n}, sched.ErrSteps, "num_steps"},
		// In 32 bits this would be 20.
		{ddim, sched.InitOptions{NumSteps: 1<<32 + 20, Elements: n}, sched.ErrSteps, "num_steps"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, BeginStep: 10}, sched.ErrSteps, "begin_step"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, BeginStep: -1}, sched.ErrSteps, "begin_step"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, EndStep: 11}, sched.ErrSteps, "end_step"},
		{ddim, sched.InitOptions{NumSteps: 10}, sched.ErrShape, "elements"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: -4}, sched.ErrShape, "elements"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: math.MaxInt64}, sched.ErrShape, "elements"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, Batch: -1}, sched.ErrShape, "batch"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: 1 << 40, Batch: 1 << 40}, sched.ErrShape, ""},
		{ddpm, sched.InitOptions{Timesteps: []float64{100, 500}, Elements: n}, sched.ErrTimesteps, ""},
		{ddpm, sched.InitOptions{Timesteps: []float64{900, math.NaN()}, Elements: n}, sched.ErrTimesteps, ""},
		{ddpm, sched.InitOptions{Timesteps: []float64{}, Elements: n}, sched.ErrTimesteps, "empty"},
		{ddpm, sched.InitOptions{NumSteps: 10, Timesteps: []float64{900, 100}, Elements: n}, sched.ErrConflict, "num_steps"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, SChurn: sched.Float(1)}, sched.ErrOption, "s_churn"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, Eta: sched.Float(math.NaN())}, sched.ErrValue, "eta"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, Eta: sched.Float(math.Inf(1))}, sched.ErrValue, "eta"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, Strength: sched.Float(0)}, sched.ErrValue, "strength"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, DType: sched.DTypeF64, Kernel: sched.KernelFused}, sched.ErrDType, "float64"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, DType: 99}, sched.ErrDType, ""},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, Kernel: 99}, sched.ErrUnsupported, "kernel 99"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, Batch: 3, ItemSeeds: []uint64{1, 2}}, sched.ErrArgument, "item_seeds has 2"},
		{ddim, sched.InitOptions{NumSteps: 10, Elements: n, ItemSeeds: []uint64{}}, sched.ErrArgument, "item_seeds has 0"},
	} {
		state, err := create(t, test.config).Init(test.options)
		if state != nil {
			t.Fatalf("%+v gave a state", test.options)
		}
		expect(t, err, test.status, test.words)
	}
}

// Each is refused, leaves sample, output and state as they were, and the right step then gives what
// it always gave.
func TestErrorsOfStepsChangeNothing(t *testing.T) {
	const class = "DPMSolverMultistepScheduler"
	x := full(n, 0.5)
	f := predict(x)
	short, long, twice := make([]float32, n-1), make([]float32, n+1), make([]float32, 2*n)
	doubles := make([]float64, n)
	wide := func(change func(*sched.StepArgs)) func(*sched.State, []float32) error {
		return func(s *sched.State, next []float32) error {
			args := sched.StepArgs{Sample: sched.F32(x), Prediction: sched.F32(f), Next: sched.F32(next)}
			change(&args)
			return s.StepWide(args)
		}
	}
	two := []float64{1, 2}
	right := make([]float32, n)
	state := start(t, class)
	must(t, state.Step(x, f, right))
	must(t, state.Step(x, f, right))
	for i, test := range []struct {
		status sched.Status
		words  string
		run    func(s *sched.State, next []float32) error
	}{
		{sched.ErrShape, "sample", func(s *sched.State, next []float32) error { return s.Step(short, f, next) }},
		{sched.ErrShape, "sample", func(s *sched.State, next []float32) error { return s.Step([]float32{}, f, next) }},
		{sched.ErrArgument, "sample", func(s *sched.State, next []float32) error { return s.Step(nil, f, next) }},
		{sched.ErrShape, "prediction", func(s *sched.State, next []float32) error { return s.Step(x, long, next) }},
		{sched.ErrShape, "prediction", func(s *sched.State, next []float32) error { return s.Step(x, twice, next) }},
		{sched.ErrShape, "prediction", func(s *sched.State, next []float32) error { return s.Step(x, []float32{}, next) }},
		{sched.ErrArgument, "prediction", func(s *sched.State, next []float32) error { return s.Step(x, nil, next) }},
		{sched.ErrShape, "next", func(s *sched.State, next []float32) error { return s.Step(x, f, next[:3]) }},
		{sched.ErrShape, "next", func(s *sched.State, next []float32) error { return s.Step(x, f, []float32{}) }},
		{sched.ErrArgument, "next", func(s *sched.State, next []float32) error { return s.Step(x, f, nil) }},
		{sched.ErrDType, "sample", wide(func(a *sched.StepArgs) { a.Sample = sched.F64(doubles) })},
		{sched.ErrDType, "next", wide(func(a *sched.StepArgs) { a.Next = sched.F64(doubles) })},
		{sched.ErrOverlap, "", func(s *sched.State, next []float32) error { return s.Step(twice[:n], f, twice[1:n+1]) }},
		{sched.ErrOverlap, "", func(s *sched.State, next []float32) error { return s.Step(x, next, next) }},
		{sched.ErrOverlap, "", wide(func(a *sched.StepArgs) { a.Denoised = a.Next })},
		{sched.ErrOverlap, "", wide(func(a *sched.StepArgs) { a.NextInput = sched.F32(f) })},
		{sched.ErrOption, "noise", wide(func(a *sched.StepArgs) { a.Noise[0] = sched.F32(x) })},
		{sched.ErrOption, "noise", wide(func(a *sched.StepArgs) { a.Noise = [2]sched.Tensor{sched.F32(x), sched.F32(x)} })},
		{sched.ErrValue, "guidance_scale", wide(func(a *sched.StepArgs) {
			a.Unconditional, a.GuidanceScale = sched.F32(f), math.NaN()
		})},
		{sched.ErrArgument, "GuidanceScale", wide(func(a *sched.StepArgs) { a.GuidanceScale = 7.5 })},
		{sched.ErrShape, "unconditional", wide(func(a *sched.StepArgs) {
			a.Unconditional, a.GuidanceScale = sched.F32(short), 2
		})},
		{sched.ErrShape, "denoised", wide(func(a *sched.StepArgs) { a.Denoised = sched.F32(make([]float32, 1)) })},
		{sched.ErrShape, "denoised", wide(func(a *sched.StepArgs) { a.Denoised = sched.F32([]float32{}) })},
		{sched.ErrShape, "next_input", wide(func(a *sched.StepArgs) { a.NextInput = sched.F32(make([]float32, 1)) })},
		{sched.ErrShape, "mask", wide(func(a *sched.StepArgs) { a.Mask, a.Original = sched.F32(short), sched.F32(x) })},
		{sched.ErrShape, "original", wide(func(a *sched.StepArgs) { a.Mask, a.Original = sched.F32(x), sched.F32(short) })},
		{sched.ErrArgument, "original", wide(func(a *sched.StepArgs) { a.Mask = sched.F32(x) })},
		{sched.ErrArgument, "mask", wide(func(a *sched.StepArgs) { a.KnownNoise = sched.F32(x) })},
		{sched.ErrOption, "group_timesteps", wide(func(a *sched.StepArgs) { a.GroupTimesteps = two })},
		{sched.ErrArgument, "group_timesteps has 3", wide(func(a *sched.StepArgs) { a.GroupTimesteps = []float64{1, 2, 3} })},
		{sched.ErrArgument, "group_timesteps has 0", wide(func(a *sched.StepArgs) { a.GroupTimesteps = []float64{} })},
		{sched.ErrArgument, "group_targets has 1", wide(func(a *sched.StepArgs) {
			a.GroupTimesteps, a.GroupTargets = two, []float64{1}
		})},
		{sched.ErrArgument, "group_targets", wide(func(a *sched.StepArgs) { a.GroupTargets = two })},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			state := start(t, class)
			next := make([]float32, n)
			must(t, state.Step(x, f, next))
			saved, before := value(state.Save()), bits(next)
			expect(t, test.run(state, next), test.status, test.words)
			if !reflect.DeepEqual(value(state.Save()), saved) || bits(next) != before {
				t.Fatal("it changed something")
			}
			must(t, state.Step(x, f, next))
			same(t, next, right, "the step after")
		})
	}
}

func TestErrorsOfOtherTensors(t *testing.T) {
	state := start(t, "DDIMScheduler")
	x, out, short := make([]float32, n), make([]float32, n), make([]float32, 3)
	expect(t, state.InitialNoise(short), sched.ErrShape, "out")
	expect(t, state.InitialNoise([]float32{}), sched.ErrShape, "out")
	expect(t, state.InitialNoise(nil), sched.ErrArgument, "out")
	expect(t, state.InitialNoiseTensor(sched.Tensor{}), sched.ErrArgument, "out")
	expect(t, state.InitialNoiseTensor(sched.F64(make([]float64, n))), sched.ErrDType, "")
	expect(t, state.ScaleInput(short, out), sched.ErrShape, "sample")
	expect(t, state.ScaleInput(x, short), sched.ErrShape, "out")
	expect(t, state.ScaleInput(nil, out), sched.ErrArgument, "sample")
	both := make([]float32, n+1)
	expect(t, state.ScaleInput(both[1:], both[:n]), sched.ErrOverlap, "")
	expect(t, state.AddNoise(99, x, nil, out), sched.ErrSteps, "99")
	expect(t, state.AddNoise(-1, x, nil, out), sched.ErrSteps, "-1")
	expect(t, state.AddNoise(math.MaxInt64, x, nil, out), sched.ErrSteps, "")
	expect(t, state.AddNoise(0, x, make([]float32, 2), out), sched.ErrShape, "noise")
	expect(t, state.AddNoise(0, x, []float32{}, out), sched.ErrShape, "noise")
	expect(t, state.AddNoise(0, short, nil, short), sched.ErrShape, "original")
	draws := start(t, "EulerAncestralDiscreteScheduler")
	for _, noise := range [][]float32{short, {}} {
		args := sched.StepArgs{Sample: sched.F32(x), Prediction: sched.F32(full(n, 1)), Next: sched.F32(out)}
		args.Noise[0] = sched.F32(noise)
		expect(t, draws.StepWide(args), sched.ErrShape, "noise[0]")
	}
	_, err := state.CallAt(10)
	expect(t, err, sched.ErrSteps, "")
	_, err = state.CallAt(-1)
	expect(t, err, sched.ErrSteps, "")
	_, err = state.Weights(math.MaxInt64)
	expect(t, err, sched.ErrSteps, "")
	for _, time := range []float64{0.5, -1, math.NaN(), math.Inf(1)} {
		_, err = state.StepForTimestep(time)
		expect(t, err, sched.ErrValue, "")
	}
	if value(state.CallEndsStep(10)) || value(state.CallEndsStep(math.MinInt64)) {
		t.Fatal("a call that is not there ends a step")
	}
}

func TestErrorsOfLoopsWithoutAPlan(t *testing.T) {
	state := adaptive(t)
	_, err := state.Timesteps()
	expect(t, err, sched.ErrUnsupported, "")
	_, err = state.CallAt(0)
	expect(t, err, sched.ErrUnsupported, "")
	_, err = state.Weights(0)
	expect(t, err, sched.ErrUnsupported, "")
	x, f := full(n, 1), full(n, 0.5)
	for {
		call, _, err := state.NextCall()
		must(t, err)
		if call.EndsStep {
			break
		}
		must(t, state.Step(x, f, x))
	}
	f[2] = float32(math.NaN())
	expect(t, state.Step(x, f, x), sched.ErrNotFinite, "finite")
}

func TestFinishedLoopsStayFinished(t *testing.T) {
	state := start(t, "DDIMScheduler")
	x := whole(t, state)
	before := bits(x)
	for i := 0; i < 3; i++ {
		expect(t, state.Step(x, full(n, 1), x), sched.ErrFinished, "")
		expect(t, state.ScaleInput(x, x), sched.ErrFinished, "")
		if _, more, err := state.NextCall(); more || err != nil {
			t.Fatal(more, err)
		}
	}
	if bits(x) != before || value(state.CallsDone()) != 10 {
		t.Fatal("a finished loop went on")
	}
}

func TestErrorsOfSavedBytes(t *testing.T) {
	state := start(t, "DPMSolverMultistepScheduler")
	x := make([]float32, n)
	must(t, state.InitialNoise(x))
	must(t, state.Step(x, predict(x), x))
	bytes := value(state.Save())
	expect(t, state.Load(nil), sched.ErrDamaged, "")
	expect(t, state.Load([]byte{}), sched.ErrDamaged, "")
	expect(t, state.Load(append(append([]byte(nil), bytes...), 0)), sched.ErrDamaged, "")
	for i := range bytes {
		expect(t, state.Load(bytes[:i]), sched.ErrDamaged, "")
		changed := append([]byte(nil), bytes...)
		changed[i] ^= 1
		if err := state.Load(changed); !errors.Is(err, sched.ErrDamaged) && !errors.Is(err, sched.ErrMismatch) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	expect(t, state.Load(value(start(t, "DDIMScheduler").Save())), sched.ErrMismatch, "")
	if !reflect.DeepEqual(value(state.Save()), bytes) {
		t.Fatal("a load that failed changed the state")
	}
	must(t, state.Load(bytes))
}

func TestKindsHaveNamesAndCodes(t *testing.T) {
	names := map[string]bool{}
	for code := sched.Status(-1); code >= -26; code-- {
		name := code.Error()
		if !strings.HasPrefix(name, "SCHED_ERROR_") || names[name] {
			t.Fatalf("%d is %q", code, name)
		}
		names[name] = true
	}
	unknown := sched.Status(-999)
	if names[unknown.Error()] || unknown.Error() == "" {
		t.Fatal(unknown.Error())
	}
	e := &sched.Error{Status: sched.ErrShape, Sentence: "a sentence"}
	if e.Error() != "SCHED_ERROR_SHAPE: a sentence" || (&sched.Error{Status: sched.ErrShape}).Error() != "SCHED_ERROR_SHAPE" {
		t.Fatal(e)
	}
	if !errors.Is(fmt.Errorf("wrapped: %w", e), sched.ErrShape) || errors.Is(e, sched.ErrDType) {
		t.Fatal("errors.Is")
	}
}
