package sched

import (
	"errors"
	"strings"

	"github.com/sched/sched/bindings/go/internal/raw"
)

// ErrClosed is returned by a call on an object that was closed, or never made.
var ErrClosed = errors.New("sched: the object is closed")

// ErrBusy is returned by a call on a state that another goroutine is using.
var ErrBusy = errors.New("sched: another goroutine is using the state")

// Status is a kind of error, by its code in the C ABI.  Codes keep their numbers for ever.  It is
// an error itself: the target of errors.Is.
type Status int32

// The kinds of errors.
const (
	ErrArgument     Status = -1  // an argument that cannot be: a tensor is missing, a count is negative
	ErrStructSize   Status = -2  // binding and library do not fit
	ErrJSON         Status = -3  // the text is not valid JSON, or not UTF-8
	ErrUnknownClass Status = -4  // no such scheduler class or solver
	ErrUnknownKey   Status = -5  // the configuration has a key that does not belong
	ErrType         Status = -6  // a key has a value of the wrong JSON type
	ErrValue        Status = -7  // a value is not among those allowed
	ErrConflict     Status = -8  // two keys or options exclude each other
	ErrSteps        Status = -9  // number of steps, begin or end out of range
	ErrTimesteps    Status = -10 // custom timesteps or sigmas are unusable
	ErrOption       Status = -11 // an option that this method does not have
	ErrShape        Status = -12 // batch or elements differ from those given at the start
	ErrDType        Status = -13 // an element type that is not supported here
	ErrOverlap      Status = -14 // tensors overlap in a way that is not allowed
	ErrFinished     Status = -15 // every step is done
	ErrNotFinite    Status = -16 // a weight would be infinite or NaN
	ErrCapacity     Status = -17 // a buffer is too small
	ErrDamaged      Status = -18 // saved bytes are truncated or changed
	ErrMismatch     Status = -19 // saved bytes belong to another configuration
	ErrUnsupported  Status = -20 // valid, but not in this build
	ErrMemory       Status = -21 // an allocation failed
	ErrInternal     Status = -22 // a bug in the library: please report it
	ErrDeviceLost   Status = -23 // the Vulkan device is gone; see State.CanContinue
	ErrDeviceMemory Status = -24 // the Vulkan device has no memory left
	ErrVulkan       Status = -25 // another failure of Vulkan, named in the sentence
	ErrInUse        Status = -26 // another call is inside the state: of code beside this module, which says ErrBusy
)

// Error is the code's name in the C ABI, "SCHED_ERROR_SHAPE" for example.
func (s Status) Error() string {
	return raw.Text(raw.Sched_status_name(raw.Enum_SS_sched_status(s)))
}

// Error is what the library says of a call that failed.
type Error struct {
	// Status is which kind of error.
	Status Status
	// Sentence says what is wrong and what is allowed.
	Sentence string
}

// Error is the status' name and the sentence.
func (e *Error) Error() string {
	if e.Sentence == "" {
		return e.Status.Error()
	}
	return e.Status.Error() + ": " + e.Sentence
}

// Unwrap gives the status, for errors.Is.
func (e *Error) Unwrap() error { return e.Status }

// check is nil for SCHED_OK.
func check(code raw.Enum_SS_sched_status, sentence string) error {
	if code == 0 {
		return nil
	}
	return &Error{Status(code), sentence}
}

// message is room for the sentence of a call that has no state to keep it.
type message [1024]byte

func (m *message) pointer() (*byte, int64) { return &m[0], int64(len(m)) }

// check is nil for SCHED_OK; where the library left no sentence, the error has the one given.
func (m *message) check(status int32, otherwise string) error {
	sentence := utf8Text(&m[0])
	if sentence == "" {
		sentence = otherwise
	}
	return check(raw.Enum_SS_sched_status(status), sentence)
}

// utf8Text copies a text of the library's that may quote what it was given.
func utf8Text(text *byte) string { return strings.ToValidUTF8(raw.Text(text), "\uFFFD") }

// cText is a text that ends in zero.
func cText(text, name string) (*byte, error) {
	if strings.IndexByte(text, 0) >= 0 {
		return nil, &Error{ErrArgument, name + " has a zero byte inside"}
	}
	return &append([]byte(text), 0)[0], nil
}
