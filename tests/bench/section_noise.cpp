// h: normals, our own and as the references draw them.

#include <memory>

#include "../../core/kernel/kernel.hpp"
#include "../../core/random/reference_normals.hpp"
#include "places.hpp"
#include "sections.hpp"
#include "targets.hpp"
#include "text_table.hpp"

namespace {

using Fill = std::function<void(float* out, int64_t count)>;

struct Generator {
  const char* name;
  Fill fill;
  double target;  // nanoseconds for each normal; 0 for none
};

Fill threefry_fill(sched::ThreefryLayout layout) {
  return [layout](float* out, int64_t count) {
    sched::fill_threefry(out, 0, count, count, sched::threefry_key(1), layout);
  };
}

std::vector<Generator> generators() {
  const auto torch_cpu = std::make_shared<sched::TorchCpu>(1);
  const sched::CudaGrid grid = *sched::find_cuda_card("A100");
  return {
      {"philox",
       [](float* out, int64_t count) {
         sched::fill_normals(out, 0, count, {1, 0, 0});
       },
       0},
      {"torch_cpu", [=](float* out, int64_t count) { torch_cpu->fill(out, count); },
       kTorchCpuTarget},
      {"torch_cuda, A100",
       [=](float* out, int64_t count) { sched::fill_torch_cuda(out, 0, count, count, 1, 0, grid); },
       0},
      {"nx", threefry_fill(sched::ThreefryLayout::halves), kNxTarget},
      {"jax", threefry_fill(sched::ThreefryLayout::counters), 0}};
}

constexpr int64_t kCounts[] = {65536, 1 << 20};

Measured measure_generators(const BenchOptions& options, const std::vector<Generator>& all,
                            int64_t count) {
  const auto make = [&](const Arrays& arrays) {
    std::vector<Contestant> contestants;
    for (const Generator& generator : all) {
      const auto run = [&, count](int passes) {
        for (int i = 0; i < passes; ++i) generator.fill(arrays.floats(0), count);
      };
      contestants.push_back({generator.name, run, nullptr, 1 << 20, nullptr});
    }
    return contestants;
  };
  return measure_in_places(1, count, make, {options.seconds});
}

}  // namespace

void run_noise_section(const BenchOptions& options, Report& report) {
  using Align = TextTable::Align;
  TextTable table({Align::left, Align::right, Align::right, Align::right});
  table.add_row({"generator", "normals", "ns each", "+-"});
  CsvFile csv = report.csv("noise.csv", "generator,normals,ns,ns_spread");
  const std::vector<Generator> all = generators();
  for (const int64_t count : kCounts) {
    const Measured measured = measure_generators(options, all, count);
    const double scale = 1e9 / static_cast<double>(count);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Spread each = measured.seconds(i);
      const double ns = scale * each.median;
      const std::string what = std::string(all[i].name) + ", " + std::to_string(count);
      table.add_row(
          {all[i].name, std::to_string(count),
           all[i].target > 0 ? report.judge(what, ns, {all[i].target, false}) : short_text(ns),
           short_text(scale * each.half())});
      csv.row({"\"" + std::string(all[i].name) + "\"", std::to_string(count), format("%.4f", ns),
               format("%.4f", scale * each.half())});
    }
  }
  std::printf("\nNormals in float32, 1 thread\n");
  table.print();
}
