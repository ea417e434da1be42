// SPDX-License-Identifier: GPL-3.0-or-later
//! The fields in which a VM on the summary of a restore is changed.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    host::Reference,
    plan::{Candidates, Cure, DeviceFate, DevicePort, PoolOffer, RestoreProblem, RestoreRow},
    text::{kernel, netvm, wizard as words},
};

use super::{BpCheck, BpChoiceField, Edit, RowContext, chooser::Chooser, widgets::remove_children};

/// Who hears the edits.
type EditHandler = Box<dyn Fn(Edit)>;

/// The drop-downs.
#[derive(Debug)]
pub(super) struct Choosers {
    template: Rc<Chooser<Option<String>>>,
    netvm: Rc<Chooser<Reference>>,
    dispvm: Rc<Chooser<Reference>>,
    kernel: Rc<Chooser<Reference>>,
    pool: Rc<Chooser<Option<String>>>,
}

mod imp {
    use super::*;

    /// The class behind [`super::BpRestoreEditor`].
    #[derive(Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/restore_editor.ui")]
    pub struct BpRestoreEditor {
        #[template_child]
        pub(super) main_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) name_entry: TemplateChild<gtk::Entry>,
        #[template_child]
        pub(super) template: TemplateChild<BpChoiceField>,
        #[template_child]
        pub(super) netvm: TemplateChild<BpChoiceField>,
        #[template_child]
        pub(super) more_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) dispvm: TemplateChild<BpChoiceField>,
        #[template_child]
        pub(super) kernel: TemplateChild<BpChoiceField>,
        #[template_child]
        pub(super) pool: TemplateChild<BpChoiceField>,
        #[template_child]
        pub(super) devices_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) devices: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) leave_button: TemplateChild<gtk::Button>,
        pub(super) choosers: OnceCell<Choosers>,
        pub(super) shown_devices: RefCell<Vec<(DevicePort, BpCheck)>>,
        /// Set while values are copied in: what changes then is not the user's doing.
        pub(super) is_showing: Cell<bool>,
        /// Set while a change of the name is told. A screen reader types without the focus, and in two steps: all of
        /// the old name goes first, and what then took its place would stand behind the new one.
        pub(super) is_typing: Cell<bool>,
        pub(super) handler: RefCell<Option<EditHandler>>,
    }

    #[gtk::template_callbacks]
    impl BpRestoreEditor {
        #[template_callback]
        fn on_name(&self) {
            self.is_typing.set(true);
            self.obj().tell(Edit::Name(self.name_entry.text().into()));
            self.is_typing.set(false);
        }

        /// What is typed was told with each key, so that Enter only ends it.
        #[template_callback]
        fn on_name_entered(&self) {
            self.obj().tell(Edit::Entered);
        }

        #[template_callback]
        fn on_leave_out(&self) {
            self.obj().tell(Edit::Cure(Cure::LeaveOut));
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpRestoreEditor {
        const NAME: &'static str = "BpRestoreEditor";
        type Type = super::BpRestoreEditor;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpChoiceField::ensure_type();
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpRestoreEditor {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().make_choosers();
        }
    }

    impl WidgetImpl for BpRestoreEditor {}
    impl BoxImpl for BpRestoreEditor {}
}

glib::wrapper! {
    /// The fields of one VM.
    pub struct BpRestoreEditor(ObjectSubclass<imp::BpRestoreEditor>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl BpRestoreEditor {
    /// Fields that tell `handler` what is changed in them.
    pub fn new(handler: impl Fn(Edit) + 'static) -> Self {
        let editor: Self = glib::Object::new();
        editor.imp().handler.replace(Some(Box::new(handler)));
        editor
    }

    /// Shows how the VM is now, and what there is to choose from. A field that is being typed in is left alone.
    pub fn show_row(&self, model: &RestoreRow, context: &RowContext<'_>) {
        let imp = self.imp();
        let candidates = (context.candidates)(model);
        imp.is_showing.set(true);
        let has_focus = imp.name_entry.state_flags().contains(gtk::StateFlags::FOCUS_WITHIN);
        let is_typing = imp.is_typing.get() || has_focus;
        if imp.name_entry.text() != model.name_here && !is_typing {
            imp.name_entry.set_text(&model.name_here);
        }
        if let Some(choosers) = imp.choosers.get() {
            choosers.show(model, &candidates, context);
        }
        imp.template.set_visible(model.domain.class.has_template());
        imp.kernel.set_visible(!candidates.kernels.is_empty());
        imp.pool
            .set_visible(candidates.pools.len() > 1 || model.problems.iter().any(is_of_pool));
        self.show_devices(model);
        // A VM with problems has that button beside them.
        imp.leave_button.set_visible(model.problems.is_empty());
        self.mark_problems(model);
        imp.is_showing.set(false);
    }

    /// Puts the fields beside or below each other.
    pub fn set_narrow(&self, is_narrow: bool) {
        let orientation = if is_narrow {
            gtk::Orientation::Vertical
        } else {
            gtk::Orientation::Horizontal
        };
        self.imp().main_box.set_orientation(orientation);
        self.imp().more_box.set_orientation(orientation);
    }

    /// Puts the focus into the field that is a cure. Returns whether there is such a field.
    pub fn focus_for(&self, cure: &Cure) -> bool {
        let field = self.fields().into_iter().find(|(cured_by, _)| cured_by == cure);
        field.is_some_and(|(_, field)| field.grab_focus())
    }

    fn make_choosers(&self) {
        let imp = self.imp();
        let choosers = Choosers {
            template: Chooser::new(&imp.template.drop_down(), self.telling(Edit::Template)),
            netvm: Chooser::new(&imp.netvm.drop_down(), self.telling(Edit::NetVm)),
            dispvm: Chooser::new(&imp.dispvm.drop_down(), self.telling(Edit::DispVm)),
            kernel: Chooser::new(&imp.kernel.drop_down(), self.telling(Edit::Kernel)),
            pool: Chooser::new(&imp.pool.drop_down(), self.telling(Edit::Pool)),
        };
        imp.choosers.get_or_init(|| choosers);
    }

    /// A handler that does not keep these fields alive.
    fn telling<T>(&self, edit: impl Fn(T) -> Edit + 'static) -> impl Fn(T) + 'static {
        let editor = self.downgrade();
        move |value| {
            if let Some(editor) = editor.upgrade() {
                editor.tell(edit(value));
            }
        }
    }

    fn tell(&self, edit: Edit) {
        if self.imp().is_showing.get() {
            return;
        }
        if let Some(handler) = &*self.imp().handler.borrow() {
            handler(edit);
        }
    }

    fn show_devices(&self, model: &RestoreRow) {
        let imp = self.imp();
        imp.devices_box.set_visible(!model.devices.is_empty());
        let mut shown = imp.shown_devices.borrow_mut();
        let ports = model.devices.iter().map(|device| &device.port);
        if !ports.eq(shown.iter().map(|(port, _)| port)) {
            remove_children(&*imp.devices);
            *shown = model
                .devices
                .iter()
                .map(|device| self.new_device(&device.port))
                .collect();
        }
        for (device, (_, check)) in model.devices.iter().zip(&*shown) {
            check.set_active(device.fate == DeviceFate::Kept);
            check.set_sensitive(device.fate != DeviceFate::NoBackend);
            if let Some(label) = check.child().and_downcast::<gtk::Label>() {
                label.set_label(&words::device(device));
            }
        }
    }

    fn new_device(&self, port: &DevicePort) -> (DevicePort, BpCheck) {
        let check: BpCheck = glib::Object::new();
        let label = gtk::Label::builder()
            .xalign(0.0)
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .mnemonic_widget(&check)
            .build();
        check.set_child(Some(&label));
        let told = port.clone();
        let tell = self.telling(move |is_kept| Edit::Device(told.clone(), is_kept));
        check.connect_active_notify(move |check| tell(check.is_active()));
        self.imp().devices.append(&check);
        (port.clone(), check)
    }

    /// Marks the fields in which something has to be chosen.
    fn mark_problems(&self, model: &RestoreRow) {
        let cures: Vec<Cure> = model.problems.iter().flat_map(RestoreProblem::cures).collect();
        for (cure, field) in &self.fields() {
            if cures.contains(cure) {
                field.add_css_class("error");
            } else {
                field.remove_css_class("error");
            }
        }
    }

    /// The fields, each with the cure that it is.
    fn fields(&self) -> [(Cure, gtk::Widget); 6] {
        let imp = self.imp();
        let drop = |field: &BpChoiceField| field.drop_down().upcast::<gtk::Widget>();
        [
            (Cure::ChooseName, imp.name_entry.get().upcast()),
            (Cure::ChooseTemplate, drop(&imp.template)),
            (Cure::ChooseNetVm, drop(&imp.netvm)),
            (Cure::ChooseDispVm, drop(&imp.dispvm)),
            (Cure::ChooseKernel, drop(&imp.kernel)),
            (Cure::ChoosePool, drop(&imp.pool)),
        ]
    }
}

fn is_of_pool(problem: &RestoreProblem) -> bool {
    problem.cures().contains(&Cure::ChoosePool)
}

impl Choosers {
    fn show(&self, model: &RestoreRow, candidates: &Candidates, context: &RowContext<'_>) {
        let templates = candidates
            .templates
            .iter()
            .map(|name| (name.clone(), Some(name.clone())));
        let mut templates: Vec<_> = templates.collect();
        if let Some(name) = model
            .template
            .as_ref()
            .filter(|name| !candidates.templates.contains(name))
        {
            templates.insert(0, (words::missing(name), Some(name.clone())));
        }
        let of_named = |name: &Option<String>| name.as_deref().and_then(context.color);
        let of_reference = |vm: &Reference| vm.name().and_then(context.color);
        self.template.show_colored(templates, &model.template, of_named);
        let netvms = references(&candidates.netvms, &model.netvm, netvm);
        self.netvm.show_colored(netvms, &model.netvm, of_reference);
        let dispvms = references(&candidates.dispvms, &model.dispvm, netvm);
        self.dispvm.show_colored(dispvms, &model.dispvm, of_reference);
        self.kernel
            .show(references(&candidates.kernels, &model.kernel, kernel), &model.kernel);
        self.pool.show(
            pools(&candidates.pools, model.pool.as_deref(), context.pool_of_all),
            &model.pool,
        );
    }
}

/// What can be chosen where the host's default and nothing are choices too.
fn references(names: &[String], chosen: &Reference, show: impl Fn(&Reference) -> String) -> Vec<(String, Reference)> {
    let fixed = [Reference::Default, Reference::None].into_iter();
    let all: Vec<Reference> = fixed.chain(names.iter().cloned().map(Reference::Named)).collect();
    let missing = chosen.name().filter(|_| !all.contains(chosen));
    let missing = missing.map(|name| (words::missing(name), chosen.clone()));
    let shown = all.into_iter().map(|reference| (show(&reference), reference));
    missing.into_iter().chain(shown).collect()
}

/// The pools to choose from; no choice is the host's default, unless another one was chosen for all VMs.
pub(super) fn pools(
    offers: &[PoolOffer],
    chosen: Option<&str>,
    pool_of_all: Option<&str>,
) -> Vec<(String, Option<String>)> {
    let default = offers.iter().find(|pool| pool.is_default);
    let unchosen = pool_of_all.is_none().then(|| {
        let shown = default.map_or_else(words::default_pool, words::pool_offer);
        (shown, None)
    });
    let is_extra = |name: &str| pool_of_all.is_none() && default.is_some_and(|pool| pool.name == name);
    let missing = chosen.filter(|name| is_extra(name) || !offers.iter().any(|pool| pool.name == **name));
    let missing = missing.map(|name| {
        let known = offers.iter().find(|pool| pool.name == name);
        let shown = known.map_or_else(|| words::missing(name), words::pool_offer);
        (shown, Some(name.to_owned()))
    });
    let others = offers.iter().filter(|pool| !is_extra(&pool.name));
    let others = others.map(|pool| (words::pool_offer(pool), Some(pool.name.clone())));
    unchosen.into_iter().chain(missing).chain(others).collect()
}
