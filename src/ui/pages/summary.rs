// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 4 of a backup: everything once more, with what speaks against it.

use std::cell::OnceCell;

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    plan::Finding,
    text::{finding, wizard as words},
    ui::{BpClampLayout, BpFindingRow, widgets::remove_children},
};

/// A line of the table, all words ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryLine {
    /// The VM.
    pub name: String,
    /// Its class.
    pub class: String,
    /// Its size.
    pub size: String,
    /// What is worth knowing.
    pub remark: String,
}

/// What stands below the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryFacts {
    /// How many VMs and how much data.
    pub total: String,
    /// Where the archive goes.
    pub destination: String,
    /// How it is compressed.
    pub method: String,
    /// How well the passphrase protects it.
    pub protection: String,
    /// Whether that is too little.
    pub is_weak: bool,
    /// What happens after it was written.
    pub after: String,
    /// Which VMs are not in it.
    pub left_out: String,
}

mod imp {
    use super::*;

    /// The class behind [`super::BpSummaryPage`].
    #[derive(Debug, Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/pages/summary.ui")]
    pub struct BpSummaryPage {
        #[template_child]
        pub(super) looking_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) problem_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) problem_rows: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) table: TemplateChild<gtk::ColumnView>,
        #[template_child]
        pub(super) total_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) destination_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) method_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) protection_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) after_label: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) left_out_label: TemplateChild<gtk::Label>,
        pub(super) store: OnceCell<gio::ListStore>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for BpSummaryPage {
        const NAME: &'static str = "BpSummaryPage";
        type Type = super::BpSummaryPage;
        type ParentType = gtk::Box;

        fn class_init(class: &mut Self::Class) {
            BpClampLayout::ensure_type();
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for BpSummaryPage {
        fn constructed(&self) {
            self.parent_constructed();
            // Enter in the table means what it means elsewhere on the page.
            self.table.connect_activate(|table, _| {
                table.activate_default();
            });
            let store = self.store.get_or_init(gio::ListStore::new::<glib::BoxedAnyObject>);
            self.table.set_model(Some(&gtk::NoSelection::new(Some(store.clone()))));
            let columns: [Column; 4] = [
                (words::column_name(), false, |line| &line.name),
                (words::column_class(), false, |line| &line.class),
                (words::column_size(), true, |line| &line.size),
                (words::column_remarks(), false, |line| &line.remark),
            ];
            for (index, column) in columns.into_iter().enumerate() {
                self.table.append_column(&super::column(column, index == 3));
            }
        }
    }

    impl WidgetImpl for BpSummaryPage {}
    impl BoxImpl for BpSummaryPage {}
}

glib::wrapper! {
    /// Everything once more before the backup.
    pub struct BpSummaryPage(ObjectSubclass<imp::BpSummaryPage>)
        @extends gtk::Box, gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Orientable;
}

impl Default for BpSummaryPage {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl BpSummaryPage {
    /// What takes the focus when the page is entered.
    pub fn first_fields(&self) -> Vec<gtk::Widget> {
        vec![self.imp().table.get().upcast()]
    }

    /// Shows the table and what stands below it.
    pub fn show_plan(&self, lines: Vec<SummaryLine>, facts: &SummaryFacts) {
        let imp = self.imp();
        if let Some(store) = imp.store.get() {
            let objects: Vec<glib::BoxedAnyObject> = lines.into_iter().map(glib::BoxedAnyObject::new).collect();
            store.splice(0, store.n_items(), &objects);
        }
        imp.total_label.set_label(&facts.total);
        imp.destination_label.set_label(&facts.destination);
        imp.method_label.set_label(&facts.method);
        imp.protection_label.set_label(&facts.protection);
        if facts.is_weak {
            imp.protection_label.add_css_class("error");
        } else {
            imp.protection_label.remove_css_class("error");
        }
        imp.after_label.set_label(&facts.after);
        imp.left_out_label.set_label(&facts.left_out);
    }

    /// Shows what has to be solved; `None` while that is being found out.
    pub fn show_findings(&self, findings: Option<&[Finding]>) {
        let imp = self.imp();
        imp.looking_box.set_visible(findings.is_none());
        remove_children(&*imp.problem_rows);
        let blocking = findings.unwrap_or_default().iter().filter(|found| found.is_blocking());
        for found in blocking {
            let title = found.vm.as_deref().unwrap_or_default();
            imp.problem_rows
                .append(&BpFindingRow::new(title, &finding(found), true));
        }
        imp.problem_box.set_visible(imp.problem_rows.first_child().is_some());
    }
}

/// A column: its title, whether it holds numbers, and what stands in it.
type Column = (String, bool, fn(&SummaryLine) -> &str);

fn column((title, is_number, text): Column, is_last: bool) -> gtk::ColumnViewColumn {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_setup(move |_, item| {
        let label = gtk::Label::builder()
            .xalign(if is_number { 1.0 } else { 0.0 })
            .yalign(0.0)
            .wrap(is_last)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .width_chars(if is_last { 24 } else { -1 })
            .build();
        if is_number {
            label.add_css_class("numeric");
        }
        if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
            item.set_child(Some(&label));
        }
    });
    factory.connect_bind(move |_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else {
            return;
        };
        let line = item.item().and_downcast::<glib::BoxedAnyObject>();
        if let (Some(line), Some(label)) = (line, item.child().and_downcast::<gtk::Label>()) {
            label.set_label(text(&line.borrow::<SummaryLine>()));
        }
    });
    let column = gtk::ColumnViewColumn::new(Some(&title), Some(factory));
    column.set_resizable(!is_last);
    column.set_expand(is_last);
    column
}
