// SPDX-License-Identifier: GPL-3.0-or-later
//! The accessibility tree of a private desktop, read and used as a screen reader would, over GIO's own D-Bus.
//!
//! Nodes come and go while windows work: an error on the way means "gone, look again", and every use of a control waits
//! for it to be there and sensitive.

use std::time::{Duration, Instant};

use glib::{Variant, variant::ToVariant};

use super::wait::{STEP, wait_for};

/// How long one call may take, in milliseconds.
const CALL_MS: i32 = 10_000;

/// What a control is, by the numbers of AT-SPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Role(pub(crate) u32);

impl Role {
    pub(crate) const CHECK_BOX: Self = Self(7);
    pub(crate) const COMBO_BOX: Self = Self(11);
    pub(crate) const FRAME: Self = Self(23);
    pub(crate) const LABEL: Self = Self(29);
    pub(crate) const LIST: Self = Self(31);
    pub(crate) const LIST_ITEM: Self = Self(32);
    pub(crate) const PASSWORD: Self = Self(40);
    pub(crate) const PROGRESS: Self = Self(42);
    pub(crate) const BUTTON: Self = Self(43);
    pub(crate) const TEXT: Self = Self(61);
}

/// A state bit of a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State(u32);

impl State {
    pub(crate) const ACTIVE: Self = Self(1);
    pub(crate) const CHECKED: Self = Self(4);
    pub(crate) const EXPANDED: Self = Self(10);
    pub(crate) const FOCUSED: Self = Self(12);
    pub(crate) const SELECTED: Self = Self(23);
    pub(crate) const SENSITIVE: Self = Self(24);
    /// What a field holds will not do: the first is what GTK says, the second what other toolkits say.
    pub(crate) const INVALID: Self = Self(0);
    pub(crate) const INVALID_ENTRY: Self = Self(36);
}

/// The connection to the tree.
#[derive(Clone)]
pub(crate) struct Desk(gio::DBusConnection);

/// One object of the tree.
#[derive(Clone)]
pub(crate) struct Node {
    desk: Desk,
    bus: String,
    path: String,
}

impl Desk {
    /// Connects by way of the desktop's message bus.
    pub(crate) fn connect(session_bus: &str) -> Self {
        let session = connection(session_bus);
        let answer = session
            .call_sync(
                Some("org.a11y.Bus"),
                "/org/a11y/bus",
                "org.a11y.Bus",
                "GetAddress",
                None,
                None,
                gio::DBusCallFlags::NONE,
                CALL_MS,
                gio::Cancellable::NONE,
            )
            .unwrap();
        Self(connection(&answer.get::<(String,)>().unwrap().0))
    }

    /// All windows of all programs.
    pub(crate) fn windows(&self) -> Vec<Node> {
        let root = Node {
            desk: self.clone(),
            bus: "org.a11y.atspi.Registry".to_owned(),
            path: "/org/a11y/atspi/accessible/root".to_owned(),
        };
        root.children().iter().flat_map(Node::children).collect()
    }

    /// The titles of all windows.
    pub(crate) fn titles(&self) -> Vec<String> {
        self.windows().iter().filter_map(Node::name).collect()
    }

    /// Waits for a window with this in its title.
    #[track_caller]
    pub(crate) fn window(&self, title: &str) -> Node {
        let mut seen = Vec::new();
        let found = try_for(STEP, || {
            seen = self.titles();
            self.windows()
                .into_iter()
                .find(|window| window.name().is_some_and(|name| name.contains(title)))
        });
        found.unwrap_or_else(|| panic!("no window {title:?}, but {seen:?}\n{}", self.dump()))
    }

    /// Everything on the desktop as text, for the message of a test that failed.
    pub(crate) fn dump(&self) -> String {
        self.windows().iter().map(Node::dump).collect()
    }

    fn call(
        &self,
        bus: &str,
        path: &str,
        interface: &str,
        method: &str,
        arguments: Option<&Variant>,
    ) -> Option<Variant> {
        self.0
            .call_sync(
                Some(bus),
                path,
                interface,
                method,
                arguments,
                None,
                gio::DBusCallFlags::NONE,
                CALL_MS,
                gio::Cancellable::NONE,
            )
            .ok()
    }
}

impl Node {
    /// What hangs below it.
    pub(crate) fn children(&self) -> Vec<Self> {
        let answer = self.call("org.a11y.atspi.Accessible", "GetChildren", None);
        let children = answer.and_then(|answer| answer.get::<(Vec<(String, glib::variant::ObjectPath)>,)>());
        let node = |(bus, path): (String, glib::variant::ObjectPath)| Self {
            desk: self.desk.clone(),
            bus,
            path: path.as_str().to_owned(),
        };
        children
            .map(|(list,)| list.into_iter().map(node).collect())
            .unwrap_or_default()
    }

    /// Its name, with the marks of mnemonics gone.
    pub(crate) fn name(&self) -> Option<String> {
        let name: String = self.property("org.a11y.atspi.Accessible", "Name")?.get()?;
        let name = name.replace('_', "");
        // A button that takes its name from its label has it twice.
        let half = name.len() / 2;
        let is_double = name.len() % 2 == 1
            && name.as_bytes().get(half) == Some(&b' ')
            && name.as_bytes()[..half] == name.as_bytes()[half + 1..];
        Some(if is_double { name[..half].to_owned() } else { name })
    }

    /// What more is said of it.
    pub(crate) fn description(&self) -> Option<String> {
        self.property("org.a11y.atspi.Accessible", "Description")?.get()
    }

    /// What it is.
    pub(crate) fn role(&self) -> Option<Role> {
        self.call("org.a11y.atspi.Accessible", "GetRole", None)?
            .get::<(u32,)>()
            .map(|(role,)| Role(role))
    }

    /// Whether it is in that state.
    pub(crate) fn is(&self, state: State) -> bool {
        let words = self
            .call("org.a11y.atspi.Accessible", "GetState", None)
            .and_then(|answer| answer.get::<(Vec<u32>,)>());
        words.is_some_and(|(words,)| {
            words
                .get(state.0 as usize / 32)
                .is_some_and(|word| word & (1 << (state.0 % 32)) != 0)
        })
    }

    /// The first control of that role with that name, depth first.
    pub(crate) fn find(&self, role: Role, name: &str) -> Option<Self> {
        self.find_by(&|node| node.role() == Some(role) && node.name().is_some_and(|own| own == name))
    }

    /// The first control that the condition holds for, depth first.
    pub(crate) fn find_by(&self, condition: &dyn Fn(&Self) -> bool) -> Option<Self> {
        if condition(self) {
            return Some(self.clone());
        }
        self.children().iter().find_map(|child| child.find_by(condition))
    }

    /// All controls of a role.
    pub(crate) fn all(&self, role: Role) -> Vec<Self> {
        let mut found = Vec::new();
        self.visit(&mut |node| {
            if node.role() == Some(role) {
                found.push(node.clone());
            }
        });
        found
    }

    /// Waits for a control of that role with that name.
    #[track_caller]
    pub(crate) fn wait(&self, role: Role, name: &str) -> Self {
        try_for(STEP, || self.find(role, name)).unwrap_or_else(|| panic!("no {role:?} {name:?} in\n{}", self.dump()))
    }

    /// Waits for a control to be there and sensitive.
    #[track_caller]
    pub(crate) fn wait_sensitive(&self, role: Role, name: &str) -> Self {
        let found = try_for(STEP, || self.find(role, name).filter(|node| node.is(State::SENSITIVE)));
        found.unwrap_or_else(|| panic!("no sensitive {role:?} {name:?} in\n{}", self.dump()))
    }

    /// Presses a button.
    #[track_caller]
    pub(crate) fn click(&self, name: &str) {
        self.wait_sensitive(Role::BUTTON, name).act("click");
    }

    /// Sets a check box, by the action that it offers for that.
    #[track_caller]
    pub(crate) fn check(&self, name: &str, is_checked: bool) {
        let node = self.wait_sensitive(Role::CHECK_BOX, name);
        if node.is(State::CHECKED) != is_checked {
            node.act("check.toggle");
            wait_for(name, STEP, || (node.is(State::CHECKED) == is_checked).then_some(()));
        }
    }

    /// Writes a text into a field.
    #[track_caller]
    pub(crate) fn enter(&self, role: Role, name: &str, text: &str) {
        self.wait_sensitive(role, name).set_text(text);
    }

    /// Writes a text into this field.
    #[track_caller]
    pub(crate) fn set_text(&self, text: &str) {
        let done = self.call(
            "org.a11y.atspi.EditableText",
            "SetTextContents",
            Some(&(text,).to_variant()),
        );
        assert!(
            done.is_some_and(|answer| answer.get::<(bool,)>() == Some((true,))),
            "could not write into {:?}",
            self.name()
        );
    }

    /// Where it is in its window, in pixels: left, top, width, height.
    pub(crate) fn extents(&self) -> Option<(i32, i32, i32, i32)> {
        const IN_WINDOW: u32 = 1;
        let answer = self.call(
            "org.a11y.atspi.Component",
            "GetExtents",
            Some(&(IN_WINDOW,).to_variant()),
        )?;
        answer.get::<((i32, i32, i32, i32),)>().map(|(extents,)| extents)
    }

    /// The text in a field or of a label.
    pub(crate) fn text(&self) -> Option<String> {
        let count: i32 = self.property("org.a11y.atspi.Text", "CharacterCount")?.get()?;
        self.call("org.a11y.atspi.Text", "GetText", Some(&(0, count).to_variant()))?
            .get::<(String,)>()
            .map(|(text,)| text)
    }

    /// The value of a bar.
    pub(crate) fn value(&self) -> Option<f64> {
        self.property("org.a11y.atspi.Value", "CurrentValue")?.get()
    }

    /// The names of its actions.
    pub(crate) fn actions(&self) -> Vec<String> {
        let count: i32 = self
            .property("org.a11y.atspi.Action", "NActions")
            .and_then(|count| count.get())
            .unwrap_or(0);
        let name = |number: i32| {
            self.call("org.a11y.atspi.Action", "GetName", Some(&(number,).to_variant()))?
                .get::<(String,)>()
        };
        (0..count).filter_map(name).map(|(name,)| name).collect()
    }

    /// Does one of its actions.
    #[track_caller]
    pub(crate) fn act(&self, action: &str) {
        assert!(self.try_action(action), "{action}");
    }

    /// Does an action that ends the program, which may be gone before it has answered: its end is for the caller to see.
    #[track_caller]
    pub(crate) fn act_last(&self, action: &str) {
        self.try_action(action);
    }

    /// Asks for one of its actions; returns whether it was answered.
    #[track_caller]
    fn try_action(&self, action: &str) -> bool {
        let actions = self.actions();
        let number = actions.iter().position(|name| name == action);
        let number = number.unwrap_or_else(|| panic!("{:?} has no action {action:?} but {actions:?}", self.name()));
        let number = (number as i32,).to_variant();
        self.call("org.a11y.atspi.Action", "DoAction", Some(&number)).is_some()
    }

    /// Selects one of its children, in addition to those that are selected.
    pub(crate) fn select_child(&self, number: i32) -> bool {
        let answer = self.call("org.a11y.atspi.Selection", "SelectChild", Some(&(number,).to_variant()));
        answer.is_some_and(|answer| answer.get::<(bool,)>() == Some((true,)))
    }

    /// How long one question to its program takes now: what a user would feel as a window that hangs.
    pub(crate) fn latency(&self) -> Duration {
        let start = Instant::now();
        self.role();
        start.elapsed()
    }

    /// All texts in it, one a line.
    pub(crate) fn texts(&self) -> String {
        let mut texts = String::new();
        self.visit(&mut |node| {
            if let Some(name) = node.name().filter(|name| !name.is_empty()) {
                texts.push_str(&name);
                texts.push('\n');
            }
        });
        texts
    }

    /// The tree below it as text.
    pub(crate) fn dump(&self) -> String {
        fn line(node: &Node, depth: usize, text: &mut String) {
            let state = if node.is(State::SENSITIVE) {
                ""
            } else {
                " (insensitive)"
            };
            let role = node.role().map_or(0, |role| role.0);
            let name = node.name().unwrap_or_default();
            let actions: Vec<_> = node
                .actions()
                .into_iter()
                .filter(|action| !action.contains("clipboard."))
                .collect();
            if role != 29 || !name.is_empty() {
                text.push_str(&format!("{:depth$}{role} {name:?}{state} {actions:?}\n", ""));
            }
            for child in node.children() {
                line(&child, depth + 1, text);
            }
        }
        let mut text = String::new();
        line(self, 0, &mut text);
        text
    }

    fn visit(&self, look: &mut dyn FnMut(&Self)) {
        look(self);
        for child in self.children() {
            child.visit(look);
        }
    }

    fn call(&self, interface: &str, method: &str, arguments: Option<&Variant>) -> Option<Variant> {
        self.desk.call(&self.bus, &self.path, interface, method, arguments)
    }

    fn property(&self, interface: &str, name: &str) -> Option<Variant> {
        let answer = self.call(
            "org.freedesktop.DBus.Properties",
            "Get",
            Some(&(interface, name).to_variant()),
        )?;
        answer.child_value(0).as_variant()
    }
}

/// A connection to a message bus.
pub(crate) fn connection(address: &str) -> gio::DBusConnection {
    use gio::DBusConnectionFlags as Flags;
    let flags = Flags::AUTHENTICATION_CLIENT | Flags::MESSAGE_BUS_CONNECTION;
    gio::DBusConnection::for_address_sync(address, flags, None::<&gio::DBusAuthObserver>, gio::Cancellable::NONE)
        .unwrap()
}

/// Looks again and again until there is something or the time is over.
pub(crate) fn try_for<T>(deadline: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if start.elapsed() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
