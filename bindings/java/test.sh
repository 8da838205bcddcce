#!/bin/sh
# Builds, formats, documents and tests the Java binding against a build tree in which the targets
# sched and sched_java were built, without a network.  Needs a JDK, a C compiler and Debian's junit4.
# usage: test.sh BUILD_DIR
# The last line is "java: N passed, M failed"; the exit code is 0 where none failed.
set -u

if [ $# -ne 1 ] || [ ! -f "$1/lib/libsched_java.so" ]; then
  echo "usage: test.sh BUILD_DIR (a build tree with lib/libsched_java.so in it)" >&2
  exit 2
fi
build=$(cd "$1" && pwd) || exit 2
cd "$(dirname "$0")" || exit 2
here=$(pwd)
repository=$(cd ../.. && pwd)
out=$build/java
work=$out/test
junit=${SCHED_JUNIT:-/usr/share/java/junit4.jar:/usr/share/java/hamcrest.jar}
jdk=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
LD_LIBRARY_PATH=$build/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
rm -rf "$work"
mkdir -p "$work/classes" || exit 2
. ../../tests/check.sh

compile_tests() {
  find src/test/java -name '*.java' >"$work/sources.txt" &&
    javac --release 17 -encoding UTF-8 -Xlint:all -Werror -d "$work/classes" \
      -cp "$out/classes:$junit" @"$work/sources.txt"
}

compile_c() {
  c="${CC:-cc} -O2 -Wall -Wextra -Werror"
  $c -shared -fPIC -I"$jdk/include" -I"$jdk/include/linux" -o "$work/libold.so" \
    src/test/c/old_version.c &&
    $c -shared -fPIC -I"$jdk/include" -I"$jdk/include/linux" -o "$work/libapplication.so" \
      src/test/c/application.c -ldl &&
    $c -I"$repository/include" -o "$work/overhead" src/test/c/overhead.c -L"$build/lib" -lsched &&
    fenced c "$repository/README.md" >"$work/loop.c" &&
    $c -I"$repository/include" -o "$work/loop" "$work/loop.c" -L"$build/lib" -lsched
}

# The program of README.md, as it stands, prints what the same loop in C prints.
readme() {
  fenced java README.md >"$work/Loop.java"
  expected=$("$work/loop") || return 1
  from_path=$(java -cp "$jar" "$work/Loop.java") || return 1
  as_module=$(java -p "$jar" --add-modules io.sched "$work/Loop.java") || return 1
  if [ "$from_path" != "$expected" ] || [ "$as_module" != "$expected" ]; then
    echo "README.md prints $from_path and as a module $as_module, C $expected" >&2
    return 1
  fi
}

# Runs JUnit with options of java before it; adds to the counts.
unit() {
  java -ea -cp "$jar:$work/classes:$junit" "-Dsched.application=$work/libapplication.so" "$@" \
    >"$work/log" 2>&1
  status=$?
  cat "$work/log"
  # "OK (7 tests)", or "Tests run: 7,  Failures: 2".
  counts=$(sed -n 's/^OK (\([0-9]*\) test.*/\1 0/p
    s/^Tests run: \([0-9]*\),  Failures: \([0-9]*\)$/\1 \2/p' "$work/log")
  run=${counts% *} bad=${counts#* }
  if [ -z "$counts" ]; then
    run=0 bad=0
  fi
  # What did not even run, as where Java is killed, is no count of JUnit's.
  if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
    echo "FAILED: java ended with $status" >&2
    run=$((run + 1)) bad=1
  fi
  passed=$((passed + run - bad)) failed=$((failed + bad))
}

# shellcheck disable=SC2046 # No file of these has a space in its name.
check format clang-format --dry-run -Werror $(find src -name '*.java' -o -name '*.c')
check build ./build.sh "$build"
jar=$(find "$out" -maxdepth 1 -name 'sched-[0-9]*[0-9].jar')
check compile compile_tests
check c compile_c
check readme readme

tests="io.sched.CatalogTest io.sched.EnumsTest io.sched.ErrorsTest io.sched.InputsTest
  io.sched.LifetimeTest io.sched.LoopsTest io.sched.MemoryTest io.sched.VulkanTest"
# The lists of classes are words.
# shellcheck disable=SC2086
unit "-Dsched.jar=$jar" "-Dsched.library=$build/lib/libsched_java.so" \
  "-Dsched.old=$work/libold.so" "-Dsched.java=$here" "-Dsched.junit=$junit" \
  org.junit.runner.JUnitCore $tests \
  io.sched.LoaderTest io.sched.PackageTest io.sched.replay.FilesTest

# The same under the eyes of the JVM, which prints what native code does wrong.
# shellcheck disable=SC2086
unit -Xcheck:jni org.junit.runner.JUnitCore $tests
if grep -q -e '^WARNING.*JNI' -e '^WARNING in native method' -e '^FATAL ERROR' "$work/log"; then
  echo "FAILED: -Xcheck:jni" >&2
  failed=$((failed + 1))
else
  passed=$((passed + 1))
fi

check replay java -cp "$jar:$work/classes" io.sched.replay.Main "$repository"
check overhead java -cp "$jar:$work/classes:$junit" io.sched.Overhead "$work/overhead"

finish java
