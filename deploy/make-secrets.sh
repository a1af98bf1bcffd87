#!/bin/sh
# Makes the secrets that docker-compose.yml reads: sh deploy/make-secrets.sh
#
# One file each in deploy/secrets, mode 0600, not tracked by git. What is there already stays as it is:
# another MASTER_KEY would make every stored key and secret useless. Keep a copy in a safe place.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets

# The user the containers run as; see `user:` in docker-compose.yml.
owner=1000

make() { # name, content
  if [ -e "secrets/$1" ]; then
    echo "kept   deploy/secrets/$1"
    return
  fi
  printf '%s\n' "$2" >"secrets/.$1.new"
  if [ "$(id -u)" = 0 ]; then chown "$owner:$owner" "secrets/.$1.new"; fi
  mv "secrets/.$1.new" "secrets/$1"
  echo "made   deploy/secrets/$1"
}

hex() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
base64_of_32_bytes() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }

make postgres_password "$(hex)"
make redis_password "$(hex)"
make database_url "postgresql://gatehouse:$(cat secrets/postgres_password)@postgres:5432/gatehouse"
make redis_url "redis://default:$(cat secrets/redis_password)@redis:6379/0"
make master_key "$(base64_of_32_bytes)"
make admin_key "gh_admin_$(hex)$(hex)"

if [ "$(id -u)" != 0 ] && [ "$(id -u)" != "$owner" ]; then
  echo
  echo "Only you may read them, so the containers must run as you. Start them with"
  echo "  GATEHOUSE_USER=$(id -u):$(id -g) docker compose up -d --build"
fi
