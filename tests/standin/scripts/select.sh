#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# qubes.SelectDirectory and qubes.SelectFile in a VM of a stand-in: what the test wants to be chosen, else a cancel.

if [ -f "$STANDIN_OWN/select.$STANDIN_VM" ]; then
    cat "$STANDIN_OWN/select.$STANDIN_VM"
    echo
    exit
fi
exit 1
