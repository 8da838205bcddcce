package sched

import (
	"runtime"

	"github.com/sched/sched/bindings/go/internal/raw"
)

// Scheduler is a configuration that was read and found right.  It is immutable: any number of
// goroutines may use it at a time.  Made by [Create], released by [Scheduler.Close].
type Scheduler struct {
	shared   shared[raw.Scheduler]
	method   Method
	warnings []string
	quirks   []string
}

type createOptions struct{ lenient bool }

// CreateOption is an option of [Create].
type CreateOption func(*createOptions)

// Lenient makes unknown and unused keys warnings, for published files that carry stray keys.
func Lenient() CreateOption {
	return func(options *createOptions) { options.lenient = true }
}

// Create reads a configuration: JSON text, UTF-8.  Either
//
//   - a diffusers scheduler_config.json, where "_class_name" names the method and missing keys take
//     that class's defaults, or
//   - our own composition, {"solver": ..., "schedule": ..., "grid": ..., "parameterization": ...,
//     "quirks": [...]}.
//
// A key that does not belong is an error, but for those that begin with "_".
//
// Errors: [ErrJSON], [ErrUnknownClass], [ErrUnknownKey], [ErrType], [ErrValue], [ErrConflict],
// [ErrMemory].
func Create[Text ~string | ~[]byte](config Text, options ...CreateOption) (*Scheduler, error) {
	var chosen createOptions
	for _, option := range options {
		option(&chosen)
	}
	text, length := first(append([]byte{}, config...))
	var sentence message
	var status int32
	buffer, capacity := sentence.pointer()
	handle := raw.Sched_flat_create(text, length, flag(chosen.lenient), buffer, capacity, &status)
	if handle == nil {
		return nil, sentence.check(status, "")
	}
	s := &Scheduler{shared: shared[raw.Scheduler]{handle: handle, free: raw.Sched_free}}
	runtime.SetFinalizer(s, func(s *Scheduler) { s.shared.close() })
	s.method, _ = methodAt(raw.Sched_method(handle))
	for index := int32(0); index < raw.Sched_warning_count(handle); index++ {
		s.warnings = append(s.warnings, utf8Text(raw.Sched_warning(handle, index)))
	}
	for index := int32(0); index < raw.Sched_quirk_count(handle); index++ {
		s.quirks = append(s.quirks, raw.Text(raw.Sched_quirk(handle, index)))
	}
	return s, nil
}

// Close releases the scheduler, once the calls that use it are over.  States made from it stay
// valid.  Closing again does nothing.
func (s *Scheduler) Close() error {
	if s == nil {
		return nil
	}
	s.shared.close()
	runtime.SetFinalizer(s, nil)
	return nil
}

// Method is which method this is.
func (s *Scheduler) Method() Method { return s.method }

// Warnings are what [Lenient] collected.
func (s *Scheduler) Warnings() []string { return append([]string(nil), s.warnings...) }

// Quirks are those that are on: what diffusers does that a paper does not.  They come with
// diffusers files; our own composition has those that its key "quirks" lists.  [QuirkDescription]
// says what each does.
func (s *Scheduler) Quirks() []string { return append([]string(nil), s.quirks...) }

// Init starts a loop: plans every step in float64, checks it, and reserves the memory that the
// method needs.  The state does not need the scheduler to stay open.
//
// Errors: [ErrSteps], [ErrTimesteps], [ErrOption], [ErrConflict], [ErrValue], [ErrShape],
// [ErrDType], [ErrNotFinite], [ErrUnsupported], [ErrArgument], [ErrMemory], those of Vulkan, and
// [ErrClosed].
func (s *Scheduler) Init(options InitOptions) (state *State, err error) {
	if s == nil {
		return nil, ErrClosed
	}
	err = s.shared.use(func(scheduler *raw.Scheduler) error {
		if options.Vulkan == nil {
			state, err = options.start(scheduler, nil)
			return err
		}
		return options.Vulkan.shared.use(func(vulkan *raw.Vulkan) error {
			state, err = options.start(scheduler, vulkan)
			return err
		})
	})
	return state, err
}
