#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Collects all texts anew: po/POTFILES.in, po/pedos-backup.pot, and the changes in each translation.
set -eu

cd "$(dirname "$0")/.."
LC_ALL=C.UTF-8
export LC_ALL
pot=po/pedos-backup.pot

{
    echo '# SPDX-License-Identifier: GPL-3.0-or-later'
    echo '# Every file with texts that are translated; made by scripts/pot.sh.'
    ls data/*.desktop.in data/*.metainfo.xml.in
    grep -rl 'translatable="yes"' ui | sort
    # Their calls; the functions themselves are not texts.
    grep -rlzP '(n|p)?gettext(_f)?\(\s*(//[^\n]*\s*)*"' src | sort
} >po/POTFILES.in

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
grep -v '^#' po/POTFILES.in | grep -v '\.rs$' >"$scratch/described"
grep '\.rs$' po/POTFILES.in >"$scratch/rust"

# No dates and no line numbers: they would change with every run and say nothing to a translator.
common='--from-code=UTF-8 --add-comments=Translators --add-location=file --no-wrap --package-name=pedos-backup
    --copyright-holder=The.PedOS.Backup.maintainers'
# shellcheck disable=SC2086 # a list of words
xgettext $common -o "$scratch/pot" --files-from="$scratch/described"
# Rust looks enough like C for its strings to be found; its lifetimes look like characters that are not closed.
# shellcheck disable=SC2086
xgettext $common -j -o "$scratch/pot" --language=C --keyword= --keyword=gettext --keyword=gettext_f \
    --keyword=ngettext:1,2 --keyword=ngettext_f:1,2 --keyword=pgettext:1c,2 --files-from="$scratch/rust" \
    2>"$scratch/complaints" || { cat "$scratch/complaints" >&2; exit 1; }
grep -v 'unterminated character constant' "$scratch/complaints" >&2 || true
sed -e '/^"POT-Creation-Date:/d' -e 's/^# Copyright (C) YEAR .*/# Copyright (C) The PedOS Backup maintainers/' \
    -e '/^# FIRST AUTHOR/d' -e '/^# SOME DESCRIPTIVE TITLE/d' -e 's/charset=CHARSET/charset=UTF-8/' "$scratch/pot" >"$pot"

for language in $(sed 's/#.*//' po/LINGUAS); do
    [ -e "po/$language.po" ] || continue
    msgmerge --quiet --update --no-wrap --backup=none --no-fuzzy-matching "po/$language.po" "$pot"
    msgattrib --no-obsolete --no-wrap -o "po/$language.po" "po/$language.po"
done
