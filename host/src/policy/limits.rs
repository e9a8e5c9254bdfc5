//! What a policy may use up. Always on; a binding may set its own up to these.

const MIB: usize = 1024 * 1024;
const KIB: usize = 1024;

/// Bounds of every call. Fuel is the deterministic one; time only protects this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Fuel of one `propose`, its instantiation included. Default 200 million.
    pub propose_fuel: u64,
    /// Wall clock of one `propose`, ms. Default 500.
    pub propose_ms: u64,
    /// Fuel of one `prepare` for each started hundred of nodes. Default 5 million.
    pub prepare_fuel_per_100: u64,
    /// Wall clock of one `prepare`, ms. Default 50.
    pub prepare_ms: u64,
    /// Fuel of one `select`. Default 2 million.
    pub select_fuel: u64,
    /// Wall clock of one `select`, ms. Default 5.
    pub select_ms: u64,
    /// All linear memories of an instance together, bytes. Default 64 MiB; large guests need up to 256 MiB.
    pub memory_bytes: usize,
    /// Texts, signals' names and state of a proposal together, bytes. Default 256 KiB.
    pub answer_bytes: usize,
    /// State of a proposal, bytes. Default 64 KiB.
    pub state_bytes: usize,
    /// Launches, retirements, reinstatements, cancellations and discouraged nodes of a proposal together. Default 1,000.
    pub actions: usize,
    /// Signals of a proposal. Default 64.
    pub signals: usize,
    /// Host memory that the answer of a scaling call may take, bytes. Default 4 MiB.
    pub scaling_lifted_bytes: usize,
    /// Host memory that the answer of a placement call may take, bytes. Default 64 KiB.
    pub placement_lifted_bytes: usize,
    /// Size of an uploaded component, bytes. Default 32 MiB.
    pub upload_bytes: usize,
    /// Wall clock of a compilation, ms. Default two minutes: the largest guests take fifteen seconds of one core.
    pub compile_ms: u64,
    /// Memory of a compilation, bytes. Default 4 GiB.
    pub compile_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            propose_fuel: 200_000_000,
            propose_ms: 500,
            prepare_fuel_per_100: 5_000_000,
            prepare_ms: 50,
            select_fuel: 2_000_000,
            select_ms: 5,
            memory_bytes: 64 * MIB,
            answer_bytes: 256 * KIB,
            state_bytes: 64 * KIB,
            actions: 1_000,
            signals: 64,
            scaling_lifted_bytes: 4 * MIB,
            placement_lifted_bytes: 64 * KIB,
            upload_bytes: 32 * MIB,
            compile_ms: 120_000,
            compile_bytes: 4 * 1024 * MIB as u64,
        }
    }
}

/// Bounds of one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub fuel: u64,
    pub ms: u64,
}

impl Limits {
    /// For `propose`, `describe` and the checks of settings.
    pub(super) fn scaling(&self) -> Budget {
        Budget {
            fuel: self.propose_fuel,
            ms: self.propose_ms,
        }
    }

    /// For `prepare` of so many nodes.
    pub(super) fn prepare(&self, nodes: usize) -> Budget {
        let hundreds = nodes.div_ceil(100).max(1) as u64;
        Budget {
            fuel: self.prepare_fuel_per_100.saturating_mul(hundreds),
            ms: self.prepare_ms,
        }
    }

    /// For `select`.
    pub(super) fn select(&self) -> Budget {
        Budget {
            fuel: self.select_fuel,
            ms: self.select_ms,
        }
    }
}
