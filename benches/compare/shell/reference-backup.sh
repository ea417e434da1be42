# SPDX-License-Identifier: GPL-3.0-or-later
# The shape of the existing tool with stock tools, to the order of its steps: for each file tar, gzip, parts of 100 MiB,
# one scrypt for each part while everything else waits, and one tar for each part behind the archive. What comes out is an
# archive of format 4.
#
# SCRYPT_LIMIT is how much memory scrypt takes for its key ("-M BYTES"), or nothing for its own choice.
export id=20260101T000000-4242
export pass
pass=$(cat "$PASS")

# Encrypts a file for its name in the archive, and puts it behind the archive.
seal() {
    # shellcheck disable=SC2086 # two words or none
    printf '%s!%s!%s\n' "$id" "$1" "$pass" | m scrypt scrypt enc -P $SCRYPT_LIMIT "$1" "$1.enc"
    append "$1.enc"
    rm "$1"
}
append() {
    m outer tar --posix --create "$1" >>"$ARCHIVE"
    rm "$1"
}
export -f seal append

parts() {
    m gzip gzip | split --bytes=104857600 --numeric-suffixes --suffix-length=3 \
        --filter='set -euo pipefail; cat >"$FILE"; seal "$FILE"' - "$1."
}

cd "$SCRATCH"
printf '%s\n' version=4 encrypted=True compressed=True compression-filter=gzip hmac-algorithm=scrypt "backup-id=$id" \
    >backup-header
# shellcheck disable=SC2086
printf 'backup-header!%s\n' "$pass" | m scrypt scrypt enc -P $SCRYPT_LIMIT backup-header backup-header.hmac
append backup-header
append backup-header.hmac
cp "$RECORD" qubes.xml
m inner tar --create qubes.xml | parts qubes.xml
number=0
for vm in $VMS; do
    number=$((number + 1))
    mkdir "vm$number"
    m inner tar --create --sparse --directory "$SOURCE" --transform "s,^$vm/,vm$number/," "$vm/private.img" |
        parts "vm$number/private.img"
done
