// What a step costs on a Vulkan device, and what recording it costs the host.
//
// For each size, method and type, steps run in turn with buffer-to-buffer copies that move as
// many bytes as the step reads and writes.  The table shows copy time / step time: 1 is the
// device's own copy bandwidth.  Recording is timed call by call over whole loops that never
// run, once with the driver and once with one that does nothing.

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "vulkan_context.hpp"
#include "vulkan_record.hpp"
#include "vulkan_steps.hpp"

namespace {

constexpr double kUnit = 65536;  // sizes are multiples of 64 KiB

struct Options {
  VulkanOptions vulkan;
  std::string csv;
  std::vector<std::string> sizes = {"64KiB", "256KiB", "1MiB", "2MiB", "18.5MiB", "128MiB"};
  StepChoice steps;
};

double bytes_of_name(const std::string& name) {
  std::size_t end = 0;
  double value = 0.0;
  try {
    value = std::stod(name, &end);
  } catch (const std::exception&) {
    return 0.0;
  }
  const std::string unit = name.substr(end);
  if (unit == "KiB") return value * 1024;
  if (unit == "MiB") return value * 1024 * 1024;
  return unit == "GiB" ? value * 1024 * 1024 * 1024 : 0.0;
}

std::string check_size(const std::string& name) {
  const double bytes = bytes_of_name(name);
  if (bytes >= kUnit && std::fmod(bytes, kUnit) == 0.0) return "";
  return name + " is no size; allowed are multiples of 64KiB: 64KiB, 18.5MiB, 1GiB";
}

void read_options(CLI::App& app, Options& options) {
  app.add_option("--device", options.vulkan.device, "Part of the device's name");
  app.add_flag("--phone", options.vulkan.phone, "Steps within the limits of a phone");
  app.add_option("--csv", options.csv, "File for the numbers; default: standard output");
  app.add_option("--sizes", options.sizes, "Of a tensor in float32: 64KiB,18.5MiB")
      ->delimiter(',')
      ->check(check_size);
  app.add_option("--methods", options.steps.methods, "Some methods only: ddim,dpmpp_2m")
      ->delimiter(',')
      ->check(CLI::IsMember(step_methods()));
  app.add_option("--types", options.steps.types, "Some types only: f32,f16,bf16")
      ->delimiter(',')
      ->check(CLI::IsMember(step_types()));
  app.add_option("--seconds", options.steps.seconds, "Time for each case")
      ->check(CLI::PositiveNumber);
}

void write_csv(std::FILE* out, const BenchDevice& device, const std::vector<StepResult>& steps,
               const std::vector<RecordResult>& recordings) {
  std::fprintf(out,
               "kind,device,name,size,type,in_place,bindings,phone,bytes_moved,us,us_spread,"
               "copy_us,copy_spread,copy_over_step,library_us\n");
  for (const StepResult& r : steps) {
    if (!r.skipped.empty()) continue;
    std::fprintf(out, "step,\"%s\",%s,%s,%s,%d,%u,,%.0f,%.3f,%.3f,%.3f,%.3f,%.3f,\n",
                 device.name().c_str(), r.method.c_str(), r.size.c_str(), r.dtype.c_str(),
                 r.in_place ? 1 : 0, device.info().max_buffers, r.moved, 1e6 * r.step.median,
                 r.step.relative, 1e6 * r.copy.median, r.copy.relative, r.fraction.median);
  }
  for (const RecordResult& r : recordings) {
    std::fprintf(out, "record,\"%s\",\"%s\",,f32,0,%u,%d,,%.3f,%.3f,,,,%.3f\n",
                 device.name().c_str(), r.step.c_str(), r.bindings, r.phone ? 1 : 0,
                 1e6 * r.whole.median, r.whole.relative, 1e6 * r.own.median);
  }
}

std::vector<RecordResult> record_within(const VulkanOptions& options) {
  BenchDevice device(open_vulkan(options));
  return measure_recording(device, options.phone);
}

void run(const Options& options) {
  std::vector<RecordResult> recordings = record_within({options.vulkan.device, false});
  for (const RecordResult& r : record_within({options.vulkan.device, true})) {
    recordings.push_back(r);
  }
  BenchDevice device(open_vulkan(options.vulkan));
  StepChoice choice = options.steps;
  for (const std::string& name : options.sizes) {
    choice.sizes.push_back({name, static_cast<int64_t>(bytes_of_name(name)) / 4});
  }
  std::printf("device: %s (%s)\n", device.name().c_str(), device.driver().c_str());
  std::printf("\nRecording a step, medians in microseconds\n");
  print_recording(recordings);
  std::fflush(stdout);
  const std::vector<StepResult> steps = measure_steps(device, choice);
  std::printf(
      "\nvkCmdCopyBuffer over a step, as many bytes read and written (medians); +- is half "
      "the distance of the quartiles\n");
  std::printf("%s\n", device.has_timestamps()
                          ? "Times are the device's own, from timestamps."
                          : "No timestamps here: times are the host's, of submitting and waiting.");
  print_steps(steps, choice.sizes);
  std::printf("\n");
  std::FILE* out = options.csv.empty() ? stdout : std::fopen(options.csv.c_str(), "w");
  if (out == nullptr) throw std::runtime_error("cannot write " + options.csv);
  write_csv(out, device, steps, recordings);
  if (out != stdout) std::fclose(out);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The Vulkan kernel: steps on the device, and recording on the host");
  Options options;
  read_options(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sched_bench_vulkan: %s\n", error.what());
    return 1;
  }
  return 0;
}
