// How Go sees the pointers of bindings/sched.i.
//
// cgo checks what an unsafe.Pointer points to, the whole allocation around it, and panics where it
// finds a Go pointer: an array of floats in a struct that has pointers besides could be no tensor.
// It does not check a pointer to bytes.  Every pointer therefore crosses as *C.uchar: visible to
// the garbage collector, as the rules ask, and checked by its Go type in the signature.

%module raw

%rename(value_type) type;

%insert(cgo_comment_typedefs) %{
typedef unsigned char* swig_bytes;
#define swig_voidp swig_bytes
%}

%typemap(gotype) int32_t "int32"
%typemap(gotype) uint32_t "uint32"

// An argument or result of the C type TYPE is a GOTYPE.
%define GO_POINTER(TYPE, GOTYPE)
%typemap(gotype) TYPE #GOTYPE
%typemap(imtype) TYPE "*C.uchar"
%typemap(goin) TYPE %{ $result = (*C.uchar)(unsafe.Pointer($input)) %}
%typemap(goout) TYPE %{ $result = (GOTYPE)(unsafe.Pointer($1)) %}
%enddef

// Handles: types of their own that Go only carries about.
%insert(go_header) %{
type (
	Scheduler struct{ _ byte }
	State     struct{ _ byte }
	Vulkan    struct{ _ byte }
)
%}
GO_POINTER(sched_scheduler *, *Scheduler)
GO_POINTER(sched_state *, *State)
GO_POINTER(sched_vulkan *, *Vulkan)

// A struct of Go's memory: internal/raw/call.go.
%ignore sched_call;
GO_POINTER(sched_call *, *Call)

GO_POINTER(void *, unsafe.Pointer)
GO_POINTER(double *, *float64)
GO_POINTER(int32_t *, *int32)
GO_POINTER(int64_t *, *int64)
GO_POINTER(uint64_t *, *uint64)

// Texts and bytes; a result is the library's own memory, for Text().
GO_POINTER(char *, *byte)
%typemap(in) char * %{ $1 = ($1_ltype)$input; %}
%typemap(freearg) char * ""
%typemap(out) char * %{ $result = ($1_ltype)$1; %}
