package sched

import (
	"testing"

	"github.com/sched/sched/bindings/go/internal/raw"
)

// The numbers of this package are those of the header.
func TestConstants(t *testing.T) {
	for _, pair := range [][2]int{
		{int(ErrArgument), int(raw.SCHED_ERROR_ARGUMENT)},
		{int(ErrStructSize), int(raw.SCHED_ERROR_STRUCT_SIZE)},
		{int(ErrJSON), int(raw.SCHED_ERROR_JSON)},
		{int(ErrUnknownClass), int(raw.SCHED_ERROR_UNKNOWN_CLASS)},
		{int(ErrUnknownKey), int(raw.SCHED_ERROR_UNKNOWN_KEY)},
		{int(ErrType), int(raw.SCHED_ERROR_TYPE)},
		{int(ErrValue), int(raw.SCHED_ERROR_VALUE)},
		{int(ErrConflict), int(raw.SCHED_ERROR_CONFLICT)},
		{int(ErrSteps), int(raw.SCHED_ERROR_STEPS)},
		{int(ErrTimesteps), int(raw.SCHED_ERROR_TIMESTEPS)},
		{int(ErrOption), int(raw.SCHED_ERROR_OPTION)},
		{int(ErrShape), int(raw.SCHED_ERROR_SHAPE)},
		{int(ErrDType), int(raw.SCHED_ERROR_DTYPE)},
		{int(ErrOverlap), int(raw.SCHED_ERROR_OVERLAP)},
		{int(ErrFinished), int(raw.SCHED_ERROR_FINISHED)},
		{int(ErrNotFinite), int(raw.SCHED_ERROR_NOT_FINITE)},
		{int(ErrCapacity), int(raw.SCHED_ERROR_CAPACITY)},
		{int(ErrDamaged), int(raw.SCHED_ERROR_DAMAGED)},
		{int(ErrMismatch), int(raw.SCHED_ERROR_MISMATCH)},
		{int(ErrUnsupported), int(raw.SCHED_ERROR_UNSUPPORTED)},
		{int(ErrMemory), int(raw.SCHED_ERROR_MEMORY)},
		{int(ErrInternal), int(raw.SCHED_ERROR_INTERNAL)},
		{int(ErrDeviceLost), int(raw.SCHED_ERROR_DEVICE_LOST)},
		{int(ErrDeviceMemory), int(raw.SCHED_ERROR_DEVICE_MEMORY)},
		{int(ErrVulkan), int(raw.SCHED_ERROR_VULKAN)},
		{int(ErrInUse), int(raw.SCHED_ERROR_IN_USE)},
		{int(DTypeF32), int(raw.SCHED_F32)},
		{int(DTypeF16), int(raw.SCHED_F16)},
		{int(DTypeBF16), int(raw.SCHED_BF16)},
		{int(DTypeF64), int(raw.SCHED_F64)},
		{int(KernelDefault), int(raw.SCHED_KERNEL_DEFAULT)},
		{int(KernelReference), int(raw.SCHED_KERNEL_REFERENCE)},
		{int(KernelFused), int(raw.SCHED_KERNEL_FUSED)},
		{int(KernelBLAS), int(raw.SCHED_KERNEL_BLAS)},
		{int(KernelVulkan), int(raw.SCHED_KERNEL_VULKAN)},
		{int(GeneratorPhilox), int(raw.SCHED_GENERATOR_PHILOX)},
		{int(GeneratorTorchCPU), int(raw.SCHED_GENERATOR_TORCH_CPU)},
		{int(GeneratorTorchCUDA), int(raw.SCHED_GENERATOR_TORCH_CUDA)},
		{int(GeneratorNx), int(raw.SCHED_GENERATOR_NX)},
		{int(GeneratorJAX), int(raw.SCHED_GENERATOR_JAX)},
		{int(GeneratorCaller), int(raw.SCHED_GENERATOR_CALLER)},
		{int(DrawsNone), int(raw.SCHED_DRAWS_NONE)},
		{int(DrawsDiffusers), int(raw.SCHED_DRAWS_DIFFUSERS)},
		{int(DrawsKDiffusion), int(raw.SCHED_DRAWS_K_DIFFUSION)},
		{int(DrawsComfyUI), int(raw.SCHED_DRAWS_COMFYUI)},
		{int(DrawsBumblebee), int(raw.SCHED_DRAWS_BUMBLEBEE)},
		{int(NameSampler), int(raw.SCHED_NAME_SAMPLER)},
		{int(NameSchedule), int(raw.SCHED_NAME_SCHEDULE)},
		{InputSample, int(raw.SCHED_INPUT_SAMPLE)},
		{InputPrediction, int(raw.SCHED_INPUT_PREDICTION)},
		{InputDenoised, int(raw.SCHED_INPUT_DENOISED)},
		{InputNoise0, int(raw.SCHED_INPUT_NOISE0)},
		{InputNoise1, int(raw.SCHED_INPUT_NOISE1)},
		{InputUnconditional, int(raw.SCHED_INPUT_UNCONDITIONAL)},
		{InputMemory0, int(raw.SCHED_INPUT_MEMORY0)},
		{InputOriginal, int(raw.SCHED_INPUT_ORIGINAL)},
		{InputKnownNoise, int(raw.SCHED_INPUT_KNOWN_NOISE)},
		{Inputs, raw.SCHED_WEIGHTS_INPUTS},
		{int(OutputNext), int(raw.SCHED_OUTPUT_NEXT)},
		{int(OutputDenoised), int(raw.SCHED_OUTPUT_DENOISED)},
		{int(OutputMemory0), int(raw.SCHED_OUTPUT_MEMORY0)},
		{int(OutputKnown), int(raw.SCHED_OUTPUT_KNOWN)},
		{int(ClipNone), int(raw.SCHED_CLIP_NONE)},
		{int(ClipRange), int(raw.SCHED_CLIP_RANGE)},
		{int(ClipQuantile), int(raw.SCHED_CLIP_QUANTILE)},
		{VersionNumber(), raw.SCHED_VERSION},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%d is %d in the header", pair[0], pair[1])
		}
	}
	// The order of the tensors in RecordStep.
	for slot, place := range []int{
		int(raw.SCHED_FLAT_SAMPLE), int(raw.SCHED_FLAT_PREDICTION), int(raw.SCHED_FLAT_NEXT),
		int(raw.SCHED_FLAT_UNCONDITIONAL), int(raw.SCHED_FLAT_NOISE0), int(raw.SCHED_FLAT_NOISE1),
		int(raw.SCHED_FLAT_DENOISED), int(raw.SCHED_FLAT_NEXT_INPUT), int(raw.SCHED_FLAT_MASK),
		int(raw.SCHED_FLAT_ORIGINAL), int(raw.SCHED_FLAT_KNOWN_NOISE),
	} {
		if slot != place {
			t.Errorf("slot %d is %d in the header", slot, place)
		}
	}
	if raw.SCHED_FLAT_SLOTS != 11 {
		t.Error("the header has other slots")
	}
}
