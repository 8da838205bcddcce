package sched_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	sched "github.com/sched/sched/bindings/go"
)

// n values of a sample: two items of ten.
const n = 20

// classes are methods of every sort: without history and with, deterministic and not, of two stages.
var classes = []string{
	"DDIMScheduler",
	"DDPMScheduler",
	"EulerDiscreteScheduler",
	"EulerAncestralDiscreteScheduler",
	"DPMSolverMultistepScheduler",
	"UniPCMultistepScheduler",
	"HeunDiscreteScheduler",
	"PNDMScheduler",
	"FlowMatchEulerDiscreteScheduler",
}

func ofClass(class string) string { return fmt.Sprintf(`{"_class_name": %q}`, class) }

// tenSteps of two items.
func tenSteps() sched.InitOptions {
	return sched.InitOptions{NumSteps: 10, Batch: 2, Elements: n / 2, Seed: 42}
}

func create(t testing.TB, config string) *sched.Scheduler {
	t.Helper()
	scheduler, err := sched.Create(config)
	must(t, err)
	t.Cleanup(func() { scheduler.Close() })
	return scheduler
}

func begin(t testing.TB, config string, options sched.InitOptions) *sched.State {
	t.Helper()
	state, err := create(t, config).Init(options)
	must(t, err)
	t.Cleanup(func() { state.Close() })
	return state
}

func start(t testing.TB, class string) *sched.State {
	t.Helper()
	return begin(t, ofClass(class), tenSteps())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// value is a result that must have come without an error.
func value[T any](result T, err error) T {
	if err != nil {
		panic(err)
	}
	return result
}

// expect is an error of the library's, of a status, with words in its sentence.
func expect(t testing.TB, err error, status sched.Status, words string) {
	t.Helper()
	var e *sched.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *sched.Error", err)
	}
	if e.Status != status || !errors.Is(err, status) {
		t.Fatalf("%v, not %v", err, status)
	}
	if !strings.Contains(e.Sentence, words) {
		t.Fatalf("%q has no %q", e.Sentence, words)
	}
}

func full(length int, x float32) []float32 {
	values := make([]float32, length)
	for i := range values {
		values[i] = x
	}
	return values
}

// predict is a model that depends on the sample.
func predict(x []float32) []float32 {
	prediction := make([]float32, len(x))
	for i := range x {
		prediction[i] = float32(math.Sin(0.3 * float64(x[i])))
	}
	return prediction
}

// bits compares as text, and tells NaN from NaN.
func bits(values []float32) string {
	var b strings.Builder
	for _, value := range values {
		fmt.Fprintf(&b, "%08x ", math.Float32bits(value))
	}
	return b.String()
}

func same(t testing.TB, a, b []float32, what string) {
	t.Helper()
	if bits(a) != bits(b) {
		t.Fatalf("%s: %v and %v", what, a, b)
	}
}

func close32(t testing.TB, a, b []float32, tolerance float64) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d and %d values", len(a), len(b))
	}
	for i := range a {
		if !(math.Abs(float64(a[i])-float64(b[i])) <= tolerance*math.Max(1, math.Abs(float64(a[i])))) {
			t.Fatalf("value %d: %v and %v", i, a[i], b[i])
		}
	}
}

// finish runs a loop from x to its end, in place.
func finish(t testing.TB, state *sched.State, x []float32) []float32 {
	t.Helper()
	x = append([]float32(nil), x...)
	for {
		call, more, err := state.NextCall()
		must(t, err)
		if !more {
			return x
		}
		var prediction []float32
		if call.NeedsModel {
			prediction = predict(x)
		}
		must(t, state.Step(x, prediction, x))
	}
}

func whole(t testing.TB, state *sched.State) []float32 {
	t.Helper()
	x := make([]float32, state.Batch()*state.Elements())
	must(t, state.InitialNoise(x))
	return finish(t, state, x)
}
