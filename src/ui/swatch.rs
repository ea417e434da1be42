// SPDX-License-Identifier: GPL-3.0-or-later
//! The tile before a VM's name: the colour of its label, with a sign for its kind.

use std::cell::{Cell, RefCell};

use gtk::{gdk, graphene, gsk, prelude::*, subclass::prelude::*};

use crate::{host::Vm, inventory::Class};

/// Width and height of the tile in pixels.
const TILE_PIXELS: i32 = 30;

/// How round its corners are, as a part of its width.
const ROUNDING: f32 = 8.0 / 30.0;

/// Width and height of the sign in it, in pixels: what symbolic icons are drawn for.
const SIGN_PIXELS: i32 = 16;

/// What a tile shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyph {
    /// The label's colour as 0xRRGGBB.
    pub color: u32,
    /// The sign's icon.
    icon: &'static str,
}

impl Glyph {
    /// The tile of a VM of that kind.
    pub fn new(color: u32, class: &Class, provides_network: bool) -> Self {
        let icon = match class {
            Class::AdminVm => "user-home-symbolic",
            _ if provides_network => "network-workgroup-symbolic",
            Class::TemplateVm => "view-paged-symbolic",
            Class::StandaloneVm => "drive-harddisk-symbolic",
            Class::DispVm => "media-playlist-repeat-symbolic",
            Class::AppVm | Class::RemoteVm | Class::Other(_) => "computer-symbolic",
        };
        Self { color, icon }
    }

    /// The tile of a VM of a host.
    pub fn of(vm: &Vm, color: u32) -> Self {
        Self::new(color, &vm.class, vm.provides_network)
    }
}

mod imp {
    use super::*;

    /// The class behind [`super::BpSwatch`].
    #[derive(Debug, Default, glib::Properties)]
    #[properties(wrapper_type = super::BpSwatch)]
    pub struct BpSwatch {
        /// Width and height in pixels; the usual ones for 0.
        #[property(get, set)]
        tile_pixels: Cell<i32>,
        pub(super) color: Cell<u32>,
        pub(super) icon: RefCell<Option<gtk::IconPaintable>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpSwatch {
        const NAME: &'static str = "BpSwatch";
        type Type = super::BpSwatch;
        type ParentType = gtk::Widget;

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("swatch");
            class.set_accessible_role(gtk::AccessibleRole::Presentation);
        }
    }

    impl BpSwatch {
        fn pixels(&self) -> i32 {
            match self.tile_pixels.get() {
                0 => TILE_PIXELS,
                pixels => pixels,
            }
        }
    }

    #[glib::derived_properties]
    impl ObjectImpl for BpSwatch {}

    impl WidgetImpl for BpSwatch {
        fn measure(&self, _: gtk::Orientation, _: i32) -> (i32, i32, i32, i32) {
            let pixels = self.pixels();
            (pixels, pixels, -1, -1)
        }

        fn snapshot(&self, snapshot: &gtk::Snapshot) {
            let (width, height) = (self.obj().width() as f32, self.obj().height() as f32);
            let tile = graphene::Rect::new(0.0, 0.0, width, height);
            let color = rgba(self.color.get());
            let shape = gsk::RoundedRect::from_rect(tile, width * ROUNDING);
            snapshot.push_rounded_clip(&shape);
            snapshot.append_color(&color, &tile);
            snapshot.pop();
            // A black label on a dark window and a white one on a light window need an edge.
            let edge = self.obj().style_context().color();
            let edge = edge.with_alpha(0.2);
            snapshot.append_border(&shape, &[1.0; 4], &[edge; 4]);
            if let Some(icon) = &*self.icon.borrow() {
                // The style makes tiles larger beside larger text.
                let sign = SIGN_PIXELS as f32 * (width / self.pixels() as f32).max(1.0);
                snapshot.translate(&graphene::Point::new((width - sign) / 2.0, (height - sign) / 2.0));
                let ink = ink(&color);
                icon.snapshot_symbolic(snapshot, sign.into(), sign.into(), &[ink; 4]);
            }
        }
    }
}

glib::wrapper! {
    /// The coloured tile of a VM.
    pub struct BpSwatch(ObjectSubclass<imp::BpSwatch>)
        @extends gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl BpSwatch {
    /// A tile of that width and height, in pixels.
    pub fn of_pixels(pixels: i32) -> Self {
        glib::Object::builder().property("tile-pixels", pixels).build()
    }

    /// Shows a label's colour, as 0xRRGGBB, without a sign.
    pub fn show_color(&self, color: u32) {
        self.imp().color.set(color);
        self.imp().icon.take();
        self.queue_draw();
    }

    /// Shows the tile of a VM.
    pub fn show_glyph(&self, glyph: Glyph) {
        let theme = gtk::IconTheme::for_display(&self.display());
        let icon = theme.lookup_icon(
            glyph.icon,
            &[],
            SIGN_PIXELS,
            self.scale_factor(),
            self.direction(),
            gtk::IconLookupFlags::FORCE_SYMBOLIC,
        );
        self.imp().color.set(glyph.color);
        self.imp().icon.replace(Some(icon));
        self.queue_draw();
    }
}

fn rgba(color: u32) -> gdk::RGBA {
    let part = |shift: u32| ((color >> shift) & 0xff) as f32 / 255.0;
    gdk::RGBA::new(part(16), part(8), part(0), 1.0)
}

/// Black or white, whichever stands out more.
fn ink(color: &gdk::RGBA) -> gdk::RGBA {
    let light = 0.299 * color.red() + 0.587 * color.green() + 0.114 * color.blue();
    if light > 0.6 {
        gdk::RGBA::new(0.0, 0.0, 0.0, 0.8)
    } else {
        gdk::RGBA::WHITE
    }
}
