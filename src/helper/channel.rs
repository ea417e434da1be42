// SPDX-License-Identifier: GPL-3.0-or-later
//! A Unix socket that carries one message a packet, and a descriptor beside it.

use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
        SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

/// The longest message: the names of a VM and a volume, or a text of the daemon.
const LONGEST_MESSAGE_BYTES: usize = 16 << 10;

/// One end of the socket.
#[derive(Debug)]
pub struct Channel(OwnedFd);

/// Why no message was sent or received.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The other end is gone.
    #[error("the other end is gone")]
    Closed,
    /// The message makes no sense.
    #[error("the message makes no sense")]
    Message,
    /// The operating system failed.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl From<Errno> for ChannelError {
    fn from(error: Errno) -> Self {
        match error {
            Errno::PIPE | Errno::CONNRESET => Self::Closed,
            error => Self::System(error.into()),
        }
    }
}

impl Channel {
    /// Two ends that are connected with each other.
    ///
    /// # Errors
    /// When the system has no sockets left.
    pub fn pair() -> io::Result<(Self, OwnedFd)> {
        let (one, other) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((Self(one), other))
    }

    /// Takes an end that was handed over.
    pub fn new(socket: OwnedFd) -> Self {
        Self(socket)
    }

    /// Sends a message, and a descriptor with it.
    ///
    /// # Errors
    /// When the other end is gone, or the message is too long.
    pub fn send(&self, message: &impl Serialize, descriptor: Option<BorrowedFd<'_>>) -> Result<(), ChannelError> {
        // Large enough from the start, and wiped: a passphrase may be in it.
        let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_MESSAGE_BYTES));
        serde_json::to_writer(&mut *bytes, message).map_err(|_| ChannelError::Message)?;
        if bytes.len() > LONGEST_MESSAGE_BYTES {
            return Err(ChannelError::Message);
        }
        let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = SendAncillaryBuffer::new(&mut room);
        let descriptors: Vec<BorrowedFd<'_>> = descriptor.into_iter().collect();
        if !descriptors.is_empty() {
            beside.push(SendAncillaryMessage::ScmRights(&descriptors));
        }
        loop {
            match sendmsg(&self.0, &[IoSlice::new(&bytes)], &mut beside, SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                sent => return Ok(sent.map(drop)?),
            }
        }
    }

    /// Waits for the next message; returns nothing if none comes in that time.
    ///
    /// # Errors
    /// When the other end is gone, or the message makes no sense.
    pub fn receive<T: DeserializeOwned>(
        &self,
        timeout: Option<Duration>,
    ) -> Result<Option<(T, Option<OwnedFd>)>, ChannelError> {
        let timeout = timeout.map(|time| Timespec {
            tv_sec: time.as_secs().cast_signed(),
            tv_nsec: time.subsec_nanos().into(),
        });
        match poll(
            &mut [PollFd::from_borrowed_fd(self.0.as_fd(), PollFlags::IN)],
            timeout.as_ref(),
        ) {
            Ok(0) | Err(Errno::INTR) if timeout.is_some() => return Ok(None),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut bytes = Zeroizing::new(vec![0; LONGEST_MESSAGE_BYTES]);
        let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = RecvAncillaryBuffer::new(&mut room);
        let received = loop {
            match recvmsg(
                &self.0,
                &mut [IoSliceMut::new(&mut bytes)],
                &mut beside,
                RecvFlags::CMSG_CLOEXEC,
            ) {
                Err(Errno::INTR) => {}
                received => break received?,
            }
        };
        let descriptor = beside.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        if received.bytes == 0 {
            return Err(ChannelError::Closed);
        }
        let message = serde_json::from_slice(&bytes[..received.bytes]).map_err(|_| ChannelError::Message)?;
        Ok(Some((message, descriptor)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_long_as_its_room_and_no_longer() {
        let (near, far) = Channel::pair().unwrap();
        let far = Channel::new(far);
        let text = |bytes: usize| "x".repeat(bytes - 2);
        let longest = text(LONGEST_MESSAGE_BYTES);
        near.send(&longest, None).unwrap();
        let (received, _) = far.receive::<String>(None).unwrap().unwrap();
        assert_eq!(received, longest);
        let sent = near.send(&text(LONGEST_MESSAGE_BYTES + 1), None);
        assert!(matches!(sent, Err(ChannelError::Message)));
        // Another program may send more: its end is cut off.
        let longer = serde_json::to_vec(&text(LONGEST_MESSAGE_BYTES + 1)).unwrap();
        rustix::net::send(&near.0, &longer, SendFlags::NOSIGNAL).unwrap();
        assert!(matches!(far.receive::<String>(None), Err(ChannelError::Message)));
    }
}
