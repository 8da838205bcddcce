package sched_test

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	sched "github.com/sched/sched/bindings/go"
)

// peakMiB is the most memory that the process ever had.
func peakMiB(t testing.TB) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("needs /proc")
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kib int
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatal(err)
	}
	return kib >> 10
}

// residentMiB is the memory that the process has.
func residentMiB(t testing.TB) int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("needs /proc")
	}
	var total, resident int
	if _, err := fmt.Sscan(string(text), &total, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize() >> 20
}

func TestStepsAllocateNothing(t *testing.T) {
	state := begin(t, ofClass("EulerDiscreteScheduler"), sched.InitOptions{NumSteps: 1000, Elements: n})
	x, f, scaled := full(n, 1), full(n, 0.5), make([]float32, n)
	check := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	for name, call := range map[string]func(){
		"Step":         func() { check(state.Step(x, f, x)) },
		"InitialNoise": func() { check(state.InitialNoise(x)) },
		"ScaleInput":   func() { check(state.ScaleInput(x, scaled)) },
		"AddNoise":     func() { check(state.AddNoise(3, x, nil, scaled)) },
		"NextCall": func() {
			_, _, err := state.NextCall()
			check(err)
		},
		"StepWide": func() {
			check(state.StepWide(sched.StepArgs{
				Sample: sched.F32(x), Prediction: sched.F32(f), Next: sched.F32(x),
				NextInput: sched.F32(scaled), Unconditional: sched.F32(f), GuidanceScale: 2,
			}))
		},
	} {
		if allocations := testing.AllocsPerRun(100, call); allocations != 0 {
			t.Errorf("%s: %v allocations", name, allocations)
		}
	}
}

// A step on 64 MiB takes no memory, in Go or in C: the library works on the slices themselves.
func TestTensorsAreNotCopied(t *testing.T) {
	const elements = 16 << 20
	state := begin(t, ofClass("DDIMScheduler"), sched.InitOptions{NumSteps: 10, Elements: elements})
	x, f, next := full(elements, 1), full(elements, 0.5), full(elements, 0)
	must(t, state.Step(x, f, next))
	var before, after runtime.MemStats
	peak := peakMiB(t)
	runtime.ReadMemStats(&before)
	must(t, state.Step(next, f, x))
	must(t, state.Step(x, f, x))
	must(t, state.StepWide(sched.StepArgs{Sample: sched.F32(x), Prediction: sched.F32(f), Next: sched.F32(next)}))
	runtime.ReadMemStats(&after)
	if more := after.TotalAlloc - before.TotalAlloc; more > 1<<20 {
		t.Errorf("%d bytes of Go", more)
	}
	if more := peakMiB(t) - peak; more > 16 {
		t.Errorf("%d MiB of the process", more)
	}
}

// A tensor may lie anywhere in Go's memory, next to pointers too, and whatever the collector does.
func TestTensorsInsideOtherThings(t *testing.T) {
	type holder struct {
		before  *holder
		x, f, y [n]float32
		after   map[string]*holder
	}
	h := &holder{after: map[string]*holder{}}
	h.before, h.after["itself"] = h, h
	same(t, runIn(t, h.x[:], h.f[:], h.y[:]), whole(t, start(t, "DDIMScheduler")), "in a struct of pointers")
	var onStack holder
	same(t, runIn(t, onStack.x[:], onStack.f[:], onStack.y[:]), h.x[:], "in a local variable")
	rows := make([]float32, 3*n)
	same(t, runIn(t, rows[:n], rows[n:2*n], rows[2*n:]), h.x[:], "side by side")
}

// runIn runs a loop in the given memory.
func runIn(t *testing.T, x, f, y []float32) []float32 {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	state := start(t, "DDIMScheduler")
	must(t, state.InitialNoise(x))
	for i := 0; i < state.NumCalls(); i++ {
		copy(f, predict(x))
		must(t, state.Step(x, f, y))
		copy(x, y)
		runtime.GC()
	}
	return x
}

// What is written is the output and nothing around it; what is read stays as it was.
func TestNothingIsWrittenAround(t *testing.T) {
	const guard = 64
	whole := full(n+2*guard, 7)
	out := whole[guard : guard+n]
	x, f := full(n, 1), full(n, 0.5)
	state := start(t, "EulerDiscreteScheduler")
	for name, write := range map[string]func() error{
		"InitialNoise": func() error { return state.InitialNoise(out) },
		"ScaleInput":   func() error { return state.ScaleInput(x, out) },
		"AddNoise":     func() error { return state.AddNoise(3, x, f, out) },
		"Step":         func() error { return state.Step(x, f, out) },
		"Denoised": func() error {
			return state.StepWide(sched.StepArgs{Sample: sched.F32(x), Prediction: sched.F32(f),
				Next: sched.F32(make([]float32, n)), Denoised: sched.F32(out)})
		},
		"NextInput": func() error {
			return state.StepWide(sched.StepArgs{Sample: sched.F32(x), Prediction: sched.F32(f),
				Next: sched.F32(make([]float32, n)), NextInput: sched.F32(out)})
		},
	} {
		copy(whole, full(len(whole), 7))
		must(t, write())
		for i, value := range whole {
			if isOutput := i >= guard && i < guard+n; isOutput == (value == 7) {
				t.Fatalf("%s: value %d is %v", name, i-guard, value)
			}
		}
		same(t, x, full(n, 1), name)
		same(t, f, full(n, 0.5), name)
	}
}
