//! The hand-kept bindings against the C headers: a C program, written here and compiled by
//! `$CC` or `cc`, prints every size, offset, constant and initialiser; all must agree.

use sched_sys::*;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::mem::{offset_of, size_of};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One line for each thing that is compared, "key value".
#[derive(Default)]
struct Table {
    c_source: String,
    ours: BTreeMap<String, String>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The bytes of a member.
fn bytes_of<T>(value: &T) -> String {
    // SAFETY: members are numbers, pointers, `Option`s of functions and arrays of these, all
    // without padding, so that every byte is initialised.
    hex(unsafe { std::slice::from_raw_parts((value as *const T).cast::<u8>(), size_of::<T>()) })
}

impl Table {
    fn structure(&mut self, name: &str, init: &str, size: usize) {
        writeln!(
            self.c_source,
            "{{ static {name} x{init}; x.struct_size = sizeof x; \
             printf(\"{name} %u\\n\", (unsigned)sizeof x);"
        )
        .unwrap();
        self.ours.insert(name.to_string(), size.to_string());
    }

    fn member(&mut self, name: &str, member: &str, offset: usize, size: usize, bytes: String) {
        let member = member.trim_end_matches('_');
        writeln!(
            self.c_source,
            "printf(\"{name}.{member} %u %u \", (unsigned)offsetof({name}, {member}), \
             (unsigned)sizeof x.{member}); \
             print_bytes(&x.{member}, sizeof x.{member});"
        )
        .unwrap();
        self.ours.insert(
            format!("{name}.{member}"),
            format!("{offset} {size} {bytes}"),
        );
    }

    fn end(&mut self) {
        self.c_source.push_str("}\n");
    }

    fn constant(&mut self, name: &str, value: f64) {
        writeln!(
            self.c_source,
            "printf(\"{name} %.17g\\n\", (double)({name}));"
        )
        .unwrap();
        self.ours.insert(name.to_string(), format!("{value:e}"));
    }
}

macro_rules! structure {
    ($table:ident, $name:ident, $init:literal, $($member:ident)*) => {
        let value = $name::default();
        $table.structure(stringify!($name), $init, size_of::<$name>());
        // Exhaustive: a member that is missing in the list does not compile.
        let $name { $($member: _),* } = value;
        $($table.member(
            stringify!($name),
            stringify!($member),
            offset_of!($name, $member),
            std::mem::size_of_val(&value.$member),
            bytes_of(&value.$member),
        );)*
        $table.end();
    };
}

macro_rules! constants {
    ($table:ident, $($name:ident)*) => {
        $($table.constant(stringify!($name), $name as f64);)*
    };
}

fn main_header() -> Table {
    let mut t = Table::default();
    structure!(t, sched_tensor, "= SCHED_TENSOR_INIT", struct_size dtype data batch elements);
    structure!(t, sched_method_info, "= SCHED_METHOD_INFO_INIT", struct_size calls_per_step name
        class_name paper memory_rows draws_per_step max_order stochastic);
    structure!(t, sched_option_info, "= SCHED_OPTION_INFO_INIT", struct_size at_init name type_
        default_value allowed);
    structure!(t, sched_name_info, "= SCHED_NAME_INFO_INIT", struct_size kind system name
        composition);
    structure!(t, sched_create_options, "= SCHED_CREATE_OPTIONS_INIT", struct_size lenient message
        message_capacity allocator);
    structure!(t, sched_allocator, "= SCHED_ALLOCATOR_INIT", struct_size reserved allocate release
        context);
    structure!(t, sched_init_options, "= SCHED_INIT_OPTIONS_INIT", struct_size num_steps timesteps
        sigmas timesteps_count sigmas_count begin_step end_step strength mu batch elements dtype
        kernel seed item_seeds eta s_churn s_tmin s_tmax s_noise order original_inference_steps
        use_clipped_model_output num_train_timesteps message message_capacity jump_length
        jump_n_sample max_timesteps intermediate_timesteps stage_index is_amplify_first_chunk
        vulkan recorded_in_flight recorded_groups threads history_dtype parallel_for
        parallel_context generator draw_policy noise_dtype extra_draws cuda_multiprocessors
        cuda_threads_per_multiprocessor first_sample_draw reserved whole_batch whole_elements
        first_item first_element);
    structure!(t, sched_call, "= SCHED_CALL_INIT", struct_size needs_model timestep alpha sigma
        input_scale step stage ends_step draws reserved);
    structure!(t, sched_step_args, "= SCHED_STEP_ARGS_INIT", struct_size groups sample prediction
        next unconditional guidance_scale noise denoised next_input group_timesteps mask original
        known_noise group_targets without_noise reserved);
    structure!(t, sched_weights, "", struct_size rows draws clip clip_range quantile quantile_max
        gain reserved gain_offset gain_slope timestep input_scale denoised output weight);
    constants!(t, SCHED_VERSION_MAJOR SCHED_VERSION_MINOR SCHED_VERSION_PATCH SCHED_VERSION
        SCHED_OK SCHED_ERROR_ARGUMENT SCHED_ERROR_STRUCT_SIZE SCHED_ERROR_JSON
        SCHED_ERROR_UNKNOWN_CLASS SCHED_ERROR_UNKNOWN_KEY SCHED_ERROR_TYPE SCHED_ERROR_VALUE
        SCHED_ERROR_CONFLICT SCHED_ERROR_STEPS SCHED_ERROR_TIMESTEPS SCHED_ERROR_OPTION
        SCHED_ERROR_SHAPE SCHED_ERROR_DTYPE SCHED_ERROR_OVERLAP SCHED_ERROR_FINISHED
        SCHED_ERROR_NOT_FINITE SCHED_ERROR_CAPACITY SCHED_ERROR_DAMAGED SCHED_ERROR_MISMATCH
        SCHED_ERROR_UNSUPPORTED SCHED_ERROR_MEMORY SCHED_ERROR_INTERNAL SCHED_ERROR_DEVICE_LOST
        SCHED_ERROR_DEVICE_MEMORY SCHED_ERROR_VULKAN SCHED_ERROR_IN_USE
        SCHED_DTYPE_UNDEFINED SCHED_F32 SCHED_F16 SCHED_BF16 SCHED_F64
        SCHED_NAME_SAMPLER SCHED_NAME_SCHEDULE
        SCHED_KERNEL_DEFAULT SCHED_KERNEL_REFERENCE SCHED_KERNEL_FUSED SCHED_KERNEL_BLAS
        SCHED_KERNEL_VULKAN SCHED_GENERATOR_PHILOX SCHED_GENERATOR_TORCH_CPU
        SCHED_GENERATOR_TORCH_CUDA SCHED_GENERATOR_NX SCHED_GENERATOR_JAX
        SCHED_GENERATOR_CALLER SCHED_DRAWS_NONE SCHED_DRAWS_DIFFUSERS SCHED_DRAWS_K_DIFFUSION
        SCHED_DRAWS_COMFYUI SCHED_DRAWS_BUMBLEBEE SCHED_UNSET
        SCHED_INPUT_SAMPLE SCHED_INPUT_PREDICTION SCHED_INPUT_DENOISED SCHED_INPUT_NOISE0
        SCHED_INPUT_NOISE1 SCHED_INPUT_UNCONDITIONAL SCHED_INPUT_MEMORY0 SCHED_INPUT_ORIGINAL
        SCHED_INPUT_KNOWN_NOISE
        SCHED_OUTPUT_NEXT SCHED_OUTPUT_DENOISED SCHED_OUTPUT_MEMORY0 SCHED_OUTPUT_KNOWN
        SCHED_CLIP_NONE SCHED_CLIP_RANGE SCHED_CLIP_QUANTILE
        SCHED_WEIGHTS_INPUTS SCHED_WEIGHTS_ROWS);
    t
}

fn vulkan_header() -> Table {
    let mut t = Table::default();
    structure!(t, sched_vulkan_device, "", struct_size index is_suitable type_ vendor_id device_id
        driver_version api_version name);
    structure!(t, sched_vulkan_limits, "= SCHED_VULKAN_LIMITS_INIT", struct_size max_buffers
        max_group_size max_group_count max_range offset_alignment is_non_coherent reserved);
    structure!(t, sched_vulkan_create_options, "= SCHED_VULKAN_CREATE_OPTIONS_INIT", struct_size
        device_index device_name device_extensions device_extension_count reserved limits message
        message_capacity);
    structure!(t, sched_vulkan_import_options, "= SCHED_VULKAN_IMPORT_OPTIONS_INIT", struct_size
        queue_family get_instance_proc_addr instance physical_device device queue lock unlock user
        allocator limits message message_capacity);
    structure!(t, sched_vulkan_info, "", struct_size queue_family instance physical_device device
        queue max_buffers group_size max_range offset_alignment is_lost reserved name);
    structure!(t, sched_vulkan_tensor, "= SCHED_VULKAN_TENSOR_INIT", struct_size dtype device
        buffer offset buffer_size batch elements);
    structure!(t, sched_vulkan_step_args, "= SCHED_VULKAN_STEP_ARGS_INIT", struct_size groups
        sample prediction next unconditional guidance_scale noise denoised next_input
        group_timesteps group_targets mask original known_noise without_noise reserved);
    t
}

/// Where the headers are: `SCHED_INCLUDE_DIR`, or the repository that the crate lies in.
fn include_dir() -> PathBuf {
    match std::env::var_os("SCHED_INCLUDE_DIR") {
        Some(dir) => dir.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../include"),
    }
}

fn compiler() -> Command {
    let program = std::env::var("CC").unwrap_or_else(|_| "cc".to_string());
    let mut words = program.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or("cc"));
    command
        .args(words)
        .arg("-std=c99")
        .arg("-I")
        .arg(include_dir());
    command
}

/// Compiles and runs the table's C program; what it printed, by key.
fn run(header: &str, table: &Table) -> BTreeMap<String, String> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let source = dir.join(format!("{header}.c"));
    let program = dir.join(header);
    let text = format!(
        "#include <sched/{header}.h>\n#include <stddef.h>\n#include <stdio.h>\n\
         static void print_bytes(const void* at, size_t size) {{\n\
           const unsigned char* bytes = at;\n\
           for (size_t i = 0; i < size; ++i) printf(\"%02x\", bytes[i]);\n\
           printf(\"\\n\");\n}}\n\
         int main(void) {{\n{}return 0;\n}}\n",
        table.c_source
    );
    std::fs::write(&source, text).unwrap();
    let output = compiler()
        .arg(&source)
        .arg("-o")
        .arg(&program)
        .output()
        .expect("a C compiler is needed: set CC");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = Command::new(&program).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

fn compare(header: &str, table: &Table) {
    let theirs = run(header, table);
    assert_eq!(theirs.len(), table.ours.len());
    let mut wrong = Vec::new();
    for (key, ours) in &table.ours {
        let theirs = &theirs[key];
        let equal = match (ours.parse::<f64>(), theirs.parse::<f64>()) {
            (Ok(a), Ok(b)) => a == b,
            _ => ours == theirs,
        };
        if !equal {
            wrong.push(format!("{key}: here {ours}, in C {theirs}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!(
        "{header}.h: {} sizes, offsets and values agree",
        theirs.len()
    );
}

#[test]
fn sched_h_is_the_same() {
    compare("sched", &main_header());
}

#[test]
fn sched_vulkan_h_is_the_same() {
    let probe = Path::new(env!("CARGO_TARGET_TMPDIR")).join("probe.c");
    std::fs::write(&probe, "#include <vulkan/vulkan.h>\n").unwrap();
    let found = compiler().arg("-E").arg(&probe).output();
    if !found
        .expect("a C compiler is needed: set CC")
        .status
        .success()
    {
        println!("not compared: vulkan/vulkan.h is not installed");
        return;
    }
    compare("sched_vulkan", &vulkan_header());
}

/// Words of the headers that `pick` makes something of.
fn words(pick: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut all = Vec::new();
    for header in ["sched.h", "sched_device.h", "sched_vulkan.h"] {
        let text = std::fs::read_to_string(include_dir().join("sched").join(header)).unwrap();
        all.extend(text.lines().filter_map(&pick));
    }
    all
}

#[test]
fn nothing_of_the_headers_is_missing() {
    let bindings = include_str!("../src/bindings.rs");
    let functions = words(|line| {
        let head = line.strip_prefix("SCHED_API ")?.split('(').next()?;
        head.rsplit([' ', '*']).next().map(str::to_string)
    });
    let structs = words(|line| {
        let name = line.strip_prefix("typedef struct ")?;
        name.split([' ', ';']).next().map(str::to_string)
    });
    let enumerators = words(|line| {
        let name = line.strip_prefix("  SCHED_")?.split_once(" = ")?.0;
        (!name.ends_with("_MAX") && !name.contains(' ')).then(|| format!("SCHED_{name}"))
    });
    assert!(functions.len() > 50, "{functions:?}");
    assert!(structs.len() > 15, "{structs:?}");
    assert!(enumerators.len() > 50, "{enumerators:?}");
    let mut missing = Vec::new();
    for name in &functions {
        if !bindings.contains(&format!("pub fn {name}(")) {
            missing.push(name);
        }
    }
    for name in &structs {
        if !bindings.contains(&format!("pub struct {name} {{")) {
            missing.push(name);
        }
    }
    for name in &enumerators {
        if !bindings.contains(&format!("pub const {name}: ")) {
            missing.push(name);
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// Every function is in the library, also in one that was built without Vulkan.
#[test]
fn every_function_links() {
    let bindings = include_str!("../src/bindings.rs");
    let declared = bindings.matches("pub fn ").count();
    macro_rules! addresses {
        ($($name:ident)*) => { [$($name as *const () as usize),*] };
    }
    let linked = addresses!(sched_status_name sched_version_number sched_version_string
        sched_method_count sched_method_at sched_method_find sched_option_count sched_option_at
        sched_name_count sched_name_at sched_name_find sched_create sched_free sched_method
        sched_warning_count sched_warning sched_quirk_count sched_quirk sched_quirk_description
        sched_kernel_available sched_cuda_card sched_cuda_card_name sched_init sched_state_free sched_last_error sched_can_continue
        sched_batch sched_elements sched_prediction_elements sched_num_steps sched_num_calls sched_calls_done sched_next_call sched_call_at
        sched_attempts sched_call_ends_step sched_state_kernel sched_state_bytes sched_timesteps
        sched_sigmas sched_levels sched_step_for_timestep sched_init_noise_sigma
        sched_input_scale sched_next_draws sched_initial_noise sched_scale_input sched_add_noise
        sched_step sched_step_wide sched_step_weights sched_save sched_load sched_clone
        sched_vulkan_list sched_vulkan_create sched_vulkan_import sched_vulkan_free
        sched_vulkan_get_info sched_vulkan_get_cache sched_vulkan_set_cache
        sched_vulkan_record_step sched_vulkan_record_initial_noise
        sched_vulkan_record_scale_input sched_vulkan_record_add_noise);
    assert_eq!(linked.len(), declared);
    assert!(linked.iter().all(|address| *address != 0));
    // SAFETY: takes no argument.
    assert_eq!(unsafe { sched_version_number() }, SCHED_VERSION);
}
