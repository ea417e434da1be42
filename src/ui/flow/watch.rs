// SPDX-License-Identifier: GPL-3.0-or-later
//! Keeps what a wizard knows of its host up to date: listens on threads of their own, and reads again only after a change.

use std::{rc::Rc, sync::Arc, time::Duration};

use crate::{
    cancel::CancelToken,
    engine::EngineError,
    host::{Changes, Host, System},
    job::Task,
};

/// How long to wait before a host that could not be read is read again, or before it is looked whether anybody wants it.
const RETRY_AFTER: Duration = Duration::from_secs(3);

/// How long a thread listens for changes before it looks up.
const LISTEN_FOR: Duration = Duration::from_secs(60);

/// Reads the host, and again whenever it says that something has changed, while `is_wanted`; hands over what it says.
/// Dropping what is returned ends that.
pub(in crate::ui) fn watch<F: 'static>(
    flow: &Rc<F>,
    host: &Arc<dyn Host>,
    is_wanted: impl Fn(&F) -> bool + 'static,
    hear: impl Fn(&Rc<F>, Result<System, EngineError>) + 'static,
) -> Watching {
    let cancel = CancelToken::default();
    let (weak, host) = (Rc::downgrade(flow), host.with_cancel(&cancel));
    let future = glib::spawn_future_local(async move {
        // Listening begins before the first reading, so that nothing falls between the two.
        let mut news = News::of(Arc::clone(&host)).await;
        loop {
            while weak.upgrade().is_some_and(|flow| !is_wanted(&flow)) {
                glib::timeout_future(RETRY_AFTER).await;
            }
            let answer = read_system(&host).answer().await;
            let is_read = answer.is_ok();
            let Some(flow) = weak.upgrade() else { return };
            hear(&flow, answer);
            drop(flow);
            news = match news {
                Some(news) if is_read => news.next().await,
                _ => {
                    glib::timeout_future(RETRY_AFTER).await;
                    News::of(Arc::clone(&host)).await
                }
            };
        }
    });
    Watching {
        future: Some(future),
        cancel,
    }
}

/// A host that is listened to. Dropping it ends that.
#[derive(Default)]
pub(in crate::ui) struct Watching {
    future: Option<glib::JoinHandle<()>>,
    cancel: CancelToken,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(future) = self.future.take() {
            future.abort();
        }
    }
}

/// What a host says of its changes, heard on threads of their own.
struct News(Box<dyn Changes>);

impl News {
    /// Begins to listen; `None` where nothing can be heard.
    async fn of(host: Arc<dyn Host>) -> Option<Self> {
        let listening = Task::spawn(move |_| Ok(host.changes()?)).answer().await;
        listening.inspect_err(not_heard).ok().map(Self)
    }

    /// Waits for the next change; `None` where nothing more can be heard.
    async fn next(mut self) -> Option<Self> {
        loop {
            let waiting = Task::spawn(move |_| {
                let has_changed = self.0.wait(LISTEN_FOR)?;
                Ok((self, has_changed))
            });
            match waiting.answer().await {
                Ok((news, true)) => return Some(news),
                Ok((news, false)) => self = news,
                Err(error) => {
                    not_heard(&error);
                    return None;
                }
            }
        }
    }
}

fn not_heard(error: &EngineError) {
    if !matches!(error, EngineError::Cancelled) {
        log::warn!("changes of the list of VMs: {error}");
    }
}

/// Reads the host once.
pub(in crate::ui) fn read_system(host: &Arc<dyn Host>) -> Task<System> {
    let host = Arc::clone(host);
    Task::spawn(move |context| Ok(host.with_cancel(&context.cancel).system()?))
}
