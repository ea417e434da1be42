// SPDX-License-Identifier: GPL-3.0-or-later
//! Holds the files of the project to having no import circle. The sources are parsed, and a name that a file takes through
//! another one's re-export counts as taken from where it is defined.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{
    Item, ItemMod, ItemUse, Meta, Token, UseTree, Visibility,
    punctuated::Punctuated,
    visit::{self, Visit},
};

/// A module by its path from the root of its crate; empty for the root.
type Module = Vec<String>;

/// Two rooms of the engine that do not know each other.
const WINGS: [&str; 2] = ["read", "write"];

#[test]
fn no_files_import_each_other_in_a_circle() {
    for root in ["src", "benches/compare", "benches/limits"] {
        let house = House::read(root);
        let circles = house.circles();
        assert!(circles.is_empty(), "{root}: {circles:#?}");
    }
}

#[test]
fn the_wings_of_the_engine_do_not_know_each_other() {
    let house = House::read("src");
    let wing = |module: &Module| match module.as_slice() {
        [engine, wing, ..] if engine == "engine" => WINGS.iter().position(|name| name == wing),
        _ => None,
    };
    let mut seen = BTreeSet::new();
    for (from, targets) in &house.imports {
        for to in targets {
            if let (Some(one), Some(other)) = (wing(from), wing(to)) {
                seen.insert(one);
                assert_eq!(one, other, "{} uses {}", from.join("::"), to.join("::"));
            }
        }
    }
    assert_eq!(seen.len(), WINGS.len(), "both wings are there");
}

#[test]
fn imports_are_followed_through_front_pages() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    };
    write("lib.rs", "mod a; mod b;");
    write("a.rs", "mod c; mod d; pub use c::Thing; use crate::b::work;");
    write(
        "a/c.rs",
        "pub struct Thing; #[cfg(test)] mod tests { use crate::b; } #[cfg(all(test, unix))] mod more { use crate::b; }",
    );
    write(
        "a/d.rs",
        "pub struct Own; pub(in crate::b) struct Seen; mod inner { use super::Own; use super::super::c::Thing; }",
    );
    write("b.rs", "use crate::a::{Thing}; pub fn work() { super::a::none(); }");
    let house = House::read(folder.path().to_str().expect("it is text"));
    let names = |module: &str| -> Vec<String> {
        let module: Module = module.split("::").map(str::to_owned).collect();
        house.imports[&module].iter().map(|target| target.join("::")).collect()
    };
    assert_eq!(names("a"), ["b"]);
    assert_eq!(names("b"), ["a", "a::c"]);
    assert!(names("a::c").is_empty());
    assert_eq!(names("a::d"), ["a::c"]);
    assert_eq!(house.circles(), [["a".to_owned(), "b".to_owned()]]);
}

/// The modules of a crate and what each takes from which.
struct House {
    /// What each name that a module brings in stands for.
    names: BTreeMap<Module, BTreeMap<String, Vec<String>>>,
    imports: BTreeMap<Module, BTreeSet<Module>>,
}

impl House {
    fn read(root: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        let mut files = BTreeMap::new();
        collect(&root, &root, &mut files);
        let pages: BTreeMap<Module, Page> = files
            .into_iter()
            .map(|(module, path)| (module, Page::of(&path)))
            .collect();
        let mut house = Self {
            names: pages
                .iter()
                .map(|(module, page)| (module.clone(), page.names.clone()))
                .collect(),
            imports: BTreeMap::new(),
        };
        for (module, page) in &pages {
            let found = page.paths.iter().filter_map(|path| house.absolute(module, path));
            let found = found.map(|path| house.definer(&path, 0));
            // The root is the list of rooms and defines nothing.
            let others = found.filter(|target| target != module && !target.is_empty());
            let others: BTreeSet<Module> = others.collect();
            house.imports.insert(module.clone(), others);
        }
        house
    }

    fn has(&self, module: &[String]) -> bool {
        self.names.contains_key(module)
    }

    /// The path from the root of the crate; `None` where it leads out of it.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Vec<String>> {
        let first = path.first()?;
        let mut base = module.clone();
        let rest = match first.as_str() {
            "crate" => {
                base.clear();
                &path[1..]
            }
            "self" => &path[1..],
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                base.truncate(base.len().saturating_sub(ups));
                &path[ups..]
            }
            name => {
                let child: Vec<String> = base.iter().chain([first]).cloned().collect();
                if let Some(known) = self.names[module].get(name).filter(|known| known.as_slice() != path) {
                    let known = self.absolute(module, &known.clone())?;
                    return Some(known.into_iter().chain(path[1..].iter().cloned()).collect());
                }
                if !self.has(&child) {
                    return None;
                }
                path
            }
        };
        Some(base.into_iter().chain(rest.iter().cloned()).collect())
    }

    /// The module that defines what a path leads to.
    fn definer(&self, path: &[String], depth: u32) -> Module {
        let length = (0..=path.len())
            .rev()
            .find(|length| self.has(&path[..*length]))
            .unwrap_or(0);
        let (module, rest) = (path[..length].to_vec(), &path[length..]);
        let known = rest.first().and_then(|name| self.names.get(&module)?.get(name));
        match known.and_then(|known| self.absolute(&module, known)) {
            Some(target) if depth < 8 => {
                let target: Vec<String> = target.into_iter().chain(rest[1..].iter().cloned()).collect();
                self.definer(&target, depth + 1)
            }
            _ => module,
        }
    }

    /// The groups of modules of which each reaches each other one.
    fn circles(&self) -> Vec<Vec<String>> {
        let reached: BTreeMap<&Module, BTreeSet<&Module>> = self
            .imports
            .keys()
            .map(|module| (module, self.reached(module)))
            .collect();
        let mut circles = BTreeSet::new();
        for module in self.imports.keys() {
            let circle: Vec<String> = self
                .imports
                .keys()
                .filter(|other| reached[module].contains(other) && reached[other].contains(module))
                .map(|other| other.join("::"))
                .collect();
            if circle.len() > 1 {
                circles.insert(circle);
            }
        }
        circles.into_iter().collect()
    }

    fn reached(&self, module: &Module) -> BTreeSet<&Module> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&Module> = self.imports[module].iter().collect();
        while let Some(next) = waiting.pop() {
            if reached.insert(next) {
                waiting.extend(self.imports.get(next).into_iter().flatten());
            }
        }
        reached
    }
}

/// The sources below a folder by their modules.
fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<Module, PathBuf>) {
    for entry in fs::read_dir(folder).expect("the sources can be read") {
        let path = entry.expect("the sources can be read").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let below = path.strip_prefix(root).expect("it lies below").with_extension("");
            let mut module: Module = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            let last = module.last().cloned().unwrap_or_default();
            // Programs are crates of their own, and tests may use whatever they test.
            if module[0] == "bin" || last.ends_with("tests") {
                continue;
            }
            if ["mod", "lib", "main"].contains(&last.as_str()) {
                module.pop();
            }
            files.insert(module, path);
        }
    }
}

/// What one source says.
#[derive(Default)]
struct Page {
    /// Every path that leads out of it.
    paths: Vec<Vec<String>>,
    names: BTreeMap<String, Vec<String>>,
    /// How many modules within the file surround what is being visited.
    depth: usize,
}

impl Page {
    fn of(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("the sources can be read");
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut page = Self::default();
        page.visit_file(&file);
        page
    }

    /// A path as the file's own module would write it: within a module of the file, the first `super` is the file.
    fn seen_from_file(&self, mut path: Vec<String>) -> Vec<String> {
        let ups = path.iter().take_while(|part| *part == "super").count();
        path.drain(..ups.min(self.depth));
        if ups > 0 && ups <= self.depth {
            path.insert(0, "self".to_owned());
        }
        path
    }

    fn take(&mut self, tree: &UseTree, path: &mut Vec<String>, is_handed_on: bool) {
        let add = |page: &mut Self, name: String, path: Vec<String>| {
            let path = page.seen_from_file(path);
            // A front page that only hands on what its own children define uses nothing of them.
            if !is_handed_on || ["crate", "super"].contains(&path[0].as_str()) {
                page.paths.push(path.clone());
            }
            page.names.insert(name, path);
        };
        match tree {
            UseTree::Path(step) => {
                path.push(step.ident.to_string());
                self.take(&step.tree, path, is_handed_on);
                path.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|item| self.take(item, path, is_handed_on)),
            UseTree::Glob(_) => self.paths.push(self.seen_from_file(path.clone())),
            UseTree::Name(name) if name.ident == "self" => {
                let last = path.last().cloned().unwrap_or_default();
                add(self, last, path.clone());
            }
            UseTree::Name(name) => {
                let whole = path.iter().cloned().chain([name.ident.to_string()]).collect();
                add(self, name.ident.to_string(), whole);
            }
            UseTree::Rename(rename) => {
                let whole = path.iter().cloned().chain([rename.ident.to_string()]).collect();
                add(self, rename.rename.to_string(), whole);
            }
        }
    }
}

/// Whether a condition of `cfg` holds only in tests: `test`, or `all` with it.
fn is_for_tests(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|conditions| conditions.iter().any(is_for_tests)),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Page {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        let is_left_out = attributes.iter().any(|attribute| {
            attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<syn::Meta>()
                    .is_ok_and(|condition| is_for_tests(&condition))
        });
        if !is_left_out {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.depth += 1;
        visit::visit_item_mod(self, module);
        self.depth -= 1;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_handed_on = !matches!(item.vis, Visibility::Inherited);
        self.take(&item.tree, &mut Vec::new(), is_handed_on);
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {
        // `pub(in path)` says who may look in, and takes nothing from there.
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let parts = path.segments.iter().map(|segment| segment.ident.to_string());
            let path = self.seen_from_file(parts.collect());
            self.paths.push(path);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        // What stands in a macro is not parsed; paths to other rooms are seldom written there.
        self.visit_path(&call.path);
    }
}
