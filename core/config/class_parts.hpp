// Parts that the tables and builders of diffusers' classes share: groups of keys, and how
// each group becomes factors.

#pragma once

#include "factors.hpp"
#include "keys.hpp"

namespace sched {

constexpr const char* kBetas = "linear | scaled_linear | squaredcos_cap_v2";
constexpr const char* kSpacings = "linspace | leading | trailing";
constexpr const char* kThreePredictions = "epsilon | sample | v_prediction";
constexpr const char* kFourPredictions = "epsilon | sample | v_prediction | flow_prediction";
constexpr const char* kFinalSigmas = "zero | sigma_min";

// ------------------------------------------------------------------- groups of keys

Keys betas(double start, double end, const char* schedule, const char* allowed);
// What most classes have: betas from 0.0001 to 0.02, linear.
Keys usual_betas();
Keys spaced(const char* spacing);
Keys predicts(const char* allowed);
Keys clipped(bool on);
Keys thresholded();
Keys shaped();
Keys sigma_ends();
Keys final_sigmas();
Keys zero_snr();
Keys set_alpha(bool one);
Keys flow_sigmas();
// The sigmas of a model without a training table, and its data's deviation.
Keys sigma_range(double low, double high, double data);
Keys dynamic_shifts();
Keys unipc_options();

// ------------------------------------------------------------------ keys to factors

DpmAlgorithm dpm_algorithm(const std::string& name);
void set_dpm_options(const Values& values, Factors& f);
void set_unipc_options(const Values& values, Factors& f);
// Classes without a training table: EDM and consistency models.
void set_shaped_family(const Values& values, Factors& f);

void set_betas(const Values& values, Factors& f);
void set_spacing(const Values& values, Factors& f);
void set_prediction(const Values& values, Frame frame, Factors& f);
void set_clip(const Values& values, Factors& f);
// Thresholding goes before clipping: call it after set_clip.
void set_threshold(const Values& values, Factors& f);
void set_shape(const Values& values, Factors& f);
void set_final_sigma(const Values& values, Factors& f);
void set_zero_snr(const Values& values, ZeroSnr kind, Factors& f);

// Classes that look alpha up at whole timesteps: DDIM, DDPM, PNDM, LCM.
void set_timestep_family(const Values& values, Factors& f);
// Classes whose sample lives in the VE frame: Euler, Euler ancestral, Heun, LMS.
void set_sigma_family(const Values& values, Factors& f);
// DPM-Solver, DEIS, UniPC and SA-Solver: sigmas at n + 1 spaced timesteps, or flow sigmas.
void set_log_snr_family(const Values& values, Factors& f);
// Of these; call it after set_log_snr_family.
void set_dynamic_shift(const Values& values, Factors& f);

// ---------------------------------------------------------------------- the classes

// Each family's classes are in a file of their own.
std::vector<Method> timestep_classes();
std::vector<Method> sigma_classes();
std::vector<Method> log_snr_classes();
std::vector<Method> flow_classes();
std::vector<Method> score_classes();
std::vector<Method> helios_classes();
std::vector<Method> edm_classes();
std::vector<Method> consistency_classes();

}  // namespace sched
