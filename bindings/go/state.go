package sched

import (
	"runtime"
	"sync/atomic"

	"github.com/sched/sched/bindings/go/internal/raw"
)

// State is one loop.  Made by [Scheduler.Init], released by [State.Close].
//
// A state belongs to one goroutine at a time; a call that finds another at work returns [ErrBusy],
// one on a closed state [ErrClosed].  A call that fails changes nothing and may be tried again.
type State struct {
	phase  atomic.Int32
	handle *raw.State
	call   raw.Call // where NextCall puts what it reads

	batch, elements, predictionElements int
	numSteps, numCalls                  int
	initNoiseSigma                      float64
	kernel                              Kernel
}

// Phases of a state.  The zero value of a State is closed.
const (
	closed int32 = iota
	idle
	busy
)

// newState owns the handle.
func newState(handle *raw.State) *State {
	s := &State{
		handle:             handle,
		call:               raw.NewCall(),
		batch:              int(raw.Sched_batch(handle)),
		elements:           int(raw.Sched_elements(handle)),
		predictionElements: int(raw.Sched_prediction_elements(handle)),
		numSteps:           int(raw.Sched_num_steps(handle)),
		numCalls:           int(raw.Sched_num_calls(handle)),
		initNoiseSigma:     raw.Sched_init_noise_sigma(handle),
		kernel:             Kernel(raw.Sched_state_kernel(handle)),
	}
	if s.numCalls < 0 {
		s.numCalls = -1
	}
	s.phase.Store(idle)
	runtime.SetFinalizer(s, (*State).Close)
	return s
}

// Close releases the state.  Closing again does nothing; while another goroutine uses the state it
// is not closed, and the error is [ErrBusy].
func (s *State) Close() error {
	if s == nil || s.phase.Load() == closed {
		return nil
	}
	if !s.phase.CompareAndSwap(idle, closed) {
		return ErrBusy
	}
	raw.Sched_state_free(s.handle)
	s.handle = nil
	runtime.SetFinalizer(s, nil)
	return nil
}

// enter takes the state for a call, leave gives it back.  leave also keeps the state, and so its
// handle, from the finalizer until the call is over.
func (s *State) enter() error {
	if s == nil {
		return ErrClosed
	}
	if s.phase.CompareAndSwap(idle, busy) {
		return nil
	}
	if s.phase.Load() == closed {
		return ErrClosed
	}
	return ErrBusy
}

func (s *State) leave() { s.phase.Store(idle) }

// check is nil for SCHED_OK.  Between enter and leave.
func (s *State) check(code raw.Enum_SS_sched_status) error {
	if code == 0 {
		return nil
	}
	return check(code, utf8Text(raw.Sched_last_error(s.handle)))
}

// -------------------------------------------------------------- what never changes

// Batch is how many items there are.
func (s *State) Batch() int { return s.batch }

// Elements is how many values an item has.
func (s *State) Elements() int { return s.elements }

// PredictionElements is how many values an item of a prediction has: those of a sample, or twice as
// many where the configuration says that the variance is learned.
func (s *State) PredictionElements() int { return s.predictionElements }

// NumSteps is how many steps this loop runs, what a user counts.
func (s *State) NumSteps() int { return s.numSteps }

// NumCalls is how many calls of [State.Step] this loop takes; -1 where the method chooses its steps
// as it goes (dpm_adaptive): then ask [State.NextCall] until there is none.
func (s *State) NumCalls() int { return s.numCalls }

// InitNoiseSigma is the standard deviation of the first sample, diffusers' init_noise_sigma.
func (s *State) InitNoiseSigma() float64 { return s.initNoiseSigma }

// Kernel is what runs this state.
func (s *State) Kernel() Kernel { return s.kernel }

// ----------------------------------------------------------- where the loop stands

// Call is one call of [State.Step].
type Call struct {
	NeedsModel bool    // false: noise is added or undone, no model is asked, Step gets no prediction
	Timestep   float64 // for the model
	Alpha      float64 // level of the sample that is handed in: x = alpha x0 + sigma n
	Sigma      float64 // level of the sample that is handed in
	InputScale float64 // factor for the sample before it goes into the model
	Step       int     // of the whole schedule; -1 where the method chooses its steps
	Stage      int     // within the step, 0 first
	EndsStep   bool    // true where this call ends a step, or an attempt at one
	Draws      int     // normal draws that it takes, 0, 1 or 2
}

func callOf(c *raw.Call) Call {
	return Call{
		NeedsModel: c.NeedsModel(),
		Timestep:   c.Timestep(),
		Alpha:      c.Alpha(),
		Sigma:      c.Sigma(),
		InputScale: c.InputScale(),
		Step:       int(c.Step()),
		Stage:      int(c.Stage()),
		EndsStep:   c.EndsStep(),
		Draws:      int(c.Draws()),
	}
}

// NextCall describes the call that comes next; false where the loop is done.  One loop serves every
// method: while there is a call, ask the model where it needs one, and [State.Step].
func (s *State) NextCall() (Call, bool, error) {
	if err := s.enter(); err != nil {
		return Call{}, false, err
	}
	defer s.leave()
	switch code := raw.Sched_next_call(s.handle, &s.call); Status(code) {
	case 0:
		return callOf(&s.call), true, nil
	case ErrFinished:
		return Call{}, false, nil
	default:
		return Call{}, false, s.check(code)
	}
}

// CallAt describes call index of a loop that is planned as a whole.
//
// Errors: [ErrSteps] past the end; [ErrUnsupported] where the method chooses its steps as it goes.
func (s *State) CallAt(index int) (Call, error) {
	if err := s.enter(); err != nil {
		return Call{}, err
	}
	defer s.leave()
	if err := s.check(raw.Sched_call_at(s.handle, int64(index), &s.call)); err != nil {
		return Call{}, err
	}
	return callOf(&s.call), nil
}

// CallEndsStep is true where call index ends a step: progress bars count these.
func (s *State) CallEndsStep(index int) (bool, error) {
	var ends int32
	err := s.ask(func() { ends = raw.Sched_call_ends_step(s.handle, int64(index)) })
	return ends == 1, err
}

// CallsDone is how many calls are done.
func (s *State) CallsDone() (int, error) {
	var calls int64
	err := s.ask(func() { calls = raw.Sched_calls_done(s.handle) })
	return int(calls), err
}

// InputScale is the factor for the sample before it goes into the next model call.
func (s *State) InputScale() (float64, error) {
	var scale float64
	err := s.ask(func() { scale = raw.Sched_input_scale(s.handle) })
	return scale, err
}

// NextDraws is how many normal draws the next step takes, 0, 1 or 2.
func (s *State) NextDraws() (int, error) {
	var draws int32
	err := s.ask(func() { draws = raw.Sched_next_draws(s.handle) })
	return int(draws), err
}

// Bytes is what the state holds, memory rows and plans.
func (s *State) Bytes() (int, error) {
	var bytes int64
	err := s.ask(func() { bytes = raw.Sched_state_bytes(s.handle) })
	return int(bytes), err
}

// CanContinue is false where the state cannot take its next call any more: its Vulkan device was
// lost, with what the state kept there.
func (s *State) CanContinue() (bool, error) {
	var can int32
	err := s.ask(func() { can = raw.Sched_can_continue(s.handle) })
	return can == 1, err
}

// ask calls body, which cannot fail.
func (s *State) ask(body func()) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	body()
	return nil
}

// Attempts are attempts at a step that were accepted and rejected so far, where the method chooses
// its steps (Lu et al. 2022, arXiv:2206.00927, algorithm 3); 0 and 0 for others.  A rejected attempt
// gives back the sample at which it began.
func (s *State) Attempts() (accepted, rejected int, err error) {
	if err := s.enter(); err != nil {
		return 0, 0, err
	}
	defer s.leave()
	var yes, no int64
	err = s.check(raw.Sched_attempts(s.handle, &yes, &no))
	return int(yes), int(no), err
}

// ----------------------------------------------------------------- the whole loop

// Timesteps are the times to give to the model at each call, in order.
//
// Errors: [ErrUnsupported] where the method chooses its steps as it goes.
func (s *State) Timesteps() ([]float64, error) { return s.list(raw.Sched_timesteps) }

// Sigmas are the noise levels of the whole schedule, step by step and the end, in the unit of the
// method's family: sigma for flow matching, the sine of the angle for SCM, sigma / alpha elsewhere,
// infinite at zero SNR.
//
// Errors: [ErrUnsupported] where the method chooses its steps as it goes.
func (s *State) Sigmas() ([]float64, error) { return s.list(raw.Sched_sigmas) }

// Level is a noise level: x = alpha x0 + sigma n.
type Level struct{ Alpha, Sigma float64 }

// Levels are the noise levels at the start of each step of the whole schedule and at its end.
//
// Errors: [ErrUnsupported] where the method chooses its steps as it goes.
func (s *State) Levels() ([]Level, error) {
	pairs, err := s.list(raw.Sched_levels)
	if err != nil {
		return nil, err
	}
	levels := make([]Level, len(pairs)/2)
	for i := range levels {
		levels[i] = Level{pairs[2*i], pairs[2*i+1]}
	}
	return levels, nil
}

type lister func(*raw.State, *float64, int64, *int64) raw.Enum_SS_sched_status

func (s *State) list(read lister) ([]float64, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	var count int64
	if err := s.check(read(s.handle, nil, 0, &count)); err != nil {
		return nil, err
	}
	values := make([]float64, count)
	data, capacity := first(values)
	return values, s.check(read(s.handle, data, capacity, &count))
}

// StepForTimestep is the step of the whole schedule that begins at timestep, to within 1e-6.
//
// Errors: [ErrValue] where no step begins there.
func (s *State) StepForTimestep(timestep float64) (int, error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	var step int64
	err := s.check(raw.Sched_step_for_timestep(s.handle, timestep, &step))
	return int(step), err
}

// ------------------------------------------------------------ save, load and clone

// Save gives the state (position, memory rows, place in the noise) as versioned bytes with a
// checksum.
//
// Errors: those of Vulkan, whose rows are read back.
func (s *State) Save() ([]byte, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	var size uint64
	if err := s.check(raw.Sched_save(s.handle, nil, 0, &size)); err != nil {
		return nil, err
	}
	bytes := make([]byte, size)
	if err := s.check(raw.Sched_save(s.handle, bytesPointer(bytes), size, &size)); err != nil {
		return nil, err
	}
	return bytes[:size], nil
}

// Load continues from saved bytes, in a state that was started with the same configuration and
// options.
//
// Errors: [ErrDamaged] where the bytes are truncated, changed, or no saved state; [ErrMismatch]
// where they belong to another configuration or version.
func (s *State) Load(bytes []byte) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return s.check(raw.Sched_load(s.handle, bytesPointer(bytes), uint64(len(bytes))))
}

// Clone is a second state that goes on from the same point, independently.
//
// Errors: [ErrMemory], and those of Vulkan.
func (s *State) Clone() (*State, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	var status int32
	handle := raw.Sched_flat_clone(s.handle, &status)
	if handle == nil {
		return nil, s.check(raw.Enum_SS_sched_status(status))
	}
	return newState(handle), nil
}
