// SPDX-License-Identifier: GPL-3.0-or-later
//! Page 4 of a backup: everything once more, with what speaks against it.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};

use gtk::{CompositeTemplate, prelude::*, subclass::prelude::*};

use crate::{
    plan::{BackupCure, FindingGroup},
    text::{self, wizard as words},
    ui::{BpClampLayout, BpFindingRow, BpSwatch, Glyph, widgets::remove_children, wizard::follow_width},
};

/// A line of the table, all words ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryLine {
    /// Its tile.
    pub glyph: Glyph,
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

/// Who hears that something is to be done about a finding.
type CureHandler = Rc<dyn Fn(&BackupCure)>;

/// Findings as they are shown, and the VMs that can be left out at once.
type Shown = (Vec<FindingGroup>, Vec<String>);

mod imp {
    use super::*;

    /// The class behind [`super::BpSummaryPage`].
    #[derive(Default, CompositeTemplate)]
    #[template(resource = "/org/pedos/Backup/ui/pages/summary.ui")]
    pub struct BpSummaryPage {
        #[template_child]
        pub(super) looking_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) problem_box: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) problem_rows: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) problem_heading: TemplateChild<gtk::Label>,
        #[template_child]
        pub(super) table_scroller: TemplateChild<gtk::ScrolledWindow>,
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
        pub(super) names: OnceCell<gtk::ColumnViewColumn>,
        pub(super) remarks: OnceCell<gtk::ColumnViewColumn>,
        /// What the table shows. Rows are made anew only where something else is to be shown: one that has the focus would
        /// take it along, and with it the key that is pressed next.
        pub(super) lines: RefCell<Vec<SummaryLine>>,
        /// What the findings show.
        pub(super) shown: RefCell<Option<Shown>>,
        pub(super) handler: RefCell<Option<CureHandler>>,
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
            let names = self.names.get_or_init(|| super::name_column(&words::column_name()));
            self.table.append_column(names);
            let columns: [Column; 3] = [
                (words::column_class(), false, |line| &line.class),
                (words::column_size(), true, |line| &line.size),
                (words::column_remarks(), false, |line| &line.remark),
            ];
            for (index, column) in columns.into_iter().enumerate() {
                let column = super::column(column, index == 2);
                self.table.append_column(&column);
                if index == 2 {
                    self.remarks.get_or_init(|| column);
                }
            }
        }
    }

    impl WidgetImpl for BpSummaryPage {
        fn root(&self) {
            self.parent_root();
            // What the remarks say stands above the table too.
            follow_width(&*self.obj(), |page, is_narrow| {
                let imp = page.imp();
                if let (Some(names), Some(remarks)) = (imp.names.get(), imp.remarks.get()) {
                    names.set_expand(is_narrow);
                    remarks.set_visible(!is_narrow);
                }
                // The names wrap, so that the other columns keep their width.
                imp.table_scroller.set_hscrollbar_policy(if is_narrow {
                    gtk::PolicyType::Never
                } else {
                    gtk::PolicyType::Automatic
                });
            });
        }
    }
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
    pub fn show_plan(&self, lines: &[SummaryLine], facts: &SummaryFacts) {
        let imp = self.imp();
        self.show_lines(lines);
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

    /// Replaces the rows from the first that differs to the last.
    fn show_lines(&self, lines: &[SummaryLine]) {
        let imp = self.imp();
        let Some(store) = imp.store.get() else { return };
        let shown = imp.lines.replace(lines.to_vec());
        let alike = shown.iter().zip(lines).take_while(|(old, new)| old == new).count();
        let rest = (shown.len() - alike).min(lines.len() - alike);
        let back = shown.iter().rev().zip(lines.iter().rev());
        let alike_at_end = back.take(rest).take_while(|(old, new)| old == new).count();
        let (old, new) = (shown.len() - alike_at_end, lines.len() - alike_at_end);
        if (old, new) == (alike, alike) {
            return;
        }
        let objects: Vec<glib::BoxedAnyObject> = lines
            .get(alike..new)
            .unwrap_or_default()
            .iter()
            .cloned()
            .map(glib::BoxedAnyObject::new)
            .collect();
        let (position, removed) = (u32::try_from(alike), u32::try_from(old - alike));
        if let (Ok(position), Ok(removed)) = (position, removed) {
            store.splice(position, removed, &objects);
        }
    }

    /// Shows everything that was found, each with what can be done about it, `None` while it is being looked for; and one
    /// button that leaves out all of `unready`, unless there are none.
    pub fn show_findings(&self, groups: Option<Vec<FindingGroup>>, unready: Vec<String>) {
        let imp = self.imp();
        imp.looking_box.set_visible(groups.is_none());
        let shown = (groups.unwrap_or_default(), unready);
        if imp.shown.borrow().as_ref() == Some(&shown) {
            return;
        }
        remove_children(&*imp.problem_rows);
        imp.problem_heading.set_label(&text::findings_heading(&shown.0));
        if !shown.1.is_empty() {
            let label = text::leave_out_unready(shown.1.len());
            let cure = BackupCure::LeaveOut { vms: shown.1.clone() };
            let text = text::FindingText {
                sentence: words::several_unready(),
                hint: None,
            };
            let row = BpFindingRow::new("", &text, true);
            self.add_cure(&row, &label, &cure);
            imp.problem_rows.append(&row);
        }
        for group in &shown.0 {
            let row = BpFindingRow::new(
                &text::finding_title(group),
                &text::finding_group(group),
                group.is_blocking,
            );
            for cure in &group.cures {
                self.add_cure(&row, &text::backup_cure(cure), cure);
            }
            imp.problem_rows.append(&row);
            follow_width(&row, BpFindingRow::set_narrow);
        }
        imp.problem_box.set_visible(imp.problem_rows.first_child().is_some());
        imp.shown.replace(Some(shown));
    }

    fn add_cure(&self, row: &BpFindingRow, label: &str, cure: &BackupCure) {
        let (page, cure) = (self.downgrade(), cure.clone());
        row.add_cure(label, move || {
            let handler = page.upgrade().and_then(|page| page.imp().handler.borrow().clone());
            if let Some(handler) = handler {
                handler(&cure);
            }
        });
    }

    /// Returns the rows of the table as objects; a row that is made anew is another object.
    pub fn rows(&self) -> Vec<glib::Object> {
        let store = self.imp().store.get();
        store.map(|store| store.iter().flatten().collect()).unwrap_or_default()
    }

    /// Hears that something is to be done about a finding.
    pub fn connect_cure(&self, handler: impl Fn(&BackupCure) + 'static) {
        self.imp().handler.replace(Some(Rc::new(handler)));
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
            .wrap(!is_number)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .width_chars(match (is_last, is_number) {
                (true, _) => REMARK_CHARACTERS,
                (false, true) => -1,
                (false, false) => NAME_CHARACTERS,
            })
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
    finish_column(&title, &factory, is_last)
}

/// How many characters of a name or a class stand in one line at least.
const NAME_CHARACTERS: i32 = 10;

/// How many characters of a remark stand in one line at least.
const REMARK_CHARACTERS: i32 = 24;

/// The column of the names, each with the tile of its VM.
fn name_column(title: &str) -> gtk::ColumnViewColumn {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_setup(|_, item| {
        let cell = gtk::Box::new(gtk::Orientation::Horizontal, 9);
        let swatch = BpSwatch::of_pixels(20);
        swatch.set_valign(gtk::Align::Start);
        cell.append(&swatch);
        let name = gtk::Label::builder()
            .xalign(0.0)
            .yalign(0.0)
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .width_chars(NAME_CHARACTERS)
            .build();
        cell.append(&name);
        if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
            item.set_child(Some(&cell));
        }
    });
    factory.connect_bind(|_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else {
            return;
        };
        let line = item.item().and_downcast::<glib::BoxedAnyObject>();
        let (Some(line), Some(cell)) = (line, item.child()) else {
            return;
        };
        let line = line.borrow::<SummaryLine>();
        if let Some(swatch) = cell.first_child().and_downcast::<BpSwatch>() {
            swatch.show_glyph(line.glyph);
        }
        if let Some(label) = cell.last_child().and_downcast::<gtk::Label>() {
            label.set_label(&line.name);
        }
    });
    finish_column(title, &factory, false)
}

fn finish_column(title: &str, factory: &gtk::SignalListItemFactory, is_last: bool) -> gtk::ColumnViewColumn {
    let column = gtk::ColumnViewColumn::new(Some(title), Some(factory.clone()));
    column.set_resizable(!is_last);
    column.set_expand(is_last);
    column
}
