//go:build !sched_build

package raw

// #cgo pkg-config: sched
import "C"
