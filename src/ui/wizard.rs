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

use super::{BpStepRow, clamp::font_scale};

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
            class.bind_template();
            class.install_action("win.next", None, |wizard, _, _| wizard.imp().moved(Move::Next));
            class.install_action("win.back", None, |wizard, _, _| wizard.imp().moved(Move::Back));
            class.install_action("win.cancel", None, |wizard, _, _| wizard.imp().moved(Move::Cancel));
            class.add_binding_action(gdk::Key::Escape, gdk::ModifierType::empty(), "win.cancel");
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    #[glib::derived_properties]
    impl ObjectImpl for BpWizard {}

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
        wizard
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
        });
        let number = imp.pages.borrow().len();
        imp.steps.append(&BpStepRow::new(number, title));
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
        self.set_title(Some(&words::title(
            &imp.program.borrow(),
            &page.title,
            index + 1,
            pages.len(),
        )));
        imp.scroller.vadjustment().set_value(0.0);
        drop(pages);
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

    /// Says whether Next starts a job. Then Enter does that only on the button itself: no field of the page, whatever it
    /// makes of Enter, may begin what cannot be taken back.
    pub fn set_next_starts_job(&self, starts: bool) {
        let next = self.imp().next_button.get();
        self.set_default_widget((!starts).then_some(&next));
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
