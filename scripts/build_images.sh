#!/usr/bin/env bash
# build_images.sh [--libraries] [--build-arg NAME=VALUE]...: the images that docker-compose.yml runs.
#
# --libraries makes only the long part of hub and student, which waits for the network and needs no .venv and no data;
# the build after it finds that part done. Useful arguments: BASE_IMAGE, PIP_INDEX_URL, PIP_CERT, NODE_EXTRA_CA_CERTS.
set -euo pipefail
cd "$(dirname "$0")/.."
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0

build() {
  local name=$1
  shift
  # The host's network works where the engine may write no firewall rules, too.
  docker build --quiet --network host --tag "classroom-$name" --file "hub/images/$name/Dockerfile" "$@" .
}

if [ "${1:-}" = --libraries ]; then
  shift
  for name in hub student; do
    docker build --quiet --network host --target libraries --file "hub/images/$name/Dockerfile" "$@" . >/dev/null
  done
  exit
fi

build hub "$@"
build student "$@"
grader=$(.venv/bin/classroom grader-image "$@")
build worker --build-arg "GRADER_IMAGE=${grader%% *}"
