// The sections of our own composition, each read by a function in a file of its own, and
// the rules of what goes together.

#pragma once

#include <string>

#include "factors.hpp"

namespace sched {

// A section may be an object, or a string that stands for its first key.
Json section(const Json& object, const char* name, const char* first);

// `known`: a checkpoint's file has said what the network predicts.
void read_parameterization(const Json& object, Notes& notes, bool known, Factors& f);
// Shape, ends and shift of the grid.
void read_grid(const Json& object, Notes& notes, Factors& f);
// Of these keys, those that shift a flow; throws where they need what is not there.
void read_shift(const Values& v, bool flow, bool shape_takes_tokens, GridSpec& g);
// Which way of making points suits these factors, and how the first sample is scaled.
void choose_family(Factors& f);

// Throws Error{conflict} where two sections make no sense together.
void check_pairs(const Factors& f);

// The names of the shapes, as "a | b".
const std::string& shape_names();
// Those that need no table of timesteps, and of these those that an inversion can go along.
std::string shapes_over_sigmas(bool rising);
bool is_shape_name(const std::string& name);

}  // namespace sched
