// SPDX-License-Identifier: GPL-3.0-or-later
//! What shows notifications on a private desktop: keeps what it is told, and can be clicked on.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use glib::{Variant, variant::ToVariant};

use super::{
    atspi::connection,
    session::Session,
    wait::{JOB, wait_for},
};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
const INTERFACE: &str = "<node><interface name='org.freedesktop.Notifications'>
  <method name='Notify'>
    <arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>
    <arg type='s' direction='in'/><arg type='as' direction='in'/><arg type='a{sv}' direction='in'/>
    <arg type='i' direction='in'/><arg type='u' direction='out'/>
  </method>
  <method name='CloseNotification'><arg type='u' direction='in'/></method>
  <signal name='ActionInvoked'><arg type='u'/><arg type='s'/></signal>
  <signal name='NotificationClosed'><arg type='u'/><arg type='u'/></signal>
</interface></node>";

/// A notification.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) number: u32,
    pub(crate) title: String,
    /// 0 is low, 1 normal, 2 critical: it stays until somebody has seen it.
    pub(crate) urgency: u8,
    pub(crate) actions: Vec<String>,
}

/// What was told so far.
#[derive(Debug, Default)]
struct Told {
    shown: Vec<Notice>,
    taken_back: Vec<u32>,
}

/// What shows notifications, as long as it lives.
pub(crate) struct Notices {
    told: Arc<Mutex<Told>>,
    connection: gio::DBusConnection,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Notices {
    /// Waits on a desktop for what is told.
    pub(crate) fn start(session: &Session) -> Self {
        let connection = connection(session.bus());
        let (told, is_over) = (Arc::<Mutex<Told>>::default(), Arc::<AtomicBool>::default());
        let (own, keeps, ends) = (connection.clone(), Arc::clone(&told), Arc::clone(&is_over));
        let thread = thread::spawn(move || serve(&own, &keeps, &ends));
        let notices = Self {
            told,
            connection,
            is_over,
            thread: Some(thread),
        };
        let has_name = || {
            let answer = notices.call_bus("NameHasOwner", &(NAME,).to_variant());
            answer.get::<(bool,)>().is_some_and(|(has,)| has).then_some(())
        };
        wait_for("the notifications", JOB, has_name);
        notices
    }

    /// Asks the message bus itself.
    pub(crate) fn call_bus(&self, method: &str, arguments: &Variant) -> Variant {
        call(
            &self.connection,
            ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"),
            method,
            arguments,
        )
    }

    /// Waits for the next one, `before` having been there.
    #[track_caller]
    pub(crate) fn wait_shown(&self, before: usize) -> Notice {
        wait_for("a notification", JOB, || {
            self.told.lock().unwrap().shown.get(before).cloned()
        })
    }

    /// Whether one was taken back.
    pub(crate) fn is_taken_back(&self, notice: &Notice) -> bool {
        self.told.lock().unwrap().taken_back.contains(&notice.number)
    }

    /// Clicks on one.
    pub(crate) fn click(&self, notice: &Notice) {
        let said = (notice.number, "default").to_variant();
        self.connection
            .emit_signal(None, PATH, NAME, "ActionInvoked", Some(&said))
            .unwrap();
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Calls a method of a program: its name, its object and the interface.
pub(crate) fn call(
    connection: &gio::DBusConnection,
    (name, path, interface): (&str, &str, &str),
    method: &str,
    arguments: &Variant,
) -> Variant {
    let flags = gio::DBusCallFlags::NONE;
    let (arguments, none) = (Some(arguments), gio::Cancellable::NONE);
    let answer = connection.call_sync(
        Some(name),
        path,
        interface,
        method,
        arguments,
        None,
        flags,
        30_000,
        none,
    );
    answer.unwrap_or_else(|error| panic!("{method}: {error}"))
}

fn serve(connection: &gio::DBusConnection, told: &Arc<Mutex<Told>>, is_over: &AtomicBool) {
    let context = glib::MainContext::new();
    let serve = || {
        let node = gio::DBusNodeInfo::for_xml(INTERFACE).unwrap();
        let told = Arc::clone(told);
        let heard = move |_: gio::DBusConnection,
                          _: Option<&str>,
                          _: &str,
                          _: Option<&str>,
                          method: &str,
                          said: Variant,
                          call: gio::DBusMethodInvocation| {
            call.return_value(hear(&mut told.lock().unwrap(), method, &said).as_ref());
        };
        let interface = node.lookup_interface(NAME).unwrap();
        let object = connection.register_object(PATH, &interface);
        object.method_call(heard).build().unwrap();
        let bus = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus");
        call(connection, bus, "RequestName", &(NAME, 0_u32).to_variant());
        while !is_over.load(Ordering::SeqCst) {
            if !context.iteration(false) {
                thread::sleep(Duration::from_millis(10));
            }
        }
    };
    context.with_thread_default(serve).unwrap();
}

/// Takes a call, and gives what is answered.
fn hear(told: &mut Told, method: &str, said: &Variant) -> Option<Variant> {
    if method != "Notify" {
        told.taken_back.push(said.child_value(0).get().unwrap());
        return None;
    }
    let hints: HashMap<String, Variant> = said.child_value(6).get().unwrap();
    let number = told.shown.len() as u32 + 1;
    told.shown.push(Notice {
        number,
        title: said.child_value(3).get().unwrap(),
        urgency: hints["urgency"].get().unwrap(),
        actions: said.child_value(5).get().unwrap(),
    });
    Some((number,).to_variant())
}
