package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
)

// safetensors is a file of that format: the header's length in 8 bytes, the header in JSON, then the
// arrays, here all float64, little-endian.
type safetensors struct {
	metadata map[string]string
	tensors  map[string]tensor
}

type tensor struct {
	shape  []int
	values []float64
}

func readSafetensors(path string) (*safetensors, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(bytes) < 8 {
		return nil, errors.New("is too short")
	}
	length, rest := binary.LittleEndian.Uint64(bytes), bytes[8:]
	if length > uint64(len(rest)) {
		return nil, errors.New("header length is larger than the file")
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(rest[:length], &header); err != nil {
		return nil, err
	}
	file := &safetensors{metadata: map[string]string{}, tensors: map[string]tensor{}}
	for name, entry := range header {
		if name == "__metadata__" {
			err = json.Unmarshal(entry, &file.metadata)
		} else {
			file.tensors[name], err = readTensor(entry, rest[length:])
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return file, nil
}

func readTensor(entry json.RawMessage, data []byte) (tensor, error) {
	var header struct {
		DType   string   `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets []uint64 `json:"data_offsets"`
	}
	if err := json.Unmarshal(entry, &header); err != nil {
		return tensor{}, err
	}
	if header.DType != "F64" || len(header.Offsets) != 2 {
		return tensor{}, errors.New("is not F64 with two data_offsets")
	}
	begin, end := header.Offsets[0], header.Offsets[1]
	if begin > end || end > uint64(len(data)) {
		return tensor{}, errors.New("is outside the file")
	}
	count := 1
	for _, size := range header.Shape {
		count *= size
	}
	bytes := data[begin:end]
	if count < 0 || len(bytes) != 8*count {
		return tensor{}, errors.New("shape and data_offsets disagree")
	}
	values := make([]float64, count)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(bytes[8*i:]))
	}
	return tensor{header.Shape, values}, nil
}

func (f *safetensors) has(name string) bool {
	_, found := f.tensors[name]
	return found
}

// object is a metadata entry as JSON.
func (f *safetensors) object(key string, into any) error {
	text, found := f.metadata[key]
	if !found {
		return fmt.Errorf("metadata has no '%s'", key)
	}
	return json.Unmarshal([]byte(text), into)
}

// values are those of a tensor, nil where it is missing.
func (f *safetensors) values(name string) []float64 { return f.tensors[name].values }

// count is how many rows a tensor has.
func (f *safetensors) count(name string) (int, error) {
	shape := f.tensors[name].shape
	if len(shape) == 0 || shape[0] < 1 {
		return 0, fmt.Errorf("tensor '%s' is missing or empty", name)
	}
	return shape[0], nil
}

// rows are a tensor's, `count` of `size` values.
func (f *safetensors) rows(name string, count, size int) ([][]float64, error) {
	t := f.tensors[name]
	if len(t.shape) == 0 || t.shape[0] != count || len(t.values) != count*size {
		return nil, fmt.Errorf("tensor '%s' is missing or has the wrong shape", name)
	}
	rows := make([][]float64, count)
	for i := range rows {
		rows[i] = t.values[i*size : (i+1)*size]
	}
	return rows, nil
}
