//! `weir doctor`: is everything there that the settings name? Changes nothing but what opening a store
//! changes, and waits for nobody.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::net::TcpListener;
use weir_cloud::Finding;
use weir_cloud::clock::SystemClock;
use weir_core::ids::InstanceType;

use super::clouds::{self, Clouds};
use super::{open_policies, open_store, settings};
use crate::config::cloud::Provider;
use crate::config::store::StoreTarget;
use crate::config::{Config, Secret, Sources, load_to_serve};
use crate::store::{Document, DocumentKind, Store, StoreError};
use crate::telemetry::chain;

/// The environment of a store that does not exist yet: no instance can bear it.
const NO_ENVIRONMENT: &str = "weir-doctor";
/// Stands for the cluster password, which is made at the first start where none is set.
const NO_PASSWORD: &str = "weir-doctor";

/// Looks at settings, store, policies, port and cloud, in this order. Broken settings end it: nothing else can be said.
pub async fn examine(
    sources: &Sources,
    images: &[(String, InstanceType)],
    clouds: &Clouds,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let config = match load_to_serve(sources) {
        Ok(loaded) => {
            let warned = loaded
                .warnings
                .iter()
                .map(|warning| format!("; mind: {warning}"));
            findings.push(found(
                "settings",
                Ok(format!("valid{}", warned.collect::<String>())),
            ));
            loaded.config
        }
        Err(error) => return vec![found("settings", Err(error.to_string()))],
    };
    let (result, store) = store(&config).await;
    findings.push(found("store", result));
    findings.push(found("policies", policies(&config, store.clone()).await));
    findings.push(found("port", port(&config).await));
    match config.cloud.provider {
        Provider::Ec2 => findings.extend(ec2(&config, store.as_deref(), images, clouds).await),
        other => {
            let text = format!("{}: nothing to look for", other.as_str());
            findings.push(found("cloud", Ok(text)));
        }
    }
    findings
}

fn found(what: &str, result: Result<String, String>) -> Finding {
    Finding {
        what: what.to_owned(),
        result,
    }
}

/// A file that is not there is not made.
async fn store(config: &Config) -> (Result<String, String>, Option<Arc<dyn Store>>) {
    if let Some(StoreTarget::Sqlite(path)) = config.store.target(&config.server.data_dir)
        && !path.exists()
    {
        let text = format!("{} is made at the first start", path.display());
        return (Ok(text), None);
    }
    let mut at_once = config.clone();
    at_once.store.wait_ms = 0;
    let opened = match open_store(&at_once).await {
        Ok(store) => store
            .ping()
            .await
            .map(|()| store)
            .map_err(anyhow::Error::from),
        Err(error) => Err(error),
    };
    match opened {
        Ok(store) => (Ok("opened".to_owned()), Some(store)),
        Err(error) => (Err(chain(error.as_ref()).to_string()), None),
    }
}

/// Compiled into a folder that goes again: whoever asks the doctor may be another user than the server's, which could
/// not use what he left behind.
async fn policies(config: &Config, store: Option<Arc<dyn Store>>) -> Result<String, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let mut aside = config.clone();
    aside.policy.cache_dir = folder.path().display().to_string();
    let checked = async {
        let policies = open_policies(&aside).await?;
        settings::check_default_policies(config, policies, store).await
    };
    checked.await.map_or_else(
        |error| Err(chain(error.as_ref()).to_string()),
        |()| Ok("admitted".to_owned()),
    )
}

async fn port(config: &Config) -> Result<String, String> {
    let address = config.server.listen;
    match TcpListener::bind(address).await {
        Ok(_) => Ok(format!("{address} is free")),
        Err(error) => Err(format!(
            "{address} cannot be listened on ({error}): is a server running? Else choose another with --listen"
        )),
    }
}

async fn ec2(
    config: &Config,
    store: Option<&dyn Store>,
    images: &[(String, InstanceType)],
    clouds: &Clouds,
) -> Vec<Finding> {
    let mut images: BTreeSet<(String, InstanceType)> = images.iter().cloned().collect();
    let looked = async {
        let mut environment = NO_ENVIRONMENT.to_owned();
        if let Some(store) = store {
            environment = store.environment().await?;
            images.extend(stored_images(store).await?);
        }
        // A dry run needs no secret.
        let password = Some(Secret::new(NO_PASSWORD));
        let wanted = clouds::ec2_wanted(config, environment, password, Arc::new(SystemClock));
        let images: Vec<_> = images.into_iter().collect();
        clouds.ec2()?.examine(wanted, &images).await
    };
    let address = clouds::unreachable_manager(config);
    let address = address.map_or_else(
        || config.server.public_url.clone(),
        |problem| format!("mind: {problem}"),
    );
    let address = found("address that nodes are told", Ok(address));
    match looked.await {
        Ok(findings) => [address].into_iter().chain(findings).collect(),
        Err(error) => vec![found("cloud", Err(chain(error.as_ref()).to_string()))],
    }
}

/// Images of every launch configuration with the types they are launched on.
async fn stored_images(store: &dyn Store) -> Result<Vec<(String, InstanceType)>, StoreError> {
    let mut images = Vec::new();
    for name in store.document_names(DocumentKind::Launch).await? {
        if let Some(Document::Launch(launch)) = store.document(DocumentKind::Launch, &name).await? {
            images.extend(launch.targets.iter().map(|target| {
                let image = target.image.as_ref().unwrap_or(&launch.image);
                (image.clone(), target.instance_type.clone())
            }));
        }
    }
    Ok(images)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::auth::NodeAuth;
    use crate::config::{ConfigFile, Flag};

    #[tokio::test]
    async fn broken_settings_are_all_that_is_told() {
        let sources = Sources {
            config: ConfigFile::Nowhere,
            flags: vec![Flag {
                name: "--set".to_owned(),
                key: "reports.nothing".to_owned(),
                value: "1".to_owned(),
            }],
            ..Sources::default()
        };
        let findings = examine(&sources, &[], &Clouds::default()).await;
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].result.is_err());
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_told_with_the_mend() {
        let mut config = Config::default();
        config.server.listen = ([127, 0, 0, 1], 0).into();
        assert!(port(&config).await.is_ok());
        let other = TcpListener::bind(config.server.listen).await;
        let other = other.expect("loopback has free ports");
        config.server.listen = other.local_addr().expect("it is bound");
        assert!(
            port(&config)
                .await
                .is_err_and(|told| told.contains("--listen"))
        );
    }

    #[tokio::test]
    async fn a_program_without_ec2_says_how_to_get_it() {
        let mut config = Config::default();
        config.cloud.provider = Provider::Ec2;
        config.auth.nodes = NodeAuth::Open;
        let findings = ec2(&config, None, &[], &Clouds::default()).await;
        let [finding] = &findings[..] else {
            panic!("{findings:?}");
        };
        let told = finding.result.as_ref().expect_err("EC2 is not there");
        assert!(told.contains("cargo build --release"), "{told}");
    }

    #[tokio::test]
    async fn a_store_that_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = Config::default();
        config.server.data_dir = folder.path().to_owned();
        let (told, opened) = store(&config).await;
        assert!(told.is_ok() && opened.is_none());
        let mut files = folder.path().read_dir().expect("the folder is there");
        assert!(files.next().is_none());
    }
}
