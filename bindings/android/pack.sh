#!/bin/sh
# Packs an AAR: the library for C and C++ as a prefab module, and the Java binding.
# usage: pack.sh OUT.aar ABI=BUILD_DIR... [--classes SCHED_JAR] [--layout-only]
#
# ABI is arm64-v8a, armeabi-v7a, x86_64 or x86; BUILD_DIR is a build with the NDK (README.md says
# how).  Libraries of another system are refused; --layout-only takes them, for a look at the
# layout alone.
set -eu

fail() {
  echo "pack: $*" >&2
  exit 1
}

[ $# -ge 2 ] || fail "usage: pack.sh OUT.aar ABI=BUILD_DIR... [--classes SCHED_JAR] [--layout-only]"
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
version=$(sed -n 's/^project(sched VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
[ -n "$version" ] || fail "CMakeLists.txt has no version"
out=$1
shift
case $out in
  /*) ;;
  *) out=$PWD/$out ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stage=$work/aar
module=$stage/prefab/modules/sched
mkdir -p "$module/include" "$module/libs"
cp "$here/AndroidManifest.xml" "$stage/"
cp -r "$root/include/sched" "$module/include/"
cp "$root/LICENSE" "$stage/LICENSE"
printf '{"name": "sched", "schema_version": 2, "dependencies": [], "version": "%s"}\n' \
  "$version" >"$stage/prefab/prefab.json"
printf '{"export_libraries": [], "library_name": "libsched"}\n' >"$module/module.json"

classes='' layout_only=0
while [ $# -gt 0 ]; do
  case $1 in
    --classes)
      [ $# -ge 2 ] || fail "--classes needs a jar"
      classes=$2
      shift
      ;;
    --layout-only) layout_only=1 ;;
    arm64-v8a=* | armeabi-v7a=* | x86_64=* | x86=*) printf '%s\n' "$1" >>"$work/abis" ;;
    *) fail "'$1' is no ABI=BUILD_DIR; ABIs are arm64-v8a, armeabi-v7a, x86_64 and x86" ;;
  esac
  shift
done
[ -s "$work/abis" ] || fail "no ABI=BUILD_DIR was given"

# The C library of Android is libc.so; another's has a version in its name.
check_library() {
  [ -f "$1" ] || fail "there is no $1"
  if [ "$layout_only" -eq 0 ] && grep -q 'libc\.so\.6' "$1"; then
    fail "$1 is built for Linux with glibc, not for Android: use the NDK"
  fi
}

while IFS= read -r line; do
  abi=${line%%=*} build=${line#*=}
  libs=$module/libs/android.$abi
  mkdir -p "$libs" "$stage/jni/$abi"
  check_library "$build/lib/libsched.so"
  cp -L "$build/lib/libsched.so" "$libs/libsched.so"
  cp -L "$build/lib/libsched.so" "$stage/jni/$abi/libsched.so"
  printf '{"abi": "%s", "api": 24, "ndk": 27, "stl": "none", "static": false}\n' "$abi" \
    >"$libs/abi.json"
  if [ -f "$build/lib/libsched_java.so" ]; then
    check_library "$build/lib/libsched_java.so"
    cp "$build/lib/libsched_java.so" "$stage/jni/$abi/"
  elif [ -n "$classes" ]; then
    fail "$build has no libsched_java.so for the classes"
  fi
done <"$work/abis"

# An AAR has a classes.jar, be it empty; natives come from jni/, not from the jar.
mkdir "$work/classes"
if [ -n "$classes" ]; then
  (cd "$work/classes" && cmake -E tar xf "$classes") || fail "$classes is no jar"
  rm -rf "$work/classes/META-INF"
fi
mkdir -p "$work/classes/META-INF"
printf 'Manifest-Version: 1.0\n' >"$work/classes/META-INF/MANIFEST.MF"
(cd "$work/classes" && cmake -E tar cf "$stage/classes.jar" --format=zip -- *)
rm -f "$out"
(cd "$stage" && cmake -E tar cf "$out" --format=zip -- *)
echo "$out"
