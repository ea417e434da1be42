// SPDX-License-Identifier: GPL-3.0-or-later
//! The shell of both wizards: the steps at the side, the page in the middle, Cancel, Back and Next at the bottom.
//!
//! It knows no page and no rule. Its user says which page is to be seen, whether Next works and why not, and
//! hears [`Move`]s.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gtk::{CompositeTemplate, gdk, prelude::*, subclass::prelude::*};

use crate::{draft::Reason, text::wizard as words};

use super::{BpClampLayout, BpStepRow, clamp::font_scale, menu, window_size};

/// Below this width of the window, in pixels at the usual font size, the list of steps folds away.
const FOLD_BELOW_PIXELS: f64 = 600.0;

/// Below this width of a page, in pixels at the usual font size, what stood side by side is stacked.
const STACK_BELOW_PIXELS: f64 = 580.0;

/// What a user wants of a wizard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// To the next page, or away after the last one.
    Next,
    /// To the page before.
    Back,
    /// Away.
    Cancel,
}

/// A page with its title and what takes the focus on it.
struct Page {
    widget: gtk::Widget,
    title: String,
    first: Vec<gtk::Widget>,
    /// What F1 says about it.
    help: String,
}

/// Who hears the moves.
type MoveHandler = Rc<dyn Fn(Move)>;

mod imp {
    use super::*;

    /// The class behind [`super::BpWizard`].
    #[derive(Default, CompositeTemplate, glib::Properties)]
    #[template(resource = "/org/pedos/Backup/ui/wizard.ui")]
    #[properties(wrapper_type = super::BpWizard)]
    pub struct BpWizard {
        #[template_child]
        pub(super) side: TemplateChild<gtk::ScrolledWindow>,
        #[template_child]
        pub(super) side_line: TemplateChild<gtk::Separator>,
        #[template_child]
        pub(super) steps: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) scroller: TemplateChild<gtk::ScrolledWindow>,
        #[template_child]
        pub(super) stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(super) menu_button: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub(super) step_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) notice_area: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) notice_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) reason_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) reason_icon: TemplateChild<gtk::Image>,
        #[template_child]
        pub(super) reason_spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(super) reason_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) cancel_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) back_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) next_button: TemplateChild<gtk::Button>,
        #[template_child]
        pub(super) next_label: TemplateChild<gtk::Label>,
        /// Whether what usually stands side by side has to be stacked.
        #[property(get)]
        is_narrow: Cell<bool>,
        pub(super) program: RefCell<String>,
        pub(super) percent: RefCell<String>,
        pub(super) starts_job: Cell<bool>,
        /// Names the menu for assistive technology.
        menu_name: RefCell<Option<gtk::Label>>,
        pub(super) pages: RefCell<Vec<Page>>,
        pub(super) handler: RefCell<Option<MoveHandler>>,
        pub(super) may_close: Cell<bool>,
        width: Cell<i32>,
    }

    impl BpWizard {
        /// Shows or folds what depends on the width. Not while sizes are being handed out: that would start over.
        fn adapt(&self) {
            let scale = font_scale(self.obj().upcast_ref());
            let width = f64::from(self.width.get());
            let is_folded = width < FOLD_BELOW_PIXELS * scale;
            self.side.set_visible(!is_folded);
            self.side_line.set_visible(!is_folded);
            // Where the list of steps has no room, a line says which one this is: the title has no room for it either.
            self.step_label.set_visible(is_folded);
            let side = if is_folded {
                0
            } else {
                self.side.measure(gtk::Orientation::Horizontal, -1).1
            };
            let is_narrow = width - f64::from(side) < STACK_BELOW_PIXELS * scale;
            if self.is_narrow.replace(is_narrow) != is_narrow {
                if is_narrow {
                    self.obj().add_css_class("narrow");
                } else {
                    self.obj().remove_css_class("narrow");
                }
                self.obj().notify_is_narrow();
            }
        }

        fn moved(&self, to: Move) {
            // Held by itself while it is called: what it does may close the window, which lets go of it.
            let handler = self.handler.borrow().clone();
            if let Some(handler) = handler {
                handler(to);
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpWizard {
        const NAME: &'static str = "BpWizard";
        type Type = super::BpWizard;
        type ParentType = gtk::ApplicationWindow;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
            class.bind_template();
            class.install_action("win.next", None, |wizard, _, _| wizard.imp().moved(Move::Next));
            class.install_action("win.back", None, |wizard, _, _| wizard.imp().moved(Move::Back));
            class.install_action("win.cancel", None, |wizard, _, _| wizard.imp().moved(Move::Cancel));
            class.install_action("win.help", None, |wizard, _, _| wizard.show_help());
            class.install_action("win.shortcuts", None, |wizard, _, _| {
                menu::show_shortcuts(wizard.upcast_ref());
            });
            class.install_action("win.about", None, |wizard, _, _| {
                menu::show_about(wizard.upcast_ref(), &wizard.program());
            });
            let none = gdk::ModifierType::empty();
            class.add_binding_action(gdk::Key::Escape, none, "win.cancel");
            class.add_binding_action(gdk::Key::F1, none, "win.help");
            class.add_binding_action(gdk::Key::question, gdk::ModifierType::CONTROL_MASK, "win.shortcuts");
            // Back is where a line begins.
            for (key, direction) in [
                (gdk::Key::Left, gtk::TextDirection::Ltr),
                (gdk::Key::Right, gtk::TextDirection::Rtl),
            ] {
                class.add_binding(key, gdk::ModifierType::ALT_MASK, move |wizard| {
                    if wizard.direction() != direction || WidgetExt::activate_action(wizard, "win.back", None).is_err()
                    {
                        return glib::Propagation::Proceed;
                    }
                    glib::Propagation::Stop
                });
            }
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    #[glib::derived_properties]
    impl ObjectImpl for BpWizard {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().connect_focus_widget_notify(Self::Type::choose_default);
            // The button that GTK 4.8 puts into this one has no name of its own; a label that belongs to it gives it one.
            if let Some(inner) = self.menu_button.first_child() {
                let name = gtk::Label::new(self.menu_button.tooltip_text().as_deref());
                name.set_mnemonic_widget(Some(&inner));
                self.menu_name.replace(Some(name));
            }
        }
    }

    impl WidgetImpl for BpWizard {
        fn size_allocate(&self, width: i32, height: i32, baseline: i32) {
            self.parent_size_allocate(width, height, baseline);
            if self.width.replace(width) != width {
                let wizard = self.obj().downgrade();
                glib::idle_add_local_full(glib::Priority::HIGH_IDLE, move || {
                    if let Some(wizard) = wizard.upgrade() {
                        wizard.imp().adapt();
                    }
                    glib::ControlFlow::Break
                });
            }
        }
    }

    impl WindowImpl for BpWizard {
        fn close_request(&self) -> glib::Propagation {
            if self.may_close.get() {
                if let Some(program) = self.obj().application().and_then(|app| app.application_id()) {
                    window_size::keep(self.obj().upcast_ref(), &program);
                }
                self.handler.take();
                return self.parent_close_request();
            }
            self.moved(Move::Cancel);
            glib::Propagation::Stop
        }
    }

    impl ApplicationWindowImpl for BpWizard {}
}

glib::wrapper! {
    /// The window of a wizard.
    pub struct BpWizard(ObjectSubclass<imp::BpWizard>)
        @extends gtk::ApplicationWindow, gtk::Window, gtk::Widget,
        @implements gio::ActionGroup, gio::ActionMap, gtk::Buildable, gtk::ConstraintTarget, gtk::Native, gtk::Root,
            gtk::ShortcutManager;
}

/// Puts the focus on a widget; in a list on a row, since the list itself knows no way to its rows.
pub(super) fn focus_into(widget: &gtk::Widget) -> bool {
    let list = widget.downcast_ref::<gtk::ListBox>();
    let row = list.and_then(|list| list.selected_rows().into_iter().next().or_else(|| list.row_at_index(0)));
    row.map_or_else(|| widget.grab_focus(), |row| row.grab_focus())
}

/// Calls `adapt` with whether the window that `widget` is in is narrow: now, and whenever that changes.
pub(super) fn follow_width<W: IsA<gtk::Widget>>(widget: &W, adapt: impl Fn(&W, bool) + 'static) {
    let Some(shell) = widget.root().and_downcast::<BpWizard>() else {
        return;
    };
    adapt(widget, shell.is_narrow());
    let watched = widget.clone().upcast::<gtk::Widget>();
    let weak = widget.downgrade();
    shell.connect_closure(
        "notify::is-narrow",
        false,
        // The handler goes with the widget: rows come and go while the window stays.
        glib::closure_local!(
            #[watch]
            watched,
            move |shell: BpWizard, _: glib::ParamSpec| {
                if let Some(widget) = weak.upgrade().filter(|widget| widget.root() == watched.root()) {
                    adapt(&widget, shell.is_narrow());
                }
            }
        ),
    );
}

impl BpWizard {
    /// An empty wizard. `program` is the name that its title begins with.
    pub fn new(app: &gtk::Application, program: &str) -> Self {
        let wizard: Self = glib::Object::builder().property("application", app).build();
        wizard.imp().program.replace(program.to_owned());
        if let Some(program) = app.application_id() {
            window_size::recall(wizard.upcast_ref(), &program);
        }
        wizard
    }

    /// The name of the program.
    pub fn program(&self) -> String {
        self.imp().program.borrow().clone()
    }

    /// Says something above every page; nothing if the text is empty.
    pub fn show_notice(&self, text: &str) {
        self.imp().notice_area.set_visible(!text.is_empty());
        self.imp().notice_label.set_label(text);
    }

    /// Sets what F1 says about a page.
    pub fn set_help(&self, index: usize, text: &str) {
        if let Some(page) = self.imp().pages.borrow_mut().get_mut(index) {
            page.help = text.to_owned();
        }
    }

    fn show_help(&self) {
        let seen = self.imp().stack.visible_child();
        let pages = self.imp().pages.borrow();
        let page = pages.iter().find(|page| Some(&page.widget) == seen.as_ref());
        let help = page.map(|page| page.help.clone()).unwrap_or_default();
        drop(pages);
        menu::show_help(self.upcast_ref(), &help);
    }

    /// Adds the next page; of `first`, the first that can takes the focus when the page is entered.
    pub fn add_page(&self, title: &str, page: &impl IsA<gtk::Widget>, first: Vec<gtk::Widget>) {
        let imp = self.imp();
        page.set_visible(false);
        imp.stack.add_child(page);
        imp.pages.borrow_mut().push(Page {
            widget: page.clone().upcast(),
            title: title.to_owned(),
            first,
            help: String::new(),
        });
        let number = imp.pages.borrow().len();
        imp.steps.append(&BpStepRow::new(number, title));
    }

    /// Gives a page another name, in the list of steps and, if it is seen, in the title.
    pub fn rename_page(&self, index: usize, title: &str) {
        let imp = self.imp();
        let mut pages = imp.pages.borrow_mut();
        let Some(page) = pages.get_mut(index).filter(|page| page.title != title) else {
            return;
        };
        page.title = title.to_owned();
        drop(pages);
        let steps = std::iter::successors(imp.steps.first_child(), gtk::Widget::next_sibling);
        if let Some(step) = steps.into_iter().nth(index).and_downcast::<BpStepRow>() {
            step.set_title(title);
        }
        self.show_title();
    }

    /// Puts the percentage of the job that runs before the title; an empty one takes it away.
    pub fn show_percent(&self, percent: &str) {
        if *self.imp().percent.borrow() != percent {
            self.imp().percent.replace(percent.to_owned());
            self.show_title();
        }
    }

    fn show_title(&self) {
        let imp = self.imp();
        let (seen, pages, percent) = (imp.stack.visible_child(), imp.pages.borrow(), imp.percent.borrow());
        let Some(index) = pages.iter().position(|page| Some(&page.widget) == seen.as_ref()) else {
            return;
        };
        let title = words::title(&imp.program.borrow(), &pages[index].title, index + 1, pages.len());
        imp.step_label
            .set_label(&words::step(&pages[index].title, index + 1, pages.len()));
        self.set_title(Some(&if percent.is_empty() {
            title
        } else {
            words::title_with_percent(&percent, &title)
        }));
    }

    /// Hears what the user wants.
    pub fn connect_move(&self, handler: impl Fn(Move) + 'static) {
        self.imp().handler.replace(Some(Rc::new(handler)));
    }

    /// Shows a page and puts the focus on the first thing to fill in.
    pub fn show_page(&self, index: usize) {
        let imp = self.imp();
        let pages = imp.pages.borrow();
        let Some(page) = pages.get(index) else {
            return;
        };
        // Otherwise GTK moves the focus on its own when the old page goes, and ours goes one too far.
        GtkWindowExt::set_focus(self, gtk::Widget::NONE);
        page.widget.set_visible(true);
        imp.stack.set_visible_child(&page.widget);
        // GTK leaves hidden pages of a stack in the accessible tree, where their buttons still work.
        for other in pages.iter().filter(|other| other.widget != page.widget) {
            other.widget.set_visible(false);
        }
        let mut number = 0;
        let mut step = imp.steps.first_child();
        while let Some(row) = step.and_downcast::<BpStepRow>() {
            row.set_state(number < index, number == index);
            step = row.next_sibling();
            number += 1;
        }
        imp.scroller.vadjustment().set_value(0.0);
        drop(pages);
        self.show_title();
        self.focus_first();
    }

    /// Puts the focus on the first thing to fill in on the page that is seen, or else on the way on.
    pub fn focus_first(&self) {
        let imp = self.imp();
        let seen = imp.stack.visible_child();
        let pages = imp.pages.borrow();
        let Some(page) = pages.iter().find(|page| Some(&page.widget) == seen.as_ref()) else {
            return;
        };
        // GTK looks for the first widget by its place on the screen, which a page that was hidden does not have yet.
        if !page.first.iter().any(focus_into) {
            imp.next_button.grab_focus();
        }
    }

    /// Lets Next work, or says what is missing.
    pub fn set_may_continue(&self, state: &Result<(), Reason>) {
        let imp = self.imp();
        self.action_set_enabled("win.next", state.is_ok());
        let said = state.as_ref().err().and_then(words::reason);
        imp.reason_box.set_visible(said.is_some());
        if let Some(said) = said {
            imp.reason_label.set_label(&said);
        }
        let is_waiting = matches!(
            state,
            Err(Reason::StillLooking | Reason::StillOpening | Reason::StillReading)
        );
        imp.reason_spinner.set_visible(is_waiting);
        imp.reason_spinner.set_spinning(is_waiting);
        imp.reason_icon.set_visible(!is_waiting);
    }

    /// Says whether Next starts a job. Then Enter is not Next while a field or a row that opens has the focus: neither,
    /// whatever it makes of Enter, may begin what cannot be taken back.
    pub fn set_next_starts_job(&self, starts: bool) {
        self.imp().starts_job.set(starts);
        self.choose_default();
    }

    /// Decides what Enter does where nothing else takes it.
    fn choose_default(&self) {
        let imp = self.imp();
        let takes_enter = |focus: gtk::Widget| focus.is::<gtk::Text>() || focus.is::<gtk::Expander>();
        let is_in_field = GtkWindowExt::focus(self).is_some_and(takes_enter);
        let next = imp.next_button.get();
        let is_next = !(imp.starts_job.get() && is_in_field);
        self.set_default_widget(is_next.then_some(&next));
    }

    /// Shows or hides Back.
    pub fn set_may_go_back(&self, may: bool) {
        self.action_set_enabled("win.back", may);
        self.imp().back_button.set_visible(may);
    }

    /// Lets Cancel work; a wizard that is finished has nothing to cancel.
    pub fn set_may_cancel(&self, may: bool) {
        self.action_set_enabled("win.cancel", may);
        self.imp().cancel_button.set_visible(may);
    }

    /// Names the way on, with its mnemonic.
    pub fn set_next_label(&self, label: &str) {
        self.imp().next_label.set_label(label);
    }

    /// Ticks the last step: everything that there was to do is done.
    pub fn show_all_done(&self) {
        let last = self.imp().steps.last_child().and_downcast::<BpStepRow>();
        if let Some(row) = last {
            row.set_state(true, true);
        }
    }

    /// Puts the focus on the way on.
    pub fn focus_next(&self) {
        self.imp().next_button.grab_focus();
    }

    /// Closes without asking.
    pub fn close_now(&self) {
        self.imp().may_close.set(true);
        self.close();
    }
}
