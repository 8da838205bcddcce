package sched

import (
	"math"
	"sync"
)

// shared is a handle that any number of goroutines may use at a time.
type shared[T any] struct {
	lock   sync.RWMutex
	handle *T // nil once it is closed
	free   func(*T)
}

// use calls body with the handle, which is not freed meanwhile.
func (s *shared[T]) use(body func(*T) error) error {
	s.lock.RLock()
	defer s.lock.RUnlock()
	if s.handle == nil {
		return ErrClosed
	}
	return body(s.handle)
}

// close waits for the calls that use the handle.
func (s *shared[T]) close() {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.handle != nil {
		s.free(s.handle)
		s.handle = nil
	}
}

// object is a struct that SWIG allocates.
type object interface{ Swigcptr() uintptr }

// made checks that there was memory for an object.
func made(o object) error {
	if o.Swigcptr() == 0 {
		return &Error{ErrMemory, "an allocation failed"}
	}
	return nil
}

// first is how a list is given to C.  An empty list is one, no list is NULL.
func first[T any](list []T) (*T, int64) {
	switch {
	case list == nil:
		return nil, 0
	case len(list) == 0:
		return new(T), 0
	}
	return &list[0], int64(len(list))
}

// narrow is the number in 32 bits; what they cannot hold is far out of every range.
func narrow(number int) int32 {
	switch {
	case number > math.MaxInt32:
		return math.MaxInt32
	case number < math.MinInt32:
		return math.MinInt32
	}
	return int32(number)
}

// flag is a truth as C has it.
func flag(truth bool) int32 {
	if truth {
		return 1
	}
	return 0
}
