#!/bin/sh
# The interface is that of the last release, or more.  libabigail compares sched.abi with what the
# headers say now: a pointer to each function of symbols.txt, compiled as C with its debugging
# information, has all types that a program sees, and nothing of what is inside.  Functions may be
# added, and enumerators, and members at the end of a struct; all else is an error.
# usage: interface.sh            CC as usual; VULKAN_INCLUDE: a folder with Vulkan's headers
#        interface.sh --write    the interface is released: sched.abi is written anew
#        INCLUDE                 in the environment: other headers than these, to compare
set -eu

here=$(cd "$(dirname "$0")" && pwd)
include=${INCLUDE:-$here/../../include}
stored=$here/sched.abi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

{
  echo '#include <sched/sched_vulkan.h>'
  echo '#include <sched/sched_flat.h>'
  while read -r name; do echo "__typeof__(&$name) pointer_to_$name = $name;"; done <"$here/symbols.txt"
} >"$scratch/interface.c"
${CC:-cc} -g -shared -fPIC -I "$include" ${VULKAN_INCLUDE:+-I "$VULKAN_INCLUDE"} \
  -o "$scratch/interface.so" "$scratch/interface.c"

if [ "${1:-}" = --write ]; then
  abidw --no-show-locs --no-corpus-path --no-comp-dir-path --no-elf-needed --out-file "$stored" \
    "$scratch/interface.so"
else
  status=0
  abidiff --leaf-changes-only "$stored" "$scratch/interface.so" >"$scratch/differences" || status=$?
  # Two bits of the exit code are for what it could not read.  Otherwise it has compared, and all
  # that it may tell of is a member or an enumerator that is new, a struct that has grown by it, and
  # a function that is new.
  if [ $((status & 3)) -ne 0 ] ||
    grep -Eq 'member change|deletion|enumerator change|offset changed|name changed|[1-9][0-9]* Removed|[1-9][0-9]* Changed|return type' \
      "$scratch/differences"; then
    cat "$scratch/differences" >&2
    echo "interface: programs of the last release may break (see above)" >&2
    exit 1
  fi
fi
