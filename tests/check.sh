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

# Ends the script with the line that ./bootstrap.sh reads.  usage: finish NAME
finish() {
  echo "$1: $passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit
}
