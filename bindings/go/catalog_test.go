package sched_test

import (
	"strings"
	"testing"

	sched "github.com/sched/sched/bindings/go"
)

func TestMethodsAreListedAndFound(t *testing.T) {
	methods := sched.Methods()
	if len(methods) <= 44 {
		t.Fatal(len(methods))
	}
	for index, method := range methods {
		if method.Index != index || method.Name == "" || method.Paper == "" || method.CallsPerStep < 1 {
			t.Fatalf("%+v", method)
		}
		key := method.ClassName
		if key == "" {
			key = method.Name
		}
		if found, ok := sched.FindMethod(key); !ok || found != method {
			t.Fatalf("%s: %+v", key, found)
		}
		for _, option := range method.Options() {
			if option.Name == "" || option.Type == "" {
				t.Fatalf("%s: %+v", key, option)
			}
		}
	}
	euler, _ := sched.FindMethod("EulerDiscreteScheduler")
	if euler.Name != "euler" || euler.Stochastic != sched.StochasticOptional {
		t.Fatalf("%+v", euler)
	}
	seen := map[string]sched.MethodOption{}
	for _, option := range euler.Options() {
		seen[option.Name] = option
	}
	spacing := seen["timestep_spacing"]
	if spacing.AtInit || spacing.Default != `"linspace"` || spacing.Allowed != "linspace | leading | trailing" || spacing.Type != "string" {
		t.Fatalf("%+v", spacing)
	}
	if !seen["s_churn"].AtInit {
		t.Fatalf("%+v", seen["s_churn"])
	}
	for _, name := range []string{"Nope", "", "DDIMScheduler\x00", "DDIM\x00Scheduler", "\xff"} {
		if method, ok := sched.FindMethod(name); ok {
			t.Fatalf("%q: %+v", name, method)
		}
	}
	for _, index := range []int{-1, 1 << 20, 1 << 32} {
		if options := (sched.Method{Index: index}).Options(); len(options) != 0 {
			t.Fatal(options)
		}
	}
	if method := create(t, ofClass("EulerDiscreteScheduler")).Method(); method != euler {
		t.Fatalf("%+v", method)
	}
}

func TestNamesAreListedAndFound(t *testing.T) {
	names, schedules := sched.Names(), 0
	if len(names) <= 100 {
		t.Fatal(len(names))
	}
	for _, name := range names {
		if _, ok := sched.FindName(name.Name, name.System); !ok || !strings.HasPrefix(name.Composition, "{") {
			t.Fatalf("%+v", name)
		}
		if name.Kind == sched.NameSchedule {
			schedules++
		}
	}
	if schedules == 0 {
		t.Fatal("no schedule has a name")
	}
	name, ok := sched.FindName("dpm++ 2m karras", "A1111")
	if !ok || name.Name != "DPM++ 2M Karras" || name.Kind != sched.NameSampler {
		t.Fatalf("%+v", name)
	}
	if state := begin(t, name.Composition, tenSteps()); state.NumSteps() != 10 {
		t.Fatal(state.NumSteps())
	}
	if _, ok := sched.FindName("DPM++ 2M Karras", ""); !ok {
		t.Fatal("not in any system")
	}
	for _, wrong := range [][2]string{{"Nope", ""}, {"Euler", "Nope"}, {"Euler\x00", ""}, {"Euler", "A1111\x00"}} {
		if name, ok := sched.FindName(wrong[0], wrong[1]); ok {
			t.Fatalf("%q: %+v", wrong, name)
		}
	}
}

func TestQuirksAreDescribed(t *testing.T) {
	quirks := create(t, ofClass("DDIMScheduler")).Quirks()
	if len(quirks) == 0 {
		t.Fatal("no quirks")
	}
	for _, quirk := range quirks {
		if text, ok := sched.QuirkDescription(quirk); !ok || len(text) < 20 {
			t.Fatalf("%s: %q", quirk, text)
		}
	}
	if own := create(t, `{"solver": "ddim"}`).Quirks(); len(own) != 0 {
		t.Fatal(own)
	}
	for _, name := range []string{"nope", "", quirks[0] + "\x00"} {
		if text, ok := sched.QuirkDescription(name); ok {
			t.Fatalf("%q: %q", name, text)
		}
	}
}

func TestVersionsAndKernels(t *testing.T) {
	if sched.Version() != "0.1.0" || sched.VersionNumber() != 100 {
		t.Fatal(sched.Version(), sched.VersionNumber())
	}
	if !sched.KernelReference.Available() || !sched.KernelFused.Available() || sched.Kernel(99).Available() {
		t.Fatal("kernels")
	}
}
