# Counts checks, for test scripts in sh, which source it.

passed=0 failed=0

# Runs a command as one test.  usage: check NAME COMMAND...
check() {
  check_name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    echo "FAILED: $check_name" >&2
    failed=$((failed + 1))
  fi
}

# The first block of a language in a README, as it stands.  usage: fenced LANGUAGE FILE
fenced() {
  awk -v fence='```'"$1" '$0 == fence {on = 1; next} /^```$/ && on {exit} on' "$2"
}

# Ends the script with the line that ./bootstrap.sh reads.  usage: finish NAME
finish() {
  echo "$1: $passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit
}
