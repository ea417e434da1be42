// SPDX-License-Identifier: GPL-3.0-or-later
//! Two layouts for rows of which there are hundreds: columns of fixed parts of the width, and a line that goes on below
//! itself. They never ask how wide a child must be for a height: GTK's own boxes do, and a label that wraps searches long
//! for the answer.

use std::cell::Cell;

use gtk::{prelude::*, subclass::prelude::*};

/// The parts of the width that the columns take, in hundredths; the last one gets the rest.
const COLUMNS: [i32; 2] = [28, 22];

/// The least width of a column, in pixels.
const LEAST_COLUMN: i32 = 48;

/// Between two columns, in pixels.
const COLUMN_GAP: i32 = 12;

/// Between two lines, in pixels.
const LINE_GAP: i32 = 3;

/// Between two children of a line, in pixels.
const CHILD_GAP: i32 = 6;

mod imp {
    use super::*;

    /// The class behind [`super::BpCellsLayout`].
    #[derive(Debug, Default)]
    pub struct BpCellsLayout {
        pub(super) is_narrow: Cell<bool>,
    }

    impl BpCellsLayout {
        /// The children with their places from the beginning of a line and their widths.
        fn columns(widget: &gtk::Widget, width: i32) -> Vec<(gtk::Widget, i32, i32)> {
            let mut left = 0;
            let children = children(widget);
            let last = children.len().saturating_sub(1);
            let place = |(number, child): (usize, gtk::Widget)| {
                let part = COLUMNS.get(number).filter(|_| number < last);
                let wanted = part.map_or(width - left, |part| width * part / 100);
                let own = wanted.max(LEAST_COLUMN);
                let at = left;
                left += own + COLUMN_GAP;
                (child, at, own)
            };
            children.into_iter().enumerate().map(place).collect()
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpCellsLayout {
        const NAME: &'static str = "BpCellsLayout";
        type Type = super::BpCellsLayout;
        type ParentType = gtk::LayoutManager;
    }

    impl ObjectImpl for BpCellsLayout {}

    impl LayoutManagerImpl for BpCellsLayout {
        fn request_mode(&self, _: &gtk::Widget) -> gtk::SizeRequestMode {
            gtk::SizeRequestMode::HeightForWidth
        }

        fn measure(&self, widget: &gtk::Widget, orientation: gtk::Orientation, size: i32) -> (i32, i32, i32, i32) {
            let gaps = (children(widget).len() as i32 - 1).max(0);
            let is_narrow = self.is_narrow.get();
            let (least, natural) = if orientation == gtk::Orientation::Horizontal {
                // Labels that wrap after any letter fit into any width, and are not asked: their answer takes long.
                let width = if is_narrow {
                    LEAST_COLUMN
                } else {
                    (gaps + 1) * LEAST_COLUMN + gaps * COLUMN_GAP
                };
                (width, width)
            } else if is_narrow {
                let heights: Vec<(i32, i32)> = children(widget).iter().map(|child| height(child, size)).collect();
                total(&heights, gaps * LINE_GAP)
            } else if size < 0 {
                greatest(&measured(widget, orientation))
            } else {
                let columns = Self::columns(widget, size);
                let heights: Vec<(i32, i32)> = columns.iter().map(|(child, _, width)| height(child, *width)).collect();
                greatest(&heights)
            };
            (least, natural, -1, -1)
        }

        fn allocate(&self, widget: &gtk::Widget, width: i32, full_height: i32, _: i32) {
            if self.is_narrow.get() {
                let mut top = 0;
                for child in children(widget) {
                    let own = height(&child, width).1;
                    child.size_allocate(&gtk::Allocation::new(0, top, width, own), -1);
                    top += own + LINE_GAP;
                }
                return;
            }
            for (child, left, own) in Self::columns(widget, width) {
                let place = gtk::Allocation::new(left, 0, own, full_height);
                child.size_allocate(&mirrored(widget, width, place), -1);
            }
        }
    }

    /// The class behind [`super::BpFlowLayout`].
    #[derive(Debug, Default)]
    pub struct BpFlowLayout;

    impl BpFlowLayout {
        /// The children with their places, and how high all of it is.
        fn places(widget: &gtk::Widget, width: i32) -> (Vec<(gtk::Widget, gtk::Allocation)>, i32) {
            let (mut left, mut top, mut line) = (0, 0, 0);
            let mut places = Vec::new();
            for child in children(widget) {
                let (least, natural, ..) = child.measure(gtk::Orientation::Horizontal, -1);
                let own = natural.min(width).max(least);
                if left > 0 && left + own > width {
                    top += line + LINE_GAP;
                    (left, line) = (0, 0);
                }
                let high = height(&child, own).1;
                places.push((child, gtk::Allocation::new(left, top, own, high)));
                left += own + CHILD_GAP;
                line = line.max(high);
            }
            (places, top + line)
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpFlowLayout {
        const NAME: &'static str = "BpFlowLayout";
        type Type = super::BpFlowLayout;
        type ParentType = gtk::LayoutManager;
    }

    impl ObjectImpl for BpFlowLayout {}

    impl LayoutManagerImpl for BpFlowLayout {
        fn request_mode(&self, _: &gtk::Widget) -> gtk::SizeRequestMode {
            gtk::SizeRequestMode::HeightForWidth
        }

        fn measure(&self, widget: &gtk::Widget, orientation: gtk::Orientation, size: i32) -> (i32, i32, i32, i32) {
            if orientation == gtk::Orientation::Horizontal {
                let sizes = measured(widget, orientation);
                let gaps = (sizes.len() as i32 - 1).max(0);
                let (least, natural) = (greatest(&sizes).0, total(&sizes, gaps * CHILD_GAP).1);
                return (least, natural.max(least), -1, -1);
            }
            let width = if size < 0 { i32::MAX / 2 } else { size };
            let height = Self::places(widget, width).1;
            (height, height, -1, -1)
        }

        fn allocate(&self, widget: &gtk::Widget, width: i32, _: i32, _: i32) {
            for (child, place) in Self::places(widget, width).0 {
                child.size_allocate(&mirrored(widget, width, place), -1);
            }
        }
    }
}

glib::wrapper! {
    /// Columns of fixed parts of the width, or all below each other.
    pub struct BpCellsLayout(ObjectSubclass<imp::BpCellsLayout>)
        @extends gtk::LayoutManager;
}

glib::wrapper! {
    /// A line of children at their natural widths, which goes on below itself where there is no more room.
    pub struct BpFlowLayout(ObjectSubclass<imp::BpFlowLayout>)
        @extends gtk::LayoutManager;
}

impl BpCellsLayout {
    /// Puts the columns beside or below each other.
    pub fn set_narrow(&self, is_narrow: bool) {
        if self.imp().is_narrow.replace(is_narrow) != is_narrow {
            self.layout_changed();
        }
    }
}

impl Default for BpFlowLayout {
    fn default() -> Self {
        glib::Object::new()
    }
}

fn children(widget: &gtk::Widget) -> Vec<gtk::Widget> {
    let all = std::iter::successors(widget.first_child(), gtk::Widget::next_sibling);
    all.filter(gtk::Widget::should_layout).collect()
}

/// The same place counted from the right, where that is the beginning of a line.
fn mirrored(widget: &gtk::Widget, width: i32, place: gtk::Allocation) -> gtk::Allocation {
    if widget.direction() == gtk::TextDirection::Rtl {
        let left = width - place.x() - place.width();
        gtk::Allocation::new(left, place.y(), place.width(), place.height())
    } else {
        place
    }
}

fn measured(widget: &gtk::Widget, orientation: gtk::Orientation) -> Vec<(i32, i32)> {
    let of = |child: &gtk::Widget| {
        let (least, natural, ..) = child.measure(orientation, -1);
        (least, natural)
    };
    children(widget).iter().map(of).collect()
}

fn height(child: &gtk::Widget, width: i32) -> (i32, i32) {
    let (least, natural, ..) = child.measure(gtk::Orientation::Vertical, width);
    (least, natural)
}

fn greatest(sizes: &[(i32, i32)]) -> (i32, i32) {
    let add = |(least, natural): (i32, i32), size: &(i32, i32)| (least.max(size.0), natural.max(size.1));
    sizes.iter().fold((0, 0), add)
}

fn total(sizes: &[(i32, i32)], gaps: i32) -> (i32, i32) {
    let add = |(least, natural): (i32, i32), size: &(i32, i32)| (least + size.0, natural + size.1);
    sizes.iter().fold((gaps, gaps), add)
}
