// SPDX-License-Identifier: GPL-3.0-or-later
//! One connection for all readers of an archive in a store: starting the program, which may have to log in somewhere, is the
//! slowest step.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{cancel::CancelToken, host::Services};

use super::{super::location::Reach, Connection, StoreError, StoreFault};

/// A connection that is opened on demand, and anew when it was lost.
#[derive(Default)]
pub(in crate::transport) struct Shared {
    connection: Mutex<Option<Arc<Connection>>>,
    /// What reaches the VM that the program runs in, as it was given last.
    services: Mutex<Option<Arc<dyn Services>>>,
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

    /// Does something over the connection, which ends with this token. A connection that was there before may be lost without
    /// anybody having noticed, or end with the token of an earlier job, and any may be lost now: it is made anew then, once.
    ///
    /// # Errors
    /// When the program does not answer, or does not do it.
    pub(in crate::transport) fn over<T>(
        &self,
        reach: &Reach,
        services: Option<&dyn Services>,
        cancel: &CancelToken,
        work: impl Fn(&Arc<Connection>) -> Result<T, StoreFault>,
    ) -> Result<T, StoreError> {
        let connection = self.connection(reach, services, cancel)?;
        match work(&connection) {
            Err(fault) if fault.ends_session() => {
                self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
                let connection = self.connection(reach, services, cancel)?;
                work(&connection).map_err(|fault| connection.error(fault, cancel))
            }
            done => done.map_err(|fault| connection.error(fault, cancel)),
        }
    }

    /// Returns the connection, which is made if there is none.
    fn connection(
        &self,
        reach: &Reach,
        services: Option<&dyn Services>,
        cancel: &CancelToken,
    ) -> Result<Arc<Connection>, StoreError> {
        let mut known = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &*known
            && connection.session.is_alive()
        {
            connection.ends_with(cancel);
            return Ok(Arc::clone(connection));
        }
        let opened = Arc::new(Connection::open(reach, services, cancel)?);
        *known = Some(Arc::clone(&opened));
        Ok(opened)
    }
}
