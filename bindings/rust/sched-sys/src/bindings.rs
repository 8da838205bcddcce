// sched.h and sched_vulkan.h of version 0.1.0, in their order.  Kept by hand; the test
// `layout` compares it with the headers.

use std::ffi::{c_char, c_void};

pub const SCHED_VERSION_MAJOR: i32 = 0;
pub const SCHED_VERSION_MINOR: i32 = 1;
pub const SCHED_VERSION_PATCH: i32 = 0;
/// major * 10000 + minor * 100 + patch
pub const SCHED_VERSION: i32 = 100;

/// Gives a struct the C header's `_INIT` as `Default`.
macro_rules! init {
    ($name:ident { $($member:ident: $value:expr),* $(,)? }) => {
        impl Default for $name {
            fn default() -> Self {
                // SAFETY: numbers, arrays of numbers, raw pointers and `Option`s of functions,
                // for all of which zero bytes are a value.
                let zero: Self = unsafe { std::mem::zeroed() };
                Self {
                    struct_size: std::mem::size_of::<Self>() as u32,
                    $($member: $value,)*
                    ..zero
                }
            }
        }
    };
}

// ------------------------------------------------------------------- status

pub type sched_status = i32;
pub const SCHED_OK: sched_status = 0;
pub const SCHED_ERROR_ARGUMENT: sched_status = -1;
pub const SCHED_ERROR_STRUCT_SIZE: sched_status = -2;
pub const SCHED_ERROR_JSON: sched_status = -3;
pub const SCHED_ERROR_UNKNOWN_CLASS: sched_status = -4;
pub const SCHED_ERROR_UNKNOWN_KEY: sched_status = -5;
pub const SCHED_ERROR_TYPE: sched_status = -6;
pub const SCHED_ERROR_VALUE: sched_status = -7;
pub const SCHED_ERROR_CONFLICT: sched_status = -8;
pub const SCHED_ERROR_STEPS: sched_status = -9;
pub const SCHED_ERROR_TIMESTEPS: sched_status = -10;
pub const SCHED_ERROR_OPTION: sched_status = -11;
pub const SCHED_ERROR_SHAPE: sched_status = -12;
pub const SCHED_ERROR_DTYPE: sched_status = -13;
pub const SCHED_ERROR_OVERLAP: sched_status = -14;
pub const SCHED_ERROR_FINISHED: sched_status = -15;
pub const SCHED_ERROR_NOT_FINITE: sched_status = -16;
pub const SCHED_ERROR_CAPACITY: sched_status = -17;
pub const SCHED_ERROR_DAMAGED: sched_status = -18;
pub const SCHED_ERROR_MISMATCH: sched_status = -19;
pub const SCHED_ERROR_UNSUPPORTED: sched_status = -20;
pub const SCHED_ERROR_MEMORY: sched_status = -21;
pub const SCHED_ERROR_INTERNAL: sched_status = -22;
pub const SCHED_ERROR_DEVICE_LOST: sched_status = -23;
pub const SCHED_ERROR_DEVICE_MEMORY: sched_status = -24;
pub const SCHED_ERROR_VULKAN: sched_status = -25;
pub const SCHED_ERROR_IN_USE: sched_status = -26;

// ------------------------------------------------------------------ tensors

pub type sched_dtype = i32;
pub const SCHED_DTYPE_UNDEFINED: sched_dtype = 0;
pub const SCHED_F32: sched_dtype = 1;
pub const SCHED_F16: sched_dtype = 2;
pub const SCHED_BF16: sched_dtype = 3;
pub const SCHED_F64: sched_dtype = 4;

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_tensor {
    pub struct_size: u32,
    pub dtype: i32,
    pub data: *mut c_void,
    pub batch: i64,
    pub elements: i64,
}
init!(sched_tensor {
    dtype: SCHED_F32,
    batch: 1
});

// ------------------------------------------------------------------ methods

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_method_info {
    pub struct_size: u32,
    pub calls_per_step: i32,
    pub name: *const c_char,
    pub class_name: *const c_char,
    pub paper: *const c_char,
    pub memory_rows: i32,
    pub draws_per_step: i32,
    pub max_order: i32,
    pub stochastic: i32,
}
init!(sched_method_info {});

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_option_info {
    pub struct_size: u32,
    pub at_init: i32,
    pub name: *const c_char,
    /// `type` in C.
    pub type_: *const c_char,
    pub default_value: *const c_char,
    pub allowed: *const c_char,
}
init!(sched_option_info {});

// -------------------------------------------------------------------- names

pub type sched_name_kind = i32;
pub const SCHED_NAME_SAMPLER: sched_name_kind = 0;
pub const SCHED_NAME_SCHEDULE: sched_name_kind = 1;

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_name_info {
    pub struct_size: u32,
    pub kind: i32,
    pub system: *const c_char,
    pub name: *const c_char,
    pub composition: *const c_char,
}
init!(sched_name_info {});

// --------------------------------------------------------------- schedulers

#[repr(C)]
pub struct sched_scheduler {
    _opaque: [u8; 0],
    _not_send: std::marker::PhantomData<(*mut u8, std::marker::PhantomPinned)>,
}

/// The caller's memory; the functions may not unwind.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_allocator {
    pub struct_size: u32,
    pub reserved: u32,
    pub allocate: Option<
        unsafe extern "C" fn(context: *mut c_void, size: u64, alignment: u64) -> *mut c_void,
    >,
    pub release: Option<
        unsafe extern "C" fn(context: *mut c_void, block: *mut c_void, size: u64, alignment: u64),
    >,
    pub context: *mut c_void,
}
init!(sched_allocator {});

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_create_options {
    pub struct_size: u32,
    pub lenient: i32,
    pub message: *mut c_char,
    pub message_capacity: u64,
    pub allocator: *const sched_allocator,
}
init!(sched_create_options {});

// --------------------------------------------------------------------- init

pub type sched_kernel = i32;
pub const SCHED_KERNEL_DEFAULT: sched_kernel = 0;
pub const SCHED_KERNEL_REFERENCE: sched_kernel = 1;
pub const SCHED_KERNEL_FUSED: sched_kernel = 2;
pub const SCHED_KERNEL_BLAS: sched_kernel = 3;
pub const SCHED_KERNEL_VULKAN: sched_kernel = 4;

pub type sched_generator = i32;
pub const SCHED_GENERATOR_PHILOX: sched_generator = 0;
pub const SCHED_GENERATOR_TORCH_CPU: sched_generator = 1;
pub const SCHED_GENERATOR_TORCH_CUDA: sched_generator = 2;
pub const SCHED_GENERATOR_NX: sched_generator = 3;
pub const SCHED_GENERATOR_JAX: sched_generator = 4;
pub const SCHED_GENERATOR_CALLER: sched_generator = 5;

pub type sched_draw_policy = i32;
pub const SCHED_DRAWS_NONE: sched_draw_policy = 0;
pub const SCHED_DRAWS_DIFFUSERS: sched_draw_policy = 1;
pub const SCHED_DRAWS_K_DIFFUSION: sched_draw_policy = 2;
pub const SCHED_DRAWS_COMFYUI: sched_draw_policy = 3;
pub const SCHED_DRAWS_BUMBLEBEE: sched_draw_policy = 4;

/// Marks a number in [`sched_init_options`] that was not given.
pub const SCHED_UNSET: f64 = -1.0e300;

#[repr(C)]
pub struct sched_vulkan {
    _opaque: [u8; 0],
    _not_send: std::marker::PhantomData<(*mut u8, std::marker::PhantomPinned)>,
}

pub type sched_parallel_run = Option<unsafe extern "C" fn(task: *mut c_void, index: i64)>;
pub type sched_parallel_for = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        count: i64,
        run: sched_parallel_run,
        task: *mut c_void,
    ),
>;

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_init_options {
    pub struct_size: u32,

    pub num_steps: i32,
    pub timesteps: *const f64,
    pub sigmas: *const f64,
    pub timesteps_count: i32,
    pub sigmas_count: i32,

    pub begin_step: i32,
    pub end_step: i32,
    pub strength: f64,
    pub mu: f64,

    pub batch: i64,
    pub elements: i64,
    pub dtype: i32,
    pub kernel: i32,

    pub seed: u64,
    pub item_seeds: *const u64,

    pub eta: f64,
    pub s_churn: f64,
    pub s_tmin: f64,
    pub s_tmax: f64,
    pub s_noise: f64,
    pub order: i32,
    pub original_inference_steps: i32,
    pub use_clipped_model_output: i32,
    pub num_train_timesteps: i32,

    pub message: *mut c_char,
    pub message_capacity: u64,

    pub jump_length: i32,
    pub jump_n_sample: i32,

    pub max_timesteps: f64,
    pub intermediate_timesteps: f64,
    pub stage_index: i32,
    pub is_amplify_first_chunk: i32,

    pub vulkan: *mut sched_vulkan,
    pub recorded_in_flight: i32,
    pub recorded_groups: i32,

    pub threads: i32,
    pub history_dtype: i32,
    pub parallel_for: sched_parallel_for,
    pub parallel_context: *mut c_void,

    pub generator: i32,
    pub draw_policy: i32,
    pub noise_dtype: i32,
    pub extra_draws: i32,
    pub cuda_multiprocessors: i32,
    pub cuda_threads_per_multiprocessor: i32,
    pub first_sample_draw: i32,
    pub reserved: i32,

    pub whole_batch: i64,
    pub whole_elements: i64,
    pub first_item: i64,
    pub first_element: i64,
}
init!(sched_init_options {
    strength: SCHED_UNSET,
    mu: SCHED_UNSET,
    batch: 1,
    dtype: SCHED_F32,
    kernel: SCHED_KERNEL_DEFAULT,
    eta: SCHED_UNSET,
    s_churn: SCHED_UNSET,
    s_tmin: SCHED_UNSET,
    s_tmax: SCHED_UNSET,
    s_noise: SCHED_UNSET,
    max_timesteps: SCHED_UNSET,
    intermediate_timesteps: SCHED_UNSET,
    stage_index: -1,
});

#[repr(C)]
pub struct sched_state {
    _opaque: [u8; 0],
    _not_send: std::marker::PhantomData<(*mut u8, std::marker::PhantomPinned)>,
}

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_call {
    pub struct_size: u32,
    pub needs_model: i32,
    pub timestep: f64,
    pub alpha: f64,
    pub sigma: f64,
    pub input_scale: f64,
    pub step: i64,
    pub stage: i32,
    pub ends_step: i32,
    pub draws: i32,
    pub reserved: i32,
}
init!(sched_call {});

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_step_args {
    pub struct_size: u32,
    pub groups: i32,
    pub sample: *const sched_tensor,
    pub prediction: *const sched_tensor,
    pub next: *mut sched_tensor,
    pub unconditional: *const sched_tensor,
    pub guidance_scale: f64,
    pub noise: [*const sched_tensor; 2],
    pub denoised: *mut sched_tensor,
    pub next_input: *mut sched_tensor,
    pub group_timesteps: *const f64,
    pub mask: *const sched_tensor,
    pub original: *const sched_tensor,
    pub known_noise: *const sched_tensor,
    pub group_targets: *const f64,
    pub without_noise: i32,
    pub reserved: i32,
}
init!(sched_step_args {
    guidance_scale: 1.0
});

// -------------------------------------------------------- weights of a step

pub type sched_input = i32;
pub const SCHED_INPUT_SAMPLE: sched_input = 0;
pub const SCHED_INPUT_PREDICTION: sched_input = 1;
pub const SCHED_INPUT_DENOISED: sched_input = 2;
pub const SCHED_INPUT_NOISE0: sched_input = 3;
pub const SCHED_INPUT_NOISE1: sched_input = 4;
pub const SCHED_INPUT_UNCONDITIONAL: sched_input = 5;
pub const SCHED_INPUT_MEMORY0: sched_input = 6;
pub const SCHED_INPUT_ORIGINAL: sched_input = 14;
pub const SCHED_INPUT_KNOWN_NOISE: sched_input = 15;

pub type sched_output = i32;
pub const SCHED_OUTPUT_NEXT: sched_output = 0;
pub const SCHED_OUTPUT_DENOISED: sched_output = 1;
pub const SCHED_OUTPUT_MEMORY0: sched_output = 2;
pub const SCHED_OUTPUT_KNOWN: sched_output = 10;

pub type sched_clip = i32;
pub const SCHED_CLIP_NONE: sched_clip = 0;
pub const SCHED_CLIP_RANGE: sched_clip = 1;
pub const SCHED_CLIP_QUANTILE: sched_clip = 2;

pub const SCHED_WEIGHTS_INPUTS: usize = 16;
pub const SCHED_WEIGHTS_ROWS: usize = 8;

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_weights {
    pub struct_size: u32,
    pub rows: i32,
    pub draws: i32,
    pub clip: i32,
    pub clip_range: f64,
    pub quantile: f64,
    pub quantile_max: f64,
    pub gain: i32,
    pub reserved: i32,
    pub gain_offset: f64,
    pub gain_slope: f64,
    pub timestep: f64,
    pub input_scale: f64,
    pub denoised: [f64; SCHED_WEIGHTS_INPUTS],
    pub output: [i32; SCHED_WEIGHTS_ROWS],
    pub weight: [[f64; SCHED_WEIGHTS_INPUTS]; SCHED_WEIGHTS_ROWS],
}
init!(sched_weights {});

extern "C" {
    pub fn sched_status_name(status: sched_status) -> *const c_char;
    pub fn sched_version_number() -> i32;
    pub fn sched_version_string() -> *const c_char;

    pub fn sched_method_count() -> i32;
    pub fn sched_method_at(index: i32, info: *mut sched_method_info) -> sched_status;
    pub fn sched_method_find(name: *const c_char, index: *mut i32) -> sched_status;
    pub fn sched_option_count(method: i32) -> i32;
    pub fn sched_option_at(method: i32, index: i32, info: *mut sched_option_info) -> sched_status;

    pub fn sched_name_count() -> i32;
    pub fn sched_name_at(index: i32, info: *mut sched_name_info) -> sched_status;
    pub fn sched_name_find(
        name: *const c_char,
        system: *const c_char,
        info: *mut sched_name_info,
    ) -> sched_status;

    pub fn sched_create(
        config: *const c_char,
        length: u64,
        options: *const sched_create_options,
        out: *mut *mut sched_scheduler,
    ) -> sched_status;
    pub fn sched_free(scheduler: *mut sched_scheduler);
    pub fn sched_method(scheduler: *const sched_scheduler) -> i32;
    pub fn sched_warning_count(scheduler: *const sched_scheduler) -> i32;
    pub fn sched_warning(scheduler: *const sched_scheduler, index: i32) -> *const c_char;
    pub fn sched_quirk_count(scheduler: *const sched_scheduler) -> i32;
    pub fn sched_quirk(scheduler: *const sched_scheduler, index: i32) -> *const c_char;
    pub fn sched_quirk_description(name: *const c_char) -> *const c_char;

    pub fn sched_cuda_card(
        name: *const c_char,
        multiprocessors: *mut i32,
        threads_per_multiprocessor: *mut i32,
    ) -> sched_status;
    pub fn sched_cuda_card_name(index: i32) -> *const c_char;
    pub fn sched_kernel_available(kernel: sched_kernel) -> i32;
    pub fn sched_init(
        scheduler: *const sched_scheduler,
        options: *const sched_init_options,
        out: *mut *mut sched_state,
    ) -> sched_status;
    pub fn sched_state_free(state: *mut sched_state);
    pub fn sched_last_error(state: *const sched_state) -> *const c_char;
    pub fn sched_can_continue(state: *const sched_state) -> i32;

    pub fn sched_batch(state: *const sched_state) -> i64;
    pub fn sched_elements(state: *const sched_state) -> i64;
    pub fn sched_prediction_elements(state: *const sched_state) -> i64;
    pub fn sched_num_steps(state: *const sched_state) -> i64;
    pub fn sched_num_calls(state: *const sched_state) -> i64;
    pub fn sched_calls_done(state: *const sched_state) -> i64;
    pub fn sched_next_call(state: *mut sched_state, call: *mut sched_call) -> sched_status;
    pub fn sched_call_at(
        state: *mut sched_state,
        index: i64,
        call: *mut sched_call,
    ) -> sched_status;
    pub fn sched_attempts(
        state: *const sched_state,
        accepted: *mut i64,
        rejected: *mut i64,
    ) -> sched_status;
    pub fn sched_call_ends_step(state: *const sched_state, call: i64) -> i32;
    pub fn sched_state_kernel(state: *const sched_state) -> i32;
    pub fn sched_state_bytes(state: *const sched_state) -> i64;
    pub fn sched_timesteps(
        state: *const sched_state,
        out: *mut f64,
        capacity: i64,
        count: *mut i64,
    ) -> sched_status;
    pub fn sched_sigmas(
        state: *const sched_state,
        out: *mut f64,
        capacity: i64,
        count: *mut i64,
    ) -> sched_status;
    pub fn sched_levels(
        state: *const sched_state,
        out: *mut f64,
        capacity: i64,
        count: *mut i64,
    ) -> sched_status;
    pub fn sched_step_for_timestep(
        state: *mut sched_state,
        timestep: f64,
        step: *mut i64,
    ) -> sched_status;
    pub fn sched_init_noise_sigma(state: *const sched_state) -> f64;
    pub fn sched_input_scale(state: *const sched_state) -> f64;
    pub fn sched_next_draws(state: *const sched_state) -> i32;

    pub fn sched_initial_noise(state: *mut sched_state, out: *mut sched_tensor) -> sched_status;
    pub fn sched_scale_input(
        state: *mut sched_state,
        sample: *const sched_tensor,
        out: *mut sched_tensor,
    ) -> sched_status;
    pub fn sched_add_noise(
        state: *mut sched_state,
        step: i64,
        original: *const sched_tensor,
        noise: *const sched_tensor,
        out: *mut sched_tensor,
    ) -> sched_status;
    pub fn sched_step(
        state: *mut sched_state,
        sample: *const sched_tensor,
        prediction: *const sched_tensor,
        next: *mut sched_tensor,
    ) -> sched_status;
    pub fn sched_step_wide(state: *mut sched_state, args: *const sched_step_args) -> sched_status;
    pub fn sched_step_weights(
        state: *mut sched_state,
        call: i64,
        weights: *mut sched_weights,
    ) -> sched_status;

    pub fn sched_save(
        state: *mut sched_state,
        bytes: *mut c_void,
        capacity: u64,
        size: *mut u64,
    ) -> sched_status;
    pub fn sched_load(state: *mut sched_state, bytes: *const c_void, size: u64) -> sched_status;
    pub fn sched_clone(state: *const sched_state, out: *mut *mut sched_state) -> sched_status;
}

// ------------------------------------------------------------------- vulkan
//
// Vulkan's own types, so that no crate of Vulkan is needed.  Dispatchable handles (VkInstance,
// VkPhysicalDevice, VkDevice, VkQueue, VkCommandBuffer) are pointers everywhere.

pub type VkInstance = *mut c_void;
pub type VkPhysicalDevice = *mut c_void;
pub type VkDevice = *mut c_void;
pub type VkQueue = *mut c_void;
pub type VkCommandBuffer = *mut c_void;

/// Not dispatchable: vulkan.h makes it a pointer where pointers have 64 bits, and a `uint64_t`
/// elsewhere.  In memory both are 64 bits.
#[cfg(target_pointer_width = "64")]
pub type VkBuffer = *mut c_void;
/// Not dispatchable: vulkan.h makes it a pointer where pointers have 64 bits, and a `uint64_t`
/// elsewhere.  In memory both are 64 bits.
#[cfg(not(target_pointer_width = "64"))]
pub type VkBuffer = u64;

/// `VkAllocationCallbacks`; only ever passed by pointer.
#[repr(C)]
pub struct VkAllocationCallbacks {
    _opaque: [u8; 0],
    _not_send: std::marker::PhantomData<(*mut u8, std::marker::PhantomPinned)>,
}

pub type PFN_vkVoidFunction = Option<unsafe extern "system" fn()>;
pub type PFN_vkGetInstanceProcAddr = Option<
    unsafe extern "system" fn(instance: VkInstance, name: *const c_char) -> PFN_vkVoidFunction,
>;

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_vulkan_device {
    pub struct_size: u32,
    pub index: i32,
    pub is_suitable: i32,
    /// `type` in C.
    pub type_: i32,
    pub vendor_id: u32,
    pub device_id: u32,
    pub driver_version: u32,
    pub api_version: u32,
    pub name: [c_char; 256],
}
init!(sched_vulkan_device {});

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_vulkan_limits {
    pub struct_size: u32,
    pub max_buffers: u32,
    pub max_group_size: u32,
    pub max_group_count: u32,
    pub max_range: u64,
    pub offset_alignment: u64,
    pub is_non_coherent: i32,
    pub reserved: i32,
}
init!(sched_vulkan_limits {});

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_vulkan_create_options {
    pub struct_size: u32,
    pub device_index: i32,
    pub device_name: *const c_char,
    pub device_extensions: *const *const c_char,
    pub device_extension_count: i32,
    pub reserved: i32,
    pub limits: *const sched_vulkan_limits,
    pub message: *mut c_char,
    pub message_capacity: u64,
}
init!(sched_vulkan_create_options { device_index: -1 });

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_vulkan_import_options {
    pub struct_size: u32,
    pub queue_family: u32,
    pub get_instance_proc_addr: PFN_vkGetInstanceProcAddr,
    pub instance: VkInstance,
    pub physical_device: VkPhysicalDevice,
    pub device: VkDevice,
    pub queue: VkQueue,
    pub lock: Option<unsafe extern "C" fn(user: *mut c_void)>,
    pub unlock: Option<unsafe extern "C" fn(user: *mut c_void)>,
    pub user: *mut c_void,
    pub allocator: *const VkAllocationCallbacks,
    pub limits: *const sched_vulkan_limits,
    pub message: *mut c_char,
    pub message_capacity: u64,
}
init!(sched_vulkan_import_options {});

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_vulkan_info {
    pub struct_size: u32,
    pub queue_family: u32,
    pub instance: VkInstance,
    pub physical_device: VkPhysicalDevice,
    pub device: VkDevice,
    pub queue: VkQueue,
    pub max_buffers: u32,
    pub group_size: u32,
    pub max_range: u64,
    pub offset_alignment: u64,
    pub is_lost: i32,
    pub reserved: i32,
    pub name: [c_char; 256],
}
init!(sched_vulkan_info {});

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_vulkan_tensor {
    pub struct_size: u32,
    pub dtype: i32,
    pub device: VkDevice,
    pub buffer: VkBuffer,
    pub offset: u64,
    pub buffer_size: u64,
    pub batch: i64,
    pub elements: i64,
}
init!(sched_vulkan_tensor {
    dtype: SCHED_F32,
    batch: 1
});

#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct sched_vulkan_step_args {
    pub struct_size: u32,
    pub groups: i32,
    pub sample: *const sched_vulkan_tensor,
    pub prediction: *const sched_vulkan_tensor,
    pub next: *const sched_vulkan_tensor,
    pub unconditional: *const sched_vulkan_tensor,
    pub guidance_scale: f64,
    pub noise: [*const sched_vulkan_tensor; 2],
    pub denoised: *const sched_vulkan_tensor,
    pub next_input: *const sched_vulkan_tensor,
    pub group_timesteps: *const f64,
    pub group_targets: *const f64,
    pub mask: *const sched_vulkan_tensor,
    pub original: *const sched_vulkan_tensor,
    pub known_noise: *const sched_vulkan_tensor,
    pub without_noise: i32,
    pub reserved: i32,
}
init!(sched_vulkan_step_args {
    guidance_scale: 1.0
});

extern "C" {
    pub fn sched_vulkan_list(
        devices: *mut sched_vulkan_device,
        capacity: i32,
        count: *mut i32,
    ) -> sched_status;
    pub fn sched_vulkan_create(
        options: *const sched_vulkan_create_options,
        out: *mut *mut sched_vulkan,
    ) -> sched_status;
    pub fn sched_vulkan_import(
        options: *const sched_vulkan_import_options,
        out: *mut *mut sched_vulkan,
    ) -> sched_status;
    pub fn sched_vulkan_free(vulkan: *mut sched_vulkan);
    pub fn sched_vulkan_get_info(
        vulkan: *const sched_vulkan,
        info: *mut sched_vulkan_info,
    ) -> sched_status;
    pub fn sched_vulkan_get_cache(
        vulkan: *mut sched_vulkan,
        bytes: *mut c_void,
        capacity: u64,
        size: *mut u64,
    ) -> sched_status;
    pub fn sched_vulkan_set_cache(
        vulkan: *mut sched_vulkan,
        bytes: *const c_void,
        size: u64,
    ) -> sched_status;
    pub fn sched_vulkan_record_step(
        vulkan: *mut sched_vulkan,
        state: *mut sched_state,
        command_buffer: VkCommandBuffer,
        args: *const sched_vulkan_step_args,
    ) -> sched_status;
    pub fn sched_vulkan_record_initial_noise(
        vulkan: *mut sched_vulkan,
        state: *mut sched_state,
        command_buffer: VkCommandBuffer,
        out: *const sched_vulkan_tensor,
    ) -> sched_status;
    pub fn sched_vulkan_record_scale_input(
        vulkan: *mut sched_vulkan,
        state: *mut sched_state,
        command_buffer: VkCommandBuffer,
        sample: *const sched_vulkan_tensor,
        out: *const sched_vulkan_tensor,
    ) -> sched_status;
    pub fn sched_vulkan_record_add_noise(
        vulkan: *mut sched_vulkan,
        state: *mut sched_state,
        command_buffer: VkCommandBuffer,
        step: i64,
        original: *const sched_vulkan_tensor,
        noise: *const sched_vulkan_tensor,
        out: *const sched_vulkan_tensor,
    ) -> sched_status;
}
