package sched_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	sched "github.com/sched/sched/bindings/go"
)

func TestInPlaceWideAndApartGiveTheSameBits(t *testing.T) {
	run := func(class string, step func(state *sched.State, x, f []float32) error) []float32 {
		state := start(t, class)
		x := make([]float32, n)
		must(t, state.InitialNoise(x))
		for i := 0; i < state.NumCalls(); i++ {
			must(t, step(state, x, predict(x)))
		}
		return x
	}
	for _, class := range classes {
		apart := run(class, func(state *sched.State, x, f []float32) error {
			next := make([]float32, n)
			err := state.Step(x, f, next)
			copy(x, next)
			return err
		})
		inPlace := run(class, func(state *sched.State, x, f []float32) error {
			return state.Step(x, f, x)
		})
		wide := run(class, func(state *sched.State, x, f []float32) error {
			return state.StepWide(sched.StepArgs{
				Sample: sched.F32(x), Prediction: sched.F32(f), Next: sched.F32(x),
			})
		})
		same(t, apart, inPlace, class)
		same(t, apart, wide, class)
		for _, x := range apart {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				t.Fatalf("%s: %v", class, apart)
			}
		}
	}
}

func TestTheCallsAreTheLists(t *testing.T) {
	for _, class := range classes {
		state := start(t, class)
		times, sigmas, levels := value(state.Timesteps()), value(state.Sigmas()), value(state.Levels())
		if len(times) != state.NumCalls() || len(sigmas) != state.NumSteps()+1 || len(levels) != len(sigmas) {
			t.Fatalf("%s: %d times, %d sigmas, %d levels", class, len(times), len(sigmas), len(levels))
		}
		ends := 0
		for i, time := range times {
			call := value(state.CallAt(i))
			if call.Timestep != time || !call.NeedsModel {
				t.Fatalf("%s: %+v, not %v", class, call, time)
			}
			if call.EndsStep != value(state.CallEndsStep(i)) {
				t.Fatalf("%s: call %d ends a step, or not", class, i)
			}
			if call.EndsStep {
				ends++
			}
		}
		if ends != state.NumSteps() || ends != 10 {
			t.Fatalf("%s: %d of %d calls end steps", class, ends, len(times))
		}
		next, more, err := state.NextCall()
		must(t, err)
		first := value(state.CallAt(0))
		if !more || next != first || next.Step != 0 || next.Stage != 0 {
			t.Fatalf("%s: %+v is next, not %+v", class, next, first)
		}
		if value(state.InputScale()) != next.InputScale || value(state.NextDraws()) != next.Draws {
			t.Fatalf("%s: the next call is %+v", class, next)
		}
		if state.Batch() != 2 || state.Elements() != n/2 || state.PredictionElements() != n/2 {
			t.Fatalf("%s: shape", class)
		}
		if value(state.Bytes()) <= 0 || !value(state.CanContinue()) || value(state.CallsDone()) != 0 {
			t.Fatalf("%s: a new state", class)
		}
		if !(state.InitNoiseSigma() > 0) || state.Kernel() == sched.KernelDefault {
			t.Fatalf("%s: %v, kernel %v", class, state.InitNoiseSigma(), state.Kernel())
		}
	}
	state := start(t, "DDIMScheduler")
	for step, time := range value(state.Timesteps()) {
		if value(state.StepForTimestep(time)) != step {
			t.Fatalf("step %d does not begin at %v", step, time)
		}
	}
}

func TestLearnedVarianceDoublesThePrediction(t *testing.T) {
	state := begin(t, `{"_class_name": "DDPMScheduler", "variance_type": "learned_range"}`, tenSteps())
	if state.PredictionElements() != n {
		t.Fatal(state.PredictionElements())
	}
	x := full(n, 0.5)
	must(t, state.Step(x, full(2*n, 0.25), x))
}

func TestWideStepsGivePreviewsAndInputs(t *testing.T) {
	state := start(t, "EulerDiscreteScheduler")
	x, next, preview, input, scaled := make([]float32, n), make([]float32, n), make([]float32, n),
		make([]float32, n), make([]float32, n)
	must(t, state.InitialNoise(x))
	call, _, err := state.NextCall()
	must(t, err)
	f := predict(x)
	must(t, state.StepWide(sched.StepArgs{
		Sample: sched.F32(x), Prediction: sched.F32(f), Next: sched.F32(next),
		Denoised: sched.F32(preview), NextInput: sched.F32(input),
	}))
	for i := range x {
		if math.Abs(float64(preview[i])-(float64(x[i])-call.Sigma*float64(f[i]))) > 1e-5*call.Sigma {
			t.Fatalf("preview %v", preview)
		}
	}
	must(t, state.ScaleInput(next, scaled))
	// One pass rounds once, two calls round twice.
	close32(t, input, scaled, 1e-5)
	must(t, state.ScaleInput(next, next))
	same(t, scaled, next, "in place")
}

func TestGuidanceIsAPrediction(t *testing.T) {
	x := full(n, 0.3)
	positive, negative, mixed := predict(x), full(n, 0.25), make([]float32, n)
	for i, p := range positive {
		mixed[i] = 0.25 + 7.5*(p-0.25)
	}
	step := func(args sched.StepArgs) []float32 {
		next := make([]float32, n)
		args.Sample, args.Next = sched.F32(x), sched.F32(next)
		must(t, start(t, "DDIMScheduler").StepWide(args))
		return next
	}
	guided := step(sched.StepArgs{
		Prediction: sched.F32(positive), Unconditional: sched.F32(negative), GuidanceScale: 7.5,
	})
	close32(t, guided, step(sched.StepArgs{Prediction: sched.F32(mixed)}), 1e-6)
	// A scale of 0 is a scale like any other.
	none := step(sched.StepArgs{Prediction: sched.F32(positive), Unconditional: sched.F32(negative)})
	close32(t, none, step(sched.StepArgs{Prediction: sched.F32(negative)}), 1e-6)
}

// Chung et al. 2024, arXiv:2406.08070: x0 as guided, the way on as the unconditional prediction says.
func TestCfgPpTakesTheUnconditionalPrediction(t *testing.T) {
	state := begin(t, `{"solver": "euler_cfg_pp", "parameterization": {"frame": "ve"}}`,
		sched.InitOptions{NumSteps: 5, Elements: n})
	x, guided, negative, next := make([]float32, n), full(n, 0.2), full(n, -0.4), make([]float32, n)
	must(t, state.InitialNoise(x))
	expect(t, state.Step(x, guided, next), sched.ErrArgument, "unconditional")
	call, _, err := state.NextCall()
	must(t, err)
	must(t, state.StepWide(sched.StepArgs{
		Sample: sched.F32(x), Prediction: sched.F32(guided), Unconditional: sched.F32(negative),
		GuidanceScale: 1, Next: sched.F32(next),
	}))
	after, _, err := state.NextCall()
	must(t, err)
	for i := range x {
		want := float64(x[i]) - call.Sigma*0.2 + after.Sigma*-0.4
		if math.Abs(float64(next[i])-want) > 1e-5*call.Sigma {
			t.Fatalf("element %d is %v, not %v", i, next[i], want)
		}
	}
}

func TestNoiseOfTheCallersAndNone(t *testing.T) {
	x := full(n, 0.5)
	step := func(args sched.StepArgs) []float32 {
		state := start(t, "EulerAncestralDiscreteScheduler")
		if value(state.NextDraws()) != 1 {
			t.Fatal("no draw")
		}
		next := make([]float32, n)
		args.Sample, args.Prediction, args.Next = sched.F32(x), sched.F32(predict(x)), sched.F32(next)
		must(t, state.StepWide(args))
		return next
	}
	zero := step(sched.StepArgs{Noise: [2]sched.Tensor{sched.F32(make([]float32, n))}})
	same(t, zero, step(sched.StepArgs{WithoutNoise: true}), "without noise")
	if bits(zero) == bits(step(sched.StepArgs{})) {
		t.Fatal("a step that draws draws nothing")
	}
}

func TestMasksKeepTheOriginal(t *testing.T) {
	state, plain := start(t, "DDIMScheduler"), start(t, "DDIMScheduler")
	x, y, mask := make([]float32, n), make([]float32, n), make([]float32, n)
	copy(mask, full(n/2, 1))
	must(t, state.InitialNoise(x))
	must(t, plain.InitialNoise(y))
	f := predict(x)
	must(t, state.StepWide(sched.StepArgs{
		Sample: sched.F32(x), Prediction: sched.F32(f), Next: sched.F32(x),
		Mask: sched.F32(mask), Original: sched.F32(full(n, 0.25)), KnownNoise: sched.F32(full(n, 0.1)),
	}))
	must(t, plain.Step(y, f, y))
	level, _, err := state.NextCall()
	must(t, err)
	close32(t, x[:n/2], full(n/2, float32(level.Alpha*0.25+level.Sigma*0.1)), 1e-6)
	same(t, x[n/2:], y[n/2:], "painted")
}

func TestGroupsGoTheirOwnWays(t *testing.T) {
	state := begin(t, ofClass("FlowMapEulerDiscreteScheduler"),
		sched.InitOptions{NumSteps: 10, Batch: 2, Elements: 6})
	// Three tokens of two values for each item.
	times := []float64{1000, 700, 500, 250, 125, 10}
	targets := []float64{0, 650, 500, 0, 100, 5}
	x, f, next, expected := make([]float32, 12), make([]float32, 12), make([]float32, 12), make([]float32, 12)
	for i := range x {
		x[i], f[i] = float32(i)/10, 1-float32(i)/7
		expected[i] = float32(float64(x[i]) - (times[i/2]-targets[i/2])/1000*float64(f[i]))
	}
	must(t, state.StepWide(sched.StepArgs{
		Sample: sched.F32(x), Prediction: sched.F32(f), Next: sched.F32(next),
		GroupTimesteps: times, GroupTargets: targets,
	}))
	close32(t, next, expected, 1e-6)
}

func TestSavedLoadedAndClonedGoOnToTheSameBits(t *testing.T) {
	for _, class := range classes {
		state := start(t, class)
		x := make([]float32, n)
		must(t, state.InitialNoise(x))
		for i := 0; i < state.NumCalls()/2; i++ {
			must(t, state.Step(x, predict(x), x))
		}
		bytes := value(state.Save())
		clone := value(state.Clone())
		defer clone.Close()
		loaded := start(t, class)
		must(t, loaded.Load(bytes))
		if !reflect.DeepEqual(value(loaded.Save()), bytes) {
			t.Fatalf("%s: saved, loaded and saved again", class)
		}
		if clone.NumCalls() != state.NumCalls() || value(clone.CallsDone()) != state.NumCalls()/2 {
			t.Fatalf("%s: the clone is elsewhere", class)
		}
		straight := finish(t, state, x)
		must(t, state.Close())
		same(t, straight, finish(t, clone, x), class)
		same(t, straight, finish(t, loaded, x), class)
	}
}

func TestWeightsAreTheStep(t *testing.T) {
	state := start(t, "EulerDiscreteScheduler")
	weights := value(state.Weights(0))
	call := value(state.CallAt(0))
	if weights.Timestep != call.Timestep || weights.InputScale != call.InputScale {
		t.Fatalf("%+v of %+v", weights, call)
	}
	row := weights.Rows[0]
	if row.Output != sched.OutputNext || weights.Clip != sched.ClipNone || weights.Gain != sched.GainNone {
		t.Fatalf("%+v", weights)
	}
	x, next := full(n, 3), make([]float32, n)
	f := predict(x)
	must(t, state.Step(x, f, next))
	sum := row.Weight[sched.InputSample]*3 + row.Weight[sched.InputPrediction]*float64(f[0])
	close32(t, next, full(n, float32(sum)), 1e-6)

	clipped := value(start(t, "DDPMScheduler").Weights(1))
	if clipped.Clip != sched.ClipRange || clipped.ClipRange != 1 || clipped.Draws != 1 {
		t.Fatalf("%+v", clipped)
	}
	next0 := clipped.Rows[0].Weight
	if next0[sched.InputDenoised] == 0 || next0[sched.InputNoise0] == 0 || clipped.Denoised[sched.InputSample] == 0 {
		t.Fatalf("%+v", clipped)
	}
}

func TestWeightsSayHowX0IsClippedAndNoiseScaled(t *testing.T) {
	clipped := value(begin(t, `{"_class_name": "DDIMScheduler", "thresholding": true,
		"dynamic_thresholding_ratio": 0.75, "sample_max_value": 3}`, tenSteps()).Weights(0))
	if clipped.Clip != sched.ClipQuantile || clipped.Quantile != 0.75 || clipped.QuantileMax != 3 {
		t.Fatalf("%+v", clipped)
	}
	learned := value(begin(t, `{"_class_name": "DDPMScheduler", "variance_type": "learned_range"}`,
		tenSteps()).Weights(0))
	if learned.Gain != sched.GainExponential || learned.GainSlope == 0 || learned.GainOffset == 0 {
		t.Fatalf("%+v", learned)
	}
}

func TestNoiseIsAddedAtALevel(t *testing.T) {
	state := start(t, "DDIMScheduler")
	x, with, own := full(n, 0.5), make([]float32, n), make([]float32, n)
	must(t, state.AddNoise(3, x, full(n, 0.25), with))
	level := value(state.Levels())[3]
	close32(t, with, full(n, float32(level.Alpha*0.5+level.Sigma*0.25)), 1e-6)
	must(t, state.AddNoise(3, x, nil, own))
	must(t, state.AddNoise(3, x, nil, x))
	same(t, x, own, "in place")
	if bits(own) == bits(with) {
		t.Fatal("the normals are the same")
	}
}

func TestCallsWithoutAModel(t *testing.T) {
	state := begin(t, ofClass("KarrasVeScheduler"), sched.InitOptions{NumSteps: 5, Elements: n})
	without := 0
	for i := 0; i < state.NumCalls(); i++ {
		if !value(state.CallAt(i)).NeedsModel {
			without++
		}
	}
	if without == 0 {
		t.Fatal("every call needs a model")
	}
	for _, x := range whole(t, state) {
		if math.IsNaN(float64(x)) {
			t.Fatal("NaN")
		}
	}
	if value(state.CallsDone()) != state.NumCalls() {
		t.Fatal("not finished")
	}
}

func adaptive(t testing.TB) *sched.State {
	return begin(t, `{"solver": "dpm_adaptive", "parameterization": {"frame": "ve"}}`,
		sched.InitOptions{Sigmas: []float64{10, 0.1}, Elements: n})
}

func TestALoopThatChoosesItsSteps(t *testing.T) {
	state := adaptive(t)
	if state.NumCalls() != -1 {
		t.Fatal(state.NumCalls())
	}
	x, f := make([]float32, n), make([]float32, n)
	must(t, state.InitialNoise(x))
	for {
		call, more, err := state.NextCall()
		must(t, err)
		if !more {
			break
		}
		if call.Step != -1 {
			t.Fatalf("%+v", call)
		}
		for i := range x {
			// Epsilon of data that is 0.5 everywhere.
			f[i] = (x[i] - 0.5) / float32(call.Sigma)
		}
		must(t, state.Step(x, f, x))
	}
	accepted, rejected, err := state.Attempts()
	must(t, err)
	if accepted < 1 || rejected < 0 {
		t.Fatal(accepted, rejected)
	}
	for _, value := range x {
		// What is left is the last level's noise.
		if math.Abs(float64(value)-0.5) > 0.1*5 {
			t.Fatal(x)
		}
	}
}

func TestEveryDType(t *testing.T) {
	options := sched.InitOptions{NumSteps: 10, Elements: n, DType: sched.DTypeF64, Kernel: sched.KernelReference}
	step := func(options sched.InitOptions, sample, next sched.Tensor) {
		t.Helper()
		state := begin(t, ofClass("DDIMScheduler"), options)
		if options.Kernel != 0 && state.Kernel() != options.Kernel {
			t.Fatal(state.Kernel())
		}
		must(t, state.StepTensor(sample, sample, next))
	}
	halves64, reference := make([]float64, n), make([]float64, n)
	for i := range halves64 {
		halves64[i] = 0.5
	}
	step(options, sched.F64(halves64), sched.F64(reference))

	options.DType, options.Kernel = 0, 0
	single := make([]float32, n)
	step(options, sched.F32(full(n, 0.5)), sched.F32(single))
	close32(t, single, full(n, float32(reference[0])), 1e-7)

	bits, out := make([]uint16, n), make([]uint16, n)
	for i := range bits {
		bits[i] = 0x3f00 // 0.5 in bfloat16
	}
	options.DType = sched.DTypeBF16
	step(options, sched.BF16(bits), sched.BF16(out))
	if got := math.Float32frombits(uint32(out[n-1]) << 16); math.Abs(float64(got)-reference[0]) > 4e-3 {
		t.Fatal(got, reference[0])
	}

	for i := range bits {
		bits[i] = 0x3800 // 0.5 in binary16
	}
	options.DType = sched.DTypeF16
	step(options, sched.F16(bits), sched.F16(out))
	half := (1 + float64(out[0]&0x3ff)/1024) * math.Pow(2, float64(int(out[0]>>10&31)-15))
	if math.Abs(half-reference[0]) > 5e-4 {
		t.Fatal(half, reference[0])
	}
	if tensor := sched.F16(bits); tensor.Len() != n || tensor.DType() != sched.DTypeF16 {
		t.Fatal(tensor)
	}
}

func TestHalvesOfEveryFunction(t *testing.T) {
	options := tenSteps()
	options.DType = sched.DTypeF16
	state := begin(t, ofClass("EulerDiscreteScheduler"), options)
	x, out := make([]uint16, n), make([]uint16, n)
	must(t, state.InitialNoiseTensor(sched.F16(x)))
	must(t, state.ScaleInputTensor(sched.F16(x), sched.F16(out)))
	must(t, state.AddNoiseTensor(0, sched.F16(out), sched.F16(x), sched.F16(out)))
	zero := make([]uint16, n)
	if reflect.DeepEqual(x, zero) || reflect.DeepEqual(out, zero) || reflect.DeepEqual(x, out) {
		t.Fatal(x, out)
	}
}

func TestSeedsBelongToItems(t *testing.T) {
	noise := func(options sched.InitOptions, length int) []float32 {
		options.NumSteps, options.Elements = 5, 8
		x := make([]float32, length)
		must(t, begin(t, ofClass("DDIMScheduler"), options).InitialNoise(x))
		return x
	}
	both := noise(sched.InitOptions{Batch: 2, ItemSeeds: []uint64{7, math.MaxUint64}}, 16)
	same(t, both[:8], noise(sched.InitOptions{Seed: 7}, 8), "seed 7")
	same(t, both[8:], noise(sched.InitOptions{Seed: math.MaxUint64}, 8), "the largest seed")
}

func TestNaNStaysWhereItIs(t *testing.T) {
	state := start(t, "DPMSolverMultistepScheduler")
	x, next := full(n, 0.5), make([]float32, n)
	f := predict(x)
	f[3] = float32(math.NaN())
	must(t, state.Step(x, f, next))
	for i, value := range next {
		if math.IsNaN(float64(value)) != (i == 3) {
			t.Fatal(next)
		}
	}
}

func TestCustomListsAndParts(t *testing.T) {
	euler := ofClass("EulerDiscreteScheduler")
	sigmas := []float64{14, 5, 1, 0}
	if got := value(begin(t, euler, sched.InitOptions{Sigmas: sigmas, Elements: 4}).Sigmas()); !reflect.DeepEqual(got, sigmas) {
		t.Fatal(got)
	}
	times := []float64{900, 500, 100}
	if got := value(begin(t, euler, sched.InitOptions{Timesteps: times, Elements: 4}).Timesteps()); !reflect.DeepEqual(got, times) {
		t.Fatal(got)
	}
	part := sched.InitOptions{NumSteps: 10, Elements: 4, BeginStep: 3, EndStep: 7}
	if got := begin(t, euler, part).NumSteps(); got != 4 {
		t.Fatal(got)
	}
	late := sched.InitOptions{NumSteps: 10, Elements: 4, Strength: sched.Float(0.3)}
	if got := begin(t, euler, late).NumSteps(); got != 3 {
		t.Fatal(got)
	}
}

// Each option arrives at its own place: it changes a loop that has it, or is refused by name by one
// that has not.
func TestEveryOptionArrives(t *testing.T) {
	base := sched.InitOptions{NumSteps: 4, Elements: 4}
	type change func(o *sched.InitOptions)
	for _, test := range []struct {
		config string
		change change
		words  string // of the refusal; "" where it is accepted
	}{
		{ofClass("DDPMScheduler"), func(o *sched.InitOptions) { o.Eta = sched.Float(0) }, "eta"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.Mu = sched.Float(0) }, "mu"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.SChurn = sched.Float(0) }, "s_churn"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.STmin = sched.Float(0) }, "s_tmin"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.STmax = sched.Float(0) }, "s_tmax"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.SNoise = sched.Float(0) }, "s_noise"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.Order = 2 }, "order"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.OriginalInferenceSteps = 50 }, "original_inference_steps"},
		{ofClass("DDPMScheduler"), func(o *sched.InitOptions) { o.UseClippedModelOutput = true }, "use_clipped_model_output"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.NumTrainTimesteps = 500 }, "num_train_timesteps"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.JumpLength = 2 }, "jump_length"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.JumpNSample = 2 }, "jump_n_sample"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.MaxTimesteps = sched.Float(1.5) }, "max_timesteps"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.IntermediateTimesteps = sched.Float(0) }, "intermediate_timesteps"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.StageIndex = sched.Int(0) }, "stage_index"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.IsAmplifyFirstChunk = true }, "is_amplify_first_chunk"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.RecordedInFlight = 1 }, "recorded_in_flight"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.RecordedGroups = 1 }, "recorded_groups"},
		{ofClass("DDIMScheduler"), func(o *sched.InitOptions) { o.Eta = sched.Float(0.5) }, ""},
		{ofClass("LMSDiscreteScheduler"), func(o *sched.InitOptions) { o.Order = 2 }, ""},
		{ofClass("LCMScheduler"), func(o *sched.InitOptions) { o.OriginalInferenceSteps = 100 }, ""},
	} {
		options := base
		test.change(&options)
		scheduler := create(t, test.config)
		state, err := scheduler.Init(options)
		if test.words != "" {
			expect(t, err, sched.ErrOption, test.words)
			continue
		}
		must(t, err)
		plain := value(scheduler.Init(base))
		if bits(whole(t, state)) == bits(whole(t, plain)) {
			t.Fatalf("%s: the option changes nothing", test.config)
		}
		state.Close()
		plain.Close()
	}
}

// What torch.manual_seed(0); torch.randn(12) begins with.
func TestTorchDrawsTheFirstSample(t *testing.T) {
	state := begin(t, ofClass("DDPMScheduler"), sched.InitOptions{
		NumSteps: 10, Elements: 12, Generator: sched.GeneratorTorchCPU, DrawPolicy: sched.DrawsDiffusers,
	})
	x := make([]float32, 12)
	must(t, state.InitialNoise(x))
	same(t, x[:4], []float32{1.5409961, -0.2934289, -2.1787894, 0.56843126}, "torch.randn(12)")
}

func TestNoiseIsHandedInWhereThereIsNoGenerator(t *testing.T) {
	state := begin(t, ofClass("DDPMScheduler"), sched.InitOptions{
		NumSteps: 10, Elements: 12, Generator: sched.GeneratorCaller,
	})
	x := make([]float32, 12)
	expect(t, state.Step(x, make([]float32, 12), x), sched.ErrArgument, "noise[0]")
}

func TestOptionsOfTheNoiseArrive(t *testing.T) {
	for words, set := range map[string]func(*sched.InitOptions){
		"k_diffusion":                            func(o *sched.InitOptions) { o.DrawPolicy = sched.DrawsKDiffusion },
		"noise_dtype is float64":                 func(o *sched.InitOptions) { o.NoiseDType = sched.DTypeF64 },
		"extra_draws is -7":                      func(o *sched.InitOptions) { o.ExtraDraws = -7 },
		"first_sample_draw is -3":                func(o *sched.InitOptions) { o.FirstSampleDraw = -3 },
		"cuda_multiprocessors is 5000":           func(o *sched.InitOptions) { o.CUDAMultiprocessors = 5000 },
		"cuda_threads_per_multiprocessor is 300": func(o *sched.InitOptions) { o.CUDAMultiprocessors, o.CUDAThreadsPerMultiprocessor = 1, 300 },
		"whole_batch is 1":                       func(o *sched.InitOptions) { o.WholeBatch = 1 },
		"whole_elements is 3":                    func(o *sched.InitOptions) { o.WholeElements = 3 },
		"first_item is 7":                        func(o *sched.InitOptions) { o.FirstItem = 7 },
		"first_element is 9":                     func(o *sched.InitOptions) { o.FirstElement = 9 },
	} {
		options := sched.InitOptions{NumSteps: 10, Batch: 2, Elements: 12}
		set(&options)
		if options.CUDAMultiprocessors != 0 {
			options.Generator = sched.GeneratorTorchCUDA
		}
		_, err := create(t, ofClass("DDPMScheduler")).Init(options)
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", words, err)
		}
	}
}

func TestCardsHaveNames(t *testing.T) {
	cards := sched.CUDACards()
	if len(cards) < 20 {
		t.Fatal(cards)
	}
	for _, card := range cards {
		options := sched.InitOptions{NumSteps: 10, Elements: 12, Generator: sched.GeneratorTorchCUDA}
		must(t, options.UseCUDACard(card))
		begin(t, ofClass("DDPMScheduler"), options)
	}
	var options sched.InitOptions
	expect(t, options.UseCUDACard("Abacus"), sched.ErrValue, "Abacus")
}
