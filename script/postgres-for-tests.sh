#!/bin/sh
# A private PostgreSQL for the tests: unix socket only, no password, nothing outside its directory.
#
#   postgres-for-tests.sh start DIR [NAME=VALUE…]   make it if need be, start it with these
#                                                   settings, print its URL
#   postgres-for-tests.sh stop DIR                  stop it and delete DIR
#
# The server refuses to run as root, so as root it runs as the user postgres. DIR must be short:
# the path of a unix socket may have 107 octets (unix(7)).
set -eu

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
action=${1:-}
dir=${2:-}
if [ -z "$bin" ]; then
    echo "PostgreSQL is not installed: apt-get install postgresql" >&2
    exit 2
fi
if [ -z "$dir" ] || { [ "$action" != start ] && [ "$action" != stop ]; }; then
    echo "usage: $0 start|stop DIR" >&2
    exit 2
fi

as_owner() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

running() {
    [ -f "$dir/data/postmaster.pid" ] && as_owner "$bin/pg_ctl" -D "$dir/data" status >/dev/null
}

if [ "$action" = stop ]; then
    if running; then
        as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null
    fi
    # Only what `start` has made is deleted, whatever DIR names.
    rm -rf "$dir/data" "$dir/log"
    [ ! -d "$dir" ] || rmdir "$dir"
    exit 0
fi

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
[ "$(id -u)" != 0 ] || chown postgres: "$dir"
if [ ! -f "$dir/data/PG_VERSION" ]; then
    as_owner "$bin/initdb" -D "$dir/data" -U mailstead -A trust -E UTF8 --locale=C.UTF-8 \
        --no-sync >/dev/null
fi
if ! running; then
    shift 2
    settings=""
    for setting in "$@"; do settings="$settings -c $setting"; done
    # Tests need no durability; the order of commits and the locks are the same without it.
    as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w start -o \
        "-c listen_addresses='' -c unix_socket_directories='$dir' -c fsync=off -c max_connections=60$settings" \
        >/dev/null || { cat "$dir/log" >&2; exit 1; }
fi
echo "postgresql://mailstead@/postgres?host=$dir"
