// SPDX-License-Identifier: GPL-3.0-or-later
//! The sockets: who is listened to, and how a connection ends.

mod connection;

use std::{
    collections::HashMap,
    fs, io,
    net::Shutdown,
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, poll};

use crate::{
    daemon::{Daemon, Socket},
    fault::Faults,
    journal::Journal,
    layout,
};

/// Locks, also after a test has panicked with the lock in its hand.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the threads share.
#[derive(Debug)]
pub(crate) struct Server {
    root: PathBuf,
    pub(crate) daemon: Mutex<Daemon>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) journal: Mutex<Journal>,
    /// Whose call is served: the daemon is one thread.
    turn: Mutex<()>,
    /// How often the daemon died. A call that began before a death does not go on after it.
    deaths: AtomicU64,
    is_over: AtomicBool,
    running: Mutex<Option<Running>>,
    connections: Mutex<HashMap<u64, UnixStream>>,
    next_connection: AtomicU64,
}

/// A daemon that lives.
#[derive(Debug)]
struct Running {
    /// Closed to wake the threads that listen.
    wake: UnixStream,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn new(root: &Path, daemon: Daemon) -> Arc<Self> {
        Arc::new(Self {
            root: root.to_owned(),
            daemon: Mutex::new(daemon),
            faults: Mutex::default(),
            journal: Mutex::default(),
            turn: Mutex::default(),
            deaths: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            running: Mutex::default(),
            connections: Mutex::default(),
            next_connection: AtomicU64::new(0),
        })
    }

    /// Begins to listen; nothing happens where it does so already.
    pub(crate) fn start(self: &Arc<Self>) -> io::Result<()> {
        let mut running = lock(&self.running);
        if running.is_some() || self.is_over.load(Ordering::SeqCst) {
            return Ok(());
        }
        let life = self.deaths();
        let (wake, sleeper) = UnixStream::pair()?;
        let mut threads = Vec::new();
        for (path, socket) in [
            (layout::ADMIN_SOCKET, Socket::Admin),
            (layout::INTERNAL_SOCKET, Socket::Internal),
        ] {
            let path = layout::below(&self.root, path);
            crate::storage::remove(&path)?;
            let listener = UnixListener::bind(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o660))?;
            let (server, sleeper) = (Arc::clone(self), sleeper.try_clone()?);
            threads.push(thread::spawn(move || server.listen(&listener, &sleeper, socket, life)));
        }
        *running = Some(Running { wake, threads });
        Ok(())
    }

    /// Dies as if killed: the socket files stay, running requests end without an answer.
    pub(crate) fn stop(&self) {
        // Held to the end: what a new life accepts is not taken from it.
        let mut held = lock(&self.running);
        let Some(running) = held.take() else {
            return;
        };
        self.deaths.fetch_add(1, Ordering::SeqCst);
        drop(running.wake);
        for thread in running.threads {
            let _ = thread.join();
        }
        for (_, stream) in lock(&self.connections).drain() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        lock(&self.daemon).hub.close();
    }

    /// Dies, and never starts again.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.stop();
    }

    /// Starts in a while.
    pub(crate) fn start_after(self: &Arc<Self>, time: Duration) {
        let server = Arc::clone(self);
        thread::spawn(move || {
            thread::sleep(time);
            let _ = server.start();
        });
    }

    fn listen(self: &Arc<Self>, listener: &UnixListener, sleeper: &UnixStream, socket: Socket, life: u64) {
        loop {
            let mut polled = [
                PollFd::new(listener, PollFlags::IN),
                PollFd::new(sleeper, PollFlags::IN),
            ];
            if poll(&mut polled, None).is_err() {
                continue;
            }
            if !polled[1].revents().is_empty() {
                return;
            }
            let Ok((stream, _)) = listener.accept() else {
                continue;
            };
            let id = self.next_connection.fetch_add(1, Ordering::SeqCst);
            if let Ok(copy) = stream.try_clone() {
                lock(&self.connections).insert(id, copy);
            }
            let server = Arc::clone(self);
            thread::spawn(move || {
                server.serve(&stream, socket, life);
                lock(&server.connections).remove(&id);
            });
        }
    }

    fn deaths(&self) -> u64 {
        self.deaths.load(Ordering::SeqCst)
    }
}
