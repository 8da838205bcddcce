package sched

// Enter and Leave let a test be the goroutine that uses a state.
func (s *State) Enter() error { return s.enter() }
func (s *State) Leave()       { s.leave() }
