package raw

// #include <sched/sched.h>
import "C"

// Call is a sched_call in Go's memory: nothing to free, and reading it is no call of C, which
// counts where a loop asks for each of its calls.
type Call C.sched_call

func NewCall() Call { return Call{struct_size: C.sizeof_sched_call} }

func (c *Call) NeedsModel() bool    { return c.needs_model == 1 }
func (c *Call) Timestep() float64   { return float64(c.timestep) }
func (c *Call) Alpha() float64      { return float64(c.alpha) }
func (c *Call) Sigma() float64      { return float64(c.sigma) }
func (c *Call) InputScale() float64 { return float64(c.input_scale) }
func (c *Call) Step() int64         { return int64(c.step) }
func (c *Call) Stage() int32        { return int32(c.stage) }
func (c *Call) EndsStep() bool      { return c.ends_step == 1 }
func (c *Call) Draws() int32        { return int32(c.draws) }
