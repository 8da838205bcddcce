package sched

import "github.com/sched/sched/bindings/go/internal/raw"

// Columns of [Weights] and of its rows.
const (
	InputSample        = 0
	InputPrediction    = 1
	InputDenoised      = 2 // x0 after clipping; only where there is a clip
	InputNoise0        = 3
	InputNoise1        = 4
	InputUnconditional = 5
	InputMemory0       = 6 // rows that the state keeps: 6 to 13
	InputOriginal      = 14
	InputKnownNoise    = 15
	Inputs             = 16 // how many there are
)

// Output is what a row makes.
type Output int32

// What rows make.
const (
	OutputNext     Output = 0
	OutputDenoised Output = 1  // the preview
	OutputMemory0  Output = 2  // rows that the state keeps: 2 to 9
	OutputKnown    Output = 10 // RePaint: what next is where the mask is 1
)

// Clip is how x0 is clipped.
type Clip int32

// How x0 is clipped.
const (
	ClipNone     Clip = 0
	ClipRange    Clip = 1 // clamped to plus or minus ClipRange
	ClipQuantile Clip = 2 // dynamic thresholding (Saharia et al. 2022, arXiv:2205.11487)
)

// Gain is what multiplies the first draw, of v, the second half of the prediction.
type Gain int32

// What multiplies the first draw.
const (
	GainNone        Gain = 0
	GainExponential Gain = 1 // exp(GainOffset + GainSlope * v)
	GainSquareRoot  Gain = 2 // sqrt(v)
)

// Weights are a step as numbers, for callers who run it themselves: each row is a weighted sum of
// the inputs.  Where there is a clip, x0 is made first, by Denoised, and clipped; the rows then use
// it as [InputDenoised].  All rows are computed before any is written.
type Weights struct {
	Timestep    float64 // of the model call
	InputScale  float64 // of the model call
	Draws       int
	Clip        Clip
	ClipRange   float64
	Quantile    float64 // ratio
	QuantileMax float64 // highest limit; the lowest is 1
	Gain        Gain
	GainOffset  float64
	GainSlope   float64
	Denoised    [Inputs]float64
	Rows        []Row
}

// Row is a weighted sum of the inputs.
type Row struct {
	Output Output
	Weight [Inputs]float64
}

// Weights are those of call index, in float64, before any rounding.
//
// Errors: [ErrSteps] past the end; [ErrUnsupported] where they depend on norms of the tensors
// (dpm_adaptive, the corrector of score_sde_ve, noise_clip_std).
func (s *State) Weights(index int) (Weights, error) {
	if err := s.enter(); err != nil {
		return Weights{}, err
	}
	defer s.leave()
	c := raw.NewSched_weights()
	defer raw.DeleteSched_weights(c)
	if err := made(c); err != nil {
		return Weights{}, err
	}
	if err := s.check(raw.Sched_step_weights(s.handle, int64(index), c)); err != nil {
		return Weights{}, err
	}
	weights := Weights{
		Timestep:    c.GetTimestep(),
		InputScale:  c.GetInput_scale(),
		Draws:       int(c.GetDraws()),
		Clip:        Clip(c.GetClip()),
		ClipRange:   c.GetClip_range(),
		Quantile:    c.GetQuantile(),
		QuantileMax: c.GetQuantile_max(),
		Gain:        Gain(c.GetGain()),
		GainOffset:  c.GetGain_offset(),
		GainSlope:   c.GetGain_slope(),
		Rows:        make([]Row, c.GetRows()),
	}
	const unreadable = "the weights cannot be read"
	code := raw.Sched_flat_weights_denoised(c, &weights.Denoised[0], Inputs)
	for i := range weights.Rows {
		if code != 0 {
			break
		}
		row := &weights.Rows[i]
		var output int32
		code = raw.Sched_flat_weights_row(c, int32(i), &row.Weight[0], Inputs, &output)
		row.Output = Output(output)
	}
	return weights, check(code, unreadable)
}
