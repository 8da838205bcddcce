package sched_test

import (
	"math"
	"math/rand"
	"testing"

	sched "github.com/sched/sched/bindings/go"
)

// Whatever the options are, and whatever the tensors, there is an error or a step: no panic, no
// crash, and no more calls than there are.
func TestNothingCrashes(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	integers := []int{0, 0, 0, 1, 2, 5, 7, -1, 1000, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64}
	numbers := []float64{0, 1, 0.5, -1, 1e-300, 1e300, math.NaN(), math.Inf(1), math.Inf(-1), -1e300}
	integer := func() int { return integers[random.Intn(len(integers))] }
	rarely := func() bool { return random.Intn(8) == 0 }
	number := func() *float64 {
		if !rarely() {
			return nil
		}
		return &numbers[random.Intn(len(numbers))]
	}
	list := func() []float64 {
		if !rarely() {
			return nil
		}
		list := make([]float64, random.Intn(5))
		for i := range list {
			list[i] = numbers[random.Intn(len(numbers))]
		}
		return list
	}
	tensor := func(length int) sched.Tensor {
		if rarely() {
			length = random.Intn(40)
		}
		switch random.Intn(16) {
		case 0:
			return sched.Tensor{}
		case 1:
			return sched.F64(make([]float64, length))
		case 2:
			return sched.BF16(make([]uint16, length))
		}
		return sched.F32(full(length, float32(random.NormFloat64())))
	}
	maybe := func(length int) sched.Tensor {
		if rarely() {
			return tensor(length)
		}
		return sched.Tensor{}
	}
	methods, steps, refused := sched.Methods(), 0, 0
	for try := 0; try < 3000; try++ {
		method := methods[random.Intn(len(methods))]
		config := `{"solver": "` + method.Name + `"}`
		if method.ClassName != "" {
			config = ofClass(method.ClassName)
		}
		scheduler, err := sched.Create(config)
		if err != nil {
			t.Fatalf("%s: %v", config, err)
		}
		options := sched.InitOptions{
			NumSteps: 1 + random.Intn(20), Elements: 8, Timesteps: list(), Sigmas: list(),
			Strength: number(), Mu: number(), Eta: number(), SChurn: number(), SNoise: number(),
			MaxTimesteps: number(), IntermediateTimesteps: number(),
		}
		for _, member := range []*int{
			&options.NumSteps, &options.BeginStep, &options.EndStep, &options.Batch, &options.Order,
			&options.OriginalInferenceSteps, &options.NumTrainTimesteps, &options.JumpLength,
		} {
			if rarely() {
				*member = integer()
			}
		}
		state, err := scheduler.Init(options)
		scheduler.Close()
		if err != nil {
			refused++
			continue
		}
		// What is accepted may be large, but then a step of the right shape is not what is tried.
		size := 8
		if state.Batch() < 100 {
			size *= state.Batch()
		}
		for call := 0; call < 30; call++ {
			x := tensor(size)
			err := state.StepWide(sched.StepArgs{
				Sample: x, Prediction: tensor(size * state.PredictionElements() / state.Elements()),
				Next: x, Denoised: maybe(size), NextInput: maybe(size), Mask: maybe(size), Original: maybe(size),
				Unconditional: maybe(size), Noise: [2]sched.Tensor{maybe(size), maybe(size)},
				GroupTimesteps: list(), GroupTargets: list(), WithoutNoise: rarely(),
			})
			if err == nil {
				steps++
			}
		}
		if calls := state.NumCalls(); calls >= 0 && value(state.CallsDone()) > calls {
			t.Fatalf("%s: %d of %d calls done", config, value(state.CallsDone()), calls)
		}
		must(t, state.Close())
	}
	if steps < 1000 || refused < 300 {
		t.Fatalf("%d steps, %d refused", steps, refused)
	}
}
