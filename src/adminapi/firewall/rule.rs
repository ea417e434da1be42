// SPDX-License-Identifier: GPL-3.0-or-later
//! What a firewall rule holds.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A firewall rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirewallRule {
    /// What is done with a packet that fits.
    pub action: RuleAction,
    /// The protocol that it applies to.
    pub protocol: Option<Protocol>,
    /// Where the packet goes.
    pub target: Option<RuleTarget>,
    /// The first and the last port; only with TCP and UDP.
    pub ports: Option<(u16, u16)>,
    /// The type of message; only with ICMP.
    pub icmp_type: Option<u8>,
    /// Whether it is for the name servers of the VM.
    pub is_for_dns: bool,
    /// When it ends, in seconds since 1970.
    pub expires: Option<u64>,
    /// What its author wrote.
    pub comment: Option<String>,
}

/// What is done with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleAction {
    /// It passes.
    Accept,
    /// It does not.
    Drop,
}

/// A protocol that a rule can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP.
    Icmp,
}

/// Where a packet goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleTarget {
    /// To an address of version 4, of which the first bits count.
    V4(Ipv4Addr, u8),
    /// To an address of version 6, of which the first bits count.
    V6(Ipv6Addr, u8),
    /// To a host by its name.
    Host(String),
}

impl FirewallRule {
    /// A rule for every packet.
    pub const fn for_all(action: RuleAction) -> Self {
        Self {
            action,
            protocol: None,
            target: None,
            ports: None,
            icmp_type: None,
            is_for_dns: false,
            expires: None,
            comment: None,
        }
    }
}

impl Protocol {
    /// The word for it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
        }
    }
}
