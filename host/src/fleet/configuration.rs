//! What groups run with: their documents, the thresholds, and the server's settings.
//!
//! A change is read whole before anybody gets any of it, so that it reaches every group or none: a reload that cannot
//! read one document changes nothing at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use weir_core::group::{Bindings, Group, GroupSpec, LaunchDocument, LimitsDocument};
use weir_core::group_state::{HostRules, Place};
use weir_core::report::ClusterSettings;
use weir_core::units::DurationMs;

use super::{Fleet, FleetError, GroupHandle, Shared};
use crate::store::{Document, DocumentKind, Store};

/// Settings of the fleet; may be replaced at run time but for `name_prefix`, `holder` and
/// `default_bindings`.
#[derive(Debug, Clone)]
pub struct FleetSettings {
    /// First part of every identifier.
    pub name_prefix: String,
    /// This manager's name in leases.
    pub holder: String,
    /// Rules every group shares.
    pub rules: HostRules,
    /// Bindings of groups whose documents state none.
    pub default_bindings: Bindings,
    /// What nodes are told.
    pub cluster: ClusterSettings,
    /// Questions one client address may have open.
    pub open_questions_per_client: u32,
    /// Period of the sweep for instances without a record.
    pub sweep_every: DurationMs,
    /// Scaling decisions are kept for so long.
    pub decisions_kept: DurationMs,
}

/// What a group runs with.
#[derive(Clone)]
pub(crate) struct Configuration {
    pub(crate) spec: Arc<GroupSpec>,
    pub(crate) rules: Arc<HostRules>,
    pub(crate) places: Vec<Place>,
}

impl FleetSettings {
    /// These settings, but for what a running server cannot change.
    fn replaced_by(&self, new: FleetSettings) -> Self {
        let FleetSettings {
            name_prefix,
            holder,
            default_bindings,
            ..
        } = self.clone();
        Self {
            name_prefix,
            holder,
            default_bindings,
            ..new
        }
    }
}

impl Fleet {
    /// Makes every group read its documents and thresholds again.
    ///
    /// # Errors
    /// [`FleetError::Store`], [`FleetError::NotFound`] for a document that is gone; every group keeps what it has.
    pub async fn documents_changed(&self) -> Result<(), FleetError> {
        let _turn = self.configuring.lock().await;
        let settings = self.shared.settings.read().clone();
        let configured = self.configurations(&settings).await?;
        self.hand_over(configured).await;
        Ok(())
    }

    /// Takes new settings; groups follow at once.
    ///
    /// # Errors
    /// As [`Fleet::documents_changed`]; the old settings stay.
    pub async fn reconfigure(&self, settings: FleetSettings) -> Result<(), FleetError> {
        let _turn = self.configuring.lock().await;
        let settings = self.shared.settings.read().replaced_by(settings);
        let configured = self.configurations(&settings).await?;
        *self.shared.settings.write() = settings;
        self.hand_over(configured).await;
        Ok(())
    }

    /// What each group would run with under these settings. Changes nothing.
    async fn configurations(
        &self,
        settings: &FleetSettings,
    ) -> Result<Vec<(Arc<GroupHandle>, Configuration)>, FleetError> {
        let mut configured = Vec::new();
        for handle in self.groups() {
            let configuration = self.shared.configuration(&handle.group(), settings).await?;
            configured.push((handle, configuration));
        }
        Ok(configured)
    }

    /// Cannot fail: a group that has ended needs nothing any more, and one that is being read again takes what is
    /// stored and set by then.
    async fn hand_over(&self, configured: Vec<(Arc<GroupHandle>, Configuration)>) {
        for (handle, configuration) in configured {
            handle
                .book
                .lock()
                .set_limits(self.shared.reservation_limits());
            handle.configure(configuration).await;
        }
    }
}

impl Shared {
    /// The group's configuration, from its documents and thresholds as they are stored now.
    pub(super) async fn configuration(
        &self,
        group: &Group,
        settings: &FleetSettings,
    ) -> Result<Configuration, FleetError> {
        let (limits, launch) = documents(self.store.as_ref(), group).await?;
        let thresholds = self.store.thresholds().await?;
        let spec = GroupSpec::resolve(
            &group.regions,
            &limits,
            &launch,
            &thresholds.into_iter().collect::<BTreeMap<_, _>>(),
            &settings.default_bindings,
        );
        let places = self.geography.places();
        let places = places
            .iter()
            .filter(|place| group.regions.contains(&place.region));
        Ok(Configuration {
            spec: Arc::new(spec),
            rules: Arc::new(settings.rules.clone()),
            places: places.cloned().collect(),
        })
    }
}

/// The two documents of a group.
pub(super) async fn documents(
    store: &dyn Store,
    group: &Group,
) -> Result<(LimitsDocument, LaunchDocument), FleetError> {
    let missing = |what, name: &str| FleetError::NotFound {
        what,
        name: name.to_owned(),
    };
    let limits = match store.document(DocumentKind::Limits, &group.limits).await? {
        Some(Document::Limits(limits)) => limits,
        Some(Document::Launch(_)) | None => return Err(missing("scale policy", &group.limits)),
    };
    let launch = match store
        .document(DocumentKind::Launch, &group.launch_config)
        .await?
    {
        Some(Document::Launch(launch)) => launch,
        Some(Document::Limits(_)) | None => {
            return Err(missing("launch configuration", &group.launch_config));
        }
    };
    Ok((limits, launch))
}
