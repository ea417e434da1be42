#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the packages of one kind out of the archives of "make dist", without a network, and leaves them in dist/.
#
#   package.sh deb    for Debian and Ubuntu
#   package.sh rpm    for Fedora and dom0
set -eu

export PATH="$PATH:$HOME/.cargo/bin"
cd "$(dirname "$0")/.."
dist=$PWD/dist
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n1)
name="pedos-backup-$version"
# Both kinds build in one folder, and keep what they compiled apart from the builds for /usr/local.
mkdir -p "${CARGO_TARGET_DIR:-target}/package"
place=$(cd "${CARGO_TARGET_DIR:-target}/package" && pwd)
export CARGO_TARGET_DIR="$place/target" CARGO_INCREMENTAL=0
mkdir -p "$place/build"
# The sources have the time of their commit, by which cargo takes an older build of another commit for this one.
if [ "$(git rev-parse HEAD)" != "$(cat "$place/commit" 2>/dev/null)" ]; then
    rm -rf "$CARGO_TARGET_DIR"/release/.fingerprint/pedos-backup-*
    git rev-parse HEAD >"$place/commit"
fi

# Whether the packages of the distribution bring cargo; else it comes from rustup.
packaged_cargo() {
    case $(command -v cargo) in /usr/bin/*) ! command -v rustup >/dev/null ;; *) false ;; esac
}

deb() {
    rm -rf "$place/build/$name" "$place"/build/*.*deb "$place"/build/*.changes "$place"/build/*.buildinfo
    for archive in "$name.tar.gz" "$name-vendor.tar.xz"; do tar -x -C "$place/build" -f "$dist/$archive"; done
    profile=''
    packaged_cargo || profile=pkg.pedos-backup.rustup
    (cd "$place/build/$name" && dpkg-buildpackage -b -us -uc ${profile:+"-P$profile"})
    rm -f "$dist"/*.deb
    cp "$place"/build/*.deb "$dist/"
    ls "$dist"/*.deb
}

rpm() {
    rm -rf "$place/rpm"
    with=''
    packaged_cargo || with='--with rustup'
    # Where dpkg knows what is installed, rpm does not.
    unknown=''
    command -v dnf >/dev/null || unknown=--nodeps
    # shellcheck disable=SC2086 # lists of words
    rpmbuild -bb $with $unknown --define "_topdir $place/rpm" --define "_builddir $place/build" \
        --define "_sourcedir $dist" --define "_rpmdir $place/rpm" packaging/rpm/pedos-backup.spec
    rm -f "$dist"/*.rpm
    find "$place/rpm" -name '*.rpm' -exec cp '{}' "$dist/" ';'
    ls "$dist"/*.rpm
}

case ${1:-} in
deb | rpm)
    scripts/deps.sh package
    scripts/dist.sh
    "$1"
    ;;
*)
    echo 'package.sh: "deb" or "rpm" is expected' >&2
    exit 2
    ;;
esac
