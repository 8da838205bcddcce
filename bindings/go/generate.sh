#!/bin/sh
# Writes internal/raw/raw.go and raw_wrap.c from bindings/sched.i; both are committed, so that who
# uses the module needs no SWIG.
# usage: generate.sh [DIRECTORY]   (internal/raw where none is given)
set -eu

cd "$(dirname "$0")"
out=${1:-internal/raw}
swig=${SWIG:-swig}
# What SWIG writes differs from version to version.
version=$("$swig" -version | sed -n 's/^SWIG Version //p')
case $version in
  4.1.*) ;;
  *) echo "generate.sh: needs SWIG 4.1, this is ${version:-none}" >&2; exit 1 ;;
esac
"$swig" -go -cgo -intgosize 64 -Werror -I../../include -I.. -outdir "$out" -o "$out/raw_wrap.c" ../sched.i
# The patch level says nothing about the interface.
sed -i 's/^ \* Version 4\.1\..*/ * Version 4.1/' "$out/raw.go" "$out/raw_wrap.c"
sed -i 's/^#define SWIG_VERSION 0x0401..$/#define SWIG_VERSION 0x040100/' "$out/raw_wrap.c"
# SWIG casts lists to its own idea of the fixed-width types, which is not every compiler's.
sed -i 's/(unsigned long long const \*)/(uint64_t const *)/g; s/(long long const \*)/(int64_t const *)/g; s/(int const \*)/(int32_t const *)/g' "$out/raw_wrap.c"
gofmt -w "$out/raw.go"
