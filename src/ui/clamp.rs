// SPDX-License-Identifier: GPL-3.0-or-later
//! A layout that keeps its one child no wider than reads well, in the middle of what there is.

use std::cell::Cell;

use gtk::{prelude::*, subclass::prelude::*};

mod imp {
    use super::*;

    /// The class behind [`super::BpClampLayout`].
    #[derive(Debug, Default, glib::Properties)]
    #[properties(wrapper_type = super::BpClampLayout)]
    pub struct BpClampLayout {
        /// The greatest width of the child in pixels at the usual font size.
        #[property(get, set)]
        maximum_width: Cell<i32>,
    }

    impl BpClampLayout {
        /// A larger font needs wider lines for as many words.
        fn clamp(&self, widget: &gtk::Widget, child: &gtk::Widget, width: i32) -> i32 {
            let most = (f64::from(self.maximum_width.get()) * super::font_scale(widget)) as i32;
            let least = child.measure(gtk::Orientation::Horizontal, -1).0;
            width.min(most.max(least))
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpClampLayout {
        const NAME: &'static str = "BpClampLayout";
        type Type = super::BpClampLayout;
        type ParentType = gtk::LayoutManager;
    }

    #[glib::derived_properties]
    impl ObjectImpl for BpClampLayout {}

    impl LayoutManagerImpl for BpClampLayout {
        fn request_mode(&self, _: &gtk::Widget) -> gtk::SizeRequestMode {
            gtk::SizeRequestMode::HeightForWidth
        }

        fn measure(&self, widget: &gtk::Widget, orientation: gtk::Orientation, size: i32) -> (i32, i32, i32, i32) {
            let Some(child) = widget.first_child() else {
                return (0, 0, -1, -1);
            };
            let size = match orientation {
                gtk::Orientation::Vertical if size >= 0 => self.clamp(widget, &child, size),
                // The width is never asked for by the height: GTK would have to search for it.
                _ => -1,
            };
            let (least, natural, ..) = child.measure(orientation, size);
            (least, natural, -1, -1)
        }

        fn allocate(&self, widget: &gtk::Widget, width: i32, height: i32, baseline: i32) {
            if let Some(child) = widget.first_child() {
                let inner = self.clamp(widget, &child, width);
                let place = gtk::Allocation::new((width - inner) / 2, 0, inner, height);
                child.size_allocate(&place, baseline);
            }
        }
    }
}

glib::wrapper! {
    /// Keeps a page no wider than reads well.
    pub struct BpClampLayout(ObjectSubclass<imp::BpClampLayout>)
        @extends gtk::LayoutManager;
}

/// The average width of a character at the usual font size of 11 points, in pixels.
const USUAL_CHARACTER_PIXELS: f64 = 7.5;

/// How much larger than usual the text is; never less than 1.
pub(super) fn font_scale(widget: &gtk::Widget) -> f64 {
    let metrics = widget.pango_context().metrics(None, None);
    let pixels = f64::from(metrics.approximate_char_width()) / f64::from(gtk::pango::SCALE);
    (pixels / USUAL_CHARACTER_PIXELS).max(1.0)
}
