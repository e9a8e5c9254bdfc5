//! Scenarios: a script of what happens to a group, and the log of what is decided about it, word for word.
//!
//! A scenario runs the pure core with the built-in `threshold` component, or with wishes from the script; minutes pass in
//! milliseconds. Its log is kept in `logs/` and compared. When a change of the log is wanted, run
//! `INSTA_UPDATE=always cargo test -p weir-tests --test scenarios`, and read the difference before it is committed.

mod documents;
mod log;
mod manager;
mod script;
mod world;

use std::path::{Path, PathBuf};

use weir_core::ids::NodeNo;
use weir_core::node::{NodeState, Role};
use weir_core::plan::OperatorOrder;
use weir_core::proposal::{LaunchWish, Proposal};
use weir_core::units::{DurationMs, UtcMs};

use log::Log;
use manager::{Manager, Policy, START};
use script::{Event, Script, Setting};
use world::World;

/// Between two passes.
const TICK: DurationMs = DurationMs::secs(1);

/// A scenario as it runs.
struct Scenario {
    manager: Manager,
    world: World,
    log: Log,
    now: UtcMs,
}

impl Scenario {
    fn told(script: &Script) -> String {
        let threshold = weir_tests::policies::builtin("threshold");
        let mut scenario = Self {
            manager: Manager::new(&script.setup, threshold),
            world: World::new(),
            log: Log::default(),
            now: START,
        };
        for setting in &script.setup {
            if let Setting::Boot(boot) = setting {
                scenario.world.boot = *boot;
            }
        }
        let mut events = script.events.iter().peekable();
        while scenario.now <= START + script.end {
            while let Some((_, event)) = events.next_if(|(at, _)| START + *at <= scenario.now) {
                scenario.happens(event);
            }
            let Scenario {
                manager,
                world,
                log,
                now,
            } = &mut scenario;
            manager.listen(world, *now);
            manager.pass(world, log, *now);
            *now = *now + TICK;
        }
        scenario.log.text()
    }

    fn node(&self, name: &str) -> NodeNo {
        let found = self.world.find(name);
        found.unwrap_or_else(|| panic!("the script speaks of {name}, which was never launched"))
    }

    fn happens(&mut self, event: &Event) {
        let now = self.now;
        let told = format!("{event:?}").replace('"', "");
        self.log.say(now, format!("-- {told}"));
        match event {
            Event::Launch(role) => self.order(&OperatorOrder::Launch(*role)),
            Event::Terminate { node, force } => {
                let (no, force) = (self.node(node), *force);
                self.order(&OperatorOrder::Terminate { no, force });
            }
            Event::Sunset(node) => self.order(&OperatorOrder::Sunset(self.node(node))),
            Event::DeleteGroup => self.order(&OperatorOrder::DeleteGroup),
            Event::Limits { role, min, max } => self.manager.change_limits(*role, *min, *max),
            Event::Restart => self.manager.restart(now),
            Event::Clients { node, count } => {
                self.world.set_viewers(self.node(node), *count, now);
            }
            Event::Publishers { node, count } => {
                self.world.set_publishers(self.node(node), *count, now);
            }
            Event::Audience(count) => self.spread(*count),
            Event::Silent(node) => self.world.set_silent(self.node(node), true, true, now),
            Event::Dead(node) => {
                let no = self.node(node);
                self.world.set_viewers(no, 0, now);
                self.world.set_silent(no, true, false, now);
            }
            Event::Back(node) => self.world.set_silent(self.node(node), false, true, now),
            Event::Bye(node) => {
                let no = self.node(node);
                self.world.set_silent(no, true, false, now);
                self.manager.state.said_bye(no);
            }
            Event::Lost(node) => self.lose(node),
            Event::Full(zone) => drop(self.world.full.insert(zone.clone())),
            Event::Room(zone) => drop(self.world.full.remove(zone)),
            Event::Mute => self.world.mute = true,
            Event::Unmute => self.world.mute = false,
            Event::Deaf => self.world.heard = false,
            Event::Hears => self.world.heard = true,
            Event::WishLaunch { role, count } => {
                self.wish().launches.push(launch(*role, *count));
            }
            Event::WishRetire(names) => {
                let ids = self.ids(names);
                self.wish().retirements.extend(ids);
            }
            Event::WishReinstate(names) => {
                let ids = self.ids(names);
                self.wish().reinstatements.extend(ids);
            }
        }
    }

    fn order(&mut self, order: &OperatorOrder) {
        let Self {
            manager,
            world,
            log,
            now,
        } = self;
        manager.order(order, world, log, *now);
    }

    /// The cloud ends the instance and says so when it is asked, as the sweep does.
    fn lose(&mut self, name: &str) {
        let no = self.node(name);
        self.world.lose(no);
        self.manager.state.instance_ended(no);
    }

    fn ids(&self, names: &[String]) -> Vec<u32> {
        names.iter().map(|name| self.node(name).0).collect()
    }

    /// The wish of the next decision, which is made at once.
    fn wish(&mut self) -> &mut Proposal {
        self.manager.due = UtcMs(0);
        let Policy::ByHand(wish) = &mut self.manager.policy else {
            panic!("a script that wishes says `wishes by hand`");
        };
        wish
    }

    /// So many viewers in all, evenly over the edges that take some; what draining edges have stays.
    fn spread(&mut self, count: u32) {
        let edges = |draining: bool| {
            let members = self.manager.state.members();
            let edges = members.filter(|member| {
                let node = &member.node;
                let serves = node.role == Role::Edge && node.state == NodeState::InService;
                serves && node.drain.is_some() == draining
            });
            edges.map(|member| member.node.no).collect::<Vec<NodeNo>>()
        };
        let held: u32 = edges(true).iter().map(|no| self.world.clients(*no)).sum();
        let open = edges(false);
        let many = u32::try_from(open.len()).expect("a scenario has few nodes");
        let rest = count.saturating_sub(held);
        for (at, no) in (0..).zip(open) {
            let share = rest / many + u32::from(at < rest % many);
            self.world.set_viewers(no, share, self.now);
        }
    }
}

fn launch(role: Role, count: u32) -> LaunchWish {
    LaunchWish {
        role,
        region: 0,
        zone: None,
        instance_type: None,
        count,
    }
}

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/scripts");
    let files = std::fs::read_dir(&folder).expect("the folder is in the repository");
    let path = |file: std::io::Result<std::fs::DirEntry>| file.expect("a file").path();
    let mut paths: Vec<PathBuf> = files.map(path).collect();
    paths.sort();
    paths
}

#[test]
fn every_scenario_goes_as_its_log_says() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("logs");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let differ = scripts().into_iter().filter(|path| {
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a plain name");
        let text = std::fs::read_to_string(path).expect("a script can be read");
        let script: Script = match text.parse() {
            Ok(script) => script,
            Err(wrong) => panic!("{}:{}: {}", path.display(), wrong.line, wrong.what),
        };
        let log = Scenario::told(&script);
        let compare = || settings.bind(|| insta::assert_snapshot!(name, log));
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare)).is_err()
    });
    let differ: Vec<PathBuf> = differ.collect();
    assert!(differ.is_empty(), "these went otherwise: {differ:?}");
}
