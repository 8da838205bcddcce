//go:build sched_build

package sched_test

import (
	"testing"

	sched "github.com/sched/sched/bindings/go"
	"github.com/sched/sched/bindings/go/internal/vulkanapp"
)

// A whole loop recorded on a context that was imported without a queue, against the CPU's.
func TestStepsAreRecorded(t *testing.T) {
	owner := context(t, sched.VulkanOptions{})
	info := value(owner.Info())
	app := vulkanapp.Open(info.Instance, info.PhysicalDevice, info.Device, info.Queue, info.QueueFamily, 3*n)
	defer app.Close()
	vulkan := value(sched.ImportVulkan(sched.VulkanImport{
		QueueFamily: info.QueueFamily, GetInstanceProcAddr: vulkanapp.ProcAddr(),
		Instance: info.Instance, PhysicalDevice: info.PhysicalDevice, Device: info.Device,
	}))
	defer vulkan.Close()
	if imported := value(vulkan.Info()); imported.Queue != 0 || imported.Device != info.Device {
		t.Fatalf("%+v", imported)
	}
	tensor := func(first int) sched.VulkanTensor {
		return sched.VulkanTensor{Buffer: app.Buffer(), Offset: uint64(4 * first), BufferSize: 4 * 3 * n, Count: n}
	}
	x, f, scaled := tensor(0), tensor(n), tensor(2*n)
	values := app.Values()
	for _, class := range []string{"EulerDiscreteScheduler", "DPMSolverMultistepScheduler"} {
		options := tenSteps()
		options.Vulkan = vulkan
		ours, theirs := start(t, class), begin(t, ofClass(class), options)
		record := func(body func(on sched.Recording)) {
			app.Run(func(commands uint64) {
				body(sched.Recording{Vulkan: vulkan, CommandBuffer: commands, Device: info.Device})
			})
		}
		expected, input := make([]float32, n), make([]float32, n)
		must(t, ours.InitialNoise(expected))
		record(func(on sched.Recording) { must(t, theirs.RecordInitialNoise(on, x)) })
		for i := 0; i < ours.NumCalls(); i++ {
			close32(t, expected, values[:n], 1e-5)
			copy(values[n:], predict(expected))
			must(t, ours.ScaleInput(expected, input))
			must(t, ours.Step(expected, values[n:2*n], expected))
			record(func(on sched.Recording) {
				must(t, theirs.RecordScaleInput(on, x, scaled))
				must(t, theirs.RecordStep(on, sched.VulkanStepArgs{Sample: x, Prediction: f, Next: x}))
			})
			close32(t, input, values[2*n:], 1e-5)
			copy(values, expected)
		}
		must(t, ours.AddNoise(2, values[:n], nil, expected))
		record(func(on sched.Recording) {
			must(t, theirs.RecordAddNoise(on, 2, x, sched.VulkanTensor{}, scaled))
			again := theirs.RecordStep(on, sched.VulkanStepArgs{Sample: x, Prediction: f, Next: x})
			expect(t, again, sched.ErrFinished, "")
		})
		close32(t, expected, values[2*n:], 1e-4)

		// Wrong ones are refused before anything is recorded.
		fresh := begin(t, ofClass(class), options)
		record(func(on sched.Recording) {
			for _, test := range []struct {
				next   sched.VulkanTensor
				status sched.Status
			}{{tensor(2*n + 1), sched.ErrArgument}, {f, sched.ErrOverlap}, {sched.VulkanTensor{}, sched.ErrArgument}} {
				err := fresh.RecordStep(on, sched.VulkanStepArgs{Sample: x, Prediction: f, Next: test.next})
				expect(t, err, test.status, "")
			}
			short := x
			short.Count--
			expect(t, fresh.RecordStep(on, sched.VulkanStepArgs{Sample: short, Prediction: f, Next: x}), sched.ErrShape, "")
			on.Vulkan = owner
			expect(t, fresh.RecordInitialNoise(on, x), sched.ErrConflict, "")
		})
		// A queue is needed for what is not recorded.
		expect(t, fresh.Step(expected, predict(expected), expected), sched.ErrUnsupported, "queue")
		must(t, fresh.Close())
		must(t, theirs.Close())
	}
}
