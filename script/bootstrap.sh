#!/usr/bin/env bash
# Make this machine able to run Mailstead; what is there already is left alone.
#
#   bootstrap.sh venv   the virtual environment with what Mailstead itself needs
#   bootstrap.sh host   the same, and Debian's packages of a mail host (root)
#   bootstrap.sh dev    the virtual environment with the tools of development too
#   bootstrap.sh test   the same, and Debian's packages that the tests drive (root)
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022 # the system users that run Mailstead read what is made here

readonly HOST_PACKAGES=(
    ca-certificates dns-root-data knot nginx-light python3 python3-venv unbound redis-server rspamd
    postfix postfix-lmdb postfix-mta-sts-resolver postfix-pcre postsrsd
    dovecot-core dovecot-imapd dovecot-lmtpd dovecot-managesieved dovecot-pop3d dovecot-sieve
    dovecot-sqlite dovecot-auth-lua lua-socket
)
readonly TEST_PACKAGES=(
    bind9-dnsutils chromium curl debootstrap fonts-dejavu-core gettext dovecot-pgsql fetchmail iproute2 isync libnet-ssleay-perl lua5.4 msmtp mutt
    openssl pebble pdns-backend-sqlite3 pdns-server
    postfix-pgsql postgresql procps swaks util-linux
    # What Exim needs, which the lab unpacks: its package cannot stand beside Postfix.
    libdb5.3 libgnutls-dane0 libidn12 libnsl2 libpcre2-8-0
)
readonly LEAST_MIB=1500
readonly LOG=/var/log/mailstead-install.log
readonly POLICY=/usr/sbin/policy-rc.d

say() { printf '%s\n' "$*"; }
refuse() { # sentence, remedy
    printf 'mailstead: %s %s\n' "$1" "$2" >&2
    exit 2
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

require_debian() {
    local name=unknown codename=
    # shellcheck disable=SC1091
    [ ! -r /etc/os-release ] || { . /etc/os-release; name=${PRETTY_NAME:-$name} codename=${VERSION_CODENAME:-}; }
    [ "$codename" = bookworm ] || refuse "Mailstead is made for Debian 12 (bookworm); this is $name." \
        "Use a machine or a container with Debian 12."
}

require_root() {
    [ "$(id -u)" = 0 ] || refuse "Packages are installed and ports below 1024 are bound by root only." \
        "Run the command as root."
}

require_space() {
    local free
    free=$(df --output=avail -BM / | tail -n 1 | tr -dc 0-9)
    [ "$free" -ge "$LEAST_MIB" ] || refuse "The disk has $free MiB free; $LEAST_MIB are needed to install." \
        "Free some space and run the command again."
}

# Debian starts a service as soon as its package is installed. Mailstead runs these programs itself,
# with files of its own: the distribution's instances must not take the ports.
keep_services_from_starting() {
    [ ! -e "$POLICY" ] || return 0
    printf '#!/bin/sh\n# Made by Mailstead while it installs packages.\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
    trap 'rm -f "$POLICY"' EXIT
}

disable_services() { # packages just installed
    local package unit
    for package in "$@"; do
        for unit in $(dpkg -L "$package" 2>/dev/null | sed -n 's,.*/systemd/system/\([^/@]*\.\(service\|socket\|timer\)\)$,\1,p'); do
            case $unit in
            postfix* | postsrsd* | dovecot* | rspamd* | redis* | unbound* | nginx* | postgresql* | knot* | pdns* | fetchmail* | msmtpd*) ;;
            *) continue ;;
            esac
            if systemctl disable --now "$unit" >>"$LOG" 2>&1; then
                say "  the distribution's own $unit is disabled: Mailstead starts this program itself"
            fi
        done
    done
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$LOG" 2>&1
}

install_packages() { # packages
    local missing=() package fault
    for package in "$@"; do installed "$package" || missing+=("$package"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    require_debian
    require_root
    require_space
    keep_services_from_starting
    say "Installing ${#missing[@]} Debian packages (details in $LOG): ${missing[*]}"
    apt update || refuse "The package lists could not be fetched: $(grep -a '^[EW]:' "$LOG" | tail -n 1)" \
        "Check the network and /etc/apt, then run the command again."
    if ! apt install --no-install-recommends "${missing[@]}"; then
        fault=$(grep -a '^E:' "$LOG" | tail -n 1)
        refuse "apt-get could not install the packages: ${fault:-see $LOG}" \
            "Mend what it names, then run the command again."
    fi
    [ ! -d /run/systemd/system ] || disable_services "${missing[@]}"
    if [ "$(head -n 2 "$POLICY" 2>/dev/null | tail -n 1)" = "# Made by Mailstead while it installs packages." ]; then
        rm -f "$POLICY"
    fi
    for package in "${missing[@]}"; do
        installed "$package" || refuse "The package $package is missing." "Install it with 'apt-get install $package'."
    done
}

usable() { # python
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local python
    # Debian's own first: one that lies in somebody's home is closed to the users of a mail host.
    for python in /usr/bin/python3 python3.11 python3; do
        if command -v "$python" >/dev/null && usable "$python"; then
            command -v "$python"
            return
        fi
    done
    install_packages python3 python3-venv >&2
    usable /usr/bin/python3 || refuse "There is no Python 3.11 with venv." "Install python3 and python3-venv."
    echo /usr/bin/python3
}

mark_of() { # lock file
    echo "$(pwd) $(cat "$1" pyproject.toml | sha256sum | cut -d' ' -f1)"
}

is_installed() { # lock file
    grep -qsxF "$(mark_of "$1")" .venv/.installed && [ -x .venv/bin/mailstead ]
}

make_venv() { # lock file
    local lock=$1 mark python
    # What development needs holds all that the product needs.
    if [ "$lock" = requirements.lock ] && is_installed requirements-dev.lock; then return 0; fi
    if is_installed "$lock"; then return 0; fi
    mark=$(mark_of "$lock")
    if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
        python=$(find_python)
        say "Making the virtual environment with $($python --version)"
        "$python" -m venv --clear .venv
    fi
    say "Installing $(grep -c '==' "$lock") Python packages from $lock"
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$lock" ||
        refuse "pip could not install the packages of $lock." "Check the network, then run the command again."
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . ||
        refuse "pip could not install Mailstead itself." "Look at the lines above."
    echo "$mark" >>.venv/.installed
}

case ${1:-} in
venv) make_venv requirements.lock ;;
host)
    require_root
    install_packages "${HOST_PACKAGES[@]}"
    make_venv requirements.lock
    ;;
dev) make_venv requirements-dev.lock ;;
test)
    require_root
    install_packages "${HOST_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
    make_venv requirements-dev.lock
    ;;
*) refuse "bootstrap.sh was called with '${1:-}'." "Call it with venv, host, dev or test." ;;
esac
