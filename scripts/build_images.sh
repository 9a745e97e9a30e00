#!/usr/bin/env bash
# build_images.sh [--libraries | --stand-ins] [--build-arg NAME=VALUE]...: the images that docker-compose.yml runs.
#
# --libraries makes only the long parts, which wait for the network and need no .venv and no data; the build after it
# finds them done. --stand-ins makes what tests run in place of public images. Useful arguments: BASE_IMAGE,
# PIP_INDEX_URL, PIP_CERT, NODE_EXTRA_CA_CERTS.
set -euo pipefail
cd "$(dirname "$0")/.."
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0

# The host's network works where the engine may write no firewall rules, too.
build() { docker build --quiet --network host "$@"; }
image() { build --tag "classroom-$1" --file "hub/images/$1/Dockerfile" "${@:2}" .; }

case "${1:-}" in
  --libraries)
    # The context of `classroom grader-image`, as far as the grader's first stage looks.
    context=$(mktemp -d)
    trap 'rm -rf "$context"' EXIT
    install -m 644 requirements/grader.txt "$context/requirements.txt"
    build --target libraries --file hub/images/student/Dockerfile "${@:2}" .
    build --target libraries --file hub/images/hub/Dockerfile "${@:2}" .
    build --target libraries --file hub/images/grader/Dockerfile "${@:2}" "$context"
    ;;
  --stand-ins)
    build --tag classroom-stack "${@:2}" tests/stack
    ;;
  *)
    image hub "$@"
    image student "$@"
    grader=$(.venv/bin/classroom grader-image "$@")
    image worker --build-arg "GRADER_IMAGE=${grader%% *}"
    ;;
esac
