// SPDX-License-Identifier: GPL-3.0-or-later
//! A VM on the summary of a restore: what becomes of it, what stands against that, and the ways to change it.

use std::cell::{Cell, OnceCell, RefCell};

use gtk::{CompositeTemplate, glib, prelude::*, subclass::prelude::*};

use crate::{
    host::Reference,
    plan::{RestoreProblem, RestoreRow},
    text::{netvm, restore_problem, wizard as words},
};

use super::{BpFindingRow, BpSwatch, Glyph, flow::remove_children, wizard::follow_width};

/// What can be chosen in place of what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidates {
    /// Templates here and among what is restored.
    pub templates: Vec<String>,
    /// Net VMs here and among what is restored.
    pub netvms: Vec<String>,
}

/// What the user changed about a VM, by its name in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Its name here.
    Name(String),
    /// Its template here.
    Template(String),
    /// Its net VM here.
    NetVm(Reference),
}

/// Who hears the edits.
type EditHandler = Box<dyn Fn(&str, Edit)>;

/// The three ways to change a VM, made when they are asked for.
#[derive(Debug)]
struct Editor {
    name: gtk::Entry,
    template: Option<(gtk::DropDown, Vec<String>)>,
    netvm: Option<(gtk::DropDown, Vec<Reference>)>,
}

mod imp {
    use super::*;

    /// The class behind [`super::BpRestoreRow`].
    #[derive(Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/restore_row.ui")]
    pub struct BpRestoreRow {
        #[template_child]
        pub(super) swatch: TemplateChild<BpSwatch>,
        #[template_child]
        pub(super) name_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) what_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) edit_button: TemplateChild<gtk::ToggleButton>,
        #[template_child]
        pub(super) facts_grid: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) here_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) template_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) netvm_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) edit_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) problem_box: TemplateChild<gtk::Box>,
        pub(super) model: RefCell<Option<RestoreRow>>,
        pub(super) candidates: RefCell<Candidates>,
        pub(super) editor: OnceCell<Editor>,
        pub(super) is_showing: Cell<bool>,
        pub(super) handler: RefCell<Option<EditHandler>>,
    }

    #[gtk::template_callbacks]
    impl BpRestoreRow {
        #[template_callback]
        fn on_edit(&self) {
            let is_open = self.edit_button.is_active();
            if is_open {
                self.obj().build_editor();
            }
            self.edit_box.set_visible(is_open);
            self.facts_grid.set_visible(!is_open && !self.obj().is_home());
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpRestoreRow {
        const NAME: &'static str = "BpRestoreRow";
        type Type = super::BpRestoreRow;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpSwatch::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpRestoreRow {}
    impl WidgetImpl for BpRestoreRow {
        fn root(&self) {
            self.parent_root();
            follow_width(&*self.obj(), |row, is_narrow| {
                let orientation = if is_narrow {
                    gtk::Orientation::Vertical
                } else {
                    gtk::Orientation::Horizontal
                };
                row.imp().edit_box.set_orientation(orientation);
                row.imp().facts_grid.set_orientation(orientation);
            });
        }
    }
    impl BoxImpl for BpRestoreRow {}
}

glib::wrapper! {
    /// A VM on the summary of a restore.
    pub struct BpRestoreRow(ObjectSubclass<imp::BpRestoreRow>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpRestoreRow {
    /// A row that tells `handler` what its user changes.
    pub fn new(glyph: Glyph, handler: impl Fn(&str, Edit) + 'static) -> Self {
        let row: Self = glib::Object::new();
        row.imp().swatch.show_glyph(glyph);
        row.imp().handler.replace(Some(Box::new(handler)));
        row
    }

    /// Shows what becomes of the VM. A field that is being typed in is left alone.
    pub fn show_row(&self, model: &RestoreRow, candidates: &Candidates, verifies_only: bool) {
        let imp = self.imp();
        imp.is_showing.set(true);
        imp.name_label.set_label(&words::shown_name(&model.domain.name));
        imp.what_label.set_label(&words::restore_action(model, verifies_only));
        imp.here_label.set_label(&words::shown_name(&model.name_here));
        imp.template_label.set_label(&words::template(model));
        imp.netvm_label.set_label(&netvm(&model.netvm));
        let may_edit = !model.is_home() && !verifies_only;
        imp.edit_button.set_visible(may_edit);
        imp.facts_grid.set_visible(may_edit && !imp.edit_button.is_active());
        remove_children(&*imp.problem_box);
        for problem in &model.problems {
            let row = BpFindingRow::new("", &restore_problem(problem), true);
            row.remove_css_class("card-row");
            imp.problem_box.append(&row);
        }
        imp.problem_box.set_visible(!model.problems.is_empty());
        imp.candidates.replace(candidates.clone());
        imp.model.replace(Some(model.clone()));
        // What has to be solved is open from the start; what was opened stays open.
        if may_edit && !model.problems.is_empty() {
            imp.edit_button.set_active(true);
        }
        self.show_in_editor(model);
        imp.is_showing.set(false);
    }

    /// Puts the focus where a problem of this VM can be solved. Gives whether there is one.
    pub fn focus_problem(&self) -> bool {
        let model = self.imp().model.borrow();
        let (Some(model), Some(editor)) = (&*model, self.imp().editor.get()) else {
            return false;
        };
        let template = editor.template.as_ref().map(|(drop, _)| drop);
        match model.problems.first() {
            None => false,
            Some(RestoreProblem::TemplateMissing { .. }) => template.is_some_and(WidgetExt::grab_focus),
            Some(RestoreProblem::NetVmMissing { .. }) => {
                editor.netvm.as_ref().is_some_and(|(drop, _)| drop.grab_focus())
            }
            Some(_) => editor.name.grab_focus(),
        }
    }

    fn is_home(&self) -> bool {
        self.imp().model.borrow().as_ref().is_some_and(RestoreRow::is_home)
    }

    fn show_in_editor(&self, model: &RestoreRow) {
        let Some(editor) = self.imp().editor.get() else {
            return;
        };
        if editor.name.text() != model.name_here && !has_focus_within(&editor.name) {
            editor.name.set_text(&model.name_here);
        }
        if let Some((drop, names)) = &editor.template {
            drop.set_selected(index_of(names, |name| Some(name) == model.template.as_ref()));
        }
        if let Some((drop, netvms)) = &editor.netvm {
            drop.set_selected(index_of(netvms, |netvm| *netvm == model.netvm));
        }
    }

    fn build_editor(&self) {
        let imp = self.imp();
        let (model, candidates) = (imp.model.borrow().clone(), imp.candidates.borrow().clone());
        let (Some(model), None) = (model, imp.editor.get()) else {
            return;
        };
        let name = gtk::Entry::builder()
            .activates_default(true)
            .width_chars(10)
            .text(&model.name_here)
            .build();
        self.append_field(&words::field_name_here(), &name);
        name.connect_changed(self.telling(|row, entry: &gtk::Entry| row.tell(Edit::Name(entry.text().to_string()))));
        let template = model.domain.class.has_template().then(|| {
            let missing = model
                .template
                .clone()
                .filter(|name| !candidates.templates.contains(name));
            let shown = missing
                .iter()
                .map(|name| words::missing(name))
                .chain(candidates.templates.clone());
            let drop = self.append_drop_down(&words::field_template(), &shown.collect::<Vec<_>>());
            (drop, missing.into_iter().chain(candidates.templates).collect())
        });
        let mut netvms = vec![Reference::Default, Reference::None];
        netvms.extend(candidates.netvms.into_iter().map(Reference::Named));
        let mut shown: Vec<String> = netvms.iter().map(netvm).collect();
        if let (Reference::Named(name), false) = (&model.netvm, netvms.contains(&model.netvm)) {
            shown.insert(0, words::missing(name));
            netvms.insert(0, model.netvm.clone());
        }
        let drop = self.append_drop_down(&words::field_netvm(), &shown);
        let netvm = Some((drop, netvms));
        let editor = Editor { name, template, netvm };
        if imp.editor.set(editor).is_err() {
            return;
        }
        self.show_in_editor(&model);
        self.hear_drop_downs();
    }

    fn hear_drop_downs(&self) {
        let Some(editor) = self.imp().editor.get() else {
            return;
        };
        if let Some((drop, names)) = &editor.template {
            let names = names.clone();
            drop.connect_selected_notify(self.telling(move |row, drop: &gtk::DropDown| {
                if let Some(name) = names.get(drop.selected() as usize) {
                    row.tell(Edit::Template(name.clone()));
                }
            }));
        }
        if let Some((drop, netvms)) = &editor.netvm {
            let netvms = netvms.clone();
            drop.connect_selected_notify(self.telling(move |row, drop: &gtk::DropDown| {
                if let Some(netvm) = netvms.get(drop.selected() as usize) {
                    row.tell(Edit::NetVm(netvm.clone()));
                }
            }));
        }
    }

    /// A handler that does not keep this row alive.
    fn telling<W>(&self, act: impl Fn(&Self, &W) + 'static) -> impl Fn(&W) + 'static {
        let row = self.downgrade();
        move |widget| {
            if let Some(row) = row.upgrade() {
                act(&row, widget);
            }
        }
    }

    fn tell(&self, edit: Edit) {
        let imp = self.imp();
        if imp.is_showing.get() {
            return;
        }
        let machine = imp.model.borrow().as_ref().map(|model| model.domain.name.clone());
        if let (Some(machine), Some(handler)) = (machine, &*imp.handler.borrow()) {
            handler(&machine, edit);
        }
    }

    fn append_drop_down(&self, label: &str, shown: &[String]) -> gtk::DropDown {
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        let drop = gtk::DropDown::from_strings(&shown);
        drop.set_factory(Some(&ellipsizing()));
        drop.set_selected(gtk::INVALID_LIST_POSITION);
        self.append_field(label, &drop);
        drop
    }

    fn append_field(&self, label: &str, field: &impl IsA<gtk::Widget>) {
        let label = gtk::Label::builder()
            .label(label)
            .use_underline(true)
            .mnemonic_widget(field)
            .xalign(0.0)
            .wrap(true)
            .build();
        label.add_css_class("field-label");
        let both = gtk::Box::new(gtk::Orientation::Vertical, 6);
        both.append(&label);
        both.append(field);
        self.imp().edit_box.append(&both);
    }
}

/// GTK's own entries of a drop-down are as wide as their text, which three beside each other have no room for.
fn ellipsizing() -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_setup(|_, item| {
        let label = gtk::Label::builder()
            .xalign(0.0)
            .ellipsize(gtk::pango::EllipsizeMode::End)
            .build();
        if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
            item.property_expression("item")
                .chain_property::<gtk::StringObject>("string")
                .bind(&label, "label", gtk::Widget::NONE);
            item.set_child(Some(&label));
        }
    });
    factory
}

fn has_focus_within(widget: &gtk::Entry) -> bool {
    widget.state_flags().contains(gtk::StateFlags::FOCUS_WITHIN)
}

fn index_of<T>(values: &[T], is_it: impl Fn(&T) -> bool) -> u32 {
    let found = values
        .iter()
        .position(is_it)
        .and_then(|index| u32::try_from(index).ok());
    found.unwrap_or(gtk::INVALID_LIST_POSITION)
}
