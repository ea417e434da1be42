// SPDX-License-Identifier: GPL-3.0-or-later
//! The gaps between the frames of a window, and what others took of the computer meanwhile.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use gtk::prelude::*;

/// The times of the frames of a window.
pub(super) struct Frames {
    /// The longest gap by the clock, and the longest without the time in the queue.
    pub(super) longest: Cell<(Duration, Duration)>,
    pub(super) count: Cell<u32>,
    last: Cell<(Instant, Duration)>,
}

impl Frames {
    pub(super) fn watch(window: &gtk::Window) -> Rc<Self> {
        let frames = Rc::new(Self {
            longest: Cell::default(),
            count: Cell::default(),
            last: Cell::new((Instant::now(), queued())),
        });
        let watching = Rc::clone(&frames);
        // A callback that goes on keeps the clock ticking, whether there is anything new to draw or not.
        window.add_tick_callback(move |_, _| {
            watching.tick();
            glib::ControlFlow::Continue
        });
        frames
    }

    /// Forgets the gaps so far.
    pub(super) fn restart(&self) {
        self.longest.set(Default::default());
        self.last.set((Instant::now(), queued()));
    }

    /// The longest gap without the time in the queue.
    pub(super) fn own_gap(&self) -> Duration {
        self.longest.get().1
    }

    fn tick(&self) {
        let (now, queue) = (Instant::now(), queued());
        let (then, queue_then) = self.last.replace((now, queue));
        let gap = now - then;
        let own = gap.saturating_sub(queue.saturating_sub(queue_then));
        let (longest, longest_own) = self.longest.get();
        self.longest.set((longest.max(gap), longest_own.max(own)));
        self.count.set(self.count.get() + 1);
    }
}

/// How long this thread has stood in the queue for a processor; nothing where the kernel does not tell.
pub(super) fn queued() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().nth(1).and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// Processor time of the whole VM and of this process so far, in ticks.
pub(super) fn processor_ticks() -> (u64, u64, u64) {
    let numbers = |text: &str| {
        text.split_whitespace()
            .filter_map(|field| field.parse::<i64>().ok())
            .map(i64::unsigned_abs)
            .collect::<Vec<u64>>()
    };
    let vm = std::fs::read_to_string("/proc/stat").unwrap();
    let vm = numbers(vm.lines().next().unwrap());
    let own = std::fs::read_to_string("/proc/self/stat").unwrap();
    let own = numbers(own.rsplit_once(')').unwrap().1.trim_start().split_once(' ').unwrap().1);
    // User, nice, system; idle and waiting for disks; user and system of this process.
    let busy = vm[0] + vm[1] + vm[2];
    (busy, busy + vm[3] + vm[4], own[10] + own[11])
}

/// The part of the VM's time that others took since `before`.
pub(super) fn taken_by_others(before: (u64, u64, u64)) -> f64 {
    let now = processor_ticks();
    let others = (now.0 - before.0).saturating_sub(now.2 - before.2);
    others as f64 / (now.1 - before.1).max(1) as f64
}
