// Every solver, each in the file of its name.

#pragma once

#include "../plan/solver.hpp"

namespace sched {

extern const Solver kConsistency, kDdim, kDdpm, kDeis, kDeisTab, kDpm2, kDpm2Ancestral,
    kDpmAdaptive, kDpmFast, kDpmMultistep, kDpmSinglestep, kDpmpp2sAncestral, kDpmppSde, kEuler,
    kEulerAncestral, kEulerAncestralRf, kFlowEuler, kHeun, kIpndm, kIpndmV, kLcm, kLms, kPndm,
    kRepaint, kSaSolver, kScoreSdeVe, kScoreSdeVp, kTcd, kUnipc;

}  // namespace sched
