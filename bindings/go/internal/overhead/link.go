//go:build !sched_build

package main

// #cgo pkg-config: sched
import "C"
