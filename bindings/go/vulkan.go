package sched

import (
	"runtime"
	"strings"

	"github.com/sched/sched/bindings/go/internal/raw"
)

// Vulkan is a device that states run on: [InitOptions].Vulkan.  Any number of goroutines may use it
// at a time.  Made by [NewVulkan] or [ImportVulkan], released by [Vulkan.Close].
//
// In a build of the library without Vulkan everything here says [ErrUnsupported].
type Vulkan struct {
	shared shared[raw.Vulkan]
}

// VulkanDevice is a device of this machine.
type VulkanDevice struct {
	Index         int    // for VulkanOptions.DeviceIndex
	IsSuitable    bool   // true where the library can run on it
	Type          int    // VkPhysicalDeviceType
	VendorID      uint32 // as Vulkan says
	DeviceID      uint32 // as Vulkan says
	DriverVersion uint32 // as Vulkan says
	APIVersion    uint32 // as Vulkan says
	Name          string
}

// VulkanDevices lists the devices of this machine, as the loader gives them; none is no error.
//
// Errors: [ErrUnsupported] where there is no loader or this build of the library has no Vulkan;
// [ErrVulkan].
func VulkanDevices() ([]VulkanDevice, error) {
	const unlisted = "the Vulkan devices cannot be listed"
	var count int32
	if err := check(raw.Sched_flat_device_count(&count), unlisted); err != nil {
		return nil, err
	}
	c := raw.NewSched_vulkan_device()
	defer raw.DeleteSched_vulkan_device(c)
	if err := made(c); err != nil {
		return nil, err
	}
	devices := make([]VulkanDevice, count)
	for index := range devices {
		if err := check(raw.Sched_flat_device_at(int32(index), c), unlisted); err != nil {
			return nil, err
		}
		devices[index] = VulkanDevice{
			Index:         int(c.GetIndex()),
			IsSuitable:    c.GetIs_suitable() == 1,
			Type:          int(c.GetValue_type()),
			VendorID:      c.GetVendor_id(),
			DeviceID:      c.GetDevice_id(),
			DriverVersion: c.GetDriver_version(),
			APIVersion:    c.GetApi_version(),
			Name:          utf8Text(raw.Sched_flat_device_name(c)),
		}
	}
	return devices, nil
}

// VulkanLimits are lower limits than the device's own, for tests and for drivers that claim too
// much.  0 leaves the device's; what claims more than the device offers is refused.
type VulkanLimits struct {
	MaxBuffers      uint32 // storage buffers for each stage, at least 4
	MaxGroupSize    uint32 // invocations in a group, at least 32
	MaxGroupCount   uint32 // groups along x, at least 64
	MaxRange        uint64 // bytes of one storage buffer binding, at least 64 KiB
	OffsetAlignment uint64 // of a binding: a power of two up to 4096, the device's or higher
	IsNonCoherent   bool   // flush and invalidate host memory, in whole atoms
}

// with calls body with the limits as C has them.
func (l VulkanLimits) with(body func(raw.Sched_vulkan_limits) error) error {
	c := raw.NewSched_vulkan_limits()
	defer raw.DeleteSched_vulkan_limits(c)
	if err := made(c); err != nil {
		return err
	}
	c.SetMax_buffers(l.MaxBuffers)
	c.SetMax_group_size(l.MaxGroupSize)
	c.SetMax_group_count(l.MaxGroupCount)
	c.SetMax_range(l.MaxRange)
	c.SetOffset_alignment(l.OffsetAlignment)
	c.SetIs_non_coherent(flag(l.IsNonCoherent))
	return body(c)
}

// VulkanOptions say which device [NewVulkan] takes.  The zero value takes the most suitable: a
// discrete one before an integrated, a virtual and a CPU's.
type VulkanOptions struct {
	DeviceIndex      *int     // of VulkanDevices
	DeviceName       string   // part of the device's name, in any case
	DeviceExtensions []string // to enable besides
	Limits           VulkanLimits
}

// NewVulkan makes a context with a device of its own.
//
// Errors: [ErrUnsupported] where there is no loader, no such device, none with a compute queue, no
// such extension, or this build of the library has no Vulkan; [ErrValue] for a limit or an index
// that is out of range; [ErrArgument] for a text with a zero byte; those of Vulkan.
func NewVulkan(options VulkanOptions) (*Vulkan, error) {
	index := int32(-1)
	if options.DeviceIndex != nil {
		if index = narrow(*options.DeviceIndex); index == -1 {
			return nil, &Error{ErrValue, "DeviceIndex is -1; leave it out to choose by name"}
		}
	}
	var name *byte
	var err error
	if options.DeviceName != "" {
		if name, err = cText(options.DeviceName, "DeviceName"); err != nil {
			return nil, err
		}
	}
	for _, extension := range options.DeviceExtensions {
		if extension == "" || strings.Contains(extension, " ") {
			return nil, &Error{ErrUnsupported, "no extension is called \"" + extension + "\""}
		}
	}
	extensions, err := cText(strings.Join(options.DeviceExtensions, " "), "DeviceExtensions")
	if err != nil {
		return nil, err
	}
	return makeVulkan(options.Limits, func(limits raw.Sched_vulkan_limits, buffer *byte, capacity int64, status *int32) *raw.Vulkan {
		return raw.Sched_flat_vulkan_create(index, name, extensions, limits, buffer, capacity, status)
	})
}

// VulkanImport is the application's Vulkan, all handles and functions as numbers.
type VulkanImport struct {
	QueueFamily         uint32 // of Queue, or of the command buffers that will be recorded
	GetInstanceProcAddr uint64 // PFN_vkGetInstanceProcAddr, the loader's of the instance
	Instance            uint64
	PhysicalDevice      uint64
	Device              uint64
	Queue               uint64 // 0: record only
	Lock                uint64 // void (*)(void* user), called around each use of the queue
	Unlock              uint64 // void (*)(void* user); both or neither
	User                uint64 // passed to both
	Limits              VulkanLimits
}

// ImportVulkan makes a context on the application's device.  No feature and no extension is needed,
// and nothing of the device is changed.
//
// The library cannot check the numbers: each that is not 0 must be a valid handle or function of C,
// they must belong together, and outlive the context and every state made with it.
//
// Errors: [ErrArgument] where a handle is 0 or there is lock without unlock; [ErrUnsupported] where
// the queue family has no compute or does not exist; those of [NewVulkan].
func ImportVulkan(options VulkanImport) (*Vulkan, error) {
	c := raw.NewSched_flat_import()
	defer raw.DeleteSched_flat_import(c)
	if err := made(c); err != nil {
		return nil, err
	}
	c.SetQueue_family(options.QueueFamily)
	c.SetGet_instance_proc_addr(options.GetInstanceProcAddr)
	c.SetInstance(options.Instance)
	c.SetPhysical_device(options.PhysicalDevice)
	c.SetDevice(options.Device)
	c.SetQueue(options.Queue)
	c.SetLock(options.Lock)
	c.SetUnlock(options.Unlock)
	c.SetUser(options.User)
	return makeVulkan(options.Limits, func(limits raw.Sched_vulkan_limits, buffer *byte, capacity int64, status *int32) *raw.Vulkan {
		return raw.Sched_flat_vulkan_import(c, limits, buffer, capacity, status)
	})
}

type vulkanMaker func(limits raw.Sched_vulkan_limits, buffer *byte, capacity int64, status *int32) *raw.Vulkan

func makeVulkan(limits VulkanLimits, create vulkanMaker) (v *Vulkan, err error) {
	var sentence message
	var status int32
	buffer, capacity := sentence.pointer()
	err = limits.with(func(c raw.Sched_vulkan_limits) error {
		handle := create(c, buffer, capacity, &status)
		if handle == nil {
			// A library without Vulkan writes no sentence.
			return sentence.check(status, "no Vulkan device; this build of the library may have no Vulkan")
		}
		v = &Vulkan{shared[raw.Vulkan]{handle: handle, free: raw.Sched_vulkan_free}}
		runtime.SetFinalizer(v, func(v *Vulkan) { v.shared.close() })
		return nil
	})
	return v, err
}

// Close releases the context, once the calls that use it are over.  States made with it stay valid
// and keep the device alive.  Closing again does nothing.
func (v *Vulkan) Close() error {
	if v == nil {
		return nil
	}
	v.shared.close()
	runtime.SetFinalizer(v, nil)
	return nil
}

// VulkanInfo is what a context runs on.  Handles stay the context's.
type VulkanInfo struct {
	QueueFamily     uint32
	Instance        uint64
	PhysicalDevice  uint64
	Device          uint64
	Queue           uint64 // 0 where it records only
	MaxBuffers      int    // descriptors that one step may take, the state's own too
	GroupSize       int    // invocations
	MaxRange        uint64 // bytes of one binding; larger tensors take several dispatches
	OffsetAlignment uint64 // of bindings; tensors need 4
	IsLost          bool   // true once the device was lost
	Name            string // the device's
}

// Info is what this context runs on.
func (v *Vulkan) Info() (info VulkanInfo, err error) {
	c := raw.NewSched_flat_info()
	defer raw.DeleteSched_flat_info(c)
	if err := made(c); err != nil {
		return info, err
	}
	err = v.use(func(handle *raw.Vulkan) error {
		return check(raw.Sched_flat_vulkan_info(handle, c), "the context cannot be asked")
	})
	if err != nil {
		return info, err
	}
	return VulkanInfo{
		QueueFamily:     c.GetQueue_family(),
		Instance:        c.GetInstance(),
		PhysicalDevice:  c.GetPhysical_device(),
		Device:          c.GetDevice(),
		Queue:           c.GetQueue(),
		MaxBuffers:      int(c.GetMax_buffers()),
		GroupSize:       int(c.GetGroup_size()),
		MaxRange:        c.GetMax_range(),
		OffsetAlignment: c.GetOffset_alignment(),
		IsLost:          c.GetIs_lost() == 1,
		Name:            utf8Text(raw.Sched_flat_info_name(c)),
	}, nil
}

// Cache gives the pipelines that the driver compiled, as bytes for the application to keep.
// Compiles them where no state was made yet.
//
// Errors: [ErrDeviceLost], [ErrVulkan].
func (v *Vulkan) Cache() (bytes []byte, err error) {
	const unreadable = "the pipeline cache cannot be read"
	err = v.use(func(handle *raw.Vulkan) error {
		// Another goroutine's use of the context may let the cache grow between the two calls.
		for {
			var size uint64
			if code := raw.Sched_vulkan_get_cache(handle, nil, 0, &size); code != 0 {
				return check(code, unreadable)
			}
			bytes = make([]byte, size)
			code := raw.Sched_vulkan_get_cache(handle, bytesPointer(bytes), size, &size)
			if Status(code) == ErrCapacity {
				continue
			}
			if code == 0 {
				bytes = bytes[:size]
			}
			return check(code, unreadable)
		}
	})
	return bytes, err
}

// SetCache takes such bytes up, before the first state is made.  They are checked before the driver
// sees them.
//
// Errors: [ErrDamaged] where they are truncated, changed, or no such bytes; [ErrMismatch] where they
// are of another device, driver, or version of the library; [ErrConflict] where the pipelines are
// compiled already; [ErrVulkan].
func (v *Vulkan) SetCache(bytes []byte) error {
	return v.use(func(handle *raw.Vulkan) error {
		code := raw.Sched_vulkan_set_cache(handle, bytesPointer(bytes), uint64(len(bytes)))
		return check(code, "the pipeline cache was not taken up")
	})
}

func (v *Vulkan) use(body func(*raw.Vulkan) error) error {
	if v == nil {
		return ErrClosed
	}
	return v.shared.use(body)
}
