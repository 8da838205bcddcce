package sched

import "github.com/sched/sched/bindings/go/internal/raw"

// InitialNoise fills the first sample, batch * elements values: standard normals times
// [State.InitNoiseSigma].  The numbers depend on the item's seed and the element only.
//
// Errors: [ErrShape], [ErrDType], [ErrArgument] for nil.
func (s *State) InitialNoise(out []float32) error { return s.InitialNoiseTensor(F32(out)) }

// InitialNoiseTensor is [State.InitialNoise] for any element type.
func (s *State) InitialNoiseTensor(out Tensor) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return s.check(raw.Sched_flat_initial_noise(s.handle, out.data, int64(out.count), int32(out.dtype)))
}

// ScaleInput scales a sample for the next model call (c_in of Karras et al. 2022): what diffusers
// calls scale_model_input.  A copy where the method scales nothing.  Both have batch * elements
// values; out may be sample.
//
// Errors: [ErrFinished], [ErrShape], [ErrDType], [ErrOverlap], [ErrArgument] for nil.
func (s *State) ScaleInput(sample, out []float32) error {
	return s.ScaleInputTensor(F32(sample), F32(out))
}

// ScaleInputTensor is [State.ScaleInput] for any element type.
func (s *State) ScaleInputTensor(sample, out Tensor) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return s.check(raw.Sched_flat_scale_input(s.handle,
		sample.data, int64(sample.count), int32(sample.dtype),
		out.data, int64(out.count), int32(out.dtype)))
}

// AddNoise noises clean data to the level at which step begins (image to image, inpainting).  All
// have batch * elements values; out may be original.  noise are standard normals, or nil for those
// of [State.InitialNoise].
//
// Errors: [ErrSteps], [ErrShape], [ErrDType], [ErrOverlap], [ErrArgument] for nil.
func (s *State) AddNoise(step int, original, noise, out []float32) error {
	return s.AddNoiseTensor(step, F32(original), F32(noise), F32(out))
}

// AddNoiseTensor is [State.AddNoise] for any element type.
func (s *State) AddNoiseTensor(step int, original, noise, out Tensor) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return s.check(raw.Sched_flat_add_noise(s.handle, int64(step),
		original.data, int64(original.count), int32(original.dtype),
		noise.data, int64(noise.count), int32(noise.dtype),
		out.data, int64(out.count), int32(out.dtype)))
}

// Step moves the sample one model call closer to the data.
//
// Once for each entry of [State.Timesteps], in order.  sample is x at the current noise level,
// unscaled, batch * elements values; prediction what the network returned, batch *
// [State.PredictionElements] values, or nil for a call that asks no model ([Call].NeedsModel is
// false); next gets x at the next noise level, and may be sample.  Noise that the method needs is
// drawn from the state's own generator.  Allocates nothing.
//
// Errors: [ErrFinished], [ErrShape], [ErrDType], [ErrOverlap], [ErrArgument] for nil;
// [ErrNotFinite] where the method depends on norms and a tensor holds NaN or infinity; those of
// Vulkan.
func (s *State) Step(sample, prediction, next []float32) error {
	return s.StepTensor(F32(sample), F32(prediction), F32(next))
}

// StepTensor is [State.Step] for any element type.
func (s *State) StepTensor(sample, prediction, next Tensor) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return s.check(raw.Sched_flat_step(s.handle,
		sample.data, int64(sample.count), int32(sample.dtype),
		prediction.data, int64(prediction.count), int32(prediction.dtype),
		next.data, int64(next.count), int32(next.dtype)))
}

// StepArgs is everything that one step can do, in one pass over memory.  Only Sample and Next must
// be there, and Prediction where the call asks a model.  Outputs may not overlap each other, nor any
// input, except that Next may be Sample.
type StepArgs struct {
	Sample     Tensor // x at the current noise level; only read
	Prediction Tensor // what the network returned; only read
	Next       Tensor // x at the next noise level; written

	// Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598): the step uses
	// Unconditional + GuidanceScale * (Prediction - Unconditional).  Methods with CFG++ need it at
	// every step; where Prediction is guided already, GuidanceScale is 1.
	Unconditional Tensor
	GuidanceScale float64

	Noise [2]Tensor // the caller's normals, one tensor for each draw, in order

	Denoised  Tensor // gets x0 as the method sees it, a preview
	NextInput Tensor // gets Next, scaled for the next model call

	// Inpainting: where the mask is 1 the original is kept, noised to the level at which the call
	// arrives; where it is 0 the step paints; between, it blends.
	Mask       Tensor
	Original   Tensor // clean data; needed with Mask
	KnownNoise Tensor // normals for it, instead of those of the first sample

	// A time of its own for each of equal parts (tokens) of each item, batch * groups values, and
	// where they go; no targets: where the schedule goes from each group's time.  Methods of one
	// model call and no history.
	GroupTimesteps []float64
	GroupTargets   []float64

	WithoutNoise bool // Next is the mean of the step; its draws count as taken
}

// StepWide is [State.Step] with everything optional, in the same pass over memory.
//
// Errors: as [State.Step], and [ErrOption] for noise that the step does not draw or group times for
// a method that has none; [ErrValue] for a guidance scale or a group time that is not finite.
func (s *State) StepWide(args StepArgs) error {
	scale, err := guidanceScale(args.Unconditional.data != nil, args.GuidanceScale)
	if err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	timesteps, timestepsCount := first(args.GroupTimesteps)
	targets, targetsCount := first(args.GroupTargets)
	a := &args
	return s.check(raw.Sched_flat_step_wide(s.handle,
		a.Sample.data, int64(a.Sample.count), int32(a.Sample.dtype),
		a.Prediction.data, int64(a.Prediction.count), int32(a.Prediction.dtype),
		a.Next.data, int64(a.Next.count), int32(a.Next.dtype),
		a.Unconditional.data, int64(a.Unconditional.count), int32(a.Unconditional.dtype),
		a.Noise[0].data, int64(a.Noise[0].count), int32(a.Noise[0].dtype),
		a.Noise[1].data, int64(a.Noise[1].count), int32(a.Noise[1].dtype),
		a.Denoised.data, int64(a.Denoised.count), int32(a.Denoised.dtype),
		a.NextInput.data, int64(a.NextInput.count), int32(a.NextInput.dtype),
		a.Mask.data, int64(a.Mask.count), int32(a.Mask.dtype),
		a.Original.data, int64(a.Original.count), int32(a.Original.dtype),
		a.KnownNoise.data, int64(a.KnownNoise.count), int32(a.KnownNoise.dtype),
		timesteps, timestepsCount, targets, targetsCount, scale, flag(a.WithoutNoise)))
}

// guidanceScale is what the library gets; it does not look at a scale that has nothing to scale.
func guidanceScale(isGuided bool, scale float64) (float64, error) {
	switch {
	case isGuided:
		return scale, nil
	case scale != 0:
		return 0, &Error{ErrArgument, "GuidanceScale is given, but no Unconditional"}
	}
	return 1, nil
}
