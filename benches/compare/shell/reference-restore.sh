# SPDX-License-Identifier: GPL-3.0-or-later
# The way back in the shape of the existing tool: one tar takes the archive apart while, part after part, scrypt decrypts
# what is there already into gzip and tar.
id=20260101T000000-4242
pass=$(cat "$PASS")

unseal() {
    printf '%s!%s!%s\n' "$id" "$1" "$pass" | m scrypt scrypt dec -f -P "$1.enc"
    rm "$1.enc"
}

mkdir "$BACK"
cd "$SCRATCH"
m outer tar --ignore-zeros --extract --file "$ARCHIVE" --occurrence=1 backup-header backup-header.hmac qubes.xml.000.enc
printf 'backup-header!%s\n' "$pass" | m scrypt scrypt dec -f -P backup-header.hmac | cmp - backup-header
unseal qubes.xml.000 | m gzip gzip -d | m inner tar --extract --to-stdout >qubes.xml

# A part is whole as soon as the next one is named.
file=''
take() {
    local part=${1%.enc}
    if [ "${part%.*}" != "$file" ]; then
        finish
        file=${part%.*}
        exec 4> >(m gzip gzip -d | m inner tar --extract --sparse --directory "$BACK")
        inner=$!
    fi
    unseal "$part" >&4
}
finish() {
    [ -n "$file" ] || return 0
    exec 4>&-
    wait "$inner"
}

before=''
while read -r name; do
    [ -z "$before" ] || take "$before"
    before=$name
done < <(m outer tar --ignore-zeros --extract --verbose --file "$ARCHIVE" --wildcards 'vm*')
take "$before"
finish
# By number here, by name there.
number=0
for vm in $VMS; do
    number=$((number + 1))
    mv "$BACK/vm$number" "$BACK/$vm"
done
