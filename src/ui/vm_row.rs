// SPDX-License-Identifier: GPL-3.0-or-later
//! A VM in a list: one of the two of a wizard, or the one of what is inside an archive.

use std::{
    cell::{OnceCell, RefCell},
    cmp::Ordering,
    sync::OnceLock,
};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, gdk, prelude::*, subclass::prelude::*};

use crate::text::wizard::NoteText;

use super::{BpNote, BpSwatch, Order, VmItem};

mod imp {
    use super::*;

    /// The class behind [`super::BpVmRow`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/vm_row.ui")]
    pub struct BpVmRow {
        #[template_child]
        pub(super) column: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) swatch: TemplateChild<BpSwatch>,
        #[template_child]
        pub(super) name_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) detail_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) state_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) value_label: TemplateChild<gtk::Label>,
        /// Hidden: it gives the row its accessible name.
        #[template_child]
        pub(super) spoken_label: TemplateChild<gtk::Label>,
        pub(super) item: RefCell<Option<VmItem>>,
        pub(super) note: OnceCell<BpNote>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpVmRow {
        const NAME: &'static str = "BpVmRow";
        type Type = super::BpVmRow;
        type ParentType = gtk::ListBoxRow;

        fn class_init(class: &mut Self::Class) {
            BpSwatch::ensure_type();
            class.bind_template();
            // Otherwise Enter in a list is the window's own, which is Next.
            for key in [gdk::Key::Return, gdk::Key::KP_Enter, gdk::Key::ISO_Enter] {
                class.add_binding(key, gdk::ModifierType::empty(), |row| {
                    row.activate();
                    glib::Propagation::Stop
                });
            }
            // GTK would activate the row, which moves it. Space only highlights, as well as what is highlighted already.
            for key in [gdk::Key::space, gdk::Key::KP_Space] {
                class.add_binding(key, gdk::ModifierType::empty(), |row| {
                    row.highlight(true);
                    glib::Propagation::Stop
                });
                class.add_binding(key, gdk::ModifierType::CONTROL_MASK, |row| {
                    row.highlight(!row.is_selected());
                    glib::Propagation::Stop
                });
            }
            // GTK 4.8 gives rows no action of their own that assistive technology could use.
            class.install_action("row.move", None, |row, _, _| {
                row.emit_by_name::<()>("move-asked", &[]);
            });
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpVmRow {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("move-asked").build()])
        }
    }

    impl WidgetImpl for BpVmRow {}
    impl ListBoxRowImpl for BpVmRow {}
}

glib::wrapper! {
    /// A VM in a list. Signal `move-asked`: assistive technology wants it in the other list.
    pub struct BpVmRow(ObjectSubclass<imp::BpVmRow>)
        @extends gtk::ListBoxRow, gtk::Widget,
        @implements gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}

impl BpVmRow {
    /// A row for a VM.
    pub fn new(item: &VmItem) -> Self {
        let row: Self = glib::Object::new();
        row.show_item(item);
        row
    }

    /// Shows a VM as it is now.
    pub fn show_item(&self, item: &VmItem) {
        let imp = self.imp();
        if imp.item.borrow().as_ref() == Some(item) {
            return;
        }
        imp.swatch.show_glyph(item.glyph);
        imp.name_label.set_label(&item.name);
        imp.name_label.set_tooltip_text(Some(&item.name));
        imp.detail_label.set_label(&item.detail);
        imp.detail_label.set_tooltip_text(Some(&item.detail));
        imp.detail_label.set_visible(!item.detail.is_empty());
        imp.state_label.set_label(&item.state);
        imp.state_label.set_visible(!item.state.is_empty());
        imp.value_label.set_label(&item.value);
        imp.value_label.set_visible(!item.value.is_empty());
        imp.spoken_label.set_label(&item.spoken);
        imp.item.replace(Some(item.clone()));
    }

    /// Shows what the VM's user wrote down about it. Most rows have nothing of the kind, so it is made when it is needed.
    pub fn show_note(&self, text: &NoteText) {
        let imp = self.imp();
        let note = imp.note.get_or_init(|| {
            let note = BpNote::default();
            imp.column.append(&note);
            note
        });
        note.show_note(text);
    }

    /// The VM's name.
    pub fn name(&self) -> String {
        self.imp()
            .item
            .borrow()
            .as_ref()
            .map(|item| item.name.clone())
            .unwrap_or_default()
    }

    /// Whether a search finds it.
    pub(super) fn matches(&self, search: &str) -> bool {
        let item = self.imp().item.borrow();
        item.as_ref().is_none_or(|item| item.matches(search))
    }

    /// Whether it stands before another one.
    pub(super) fn compare(&self, other: &Self, order: Order) -> Ordering {
        let (one, other) = (self.imp().item.borrow(), other.imp().item.borrow());
        match (&*one, &*other) {
            (Some(one), Some(other)) => one.compare(other, order),
            _ => Ordering::Equal,
        }
    }

    /// Highlights it in its list, or lets it go; the others stay as they are.
    fn highlight(&self, is_wanted: bool) {
        if let Some(list) = self.parent().and_downcast::<gtk::ListBox>() {
            if is_wanted {
                list.select_row(Some(self));
            } else {
                list.unselect_row(self);
            }
        }
    }
}
