//! A part of this machine's loopback addresses for one test alone: all of 127/8 can be listened on without set-up, so
//! that servers and nodes of tests that run at once keep their usual ports.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Blocks `127.N.0.0/16` to choose from; those of 64 and above are the simulated cloud's.
const FIRST: u8 = 16;
const LAST: u8 = 63;
/// Where a block's owner shows that it is taken.
const LOCK_PORT: u16 = 5079;

/// A block `127.N.0.0/16`, until it is dropped.
#[derive(Debug)]
pub struct Block {
    number: u8,
    _lock: TcpListener,
}

impl Block {
    /// Takes a free block.
    ///
    /// # Panics
    /// All are taken.
    pub fn take() -> Self {
        let taken = (FIRST..=LAST).find_map(|number| {
            let lock = TcpListener::bind((Ipv4Addr::new(127, number, 255, 254), LOCK_PORT)).ok()?;
            Some(Self {
                number,
                _lock: lock,
            })
        });
        taken.expect("fewer than 48 tests that need addresses run at once")
    }

    /// The whole block, as EC2 writes it.
    pub fn cidr(&self) -> String {
        format!("127.{}.0.0/16", self.number)
    }

    /// One of its subnets of 256 addresses.
    pub fn subnet(&self, index: usize) -> String {
        format!("127.{}.{index}.0/24", self.number)
    }

    /// Whether the address lies in it.
    pub fn contains(&self, address: &str) -> bool {
        address.starts_with(&format!("127.{}.", self.number))
    }

    /// Where a server of the test listens, the same each time it is started.
    pub fn manager(&self) -> SocketAddr {
        (Ipv4Addr::new(127, self.number, 255, 1), 5080).into()
    }
}
