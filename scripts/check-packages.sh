#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the packages, compares what they hold, installs those of Debian into a system that is thrown away, and tries there
# what a user would: every menu entry, and a backup by the installed tool. The packages of Fedora are unpacked and their
# tool is tried; only Fedora itself installs them.
set -eu

export PATH="$PATH:$HOME/.cargo/bin" LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."
fail() { printf 'check-packages.sh: %s\n' "$*" >&2; exit 1; }
step() { printf '== %s\n' "$*"; }

# The files of a package, by what they are called before anything is compressed.
plain() { sed -e 's,^\./,/,' -e '/\/$/d' -e 's/ -> .*//' -e 's/\(\.1\)\.gz$/\1/' | sort; }
files_of_deb() { dpkg-deb --fsys-tarfile "$1" | tar -t | plain; }
files_of_rpm() { rpm2cpio "$1" | cpio -t --quiet | (cd "$2" && while read -r file; do [ -d "$file" ] || echo "$file"; done) | plain; }
# Each distribution has its own place for these.
common() { grep -v -e '^/usr/share/doc/' -e '^/usr/share/licenses/' -e '^/usr/share/zsh/' -e '^/usr/share/lintian/' -e '/\.build-id/'; }

# Backs a VM of the sample in that folder up and restores it, with the tools of these names.
try_tools() {
    folder=$1
    backup=$2
    restore=$3
    echo 'a passphrase' >"$folder/pass"
    mkdir "$folder/archives"
    "$backup" --root "$folder/sample" -y -p "$folder/pass" --verify "$folder/archives" vault
    "$restore" --new-root "$folder/restored" -p "$folder/pass" "$folder"/archives/pedos-backup-*
    volume=var/lib/qubes/appvms/vault/private.img
    cmp "$folder/sample/$volume" "$folder/restored/$volume" || fail 'the volume is not what was backed up'
}

# Waits until a window shows that name in its title.
shows() {
    for _ in $(seq 100); do
        ! xdotool search --onlyvisible --name "$1" >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    return 1
}

# Inside the scratch system, on a display: starts what a menu entry names and waits for its window, in two languages.
try_entry() {
    entry=$1
    sed -n 's/^Exec=//p' "$entry" | sed 's/ %.//' | while read -r command; do
        [ -x "/usr/bin/${command%% *}" ] || fail "$entry: there is no ${command%% *}"
        for language in en de; do
            key=Name
            [ $language = en ] || key="Name\\[$language\\]"
            name=$(sed -n "s/^$key=//p" "$entry" | head -n1)
            # shellcheck disable=SC2086 # a program and its options
            LANGUAGE=$language $command >"$scratch/said" 2>&1 &
            program=$!
            shows "$name" || { cat "$scratch/said" >&2; fail "$command shows no window \"$name\""; }
            echo "$command: \"$name\""
            kill "$program"
            wait "$program" 2>/dev/null || true
        done
    done
}

# Inside the scratch system, as root.
try_installed() {
    step 'installing'
    dpkg -i "$scratch"/debs/*.deb
    [ -z "$(dpkg --audit)" ] || fail "dpkg is not content: $(dpkg --audit)"
    step 'a backup by the installed tools'
    pedos-qvm-backup --make-sample "$scratch/sample"
    try_tools "$scratch" pedos-qvm-backup pedos-qvm-backup-restore
    PATH="/usr/lib/pedos-backup/bin:$PATH" sh -c 'command -v qvm-backup && man -w qvm-backup' || fail 'no tools below their prefix'
    LANGUAGE=de pedos-qvm-backup --root "$scratch/sample" --history | grep 'Sicherung' || fail 'the tools speak no German'
    systemd-analyze verify --man=no pedos-backup@night.service pedos-backup@night.timer
    step 'the menu entries'
    export PEDOS_ROOT="$scratch/sample"
    for entry in /usr/share/applications/org.pedos.Backup*.desktop; do
        tests/support/with-display.sh scripts/check-packages.sh entry "$entry" "$scratch"
    done
    gio mime application/vnd.pedos.backup | grep org.pedos.BackupRestore || fail 'nothing opens a backup'
    step 'removing'
    dpkg --purge pedos-backup pedos-backup-tools
    left=$(find /usr -name '*pedos*backup*' -not -path '/usr/src/*' | head)
    [ -z "$left" ] || fail "this is left: $left"
}

# A system that is thrown away: this one, with a layer in memory over it. Needs root.
in_scratch_system() {
    mount -t tmpfs none "$scratch/layer"
    mkdir "$scratch/layer/upper" "$scratch/layer/work"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$scratch/layer/upper,workdir=$scratch/layer/work" "$scratch/system"
    for folder in proc dev sys; do mount --rbind "/$folder" "$scratch/system/$folder"; done
    chroot "$scratch/system" sh -c "cd '$PWD' && exec scripts/check-packages.sh installed '$scratch'"
}

case ${1:-} in
entry) scratch=$3; try_entry "$2"; exit ;;
system) scratch=$2; in_scratch_system; exit ;;
installed) scratch=$2; try_installed; exit ;;
esac

[ "$(id -u)" = 0 ] || fail 'only root can install packages'
command -v dpkg >/dev/null || fail 'this needs Debian or Ubuntu'
scripts/deps.sh test
scripts/package.sh deb
scripts/package.sh rpm
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
mkdir "$scratch/debs" "$scratch/layer" "$scratch/system" "$scratch/rpm"
cp dist/*.deb "$scratch/debs/"

step 'lintian'
lintian --fail-on error,warning dist/*.deb

step 'what the packages hold'
for package in pedos-backup pedos-backup-tools; do
    files_of_deb dist/"$package"_*.deb >"$scratch/$package.deb-files"
    rpm2cpio dist/"$package"-[0-9]*.rpm | (cd "$scratch/rpm" && cpio -i -d --quiet)
    files_of_rpm dist/"$package"-[0-9]*.rpm "$scratch/rpm" >"$scratch/$package.rpm-files"
    common <"$scratch/$package.deb-files" >"$scratch/deb-common"
    common <"$scratch/$package.rpm-files" | diff "$scratch/deb-common" - || fail "$package: the deb (<) and the rpm (>) differ"
    printf '%s: %s files\n' "$package" "$(wc -l <"$scratch/$package.deb-files")"
done
both=$(cat "$scratch/pedos-backup.deb-files" "$scratch/pedos-backup-tools.deb-files" | uniq -d)
[ -z "$both" ] || fail "in both packages: $both"
# These names belong to another package.
! grep -h -e '^/usr/bin/qvm-' -e '^/usr/share/man/man1/qvm-' "$scratch"/*-files || fail 'a name of qubes-core-admin-client'
# Whatever "make install" puts in place is in a package. The two tools and their pages are below their own prefix there.
make -s install DESTDIR="$scratch/made" PREFIX=/usr TOOLS_PREFIX=/usr/lib/pedos-backup ZSH_DIR=/usr/share/zsh/vendor-completions \
    CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/package/target"
(cd "$scratch/made" && find . -type f) | plain >"$scratch/made-files"
missing=$(sort -u "$scratch"/*.deb-files | comm -23 "$scratch/made-files" -)
[ -z "$missing" ] || fail "in no package: $missing"

step 'the tool of the rpm'
"$scratch/rpm/usr/bin/pedos-qvm-backup" --make-sample "$scratch/sample"
try_tools "$scratch" "$scratch/rpm/usr/bin/pedos-qvm-backup" "$scratch/rpm/usr/bin/pedos-qvm-backup-restore"
rm -rf "$scratch/sample" "$scratch/archives" "$scratch/restored"

unshare --mount scripts/check-packages.sh system "$scratch"
echo 'The packages hold what they should, and work where they are installed.'
