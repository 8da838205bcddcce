#define SCHED_ISA baseline
#include "fused_body.inl"
