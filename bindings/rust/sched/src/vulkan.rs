//! Vulkan: contexts, and steps recorded into the application's command buffers.

use std::ffi::{c_char, c_void, CString};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use sched_sys as sys;

use crate::catalog::count;
use crate::error::{chars_to_string, check, Message};
use crate::state::groups;
use crate::{Dtype, Error, Result, State, Status};

pub use sys::{
    PFN_vkGetInstanceProcAddr, VkAllocationCallbacks, VkBuffer, VkCommandBuffer, VkDevice,
    VkInstance, VkPhysicalDevice, VkQueue,
};

/// A Vulkan device that states run on: [`InitOptions::vulkan`](crate::InitOptions::vulkan).
///
/// Clones share it, and any number of threads may use it.  States keep it alive.
///
/// In a build of the library without Vulkan every function here says
/// [`Unsupported`](Status::Unsupported).
#[derive(Debug, Clone)]
pub struct Vulkan(Arc<Handle>);

#[derive(Debug)]
struct Handle(NonNull<sys::sched_vulkan>);

// SAFETY: the library promises that a context may be shared by threads, and be freed by any.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: made by the library and freed here only.
        unsafe { sys::sched_vulkan_free(self.0.as_ptr()) }
    }
}

/// A device of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Device {
    /// For [`VulkanOptions::device_index`].
    pub index: usize,
    /// True where the library can run on it.
    pub is_suitable: bool,
    /// `VkPhysicalDeviceType`.
    pub device_type: i32,
    /// As Vulkan says.
    pub vendor_id: u32,
    /// As Vulkan says.
    pub device_id: u32,
    /// As Vulkan says.
    pub driver_version: u32,
    /// As Vulkan says.
    pub api_version: u32,
    /// Its name.
    pub name: String,
}

/// Lower limits than the device's own, for tests and for drivers that claim too much.  0 leaves
/// the device's; what claims more than the device offers is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Storage buffers for each stage, at least 4.
    pub max_buffers: u32,
    /// Invocations in a group, at least 32.
    pub max_group_size: u32,
    /// Groups along x, at least 64.
    pub max_group_count: u32,
    /// Bytes of one storage buffer binding, at least 64 KiB.
    pub max_range: u64,
    /// Of a binding: a power of two up to 4096, the device's or higher.
    pub offset_alignment: u64,
    /// Flush and invalidate host memory, in whole atoms.
    pub is_non_coherent: bool,
}

impl From<Limits> for sys::sched_vulkan_limits {
    fn from(limits: Limits) -> Self {
        Self {
            max_buffers: limits.max_buffers,
            max_group_size: limits.max_group_size,
            max_group_count: limits.max_group_count,
            max_range: limits.max_range,
            offset_alignment: limits.offset_alignment,
            is_non_coherent: i32::from(limits.is_non_coherent),
            ..Default::default()
        }
    }
}

/// Which device [`Vulkan::new`] takes.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct VulkanOptions<'a> {
    device_index: Option<usize>,
    device_name: Option<&'a str>,
    device_extensions: &'a [&'a str],
    limits: Option<Limits>,
}

impl<'a> VulkanOptions<'a> {
    /// The most suitable device: a discrete one before an integrated, a virtual and a CPU's.
    pub fn new() -> Self {
        Self::default()
    }

    /// A device of [`Vulkan::devices`].
    pub fn device_index(mut self, index: usize) -> Self {
        self.device_index = Some(index);
        self
    }

    /// Part of the device's name, in any case.
    pub fn device_name(mut self, name: &'a str) -> Self {
        self.device_name = Some(name);
        self
    }

    /// Device extensions to enable besides.
    pub fn device_extensions(mut self, extensions: &'a [&'a str]) -> Self {
        self.device_extensions = extensions;
        self
    }

    /// Lower limits than the device's own.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }
}

/// The application's Vulkan, all handles by value: [`Vulkan::import`].
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions {
    /// Of `queue`, or of the command buffers that will be recorded.
    pub queue_family: u32,
    /// The loader's entry.
    pub get_instance_proc_addr: PFN_vkGetInstanceProcAddr,
    /// The instance.
    pub instance: VkInstance,
    /// The physical device.
    pub physical_device: VkPhysicalDevice,
    /// The device.
    pub device: VkDevice,
    /// NULL: record only.
    pub queue: VkQueue,
    /// Called around each use of the queue, both or neither.
    pub lock: Option<unsafe extern "C" fn(user: *mut c_void)>,
    /// Called around each use of the queue, both or neither.
    pub unlock: Option<unsafe extern "C" fn(user: *mut c_void)>,
    /// Passed to `lock` and `unlock`.
    pub user: *mut c_void,
    /// May be NULL; copied.
    pub allocator: *const VkAllocationCallbacks,
    /// Lower limits than the device's own.
    pub limits: Option<Limits>,
}

/// What a context runs on.  Handles stay the context's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Of the queue.
    pub queue_family: u32,
    /// The instance.
    pub instance: VkInstance,
    /// The physical device.
    pub physical_device: VkPhysicalDevice,
    /// The device.
    pub device: VkDevice,
    /// NULL where it records only.
    pub queue: VkQueue,
    /// Descriptors that one step may take, the state's own too.
    pub max_buffers: u32,
    /// Invocations.
    pub group_size: u32,
    /// Bytes of one binding; larger tensors take several dispatches.
    pub max_range: u64,
    /// Of bindings; tensors need 4.
    pub offset_alignment: u64,
    /// True once the device was lost.
    pub is_lost: bool,
    /// The device's name.
    pub name: String,
}

/// A library without Vulkan writes no sentence.
const NO_SENTENCE: &str = "no Vulkan device; this build of the library may have no Vulkan";

fn c_string(text: &str, what: &str) -> Result<CString> {
    CString::new(text)
        .map_err(|_| Error::new(Status::Argument, format!("{what} has a zero byte inside")))
}

impl Vulkan {
    /// The devices of this machine, as the loader gives them; empty where there is none.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](Status::Unsupported) where there is no loader or this build of the library
    /// has no Vulkan; [`Vulkan`](Status::Vulkan).
    pub fn devices() -> Result<Vec<Device>> {
        const SENTENCE: &str = "the Vulkan devices cannot be listed";
        let mut number = 0;
        // SAFETY: NULL asks for the count only.
        let code = unsafe { sys::sched_vulkan_list(ptr::null_mut(), 0, &mut number) };
        check(code, SENTENCE)?;
        let mut list = vec![sys::sched_vulkan_device::default(); count(number)];
        let capacity = number;
        // SAFETY: as many structs as are said, of the size that they say.
        let code = unsafe { sys::sched_vulkan_list(list.as_mut_ptr(), capacity, &mut number) };
        check(code, SENTENCE)?;
        list.truncate(count(number));
        let device = |c: &sys::sched_vulkan_device| Device {
            index: count(c.index),
            is_suitable: c.is_suitable != 0,
            device_type: c.type_,
            vendor_id: c.vendor_id,
            device_id: c.device_id,
            driver_version: c.driver_version,
            api_version: c.api_version,
            name: chars_to_string(&c.name),
        };
        Ok(list.iter().map(device).collect())
    }

    /// Makes a context with a device of its own.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](Status::Unsupported) where there is no loader, no such device, none with a
    /// compute queue, no such extension, or this build of the library has no Vulkan;
    /// [`Value`](Status::Value) for a limit that is out of range; those of Vulkan.
    pub fn new(options: &VulkanOptions<'_>) -> Result<Self> {
        let mut message = Message::new();
        let name = options
            .device_name
            .map(|name| c_string(name, "device_name"))
            .transpose()?;
        let extensions = options
            .device_extensions
            .iter()
            .map(|name| c_string(name, "a device extension"))
            .collect::<Result<Vec<_>>>()?;
        let extensions: Vec<*const c_char> = extensions.iter().map(|text| text.as_ptr()).collect();
        let limits = options.limits.map(sys::sched_vulkan_limits::from);
        let c = sys::sched_vulkan_create_options {
            device_index: options
                .device_index
                .map_or(-1, |index| index.try_into().unwrap_or(i32::MAX)),
            device_name: name.as_ref().map_or(ptr::null(), |text| text.as_ptr()),
            device_extensions: if extensions.is_empty() {
                ptr::null()
            } else {
                extensions.as_ptr()
            },
            device_extension_count: extensions.len().try_into().unwrap_or(i32::MAX),
            limits: limits.as_ref().map_or(ptr::null(), ptr::from_ref),
            message: message.as_mut_ptr(),
            message_capacity: Message::CAPACITY,
            ..Default::default()
        };
        let mut out = ptr::null_mut();
        // SAFETY: strings, lists and limits outlive the call and are as long as said.
        let code = unsafe { sys::sched_vulkan_create(&c, &mut out) };
        message.check_or(code, NO_SENTENCE)?;
        Ok(Self::from_handle(out))
    }

    /// Makes a context on the application's device.  No feature and no extension is needed, and
    /// nothing of the device is changed.
    ///
    /// # Errors
    ///
    /// [`Argument`](Status::Argument) where a handle is NULL or there is lock without unlock;
    /// [`Unsupported`](Status::Unsupported) where the queue family has no compute or does not
    /// exist, or this build of the library has no Vulkan; those of [`Vulkan::new`].
    ///
    /// # Safety
    ///
    /// - Every handle that is not NULL is valid, they belong together, and
    ///   `get_instance_proc_addr` is the loader's of that instance.
    /// - All of them, `user` and what `allocator`'s functions use outlive every clone of the
    ///   context and every state made with it.
    /// - `lock` and `unlock` may be called by any thread with `user`, do not unwind, and exclude
    ///   every other use of the queue; where they are not given, nothing but this library uses
    ///   the queue at the same time.
    pub unsafe fn import(options: &ImportOptions) -> Result<Self> {
        let mut message = Message::new();
        let limits = options.limits.map(sys::sched_vulkan_limits::from);
        let c = sys::sched_vulkan_import_options {
            queue_family: options.queue_family,
            get_instance_proc_addr: options.get_instance_proc_addr,
            instance: options.instance,
            physical_device: options.physical_device,
            device: options.device,
            queue: options.queue,
            lock: options.lock,
            unlock: options.unlock,
            user: options.user,
            allocator: options.allocator,
            limits: limits.as_ref().map_or(ptr::null(), ptr::from_ref),
            message: message.as_mut_ptr(),
            message_capacity: Message::CAPACITY,
            ..Default::default()
        };
        let mut out = ptr::null_mut();
        // SAFETY: the caller's promise for the handles; limits and message outlive the call.
        let code = unsafe { sys::sched_vulkan_import(&c, &mut out) };
        message.check_or(code, NO_SENTENCE)?;
        Ok(Self::from_handle(out))
    }

    fn from_handle(handle: *mut sys::sched_vulkan) -> Self {
        let handle = NonNull::new(handle).expect("the library gave no context");
        Self(Arc::new(Handle(handle)))
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::sched_vulkan {
        self.0 .0.as_ptr()
    }

    /// What this context runs on.
    ///
    /// # Errors
    ///
    /// None that is known.
    pub fn info(&self) -> Result<Info> {
        let mut c = sys::sched_vulkan_info::default();
        // SAFETY: a valid handle, and a struct of the size that it says.
        let code = unsafe { sys::sched_vulkan_get_info(self.as_ptr(), &mut c) };
        check(code, "the context cannot be asked")?;
        Ok(Info {
            queue_family: c.queue_family,
            instance: c.instance,
            physical_device: c.physical_device,
            device: c.device,
            queue: c.queue,
            max_buffers: c.max_buffers,
            group_size: c.group_size,
            max_range: c.max_range,
            offset_alignment: c.offset_alignment,
            is_lost: c.is_lost != 0,
            name: chars_to_string(&c.name),
        })
    }

    /// The pipelines that the driver compiled, as bytes for the application to keep.  Compiles
    /// them where no state was made yet.
    ///
    /// # Errors
    ///
    /// [`DeviceLost`](Status::DeviceLost), [`Vulkan`](Status::Vulkan).
    pub fn cache(&self) -> Result<Vec<u8>> {
        const SENTENCE: &str = "the pipeline cache cannot be read";
        // Another thread's use of the context may let the cache grow between the two calls.
        loop {
            let mut size = 0;
            // SAFETY: a valid handle; NULL asks for the size only.
            let code = unsafe {
                sys::sched_vulkan_get_cache(self.as_ptr(), ptr::null_mut(), 0, &mut size)
            };
            check(code, SENTENCE)?;
            let mut bytes = vec![0u8; count(size)];
            let to = bytes.as_mut_ptr().cast();
            // SAFETY: as many bytes as are said.
            let code = unsafe { sys::sched_vulkan_get_cache(self.as_ptr(), to, size, &mut size) };
            if code == sys::SCHED_ERROR_CAPACITY {
                continue;
            }
            check(code, SENTENCE)?;
            bytes.truncate(count(size));
            return Ok(bytes);
        }
    }

    /// Takes such bytes up, before the first state is made.  They are checked before the driver
    /// sees them.
    ///
    /// # Errors
    ///
    /// [`Damaged`](Status::Damaged) where they are truncated, changed, or no such bytes;
    /// [`Mismatch`](Status::Mismatch) where they are of another device, driver, or version of the
    /// library; [`Conflict`](Status::Conflict) where the pipelines are compiled already;
    /// [`Vulkan`](Status::Vulkan).
    pub fn set_cache(&self, bytes: &[u8]) -> Result<()> {
        let from = bytes.as_ptr().cast();
        // SAFETY: a valid handle, and as many bytes as are said.
        let code = unsafe { sys::sched_vulkan_set_cache(self.as_ptr(), from, bytes.len() as u64) };
        check(code, "the pipeline cache was not taken up")
    }
}

/// A contiguous tensor in a buffer of the application's.
#[derive(Debug, Clone, Copy)]
pub struct VulkanTensor {
    /// All but [`Dtype::F64`].
    pub dtype: Dtype,
    /// That made the buffer; checked against the context's.  NULL: not checked.
    pub device: VkDevice,
    /// The buffer: of usage STORAGE_BUFFER.  A pointer where pointers have 64 bits, else a `u64`,
    /// as in vulkan.h.
    pub buffer: VkBuffer,
    /// Bytes, a multiple of 4.
    pub offset: u64,
    /// Bytes that the buffer has.
    pub buffer_size: u64,
    /// Items.
    pub batch: usize,
    /// Values per item.
    pub elements: usize,
}

impl VulkanTensor {
    fn c_tensor(&self) -> sys::sched_vulkan_tensor {
        sys::sched_vulkan_tensor {
            dtype: self.dtype.code(),
            device: self.device,
            buffer: self.buffer,
            offset: self.offset,
            buffer_size: self.buffer_size,
            batch: self.batch.try_into().unwrap_or(i64::MAX),
            elements: self.elements.try_into().unwrap_or(i64::MAX),
            ..Default::default()
        }
    }
}

/// A step on the application's buffers, member for member as [`StepArgs`](crate::StepArgs).
/// `next` may be exactly `sample`.
#[derive(Debug, Clone, Copy)]
pub struct VulkanStepArgs<'a> {
    /// x at the current noise level.
    pub sample: VulkanTensor,
    /// x at the next noise level.
    pub next: VulkanTensor,
    /// What the network returned; nothing for calls that need no model.
    pub prediction: Option<VulkanTensor>,
    /// For guidance.
    pub unconditional: Option<VulkanTensor>,
    /// For guidance.
    pub guidance_scale: f64,
    /// The caller's normals, one tensor for each draw, in order.
    pub noise: [Option<VulkanTensor>; 2],
    /// Gets x0 as the method sees it.
    pub denoised: Option<VulkanTensor>,
    /// Gets `next`, scaled for the next model call.
    pub next_input: Option<VulkanTensor>,
    /// batch * groups values in host memory.
    pub group_timesteps: Option<&'a [f64]>,
    /// Where the groups go, in host memory.
    pub group_targets: Option<&'a [f64]>,
    /// Inpainting: 1 keeps the original, 0 paints.
    pub mask: Option<VulkanTensor>,
    /// Clean data; needed with the mask.
    pub original: Option<VulkanTensor>,
    /// Normals for it.
    pub known_noise: Option<VulkanTensor>,
    /// `next` is the mean of the step.
    pub without_noise: bool,
}

impl VulkanStepArgs<'_> {
    /// A plain step.
    pub fn new(sample: VulkanTensor, prediction: VulkanTensor, next: VulkanTensor) -> Self {
        Self {
            sample,
            next,
            prediction: Some(prediction),
            unconditional: None,
            guidance_scale: 1.0,
            noise: [None, None],
            denoised: None,
            next_input: None,
            group_timesteps: None,
            group_targets: None,
            mask: None,
            original: None,
            known_noise: None,
            without_noise: false,
        }
    }
}

fn pointer(tensor: &Option<sys::sched_vulkan_tensor>) -> *const sys::sched_vulkan_tensor {
    tensor.as_ref().map_or(ptr::null(), ptr::from_ref)
}

/// Recording into the application's command buffers.
///
/// Nothing here waits, submits, or allocates.  The state's position moves when a call is
/// recorded, not when it is executed.  Before its first dispatch a recording makes what compute
/// shaders and transfers wrote visible; what it wrote, the application makes visible (stage
/// COMPUTE_SHADER, access SHADER_WRITE) to whoever reads it, unless that is another recording.
///
/// # Safety of the recordings
///
/// For each of them, the caller promises that
///
/// - `command_buffer` is a valid command buffer of the context's device, in the recording state,
///   outside a render pass, from a pool of a family that has compute, and that no other thread
///   uses it or its pool meanwhile;
/// - every buffer is valid, of the context's device, of usage STORAGE_BUFFER, bound to memory of
///   at least `buffer_size` bytes, and stays so until the command buffer was executed or is
///   thrown away;
/// - the command buffer is submitted once at most, and has been executed to its end before the
///   state has recorded `recorded_in_flight` calls more
///   ([`InitOptions::recorded_in_flight`](crate::InitOptions::recorded_in_flight));
/// - command buffers of one state are executed in the order in which they were recorded, and the
///   state is neither dropped nor used for anything but recordings before they were.
impl State {
    /// Records the next step: [`State::step_wide`] on the application's buffers.
    ///
    /// # Errors
    ///
    /// Those of [`State::step_wide`]; [`Conflict`](Status::Conflict) where the state was made
    /// with another context; [`Argument`](Status::Argument) for a buffer that is NULL, too small,
    /// or of another device; [`Overlap`](Status::Overlap);
    /// [`Unsupported`](Status::Unsupported) for more separate buffers than the device takes, or a
    /// step that depends on norms; [`Capacity`](Status::Capacity) for more groups than
    /// [`InitOptions::recorded_groups`](crate::InitOptions::recorded_groups).
    ///
    /// # Safety
    ///
    /// As said for all recordings, above.
    pub unsafe fn record_step(
        &mut self,
        vulkan: &Vulkan,
        command_buffer: VkCommandBuffer,
        args: &VulkanStepArgs<'_>,
    ) -> Result<()> {
        let optional = |tensor: Option<VulkanTensor>| tensor.map(|tensor| tensor.c_tensor());
        let (sample, next) = (args.sample.c_tensor(), args.next.c_tensor());
        let prediction = optional(args.prediction);
        let unconditional = optional(args.unconditional);
        let noise = args.noise.map(optional);
        let (denoised, next_input) = (optional(args.denoised), optional(args.next_input));
        let (mask, original) = (optional(args.mask), optional(args.original));
        let known_noise = optional(args.known_noise);
        let c = sys::sched_vulkan_step_args {
            groups: groups(self.batch(), args.group_timesteps, args.group_targets)?,
            sample: &sample,
            prediction: pointer(&prediction),
            next: &next,
            unconditional: pointer(&unconditional),
            guidance_scale: args.guidance_scale,
            noise: [pointer(&noise[0]), pointer(&noise[1])],
            denoised: pointer(&denoised),
            next_input: pointer(&next_input),
            group_timesteps: args.group_timesteps.map_or(ptr::null(), <[f64]>::as_ptr),
            group_targets: args.group_targets.map_or(ptr::null(), <[f64]>::as_ptr),
            mask: pointer(&mask),
            original: pointer(&original),
            known_noise: pointer(&known_noise),
            without_noise: i32::from(args.without_noise),
            ..Default::default()
        };
        // SAFETY: valid handles of the library's; the caller's promise for Vulkan's.
        let code = unsafe {
            sys::sched_vulkan_record_step(vulkan.as_ptr(), self.as_ptr(), command_buffer, &c)
        };
        self.check(code)
    }

    /// Records [`State::initial_noise`].
    ///
    /// # Errors
    ///
    /// As [`State::record_step`].
    ///
    /// # Safety
    ///
    /// As said for all recordings, above.
    pub unsafe fn record_initial_noise(
        &mut self,
        vulkan: &Vulkan,
        command_buffer: VkCommandBuffer,
        out: &VulkanTensor,
    ) -> Result<()> {
        let (vulkan, state, out) = (vulkan.as_ptr(), self.as_ptr(), out.c_tensor());
        // SAFETY: valid handles of the library's; the caller's promise for Vulkan's.
        self.check(unsafe {
            sys::sched_vulkan_record_initial_noise(vulkan, state, command_buffer, &out)
        })
    }

    /// Records [`State::scale_input`]; `out` may be exactly `sample`.
    ///
    /// # Errors
    ///
    /// As [`State::record_step`].
    ///
    /// # Safety
    ///
    /// As said for all recordings, above.
    pub unsafe fn record_scale_input(
        &mut self,
        vulkan: &Vulkan,
        command_buffer: VkCommandBuffer,
        sample: &VulkanTensor,
        out: &VulkanTensor,
    ) -> Result<()> {
        let (vulkan, state) = (vulkan.as_ptr(), self.as_ptr());
        let (sample, out) = (sample.c_tensor(), out.c_tensor());
        // SAFETY: valid handles of the library's; the caller's promise for Vulkan's.
        self.check(unsafe {
            sys::sched_vulkan_record_scale_input(vulkan, state, command_buffer, &sample, &out)
        })
    }

    /// Records [`State::add_noise`]; `out` may be exactly `original`.
    ///
    /// # Errors
    ///
    /// As [`State::record_step`].
    ///
    /// # Safety
    ///
    /// As said for all recordings, above.
    pub unsafe fn record_add_noise(
        &mut self,
        vulkan: &Vulkan,
        command_buffer: VkCommandBuffer,
        step: usize,
        original: &VulkanTensor,
        noise: Option<&VulkanTensor>,
        out: &VulkanTensor,
    ) -> Result<()> {
        let (vulkan, state) = (vulkan.as_ptr(), self.as_ptr());
        let (original, out) = (original.c_tensor(), out.c_tensor());
        let noise = noise.map(VulkanTensor::c_tensor);
        let noise = pointer(&noise);
        let step = step.try_into().unwrap_or(i64::MAX);
        // SAFETY: valid handles of the library's; the caller's promise for Vulkan's.
        self.check(unsafe {
            sys::sched_vulkan_record_add_noise(
                vulkan,
                state,
                command_buffer,
                step,
                &original,
                noise,
                &out,
            )
        })
    }
}
