package sched_test

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sched "github.com/sched/sched/bindings/go"
)

func TestSchedulersAreSharedAndStatesSent(t *testing.T) {
	scheduler := create(t, ofClass("EulerAncestralDiscreteScheduler"))
	expected := whole(t, value(scheduler.Init(tenSteps())))
	results := make(chan []float32)
	for i := 0; i < 8; i++ {
		go func() {
			for k := 0; k < 20; k++ {
				state := value(scheduler.Init(tenSteps()))
				results <- whole(t, state)
				state.Close()
			}
		}()
	}
	for i := 0; i < 8*20; i++ {
		same(t, expected, <-results, "another goroutine")
	}
	state := value(scheduler.Init(tenSteps()))
	go func() { results <- whole(t, state) }()
	same(t, expected, <-results, "a state that was sent")
}

// Long enough, with noise, that steps use their threads.
func TestStepsUseThreads(t *testing.T) {
	scheduler := create(t, ofClass("EulerAncestralDiscreteScheduler"))
	options := sched.InitOptions{NumSteps: 2, Batch: 2, Elements: 150001, Seed: 42}
	one := value(scheduler.Init(options))
	defer one.Close()
	expected := whole(t, one)
	for _, threads := range []int{1, 2, 5} {
		options.Threads = threads
		state := value(scheduler.Init(options))
		same(t, expected, whole(t, state), "threads")
		must(t, state.Close())
	}
	for _, threads := range []int{-1, 257, 1 << 40} {
		options.Threads = threads
		_, err := scheduler.Init(options)
		expect(t, err, sched.ErrValue, "threads is ")
	}
}

// every way to use a state
func uses(state *sched.State) map[string]error {
	x, f := full(n, 1), full(n, 0.5)
	bytes := func(_ []byte, err error) error { return err }
	list := func(_ []float64, err error) error { return err }
	number := func(_ int, err error) error { return err }
	truth := func(_ bool, err error) error { return err }
	errs := map[string]error{
		"Step":               state.Step(x, f, x),
		"StepTensor":         state.StepTensor(sched.F32(x), sched.F32(f), sched.F32(x)),
		"StepWide":           state.StepWide(sched.StepArgs{Sample: sched.F32(x), Prediction: sched.F32(f), Next: sched.F32(x)}),
		"InitialNoise":       state.InitialNoise(x),
		"ScaleInput":         state.ScaleInput(x, x),
		"AddNoise":           state.AddNoise(0, x, nil, x),
		"CallEndsStep":       truth(state.CallEndsStep(0)),
		"CallsDone":          number(state.CallsDone()),
		"NextDraws":          number(state.NextDraws()),
		"Bytes":              number(state.Bytes()),
		"CanContinue":        truth(state.CanContinue()),
		"Timesteps":          list(state.Timesteps()),
		"Sigmas":             list(state.Sigmas()),
		"StepForTimestep":    number(state.StepForTimestep(1)),
		"Save":               bytes(state.Save()),
		"Load":               state.Load([]byte{1}),
		"RecordInitialNoise": state.RecordInitialNoise(sched.Recording{}, sched.VulkanTensor{}),
		"RecordScaleInput":   state.RecordScaleInput(sched.Recording{}, sched.VulkanTensor{}, sched.VulkanTensor{}),
		"RecordAddNoise":     state.RecordAddNoise(sched.Recording{}, 0, sched.VulkanTensor{}, sched.VulkanTensor{}, sched.VulkanTensor{}),
		"RecordStep":         state.RecordStep(sched.Recording{}, sched.VulkanStepArgs{}),
	}
	_, _, errs["NextCall"] = state.NextCall()
	_, errs["CallAt"] = state.CallAt(0)
	_, errs["InputScale"] = state.InputScale()
	_, _, errs["Attempts"] = state.Attempts()
	_, errs["Levels"] = state.Levels()
	_, errs["Weights"] = state.Weights(0)
	_, errs["Clone"] = state.Clone()
	return errs
}

func TestClosedObjects(t *testing.T) {
	scheduler := value(sched.Create(ofClass("DDIMScheduler")))
	state := value(scheduler.Init(tenSteps()))
	must(t, scheduler.Close())
	must(t, scheduler.Close())
	if scheduler.Method().Name != "ddim" || len(scheduler.Quirks()) == 0 {
		t.Fatal("a closed scheduler forgets what it was")
	}
	must(t, state.Step(full(n, 1), full(n, 1), make([]float32, n)))
	must(t, state.Close())
	must(t, state.Close())
	for name, states := range map[string]*sched.State{"closed": state, "zero": {}, "nil": nil} {
		for what, err := range uses(states) {
			if err != sched.ErrClosed {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		must(t, states.Close())
	}
	for name, scheduler := range map[string]*sched.Scheduler{"closed": scheduler, "zero": {}, "nil": nil} {
		if state, err := scheduler.Init(tenSteps()); state != nil || err != sched.ErrClosed {
			t.Errorf("%s: %v", name, err)
		}
		must(t, scheduler.Close())
	}
	if state.Batch() != 2 || state.NumCalls() != 10 {
		t.Fatal("a closed state forgets what it was")
	}
}

// large is a state whose steps take a while.
func large(t testing.TB) (*sched.State, []float32) {
	const elements = 1 << 20
	state := begin(t, ofClass("DDIMScheduler"), sched.InitOptions{NumSteps: 1000, Elements: elements})
	return state, full(elements, 1)
}

func TestOneStateOfManyGoroutines(t *testing.T) {
	state, x := large(t)
	f := full(len(x), 0.5)
	var wait sync.WaitGroup
	var steps atomic.Int64
	for i := 0; i < 8; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			next := make([]float32, len(x))
			for k := 0; k < 20; k++ {
				switch err := state.Step(x, f, next); err {
				case nil:
					steps.Add(1)
				case sched.ErrBusy:
				default:
					t.Error(err)
				}
				runtime.Gosched()
			}
		}()
	}
	wait.Wait()
	if done := value(state.CallsDone()); int64(done) != steps.Load() || done == 0 {
		t.Fatalf("%d calls done by %d steps", done, steps.Load())
	}
}

func TestAStateInUseIsBusy(t *testing.T) {
	state := start(t, "DDIMScheduler")
	expected := whole(t, start(t, "DDIMScheduler"))
	must(t, state.Enter())
	answers := make(chan map[string]error)
	go func() {
		errs := uses(state)
		errs["Close"] = state.Close()
		answers <- errs
	}()
	for what, err := range <-answers {
		if err != sched.ErrBusy {
			t.Errorf("%s: %v", what, err)
		}
	}
	state.Leave()
	same(t, expected, whole(t, state), "after others tried")
	must(t, state.Close())
}

func TestClosingWhileInUse(t *testing.T) {
	for try := 0; try < 200; try++ {
		state := begin(t, ofClass("DDIMScheduler"), sched.InitOptions{NumSteps: 1000, Elements: 1024})
		x, f, begun, done := full(1024, 1), full(1024, 0.5), make(chan bool), make(chan error)
		go func() {
			close(begun)
			var err error
			for err == nil {
				err = state.Step(x, f, x)
				runtime.Gosched()
			}
			done <- err
		}()
		<-begun
		for state.Close() == sched.ErrBusy {
			runtime.Gosched()
		}
		// It was closed between two steps, or after the last.
		if err := <-done; err != sched.ErrClosed && !errors.Is(err, sched.ErrFinished) {
			t.Fatal(err)
		}
	}
}

// A scheduler that is closed waits for the loops that are being started.
func TestClosingSchedulersWaits(t *testing.T) {
	for try := 0; try < 50; try++ {
		scheduler := value(sched.Create(ofClass("UniPCMultistepScheduler")))
		done := make(chan error)
		for i := 0; i < 4; i++ {
			go func() {
				for {
					state, err := scheduler.Init(tenSteps())
					if err != nil {
						done <- err
						return
					}
					state.Close()
				}
			}()
		}
		runtime.Gosched()
		must(t, scheduler.Close())
		for i := 0; i < 4; i++ {
			if err := <-done; err != sched.ErrClosed {
				t.Fatal(err)
			}
		}
	}
}

func TestClosesComeInAnyOrder(t *testing.T) {
	const class = "DPMSolverMultistepScheduler"
	expected := whole(t, start(t, class))
	scheduler := value(sched.Create(ofClass(class)))
	first, second := value(scheduler.Init(tenSteps())), value(scheduler.Init(tenSteps()))
	must(t, scheduler.Close())
	third := value(second.Clone())
	must(t, second.Close())
	same(t, expected, whole(t, first), "after its scheduler")
	same(t, expected, whole(t, third), "after its twin")
	must(t, third.Close())
	must(t, first.Close())
}

func TestForgottenSchedulersLeaveTheirStates(t *testing.T) {
	const class = "DPMSolverMultistepScheduler"
	expected := whole(t, start(t, class))
	state := value(value(sched.Create(ofClass(class))).Init(tenSteps()))
	for i := 0; i < 5; i++ {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	same(t, expected, whole(t, state), "after its scheduler was forgotten")
	must(t, state.Close())
}

func TestForgottenObjectsAreReleased(t *testing.T) {
	// With this the C library gives rows back to the system at once, rather than keep them.
	if threshold := "MALLOC_MMAP_THRESHOLD_"; os.Getenv(threshold) == "" {
		t.Setenv(threshold, "65536")
		if said, err := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		return
	}
	const elements, times = 1 << 18, 300
	x, f := full(elements, 1), full(elements, 0.5)
	before := residentMiB(t)
	for i := 0; i < times; i++ {
		scheduler := value(sched.Create(ofClass("UniPCMultistepScheduler")))
		state := value(scheduler.Init(sched.InitOptions{NumSteps: 4, Elements: elements}))
		must(t, state.Step(x, f, x))
		if i%10 != 9 {
			continue
		}
		// Each had two rows of 1 MiB at least.  The finalizers run when they come to it.
		deadline := time.Now().Add(20 * time.Second)
		runtime.GC()
		for grown := residentMiB(t) - before; grown > times/6; grown = residentMiB(t) - before {
			if time.Now().After(deadline) {
				t.Fatalf("%d MiB more after %d", grown, i+1)
			}
			runtime.GC()
			time.Sleep(5 * time.Millisecond)
		}
	}
}
