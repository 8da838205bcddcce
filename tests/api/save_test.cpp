// Saved states: continued to the same bits, refused where they are damaged or belong to
// another loop.

#include "support.hpp"

namespace sched_test {
namespace {

class SavedStates : public testing::TestWithParam<Config> {};
INSTANTIATE_TEST_SUITE_P(All, SavedStates, testing::ValuesIn(every_config()), CaseName());
INSTANTIATE_TEST_SUITE_P(Generators, SavedStates, testing::ValuesIn(generator_configs()),
                         CaseName());

// Saved after every call, loaded into a fresh state, continued to the end.
TEST_P(SavedStates, ContinueToTheSameBits) {
  const Config& config = GetParam();
  for (std::int32_t kernel : kernels()) {
    sched_init_options options = options_for(config);
    options.kernel = kernel;
    const State original = start(config, options);
    Tensor sample = first_sample(original.get(), options);
    const std::vector<Tensor> expected = run(config, options);
    for (std::size_t done = 0; done <= expected.size(); ++done) {
      const std::vector<std::uint8_t> bytes = save(original.get());
      EXPECT_EQ(save(original.get()), bytes) << "saving changed the state";
      const State fresh = start(config, options);
      ASSERT_EQ(sched_load(fresh.get(), bytes.data(), bytes.size()), SCHED_OK)
          << sched_last_error(fresh.get());
      EXPECT_EQ(sched_calls_done(fresh.get()), static_cast<std::int64_t>(done));
      EXPECT_EQ(save(fresh.get()), bytes);
      const std::vector<Tensor> rest = run(fresh.get(), config, sample);
      EXPECT_EQ(rest, std::vector<Tensor>(expected.begin() + static_cast<std::ptrdiff_t>(done),
                                          expected.end()))
          << kernel_name(kernel) << " after call " << done;

      // Into a state that is somewhere else entirely: what it held does not matter.
      ASSERT_EQ(sched_load(fresh.get(), bytes.data(), bytes.size()), SCHED_OK);
      EXPECT_EQ(run(fresh.get(), config, sample), rest);

      if (done == expected.size()) break;
      Step(original.get(), config, sample, sample).run();
    }
  }
}

TEST_P(SavedStates, ClonesContinueToTheSameBits) {
  const Config& config = GetParam();
  const sched_init_options options = options_for(config);
  const State original = start(config, options);
  Tensor sample = first_sample(original.get(), options);
  const std::vector<Tensor> expected = run(config, options);
  for (std::size_t done = 0; done < expected.size(); ++done) {
    sched_state* copy = nullptr;
    ASSERT_EQ(sched_clone(original.get(), &copy), SCHED_OK);
    const State clone(copy);
    EXPECT_EQ(save(clone.get()), save(original.get()));
    EXPECT_EQ(levels(clone.get()), levels(original.get()));
    EXPECT_EQ(sched_state_kernel(clone.get()), sched_state_kernel(original.get()));
    const std::vector<std::uint8_t> before = save(original.get());
    const std::vector<Tensor> rest = run(clone.get(), config, sample);
    EXPECT_EQ(rest, std::vector<Tensor>(expected.begin() + static_cast<std::ptrdiff_t>(done),
                                        expected.end()))
        << "after call " << done;
    EXPECT_EQ(save(original.get()), before) << "the clone moved its original";
    Step(original.get(), config, sample, sample).run();
  }
}

// Any byte changed, anywhere: refused, and the state stays as it was.
TEST_P(SavedStates, DamagedBytesAreRefused) {
  const Config& config = GetParam();
  sched_init_options options = options_for(config);
  options.elements = 3;
  const State original = start(config, options);
  Tensor sample = first_sample(original.get(), options);
  for (int call = 0; call < 2; ++call) Step(original.get(), config, sample, sample).run();
  const std::vector<std::uint8_t> right = save(original.get());

  const State victim = start(config, options);
  Tensor other = first_sample(victim.get(), options);
  Step(victim.get(), config, other, other).run();
  const std::vector<std::uint8_t> before = save(victim.get());
  for (std::size_t at = 0; at < right.size(); ++at) {
    for (int flip : {0x01, 0x80, 0xff}) {
      std::vector<std::uint8_t> bytes = right;
      bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ flip);
      const sched_status status = sched_load(victim.get(), bytes.data(), bytes.size());
      ASSERT_TRUE(is_one_of(status, {SCHED_ERROR_DAMAGED, SCHED_ERROR_MISMATCH})) << "byte " << at;
      ASSERT_STRNE(sched_last_error(victim.get()), "");
      ASSERT_EQ(save(victim.get()), before) << "byte " << at;
    }
  }
  for (std::size_t length = 0; length < right.size(); ++length) {
    // On the heap with no room to spare, so that a read past the end shows.
    const std::vector<std::uint8_t> bytes(right.begin(),
                                          right.begin() + static_cast<std::ptrdiff_t>(length));
    const sched_status status = sched_load(victim.get(), bytes.data(), length);
    ASSERT_TRUE(is_one_of(status, {SCHED_ERROR_DAMAGED, SCHED_ERROR_ARGUMENT})) << length;
    ASSERT_EQ(save(victim.get()), before) << "length " << length;
  }
  std::vector<std::uint8_t> longer = right;
  longer.push_back(0);
  EXPECT_EQ(sched_load(victim.get(), longer.data(), longer.size()), SCHED_ERROR_DAMAGED);
  longer = right;
  longer.insert(longer.end(), right.begin(), right.end());
  EXPECT_EQ(sched_load(victim.get(), longer.data(), longer.size()), SCHED_ERROR_DAMAGED);
  const std::vector<std::uint8_t> zeros(right.size(), 0), ones(right.size(), 0xff);
  EXPECT_EQ(sched_load(victim.get(), zeros.data(), zeros.size()), SCHED_ERROR_DAMAGED);
  EXPECT_EQ(sched_load(victim.get(), ones.data(), ones.size()), SCHED_ERROR_DAMAGED);
  EXPECT_EQ(save(victim.get()), before);
  EXPECT_EQ(sched_load(victim.get(), right.data(), right.size()), SCHED_OK);
  EXPECT_EQ(save(victim.get()), right);
  std::printf("%zu bytes\n", right.size());
}

// ----------------------------------------------------------- with a checksum that is right

// FNV-1a over all but the last 8 bytes, into these.
void seal(std::vector<std::uint8_t>& bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  const std::size_t end = bytes.size() - 8;
  for (std::size_t i = 0; i < end; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3ull;
  for (std::size_t i = 0; i < 8; ++i) bytes[end + i] = static_cast<std::uint8_t>(hash >> (8 * i));
}

// A state after two calls, and what it saves.
struct Midway {
  explicit Midway(const Config& from) : config(from), state(start(from)) {
    sample = first_sample(state.get(), options_for(from));
    for (int call = 0; call < 2; ++call) Step(state.get(), from, sample, sample).run();
    bytes = save(state.get());
  }
  sched_status load(const std::vector<std::uint8_t>& other) const {
    return sched_load(state.get(), other.data(), other.size());
  }
  // As if nothing had been tried.
  void expect_unmoved() const {
    EXPECT_EQ(save(state.get()), bytes);
    const State fresh = start(config);
    ASSERT_EQ(sched_load(fresh.get(), bytes.data(), bytes.size()), SCHED_OK);
    EXPECT_EQ(run(state.get(), config, sample), run(fresh.get(), config, sample));
  }

  const Config& config;
  State state;
  Tensor sample = Tensor(SCHED_F32, 1, 1);
  std::vector<std::uint8_t> bytes;
};

TEST(Sealed, OtherVersionsAreRefusedByName) {
  const Midway midway(config_named("dpm"));
  for (const std::uint32_t version : {0u, 1u, 2u, 4u, 5u, 0xffffffffu}) {
    std::vector<std::uint8_t> bytes = midway.bytes;
    for (std::size_t i = 0; i < 4; ++i)
      bytes[8 + i] = static_cast<std::uint8_t>(version >> (8 * i));
    seal(bytes);
    EXPECT_EQ(midway.load(bytes), SCHED_ERROR_MISMATCH);
    EXPECT_TRUE(names(sched_last_error(midway.state.get()),
                      {"format version " + std::to_string(version), "reads 3"}));
  }
  midway.expect_unmoved();
}

// What a byte of the header means decides; nothing is taken up that contradicts the rest.
sched_status refusal_of(std::size_t offset) {
  const bool is_of_another = (offset >= 8 && offset < 12) || (offset >= 16 && offset < 24);
  return is_of_another ? SCHED_ERROR_MISMATCH : SCHED_ERROR_DAMAGED;
}

TEST(Sealed, EveryByteOfTheHeaderIsLookedAt) {
  for (const char* name : {"euler", "dpm", "unipc"}) {
    const Midway midway(config_named(name));
    for (std::size_t at = 0; at < 112; ++at) {
      std::vector<std::uint8_t> bytes = midway.bytes;
      bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ 0x80);
      seal(bytes);
      EXPECT_EQ(midway.load(bytes), refusal_of(at)) << name << ", byte " << at;
      EXPECT_STRNE(sched_last_error(midway.state.get()), "");
    }
    midway.expect_unmoved();
  }
}

// Another place of an adaptive loop may be as good; what is taken up is what was given.
TEST(Sealed, AttemptsAreTakenUpWholeOrNotAtAll) {
  const Midway midway(config_named("our_adaptive"));
  int taken = 0, refused = 0;
  for (std::size_t at = 0; at < 112; ++at) {
    std::vector<std::uint8_t> bytes = midway.bytes;
    bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ 0x80);
    seal(bytes);
    const State state = start(midway.config);
    const std::vector<std::uint8_t> before = save(state.get());
    const bool is_taken = sched_load(state.get(), bytes.data(), bytes.size()) == SCHED_OK;
    ++(is_taken ? taken : refused);
    EXPECT_EQ(save(state.get()), is_taken ? bytes : before) << "byte " << at;
  }
  std::printf("%d taken, %d refused\n", taken, refused);
  EXPECT_GE(refused, 40);
  midway.expect_unmoved();
}

TEST(Sealed, OtherLengthsAreDamaged) {
  const Midway midway(config_named("dpm"));
  const std::size_t size = midway.bytes.size();
  for (const std::size_t length : {std::size_t{120}, size - 4, size + 4, 2 * size}) {
    std::vector<std::uint8_t> bytes = midway.bytes;
    bytes.resize(length);
    seal(bytes);
    EXPECT_EQ(midway.load(bytes), SCHED_ERROR_DAMAGED) << length;
  }
  midway.expect_unmoved();
}

// -------------------------------------------------------------------------- other loops

// Whole and undamaged, but saved by a loop that is not this one.
struct OtherCase {
  std::string name;
  std::string config;
  Tune change;
};
std::ostream& operator<<(std::ostream& out, const OtherCase& c) { return out << c.name; }

class OtherLoops : public testing::TestWithParam<OtherCase> {};

TEST_P(OtherLoops, AreRefused) {
  const Config& right = config_named("euler_churn");
  const sched_init_options options = options_for(right);
  const Config& wrong = config_named(GetParam().config);
  sched_init_options others = options_for(wrong);
  GetParam().change(others);
  const State other = start(wrong, others);
  const std::vector<std::uint8_t> bytes = save(other.get());

  const State state = start(right, options);
  const std::vector<std::uint8_t> before = save(state.get());
  EXPECT_EQ(sched_load(state.get(), bytes.data(), bytes.size()), SCHED_ERROR_MISMATCH);
  EXPECT_STRNE(sched_last_error(state.get()), "");
  std::printf("%s\n", sched_last_error(state.get()));
  EXPECT_EQ(save(state.get()), before);
}

const std::uint64_t kSeeds[] = {11, 99};
// clang-format off
const OtherCase kOthers[] = {
    {"other_class", "ddim", [](sched_init_options&) {}},
    {"other_configuration", "euler_karras", [](sched_init_options&) {}},
    {"without_churn", "euler", [](sched_init_options&) {}},
    {"other_steps", "euler_churn", [](sched_init_options& o) { o.num_steps = 6; }},
    {"other_begin", "euler_churn", [](sched_init_options& o) { o.begin_step = 1; }},
    {"other_end", "euler_churn", [](sched_init_options& o) { o.end_step = 4; }},
    {"other_seed", "euler_churn", [](sched_init_options& o) { o.seed = 12; }},
    {"other_item_seed", "euler_churn", [](sched_init_options& o) { o.item_seeds = kSeeds; }},
    {"other_batch", "euler_churn", [](sched_init_options& o) { o.batch = 1; }},
    {"other_elements", "euler_churn", [](sched_init_options& o) { o.elements = 38; }},
    {"swapped_shape", "euler_churn", [](sched_init_options& o) { o.batch = 37; o.elements = 2; }},
    {"other_dtype", "euler_churn", [](sched_init_options& o) { o.dtype = SCHED_F16; }},
    {"other_kernel", "euler_churn", [](sched_init_options& o) { o.kernel = SCHED_KERNEL_REFERENCE; }},
    {"other_churn", "euler_churn", [](sched_init_options& o) { o.s_churn = 1.0; }},
    {"other_noise_factor", "euler_churn", [](sched_init_options& o) { o.s_noise = 1.0; }},
};
// clang-format on
INSTANTIATE_TEST_SUITE_P(Table, OtherLoops, testing::ValuesIn(kOthers), CaseName());

// The same seeds spelt as a list are the same loop, and so is the default kernel by name.
TEST(SameLoop, SpeltDifferently) {
  const Config& config = config_named("euler_churn");
  sched_init_options options = options_for(config);
  const State counted = start(config, options);
  const std::vector<std::uint8_t> bytes = save(counted.get());
  const std::uint64_t seeds[] = {11, 12};
  options.item_seeds = seeds;
  options.kernel = sched_state_kernel(counted.get());
  const State listed = start(config, options);
  EXPECT_EQ(sched_load(listed.get(), bytes.data(), bytes.size()), SCHED_OK)
      << sched_last_error(listed.get());
}

}  // namespace
}  // namespace sched_test
