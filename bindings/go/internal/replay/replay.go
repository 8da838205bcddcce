package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math"

	sched "github.com/sched/sched/bindings/go"
)

const (
	// Of max(1, max|recorded|), in float32.
	tolerance = 2e-6
	// Grids are float64 on both sides; this allows for another order of operations.
	gridTolerance = 1e-9
)

// setters are the options of init by the names that the files have for them.
var setters = map[string]func(*sched.InitOptions, float64){
	"num_inference_steps":      func(o *sched.InitOptions, x float64) { o.NumSteps = int(x) },
	"strength":                 func(o *sched.InitOptions, x float64) { o.Strength = &x },
	"mu":                       func(o *sched.InitOptions, x float64) { o.Mu = &x },
	"eta":                      func(o *sched.InitOptions, x float64) { o.Eta = &x },
	"s_churn":                  func(o *sched.InitOptions, x float64) { o.SChurn = &x },
	"s_tmin":                   func(o *sched.InitOptions, x float64) { o.STmin = &x },
	"s_tmax":                   func(o *sched.InitOptions, x float64) { o.STmax = &x },
	"s_noise":                  func(o *sched.InitOptions, x float64) { o.SNoise = &x },
	"max_timesteps":            func(o *sched.InitOptions, x float64) { o.MaxTimesteps = &x },
	"intermediate_timesteps":   func(o *sched.InitOptions, x float64) { o.IntermediateTimesteps = &x },
	"order":                    func(o *sched.InitOptions, x float64) { o.Order = int(x) },
	"original_inference_steps": func(o *sched.InitOptions, x float64) { o.OriginalInferenceSteps = int(x) },
	"num_train_timesteps":      func(o *sched.InitOptions, x float64) { o.NumTrainTimesteps = int(x) },
	"jump_length":              func(o *sched.InitOptions, x float64) { o.JumpLength = int(x) },
	"jump_n_sample":            func(o *sched.InitOptions, x float64) { o.JumpNSample = int(x) },
	"use_clipped_model_output": func(o *sched.InitOptions, x float64) { o.UseClippedModelOutput = x != 0 },
}

// verdict is what came of a file that passed.
type verdict struct {
	method string
	calls  int
	error  float64 // of next and of the scaled input, the largest
}

func near(value, recorded float64) bool {
	return value == recorded ||
		math.Abs(value-recorded) <= gridTolerance*math.Max(1, math.Abs(recorded))
}

// relativeError is the largest difference, relative to max(1, max|recorded|).  Infinite for anything
// not finite.
func relativeError(values []float32, recorded []float64) float64 {
	largest, scale := 0.0, 1.0
	for i, value := range values {
		difference := math.Abs(float64(value) - recorded[i])
		if math.IsNaN(difference) {
			return math.Inf(1)
		}
		largest = math.Max(largest, difference)
		scale = math.Max(scale, math.Abs(recorded[i]))
	}
	return largest / scale
}

// floats of nothing are nothing.
func floats(values []float64) []float32 {
	if values == nil {
		return nil
	}
	floats := make([]float32, len(values))
	for i, value := range values {
		floats[i] = float32(value)
	}
	return floats
}

func largestOf(values []float64) float64 {
	largest := 0.0
	for _, value := range values {
		largest = math.Max(largest, math.Abs(value))
	}
	return largest
}

func start(r *recordedLoop) (*sched.State, error) {
	options := sched.InitOptions{
		Batch: r.batch, Elements: r.elements, Timesteps: r.customTimesteps, Sigmas: r.customSigmas,
	}
	for name, value := range r.options {
		setters[name](&options, value)
	}
	scheduler, err := sched.Create(r.config)
	if err != nil {
		return nil, err
	}
	defer scheduler.Close()
	return scheduler.Init(options)
}

// replay replays a recorded loop, and adds what every call gave to bits.  Teacher-forced: each step
// is given the recorded sample, so that one step's error is measured at each step; only the
// library's own memory rows carry over.
func replay(path string, bits hash.Hash64) (verdict, error) {
	r, err := readLoop(path)
	if err != nil {
		return verdict{}, err
	}
	state, err := start(r)
	if err != nil {
		return verdict{}, err
	}
	defer state.Close()
	if err := checkGrid(state, r); err != nil {
		return verdict{}, err
	}
	v := verdict{r.method, len(r.calls), 0}
	next := make([]float32, r.size())
	for i := range r.calls {
		ofCall, err := runCall(state, r, i, next)
		if err != nil {
			return verdict{}, fmt.Errorf("call %d: %w", i, err)
		}
		v.error = math.Max(v.error, ofCall)
		if err := binary.Write(bits, binary.LittleEndian, next); err != nil {
			return verdict{}, err
		}
	}
	if _, more, err := state.NextCall(); err != nil || r.isWhole && more {
		return verdict{}, errors.New("not finished after the calls of the file")
	}
	return v, nil
}

func checkGrid(state *sched.State, r *recordedLoop) error {
	if sigma := r.initNoiseSigma; sigma != nil &&
		math.Abs(state.InitNoiseSigma()-*sigma) > gridTolerance*math.Abs(*sigma) {
		return fmt.Errorf("init noise sigma: %v, the file has %v", state.InitNoiseSigma(), *sigma)
	}
	calls, file := state.NumCalls(), len(r.calls)
	if calls < 0 {
		return nil
	}
	if calls < file || r.isWhole && calls > file {
		return fmt.Errorf("%d model calls, the file has %d", calls, file)
	}
	if r.timesteps == nil {
		return nil
	}
	times, err := state.Timesteps()
	if err != nil {
		return err
	}
	for i, time := range r.timesteps {
		if i < len(times) && !near(times[i], time) {
			return fmt.Errorf("timestep %v, the file has %v", times[i], time)
		}
	}
	return nil
}

// runCall gives the largest error of one call.
func runCall(state *sched.State, r *recordedLoop, index int, next []float32) (float64, error) {
	call := &r.calls[index]
	planned, more, err := state.NextCall()
	if err != nil {
		return 0, err
	}
	if !more {
		return 0, errors.New("finished")
	}
	sample := floats(call.sample)
	if sample == nil {
		sample = append(sample, next...)
	}
	if call.sigma != nil {
		allowed := gridTolerance
		// An adaptive loop's levels depend on the tensors, and so on their type.
		if state.NumCalls() < 0 {
			allowed = tolerance
		}
		if math.Abs(planned.Sigma-*call.sigma) > allowed*math.Max(1, *call.sigma) {
			return 0, fmt.Errorf("sigma %v, the file has %v", planned.Sigma, *call.sigma)
		}
	}
	worst := 0.0
	if call.scaled != nil {
		if err := state.ScaleInput(sample, next); err != nil {
			return 0, err
		}
		worst = relativeError(next, call.scaled)
	}
	args := sched.StepArgs{
		Sample:         sched.F32(sample),
		Prediction:     sched.F32(floats(call.prediction)),
		Next:           sched.F32(next),
		GroupTimesteps: call.groupTimesteps,
	}
	if len(call.noise) != planned.Draws && !(r.spareDraws && planned.Draws == 0) {
		return 0, fmt.Errorf("%d draws, the file has %d", planned.Draws, len(call.noise))
	}
	for i := 0; i < planned.Draws; i++ {
		args.Noise[i] = sched.F32(floats(call.noise[i]))
	}
	if call.prediction != nil && r.mask != nil && r.original != nil {
		args.Mask, args.Original = sched.F32(floats(r.mask)), sched.F32(floats(r.original))
	}
	var denoised []float32
	allowedDenoised := tolerance
	if call.denoised != nil {
		denoised = make([]float32, len(call.denoised))
		args.Denoised = sched.F32(denoised)
		rounding, err := roundingOfDenoised(state, index, call)
		if err != nil {
			return 0, err
		}
		allowedDenoised = math.Max(tolerance, rounding)
	}
	if err := state.StepWide(args); err != nil {
		return 0, err
	}
	if call.next != nil {
		worst = math.Max(worst, relativeError(next, call.next))
	}
	if worst > tolerance {
		return 0, fmt.Errorf("is off by %.3e", worst)
	}
	if off := relativeError(denoised, call.denoised); off > allowedDenoised {
		return 0, fmt.Errorf("denoised is off by %.3e", off)
	}
	return worst, nil
}

// roundingOfDenoised is what storing the inputs in float32 alone can do to x0, relative to
// max(1, max|x0|).  Near pure noise x0 = (x - sigma f) / alpha divides by a small alpha.
func roundingOfDenoised(state *sched.State, index int, call *recordedCall) (float64, error) {
	if state.NumCalls() < 0 {
		return 0, nil
	}
	weights, err := state.Weights(index)
	if err != nil {
		return 0, err
	}
	moved := math.Abs(weights.Denoised[sched.InputSample])*largestOf(call.sample) +
		math.Abs(weights.Denoised[sched.InputPrediction])*largestOf(call.prediction)
	const halfEpsilon = 1.0 / (1 << 24)
	return halfEpsilon * moved / math.Max(1, largestOf(call.denoised)), nil
}
