# What install.sh installs, and where: sourced. `bash versions.sh` prints it for test/engines/installed.ts.
TRINO_VERSION=435
VERSITYGW_VERSION=v1.8.0
ENGINES=${SHOWBACK_ENGINES:-$HOME/.cache/showback-engines}
TRINO_HOME=$ENGINES/trino-$TRINO_VERSION
VERSITYGW_HOME=$ENGINES/versitygw-$VERSITYGW_VERSION
MARK=.installed

# The folder of a JDK 17, of which there may be several beside newer ones; nothing where there is none.
jdk_17() {
  local home
  for home in "${JAVA_HOME:-}" "$(dirname "$(dirname "$(readlink -f "$(command -v javac || echo /)")")")" /usr/lib/jvm/*17*; do
    if [[ -n "$home" && -x "$home/bin/javac" && "$("$home/bin/javac" -version 2>&1)" == 'javac 17.'* ]]; then
      echo "$home"
      return
    fi
  done
}

# A Go that builds the S3 server; `make engines-debian` puts one below $ENGINES where Debian's is older.
go_125() {
  local go minor
  for go in "$(command -v go)" "$ENGINES"/go/lib/python3*/site-packages/go/bin/go; do
    [[ -n "$go" && -x "$go" ]] || continue
    minor=$("$go" env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
    if [[ "${minor:-0}" -ge 25 ]]; then
      echo "$go"
      return
    fi
  done
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then
  printf '{"trinoVersion":"%s","trinoHome":"%s","versitygw":"%s","java":"%s","installed":%s}\n' \
    "$TRINO_VERSION" "$TRINO_HOME" "$VERSITYGW_HOME/versitygw" "$(jdk_17)/bin/java" \
    "$([[ -f "$TRINO_HOME/$MARK" && -f "$VERSITYGW_HOME/$MARK" ]] && echo true || echo false)"
fi
