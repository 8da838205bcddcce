#!/bin/sh
# Puts the Unity package together in BUILD_DIR/unity/io.sched.sched: what is in this folder, the
# sources of the library, those that were generated, and the native libraries.
# usage: pack.sh BUILD_DIR [NATIVES]
#        pack.sh --metas BUILD_DIR
#
# NATIVES has the folders of Runtime/Plugins with libraries in them; without it there is the one that
# BUILD_DIR has, for Linux.  --metas writes the .meta files that are missing here, to be committed:
# GUIDs are hashes of the paths and stay as they are for ever.
set -eu

name=io.sched.sched
here=$(cd "$(dirname "$0")" && pwd)

# Where an asset of the package comes from: all of them, one path a line.
assemble() {
  package=$1 natives=$2
  rm -rf "$package"
  mkdir -p "$package"
  (cd "$here" && tar cf - --exclude=pack.sh .) | (cd "$package" && tar xf -)
  mkdir -p "$package/Runtime/Library" "$package/Runtime/Raw"
  cp "$here"/../src/*.cs "$package/Runtime/Library"
  cp "$build"/bindings/csharp/generated/*.cs "$package/Runtime/Raw"
  cp "$here/../../../LICENSE" "$package/LICENSE.md"
  if [ -n "$natives" ]; then
    cp -R "$natives"/. "$package/Runtime/Plugins"
  else
    cp "$build/lib/libsched_csharp.so" "$package/Runtime/Plugins/Linux/x86_64"
  fi
}

importer_of() {
  case $1 in
  *.cs) printf 'MonoImporter:\n  externalObjects: {}\n  serializedVersion: 2\n  defaultReferences: []\n  executionOrder: 0\n  icon: {instanceID: 0}\n' ;;
  *.asmdef) printf 'AssemblyDefinitionImporter:\n  externalObjects: {}\n' ;;
  *.json) printf 'PackageManifestImporter:\n  externalObjects: {}\n' ;;
  *.md) printf 'TextScriptImporter:\n  externalObjects: {}\n' ;;
  Runtime/Plugins/*.*) plugin_importer_of "$1" ;;
  *.*) printf 'DefaultImporter:\n  externalObjects: {}\n' ;;
  *) printf 'folderAsset: yes\nDefaultImporter:\n  externalObjects: {}\n' ;;
  esac
  case $1 in
  Runtime/Plugins/*.*) ;;
  *) printf '  userData: \n  assetBundleName: \n  assetBundleVariant: \n' ;;
  esac
}

# enabled PLATFORM FIRST SECOND SETTINGS...
platform() {
  printf '  - first:\n      %s: %s\n    second:\n      enabled: %s\n      settings:' "$1" "$2" "$3"
  shift 3
  if [ $# -eq 0 ]; then printf ' {}\n'; return; fi
  printf '\n'
  for setting in "$@"; do printf '        %s\n' "$setting"; done
}

plugin_importer_of() {
  editor=0
  case $1 in
  */Android/*) target='Android Android' cpu='ARM64' ;;
  */iOS/*) target='iPhone iOS' cpu='' ;;
  */macOS/*) target='Standalone OSXUniversal' cpu='AnyCPU' editor=1 os=OSX ;;
  */Windows/*) target='Standalone Win64' cpu='x86_64' editor=1 os=Windows ;;
  */Linux/*) target='Standalone Linux64' cpu='x86_64' editor=1 os=Linux ;;
  esac
  printf 'PluginImporter:\n  externalObjects: {}\n  serializedVersion: 2\n  iconMap: {}\n  executionOrder: {}\n'
  printf '  defineConstraints: []\n  isPreloaded: 0\n  isOverridable: 0\n  isExplicitlyReferenced: 0\n'
  printf '  validateReferences: 1\n  platformData:\n'
  platform Any '' 0
  if [ "$editor" -eq 1 ]; then
    platform Editor Editor 1 "CPU: $cpu" "DefaultValueInitialized: true" "OS: $os"
  else
    platform Editor Editor 0 "DefaultValueInitialized: true"
  fi
  if [ -n "$cpu" ]; then
    platform ${target} 1 "CPU: $cpu"
  else
    platform ${target} 1
  fi
  printf '  userData: \n  assetBundleName: \n  assetBundleVariant: \n'
}

# Writes the .meta of an asset that has none.
write_meta() {
  [ -e "$here/$1.meta" ] && return
  guid=$(printf '%s' "$name/$1" | md5sum | cut -d ' ' -f 1)
  mkdir -p "$(dirname "$here/$1")"
  { printf 'fileFormatVersion: 2\nguid: %s\n' "$guid"; importer_of "$1"; } > "$here/$1.meta"
  echo "$1.meta"
}

# Assets, but for those in folders that Unity does not see; samples are seen once they are imported.
assets() {
  (cd "$1" && find . -mindepth 1 ! -name '*.meta' ! -path './Documentation~*' ! -name 'Samples~' | sed 's|^\./||')
}

if [ "$1" = --metas ]; then
  build=$(cd "$2" && pwd)
  assemble "$build/unity/$name" ''
  assets "$build/unity/$name" | while read -r asset; do write_meta "$asset"; done
  for library in Android/arm64-v8a/libsched_csharp.so iOS/libsched_csharp.a \
    macOS/libsched_csharp.dylib Windows/x86_64/sched_csharp.dll; do
    write_meta "Runtime/Plugins/$library"
  done
  exit 0
fi

build=$(cd "$1" && pwd)
assemble "$build/unity/$name" "${2:-}"

# A platform that was not built has no plugin, and so neither .meta nor folder.
plugins=$build/unity/$name/Runtime/Plugins
find "$plugins" -name '*.meta' | while read -r meta; do
  [ -e "${meta%.meta}" ] || rm "$meta"
done
find "$plugins" -depth -type d | while read -r folder; do
  if rmdir "$folder" 2>/dev/null; then rm "$folder.meta"; fi
done
echo "$build/unity/$name"
