// The C ABI for SWIG 4.1 in C mode: raw functions, on which each language lays its own objects.
//
// What every language gets:
// - structs of numbers (sched_call, sched_init_options, ...) as objects that are made with their
//   defaults; what they point to comes as arguments of sched_flat functions instead;
// - handles as types of their own, so that no state is taken for a scheduler;
// - a sched_status as a number, no exception and no callback.
//
// What a pointer is differs from language to language and is said in its typemaps.i, by the types
// and names of the headers:
//
//   void* sample, next, out, ...            a tensor
//   double* out, timesteps, ...             a list of numbers
//   uint64_t* item_seeds, buffers, ...      a list of seeds or handles of Vulkan
//   int32_t* status, index, output, count   one number that is written
//   int64_t* count, step, accepted, ...     one number that is written
//   uint64_t* size                          one number that is written
//   char* message; void* bytes; const char* config    bytes
//   const char*                             a text that ends in zero, UTF-8

%{
#include <stdlib.h>

#include <sched/sched_flat.h>
%}

%include <stdint.i>

#if defined(SWIGJAVA)
%include "java/typemaps.i"
#elif defined(SWIGCSHARP)
%include "csharp/typemaps.i"
#elif defined(SWIGGO)
%include "go/typemaps.i"
#endif

#define SCHED_API

// --------------------------------------------------- what sched_flat.h says instead

%ignore sched_tensor;
%ignore sched_allocator;
%ignore sched_create_options;
%ignore sched_step_args;
%ignore sched_vulkan_create_options;
%ignore sched_create;
%ignore sched_init;
%ignore sched_clone;
%ignore sched_initial_noise;
%ignore sched_scale_input;
%ignore sched_add_noise;
%ignore sched_step;
%ignore sched_step_wide;
%ignore sched_vulkan_list;
%ignore sched_vulkan_create;

%ignore struct_size;
%ignore reserved;
%ignore sched_init_options::timesteps;
%ignore sched_init_options::timesteps_count;
%ignore sched_init_options::sigmas;
%ignore sched_init_options::sigmas_count;
%ignore sched_init_options::item_seeds;
%ignore sched_init_options::message;
%ignore sched_init_options::message_capacity;
%ignore sched_init_options::vulkan;
%ignore sched_init_options::parallel_for;
%ignore sched_init_options::parallel_context;
%ignore sched_weights::denoised;
%ignore sched_weights::output;
%ignore sched_weights::weight;
%ignore sched_vulkan_device::name;
%ignore sched_flat_info::name;

// ------------------------------------------------------------------------- structs

%immutable sched_method_info::name;
%immutable sched_method_info::class_name;
%immutable sched_method_info::paper;
%immutable sched_option_info::name;
%immutable sched_option_info::type;
%immutable sched_option_info::default_value;
%immutable sched_option_info::allowed;
%immutable sched_name_info::system;
%immutable sched_name_info::name;
%immutable sched_name_info::composition;

// An object of `TYPE` is made as `...` says; what has no memory left is a null object.
%define SCHED_STRUCT(TYPE, ...)
%extend TYPE {
  TYPE() {
    static const TYPE defaults = __VA_ARGS__;
    TYPE* made = (TYPE*)malloc(sizeof *made);
    if (made != NULL) *made = defaults;
    return made;
  }
  ~TYPE() { free($self); }
}
%enddef

SCHED_STRUCT(sched_method_info, SCHED_METHOD_INFO_INIT)
SCHED_STRUCT(sched_option_info, SCHED_OPTION_INFO_INIT)
SCHED_STRUCT(sched_name_info, SCHED_NAME_INFO_INIT)
SCHED_STRUCT(sched_init_options, SCHED_INIT_OPTIONS_INIT)
SCHED_STRUCT(sched_call, SCHED_CALL_INIT)
SCHED_STRUCT(sched_weights, { sizeof(sched_weights) })
SCHED_STRUCT(sched_vulkan_device, { sizeof(sched_vulkan_device) })
SCHED_STRUCT(sched_vulkan_limits, SCHED_VULKAN_LIMITS_INIT)
SCHED_STRUCT(sched_flat_import, SCHED_FLAT_IMPORT_INIT)
SCHED_STRUCT(sched_flat_info, SCHED_FLAT_INFO_INIT)

%include <sched/sched.h>
%include <sched/sched_device.h>
%include <sched/sched_flat.h>
