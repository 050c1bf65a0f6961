#!/usr/bin/env bash
# Installs the engines that test/engines starts: a Trino and an S3 server, below $SHOWBACK_ENGINES, outside of the repository.
# A folder that bears its mark is left as it is. What is built lies aside until it is whole, so two runs at once do no harm.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=versions.sh
source "$here/versions.sh"

missing() {
  local names=()
  [[ -n "$(jdk_17)" ]] || names+=('a JDK 17')
  command -v mvn >/dev/null || names+=('Maven')
  [[ -n "$(go_125)" ]] || names+=('Go 1.25 or later')
  command -v unzip >/dev/null || names+=('unzip')
  local IFS=,
  echo "${names[*]}"
}

# Trino loads its plugins from folders; the launcher and the local file system are ours.
build_trino() {
  local home=$1 dependency=org.apache.maven.plugins:maven-dependency-plugin:3.6.1
  local plugin=$home/plugin/hive build=$home/build jdk
  jdk=$(jdk_17)
  export JAVA_HOME=$jdk
  mkdir -p "$home"/{lib,plugin} "$build"
  # `pom.xml` is copied, since Maven resolves beside it.
  cp "$here/trino/pom.xml" "$build/pom.xml"
  (cd "$build" && mvn -q -B -Dstyle.color=never "-Dtrino.version=$TRINO_VERSION" "$dependency:copy-dependencies" -DincludeScope=runtime "-DoutputDirectory=$home/lib")
  (cd "$build" && mvn -q -B -Dstyle.color=never "-Dtrino.version=$TRINO_VERSION" "$dependency:copy" "-Dartifact=io.trino:trino-hive:$TRINO_VERSION:zip" "-DoutputDirectory=$build")
  unzip -q "$build/trino-hive-$TRINO_VERSION.zip" -d "$home/plugin"
  mv "$home/plugin/trino-hive-$TRINO_VERSION" "$plugin"
  "$jdk/bin/javac" -cp "$home/lib/*" -d "$build/launcher" "$here/trino/ShowbackTrino.java"
  "$jdk/bin/jar" --create --file "$home/lib/showback-trino.jar" -C "$build/launcher" .
  mkdir -p "$plugin/hdfs"
  "$jdk/bin/javac" -cp "$plugin/*:$home/lib/*" -d "$build/files" "$here/trino/HdfsFileSystemManager.java"
  "$jdk/bin/jar" --create --file "$plugin/hdfs/showback-files.jar" -C "$build/files" .
  cp "$plugin/trino-filesystem-$TRINO_VERSION.jar" "$plugin/hdfs/"
  rm -rf "$build"
}

build_versitygw() {
  GOBIN="$1" "$(go_125)" install "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW_VERSION"
}

# install NAME FOLDER: what is there is left, what is half there is replaced.
install() {
  local name=$1 folder=$2
  [[ -f "$folder/$MARK" ]] && return
  echo "installing $name into $folder: once, some minutes"
  aside=$(mktemp -d "$ENGINES/.building-XXXXXX")
  trap 'rm -rf "$aside"' EXIT
  "build_$name" "$aside"
  touch "$aside/$MARK"
  chmod 755 "$aside"
  [[ -f "$folder/$MARK" ]] || rm -rf "$folder"
  # Where there is no lock, another run may have been first: then its folder stays.
  mv -T "$aside" "$folder" 2>/dev/null || [[ -f "$folder/$MARK" ]]
}

# A second run waits for the first instead of building the same.
lock() {
  command -v flock >/dev/null || return 0
  exec 9>"$ENGINES/.lock"
  flock 9
  # Of runs that were killed: nobody else builds now.
  rm -rf "$ENGINES"/.building-*
}

[[ -f "$VERSITYGW_HOME/$MARK" && -f "$TRINO_HOME/$MARK" ]] && exit 0
lacking=$(missing)
if [[ -n "$lacking" ]]; then
  echo "cannot install the engines, missing: ${lacking//,/, }. \`make engines-debian\` installs them with apt." >&2
  exit 1
fi
mkdir -p "$ENGINES"
lock
install versitygw "$VERSITYGW_HOME"
install trino "$TRINO_HOME"
