package sched

import "github.com/sched/sched/bindings/go/internal/raw"

// Version is the version of the library that is running, "0.1.0".
func Version() string { return raw.Text(raw.Sched_version_string()) }

// VersionNumber is the version of the library that is running: major * 10000 + minor * 100 + patch.
func VersionNumber() int { return int(raw.Sched_version_number()) }

// Kernel is what runs a state's steps.
type Kernel int32

// The kernels.
const (
	KernelDefault   Kernel = 0 // the library's choice
	KernelReference Kernel = 1 // a plain loop in float64: the definition of correct
	KernelFused     Kernel = 2 // one pass, SIMD, instruction set chosen at run time
	KernelBLAS      Kernel = 3 // OpenBLAS, tiled
	KernelVulkan    Kernel = 4 // compute shaders; see Vulkan
)

// Available is true where this build of the library has the kernel.
func (k Kernel) Available() bool {
	return raw.Sched_kernel_available(raw.Enum_SS_sched_kernel(k)) == 1
}

// Generator says whose normals a loop draws.
type Generator int32

// The generators.
const (
	GeneratorPhilox    Generator = 0 // the library's own
	GeneratorTorchCPU  Generator = 1 // torch.randn() on a CPU
	GeneratorTorchCUDA Generator = 2 // torch.randn() on a card, which has to be named
	GeneratorNx        Generator = 3 // Nx, and JAX with jax_threefry_partitionable off; the seed is the key
	GeneratorJAX       Generator = 4 // JAX as it is now; the seed is the key
	GeneratorCaller    Generator = 5 // none: every normal is handed in
)

// DrawPolicy says which draws a reference takes from its generator besides those that a method needs.
type DrawPolicy int32

// The policies.
const (
	DrawsNone       DrawPolicy = 0 // none is thrown away
	DrawsDiffusers  DrawPolicy = 1 // those of a diffusers class
	DrawsKDiffusion DrawPolicy = 2 // those of a sampler of k-diffusion
	DrawsComfyUI    DrawPolicy = 3 // those of ComfyUI, whose steps have another seed than the first sample
	DrawsBumblebee  DrawPolicy = 4 // those of Bumblebee, with a key for each item
)

// Stochastic says whether a method draws noise.
type Stochastic int32

// When a method draws noise.
const (
	StochasticNever    Stochastic = 0
	StochasticOptional Stochastic = 1 // where an option asks for it
	StochasticAlways   Stochastic = 2
)

// Method is what a method is and what a step of it costs, before anything is run.
type Method struct {
	Index        int        // place in Methods
	Name         string     // solver name in our own composition: "euler"
	ClassName    string     // diffusers class; "" for a solver of our own composition
	Paper        string     // where the method was published
	CallsPerStep int        // model calls per step (PNDM's start takes more)
	MemoryRows   int        // sample-sized rows that a state keeps, at most
	DrawsPerStep int        // normal draws per step, at most
	MaxOrder     int        // highest order of accuracy, without noise
	Stochastic   Stochastic // whether it draws noise
}

// Methods are all methods, in order of index.
func Methods() []Method {
	var methods []Method
	for index := int32(0); index < raw.Sched_method_count(); index++ {
		if method, found := methodAt(index); found {
			methods = append(methods, method)
		}
	}
	return methods
}

// FindMethod finds the method of a diffusers class, or a solver of our own composition.
func FindMethod(name string) (Method, bool) {
	text, err := cText(name, "name")
	if err != nil {
		return Method{}, false
	}
	index := int32(-1)
	raw.Sched_method_find(text, &index)
	return methodAt(index)
}

func methodAt(index int32) (Method, bool) {
	info := raw.NewSched_method_info()
	defer raw.DeleteSched_method_info(info)
	if made(info) != nil || raw.Sched_method_at(index, info) != 0 {
		return Method{}, false
	}
	return Method{
		Index:        int(index),
		Name:         raw.Text(info.GetName()),
		ClassName:    raw.Text(info.GetClass_name()),
		Paper:        raw.Text(info.GetPaper()),
		CallsPerStep: int(info.GetCalls_per_step()),
		MemoryRows:   int(info.GetMemory_rows()),
		DrawsPerStep: int(info.GetDraws_per_step()),
		MaxOrder:     int(info.GetMax_order()),
		Stochastic:   Stochastic(info.GetStochastic()),
	}, true
}

// MethodOption is one option of a method.  Keys of a solver of our own composition are those of
// its section "solver".
type MethodOption struct {
	AtInit  bool   // false: key of the configuration; true: member of InitOptions
	Name    string // "timestep_spacing"
	Type    string // "boolean", "integer", "number", "string", "list", "null"
	Default string // as JSON: "\"linspace\""
	Allowed string // "linspace | leading | trailing", or ""
}

// Options are the options of this method.
func (m Method) Options() []MethodOption {
	info := raw.NewSched_option_info()
	defer raw.DeleteSched_option_info(info)
	if made(info) != nil {
		return nil
	}
	var options []MethodOption
	method := narrow(m.Index)
	for index := int32(0); index < raw.Sched_option_count(method); index++ {
		if raw.Sched_option_at(method, index, info) != 0 {
			continue
		}
		options = append(options, MethodOption{
			AtInit:  info.GetAt_init() == 1,
			Name:    raw.Text(info.GetName()),
			Type:    raw.Text(info.GetValue_type()),
			Default: raw.Text(info.GetDefault_value()),
			Allowed: raw.Text(info.GetAllowed()),
		})
	}
	return options
}

// NameKind is what a name stands for.
type NameKind int32

// The kinds of names.
const (
	NameSampler  NameKind = 0 // its composition has a solver, and a grid where the name says one
	NameSchedule NameKind = 1 // its composition has a grid only
)

// Name is a name by which people know a sampler or a schedule elsewhere.
type Name struct {
	Kind        NameKind
	System      string // "diffusers", "ComfyUI", "A1111", "stable-diffusion.cpp", ...
	Name        string // as people write it: "DPM++ 2M Karras"
	Composition string // ours, as JSON, for Create
}

// Names are all names.
func Names() []Name {
	info := raw.NewSched_name_info()
	defer raw.DeleteSched_name_info(info)
	if made(info) != nil {
		return nil
	}
	var names []Name
	for index := int32(0); index < raw.Sched_name_count(); index++ {
		if raw.Sched_name_at(index, info) == 0 {
			names = append(names, nameOf(info))
		}
	}
	return names
}

// FindName finds a name; upper and lower case are the same.  system says where it comes from; ""
// takes the first that has it.
func FindName(name, system string) (Name, bool) {
	text, err := cText(name, "name")
	if err != nil {
		return Name{}, false
	}
	var from *byte
	if system != "" {
		if from, err = cText(system, "system"); err != nil {
			return Name{}, false
		}
	}
	info := raw.NewSched_name_info()
	defer raw.DeleteSched_name_info(info)
	if made(info) != nil || raw.Sched_name_find(text, from, info) != 0 {
		return Name{}, false
	}
	return nameOf(info), true
}

func nameOf(info raw.Sched_name_info) Name {
	return Name{
		Kind:        NameKind(info.GetKind()),
		System:      raw.Text(info.GetSystem()),
		Name:        raw.Text(info.GetName()),
		Composition: raw.Text(info.GetComposition()),
	}
}

// QuirkDescription says what a quirk does, in a sentence; false where there is none of that name.
func QuirkDescription(name string) (string, bool) {
	text, err := cText(name, "name")
	if err != nil {
		return "", false
	}
	description := raw.Text(raw.Sched_quirk_description(text))
	return description, description != ""
}
