// How C# sees the pointers of bindings/sched.i.  Nothing here needs a delegate: texts come back as
// pointers, which the objects above decode as UTF-8, and there is no exception to be thrown from C.
//
// Everything is internal: the public face is src/.

%rename(queue_lock) sched_flat_import::lock;
%rename(queue_unlock) sched_flat_import::unlock;

%pragma(csharp) moduleclassmodifiers="internal static unsafe class"
%pragma(csharp) imclassclassmodifiers="internal static unsafe class"
%typemap(csclassmodifiers) SWIGTYPE, SWIGTYPE *, SWIGTYPE &, SWIGTYPE [] "internal unsafe class"
%typemap(csclassmodifiers) enum SWIGTYPE "internal enum"

// Memory is a bare address: the caller pins it, or owns it.
%define SCHED_ADDRESS(TYPE)
%typemap(ctype) TYPE "void *"
%typemap(imtype) TYPE "void*"
%typemap(cstype) TYPE "void*"
%typemap(in) TYPE %{ $1 = ($1_ltype)$input; %}
%typemap(out) TYPE %{ $result = (void *)$1; %}
%typemap(csin) TYPE "$csinput"
%typemap(csout) TYPE { return $imcall; }
%typemap(csvarout) TYPE %{ get { return $imcall; } %}
%enddef

SCHED_ADDRESS(void *)
SCHED_ADDRESS(const void *)
SCHED_ADDRESS(char *)
SCHED_ADDRESS(const char *)
SCHED_ADDRESS(double *)
SCHED_ADDRESS(const double *)
SCHED_ADDRESS(int32_t *)
SCHED_ADDRESS(const int32_t *)
SCHED_ADDRESS(int64_t *)
SCHED_ADDRESS(const int64_t *)
SCHED_ADDRESS(uint64_t *)
SCHED_ADDRESS(const uint64_t *)

// Handles are SafeHandles down to P/Invoke, so that none is taken for another, and none is freed
// under a running call.
%define SCHED_HANDLE(TYPE, HANDLE)
%typemap(ctype) TYPE *, const TYPE * "void *"
%typemap(imtype) TYPE *, const TYPE * "HANDLE"
%typemap(cstype) TYPE *, const TYPE * "HANDLE"
%typemap(in) TYPE *, const TYPE * %{ $1 = ($1_ltype)$input; %}
%typemap(out) TYPE *, const TYPE * %{ $result = (void *)$1; %}
%typemap(csin) TYPE *, const TYPE * "$csinput"
%typemap(csout) TYPE *, const TYPE * { return $imcall; }
%enddef

SCHED_HANDLE(sched_scheduler, SchedulerHandle)
SCHED_HANDLE(sched_state, StateHandle)
SCHED_HANDLE(sched_vulkan, VulkanHandle)

// What frees a handle is called by the handle itself, which has no more than an address then.
SCHED_ADDRESS(sched_scheduler *scheduler_to_free)
SCHED_ADDRESS(sched_state *state_to_free)
SCHED_ADDRESS(sched_vulkan *vulkan_to_free)
%ignore sched_free;
%ignore sched_state_free;
%ignore sched_vulkan_free;
%inline %{
static void free_scheduler(sched_scheduler* scheduler_to_free) { sched_free(scheduler_to_free); }
static void free_state(sched_state* state_to_free) { sched_state_free(state_to_free); }
static void free_vulkan(sched_vulkan* vulkan_to_free) { sched_vulkan_free(vulkan_to_free); }
%}
