//! Who may use whom. The arrows of `host/ARCHITECTURE.md`, checked.

use crate::paths::references;
use crate::report::Findings;
use crate::source;

/// A part of the server and what it may name. Everything else of `weir` and `weir_cloud` is out of bounds for it.
struct Layer {
    folder: &'static str,
    may_use: &'static [&'static str],
}

/// The starting point (`app`, `main`, `cli`, `demo`) wires everything together and is bound by nothing here.
const LAYERS: [Layer; 15] = [
    Layer {
        folder: "host/src/config",
        may_use: &["crate::config", "crate::secret"],
    },
    Layer {
        folder: "host/src/store",
        may_use: &["crate::store", "weir_cloud::clock"],
    },
    Layer {
        folder: "host/src/policy",
        may_use: &["crate::policy", "weir_cloud::clock"],
    },
    Layer {
        folder: "host/src/decisions",
        may_use: &["crate::decisions", "crate::policy", "crate::store"],
    },
    Layer {
        folder: "host/src/access",
        may_use: &[
            "crate::access",
            "crate::secret",
            "crate::store",
            "weir_cloud::clock",
        ],
    },
    Layer {
        folder: "host/src/catalogue",
        may_use: &[
            "crate::catalogue",
            "crate::policy",
            "crate::store",
            "crate::telemetry",
            "weir_cloud::clock",
        ],
    },
    Layer {
        // The simulated cloud's nodes are reached through the simulation.
        folder: "host/src/nodes",
        may_use: &["crate::nodes", "weir_cloud"],
    },
    Layer {
        folder: "host/src/fleet",
        may_use: &[
            "crate::decisions",
            "crate::fleet",
            "crate::nodes",
            "crate::policy",
            "crate::store",
            "crate::telemetry",
            "weir_cloud::CloudController",
            "weir_cloud::CloudError",
            "weir_cloud::Instance",
            "weir_cloud::InstanceState",
            "weir_cloud::LaunchRequest",
            "weir_cloud::Location",
            "weir_cloud::clock",
        ],
    },
    Layer {
        folder: "host/src/http",
        may_use: &[
            "crate::access",
            "crate::catalogue",
            "crate::decisions",
            "crate::fleet",
            "crate::http",
            "crate::policy",
            "crate::secret",
            "crate::simulation",
            "crate::store",
            "crate::telemetry",
            "weir_cloud::clock",
            "weir_cloud::node_auth",
        ],
    },
    Layer {
        // Clients by hand: between the fleet, which they ask, and the simulation, which they live in.
        folder: "host/src/simulation.rs",
        may_use: &["crate::fleet", "weir_cloud"],
    },
    Layer {
        // Of the simulated cloud only its dice: boots are drawn as there.
        folder: "host/src/backtest",
        may_use: &["crate::backtest", "crate::policy", "weir_cloud::simulated"],
    },
    Layer {
        folder: "host/src/telemetry.rs",
        may_use: &["crate::config", "crate::secret", "crate::telemetry"],
    },
    Layer {
        folder: "host/src/shutdown.rs",
        may_use: &["crate::shutdown"],
    },
    Layer {
        folder: "host/ec2/src",
        may_use: &["crate", "weir_cloud"],
    },
    Layer {
        folder: "host/cloud/src",
        may_use: &["crate", "weir_cloud"],
    },
];

#[test]
fn parts_use_only_the_parts_they_may() {
    let mut findings = Findings::default();
    for source in source::all() {
        let Some(layer) = LAYERS
            .iter()
            .find(|layer| source.path.starts_with(layer.folder))
        else {
            continue;
        };
        for (line, name) in references(&source) {
            let allowed = layer.may_use.iter().any(|prefix| is_under(&name, prefix));
            if !allowed {
                findings.add(
                    &source.path,
                    line,
                    format!("{} may not use {name}", layer.folder),
                );
            }
        }
    }
    findings.none("take what is needed as a parameter, or move the code to the layer that may; host/ARCHITECTURE.md says who may call whom");
}

fn is_under(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}
