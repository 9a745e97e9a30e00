#!/usr/bin/env bash
# make_secrets.sh FOLDER: the secrets of docker-compose.yml that aren't there yet, 256 random bits each.
#
# The folder is closed to other users of the machine; the files in it are not, since a container reads them as its own
# user. Remove one and run this again to have it changed, then: docker compose up -d --force-recreate.
set -euo pipefail
folder=${1:?usage: make_secrets.sh FOLDER}
mkdir -p "$folder/certs"
chmod 700 "$folder"
for name in postgres_password proxy_token cookie_secret service_token operator_token metrics_token \
  grafana_password; do
  [ -s "$folder/$name" ] && continue
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$folder/$name"
  chmod 444 "$folder/$name"
  echo "made $folder/$name"
done
