#!/usr/bin/env bash
# A Docker engine for tests, on a Debian machine that has none.
#
#   scripts/docker_engine.sh up FOLDER      as root: starts one with all its data in FOLDER, with an image to build on
#   scripts/docker_engine.sh down FOLDER    stops the one that `up FOLDER` started, and no other
#
# No image registry is needed: debian:bookworm-slim is made of Debian packages, from the machine's own mirror and with
# the machine's own certificates. Both commands may be repeated.
set -euo pipefail

IMAGE=debian:bookworm-slim
PATIENCE_S=90

fail() {
  echo "docker_engine: $*" >&2
  exit 1
}

is_alive() {
  [ -s "$folder/dockerd.pid" ] && kill -0 "$(cat "$folder/dockerd.pid")" 2>/dev/null
}

install_packages() {
  local wanted=()
  command -v dockerd >/dev/null || wanted+=(docker.io)
  command -v docker >/dev/null || wanted+=(docker.io)
  command -v debootstrap >/dev/null || wanted+=(debootstrap)
  mountpoint -q /sys/fs/cgroup || wanted+=(cgroupfs-mount)
  [ "${#wanted[@]}" -gt 0 ] || return 0
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${wanted[@]}" >"$folder/apt.log" 2>&1 ||
    fail "apt-get couldn't install ${wanted[*]}: $(tail -n 1 "$folder/apt.log")"
}

# Starts dockerd with some options and waits until it answers; fails when it ends instead.
start_with() {
  : >"$folder/dockerd.log"
  is_alive || rm -f "$folder/dockerd.pid"
  setsid dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/dockerd.pid" "$@" \
    >>"$folder/dockerd.log" 2>&1 </dev/null &
  local process=$! waited
  for ((waited = 0; waited < PATIENCE_S * 2; waited++)); do
    docker info >/dev/null 2>&1 && return 0
    kill -0 "$process" 2>/dev/null || return 1
    sleep 0.5
  done
  kill "$process" 2>/dev/null
  return 1
}

# The second and third choice are for machines that let nobody write firewall rules, or layer file systems.
start_engine() {
  local why
  mountpoint -q /sys/fs/cgroup || cgroupfs-mount
  start_with && return
  why=$(grep -v level=info "$folder/dockerd.log" | tail -n 1)
  start_with --iptables=false --bridge=none && return
  start_with --iptables=false --bridge=none --storage-driver=vfs && return
  fail "dockerd doesn't start: $why (all of it: $folder/dockerd.log)"
}

bootstrap() {
  rm -rf "$folder/base"
  debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$folder/base" "$1" \
    >"$folder/debootstrap.log" 2>&1
}

make_image() {
  local mirror
  if [ ! -e "$folder/base.complete" ]; then
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
    [ -n "$mirror" ] || fail "this machine's apt sources name no mirror of bookworm"
    bootstrap "$mirror" || bootstrap "$mirror" || fail "debootstrap failed: $(tail -n 1 "$folder/debootstrap.log")"
    rm -rf "$folder"/base/var/cache/apt/* "$folder"/base/var/lib/apt/lists/*
    cp /etc/ssl/certs/ca-certificates.crt "$folder/base/etc/ssl/certs/ca-certificates.crt"
    touch "$folder/base.complete"
  fi
  tar -C "$folder/base" -c . | docker import - "$IMAGE" >/dev/null || fail "the base image can't be imported"
}

up() {
  [ "$(id -u)" = 0 ] || fail "only root can start an engine"
  command -v apt-get >/dev/null || fail "this script knows Debian only; install Docker as your system wants it"
  mkdir -p "$folder"
  install_packages
  docker info >/dev/null 2>&1 || start_engine
  docker image inspect "$IMAGE" >/dev/null 2>&1 || make_image
  docker info --format 'Docker {{.ServerVersion}} answers: {{.Driver}}, cgroup v{{.CgroupVersion}}'
}

down() {
  is_alive || return 0
  local process waited
  process=$(cat "$folder/dockerd.pid")
  kill "$process"
  for ((waited = 0; waited < PATIENCE_S * 2; waited++)); do
    kill -0 "$process" 2>/dev/null || return 0
    sleep 0.5
  done
  kill -KILL "$process"
}

[ "$#" = 2 ] || fail "usage: docker_engine.sh up|down FOLDER"
folder=$(realpath -m "$2")
case "$1" in
  up) up ;;
  down) down ;;
  *) fail "usage: docker_engine.sh up|down FOLDER" ;;
esac
