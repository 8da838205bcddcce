#define SCHED_ISA x86_64_v3
#include "fused_body.inl"
