// The parameterization of our own composition: what the network predicts, in which frame,
// and what it is told.

#include "composition_parts.hpp"
#include "keys.hpp"

namespace sched {

namespace {

template <typename Enum>
struct Word {
  const char* name;
  Enum value;
};

constexpr Word<Prediction> kPredictions[] = {{"epsilon", Prediction::epsilon},
                                             {"v", Prediction::v},
                                             {"sample", Prediction::sample},
                                             {"flow", Prediction::flow},
                                             {"edm", Prediction::edm},
                                             {"score", Prediction::score},
                                             {"scaled_score", Prediction::scaled_score}};
constexpr Word<Frame> kFrames[] = {{"vp", Frame::vp}, {"ve", Frame::ve}, {"flow", Frame::flow}};
constexpr Word<ModelTime> kModelTimes[] = {
    {"timestep", ModelTime::timestep},
    {"quarter_log", ModelTime::quarter_log},
    {"quarter_log_thousand", ModelTime::quarter_log_thousand},
    {"arctan", ModelTime::arctan}};

template <typename Enum, std::size_t N>
const char* name_of(const Word<Enum> (&words)[N], Enum value) {
  for (const auto& word : words) {
    if (word.value == value) return word.name;
  }
  return words[0].name;
}

template <typename Enum, std::size_t N>
Enum value_of(const Word<Enum> (&words)[N], const std::string& name) {
  for (const auto& word : words) {
    if (name == word.name) return word.value;
  }
  return words[0].value;
}

Frame usual_frame(const Factors& f) {
  if (f.schedule.flow) return Frame::flow;
  if (f.schedule.tableless) return Frame::ve;
  return f.solver->holds_in(Frame::vp) ? Frame::vp : Frame::ve;
}

Keys parameterization_keys(const Factors& f, bool known) {
  const Prediction usual =
      f.schedule.flow && !known ? Prediction::flow : f.parameterization.prediction;
  const char* time = f.grid.sigma_times ? "sigma" : name_of(kModelTimes, f.grid.model_time);
  return {
      choice("prediction", name_of(kPredictions, usual),
             "epsilon | v | sample | flow | edm | score | scaled_score"),
      choice("frame", name_of(kFrames, usual_frame(f)), "vp | ve | flow"),
      optional_real("sigma_data", 0, 1e6, true),
      optional_real("boundary", 0, 1e6),
      boolean("scales_input", f.parameterization.scales_input),
      boolean("reversed_flow", f.parameterization.reversed_flow),
      choice("model_time", time, "timestep | sigma | quarter_log | quarter_log_thousand | arctan"),
      optional_real("clip", 0.0, 1e30, true),
      optional_real("threshold_ratio", 0.0, 1.0, true),
      real("threshold_max", 1.0, 0.0, 1e30, true)};
}

void set_clip(const Values& v, Factors& f) {
  const auto clip = v.maybe("clip");
  const auto ratio = v.maybe("threshold_ratio");
  if (clip && ratio) {
    fail(Status::conflict, "parameterization: clip and threshold_ratio exclude each other");
  }
  if (v.given("threshold_max") && !ratio) {
    fail(Status::conflict, "parameterization: threshold_max needs threshold_ratio");
  }
  if (clip) f.clip = {Clip::range, *clip, 0.995, 1.0};
  if (ratio) f.clip = {Clip::quantile, 1.0, *ratio, v.number("threshold_max")};
}

}  // namespace

void read_parameterization(const Json& object, Notes& notes, bool known, Factors& f) {
  const Keys keys = parameterization_keys(f, known);
  const std::string where = "parameterization: ";
  const Values v(section(object, "parameterization", "prediction"), keys, where, notes);
  Parameterization& p = f.parameterization;
  p.prediction = value_of(kPredictions, v.text("prediction"));
  p.frame = f.grid.frame = value_of(kFrames, v.text("frame"));
  // Karras et al. 2022, arXiv:2206.00364, table 1.
  if (p.prediction == Prediction::edm && !known) p.sigma_data = 0.5;
  p.sigma_data = v.maybe("sigma_data").value_or(p.sigma_data);
  p.boundary = v.maybe("boundary").value_or(p.boundary);
  p.scales_input = v.flag("scales_input");
  p.reversed_flow = v.flag("reversed_flow");
  f.grid.sigma_times = v.text("model_time") == "sigma";
  f.grid.model_time = value_of(kModelTimes, v.text("model_time"));
  const bool preconditioned = p.prediction == Prediction::v || p.prediction == Prediction::edm;
  for (const char* key : {"sigma_data", "boundary"}) {
    if (v.given(key) && !preconditioned) {
      fail(Status::conflict, "parameterization: ", key, " needs prediction v | edm");
    }
  }
  set_clip(v, f);
}

}  // namespace sched
