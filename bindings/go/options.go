package sched

import (
	"fmt"

	"github.com/sched/sched/bindings/go/internal/raw"
)

// InitOptions is one loop: how many steps, of what shape, and what its method takes besides.
//
// The zero value of a member is not given to the library, and an option that a method does not have
// is an error, never silent.  Where 0 is a value like any other the member is a pointer, for [Float]
// and [Int].
type InitOptions struct {
	NumSteps  int       // what diffusers calls num_inference_steps; 0 with custom lists
	Timesteps []float64 // custom timesteps, falling; copied
	Sigmas    []float64 // custom sigmas, falling; copied

	BeginStep int      // first step to run, counted in steps of the whole schedule
	EndStep   int      // one past the last; 0 means all
	Strength  *float64 // image to image: run the last part of the schedule, (0, 1]
	Mu        *float64 // dynamic shift, from the pipeline's sequence length

	Batch    int    // items; 0 means 1
	Elements int    // values per item
	DType    DType  // of sample and next; 0 means DTypeF32
	Kernel   Kernel // what runs the steps; with Vulkan, 0 means KernelVulkan

	Seed      uint64   // philox: of item 0, item k takes Seed + k; other generators: of the whole batch
	ItemSeeds []uint64 // a seed for each item instead; copied

	Eta                    *float64 // DDIM, ancestral and SDE solvers: amount of noise
	SChurn                 *float64 // Euler, Heun, DPM-2: churn (Karras et al. 2022, algorithm 2)
	STmin                  *float64 // lowest sigma that is churned
	STmax                  *float64 // highest sigma that is churned
	SNoise                 *float64 // solvers with noise of their own: its deviation
	Order                  int      // LMS, 1 to 4; 0 means 4
	OriginalInferenceSteps int      // LCM; 0 means the configuration's
	UseClippedModelOutput  bool     // DDIM: derives the prediction again from the clipped x0
	NumTrainTimesteps      int      // Heun; 0 means the configuration's
	JumpLength             int      // RePaint; 0 means the configuration's, or 10
	JumpNSample            int      // RePaint; 0 means the configuration's, or 10
	MaxTimesteps           *float64 // SCM: the first angle, up to pi / 2
	IntermediateTimesteps  *float64 // SCM: the second of two angles; 0 spaces them evenly
	StageIndex             *int     // Helios: which stage, where there are several
	IsAmplifyFirstChunk    bool     // Helios DMD: twice the steps and one

	Vulkan           *Vulkan // a device to run on; the state keeps it alive
	RecordedInFlight int     // Vulkan: recorded calls that may be pending; 0 means all
	RecordedGroups   int     // Vulkan: groups in the whole batch of a recorded step; 0 means 64

	// Most threads that a step uses, up to 256, out of a pool that the states of a scheduler share;
	// 0 and 1 mean the calling thread alone. Bits do not depend on it.
	Threads      int
	HistoryDType DType // of the rows that the state keeps; 0 means the kernel's own

	Generator  Generator  // whose normals the loop draws
	DrawPolicy DrawPolicy // which draws a reference takes besides
	NoiseDType DType      // in which torch on a CPU draws, or to which torch on a card rounds; 0 means DTypeF32
	// Tensors that the reference draws between first sample and first step; -1 where it did not draw
	// the first sample.
	ExtraDraws int
	// Tensors that the reference draws before the first sample: 1 in image to image.
	FirstSampleDraw int
	// Torch on a card: see UseCUDACard.
	CUDAMultiprocessors          int
	CUDAThreadsPerMultiprocessor int

	// The tensor that this is a part of, and where in it the part begins; 0 means its own.
	WholeBatch, WholeElements, FirstItem, FirstElement int
}

// UseCUDACard takes the numbers of a card that the library knows, in any case of letters.
func (o *InitOptions) UseCUDACard(name string) error {
	text, err := cText(name, "name")
	if err != nil {
		return err
	}
	var multiprocessors, threads int32
	if status := raw.Sched_cuda_card(text, &multiprocessors, &threads); status != 0 {
		return &Error{Status: ErrValue, Sentence: fmt.Sprintf("there is no card %q in the table", name)}
	}
	o.CUDAMultiprocessors, o.CUDAThreadsPerMultiprocessor = int(multiprocessors), int(threads)
	return nil
}

// CUDACards names the cards whose numbers the library knows.
func CUDACards() []string {
	var cards []string
	for {
		name := raw.Sched_cuda_card_name(narrow(len(cards)))
		if name == nil {
			return cards
		}
		cards = append(cards, raw.Text(name))
	}
}

// Float is a number for an option that may be left out.
func Float(number float64) *float64 { return &number }

// Int is a number for an option that may be left out.
func Int(number int) *int { return &number }

// start is called while nobody closes scheduler and vulkan.
func (o *InitOptions) start(scheduler *raw.Scheduler, vulkan *raw.Vulkan) (*State, error) {
	options := raw.NewSched_init_options()
	defer raw.DeleteSched_init_options(options)
	if err := made(options); err != nil {
		return nil, err
	}
	o.fill(options)
	timesteps, timestepsCount := first(o.Timesteps)
	sigmas, sigmasCount := first(o.Sigmas)
	seeds, seedsCount := first(o.ItemSeeds)
	var sentence message
	var status int32
	buffer, capacity := sentence.pointer()
	handle := raw.Sched_flat_init(scheduler, options, timesteps, timestepsCount, sigmas, sigmasCount,
		seeds, seedsCount, vulkan, buffer, capacity, &status)
	if handle == nil {
		return nil, sentence.check(status, "")
	}
	return newState(handle), nil
}

func (o *InitOptions) fill(c raw.Sched_init_options) {
	c.SetNum_steps(narrow(o.NumSteps))
	c.SetBegin_step(narrow(o.BeginStep))
	c.SetEnd_step(narrow(o.EndStep))
	if o.Batch != 0 {
		c.SetBatch(int64(o.Batch))
	}
	c.SetElements(int64(o.Elements))
	if o.DType != 0 {
		c.SetDtype(int32(o.DType))
	}
	kernel := o.Kernel
	if o.Vulkan != nil && kernel == KernelDefault {
		kernel = KernelVulkan
	}
	c.SetKernel(int32(kernel))
	c.SetSeed(o.Seed)
	for _, option := range []struct {
		value *float64
		set   func(float64)
	}{
		{o.Strength, c.SetStrength},
		{o.Mu, c.SetMu},
		{o.Eta, c.SetEta},
		{o.SChurn, c.SetS_churn},
		{o.STmin, c.SetS_tmin},
		{o.STmax, c.SetS_tmax},
		{o.SNoise, c.SetS_noise},
		{o.MaxTimesteps, c.SetMax_timesteps},
		{o.IntermediateTimesteps, c.SetIntermediate_timesteps},
	} {
		if option.value != nil {
			option.set(*option.value)
		}
	}
	c.SetOrder(narrow(o.Order))
	c.SetOriginal_inference_steps(narrow(o.OriginalInferenceSteps))
	c.SetUse_clipped_model_output(flag(o.UseClippedModelOutput))
	c.SetNum_train_timesteps(narrow(o.NumTrainTimesteps))
	c.SetJump_length(narrow(o.JumpLength))
	c.SetJump_n_sample(narrow(o.JumpNSample))
	if o.StageIndex != nil {
		c.SetStage_index(narrow(*o.StageIndex))
	}
	c.SetIs_amplify_first_chunk(flag(o.IsAmplifyFirstChunk))
	c.SetRecorded_in_flight(narrow(o.RecordedInFlight))
	c.SetRecorded_groups(narrow(o.RecordedGroups))
	c.SetThreads(narrow(o.Threads))
	c.SetHistory_dtype(int32(o.HistoryDType))
	c.SetGenerator(int32(o.Generator))
	c.SetDraw_policy(int32(o.DrawPolicy))
	c.SetNoise_dtype(int32(o.NoiseDType))
	c.SetExtra_draws(narrow(o.ExtraDraws))
	c.SetFirst_sample_draw(narrow(o.FirstSampleDraw))
	c.SetCuda_multiprocessors(narrow(o.CUDAMultiprocessors))
	c.SetCuda_threads_per_multiprocessor(narrow(o.CUDAThreadsPerMultiprocessor))
	c.SetWhole_batch(int64(o.WholeBatch))
	c.SetWhole_elements(int64(o.WholeElements))
	c.SetFirst_item(int64(o.FirstItem))
	c.SetFirst_element(int64(o.FirstElement))
}
