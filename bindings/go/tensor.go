package sched

import "unsafe"

// DType is the element type of a tensor.
type DType int32

// The element types.  The zero value stands for DTypeF32 in [InitOptions].
const (
	DTypeF32  DType = 1 // IEEE binary32
	DTypeF16  DType = 2 // IEEE binary16; arithmetic is float32
	DTypeBF16 DType = 3 // bfloat16; arithmetic is float32
	DTypeF64  DType = 4 // IEEE binary64; only KernelReference
)

// Tensor is a slice of the caller's: all values of all items, one item after another.  Any inner
// shape is fine, since every method works element by element.
//
// It refers to the slice and is worth no more than that; make one for each call.  The zero value is
// no tensor, and so is one of a nil slice; one of an empty slice has the wrong shape.
type Tensor struct {
	data  unsafe.Pointer
	count int
	dtype DType
}

// F32 is a tensor of float32.
func F32(values []float32) Tensor { return tensorOf(values, DTypeF32) }

// F64 is a tensor of float64.
func F64(values []float64) Tensor { return tensorOf(values, DTypeF64) }

// F16 is a tensor of the bits of IEEE binary16 numbers.
func F16(bits []uint16) Tensor { return tensorOf(bits, DTypeF16) }

// BF16 is a tensor of the bits of bfloat16 numbers.
func BF16(bits []uint16) Tensor { return tensorOf(bits, DTypeBF16) }

// Len is how many values there are, in all items together.
func (t Tensor) Len() int { return t.count }

// DType is the element type; 0 for the zero value.
func (t Tensor) DType() DType { return t.dtype }

// nothing is where empty tensors and bytes lie.
var nothing uint64

func tensorOf[T any](values []T, dtype DType) Tensor {
	switch {
	case values == nil:
		return Tensor{dtype: dtype}
	case len(values) == 0:
		return Tensor{unsafe.Pointer(&nothing), 0, dtype}
	}
	return Tensor{unsafe.Pointer(&values[0]), len(values), dtype}
}

// bytesPointer is where bytes lie.
func bytesPointer(bytes []byte) unsafe.Pointer {
	if len(bytes) == 0 {
		return unsafe.Pointer(&nothing)
	}
	return unsafe.Pointer(&bytes[0])
}
