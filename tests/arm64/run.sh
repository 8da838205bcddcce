#!/bin/sh
# Cross-builds the library for arm64 with Debian's compiler and runs its C tests and the recorded
# loops in qemu-user; looks at what a phone asks of it; packs an AAR of it.
# usage: run.sh BUILD_DIR      writes BUILD_DIR/arm64
# The last line is "arm64: N passed, M failed"; the exit code is 0 where none failed.
set -u

if [ $# -ne 1 ]; then
  echo "usage: run.sh BUILD_DIR" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
mkdir -p "$1/arm64" || exit 2
work=$(cd "$1/arm64" && pwd)
build=$work/build
. "$here/../check.sh"

# Says nothing where all is well.
quiet() {
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log"
    return 1
  }
}

# Headers without code are any machine's, but /usr/include as a whole is this one's.
borrow_headers() {
  rm -rf "$work/headers" && mkdir -p "$work/headers/include" "$work/headers/share/cmake" &&
    for name in vulkan vk_video volk.h nlohmann; do
      if [ -e "/usr/include/$name" ]; then
        ln -s "/usr/include/$name" "$work/headers/include/$name" || return 1
      fi
    done &&
    cp -r /usr/share/cmake/nlohmann_json "$work/headers/share/cmake/"
}

configure() {
  cmake -S "$source" -B "$build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$here/toolchain.cmake" \
    -DCMAKE_BUILD_TYPE=Release -DSCHED_BLAS=OFF -DSCHED_EXAMPLES=OFF -DSCHED_TESTS=ON \
    -Dnlohmann_json_DIR="$work/headers/share/cmake/nlohmann_json" \
    -DSCHED_VULKAN_INCLUDE="$work/headers/include" -DSCHED_VOLK_INCLUDE="$work/headers/include"
}

build_all() {
  cmake --build "$build" --parallel "${JOBS:-$(nproc)}" --target sched abi_header_c \
    abi_header_cxx abi_flat_c abi_flat_cxx api_errors_test api_behaviour_test arm64_replay \
    saved_states
}

# Every test that needs no Vulkan driver.  Each counts by itself.  What plans loops of every length
# and hardly runs a kernel takes the emulator minutes and is the same on every machine.
run_ctest() {
  GTEST_FILTER='-*EveryNumberOfSteps*:InitSteps.*'
  export GTEST_FILTER
  (cd "$build" && ctest --output-on-failure --timeout 1200 --parallel "${JOBS:-$(nproc)}" \
    -R '^(abi_(header|flat)|api_errors|api_behaviour|golden)' -E vulkan) >"$work/ctest.log" 2>&1
  status=$?
  counts=$(sed -n 's/^[0-9]*% tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' \
    "$work/ctest.log" | tail -n 1)
  counts=${counts:-1 1}
  passed=$((passed + ${counts#* } - ${counts% *}))
  failed=$((failed + ${counts% *}))
  [ "$status" -eq 0 ] || cat "$work/ctest.log"
}

# What this machine saves, the other goes on from, to the same bits.  But LAPACK solves the three
# equations of UniPC's third order here, and in its own order.
loads_states() {
  rm -rf "$work/states" && mkdir "$work/states" &&
    "$work/../bin/saved_states" save "$work/states" fused &&
    qemu-aarch64 -L /usr/aarch64-linux-gnu "$build/bin/saved_states" load "$work/states" fused fused \
      unipc_order_3
}

# Every segment that is loaded begins on 16 KB pages, as Google Play asks.
has_large_pages() {
  alignments=$(aarch64-linux-gnu-readelf -lW "$1" | awk '$1 == "LOAD" {print $NF}')
  echo "$alignments"
  [ -n "$alignments" ] || return 1
  for alignment in $alignments; do
    [ $((alignment)) -ge 16384 ] || return 1
  done
}

# The fused kernel multiplies and adds whole vectors.
has_neon() {
  aarch64-linux-gnu-objdump -d "$1" >"$work/fused.s" &&
    grep -c 'fmul[[:space:]]*v[0-9]*\.4s' "$work/fused.s" &&
    grep -c 'fadd[[:space:]]*v[0-9]*\.4s' "$work/fused.s"
}

# Nothing but what every Linux and Android has.
needs_little() {
  needed=$(aarch64-linux-gnu-readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  echo "$needed"
  for name in $needed; do
    case $name in
      libstdc++.so.6 | libm.so.6 | libgcc_s.so.1 | libc.so.6 | ld-linux-aarch64.so.1) ;;
      *) return 1 ;;
    esac
  done
}

check headers quiet borrow_headers
check configure quiet configure
check build quiet build_all
[ "$failed" -eq 0 ] || finish arm64
run_ctest
library=$build/lib/libsched.so
# Prefab and Gradle find the parts of an AAR by their names.
has_aar_layout() {
  "$source/bindings/android/pack.sh" "$work/sched.aar" "arm64-v8a=$build" --layout-only || return 1
  rm -rf "$work/aar" && mkdir "$work/aar" && (cd "$work/aar" && cmake -E tar xf ../sched.aar) ||
    return 1
  for file in AndroidManifest.xml classes.jar jni/arm64-v8a/libsched.so prefab/prefab.json \
    prefab/modules/sched/module.json prefab/modules/sched/include/sched/sched.h \
    prefab/modules/sched/libs/android.arm64-v8a/abi.json \
    prefab/modules/sched/libs/android.arm64-v8a/libsched.so; do
    [ -s "$work/aar/$file" ] || { echo "no $file"; return 1; }
  done
  # A library of another system is not packed by mistake.
  ! "$source/bindings/android/pack.sh" "$work/wrong.aar" "arm64-v8a=$build"
}

check states loads_states
check pages has_large_pages "$library"
check neon has_neon "$build/core/CMakeFiles/sched_kernel.dir/kernel/fused_baseline.cpp.o"
check needed needs_little "$library"
check aar quiet has_aar_layout
finish arm64
