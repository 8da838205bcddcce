"""Steps of diffusers beside ours, in one process, on the same arrays.

    peers.py LIBRARY --sizes 64KiB=16384,1MiB=262144 --seconds 0.4

LIBRARY is libsched_peer_loop.so.  Prints a row for each method and size: method, size, time of
their step over ours (the median of rounds), half the distance of its quartiles, microseconds of
theirs and of ours, and the largest difference of the samples of a deterministic loop.
"""

import argparse
import ctypes
import json
import random
import statistics
import sys
import time

import diffusers
import torch

STEPS = 50
FIRST, LAST = 16, 44  # of the calls that are timed: where all of a method's history is there
CHECKED_STEPS = 20
CHECKED_ELEMENTS = 1024
TOLERANCE = 1e-5  # of the largest sample, or of 1: theirs computes weights in float32
LEAST_BLOCK = 200e-6  # seconds
LEAST_ROUNDS, MOST_ROUNDS = 5, 201
PLACES, MOST_PLACED = 5, 1 << 20  # of memory, as places.hpp says; elements

# Name, class, keys that differ from its defaults, whether it draws no noise.
METHODS = [
    ("flow", "FlowMatchEulerDiscreteScheduler", {}, True),
    ("Euler", "EulerDiscreteScheduler", {}, True),
    ("DDIM", "DDIMScheduler", {"clip_sample": False}, True),
    ("DPM++ 2M", "DPMSolverMultistepScheduler", {}, True),
    ("UniPC", "UniPCMultistepScheduler", {}, True),
    ("Euler ancestral", "EulerAncestralDiscreteScheduler", {}, False),
    ("LCM", "LCMScheduler", {}, False),
]


class Theirs:
    """A loop of diffusers that is kept in its middle."""

    def __init__(self, class_name, keys, steps, sample):
        self.scheduler = getattr(diffusers, class_name)(**keys)
        self.scheduler.set_timesteps(steps)
        self.times = list(self.scheduler.timesteps)
        if hasattr(self.scheduler, "scale_model_input"):
            self.scheduler.scale_model_input(sample, self.times[0])
        self.call = 0

    def step(self, sample, prediction):
        time_of_call = self.times[self.call]
        self.call += 1
        return self.scheduler.step(prediction, time_of_call, sample, return_dict=False)[0]

    def begin(self, sample, prediction):
        while self.call < FIRST:
            self.step(sample, prediction)

    def prepare(self, count):
        if LAST - self.call >= count:
            return
        self.call = FIRST
        if getattr(self.scheduler, "_step_index", None) is not None:
            self.scheduler._step_index = FIRST


class Ours:
    """The same loop of the library's."""

    def __init__(self, library, class_name, keys, steps, elements):
        config = json.dumps({"_class_name": class_name, **keys}).encode()
        self.library = library
        self.loop = ctypes.c_void_p(library.peer_open(config, steps, ctypes.c_int64(elements)))
        if not self.loop:
            sys.exit(f"peers.py: the library has no loop for {class_name}")

    def check(self, failed):
        if failed:
            sys.exit("peers.py: a step of the library's failed")

    def bind(self, begin, *tensors):
        self.tensors = tensors  # the library has pointers to them
        pointers = [ctypes.c_void_p(tensor.data_ptr()) for tensor in tensors]
        self.check(self.library.peer_bind(self.loop, int(begin), *pointers))

    def prepare(self, count):
        self.check(self.library.peer_prepare(self.loop, count))

    def run(self, count):
        self.check(self.library.peer_run(self.loop, count))

    def close(self):
        self.library.peer_close(self.loop)


def largest_difference(library, class_name, keys):
    """Over a whole loop, step by step, of the largest sample or of 1."""
    generator = torch.Generator().manual_seed(1)
    predictions = torch.randn(CHECKED_STEPS, CHECKED_ELEMENTS, generator=generator)
    theirs_sample = torch.randn(1, 4, CHECKED_ELEMENTS // 64, 16, generator=generator)
    sample, prediction = theirs_sample.flatten().clone(), torch.empty(CHECKED_ELEMENTS)
    theirs = Theirs(class_name, keys, CHECKED_STEPS, theirs_sample)
    ours = Ours(library, class_name, keys, CHECKED_STEPS, CHECKED_ELEMENTS)
    ours.bind(False, sample, prediction, sample)
    worst = 0.0
    for step in range(len(theirs.times)):
        prediction.copy_(predictions[step])
        theirs_sample = theirs.step(theirs_sample, prediction.view_as(theirs_sample))
        ours.run(1)
        size = max(1.0, theirs_sample.abs().max().item())
        worst = max(worst, (theirs_sample.flatten() - sample).abs().max().item() / size)
    ours.close()
    return worst


def time_block(contestant, passes):
    """Seconds of a pass; one that is not timed comes before, for the caches."""
    contestant.prepare(passes + 1)
    contestant.run(1)
    start = time.perf_counter()
    contestant.run(passes)
    return (time.perf_counter() - start) / passes


def passes_of(contestant):
    passes = 1
    while passes < LAST - FIRST - 1 and time_block(contestant, passes) * passes < LEAST_BLOCK:
        passes = min(2 * passes, LAST - FIRST - 1)
    return passes


def half_quartiles(values):
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / 2


def measure(contestants, seconds):
    """Seconds of a pass of each contestant, round by round."""
    passes = [passes_of(contestant) for contestant in contestants]
    times = [[] for _ in contestants]
    order = list(range(len(contestants)))
    shuffle = random.Random(1).shuffle
    start = time.perf_counter()
    for done in range(MOST_ROUNDS):
        if done >= LEAST_ROUNDS and time.perf_counter() - start > seconds:
            break
        shuffle(order)
        for i in order:
            times[i].append(time_block(contestants[i], passes[i]))
    return times


def measure_method(library, class_name, keys, elements, seconds):
    """Over all places: the ratio, its spread, and microseconds of both."""
    places = PLACES if elements <= MOST_PLACED else 1
    times = [[], []]
    for place in range(places):
        here = measure_place(library, class_name, keys, elements, place, seconds / places)
        times = [all_rounds + rounds for all_rounds, rounds in zip(times, here)]
    ratios = [a / b for a, b in zip(*times)]
    return (statistics.median(ratios), half_quartiles(ratios),
            1e6 * statistics.median(times[0]), 1e6 * statistics.median(times[1]))


def array_at(elements, line, value):
    """An array so many cache lines further than torch's own."""
    whole = torch.full((elements + 16 * line,), value)
    return whole[16 * line:].view(1, 4, elements // 64, 16)


def measure_place(library, class_name, keys, elements, place, seconds):
    """Seconds of a pass of theirs and of ours, round by round."""
    sample = array_at(elements, 8 + 5 * place, 1.0)
    prediction = array_at(elements, 25 + 5 * place, 0.5)
    following = array_at(elements, 42 + 5 * place, 0.0)
    theirs = Theirs(class_name, keys, STEPS, sample)
    theirs.begin(sample, prediction)

    def run_theirs(count):
        for _ in range(count):
            theirs.step(sample, prediction)

    theirs.run = run_theirs
    ours = Ours(library, class_name, keys, STEPS, elements)
    ours.bind(True, sample, prediction, following)
    times = measure([theirs, ours], seconds)
    ours.close()
    return times


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("--sizes", required=True)
    parser.add_argument("--seconds", type=float, default=0.4)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    torch.set_num_threads(1)
    library = ctypes.CDLL(arguments.library)
    library.peer_open.restype = ctypes.c_void_p
    sizes = [size.split("=") for size in arguments.sizes.split(",")]
    for name, class_name, keys, is_deterministic in METHODS:
        difference = largest_difference(library, class_name, keys) if is_deterministic else 0.0
        if difference > TOLERANCE:
            sys.exit(f"peers.py: {name}: the samples differ by {difference:g}, "
                     f"more than {TOLERANCE:g}")
        for size, elements in sizes:
            row = measure_method(library, class_name, keys, int(elements), arguments.seconds)
            cells = ",".join(f"{value:.6g}" for value in (*row, difference))
            print(f"{name},{size},{cells}", flush=True)


if __name__ == "__main__":
    with torch.no_grad():
        main()
