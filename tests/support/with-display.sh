#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs "$@" on a private X server without a message bus, as the in-process tests of windows want it.
set -eu
folder=$(mktemp -d)
mkfifo "$folder/number"
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -noreset 3>"$folder/number" 2>/dev/null &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
read -r number <"$folder/number"
export DISPLAY=":$number" GDK_BACKEND=x11 GSK_RENDERER=cairo GTK_A11Y=none GSETTINGS_BACKEND=memory \
    DBUS_SESSION_BUS_ADDRESS=disabled: GIO_USE_VFS=local XDG_RUNTIME_DIR="$folder" GTK_THEME=Adwaita LANG=C.UTF-8
unset WAYLAND_DISPLAY LC_ALL LANGUAGE
"$@"
