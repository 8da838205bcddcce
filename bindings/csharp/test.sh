#!/bin/sh
# Builds, formats and tests the C# library and the Unity package against a build tree with
# sched_csharp and sched in it.  Packages come from NuGet where they are not on the machine yet.
# usage: test.sh BUILD_DIR
# The last line is "csharp: N passed, M failed"; the exit code is 0 where none failed.
set -u

if [ $# -ne 1 ] || [ ! -d "$1/bindings/csharp/generated" ]; then
  echo "usage: test.sh BUILD_DIR (a directory with bindings/csharp/generated in it)" >&2
  exit 2
fi
SchedBuildDir=$(cd "$1" && pwd) || exit 2
export SchedBuildDir
cd "$(dirname "$0")" || exit 2

# The build's nodes would outlive this script.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

version=0.1.0
expected='-0.999999881 0.999999940 0.999999881 0.999999940'
dotnet=$SchedBuildDir/dotnet
mkdir -p "$dotnet"
log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT
. ../../tests/check.sh

app() { echo "$dotnet/$1/bin/Release/net10.0/$1.dll"; }

# The assembly that programs without a package refer to lies in csharp/bin.
build() {
  dotnet build Sched.slnx -c Release -v quiet -nologo &&
    mkdir -p "$SchedBuildDir/csharp/bin" &&
    cp "$dotnet"/Sched/bin/Release/net8.0/Sched.* "$SchedBuildDir/csharp/bin"
}

format() { dotnet format whitespace . --folder --verify-no-changes; }

# The bits of the recorded loops are those that C++ gets.
replay() {
  bits=../../tests/conformance/bits.sh
  if [ -z "${SCHED_CONFORMANCE_BITS:-}" ] && [ -x "$bits" ] && [ -x "$SchedBuildDir/bin/sched" ]; then
    SCHED_CONFORMANCE_BITS=$("$bits" "$SchedBuildDir")
    export SCHED_CONFORMANCE_BITS
  fi
  dotnet "$(app Replay)" ../..
}

overhead() {
  "${CC:-cc}" -O2 -shared -fPIC -I../../include examples/Overhead/overhead.c \
    -o "$dotnet/liboverhead.so" -L"$SchedBuildDir/lib" -lsched -Wl,-rpath,"$SchedBuildDir/lib" &&
    dotnet "$(app Overhead)" "$dotnet/liboverhead.so"
}

# The package as a stranger takes it: the program of the README, in a project of its own.
package() {
  rm -rf "$SchedBuildDir/nuget" "$dotnet/consumer"
  mkdir -p "$dotnet/consumer"
  dotnet pack Sched.csproj -c Release --no-build -v quiet -nologo || return 1
  fenced csharp README.md > "$dotnet/consumer/Program.cs"
  cat > "$dotnet/consumer/consumer.csproj" <<EOF
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <RestoreSources>$SchedBuildDir/nuget</RestoreSources>
    <RestorePackagesPath>$dotnet/consumer/packages</RestorePackagesPath>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Sched" Version="$version" />
  </ItemGroup>
</Project>
EOF
  dotnet build "$dotnet/consumer" -v quiet -nologo || return 1
  output=$(dotnet "$dotnet/consumer/bin/Debug/net10.0/consumer.dll")
  echo "$output"
  [ "$output" = "$expected" ]
}

# What the restore of the stranger's project has unpacked.
package_contents() {
  unpacked=$dotnet/consumer/packages/sched/$version
  for file in lib/net8.0/Sched.dll lib/net8.0/Sched.xml lib/netstandard2.1/Sched.dll \
    lib/netstandard2.1/Sched.xml README.md runtimes/*/native/*sched_csharp.*; do
    [ -s "$unpacked/"$file ] || return 1
  done
  grep -q '<license type="expression">Apache-2.0</license>' "$unpacked/sched.nuspec" &&
    [ -s "$SchedBuildDir/nuget/Sched.$version.snupkg" ]
}

# The assembly of netstandard2.1 on Mono.
mono_smoke() {
  rm -rf "$dotnet/mono"
  mkdir -p "$dotnet/mono"
  cp "$dotnet"/Smoke/bin/Release/netstandard2.1/*.dll "$SchedBuildDir/lib/libsched_csharp.so" "$dotnet/mono"
  dotnet "$(app Facade)" "$dotnet/mono/Sched.dll" "$dotnet/mono/Smoke.dll" > "$dotnet/mono/netstandard.cs" &&
    mcs -target:library -r:System.Core -out:"$dotnet/mono/netstandard.dll" "$dotnet/mono/netstandard.cs" ||
    return 1
  output=$(LD_LIBRARY_PATH=$dotnet/mono mono "$dotnet/mono/Smoke.dll")
  status=$?
  echo "$output"
  [ "$status" -eq 0 ] && [ "$output" = "$expected" ]
}

unity() { dotnet "$(app Checker)" "$SchedBuildDir/unity/io.sched.sched" "$version" "$expected"; }

# A package of every platform, with files for libraries.
unity_platforms() {
  rm -rf "$dotnet/natives"
  for library in Android/arm64-v8a/libsched_csharp.so iOS/libsched_csharp.a \
    macOS/libsched_csharp.dylib Windows/x86_64/sched_csharp.dll Linux/x86_64/libsched_csharp.so; do
    mkdir -p "$dotnet/natives/${library%/*}" && touch "$dotnet/natives/$library" || return 1
  done
  unity/pack.sh "$SchedBuildDir" "$dotnet/natives" && unity
  status=$?
  unity/pack.sh "$SchedBuildDir" && return "$status"
}

# On iOS the raw functions are in the application itself.
unity_ios() {
  dotnet build unity-check/Sched -c Release -v quiet -nologo -p:UnityPlatform=UNITY_IOS &&
    grep -q __Internal "$dotnet/UnitySchedUNITY_IOS/bin/Release/netstandard2.1/Sched.dll"
}

check unity-pack unity/pack.sh "$SchedBuildDir"
check build build
check format format
check unity unity
check unity-platforms unity_platforms
check unity-ios unity_ios

dotnet test tests -c Release --no-build --nologo --logger 'console;verbosity=normal' > "$log" 2>&1
status=$?
cat "$log"
counts=$(awk '/^ *Passed: / {p = $2} /^ *Failed: / {f = $2} END {print p + 0, f + 0}' "$log")
passed=$((passed + ${counts% *}))
failed=$((failed + ${counts#* }))
# What did not even run is no count of the runner's.
if [ "$status" -ne 0 ] && [ "${counts#* }" -eq 0 ]; then
  failed=$((failed + 1))
fi

check replay replay
check overhead overhead
check package package
check package-contents package_contents
check mono mono_smoke

finish csharp
