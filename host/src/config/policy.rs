//! `policy.*`: WebAssembly policies, those that are bound when a group says nothing, and their limits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::check::Check;

/// WebAssembly policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyConfig {
    /// Components loaded at start, each known by its file name without `.wasm`. The built-in ones need no entry.
    pub load: Vec<PathBuf>,
    /// Decides how many nodes a group has that binds nothing else. Default `threshold`.
    pub default_scaling: String,
    /// Chooses nodes for publishers of such a group. Default `round-robin`.
    pub default_broadcast: String,
    /// Chooses nodes for subscribers of such a group. Default `weighted`.
    pub default_subscribe: String,
    /// Folder of compiled components. Empty: `policy-cache` in `server.data_dir`.
    pub cache_dir: String,
    /// Public ed25519 keys whose signatures uploads are checked against: name and 64 hex digits each.
    pub signers: BTreeMap<String, String>,
    /// Refuse uploads that none of these keys signed. Default false.
    pub signatures_required: bool,
    /// How long scaling decisions are kept, to be read and made again, days (1 to 365). Default 7.
    pub decisions_kept_days: u32,
    /// What one call may use.
    pub limits: LimitsConfig,
}

/// What one call of a policy may use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Fuel of a scaling decision (1,000,000 to 100,000,000,000). Default 200,000,000.
    pub scaling_fuel: u64,
    /// Wall clock of a scaling decision, ms (10 to 10,000). Default 500.
    pub scaling_ms: u64,
    /// Fuel of `prepare` for each 100 nodes begun (100,000 to 10,000,000,000). Default 5,000,000.
    pub prepare_fuel_per_100_nodes: u64,
    /// Wall clock of `prepare`, ms (1 to 1,000). Default 50.
    pub prepare_ms: u64,
    /// Fuel of a `select` (10,000 to 1,000,000,000). Default 2,000,000.
    pub select_fuel: u64,
    /// Wall clock of a `select`, ms (1 to 100). Default 5.
    pub select_ms: u64,
    /// Linear memory of an instance, MiB (1 to 256). Default 64.
    pub memory_mib: u32,
    /// Largest component taken, MiB (1 to 256). Default 32.
    pub upload_mib: u32,
    /// Longest compilation of a component in its own process, ms (1,000 to 600,000). Default 120,000.
    pub compile_ms: u64,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            load: Vec::new(),
            default_scaling: "threshold".to_owned(),
            default_broadcast: "round-robin".to_owned(),
            default_subscribe: "weighted".to_owned(),
            cache_dir: String::new(),
            signers: BTreeMap::new(),
            signatures_required: false,
            decisions_kept_days: 7,
            limits: LimitsConfig::default(),
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            scaling_fuel: 200_000_000,
            scaling_ms: 500,
            prepare_fuel_per_100_nodes: 5_000_000,
            prepare_ms: 50,
            select_fuel: 2_000_000,
            select_ms: 5,
            memory_mib: 64,
            upload_mib: 32,
            compile_ms: 120_000,
        }
    }
}

impl PolicyConfig {
    /// Folder of compiled components.
    pub fn cache_dir(&self, data_dir: &Path) -> PathBuf {
        if self.cache_dir.is_empty() {
            data_dir.join("policy-cache")
        } else {
            PathBuf::from(&self.cache_dir)
        }
    }

    /// The keys of [`PolicyConfig::signers`].
    pub fn signer_keys(&self) -> BTreeMap<String, [u8; 32]> {
        let read = |(name, text): (&String, &String)| Some((name.clone(), public_key(text)?));
        self.signers.iter().filter_map(read).collect()
    }

    pub(super) fn validate(&self, check: &mut Check) {
        for (key, name) in [
            ("default_scaling", &self.default_scaling),
            ("default_broadcast", &self.default_broadcast),
            ("default_subscribe", &self.default_subscribe),
        ] {
            if name.trim().is_empty() {
                check.refuse(key, "\"\"", "must name a built-in or loaded policy");
            }
        }
        for path in &self.load {
            if path.extension().is_none_or(|extension| extension != "wasm") {
                check.refuse("load", path.display(), "must name .wasm files");
            }
        }
        for (name, text) in &self.signers {
            if public_key(text).is_none() {
                let key = format!("signers.{name}");
                check.refuse(&key, text, "must be a public ed25519 key, 64 hex digits");
            }
        }
        if self.signatures_required && self.signers.is_empty() {
            check.refuse(
                "signatures_required",
                "true",
                "needs at least one key in policy.signers",
            );
        }
        let days = u64::from(self.decisions_kept_days);
        check.range("decisions_kept_days", days, 1..=365, "days");
        self.limits.validate(check);
    }
}

/// 32 bytes in hex.
fn public_key(text: &str) -> Option<[u8; 32]> {
    hex::decode(text.trim()).ok()?.try_into().ok()
}

impl LimitsConfig {
    fn validate(&self, check: &mut Check) {
        let all = [
            (
                "scaling_fuel",
                self.scaling_fuel,
                1_000_000..=100_000_000_000,
                "units",
            ),
            ("scaling_ms", self.scaling_ms, 10..=10_000, "ms"),
            (
                "prepare_fuel_per_100_nodes",
                self.prepare_fuel_per_100_nodes,
                100_000..=10_000_000_000,
                "units",
            ),
            ("prepare_ms", self.prepare_ms, 1..=1_000, "ms"),
            (
                "select_fuel",
                self.select_fuel,
                10_000..=1_000_000_000,
                "units",
            ),
            ("select_ms", self.select_ms, 1..=100, "ms"),
            ("memory_mib", self.memory_mib.into(), 1..=256, "MiB"),
            ("upload_mib", self.upload_mib.into(), 1..=256, "MiB"),
            ("compile_ms", self.compile_ms, 1_000..=600_000, "ms"),
        ];
        for (key, value, allowed, unit) in all {
            check.range(&format!("limits.{key}"), value, allowed, unit);
        }
    }
}
