#!/usr/bin/env bash
# pin_images.sh FILE: writes the digests that the public images have now into FILE (.env), where docker-compose.yml reads
# them. Needs a registry in reach. Run it again to move on to newer ones, and look at the difference.
set -euo pipefail
file=${1:?usage: pin_images.sh FILE}
touch "$file"
pin() {
  local name=$1 image=$2 digest
  docker pull --quiet "$image" >/dev/null
  digest=$(docker image inspect --format '{{index .RepoDigests 0}}' "$image")
  sed -i "/^$name=/d" "$file"
  echo "$name=$image@${digest#*@}" | tee -a "$file"
}
pin BASE_IMAGE python:3.11-slim
pin CADDY_IMAGE caddy:2.8
pin HAPROXY_IMAGE haproxy:2.8-bookworm
pin POSTGRES_IMAGE postgres:16-bookworm
pin PROMETHEUS_IMAGE prom/prometheus:v2.53.0
pin GRAFANA_IMAGE grafana/grafana:11.1.0
