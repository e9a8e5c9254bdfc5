//! The codes of the contract's columns: position of the case in the enum, bits of the flags.

/// `role`: origin.
pub const ORIGIN: u8 = 0;
/// `role`: edge.
pub const EDGE: u8 = 1;
/// `role`: transcoder.
pub const TRANSCODER: u8 = 2;
/// `role`: relay.
pub const RELAY: u8 = 3;
/// Number of roles.
pub const ROLES: usize = 4;

/// `node-state`: pending.
pub const PENDING: u8 = 0;
/// `node-state`: running.
pub const RUNNING: u8 = 1;
/// `node-state`: in service.
pub const IN_SERVICE: u8 = 2;
/// `node-state`: unresponsive.
pub const UNRESPONSIVE: u8 = 3;

/// Flag: takes no new clients and leaves when it is empty.
pub const DRAINING: u8 = 1;
/// Flag: sunset by the operator.
pub const SUNSET: u8 = 2;
/// Flag: the scaling policy wants it to empty.
pub const DISCOURAGED: u8 = 4;
/// Flag: a publisher is connected.
pub const PUBLISHERS: u8 = 8;

/// Word of a role code, as reasons and signals spell it.
pub fn role_word(role: u8) -> &'static str {
    match role {
        ORIGIN => "origin",
        EDGE => "edge",
        TRANSCODER => "transcoder",
        RELAY => "relay",
        _ => "node",
    }
}
