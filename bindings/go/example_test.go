package sched_test

import (
	"errors"
	"fmt"

	sched "github.com/sched/sched/bindings/go"
)

// A loop for every method, also those that add noise between model calls or choose their steps.
func ExampleState_NextCall() {
	scheduler, err := sched.Create(`{"_class_name": "KarrasVeScheduler"}`)
	if err != nil {
		panic(err)
	}
	defer scheduler.Close()
	state, err := scheduler.Init(sched.InitOptions{NumSteps: 5, Elements: 4})
	if err != nil {
		panic(err)
	}
	defer state.Close()
	model := func(sample []float32, timestep float64) []float32 { return make([]float32, len(sample)) }

	sample := make([]float32, 4)
	if err := state.InitialNoise(sample); err != nil {
		panic(err)
	}
	calls := 0
	for {
		call, more, err := state.NextCall()
		if err != nil {
			panic(err)
		}
		if !more {
			break
		}
		var prediction []float32 // nil where no model is asked
		if call.NeedsModel {
			prediction = model(sample, call.Timestep)
			calls++
		}
		if err := state.Step(sample, prediction, sample); err != nil {
			panic(err)
		}
	}
	fmt.Println(calls, "model calls")
	// Output: 9 model calls
}

func ExampleCreate() {
	_, err := sched.Create(`{"_class_name": "DDIMScheduler", "timestep_spacing": "linspce"}`)
	fmt.Println(errors.Is(err, sched.ErrValue))
	fmt.Println(err)
	// Output:
	// true
	// SCHED_ERROR_VALUE: DDIMScheduler: timestep_spacing is "linspce"; allowed are linspace | leading | trailing
}

func ExampleState_StepWide() {
	scheduler, err := sched.Create(`{"_class_name": "EulerDiscreteScheduler"}`)
	if err != nil {
		panic(err)
	}
	defer scheduler.Close()
	state, err := scheduler.Init(sched.InitOptions{NumSteps: 20, Elements: 4})
	if err != nil {
		panic(err)
	}
	defer state.Close()
	sample := []float32{1, 1, 1, 1}
	positive, negative := []float32{0.5, 0.5, 0.5, 0.5}, []float32{0.25, 0.25, 0.25, 0.25}
	preview := make([]float32, 4)
	err = state.StepWide(sched.StepArgs{
		Sample:        sched.F32(sample),
		Prediction:    sched.F32(positive),
		Next:          sched.F32(sample),
		Unconditional: sched.F32(negative),
		GuidanceScale: 7.5,
		Denoised:      sched.F32(preview),
	})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f %.3f\n", sample[0], preview[0])
	// Output: -134.105 -333.490
}

func ExampleInitOptions() {
	scheduler, err := sched.Create(`{"_class_name": "DDIMScheduler"}`)
	if err != nil {
		panic(err)
	}
	defer scheduler.Close()
	state, err := scheduler.Init(sched.InitOptions{
		NumSteps: 20, Batch: 2, Elements: 4 * 64 * 64, Seed: 7, Eta: sched.Float(0.3),
	})
	if err != nil {
		panic(err)
	}
	defer state.Close()
	fmt.Println(state.NumSteps())
	// Output: 20
}
