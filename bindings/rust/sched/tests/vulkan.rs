//! Vulkan: a device of the library's own, its states, and steps recorded into command buffers
//! that this test makes on the context's device.  Where there is no device, or no Vulkan in the
//! library, that must be what every function says.

mod support;

use std::ffi::{c_char, c_void, CStr};
use std::ptr;

use sched::vulkan::{ImportOptions, Limits, VkDevice, VulkanStepArgs, VulkanTensor};
use sched::{Dtype, InitOptions, Kernel, Status, Vulkan, VulkanOptions};
use support::{prediction, scheduler, N};

/// A context, or nothing where this machine has none.
fn context() -> Option<Vulkan> {
    match Vulkan::new(&VulkanOptions::new()) {
        Ok(vulkan) => Some(vulkan),
        Err(error) => {
            println!("not tested: {error}");
            assert_eq!(error.status, Status::Unsupported);
            assert!(!error.message.is_empty());
            None
        }
    }
}

#[test]
fn builds_without_vulkan_say_so() {
    if Kernel::Vulkan.is_available() {
        return println!("not tested: this build has Vulkan");
    }
    assert_eq!(Vulkan::devices().unwrap_err().status, Status::Unsupported);
    assert!(context().is_none());
}

#[test]
fn devices_are_listed_and_chosen() {
    if context().is_none() {
        return;
    }
    let devices = Vulkan::devices().unwrap();
    println!("{devices:#?}");
    let device = devices.iter().find(|device| device.is_suitable).unwrap();
    let by_index = Vulkan::new(&VulkanOptions::new().device_index(device.index)).unwrap();
    assert_eq!(by_index.info().unwrap().name, device.name);
    let part = device.name.to_lowercase();
    let by_name = Vulkan::new(&VulkanOptions::new().device_name(&part[..4])).unwrap();
    assert!(by_name
        .info()
        .unwrap()
        .name
        .to_lowercase()
        .contains(&part[..4]));
    let limits = Limits {
        max_buffers: 4,
        ..Limits::default()
    };
    let limited = Vulkan::new(&VulkanOptions::new().limits(limits)).unwrap();
    assert_eq!(limited.info().unwrap().max_buffers, 4);
    assert!(!limited.info().unwrap().is_lost);

    let refused = |options: VulkanOptions<'_>| Vulkan::new(&options).unwrap_err();
    let error = refused(VulkanOptions::new().device_index(99));
    assert_eq!(error.status, Status::Unsupported, "{error}");
    let error = refused(VulkanOptions::new().device_name("no such device"));
    assert_eq!(error.status, Status::Unsupported, "{error}");
    let error = refused(VulkanOptions::new().device_name("a\0b"));
    assert_eq!(error.status, Status::Argument, "{error}");
    let error = refused(VulkanOptions::new().device_extensions(&["VK_NO_such"]));
    assert_eq!(error.status, Status::Unsupported, "{error}");
    let limits = Limits {
        max_buffers: 3,
        ..limits
    };
    let error = refused(VulkanOptions::new().limits(limits));
    assert_eq!(error.status, Status::Value, "{error}");
}

#[test]
fn the_cache_is_kept_by_the_application() {
    let Some(vulkan) = context() else { return };
    let bytes = vulkan.cache().unwrap();
    let fresh = context().unwrap();
    let mut changed = bytes.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(
        fresh.set_cache(&changed).unwrap_err().status,
        Status::Damaged
    );
    assert_eq!(fresh.set_cache(&[]).unwrap_err().status, Status::Damaged);
    fresh.set_cache(&bytes).unwrap();
    assert_eq!(
        vulkan.set_cache(&bytes).unwrap_err().status,
        Status::Conflict
    );
}

#[test]
fn states_run_on_the_device() {
    let Some(vulkan) = context() else { return };
    for class in support::CLASSES {
        let options = InitOptions::new(10, N / 2).batch(2).seed(42);
        let scheduler = scheduler(class);
        let mut ours = scheduler.init(&options).unwrap();
        let mut theirs = scheduler.init(&options.vulkan(&vulkan)).unwrap();
        assert_eq!(theirs.kernel().unwrap(), Kernel::Vulkan);
        let mut x = vec![0f32; N];
        ours.initial_noise(&mut x).unwrap();
        while ours.next_call().unwrap().is_some() {
            let f = prediction(&x);
            let mut next = vec![0f32; N];
            theirs.step(&x, &f, &mut next).unwrap();
            ours.step_in_place(&mut x, &f).unwrap();
            let worst = x
                .iter()
                .zip(&next)
                .map(|(a, b)| (a - b).abs() / a.abs().max(1.0));
            assert!(worst.fold(0f32, f32::max) < 1e-5, "{class}");
        }
        assert!(theirs.is_finished() && theirs.can_continue());
    }
}

#[test]
fn contexts_may_go_before_their_states() {
    let Some(vulkan) = context() else { return };
    let options = InitOptions::new(5, N);
    let clone = vulkan.clone();
    let mut state = scheduler("DDIMScheduler")
        .init(&options.vulkan(&vulkan))
        .unwrap();
    drop(vulkan);
    drop(clone);
    let mut x = vec![0.5f32; N];
    let f = prediction(&x);
    state.step_in_place(&mut x, &f).unwrap();
}

#[test]
fn imports_are_checked() {
    if !Kernel::Vulkan.is_available() {
        return;
    }
    let null = ptr::null_mut();
    let nothing = ImportOptions {
        queue_family: 0,
        get_instance_proc_addr: None,
        instance: null,
        physical_device: null,
        device: null,
        queue: null,
        lock: None,
        unlock: None,
        user: null,
        allocator: ptr::null(),
        limits: None,
    };
    // SAFETY: every handle is NULL, which is refused.
    let error = unsafe { Vulkan::import(&nothing) }.unwrap_err();
    assert_eq!(error.status, Status::Argument, "{error}");
}

// ------------------------------------------------------------- an application

/// As much of Vulkan as a recorded step needs, by hand.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod application {
    use super::*;

    type Handle = *mut c_void;
    type Function = unsafe extern "system" fn();
    type GetProc = unsafe extern "system" fn(Handle, *const c_char) -> Option<Function>;

    extern "C" {
        fn dlopen(name: *const c_char, flags: i32) -> Handle;
        fn dlsym(library: Handle, name: *const c_char) -> Handle;
    }

    /// The loader's entry.  The library that it lies in stays open.
    fn loader() -> GetProc {
        // SAFETY: names that end in zero; the symbol is a function of this type.
        unsafe {
            let library = dlopen(c"libvulkan.so.1".as_ptr(), 2);
            assert!(!library.is_null());
            let symbol = dlsym(library, c"vkGetInstanceProcAddr".as_ptr());
            assert!(!symbol.is_null());
            std::mem::transmute::<Handle, GetProc>(symbol)
        }
    }

    /// A structure of Vulkan as 64-bit words: type, chain, members.
    type Words<const N: usize> = [u64; N];

    pub struct App {
        get: GetProc,
        instance: Handle,
        physical: Handle,
        pub device: VkDevice,
        queue: Handle,
        family: u32,
    }

    macro_rules! call {
        ($app:expr, $name:literal, fn($($type:ty),*) $(-> $result:ty)?, $($value:expr),*) => {{
            // SAFETY: a function of the loader's, called by its own signature.
            unsafe {
                let function = $app.function(
                    CStr::from_bytes_with_nul(concat!($name, "\0").as_bytes()).unwrap(),
                );
                let function = std::mem::transmute::<
                    Handle,
                    unsafe extern "system" fn($($type),*) $(-> $result)?,
                >(function);
                function($($value),*)
            }
        }};
    }

    /// A buffer in memory that the host sees, mapped for good.
    pub struct Buffer {
        pub handle: Handle,
        pub values: *mut f32,
        pub size: u64,
        memory: Handle,
    }

    impl App {
        pub fn of(vulkan: &Vulkan) -> Self {
            let info = vulkan.info().unwrap();
            Self {
                get: loader(),
                instance: info.instance,
                physical: info.physical_device,
                device: info.device,
                queue: info.queue,
                family: info.queue_family,
            }
        }

        pub fn import(&self) -> ImportOptions {
            ImportOptions {
                queue_family: self.family,
                get_instance_proc_addr: Some(self.get),
                instance: self.instance,
                physical_device: self.physical,
                device: self.device,
                queue: ptr::null_mut(),
                lock: None,
                unlock: None,
                user: ptr::null_mut(),
                allocator: ptr::null(),
                limits: None,
            }
        }

        fn function(&self, name: &CStr) -> Handle {
            // SAFETY: a valid instance and a name that ends in zero.
            let function = unsafe { (self.get)(self.instance, name.as_ptr()) };
            function.unwrap_or_else(|| panic!("{name:?}")) as Handle
        }

        pub fn buffer(&self, count: usize) -> Buffer {
            let size = 4 * count as u64;
            let (mut handle, mut memory, mut at) =
                (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
            // Flags, size, usage STORAGE_BUFFER with exclusive sharing, no families.
            let create: Words<7> = [12, 0, 0, size, 0x20, 0, 0];
            let code = call!(
                self,
                "vkCreateBuffer",
                fn(Handle, *const Words<7>, Handle, *mut Handle) -> i32,
                self.device,
                &create,
                ptr::null_mut(),
                &mut handle
            );
            assert_eq!(code, 0);
            let mut needs: Words<3> = [0; 3];
            call!(
                self,
                "vkGetBufferMemoryRequirements",
                fn(Handle, Handle, *mut Words<3>),
                self.device,
                handle,
                &mut needs
            );
            // A count, 32 types of flags and heap, a count, 16 heaps of 16 bytes.
            let mut properties = [0u32; 1 + 64 + 1 + 64];
            call!(
                self,
                "vkGetPhysicalDeviceMemoryProperties",
                fn(Handle, *mut [u32; 130]),
                self.physical,
                &mut properties
            );
            // HOST_VISIBLE and HOST_COHERENT.
            let kind = (0..properties[0] as usize)
                .find(|i| needs[2] >> i & 1 == 1 && properties[1 + 2 * i] & 6 == 6)
                .unwrap();
            let allocate: Words<4> = [5, 0, needs[0], kind as u64];
            let code = call!(
                self,
                "vkAllocateMemory",
                fn(Handle, *const Words<4>, Handle, *mut Handle) -> i32,
                self.device,
                &allocate,
                ptr::null_mut(),
                &mut memory
            );
            assert_eq!(code, 0);
            let code = call!(
                self,
                "vkBindBufferMemory",
                fn(Handle, Handle, Handle, u64) -> i32,
                self.device,
                handle,
                memory,
                0
            );
            assert_eq!(code, 0);
            let code = call!(
                self,
                "vkMapMemory",
                fn(Handle, Handle, u64, u64, u32, *mut Handle) -> i32,
                self.device,
                memory,
                0,
                size,
                0,
                &mut at
            );
            assert_eq!(code, 0);
            Buffer {
                handle,
                values: at.cast(),
                size,
                memory,
            }
        }

        pub fn free(&self, buffer: Buffer) {
            call!(
                self,
                "vkDestroyBuffer",
                fn(Handle, Handle, Handle),
                self.device,
                buffer.handle,
                ptr::null_mut()
            );
            call!(
                self,
                "vkFreeMemory",
                fn(Handle, Handle, Handle),
                self.device,
                buffer.memory,
                ptr::null_mut()
            );
        }

        /// Records, submits and waits.
        pub fn run(&self, record: impl FnOnce(Handle)) {
            let (mut pool, mut commands) = (ptr::null_mut(), ptr::null_mut());
            let create: Words<3> = [39, 0, u64::from(self.family) << 32];
            let code = call!(
                self,
                "vkCreateCommandPool",
                fn(Handle, *const Words<3>, Handle, *mut Handle) -> i32,
                self.device,
                &create,
                ptr::null_mut(),
                &mut pool
            );
            assert_eq!(code, 0);
            let allocate: Words<4> = [40, 0, pool as u64, 1 << 32];
            let code = call!(
                self,
                "vkAllocateCommandBuffers",
                fn(Handle, *const Words<4>, *mut Handle) -> i32,
                self.device,
                &allocate,
                &mut commands
            );
            assert_eq!(code, 0);
            let begin: Words<4> = [42, 0, 1, 0];
            let code = call!(
                self,
                "vkBeginCommandBuffer",
                fn(Handle, *const Words<4>) -> i32,
                commands,
                &begin
            );
            assert_eq!(code, 0);
            record(commands);
            // COMPUTE_SHADER's writes to HOST's reads.
            let barrier: Words<3> = [46, 0, 0x40 | 0x2000 << 32];
            call!(
                self,
                "vkCmdPipelineBarrier",
                fn(Handle, u32, u32, u32, u32, *const Words<3>, u32, Handle, u32, Handle),
                commands,
                0x800,
                0x4000,
                0,
                1,
                &barrier,
                0,
                ptr::null_mut(),
                0,
                ptr::null_mut()
            );
            let code = call!(self, "vkEndCommandBuffer", fn(Handle) -> i32, commands);
            assert_eq!(code, 0);
            let submit: Words<9> = [4, 0, 0, 0, 0, 1, &commands as *const _ as u64, 0, 0];
            let code = call!(
                self,
                "vkQueueSubmit",
                fn(Handle, u32, *const Words<9>, Handle) -> i32,
                self.queue,
                1,
                &submit,
                ptr::null_mut()
            );
            assert_eq!(code, 0);
            let code = call!(self, "vkQueueWaitIdle", fn(Handle) -> i32, self.queue);
            assert_eq!(code, 0);
            call!(
                self,
                "vkDestroyCommandPool",
                fn(Handle, Handle, Handle),
                self.device,
                pool,
                ptr::null_mut()
            );
        }
    }

    impl Buffer {
        pub fn tensor(&self, device: VkDevice, first: usize) -> VulkanTensor {
            VulkanTensor {
                dtype: Dtype::F32,
                device,
                buffer: self.handle,
                offset: 4 * first as u64,
                buffer_size: self.size,
                batch: 2,
                elements: N / 2,
            }
        }
    }
}

/// A whole loop recorded on a context that was imported without a queue, against the CPU's.
#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn steps_are_recorded() {
    let Some(owner) = context() else { return };
    let app = application::App::of(&owner);
    // SAFETY: the owner's handles, and the owner lives to the end of the test.
    let vulkan = unsafe { Vulkan::import(&app.import()) }.unwrap();
    assert!(vulkan.info().unwrap().queue.is_null());
    let buffer = app.buffer(3 * N);
    // SAFETY: the buffer is mapped, and has this many values.
    let values = unsafe { std::slice::from_raw_parts_mut(buffer.values, 3 * N) };
    values.fill(0.0);
    let tensor = |index: usize| buffer.tensor(app.device, index * N);
    let (x, f, scaled) = (tensor(0), tensor(1), tensor(2));
    for class in ["EulerDiscreteScheduler", "DPMSolverMultistepScheduler"] {
        let scheduler = scheduler(class);
        let options = InitOptions::new(10, N / 2).batch(2).seed(42);
        let mut ours = scheduler.init(&options).unwrap();
        let mut state = scheduler.init(&options.vulkan(&vulkan)).unwrap();
        let (mut expected, mut input) = (vec![0f32; N], vec![0f32; N]);
        ours.initial_noise(&mut expected).unwrap();
        // SAFETY: a command buffer in the recording state; the buffer is the device's; each
        // recording is executed before the next, and before the state is dropped.
        app.run(|c| unsafe { state.record_initial_noise(&vulkan, c, &x).unwrap() });
        while state.next_call().unwrap().is_some() {
            let close = |a: &[f32], b: &[f32]| {
                let apart = a
                    .iter()
                    .zip(b)
                    .map(|(a, b)| (a - b).abs() / a.abs().max(1.0));
                apart.fold(0f32, f32::max) < 1e-5
            };
            assert!(close(&expected, &values[..N]), "{class}");
            values[N..2 * N].copy_from_slice(&prediction(&expected));
            ours.scale_input(&expected, &mut input).unwrap();
            ours.step_in_place(&mut expected, &values[N..2 * N])
                .unwrap();
            // SAFETY: as above.
            app.run(|c| unsafe {
                state.record_scale_input(&vulkan, c, &x, &scaled).unwrap();
                let args = VulkanStepArgs::new(x, f, x);
                state.record_step(&vulkan, c, &args).unwrap();
            });
            assert!(close(&input, &values[2 * N..]), "{class}");
            values[..N].copy_from_slice(&expected);
        }
        assert!(state.is_finished());
        ours.add_noise(2, &values[..N], None, &mut expected)
            .unwrap();
        // SAFETY: as above.
        app.run(|c| unsafe {
            state
                .record_add_noise(&vulkan, c, 2, &x, None, &scaled)
                .unwrap();
            let args = VulkanStepArgs::new(x, f, x);
            let error = state.record_step(&vulkan, c, &args).unwrap_err();
            assert_eq!(error.status, Status::Finished);
        });
        let apart = expected
            .iter()
            .zip(&values[2 * N..])
            .map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0f32, f32::max) < 1e-4, "{class}");

        // Wrong ones are refused before anything is recorded.
        let mut state = scheduler.init(&options.vulkan(&vulkan)).unwrap();
        let beyond = buffer.tensor(app.device, 2 * N + 1);
        // SAFETY: as above; what is refused is not recorded.
        app.run(|c| unsafe {
            let step = |args: &VulkanStepArgs<'_>, state: &mut sched::State| {
                state.record_step(&vulkan, c, args).unwrap_err().status
            };
            let args = VulkanStepArgs::new(x, f, beyond);
            assert_eq!(step(&args, &mut state), Status::Argument);
            let args = VulkanStepArgs::new(x, f, f);
            assert_eq!(step(&args, &mut state), Status::Overlap);
            let error = state.record_initial_noise(&owner, c, &x).unwrap_err();
            assert_eq!(error.status, Status::Conflict);
        });
        // A queue is needed for what is not recorded.
        let mut sample = vec![0f32; N];
        let error = state.step_in_place(&mut sample, &expected).unwrap_err();
        println!("{error}");
        // Nothing was recorded that could be in flight.
        drop(state);
    }
    drop(vulkan);
    app.free(buffer);
}
