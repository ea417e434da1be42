#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the two tools, and the helper that they start in dom0, so that they need nothing of the computer that they run on.
# The C library is linked in, so any x86-64 Linux since kernel 3.17 (2014) runs them, with an empty file system around
# them too.
#
#   static.sh PROFILE FOLDER    builds them with that profile of cargo into that folder
#   static.sh check [PROFILE]   builds them, for tests if nothing else is said, and tries them in a file system that holds
#                               nothing else
set -eu

cd "$(dirname "$0")/.."
export PATH="$PATH:$HOME/.cargo/bin"
fail() { printf 'static.sh: %s\n' "$*" >&2; exit 1; }

build() {
    profile=$1
    folder=$2
    target=$(rustc -vV | sed -n 's/^host: //p')
    # With --target these flags are not those of build scripts, which have to stay as they are. Random numbers come from the
    # kernel's call: by default it is looked for in a C library beside the program, and else in /dev, which may not be there.
    RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static --cfg getrandom_backend=\"linux_getrandom\"" \
        cargo build --locked --no-default-features --features tools --profile "$profile" --target "$target" \
        --bin qvm-backup --bin qvm-backup-restore --bin pedos-backup-helper
    case $profile in dev) built=debug ;; *) built=$profile ;; esac
    place=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    mkdir -p "$folder"
    for tool in qvm-backup qvm-backup-restore pedos-backup-helper; do
        built_tool="$place/$target/$built/$tool"
        # A program that asks for a loader is no static one.
        if readelf -l "$built_tool" | grep -q INTERP; then
            fail "$tool is linked to libraries of this computer"
        fi
        install -m 755 "$built_tool" "$folder/"
    done
    echo "Built in $folder: qvm-backup, qvm-backup-restore and the helper that they start in dom0, linked to nothing."
}

# Runs a command with a folder as its whole file system, or where that is not allowed at least with no environment.
alone() {
    folder=$1
    shift
    # Not in the path of every user; below, there is no path.
    chroot=$(PATH="$PATH:/usr/sbin:/sbin" command -v chroot)
    if [ "$(id -u)" = 0 ]; then
        env -i "$chroot" "$folder" "$@"
    elif unshare --user --map-root-user true 2>/dev/null; then
        env -i "$(command -v unshare)" --user --map-root-user "$chroot" "$folder" "$@"
    else
        echo 'static.sh: neither root nor a user namespace: tried without an empty file system' >&2
        (cd "$folder" && tool=".$1" && shift && env -i "$tool" "$@")
    fi
}

check() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT TERM
    build "$1" "$scratch/tools"
    "$scratch/tools/qvm-backup" --make-sample "$scratch/root"
    echo 'a passphrase' >"$scratch/pass"
    mkdir "$scratch/alone"
    "$scratch/tools/qvm-backup" --root "$scratch/root" -y -p "$scratch/pass" "$scratch/alone/archive" vault
    cp "$scratch/tools/qvm-backup-restore" "$scratch/pass" "$scratch/alone/"
    cd "$scratch/alone"
    alone . /qvm-backup-restore --list -p pass archive | grep -q ' vault ' || fail 'no listing'
    alone . /qvm-backup-restore --verify-only -p pass archive
    alone . /qvm-backup-restore --extract vault:private -o private -p pass archive
    alone . /qvm-backup-restore --new-root new -p pass archive
    volume=var/lib/qubes/appvms/vault/private.img
    for back in private "new/$volume"; do
        cmp "$scratch/root/$volume" "$back" || fail "$back is not what was backed up"
    done
    echo 'The tools list, verify, extract and restore with nothing around them.'
}

case ${1:-} in
check) check "${2:-dev}" ;;
'') fail 'a profile and a folder are expected, or "check"' ;;
*) build "$1" "$2" ;;
esac
