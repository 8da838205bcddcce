// Replay replays recorded loops of diffusers and k-diffusion in float32: those of
// bindings/conformance/loops.txt, or the files that it is given.
//
// usage: replay REPOSITORY [FILE...]
package main

import (
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

// run replays the files; expected are the bits that they must give, where there are any.
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
		return fmt.Errorf("bits are %s; bindings/conformance/bits.txt has %s", got, expected)
	}
	return nil
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: replay REPOSITORY [FILE...]")
		os.Exit(2)
	}
	repository, files, expected := os.Args[1], os.Args[2:], ""
	var err error
	if len(files) == 0 {
		if files, err = listed(repository); err == nil {
			var text []byte
			text, err = os.ReadFile(filepath.Join(repository, "bindings/conformance/bits.txt"))
			expected = strings.TrimSpace(string(text))
			if err == nil && len(expected) != 16 {
				err = fmt.Errorf("bits.txt has %q, not 16 digits", expected)
			}
		}
	}
	// A missing list of bits is a failure, but the loops are replayed all the same.
	if ran := run(files, expected); ran != nil {
		err = ran
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
