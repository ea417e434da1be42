#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing on Debian, Ubuntu or Fedora, and says before what that is.
#
#   deps.sh tools    to build the two tools
#   deps.sh gui      to build all four programs
#   deps.sh test     to run every test
#   deps.sh package  to build the packages
#   deps.sh bench    to measure the tools beside others
#
# With PEDOS_BACKUP_NO_INSTALL set it only says what is missing, and fails.
set -eu

OLDEST_RUST=1.92
export PATH="$PATH:$HOME/.cargo/bin"

say() { printf '%s\n' "$*"; }
fail() { printf 'deps: %s\n' "$*" >&2; exit 1; }

set_wanted="${1:-test}"
case $set_wanted in
tools | gui | test | package | bench) ;;
*) fail "unknown set: $set_wanted (tools, gui, test, package or bench)" ;;
esac

# Each line: the set, the package of Debian and Ubuntu, the package of Fedora ("-" where another one brings it).
packages() {
    cat <<'END'
tools gcc                   gcc
tools libc6-dev             glibc-devel
gui   pkg-config            pkgconf-pkg-config
gui   libgtk-4-dev          gtk4-devel
gui   libglib2.0-dev-bin    glib2-devel
gui   libxml2-utils         libxml2
gui   gettext               gettext
gui   librsvg2-common       librsvg2
gui   adwaita-icon-theme    adwaita-icon-theme
test  xvfb                  xorg-x11-server-Xvfb
test  at-spi2-core          at-spi2-core
test  dbus-daemon           dbus-daemon
test  openbox               openbox
test  xdotool               xdotool
test  xauth                 xauth
test  fonts-dejavu-core     dejavu-sans-fonts
test  fonts-cantarell       abattis-cantarell-fonts
test  imagemagick           ImageMagick
test  libgtk-4-bin          gtk4-devel-tools
test  libglib2.0-bin        glib2
test  shared-mime-info      shared-mime-info
test  desktop-file-utils    desktop-file-utils
test  appstream             appstream
test  scrypt                scrypt
test  openssl               openssl
test  zstd                  zstd
test  xz-utils              xz
test  bzip2                 bzip2
test  pigz                  pigz
test  pbzip2                pbzip2
test  xmlstarlet            xmlstarlet
test  procps                procps-ng
test  util-linux            util-linux
test  perl                  perl
test  systemd               systemd
test  openssh-sftp-server   openssh-server
test  rclone                rclone
package git                 git
package make                make
package xz-utils            xz
package debhelper           -
package dpkg-dev            -
package lintian             -
package appstream           appstream
package desktop-file-utils  desktop-file-utils
package rpm                 rpm-build
package cpio                cpio
package -                   systemd-rpm-macros
bench time                  time
bench util-linux            util-linux
bench scrypt                scrypt
bench openssl               openssl
bench zstd                  zstd
bench pigz                  pigz
bench age                   age
bench restic                restic
bench borgbackup            borgbackup
END
}

# The sets hold each other: test and package have gui in them, gui has tools; bench has tools.
wanted() {
    case $set_wanted in
    tools) sets=' tools ' ;;
    gui) sets=' tools gui ' ;;
    test) sets=' tools gui test ' ;;
    package) sets=' tools gui package ' ;;
    bench) sets=' tools bench ' ;;
    esac
    packages | while read -r set debian fedora; do
        case $sets in *" $set "*) ;; *) continue ;; esac
        case $1 in debian) say "$debian" ;; fedora) say "$fedora" ;; esac
    done | grep -vx -e -
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root and there is no sudo: $*"
    fi
}

install_with_apt() {
    missing=''
    for package in $(wanted debian); do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    announce "$missing"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null
    # shellcheck disable=SC2086 # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing </dev/null
}

install_with_dnf() {
    missing=''
    for package in $(wanted fedora); do
        rpm -q --whatprovides "$package" >/dev/null 2>&1 || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    announce "$missing"
    # shellcheck disable=SC2086 # a list of words
    as_root dnf install -y --setopt=install_weak_deps=False $missing </dev/null
}

announce() {
    say "Missing packages:$1"
    [ -z "${PEDOS_BACKUP_NO_INSTALL:-}" ] || fail "not installed, because PEDOS_BACKUP_NO_INSTALL is set"
    say 'Installing them now.'
}

check_rust() {
    how="Install Rust $OLDEST_RUST or newer with rustup, as the Rust project's own page tells; where the distribution has
a package named rustup, that one and then 'rustup default stable' do as well. The cargo package of Debian is too old."
    command -v cargo >/dev/null || fail "there is no cargo. $how"
    version=$(cargo --version | cut -d' ' -f2)
    oldest=$(printf '%s\n%s\n' "$OLDEST_RUST" "$version" | sort -V | head -n1)
    [ "$oldest" = "$OLDEST_RUST" ] || fail "cargo is of version $version. $how"
    [ "$set_wanted" = test ] || return 0
    for part in fmt:rustfmt clippy:clippy; do
        cargo "${part%%:*}" --version >/dev/null 2>&1 && continue
        command -v rustup >/dev/null || fail "Rust's ${part##*:} is missing: install the package of that name."
        say "Installing Rust's ${part##*:}."
        rustup component add "${part##*:}" </dev/null
    done
}

if command -v apt-get >/dev/null; then
    install_with_apt
elif command -v dnf >/dev/null; then
    install_with_dnf
else
    say "This system has neither apt nor dnf. These packages (by their names in Debian) must be there:"
    wanted debian | tr '\n' ' '
    say ''
fi
check_rust
