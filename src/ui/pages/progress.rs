// SPDX-License-Identifier: GPL-3.0-or-later
//! The last page of both wizards: the run, and how it ended.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    draft::Way,
    engine::ItemState,
    text::{OutcomeView, ProgressView, wizard as words},
    ui::{BpClampLayout, BpProgressRow, pages::show_tone, widgets::remove_children, wizard::follow_width},
};

/// Who hears that a button was pressed.
type Handler = Rc<dyn Fn()>;

/// Who hears which way on was taken.
type WayHandler = Rc<dyn Fn(&Way)>;

mod imp {
    use super::*;

    /// The class behind [`super::BpProgressPage`].
    #[derive(Default, CompositeTemplate)]
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
        #[template_child]
        pub(super) ways_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) countdown_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) countdown_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) stay_button: TemplateChild<gtk::Button>,
        pub(super) known: RefCell<BTreeMap<String, BpProgressRow>>,
        pub(super) save_handler: RefCell<Option<Handler>>,
        pub(super) stay_handler: RefCell<Option<Handler>>,
        pub(super) way_handler: RefCell<Option<WayHandler>>,
    }

    #[gtk::template_callbacks]
    impl BpProgressPage {
        #[template_callback]
        fn on_save(&self) {
            call(&self.save_handler);
        }

        #[template_callback]
        fn on_stay(&self) {
            call(&self.stay_handler);
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

    impl ObjectImpl for BpProgressPage {}

    impl WidgetImpl for BpProgressPage {
        fn root(&self) {
            self.parent_root();
            follow_width(&*self.obj(), |page, is_narrow| {
                page.imp().ways_box.set_orientation(if is_narrow {
                    gtk::Orientation::Vertical
                } else {
                    gtk::Orientation::Horizontal
                });
            });
        }
    }
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
        imp.detail_label.set_visible(true);
        self.forget_end();
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

    /// Takes away what an earlier run on this page left there.
    fn forget_end(&self) {
        let imp = self.imp();
        imp.progress_box.set_visible(true);
        imp.bar.set_fraction(0.0);
        let (result, cause, ways) = (&*imp.result_icon, &*imp.cause_box, &*imp.ways_box);
        let of_the_end: [&gtk::Widget; 7] = [
            result.upcast_ref(),
            cause.upcast_ref(),
            ways.upcast_ref(),
            imp.unmount_note.upcast_ref(),
            imp.save_box.upcast_ref(),
            imp.warning_box.upcast_ref(),
            imp.countdown_box.upcast_ref(),
        ];
        for widget in of_the_end {
            widget.set_visible(false);
        }
        imp.details.set_expanded(false);
        imp.saved_label.set_label("");
        imp.rows_box.set_visible(true);
        remove_children(&*imp.warning_rows);
    }

    /// Shows all VMs as waiting again: another phase begins.
    pub fn begin_anew(&self) {
        for row in self.imp().known.borrow().values() {
            row.show_state(&ItemState::Waiting);
        }
    }

    /// Shows what is at work, without the rest.
    pub fn show_detail(&self, detail: &str) {
        self.imp().detail_label.set_label(detail);
    }

    /// Offers ways on.
    pub fn show_ways(&self, ways: &[Way]) {
        let holder = &*self.imp().ways_box;
        remove_children(holder);
        for way in ways {
            let button = gtk::Button::new();
            let label = gtk::Label::builder()
                .label(words::way_label(way))
                .use_underline(true)
                .wrap(true)
                .mnemonic_widget(&button)
                .build();
            button.set_child(Some(&label));
            button.add_css_class("text-button");
            let (page, way) = (self.downgrade(), way.clone());
            button.connect_clicked(move |_| {
                let handler = page.upgrade().and_then(|page| page.imp().way_handler.borrow().clone());
                if let Some(handler) = handler {
                    handler(&way);
                }
            });
            holder.append(&button);
        }
        holder.set_visible(!ways.is_empty());
    }

    /// Puts the focus on the first way on. Returns whether there is one.
    pub fn focus_way(&self) -> bool {
        let ways = &self.imp().ways_box;
        ways.is_visible() && ways.child_focus(gtk::DirectionType::TabForward)
    }

    /// Hears which way on is taken.
    pub fn connect_way(&self, handler: impl Fn(&Way) + 'static) {
        self.imp().way_handler.replace(Some(Rc::new(handler)));
    }

    /// Shows when the computer will be turned off, with a button that keeps it on.
    pub fn show_countdown(&self, text: &str) {
        let imp = self.imp();
        imp.countdown_label.set_label(text);
        if !imp.countdown_box.is_visible() {
            imp.countdown_box.set_visible(true);
            imp.stay_button.set_visible(true);
            imp.stay_button.grab_focus();
        }
    }

    /// Shows that the computer stays on.
    pub fn show_stays_on(&self, text: &str) {
        self.imp().countdown_label.set_label(text);
        self.imp().stay_button.set_visible(false);
    }

    /// Hears that the computer is to stay on.
    pub fn connect_stay(&self, handler: impl Fn() + 'static) {
        self.imp().stay_handler.replace(Some(Rc::new(handler)));
    }

    /// Lets the report be saved; `handler` replaces that of an earlier run.
    pub fn connect_save(&self, handler: impl Fn() + 'static) {
        self.imp().save_handler.replace(Some(Rc::new(handler)));
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

/// Calls a handler, if there is one.
fn call(handler: &RefCell<Option<Handler>>) {
    let handler = handler.borrow().clone();
    if let Some(handler) = handler {
        handler();
    }
}
