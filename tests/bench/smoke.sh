#!/bin/sh
# A short run of sched_bench writes what it says: a row for each kernel, with sound numbers, and a
# picture.  How fast anything is does not matter here.
# usage: smoke.sh SCHED_BENCH FOLDER
set -eu

bench=$1
folder=$2

fail() {
  echo "smoke: $1" >&2
  exit 1
}

rm -rf "$folder"
"$bench" --only a --methods dpmpp_2m,EulerAncestralDiscrete --types f32,f16 --sizes 64KiB,2MiB \
  --seconds 0.001 --out "$folder" >"$folder.txt"

grep -q "^f32, kernel fused" "$folder.txt" || fail "the table of f32 is not printed"
grep -q "^instruction set: " "$folder/machine.txt" || fail "machine.txt has no instruction set"

# Two methods and sizes in both types; a step reads and writes whole arrays, and the times agree.
awk -F, '
  NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
  {
    ++rows
    ratio = $at["limit_us"] / $at["step_us"]
    if ($at["arrays_per_step"] < 3 || $at["fraction"] <= 0 || $at["step_us"] <= 0) wrong = 1
    # Medians of ratios and ratios of medians are close, whatever the machine does.
    if (ratio > 100 * $at["fraction"] || $at["fraction"] > 100 * ratio) wrong = 1
    if ($at["sampler"] == "EulerAncestralDiscrete" && $at["normals_per_step"] != 1) wrong = 1
    if ($at["sampler"] == "dpmpp_2m" && $at["arrays_per_step"] != 5) wrong = 1
    ++seen[$at["kernel"] " " $at["type"]]
  }
  END { exit !(seen["fused f32"] == 4 && seen["fused f16"] == 4 && !wrong) }
' "$folder/limit.csv" || fail "limit.csv is not what it should be: $(cat "$folder/limit.csv")"

# The eight bytes that a PNG file begins with.
[ "$(head -c 8 "$folder/limit.png" | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] ||
  fail "limit.png is no PNG file"
