// Replay replays recorded loops of diffusers and k-diffusion in float32: those of
// bindings/conformance/loops.txt, or the files that it is given.  SCHED_CONFORMANCE_BITS is the hash
// that those of the list must give.
//
// usage: replay REPOSITORY [FILE...]
package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// listed are the files of the list that the bindings of all languages share.
func listed(repository string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(repository, "bindings/conformance/loops.txt"))
	var files []string
	for _, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			files = append(files, filepath.Join(repository, "tests/golden", line))
		}
	}
	return files, err
}

// run replays the files, and compares the bits that they give where some are expected.
func run(files []string, expected string) error {
	bits := fnv.New64a()
	largest, failed := 0.0, 0
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".safetensors")
		v, err := replay(path, bits)
		if err != nil {
			fmt.Printf("%-32s FAIL  %v\n", name, err)
			failed++
			continue
		}
		fmt.Printf("%-32s %-36s %4d calls  %.2e  pass\n", name, v.method, v.calls, v.error)
		largest = math.Max(largest, v.error)
	}
	got := fmt.Sprintf("%016x", bits.Sum64())
	fmt.Printf("%d loops, %d failed, largest error %.1e, bits %s\n", len(files), failed, largest, got)
	switch {
	case failed > 0:
		return fmt.Errorf("%d loops failed", failed)
	case expected != "" && got != expected:
		return fmt.Errorf("the bits are %s, not %s", got, expected)
	}
	return nil
}

// runListed replays the shared list, of which the environment must have the bits.
func runListed(repository string) error {
	files, err := listed(repository)
	if err != nil {
		return err
	}
	expected := os.Getenv("SCHED_CONFORMANCE_BITS")
	if err := run(files, expected); err != nil {
		return err
	}
	if expected == "" {
		return errors.New("SCHED_CONFORMANCE_BITS is not set, so no bits were compared")
	}
	return nil
}

func main() {
	var err error
	switch len(os.Args) {
	case 1:
		err = errors.New("usage: replay REPOSITORY [FILE...]")
	case 2:
		err = runListed(os.Args[1])
	default:
		err = run(os.Args[2:], "")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
