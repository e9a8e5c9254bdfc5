//! What the adapter is made with.

use std::path::PathBuf;

use weir_core::units::DurationMs;

/// The two keys of an account; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Access key id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(***)")
    }
}

/// What the adapter is made with. Names hold for every region.
#[derive(Debug, Clone)]
pub struct Ec2Settings {
    /// Home region. Empty: the SDK's own (`AWS_REGION`, profile).
    pub region: String,
    /// Name of the key pair; empty: instances get none.
    pub key_pair: String,
    /// Name of the security group within the VPC.
    pub security_group: String,
    /// `Name` tag of the VPC; `None`: the region's default VPC.
    pub vpc_name: Option<String>,
    /// Nodes are reached by their private addresses; subnets need not hand out public ones then.
    pub use_private_addresses: bool,
    /// Longest time for one call, milliseconds (1,000 to 3,600,000).
    pub operation_timeout: DurationMs,
    /// Folder below which `UserData=file:` may read; `None`: nowhere.
    pub user_data_dir: Option<PathBuf>,
    /// `None`: the SDK's own chain (environment, profile, instance role).
    pub credentials: Option<Credentials>,
    /// Endpoint instead of AWS's, such as `http://127.0.0.1:5000`; `None`: the SDK's own (`AWS_ENDPOINT_URL`).
    pub endpoint: Option<String>,
    /// The store's environment id: value of the tag that says an instance is ours.
    pub environment: String,
    /// Where nodes report to, no slash at the end.
    pub manager_url: String,
    /// Nodes sign with keys derived from it; `None`: user data carries no key.
    pub cluster_password: Option<String>,
}
