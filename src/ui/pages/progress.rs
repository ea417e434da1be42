// SPDX-License-Identifier: GPL-3.0-or-later
//! The last page of both wizards: the run, and how it ended.

use std::{cell::RefCell, collections::BTreeMap, sync::OnceLock};

use glib::subclass::Signal;
use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    engine::ItemState,
    text::{OutcomeView, ProgressView, wizard as words},
    ui::{
        BpClampLayout, BpProgressRow,
        pages::show_tone,
        widgets::{connect, remove_children},
    },
};

mod imp {
    use super::*;

    /// The class behind [`super::BpProgressPage`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/pages/progress.ui")]
    pub struct BpProgressPage {
        #[template_child]
        pub(super) result_icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) title_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) detail_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) progress_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) bar: TemplateChild<gtk::ProgressBar>,
        #[template_child]
        pub(super) percent_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) amount_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) remaining_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) elapsed_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) speed_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) facts_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) cause_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) cause_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) cause_detail: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) cause_hint: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) details: TemplateChild<gtk::Expander>,
        #[template_child]
        pub(super) details_view: TemplateChild<gtk::TextView>,
        #[template_child]
        pub(super) unmount_note: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) unmount_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) save_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) saved_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) rows_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) rows: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) warning_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) warning_rows: TemplateChild<gtk::Box>,
        pub(super) known: RefCell<BTreeMap<String, BpProgressRow>>,
    }

    #[gtk::template_callbacks]
    impl BpProgressPage {
        #[template_callback]
        fn on_save(&self) {
            self.obj().emit_by_name::<()>("save", &[]);
        }

        #[template_callback]
        fn on_copy(&self) {
            let buffer = self.details_view.buffer();
            let (start, end) = buffer.bounds();
            self.obj().clipboard().set_text(&buffer.text(&start, &end, true));
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpProgressPage {
        const NAME: &'static str = "BpProgressPage";
        type Type = super::BpProgressPage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpProgressPage {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("save").build()])
        }
    }

    impl WidgetImpl for BpProgressPage {}
    impl BoxImpl for BpProgressPage {}
}

glib::wrapper! {
    /// A running job and its end.
    pub struct BpProgressPage(ObjectSubclass<imp::BpProgressPage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for BpProgressPage {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl BpProgressPage {
    /// Begins with these VMs, all of them waiting.
    pub fn show_start(&self, title: &str, vms: &[String]) {
        let imp = self.imp();
        imp.title_label.set_label(title);
        imp.detail_label.set_label("");
        remove_children(&*imp.rows);
        let mut known = imp.known.borrow_mut();
        known.clear();
        for name in vms {
            let row = BpProgressRow::new(&words::shown_name(name));
            imp.rows.append(&row);
            known.insert(name.clone(), row);
        }
    }

    /// Shows how far it is.
    pub fn show_progress(&self, view: &ProgressView) {
        let imp = self.imp();
        imp.title_label.set_label(&view.title);
        imp.detail_label.set_label(&view.detail);
        match view.fraction {
            Some(fraction) => imp.bar.set_fraction(fraction),
            None => imp.bar.pulse(),
        }
        imp.percent_label.set_label(&view.percent);
        imp.percent_label.set_visible(!view.percent.is_empty());
        imp.amount_label.set_label(&view.amount);
        imp.speed_label.set_label(&view.speed);
        imp.elapsed_label.set_label(&words::elapsed(&view.elapsed));
        imp.remaining_label.set_label(&view.remaining);
    }

    /// Shows how a VM stands.
    pub fn show_item(&self, vm: &str, state: &ItemState) {
        if let Some(row) = self.imp().known.borrow().get(vm) {
            row.show_state(state);
        }
    }

    /// Adds something that was warned of.
    pub fn add_warning(&self, text: &str) {
        let label = gtk::Label::builder()
            .label(text)
            .xalign(0.0)
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .build();
        label.add_css_class("card-row");
        self.imp().warning_rows.append(&label);
        self.imp().warning_box.set_visible(true);
    }

    /// Shows that it was asked to stop.
    pub fn show_stopping(&self) {
        self.imp().title_label.set_label(&words::stopping());
        self.imp().detail_label.set_label("");
    }

    /// Shows how it ended; `full_text` is what the details hold.
    pub fn show_outcome(&self, view: &OutcomeView, full_text: &str, unmount: Option<&str>) {
        let imp = self.imp();
        show_tone(&imp.result_icon, view.tone);
        imp.result_icon.add_css_class("result-icon");
        imp.result_icon.set_visible(true);
        imp.title_label.set_label(&view.title);
        imp.detail_label.set_label(&view.lines.join("\n"));
        imp.detail_label.set_visible(!view.lines.is_empty());
        imp.progress_box.set_visible(false);
        imp.cause_box.set_visible(view.cause.is_some());
        if let Some(cause) = &view.cause {
            imp.cause_label.set_label(&cause.title);
            imp.cause_detail.set_label(&cause.detail);
            imp.cause_detail.set_visible(!cause.detail.is_empty());
            imp.cause_hint.set_label(cause.hint.as_deref().unwrap_or_default());
            imp.cause_hint.set_visible(cause.hint.is_some());
            imp.details_view.buffer().set_text(full_text);
        }
        imp.unmount_note.set_visible(unmount.is_some());
        imp.unmount_label.set_label(unmount.unwrap_or_default());
        self.show_lines(view);
    }

    /// Hears that a report of the result is to be kept.
    pub fn connect_save(&self, handler: impl Fn(&Self) + 'static) {
        connect(self, "save", handler);
        self.imp().save_box.set_visible(true);
    }

    /// Says where the report is, or why it is not.
    pub fn show_saved(&self, text: &str) {
        self.imp().saved_label.set_label(text);
    }

    fn show_lines(&self, view: &OutcomeView) {
        let imp = self.imp();
        remove_children(&*imp.rows);
        for line in &view.vms {
            let row = BpProgressRow::new(&line.name);
            row.show_line(line);
            imp.rows.append(&row);
        }
        imp.rows_box.set_visible(!view.vms.is_empty());
        remove_children(&*imp.warning_rows);
        imp.warning_box.set_visible(false);
        for warning in &view.warnings {
            self.add_warning(warning);
        }
    }
}
