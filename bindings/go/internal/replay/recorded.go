package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// recordedLoop is a denoising loop of another implementation, one entry for each model call.
//
// Two forms of file are read.  A file with `out` records a diffusers scheduler: what its step
// returned at each call.  A file with `final` records a k-diffusion sampler, which calls the model
// itself: what the model was given and gave back.
type recordedLoop struct {
	method          string
	config          string // for sched.Create
	batch, elements int
	options         map[string]float64 // of init, by the file's name; flags as 0 and 1
	customTimesteps []float64
	customSigmas    []float64
	calls           []recordedCall
	isWhole         bool // false: the file stops before the loop ends
	mask, original  []float64
	timesteps       []float64 // one for each call, or nil
	initNoiseSigma  *float64
	// Samplers that draw before they know whether they churn leave draws that no formula uses.
	spareDraws bool
}

type recordedCall struct {
	sample         []float64 // nil: what the call before gave
	prediction     []float64 // nil where no model was asked
	groupTimesteps []float64
	noise          [][]float64
	next           []float64
	sigma          *float64 // level of the sample, for samplers in sigma space
	scaled         []float64
	denoised       []float64
}

func readLoop(path string) (*recordedLoop, error) {
	file, err := readSafetensors(path)
	if err != nil {
		return nil, err
	}
	batch, err := file.count("init")
	if err != nil {
		return nil, err
	}
	calls, err := file.count("pred")
	if err != nil {
		return nil, err
	}
	r := &recordedLoop{
		batch:    batch,
		elements: len(file.values("init")) / batch,
		options:  map[string]float64{},
		calls:    make([]recordedCall, calls),
		isWhole:  true,
	}
	if file.has("final") {
		return r, r.readSampler(file)
	}
	return r, r.readDiffusers(file)
}

func (r *recordedLoop) size() int { return r.batch * r.elements }

// readArgument sets an option of init; false where init has none of that name.
func (r *recordedLoop) readArgument(key string, value json.RawMessage) (bool, error) {
	switch key {
	case "timesteps":
		return true, json.Unmarshal(value, &r.customTimesteps)
	case "sigmas":
		return true, json.Unmarshal(value, &r.customSigmas)
	case "use_clipped_model_output":
		var isOn bool
		err := json.Unmarshal(value, &isOn)
		r.options[key] = 0
		if isOn {
			r.options[key] = 1
		}
		return true, err
	}
	if _, known := setters[key]; !known {
		return false, nil
	}
	// SCM's null asks for even spacing, which is 0; json leaves the number at that.
	var number float64
	if string(value) == "null" && key != "intermediate_timesteps" {
		return false, nil
	}
	err := json.Unmarshal(value, &number)
	r.options[key] = number
	return true, err
}

func (r *recordedLoop) readArguments(file *safetensors, what string) error {
	var arguments map[string]json.RawMessage
	if err := file.object(what, &arguments); err != nil {
		return err
	}
	for key, value := range arguments {
		if known, err := r.readArgument(key, value); err != nil || !known {
			return fmt.Errorf("unsupported %s: %s %s", what, key, value)
		}
	}
	return nil
}

// setRows gives each call its row of a tensor.
func (r *recordedLoop) setRows(file *safetensors, name string, size int, member func(*recordedCall) *[]float64) error {
	rows, err := file.rows(name, len(r.calls), size)
	for i, row := range rows {
		*member(&r.calls[i]) = row
	}
	return err
}

// readNoise gives each call its draws.  offset is the noise_step of the first call's draws; earlier
// ones went into the recorded first sample.
func (r *recordedLoop) readNoise(file *safetensors, offset int) error {
	steps := file.values("noise_step")
	if len(steps) == 0 {
		return nil
	}
	rows, err := file.rows("noise", len(steps), r.size())
	if err != nil {
		return err
	}
	for i, step := range steps {
		call := int(step) - offset
		if call < 0 {
			continue
		}
		if call >= len(r.calls) {
			return errors.New("a draw of no call")
		}
		r.calls[call].noise = append(r.calls[call].noise, rows[i])
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// ------------------------------------------------------------------------ diffusers

func (r *recordedLoop) readDiffusers(file *safetensors) error {
	r.method, r.config = file.metadata["class"], file.metadata["config"]
	if err := firstError(r.readArguments(file, "set_timesteps"), r.readArguments(file, "step")); err != nil {
		return err
	}
	// A recorded list goes before a number of steps; the library takes only one of them.
	if r.customTimesteps != nil || r.customSigmas != nil {
		delete(r.options, "num_inference_steps")
	}
	var options map[string]json.RawMessage
	if err := file.object("options", &options); err != nil {
		return err
	}
	predictionSize, isGrouped := r.size(), false
	for key, value := range options {
		switch {
		case key == "learned" && string(value) == "true":
			predictionSize *= 2
		case key == "learned":
		case key == "kind":
			isGrouped = string(value) == `"per_token"`
		case key == "first":
			r.isWhole = false
		case key == "mu":
			if _, err := r.readArgument(key, value); err != nil {
				return err
			}
		default:
			return fmt.Errorf("unsupported options: %s %s", key, value)
		}
	}
	err := firstError(
		r.setRows(file, "pred", predictionSize, func(c *recordedCall) *[]float64 { return &c.prediction }),
		r.setRows(file, "out", r.size(), func(c *recordedCall) *[]float64 { return &c.next }))
	if file.has("scaled") {
		err = firstError(err, r.setRows(file, "scaled", r.size(), func(c *recordedCall) *[]float64 { return &c.scaled }))
	}
	if file.has("x0") {
		err = firstError(err, r.setRows(file, "x0", r.size(), func(c *recordedCall) *[]float64 { return &c.denoised }))
	}
	if isGrouped {
		times := len(file.values("token_timesteps")) / len(r.calls)
		err = firstError(err, r.setRows(file, "token_timesteps", times,
			func(c *recordedCall) *[]float64 { return &c.groupTimesteps }))
	}
	if err = firstError(err, r.readNoise(file, 0)); err != nil {
		return err
	}
	r.calls[0].sample = file.values("init")
	for i := 1; i < len(r.calls); i++ {
		r.calls[i].sample = r.calls[i-1].next
	}
	rows := len(r.calls)
	if err := r.splitOperations(file); err != nil {
		return err
	}
	r.mask, r.original = file.values("mask"), file.values("original")
	// A split row has no time for each of its calls.
	if len(r.calls) == rows {
		r.timesteps = file.values("timesteps")
	}
	return file.object("init_noise_sigma", &r.initNoiseSigma)
}

// splitOperations: rows without a model call (1 undo, 3 churn) lose their empty prediction; a row
// with many draws is as many calls, each on what the one before gave.
func (r *recordedLoop) splitOperations(file *safetensors) error {
	operations := file.values("op")
	if operations == nil {
		return nil
	}
	if len(operations) != len(r.calls) {
		return errors.New("tensor 'op' has the wrong shape")
	}
	var calls []recordedCall
	for i, call := range r.calls {
		if operations[i] != 1 && operations[i] != 3 {
			calls = append(calls, call)
			continue
		}
		for k, noise := range call.noise {
			part := recordedCall{noise: [][]float64{noise}}
			if k == 0 {
				part.sample = call.sample
			}
			if k+1 == len(call.noise) {
				part.next = call.next
			}
			calls = append(calls, part)
		}
	}
	r.calls = calls
	return nil
}

// ---------------------------------------------------------------------- k-diffusion

func (r *recordedLoop) readSampler(file *safetensors) error {
	r.method = file.metadata["sampler"]
	if err := r.compose(file); err != nil {
		return err
	}
	r.customSigmas = file.values("sigmas")
	levels, err := file.rows("sigma", len(r.calls), 1)
	err = firstError(err,
		r.setRows(file, "in", r.size(), func(c *recordedCall) *[]float64 { return &c.sample }),
		r.setRows(file, "pred", r.size(), func(c *recordedCall) *[]float64 { return &c.prediction }))
	if err != nil {
		return err
	}
	for i := range r.calls {
		r.calls[i].sigma = &levels[i][0]
		if i > 0 {
			r.calls[i-1].next = r.calls[i].sample
		}
	}
	r.calls[len(r.calls)-1].next = file.values("final")
	// noise_step counts the calls made before the draw, and a step's own call comes first.
	return r.readNoise(file, 1)
}

// ours is our name for a sampler's own argument, where it differs.
var ours = map[string]string{"solver_type": "type", "n": "calls", "max_order": "order"}

// compose makes the sampler in our own composition.  Arguments that init does not have belong to the
// solver.
func (r *recordedLoop) compose(file *safetensors) error {
	name := strings.TrimPrefix(r.method, "sample_")
	solver := map[string]any{"name": name}
	var arguments map[string]json.RawMessage
	if err := file.object("kwargs", &arguments); err != nil {
		return err
	}
	for key, value := range arguments {
		if key != "order" || name == "lms" {
			known, err := r.readArgument(key, value)
			if err != nil {
				return err
			}
			if known {
				continue
			}
		}
		if other, differs := ours[key]; differs {
			key = other
		}
		solver[key] = value
	}
	frame, named := file.metadata["model"]
	if !named {
		frame = "ve"
	}
	config := map[string]any{
		"solver":           solver,
		"parameterization": map[string]string{"prediction": "sample", "frame": frame},
	}
	if frame == "flow" {
		config["schedule"] = "flow"
	}
	text, err := json.Marshal(config)
	r.config = string(text)
	switch name {
	case "euler", "heun", "dpm_2", "heunpp2", "dpm_adaptive", "dpm_fast":
		r.spareDraws = true
	}
	if eta, given := r.options["eta"]; given && eta == 0 {
		r.spareDraws = true
	}
	if _, unused := file.metadata["unused_draws"]; unused {
		r.spareDraws = true
	}
	return err
}
