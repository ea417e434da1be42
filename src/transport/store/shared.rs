// SPDX-License-Identifier: GPL-3.0-or-later
//! One connection and one open file for all readers of an archive in a store: starting the program, which may have to log
//! in somewhere, is the slowest step, and every further question costs the time of the way there and back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    cancel::{CancelToken, Registration},
    host::Services,
    sftp::OpenFile,
};

use super::{super::location::Reach, Connection, StoreError};

/// What is shared. The connection is opened on demand, and anew when it was lost; it outlives the job that opened it. The
/// file is opened once for each job, so that all readers of a job see the same file, and the next job sees what has taken
/// its place.
#[derive(Default)]
pub(in crate::transport) struct Shared {
    open: Mutex<Open>,
    /// What reaches the VM that the program runs in, as it was given last.
    services: Mutex<Option<Arc<dyn Services>>>,
}

#[derive(Default)]
struct Open {
    connection: Option<Arc<Connection>>,
    /// The file, with the token of the job that opened it.
    file: Option<(CancelToken, Arc<OpenFile>)>,
}

/// An open archive in the hands of one job, whose token ends the connection.
pub(in crate::transport) struct Held {
    pub(in crate::transport) connection: Arc<Connection>,
    pub(in crate::transport) file: Arc<OpenFile>,
    _ends: Registration,
}

impl Shared {
    /// Takes what reaches the VM from now on.
    pub(in crate::transport) fn reached_by(&self, services: Arc<dyn Services>) {
        *self.services.lock().unwrap_or_else(PoisonError::into_inner) = Some(services);
    }

    /// Returns what reaches the VM.
    pub(in crate::transport) fn services(&self) -> Option<Arc<dyn Services>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens the archive at a path. A connection that was there before may be lost without anybody having noticed, and any
    /// may be lost now: it is made anew then, once.
    ///
    /// # Errors
    /// When the program does not answer, or does not open the file.
    pub(in crate::transport) fn open(
        &self,
        reach: &Reach,
        path: &str,
        services: Option<&dyn Services>,
        cancel: &CancelToken,
    ) -> Result<Held, StoreError> {
        let mut open = self.lock();
        let connection = open.connection(reach, services, cancel)?;
        match open.file(connection, path, cancel) {
            Err(StoreError::Fault { fault, .. }) if fault.ends_session() => {
                let connection = open.connection(reach, services, cancel)?;
                open.file(connection, path, cancel)
            }
            opened => opened,
        }
    }

    /// Forgets a connection that failed, whoever still holds it.
    pub(in crate::transport) fn forget(&self, held: &Held) {
        let mut open = self.lock();
        if open
            .connection
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, &held.connection))
        {
            *open = Open::default();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Returns the connection, which is made if there is none.
    fn connection(
        &mut self,
        reach: &Reach,
        services: Option<&dyn Services>,
        cancel: &CancelToken,
    ) -> Result<Arc<Connection>, StoreError> {
        if let Some(connection) = &self.connection
            && connection.session.is_alive()
        {
            return Ok(Arc::clone(connection));
        }
        let opened = Arc::new(Connection::open(reach, services, cancel)?.let_go());
        (self.connection, self.file) = (Some(Arc::clone(&opened)), None);
        Ok(opened)
    }

    /// Returns the file, which is opened if the job has not done that yet. A connection that was lost is forgotten.
    fn file(&mut self, connection: Arc<Connection>, path: &str, cancel: &CancelToken) -> Result<Held, StoreError> {
        let ends = connection.ends_with(cancel);
        let known = self.file.as_ref().filter(|(job, _)| job.is(cancel));
        let file = match known {
            Some((_, file)) => Ok(Arc::clone(file)),
            None => OpenFile::open(&connection.session, path).map(Arc::new),
        };
        let file = file.map_err(|fault| {
            if fault.ends_session() {
                *self = Self::default();
            }
            connection.error(fault, cancel)
        })?;
        self.file = Some((cancel.clone(), Arc::clone(&file)));
        Ok(Held {
            connection,
            file,
            _ends: ends,
        })
    }
}
