// Every solver, each in the file of its name.

#pragma once

#include "../plan/solver.hpp"

namespace sched {

extern const Solver kConsistency, kDdim, kDdpm, kDeis, kDeisTab, kDpm2, kDpm2Ancestral,
    kDpmAdaptive, kDpmFast, kDpmMultistep, kDpmSinglestep, kDpmpp2sAncestral, kDpmppSde, kEuler,
    kEulerAncestral, kEulerAncestralRf, kFlowEuler, kGradientEstimation, kHeun, kHeunpp2, kIpndm,
    kIpndmV, kLcm, kLms, kPndm, kRepaint, kResMultistep, kResMultistepAncestral, kSaSolver,
    kSaSolverPece, kScoreSdeVe, kScoreSdeVp, kSeeds2, kTcd, kUnipc;

extern const Solver kDpm2AncestralRf, kDpmpp2mCfgPp, kDpmpp2sAncestralCfgPp, kDpmpp2sAncestralRf,
    kErSde, kEulerAncestralCfgPp, kEulerCfgPp, kGradientEstimationCfgPp,
    kResMultistepAncestralCfgPp, kResMultistepCfgPp, kSeeds3;

}  // namespace sched
