#define SCHED_ISA x86_64_v4
#include "fused_body.inl"
