package sched_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	sched "github.com/sched/sched/bindings/go"
)

// context is a context, or the end of the test where this machine has none; the error must say so.
func context(t *testing.T, options sched.VulkanOptions) *sched.Vulkan {
	t.Helper()
	vulkan, err := sched.NewVulkan(options)
	if err != nil {
		expect(t, err, sched.ErrUnsupported, " ")
		t.Skip("not tested: ", err)
	}
	t.Cleanup(func() { vulkan.Close() })
	return vulkan
}

func TestBuildsWithoutVulkanSaySo(t *testing.T) {
	if sched.KernelVulkan.Available() {
		t.Skip("this build has Vulkan")
	}
	_, err := sched.VulkanDevices()
	expect(t, err, sched.ErrUnsupported, " ")
	_, err = sched.NewVulkan(sched.VulkanOptions{})
	expect(t, err, sched.ErrUnsupported, " ")
	_, err = sched.ImportVulkan(sched.VulkanImport{})
	expect(t, err, sched.ErrUnsupported, " ")
}

func TestDevicesAreListedAndChosen(t *testing.T) {
	context(t, sched.VulkanOptions{})
	var device sched.VulkanDevice
	for _, each := range value(sched.VulkanDevices()) {
		t.Logf("%+v", each)
		if each.IsSuitable {
			device = each
			break
		}
	}
	byIndex := value(context(t, sched.VulkanOptions{DeviceIndex: &device.Index}).Info())
	if device.Name == "" || byIndex.Name != device.Name {
		t.Fatalf("%+v is not %+v", byIndex, device)
	}
	part := strings.ToLower(device.Name)[:4]
	byName := value(context(t, sched.VulkanOptions{DeviceName: part}).Info())
	if !strings.Contains(strings.ToLower(byName.Name), part) {
		t.Fatalf("%+v has no %q", byName, part)
	}
	limits := sched.VulkanLimits{MaxBuffers: 4}
	limited := value(context(t, sched.VulkanOptions{Limits: limits}).Info())
	if limited.MaxBuffers != 4 || limited.IsLost || limited.Device == 0 || limited.Queue == 0 || limited.MaxRange == 0 {
		t.Fatalf("%+v", limited)
	}
	for _, test := range []struct {
		options sched.VulkanOptions
		status  sched.Status
	}{
		{sched.VulkanOptions{DeviceIndex: sched.Int(99)}, sched.ErrUnsupported},
		{sched.VulkanOptions{DeviceIndex: sched.Int(-1)}, sched.ErrValue},
		{sched.VulkanOptions{DeviceIndex: sched.Int(-2)}, sched.ErrValue},
		{sched.VulkanOptions{DeviceIndex: sched.Int(math.MinInt64)}, sched.ErrValue},
		{sched.VulkanOptions{DeviceName: "no such device"}, sched.ErrUnsupported},
		{sched.VulkanOptions{DeviceName: "a\x00b"}, sched.ErrArgument},
		{sched.VulkanOptions{DeviceExtensions: []string{"VK_NO_such"}}, sched.ErrUnsupported},
		{sched.VulkanOptions{DeviceExtensions: []string{"VK_NO such"}}, sched.ErrUnsupported},
		{sched.VulkanOptions{DeviceExtensions: []string{""}}, sched.ErrUnsupported},
		{sched.VulkanOptions{DeviceExtensions: []string{"VK\x00"}}, sched.ErrArgument},
		{sched.VulkanOptions{Limits: sched.VulkanLimits{MaxBuffers: 3}}, sched.ErrValue},
	} {
		vulkan, err := sched.NewVulkan(test.options)
		if vulkan != nil {
			t.Fatalf("%+v gave a context", test.options)
		}
		expect(t, err, test.status, "")
	}
}

func TestTheCacheIsKeptByTheApplication(t *testing.T) {
	vulkan, fresh := context(t, sched.VulkanOptions{}), context(t, sched.VulkanOptions{})
	bytes := value(vulkan.Cache())
	changed := append([]byte(nil), bytes...)
	changed[len(changed)-1] ^= 1
	for _, damaged := range [][]byte{changed, {}, nil, bytes[:len(bytes)/2]} {
		expect(t, fresh.SetCache(damaged), sched.ErrDamaged, "")
	}
	must(t, fresh.SetCache(bytes))
	expect(t, vulkan.SetCache(bytes), sched.ErrConflict, "")
}

func TestStatesRunOnTheDevice(t *testing.T) {
	vulkan := context(t, sched.VulkanOptions{})
	options := tenSteps()
	options.Vulkan = vulkan
	for _, class := range classes {
		ours, theirs := start(t, class), begin(t, ofClass(class), options)
		if theirs.Kernel() != sched.KernelVulkan {
			t.Fatal(theirs.Kernel())
		}
		x, next := make([]float32, n), make([]float32, n)
		must(t, theirs.InitialNoise(next))
		must(t, ours.InitialNoise(x))
		close32(t, x, next, 1e-5)
		for i := 0; i < ours.NumCalls(); i++ {
			f := predict(x)
			must(t, theirs.Step(x, f, next))
			must(t, ours.Step(x, f, x))
			close32(t, x, next, 1e-5)
		}
		if _, more, err := theirs.NextCall(); more || err != nil || !value(theirs.CanContinue()) {
			t.Fatal(more, err)
		}
	}
}

func TestContextsMayGoBeforeTheirStates(t *testing.T) {
	vulkan := context(t, sched.VulkanOptions{})
	options := tenSteps()
	options.Vulkan = vulkan
	state := begin(t, ofClass("DDIMScheduler"), options)
	must(t, vulkan.Close())
	must(t, vulkan.Close())
	whole(t, state)

	for name, vulkan := range map[string]*sched.Vulkan{"closed": vulkan, "zero": {}, "nil": nil} {
		_, err := vulkan.Info()
		_, caches := vulkan.Cache()
		if err != sched.ErrClosed || caches != sched.ErrClosed || vulkan.SetCache(nil) != sched.ErrClosed {
			t.Errorf("%s: %v", name, err)
		}
		if vulkan == nil {
			continue
		}
		options.Vulkan = vulkan
		if _, err := create(t, ofClass("DDIMScheduler")).Init(options); err != sched.ErrClosed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheKernelNeedsAContext(t *testing.T) {
	options := tenSteps()
	options.Kernel = sched.KernelVulkan
	_, err := create(t, ofClass("DDIMScheduler")).Init(options)
	if sched.KernelVulkan.Available() {
		expect(t, err, sched.ErrConflict, "vulkan")
	} else {
		expect(t, err, sched.ErrUnsupported, "Vulkan")
	}
}

func TestImportsAreChecked(t *testing.T) {
	if !sched.KernelVulkan.Available() {
		t.Skip("this build has no Vulkan")
	}
	_, err := sched.ImportVulkan(sched.VulkanImport{})
	expect(t, err, sched.ErrArgument, "")
}

func TestRecordingsAreChecked(t *testing.T) {
	vulkan := context(t, sched.VulkanOptions{})
	options := tenSteps()
	options.Vulkan = vulkan
	state := begin(t, ofClass("DDIMScheduler"), options)
	for _, err := range []error{
		state.RecordStep(sched.Recording{Vulkan: vulkan}, sched.VulkanStepArgs{}),
		state.RecordInitialNoise(sched.Recording{Vulkan: vulkan}, sched.VulkanTensor{}),
		state.RecordScaleInput(sched.Recording{Vulkan: vulkan}, sched.VulkanTensor{}, sched.VulkanTensor{}),
		state.RecordAddNoise(sched.Recording{Vulkan: vulkan}, 0, sched.VulkanTensor{}, sched.VulkanTensor{}, sched.VulkanTensor{}),
		state.RecordStep(sched.Recording{Vulkan: vulkan}, sched.VulkanStepArgs{GuidanceScale: 2}),
	} {
		expect(t, err, sched.ErrArgument, " ")
	}
	if err := state.RecordStep(sched.Recording{}, sched.VulkanStepArgs{}); !errors.Is(err, sched.ErrClosed) {
		t.Fatal(err)
	}
}
