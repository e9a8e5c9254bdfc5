//! Settings as a file for another process: those that tests change.

use weir::config::Config;

/// The text of a `weir.toml`, with another `store.url`.
pub(super) fn written(config: &Config, store: &str) -> String {
    let Config {
        server,
        auth,
        reports,
        fleet,
        policy,
        ..
    } = config;
    format!(
        "[server]\nlisten = \"{}\"\npublic_url = {:?}\ndata_dir = {:?}\n\
         [auth]\nadmin_token = {:?}\ncluster_password = {:?}\n\
         [store]\nurl = {:?}\n\
         [reports]\nreporting_speed_ms = {}\n\
         [fleet]\ndecide_every_ms = {}\nreservation_ms = {}\nreservation_grace_ms = {}\ndrain_wait_ms = {}\n\
         cloud_sweep_ms = {}\nfirst_report_ms = {}\n\
         [policy]\ncache_dir = {:?}\n",
        server.listen,
        server.public_url,
        server.data_dir,
        auth.admin_token.reveal(),
        auth.cluster_password.reveal(),
        store,
        reports.reporting_speed_ms,
        fleet.decide_every_ms,
        fleet.reservation_ms,
        fleet.reservation_grace_ms,
        fleet.drain_wait_ms,
        fleet.cloud_sweep_ms,
        fleet.first_report_ms,
        policy.cache_dir,
    )
}
