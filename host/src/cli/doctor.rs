//! `weir doctor`.

use clap::Args;
use weir_core::ids::InstanceType;

use super::ServeArgs;

/// Look whether everything is there.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DoctorArgs {
    /// As for `weir serve`.
    #[command(flatten)]
    pub serve: ServeArgs,

    /// An image to look for, repeatable, beside those of the stored launch configurations
    #[arg(long, value_name = "NAME")]
    pub image: Vec<String>,

    /// Machine type on which launching those images is tried (nothing is launched)
    #[arg(long, value_name = "TYPE", default_value = "t2.medium")]
    pub instance_type: String,
}

const EXAMPLES: &str = "\
Takes the settings as weir serve does, changes nothing but the cache of compiled policies, and ends with 1 when something
is missing:
  weir doctor --config weir.toml
  weir doctor --properties red5-web.properties --image red5pro-autoscaling";

impl DoctorArgs {
    /// Images with the type they are tried on.
    pub fn images(&self) -> Vec<(String, InstanceType)> {
        let kind: InstanceType = self.instance_type.as_str().into();
        let images = self.image.iter();
        images.map(|image| (image.clone(), kind.clone())).collect()
    }
}
