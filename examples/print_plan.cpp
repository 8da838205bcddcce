// A plan as a table to read, and as CSV and JSON with all digits.

#include <cmath>
#include <cstdio>

#include "planned_loop.hpp"
#include "text_table.hpp"

namespace {

using Align = TextTable::Align;

std::string input_name(int input) {
  switch (input) {
    case SCHED_INPUT_SAMPLE:
      return "sample";
    case SCHED_INPUT_PREDICTION:
      return "prediction";
    case SCHED_INPUT_DENOISED:
      return "denoised";
    case SCHED_INPUT_NOISE0:
      return "noise0";
    case SCHED_INPUT_NOISE1:
      return "noise1";
    case SCHED_INPUT_UNCONDITIONAL:
      return "unconditional";
    default:
      return "memory" + std::to_string(input - SCHED_INPUT_MEMORY0);
  }
}

std::string output_name(int output) {
  if (output == SCHED_OUTPUT_NEXT) return "next";
  if (output == SCHED_OUTPUT_DENOISED) return "preview";
  return "memory" + std::to_string(output - SCHED_OUTPUT_MEMORY0);
}

const char* clip_name(int clip) {
  if (clip == SCHED_CLIP_NONE) return "none";
  return clip == SCHED_CLIP_RANGE ? "range" : "quantile";
}

std::string exact(double number) { return format("%.17g", number); }

// JSON has no infinity.
std::string json_number(double number) { return std::isfinite(number) ? exact(number) : "null"; }

// "0.9231 sample - 0.1123 prediction"
std::string sum_text(const double* weights) {
  std::string text;
  for (int i = 0; i < SCHED_WEIGHTS_INPUTS; ++i) {
    if (weights[i] == 0) continue;
    const bool negative = weights[i] < 0;
    if (!text.empty()) {
      text += negative ? " - " : " + ";
    } else if (negative) {
      text += "-";
    }
    const double size = std::fabs(weights[i]);
    if (size != 1) text += format("%.4g ", size);
    text += input_name(i);
  }
  return text.empty() ? "0" : text;
}

// What a call does, a line each, in the order in which it is done.
std::vector<std::string> formulas(const sched_weights& weights) {
  std::vector<std::string> lines;
  if (weights.gain == 1)
    lines.push_back(
        format("noise0 *= exp(%.4g + %.4g variance)", weights.gain_offset, weights.gain_slope));
  if (weights.gain == 2) lines.push_back("noise0 *= sqrt(variance)");
  const std::string denoised = sum_text(weights.denoised);
  if (weights.clip == SCHED_CLIP_RANGE)
    lines.push_back("denoised = clip(" + denoised + format(", %.4g)", weights.clip_range));
  if (weights.clip == SCHED_CLIP_QUANTILE)
    lines.push_back(
        "denoised = threshold(" + denoised +
        format(", quantile %.4g, at most %.4g)", weights.quantile, weights.quantile_max));
  for (int row = 0; row < weights.rows; ++row)
    lines.push_back(output_name(weights.output[row]) + " = " + sum_text(weights.weight[row]));
  return lines;
}

std::vector<std::string> call_cells(const PlannedCall& call, std::size_t index) {
  const auto& level = call.level;
  return {std::to_string(index),
          format("%.6g", call.weights.timestep),
          level ? format("%.5g", level->sigma) : "-",
          level ? format("%.5g", level->alpha) : "-",
          level ? format("%.4g", log_snr(*level)) : "-",
          format("%.4g", call.weights.input_scale)};
}

std::string csv_head(const PlannedCall& call, std::size_t index) {
  const auto& level = call.level;
  return std::to_string(index) + "," + std::to_string(call.step) + "," +
         exact(call.weights.timestep) + "," + (level ? exact(level->sigma) : "") + "," +
         (level ? exact(level->alpha) : "") + "," + (level ? exact(log_snr(*level)) : "") + "," +
         exact(call.weights.input_scale);
}

void print_csv_row(const std::string& head, const std::string& output, const double* weights,
                   const std::string& tail) {
  std::printf("%s,%s", head.c_str(), output.c_str());
  for (int i = 0; i < SCHED_WEIGHTS_INPUTS; ++i) std::printf(",%s", exact(weights[i]).c_str());
  std::printf("%s\n", tail.c_str());
}

// {"sample": 0.5, "noise0": 1}
std::string json_sum(const double* weights) {
  std::string text;
  for (int i = 0; i < SCHED_WEIGHTS_INPUTS; ++i) {
    if (weights[i] == 0) continue;
    text += (text.empty() ? "\"" : ", \"") + input_name(i) + "\": " + json_number(weights[i]);
  }
  return "{" + text + "}";
}

std::string json_rows(const sched_weights& weights) {
  std::string text;
  for (int row = 0; row < weights.rows; ++row)
    text += std::string(row > 0 ? ",\n" : "") + "        {\"output\": \"" +
            output_name(weights.output[row]) + "\", \"weights\": " + json_sum(weights.weight[row]) +
            "}";
  return text;
}

std::string json_level(const std::optional<sched::Level>& level) {
  if (!level) return "\"sigma\": null, \"alpha\": null, \"log_snr\": null";
  return "\"sigma\": " + json_number(level->sigma) + ", \"alpha\": " + json_number(level->alpha) +
         ", \"log_snr\": " + json_number(log_snr(*level));
}

std::string json_nonlinear(const sched_weights& weights) {
  std::string text;
  if (weights.clip != SCHED_CLIP_NONE) {
    text += ",\n      \"denoised\": " + json_sum(weights.denoised) + ", \"clip\": \"" +
            clip_name(weights.clip) + "\"";
    text += weights.clip == SCHED_CLIP_RANGE
                ? ", \"clip_range\": " + json_number(weights.clip_range)
                : ", \"quantile\": " + json_number(weights.quantile) +
                      ", \"quantile_max\": " + json_number(weights.quantile_max);
  }
  if (weights.gain != 0)
    text += ",\n      \"gain\": " + std::to_string(weights.gain) +
            ", \"gain_offset\": " + json_number(weights.gain_offset) +
            ", \"gain_slope\": " + json_number(weights.gain_slope);
  return text;
}

}  // namespace

void print_plan_table(const PlannedLoop& loop) {
  std::printf("%s (%s): %lld steps, %zu model calls, first sample N(0, %.6g^2)\n\n",
              loop.solver.c_str(), loop.class_name.c_str(), static_cast<long long>(loop.steps),
              loop.calls.size(), loop.init_noise_sigma);
  TextTable table({Align::right, Align::right, Align::right, Align::right, Align::right,
                   Align::right, Align::left});
  table.add_row({"call", "timestep", "sigma", "alpha", "log SNR", "input scale", "step"});
  for (std::size_t i = 0; i < loop.calls.size(); ++i) {
    std::vector<std::string> cells = call_cells(loop.calls[i], i);
    for (const std::string& formula : formulas(loop.calls[i].weights)) {
      cells.resize(6);
      cells.push_back(formula);
      table.add_row(cells);
      cells.assign(6, "");
    }
  }
  table.add_row({"end", "", format("%.5g", loop.end.sigma), format("%.5g", loop.end.alpha),
                 format("%.4g", log_snr(loop.end))});
  table.print();
}

void print_plan_csv(const PlannedLoop& loop) {
  std::printf("call,step,timestep,sigma,alpha,log_snr,input_scale,output");
  for (int i = 0; i < SCHED_WEIGHTS_INPUTS; ++i) std::printf(",%s", input_name(i).c_str());
  std::printf(",clip,clip_range,quantile,quantile_max,gain,gain_offset,gain_slope\n");
  for (std::size_t i = 0; i < loop.calls.size(); ++i) {
    const sched_weights& weights = loop.calls[i].weights;
    const std::string head = csv_head(loop.calls[i], i);
    const std::string tail = std::string(",") + clip_name(weights.clip) + "," +
                             exact(weights.clip_range) + "," + exact(weights.quantile) + "," +
                             exact(weights.quantile_max) + "," + std::to_string(weights.gain) +
                             "," + exact(weights.gain_offset) + "," + exact(weights.gain_slope);
    if (weights.clip != SCHED_CLIP_NONE) print_csv_row(head, "denoised", weights.denoised, tail);
    for (int row = 0; row < weights.rows; ++row)
      print_csv_row(head, output_name(weights.output[row]), weights.weight[row], tail);
  }
}

void print_plan_json(const PlannedLoop& loop) {
  std::printf("{\n  \"solver\": \"%s\",\n  \"class\": \"%s\",\n  \"steps\": %lld,\n",
              loop.solver.c_str(), loop.class_name.c_str(), static_cast<long long>(loop.steps));
  std::printf("  \"init_noise_sigma\": %s,\n  \"calls\": [\n",
              json_number(loop.init_noise_sigma).c_str());
  for (std::size_t i = 0; i < loop.calls.size(); ++i) {
    const PlannedCall& call = loop.calls[i];
    std::printf("    {\"call\": %zu, \"step\": %lld, \"timestep\": %s, %s,\n", i,
                static_cast<long long>(call.step), json_number(call.weights.timestep).c_str(),
                json_level(call.level).c_str());
    std::printf("      \"input_scale\": %s, \"draws\": %d%s,\n      \"rows\": [\n%s\n      ]}%s\n",
                json_number(call.weights.input_scale).c_str(), call.weights.draws,
                json_nonlinear(call.weights).c_str(), json_rows(call.weights).c_str(),
                i + 1 < loop.calls.size() ? "," : "");
  }
  std::printf("  ],\n  \"end\": {%s}\n}\n", json_level(loop.end).c_str());
}
