// Overhead measures what the binding costs: a step of 16 elements through it and in C, in blocks
// that take turns, as medians; then a million steps, and that the process does not grow.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"sort"
	"time"

	sched "github.com/sched/sched/bindings/go"
)

const (
	elements = 16
	steps    = 1000
	blocks   = 201
	// More than the C call, at most.  It is told, not tested: other work on the machine decides too.
	targetNS    = 500
	growthPages = 64
	config      = `{"_class_name": "DDIMScheduler", "clip_sample": false}`
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// timed is the nanoseconds of one of the block's steps.
func timed(block func()) float64 {
	start := time.Now()
	block()
	return float64(time.Since(start).Nanoseconds()) / steps
}

func median(times []float64) float64 {
	sort.Float64s(times)
	return times[len(times)/2]
}

// residentPages is how much of the process is in memory; false where there is no /proc.
func residentPages() (pages int, known bool) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	var total int
	_, err = fmt.Sscan(string(text), &total, &pages)
	return pages, err == nil
}

func main() {
	scheduler, err := sched.Create(config)
	must(err)
	state, err := scheduler.Init(sched.InitOptions{NumSteps: steps, Elements: elements})
	must(err)
	defer state.Close()
	saved, err := state.Save()
	must(err)
	c := startC()
	defer c.free()
	x, prediction := make([]float32, elements), make([]float32, elements)
	for i := range prediction {
		prediction[i] = 0.25
	}
	rewind := func() {
		must(state.Load(saved))
		for i := range x {
			x[i] = 1
		}
	}
	ways := []struct {
		name string
		run  func()
	}{
		{"C call", func() { c.run(x, prediction) }},
		{"Step", func() {
			for i := 0; i < steps; i++ {
				must(state.Step(x, prediction, x))
			}
		}},
		{"StepWide", func() {
			for i := 0; i < steps; i++ {
				must(state.StepWide(sched.StepArgs{
					Sample: sched.F32(x), Prediction: sched.F32(prediction), Next: sched.F32(x),
				}))
			}
		}},
		{"NextCall and Step", func() {
			for i := 0; i < steps; i++ {
				_, _, err := state.NextCall()
				must(err)
				must(state.Step(x, prediction, x))
			}
		}},
	}
	times := make([][]float64, len(ways))
	var last string
	for block := 0; block < blocks; block++ {
		for i, way := range ways {
			rewind()
			c.load(saved)
			times[i] = append(times[i], timed(way.run))
			if now := fmt.Sprint(x); i > 0 && now != last {
				panic(way.name + " gives " + now + ", not " + last)
			} else {
				last = now
			}
		}
	}
	fmt.Printf("a step of %d elements, medians of %d blocks of %d steps:\n", elements, blocks, steps)
	reference := median(times[0])
	failed := false
	for i, way := range ways {
		ns := median(times[i])
		fmt.Printf("  %-18s%7.1f ns, %+.1f\n", way.name, ns, ns-reference)
		if ns-reference > targetNS {
			fmt.Printf("  more than %d ns: the target is missed\n", targetNS)
		}
	}

	run := func(blocks int) {
		for i := 0; i < blocks; i++ {
			rewind()
			ways[1].run()
		}
		debug.FreeOSMemory()
	}
	// The collector takes memory for itself when it first runs, a few times over.
	for i := 0; i < 10; i++ {
		run(10)
	}
	before, known := residentPages()
	run(1000)
	if after, _ := residentPages(); known {
		fmt.Printf("%d steps more: %d pages more\n", 1000*steps, after-before)
		failed = failed || after-before > growthPages
	}
	if failed {
		fmt.Println("too slow, or growing")
		os.Exit(1)
	}
}
