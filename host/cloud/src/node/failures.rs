//! What tests make a node do.

use tokio::sync::oneshot;

use super::service::Phase;
use super::{Signal, SimulatedNode};

impl SimulatedNode {
    /// The service dies; the instance runs on. Clients are cut, nothing is said to the manager, no port answers.
    pub fn crash(&self) {
        self.fall(Phase::Crashed);
    }

    /// The service starts again: clients are cut, a new boot asks for its role.
    pub fn restart_service(&self) {
        self.fall(Phase::Crashed);
        self.signal(Signal::Restarted);
    }

    /// Serves on, but says nothing to the manager (`true`), or speaks again.
    pub fn mute(&self, silent: bool) {
        self.service.lock().muted = silent;
    }

    /// The network between this node and another one breaks, so that it is no parent of this one (`true`), or is mended.
    pub fn lose_way_to(&self, parent: &SimulatedNode, lost: bool) {
        let mut service = self.service.lock();
        for address in parent.addresses() {
            if lost {
                service.unreachable.insert(address.clone());
            } else {
                service.unreachable.remove(address);
            }
        }
    }

    /// The next report is lost on its way to the manager.
    pub fn drop_next_report(&self) {
        self.service.lock().reports_to_lose += 1;
    }

    /// Reports at once, besides the periodic reports; ends when the manager has answered. `false` when the report did
    /// not arrive or was not accepted, or the node has nobody to report to.
    pub async fn report_now(&self) -> bool {
        let (told, taken) = oneshot::channel();
        if self.mailbox.send(Signal::ReportNow(told)).await.is_err() {
            return false;
        }
        taken.await.unwrap_or(false)
    }
}
