package main

import (
	"encoding/binary"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const golden = "../../../../tests/golden/diffusers"

// file is a safetensors file of its header and data.
func file(header string, data ...byte) []byte {
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(length, header...), data...)
}

func TestFilesThatAreNoLoops(t *testing.T) {
	const init = `"init":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}`
	for name, bytes := range map[string][]byte{
		"empty":   {},
		"short":   {5, 0, 0, 0, 0, 0, 0, 0, '{', '}'},
		"huge":    {255, 255, 255, 255, 255, 255, 255, 255, '{', '}'},
		"text":    file("{]"),
		"bare":    file("{}"),
		"outside": file("{" + init + "}"),
		"reverse": file(`{"init":{"dtype":"F64","shape":[1],"data_offsets":[8,0]}}`, make([]byte, 8)...),
		"float32": file(`{"init":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, make([]byte, 8)...),
		"shape":   file(`{"init":{"dtype":"F64","shape":[-1],"data_offsets":[0,8]}}`, make([]byte, 8)...),
		"no pred": file("{"+init+"}", make([]byte, 8)...),
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := replay(path, fnv.New64a()); err == nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// A loop whose file says something else is noticed, and so are other bits.
func TestWrongLoopsFail(t *testing.T) {
	path := filepath.Join(golden, "euler-default.safetensors")
	if err := run([]string{path}, ""); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{path}, "0123456789abcdef"); err == nil || !strings.Contains(err.Error(), "bits") {
		t.Fatal(err)
	}
	bytes, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(t.TempDir(), "changed")
	for _, words := range [][2]string{
		{`"init_noise_sigma": "157.4`, `"init_noise_sigma": "157.5`},
		{`num_inference_steps\": 7`, `num_inference_steps\": 6`},
		{`"out": {"dtype": "F64", "shape": [7, 2, 3, 2, 3], "data_offsets": [4320, 6336]}`,
			`"out": {"dtype": "F64", "shape": [7, 2, 3, 2, 3], "data_offsets": [2304, 4320]}`},
		{`"x0": {"dtype": "F64", "shape": [7, 2, 3, 2, 3], "data_offsets": [6336, 8352]}`,
			`"x0": {"dtype": "F64", "shape": [7, 2, 3, 2, 3], "data_offsets": [2304, 4320]}`},
	} {
		text := strings.Replace(string(bytes), words[0], words[1], 1)
		if text == string(bytes) {
			t.Fatalf("the file has no %s", words[0])
		}
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := replay(changed, fnv.New64a()); err == nil {
			t.Errorf("%s: %+v", words[1], v)
		} else {
			t.Log(err)
		}
	}
}
