//! The demo in plain lines: for pipes, logs and small terminals, and what stays on the screen afterwards.

use std::io::{Write, stdout};
use std::time::Duration;

use super::api::Api;
use super::picture::Picture;
use super::summary::Summary;

/// Where to look, and calls to try.
pub(super) fn invitation(api: &Api, group: &str) -> std::io::Result<()> {
    let mut out = stdout().lock();
    let base = &api.base_url;
    let nodes = api.admin_url(&format!("nodegroup/{group}/node"), "");
    writeln!(out, "\nIt serves. Try, while it runs:")?;
    writeln!(
        out,
        "  curl '{base}/streammanager/api/4.0/event/live/show?action=subscribe'"
    )?;
    writeln!(out, "  curl '{nodes}'")?;
    writeln!(
        out,
        "  curl -H 'Authorization: Bearer {}' '{}'",
        api.token,
        api.group_url(group)
    )?;
    writeln!(out, "  curl '{base}/metrics'\n")
}

/// How it went.
pub(super) fn closing(summary: &Summary) -> std::io::Result<()> {
    writeln!(stdout(), "\n{summary}")
}

/// What was said last, so that lines only tell what is new.
#[derive(Default)]
pub(super) struct Lines {
    told: u64,
}

impl Lines {
    /// New deeds of the policy, then where things stand.
    pub(super) fn tell(&mut self, picture: &Picture) -> std::io::Result<()> {
        let mut out = stdout().lock();
        for act in picture.acts.iter().rev().filter(|act| act.at > self.told) {
            let seen = seconds(act.seen);
            writeln!(out, "{seen}  {}: {}", act.who(), act.said())?;
            for reason in act.why() {
                writeln!(out, "             {reason}")?;
            }
        }
        self.told = picture.acts.first().map_or(self.told, |act| act.at);
        writeln!(out, "{}", standing(picture))?;
        out.flush()
    }
}

/// The column of times: real time since the start.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:>5.1} s", time.as_secs_f64())
}

fn standing(picture: &Picture) -> String {
    let crowd = &picture.crowd;
    let edges = picture.count("edge", "inservice");
    let booting = picture.count("edge", "pending") + picture.count("edge", "running");
    format!(
        "{}  {:>3} of {:>3} viewers on {:>2} {} ({booting} booting, {} draining){}; refused {}, cut {}",
        seconds(picture.real),
        crowd.watching,
        crowd.wanted,
        edges,
        if edges == 1 { "edge" } else { "edges" },
        picture.count("edge", "draining"),
        load(picture, "edge"),
        crowd.refused,
        picture.cloud.viewers_cut,
    )
}

fn load(picture: &Picture, role: &str) -> String {
    let status = picture
        .group
        .roles
        .iter()
        .find(|status| status.role == role);
    let load = status.and_then(|status| status.load_percent);
    load.map_or_else(String::new, |load| format!(", load {load:.0} %"))
}
