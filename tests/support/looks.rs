// SPDX-License-Identifier: GPL-3.0-or-later
//! The looks in which people see the wizards, and what has to hold in the narrowest window.

use super::{
    atspi::{Node, Role},
    session::{Look, Session},
    wait::{STEP, wait_until},
    wizard::BY_KEYBOARD,
};

/// The narrowest window that has to do, in pixels.
pub(crate) const NARROW_PIXELS: i32 = 360;

/// How high such a window is.
const HIGH_PIXELS: i32 = 1200;

/// The narrow window.
pub(crate) const NARROW: Look = Look {
    is_narrow: true,
    ..BY_KEYBOARD
};

/// The looks of windows of the usual width.
pub(crate) const USUAL: [Look; 7] = [
    BY_KEYBOARD,
    Look {
        is_dark: true,
        ..BY_KEYBOARD
    },
    Look {
        language: Some("de"),
        ..BY_KEYBOARD
    },
    Look {
        is_double: true,
        ..BY_KEYBOARD
    },
    Look {
        has_contrast: true,
        ..BY_KEYBOARD
    },
    Look {
        has_large_text: true,
        ..BY_KEYBOARD
    },
    Look {
        is_from_right: true,
        ..BY_KEYBOARD
    },
];

/// Makes the window in front narrow.
#[track_caller]
pub(crate) fn make_narrow(session: &Session) {
    let (width, height) = (NARROW_PIXELS.to_string(), HIGH_PIXELS.to_string());
    session.xdotool(&["getactivewindow", "windowsize", &width, &height]);
    let wanted = format!("WIDTH={NARROW_PIXELS}\n");
    wait_until("a narrow window", STEP, || {
        session
            .xdotool(&["getactivewindow", "getwindowgeometry", "--shell"])
            .is_some_and(|geometry| geometry.contains(&wanted))
    });
}

/// Holds that nothing of these roles hangs out of a narrow window.
#[track_caller]
pub(crate) fn expect_within_reach(window: &Node, roles: &[Role]) {
    for node in roles.iter().flat_map(|role| window.all(*role)) {
        let Some((left, _, width, _)) = node.extents().filter(|(.., width, height)| *width > 0 && *height > 0) else {
            continue;
        };
        let right = left + width;
        assert!(
            left >= 0 && right <= NARROW_PIXELS,
            "{:?} {:?} from {left} to {right} in {:?}",
            node.role(),
            node.name(),
            window.name()
        );
    }
}
