// Saved states between processes: one run saves every sampler at every call, another goes on.
// usage: saved_states save DIR KERNEL          writes DIR/SAMPLER.KERNEL
//        saved_states load DIR FROM TO [BUT]   goes on with kernel TO from what FROM saved, but
//                                              leaves sampler BUT out
//        saved_states make DIR                 writes the small states that are kept for good
//        saved_states golden DIR               loads them
// The same kernel gives the same bits; another agrees as kernels do, or its states are refused.
// Vulkan takes one call of each state and hands it back.

#include <algorithm>
#include <cstdio>
#include <set>
#include <stdexcept>
#include <string>

#include "files.hpp"

namespace states_test {
namespace {

int problems = 0;

void expect(bool holds, const std::string& sentence) {
  if (holds) return;
  ++problems;
  std::printf("%s\n", sentence.c_str());
}

std::int32_t kernel_named(const std::string& name) {
  for (const std::int32_t kernel :
       {SCHED_KERNEL_REFERENCE, SCHED_KERNEL_FUSED, SCHED_KERNEL_BLAS, SCHED_KERNEL_VULKAN})
    if (kernel_name(kernel) == name) return kernel;
  throw std::runtime_error("there is no kernel " + name);
}

std::string path_of(const std::string& folder, const Config& config, std::int32_t kernel) {
  return folder + "/" + config.name + "." + kernel_name(kernel);
}

sched_init_options options_on(const Config& config, std::int32_t kernel) {
  sched_init_options options = options_for(config);
  options.kernel = kernel;
  return options;
}

std::vector<Config> make_samplers() {
  std::vector<Config> all = every_config();
  std::set<std::int32_t> seen;
  for (const Config& config : all) seen.insert(sched_method(create(config.json).get()));
  for (std::int32_t method = 0; method < sched_method_count(); ++method) {
    if (seen.count(method) != 0) continue;
    sched_method_info info = SCHED_METHOD_INFO_INIT;
    sched_method_at(method, &info);
    const std::string solver = info.name, name = info.class_name;
    if (name.empty()) all.push_back({"default_" + solver, R"({"solver": ")" + solver + "\"}"});
    expect(name.empty(), "no configuration of " + name);
  }
  return all;
}

// Every configuration of the tests, and each solver of the method table that has none there.
const std::vector<Config>& samplers() {
  static const std::vector<Config> all = make_samplers();
  return all;
}

// ------------------------------------------------------------------------------- save

void save_loop(const std::string& folder, const Config& config, std::int32_t kernel) {
  const sched_init_options options = options_on(config, kernel);
  const State state = start(config, options);
  SavedLoop loop;
  Tensor sample = first_sample(state.get(), options);
  while (true) {
    loop.samples.push_back(sample);
    loop.states.push_back(save(state.get()));
    if (!is_next(state.get())) break;
    Tensor next = sample;
    Step(state.get(), config, sample, next).run();
    sample = next;
  }
  write_loop(path_of(folder, config, kernel), loop);
}

// ------------------------------------------------------------------------------- load

bool keeps_rows(const Config& config) {
  const sched_init_options options = options_on(config, SCHED_KERNEL_FUSED);
  std::uint64_t rowless = 0;
  sched_init_options shorter = options;
  shorter.elements = 1;
  std::uint64_t shortest = 0;
  sched_save(start(config, options).get(), nullptr, 0, &rowless);
  sched_save(start(config, shorter).get(), nullptr, 0, &shortest);
  return rowless != shortest;
}

// What a loop on `to` needs to take up rows of `from`: the reference's own are float64.
sched_init_options options_to(const Config& config, std::int32_t from, std::int32_t to) {
  sched_init_options options = options_on(config, to);
  const bool narrows = to == SCHED_KERNEL_REFERENCE && from != to && keeps_rows(config);
  if (narrows) options.history_dtype = SCHED_F32;
  return options;
}

// Rows of float64 are the reference's alone; without rows there is no type to choose, and a
// state of the one kernel is not the other's.
bool is_refused(const Config& config, std::int32_t from, std::int32_t to) {
  if (from == to) return false;
  if (from == SCHED_KERNEL_REFERENCE) return true;
  return to == SCHED_KERNEL_REFERENCE && !keeps_rows(config);
}

// What kernels agree to in float32, of the larger of 1 and the peak.
constexpr double kBound = 2e-6;

void expect_close(const Tensor& got, const Tensor& expected, bool is_same,
                  const std::string& where) {
  if (is_same) {
    expect(got == expected, where + ": other bits");
    return;
  }
  const double distance = got.distance(expected) / std::max(1.0, expected.peak());
  expect(distance <= kBound, where + ": differs by " + std::to_string(distance));
}

// The rest of the loop, from a state that has been loaded.  Another kernel is given the recorded
// sample at each call, since it promises to be close for each step.
void go_on(const Config& config, sched_state* state, const SavedLoop& loop, std::size_t done,
           Tensor sample, bool is_same, const std::string& where) {
  std::size_t call = done;
  while (is_next(state) && call + 1 < loop.samples.size()) {
    Tensor next = sample;
    Step(state, config, sample, next).run();
    ++call;
    sample = is_same ? next : loop.samples[call];
    expect_close(next, loop.samples[call], is_same, where + ", call " + std::to_string(call));
  }
  expect(!is_next(state) && call + 1 == loop.samples.size(), where + ": another number of calls");
}

void expect_refused(sched_state* state, const Bytes& bytes, const std::string& where) {
  const Bytes before = save(state);
  const sched_status status = sched_load(state, bytes.data(), bytes.size());
  const std::string sentence = sched_last_error(state);
  expect(
      status == SCHED_ERROR_MISMATCH && sentence.find("rows of another type") != std::string::npos,
      where + ": " + sched_status_name(status) + ", " + sentence);
  expect(save(state) == before, where + ": a refusal changed the state");
}

// One call on the device, and back in a state of the host.
State over_vulkan(const Config& config, const sched_init_options& options, const Bytes& bytes,
                  Tensor& sample) {
  const State device = start(config, options);
  sched_init_options on_host = options;
  on_host.kernel = SCHED_KERNEL_FUSED;
  State host = start(config, on_host);
  Bytes there = bytes;
  bool is_taken = sched_load(device.get(), bytes.data(), bytes.size()) == SCHED_OK;
  if (is_taken && is_next(device.get())) {
    Tensor next = sample;
    Step(device.get(), config, sample, next).run();
    sample = next;
    there = save(device.get());
  }
  is_taken = is_taken && sched_load(host.get(), there.data(), there.size()) == SCHED_OK;
  if (!is_taken) throw std::runtime_error(config.name + ": a state did not go over Vulkan");
  return host;
}

void load_loop(const std::string& folder, const Config& config, std::int32_t from,
               std::int32_t to) {
  const sched_init_options options = options_to(config, from, to);
  const SavedLoop loop = read_loop(path_of(folder, config, from), options);
  for (std::size_t done = 0; done < loop.states.size(); ++done) {
    const std::string where = config.name + " after call " + std::to_string(done);
    const Bytes& bytes = loop.states[done];
    if (to == SCHED_KERNEL_VULKAN) {
      Tensor sample = loop.samples[done];
      const State host = over_vulkan(config, options, bytes, sample);
      const auto at = static_cast<std::size_t>(sched_calls_done(host.get()));
      expect_close(sample, loop.samples.at(at), false, where);
      go_on(config, host.get(), loop, at, sample, false, where);
      continue;
    }
    const State state = start(config, options);
    if (is_refused(config, from, to)) {
      expect_refused(state.get(), bytes, where);
      continue;
    }
    expect(sched_load(state.get(), bytes.data(), bytes.size()) == SCHED_OK,
           where + ": " + sched_last_error(state.get()));
    go_on(config, state.get(), loop, done, loop.samples[done], from == to, where);
  }
}

void move_all(const std::vector<std::string>& words) {
  const std::int32_t from = kernel_named(words[2]);
  for (const Config& config : samplers()) {
    if (words.size() == 5 && words[4] == config.name) continue;
    if (words[0] == "save") save_loop(words[1], config, from);
    if (words[0] == "load") load_loop(words[1], config, from, kernel_named(words[3]));
  }
  std::printf("%s: %zu samplers, %d problems\n", words[0].c_str(), samplers().size(), problems);
}

// -------------------------------------------------------------------- kept for good

constexpr const char* kKept[] = {"euler", "dpm",  "unipc",        "euler_ancestral",
                                 "pndm",  "heun", "our_adaptive", "our_dpmpp_sde"};

sched_init_options kept_options(const Config& config) {
  sched_init_options options = options_on(config, SCHED_KERNEL_FUSED);
  options.batch = 1;
  options.elements = 8;
  return options;
}

// A state after three calls, and the sample there.
State kept_state(const Config& config, Tensor& sample) {
  State state = start(config, kept_options(config));
  sample = first_sample(state.get(), kept_options(config));
  for (int call = 0; call < 3; ++call) Step(state.get(), config, sample, sample).run();
  return state;
}

// Bytes of this version of the format are written and read for as long as it is this version.
void check_kept(const std::string& folder, const Config& config) {
  const Bytes kept = read_file(folder + "/" + config.name + ".bin");
  Tensor sample(SCHED_F32, 1, 8);
  const State state = kept_state(config, sample);
  const State fresh = start(config, kept_options(config));
  const sched_status status = sched_load(fresh.get(), kept.data(), kept.size());
  expect(status == SCHED_OK, config.name + ": " + sched_last_error(fresh.get()) +
                                 "; where the version of the format changed, `saved_states make` "
                                 "writes these files anew");
  expect(save(state.get()) == kept, config.name + " is saved as other bytes");
  expect(
      sched_test::run(fresh.get(), config, sample) == sched_test::run(state.get(), config, sample),
      config.name + " goes on to other bits");
}

void keep_all(const std::string& folder, bool makes) {
  for (const char* name : kKept) {
    const Config& config = config_named(name);
    Tensor sample(SCHED_F32, 1, 8);
    const std::string path = folder + "/" + name + ".bin";
    if (makes) write_file(path, save(kept_state(config, sample).get()));
    if (!makes) check_kept(folder, config);
  }
}

int run(const std::vector<std::string>& words) {
  const std::string verb = words.empty() ? "" : words[0];
  const bool moves = (verb == "save" && words.size() == 3) ||
                     (verb == "load" && (words.size() == 4 || words.size() == 5));
  const bool keeps = (verb == "make" || verb == "golden") && words.size() == 2;
  if (!moves && !keeps) {
    std::printf(
        "usage: saved_states save DIR KERNEL | load DIR FROM TO [BUT] | make DIR | golden DIR\n");
    return 2;
  }
  if (moves) move_all(words);
  if (keeps) keep_all(words[1], verb == "make");
  return problems == 0 ? 0 : 1;
}

}  // namespace
}  // namespace states_test

int main(int count, char** arguments) {
  try {
    return states_test::run(std::vector<std::string>(arguments + 1, arguments + count));
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
}
