#!/bin/sh
# Makes sched-VERSION.jar, with the native library inside, and the jars of sources and javadoc, from
# a build tree in which the target sched_java was built.  Needs a JDK and nothing else.
# usage: build.sh BUILD_DIR
# The jars go to BUILD_DIR/java.
set -eu

if [ $# -ne 1 ] || [ ! -f "$1/lib/libsched_java.so" ]; then
  echo "usage: build.sh BUILD_DIR (a build tree with lib/libsched_java.so in it)" >&2
  exit 2
fi
build=$(cd "$1" && pwd)
cd "$(dirname "$0")"
out=$build/java
generated=$build/bindings/java/generated
main=src/main/java
version=$(sed -n 's,^  <version>\(.*\)</version>$,\1,p' pom.xml)

# As io.sched.raw.Loader names them.
system=$(uname -s | tr '[:upper:]' '[:lower:]')
machine=$(uname -m)

rm -rf "$out/classes" "$out/javadoc" "$out"/sched-*.jar
native=$out/classes/META-INF/native/$system/$machine
mkdir -p "$native"
find "$main" "$generated" -name '*.java' | sed 's/.*/"&"/' >"$out/sources.txt"
javac --release 17 -encoding UTF-8 -Xlint:all -Werror -d "$out/classes" @"$out/sources.txt"
cp "$build/lib/libsched_java.so" "$native/"
cp ../../LICENSE "$out/classes/META-INF/"
javadoc -quiet -encoding UTF-8 -Xdoclint:all -Werror -notimestamp -d "$out/javadoc" \
  -classpath "$out/classes" "$main"/io/sched/*.java

jar --create --file "$out/sched-$version.jar" -C "$out/classes" .
jar --create --file "$out/sched-$version-sources.jar" -C "$main" . -C "$generated" .
jar --create --file "$out/sched-$version-javadoc.jar" -C "$out/javadoc" .
