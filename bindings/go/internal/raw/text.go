// Package raw is the C ABI (sched/sched.h, sched/sched_flat.h) name for name, by SWIG.
// See generate.sh; nothing here checks what it is given.
package raw

import "C"
import "unsafe"

// Text copies a text of the library's; NULL is empty.
func Text(text *byte) string {
	return C.GoString((*C.char)(unsafe.Pointer(text)))
}
