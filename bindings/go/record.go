package sched

import "github.com/sched/sched/bindings/go/internal/raw"

// VulkanTensor is a contiguous tensor in a buffer of the application's.  The zero value is none.
type VulkanTensor struct {
	Buffer     uint64 // VkBuffer, of usage STORAGE_BUFFER
	Offset     uint64 // bytes, a multiple of 4
	BufferSize uint64 // bytes that the buffer has
	Count      int    // values in the whole batch
	DType      DType  // all but DTypeF64; 0 means DTypeF32
}

// Recording is where calls are recorded.
//
// The library cannot check its numbers.  The command buffer must be valid, in the recording state,
// outside a render pass, from a pool of a family that has compute, and used by nobody else
// meanwhile; buffers must be valid until it was executed or is thrown away.  It is submitted once at
// most, and executed to its end before the state has recorded [InitOptions].RecordedInFlight calls
// more, in the order in which the state's calls were recorded, and before the state is closed or
// used for anything but recordings.
//
// A recording waits for nothing and submits nothing.  The state's position moves when a call is
// recorded.  Before its first dispatch it makes visible what compute shaders and transfers wrote;
// what it wrote, the application makes visible (stage COMPUTE_SHADER, access SHADER_WRITE) to
// whoever reads it, unless that is another recording.
type Recording struct {
	Vulkan        *Vulkan // with which the state was made
	CommandBuffer uint64  // VkCommandBuffer
	Device        uint64  // VkDevice that made the buffers; checked.  0: not checked
}

// VulkanStepArgs is [StepArgs] on the application's buffers.
type VulkanStepArgs struct {
	Sample, Prediction, Next VulkanTensor
	Unconditional            VulkanTensor
	GuidanceScale            float64
	Noise                    [2]VulkanTensor
	Denoised, NextInput      VulkanTensor
	Mask, Original           VulkanTensor
	KnownNoise               VulkanTensor
	GroupTimesteps           []float64
	GroupTargets             []float64
	WithoutNoise             bool
}

// recorded are tensors as arrays with an entry for each.
type recorded struct {
	buffers, offsets, sizes [raw.SCHED_FLAT_SLOTS]uint64
	counts                  [raw.SCHED_FLAT_SLOTS]int64
	dtypes                  [raw.SCHED_FLAT_SLOTS]int32
	tensors                 int32
}

func recordedOf(tensors ...VulkanTensor) *recorded {
	r := &recorded{tensors: int32(len(tensors))}
	for i, tensor := range tensors {
		r.buffers[i], r.offsets[i], r.sizes[i] = tensor.Buffer, tensor.Offset, tensor.BufferSize
		r.counts[i], r.dtypes[i] = int64(tensor.Count), int32(tensor.DType)
		if tensor.DType == 0 {
			r.dtypes[i] = int32(DTypeF32)
		}
	}
	return r
}

// record calls body with the context's handle, between enter and leave.
func (s *State) record(on Recording, body func(*raw.Vulkan) raw.Enum_SS_sched_status) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return on.Vulkan.use(func(handle *raw.Vulkan) error { return s.check(body(handle)) })
}

// RecordStep records [State.StepWide] on the application's buffers; Next may be exactly Sample.
//
// Errors: those of [State.StepWide]; [ErrConflict] where the state was made with another context;
// [ErrArgument] for a buffer that is missing, too small, or of another device; [ErrOverlap];
// [ErrUnsupported] for more separate buffers than the device takes, or a step that depends on
// norms; [ErrCapacity] for more groups than [InitOptions].RecordedGroups.
func (s *State) RecordStep(on Recording, args VulkanStepArgs) error {
	scale, err := guidanceScale(args.Unconditional.Buffer != 0, args.GuidanceScale)
	if err != nil {
		return err
	}
	// In the order of sched_flat_slot.
	r := recordedOf(args.Sample, args.Prediction, args.Next, args.Unconditional, args.Noise[0],
		args.Noise[1], args.Denoised, args.NextInput, args.Mask, args.Original, args.KnownNoise)
	timesteps, timestepsCount := first(args.GroupTimesteps)
	targets, targetsCount := first(args.GroupTargets)
	return s.record(on, func(vulkan *raw.Vulkan) raw.Enum_SS_sched_status {
		return raw.Sched_flat_vulkan_record_step(vulkan, s.handle, on.CommandBuffer, on.Device,
			&r.buffers[0], &r.offsets[0], &r.sizes[0], &r.counts[0], &r.dtypes[0], r.tensors,
			timesteps, timestepsCount, targets, targetsCount, scale, flag(args.WithoutNoise))
	})
}

// RecordInitialNoise records [State.InitialNoise].  Errors: as [State.RecordStep].
func (s *State) RecordInitialNoise(on Recording, out VulkanTensor) error {
	r := recordedOf(out)
	return s.record(on, func(vulkan *raw.Vulkan) raw.Enum_SS_sched_status {
		return raw.Sched_flat_vulkan_record_initial_noise(vulkan, s.handle, on.CommandBuffer, on.Device,
			&r.buffers[0], &r.offsets[0], &r.sizes[0], &r.counts[0], &r.dtypes[0], r.tensors)
	})
}

// RecordScaleInput records [State.ScaleInput]; out may be exactly sample.  Errors: as
// [State.RecordStep].
func (s *State) RecordScaleInput(on Recording, sample, out VulkanTensor) error {
	r := recordedOf(sample, out)
	return s.record(on, func(vulkan *raw.Vulkan) raw.Enum_SS_sched_status {
		return raw.Sched_flat_vulkan_record_scale_input(vulkan, s.handle, on.CommandBuffer, on.Device,
			&r.buffers[0], &r.offsets[0], &r.sizes[0], &r.counts[0], &r.dtypes[0], r.tensors)
	})
}

// RecordAddNoise records [State.AddNoise]; noise may be none, and out exactly original.  Errors: as
// [State.RecordStep].
func (s *State) RecordAddNoise(on Recording, step int, original, noise, out VulkanTensor) error {
	r := recordedOf(original, noise, out)
	return s.record(on, func(vulkan *raw.Vulkan) raw.Enum_SS_sched_status {
		return raw.Sched_flat_vulkan_record_add_noise(vulkan, s.handle, on.CommandBuffer, int64(step), on.Device,
			&r.buffers[0], &r.offsets[0], &r.sizes[0], &r.counts[0], &r.dtypes[0], r.tensors)
	})
}
