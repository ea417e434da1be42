// SPDX-License-Identifier: GPL-3.0-or-later
//! A window in which one file is taken out of an archive: its progress, a way to stop it, and its verdict.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

use gtk::{CompositeTemplate, gdk, prelude::*, subclass::prelude::*};

use crate::text::wizard as words;

use super::pages::BpProgressPage;

/// Who hears that the extraction is to stop.
type StopHandler = Rc<dyn Fn()>;

mod imp {
    use super::*;

    /// The class behind [`super::BpExtractWindow`].
    #[derive(Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/extract.ui")]
    pub struct BpExtractWindow {
        #[template_child]
        pub(super) page: TemplateChild<BpProgressPage>,
        #[template_child]
        pub(super) button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) button_label: TemplateChild<gtk::Label>,
        pub(super) is_over: Cell<bool>,
        pub(super) stop_handler: OnceCell<StopHandler>,
        /// Whatever has to live as long as the window.
        pub(super) kept: RefCell<Option<Rc<dyn std::any::Any>>>,
    }

    impl BpExtractWindow {
        fn stop(&self) {
            if let Some(handler) = self.stop_handler.get().cloned() {
                self.button.set_sensitive(false);
                handler();
            }
        }
    }

    #[gtk::template_callbacks]
    impl BpExtractWindow {
        #[template_callback]
        fn on_button(&self) {
            self.obj().close();
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpExtractWindow {
        const NAME: &'static str = "BpExtractWindow";
        type Type = super::BpExtractWindow;
        type ParentType = gtk::Window;

        fn class_init(class: &mut Self::Class) {
            BpProgressPage::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
            class.add_binding_action(gdk::Key::Escape, gdk::ModifierType::empty(), "window.close");
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpExtractWindow {}
    impl WidgetImpl for BpExtractWindow {}
    impl WindowImpl for BpExtractWindow {
        /// While the job runs, closing stops it; its last word is shown, and the window closes the next time.
        fn close_request(&self) -> glib::Propagation {
            if self.is_over.get() {
                self.kept.take();
                return self.parent_close_request();
            }
            self.stop();
            glib::Propagation::Stop
        }
    }
}

glib::wrapper! {
    /// A file on its way out of an archive.
    pub struct BpExtractWindow(ObjectSubclass<imp::BpExtractWindow>)
        @extends gtk::Window, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl BpExtractWindow {
    /// Opens over another window.
    pub fn open(parent: &impl IsA<gtk::Window>) -> Self {
        let window: Self = glib::Object::builder()
            .property("transient-for", parent)
            .property("modal", true)
            .property("destroy-with-parent", true)
            .build();
        window.imp().button_label.set_label(&words::stop());
        window.present();
        window
    }

    /// The page that shows the job.
    pub fn page(&self) -> &BpProgressPage {
        &self.imp().page
    }

    /// Hears once that the job is to stop.
    pub fn connect_stop(&self, handler: impl Fn() + 'static) {
        // There is one job to a window.
        let _ = self.imp().stop_handler.set(Rc::new(handler));
    }

    /// Keeps a value alive until the window closes.
    pub fn keep(&self, value: Rc<dyn std::any::Any>) {
        self.imp().kept.replace(Some(value));
    }

    /// Shows that the job has ended: the button closes the window from now on.
    pub fn show_over(&self) {
        let imp = self.imp();
        imp.is_over.set(true);
        imp.button_label.set_label(&words::close());
        imp.button.set_sensitive(true);
        imp.button.grab_focus();
    }
}
