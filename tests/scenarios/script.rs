//! The language of the scripts: a line a fact. What a group is comes first, then what happens when.
//!
//! ```text
//! group edge 1..2 capacity 1        # a role's limits, and what a node of it carries
//! at 3m clients edge1 1             # from then on the node has so many direct clients
//! end 12m
//! ```
//!
//! Nodes are called by role and order of launch: `origin1`, `edge1`, `edge2`. Every word stands in the lists of [`Line`].

use std::str::FromStr;

use weir_core::node::Role;
use weir_core::units::DurationMs;

/// A script, read.
#[derive(Debug, Default)]
pub struct Script {
    /// What the group is, in the order of the lines.
    pub setup: Vec<Setting>,
    /// What happens, by time, then in the order of the lines.
    pub events: Vec<(DurationMs, Event)>,
    /// When the log ends.
    pub end: DurationMs,
}

/// What a group is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// Limits of a role, what one node carries, and how many come at a time.
    Group {
        role: Role,
        min: u32,
        max: u32,
        capacity: u32,
        step: u32,
    },
    /// Alarm threshold of a role, percent.
    Threshold(Role, u32),
    /// From launch to the first report.
    Boot(DurationMs),
    /// Zones of the region.
    Zones(Vec<String>),
    /// Waits of the limits document: before a scale-out, before a scale-in, between two of these.
    Waits([DurationMs; 3]),
    /// Wishes come from the script, not from `threshold`.
    WishesByHand,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An operator launches a node.
    Launch(Role),
    /// An operator ends a node; with force its record goes at once.
    Terminate { node: String, force: bool },
    /// An operator sunsets a node.
    Sunset(String),
    /// An operator deletes the group.
    DeleteGroup,
    /// An operator changes a role's limits.
    Limits { role: Role, min: u32, max: u32 },
    /// A node has so many viewers from now on.
    Clients { node: String, count: u32 },
    /// A node has so many publishers from now on.
    Publishers { node: String, count: u32 },
    /// So many viewers are spread over the edges that take some.
    Audience(u32),
    /// A node's agent is silent; its port answers all the same.
    Silent(String),
    /// A node's service is gone with its viewers; the instance runs on.
    Dead(String),
    /// A silent or dead node is back.
    Back(String),
    /// A node's service shuts down cleanly.
    Bye(String),
    /// The cloud ends a node's instance.
    Lost(String),
    /// The zone has no capacity.
    Full(String),
    /// It has some again.
    Room(String),
    /// Nodes launched from now on never report.
    Mute,
    /// Nodes launched from now on report again.
    Unmute,
    /// No report reaches the manager.
    Deaf,
    /// Reports reach it again.
    Hears,
    /// The manager is killed and started again.
    Restart,
    /// The policy wishes to launch so many.
    WishLaunch { role: Role, count: u32 },
    /// The policy wishes to retire these.
    WishRetire(Vec<String>),
    /// The policy wishes to take these back.
    WishReinstate(Vec<String>),
}

/// What is wrong with a script.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Line, from 1.
    pub line: usize,
    /// What, and what may stand there.
    pub what: String,
}

impl FromStr for Script {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let mut script = Self::default();
        for (at, line) in text.lines().enumerate() {
            let said = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = said.split_whitespace().collect();
            let read = script.line(&mut Line { words: &words });
            read.map_err(|what| Wrong { line: at + 1, what })?;
        }
        if script.end == DurationMs(0) {
            let (line, what) = (text.lines().count(), "a script ends with `end TIME`".into());
            return Err(Wrong { line, what });
        }
        script.events.sort_by_key(|(at, _)| *at);
        Ok(script)
    }
}

impl Script {
    fn line(&mut self, line: &mut Line<'_, '_>) -> Result<(), String> {
        if line.words.is_empty() {
            return Ok(());
        }
        match line.one_of(&Line::SETTINGS)? {
            "at" => {
                let at = line.time()?;
                let event = line.event()?;
                self.events.push((at, event));
            }
            "end" => self.end = line.time()?,
            setting => {
                let setting = line.setting(setting)?;
                self.setup.push(setting);
            }
        }
        line.is_over()
    }
}

/// The words of a line that were not read yet.
struct Line<'a, 'b> {
    words: &'b [&'a str],
}

impl<'a> Line<'a, '_> {
    const SETTINGS: [&'static str; 8] = [
        "group",
        "threshold",
        "boot",
        "zones",
        "waits",
        "wishes",
        "at",
        "end",
    ];
    const EVENTS: [&'static str; 20] = [
        "launch",
        "terminate",
        "sunset",
        "delete",
        "limits",
        "clients",
        "publishers",
        "audience",
        "silent",
        "dead",
        "back",
        "bye",
        "lost",
        "full",
        "room",
        "mute",
        "unmute",
        "deaf",
        "hears",
        "restart",
    ];
    const WISHES: [&'static str; 3] = ["launch", "retire", "reinstate"];

    fn next(&mut self, wanted: &str) -> Result<&'a str, String> {
        let (first, rest) = self
            .words
            .split_first()
            .ok_or(format!("{wanted} is missing"))?;
        self.words = rest;
        Ok(first)
    }

    /// The next word, which has to be one of these.
    fn one_of(&mut self, known: &[&'static str]) -> Result<&'static str, String> {
        let word = self.next("a word")?;
        let found = known.iter().find(|one| **one == word);
        found
            .copied()
            .ok_or_else(|| format!("{word:?} is none of {}", known.join(", ")))
    }

    fn keyword(&mut self, word: &'static str) -> Result<(), String> {
        self.one_of(&[word]).map(|_| ())
    }

    fn is_over(&self) -> Result<(), String> {
        match self.words.first() {
            None => Ok(()),
            Some(word) => Err(format!("{word:?} is one word too many")),
        }
    }

    fn number(&mut self) -> Result<u32, String> {
        let word = self.next("a number")?;
        word.parse()
            .map_err(|_| format!("{word:?} is no whole number"))
    }

    fn role(&mut self) -> Result<Role, String> {
        let word = self.next("a role")?;
        Role::parse(word).ok_or_else(|| format!("{word:?} is no role"))
    }

    /// `30s`, `5m`, `2m30s`.
    fn time(&mut self) -> Result<DurationMs, String> {
        let word = self.next("a time")?;
        let wrong = || format!("{word:?} is no time: write 30s, 5m or 2m30s");
        let (minutes, rest) = word.split_once('m').unwrap_or(("0", word));
        let seconds = match rest.strip_suffix('s') {
            Some(seconds) => seconds,
            None if rest.is_empty() => "0",
            None => return Err(wrong()),
        };
        let whole = |text: &str| text.parse::<u64>().map_err(|_| wrong());
        Ok(DurationMs::secs(whole(minutes)? * 60 + whole(seconds)?))
    }

    fn range(&mut self) -> Result<(u32, u32), String> {
        let word = self.next("a range")?;
        let wrong = || format!("{word:?} is no range: write 1..4");
        let (min, max) = word.split_once("..").ok_or_else(wrong)?;
        let whole = |text: &str| text.parse().map_err(|_| wrong());
        Ok((whole(min)?, whole(max)?))
    }

    fn names(&mut self) -> Result<Vec<String>, String> {
        let mut names = vec![self.next("a name")?.to_owned()];
        names.extend(self.words.iter().map(|word| (*word).to_owned()));
        self.words = &[];
        Ok(names)
    }

    fn name(&mut self) -> Result<String, String> {
        self.next("a name").map(str::to_owned)
    }

    fn setting(&mut self, word: &str) -> Result<Setting, String> {
        Ok(match word {
            "group" => self.group()?,
            "threshold" => Setting::Threshold(self.role()?, self.number()?),
            "boot" => Setting::Boot(self.time()?),
            "zones" => Setting::Zones(self.names()?),
            "waits" => Setting::Waits([self.time()?, self.time()?, self.time()?]),
            _ => {
                self.keyword("by")?;
                self.keyword("hand")?;
                Setting::WishesByHand
            }
        })
    }

    fn group(&mut self) -> Result<Setting, String> {
        let role = self.role()?;
        let (min, max) = self.range()?;
        self.keyword("capacity")?;
        let capacity = self.number()?;
        let mut step = 1;
        if !self.words.is_empty() {
            self.keyword("step")?;
            step = self.number()?;
        }
        Ok(Setting::Group {
            role,
            min,
            max,
            capacity,
            step,
        })
    }

    fn event(&mut self) -> Result<Event, String> {
        let mut known = Self::EVENTS.to_vec();
        known.push("wish");
        Ok(match self.one_of(&known)? {
            "launch" => Event::Launch(self.role()?),
            "terminate" => {
                let node = self.name()?;
                let force = !self.words.is_empty();
                if force {
                    self.keyword("force")?;
                }
                Event::Terminate { node, force }
            }
            "sunset" => Event::Sunset(self.name()?),
            "delete" => Event::DeleteGroup,
            "limits" => {
                let (role, (min, max)) = (self.role()?, self.range()?);
                Event::Limits { role, min, max }
            }
            "clients" => {
                let (node, count) = (self.name()?, self.number()?);
                Event::Clients { node, count }
            }
            "publishers" => {
                let (node, count) = (self.name()?, self.number()?);
                Event::Publishers { node, count }
            }
            "audience" => Event::Audience(self.number()?),
            "silent" => Event::Silent(self.name()?),
            "dead" => Event::Dead(self.name()?),
            "back" => Event::Back(self.name()?),
            "bye" => Event::Bye(self.name()?),
            "lost" => Event::Lost(self.name()?),
            "full" => Event::Full(self.name()?),
            "room" => Event::Room(self.name()?),
            "mute" => Event::Mute,
            "unmute" => Event::Unmute,
            "deaf" => Event::Deaf,
            "hears" => Event::Hears,
            "restart" => Event::Restart,
            _ => self.wish()?,
        })
    }

    fn wish(&mut self) -> Result<Event, String> {
        Ok(match self.one_of(&Self::WISHES)? {
            "launch" => {
                let (role, count) = (self.role()?, self.number()?);
                Event::WishLaunch { role, count }
            }
            "retire" => Event::WishRetire(self.names()?),
            _ => Event::WishReinstate(self.names()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        let wrong = text.parse::<Script>().expect_err("it is wrong");
        format!("{}: {}", wrong.line, wrong.what)
    }

    #[test]
    fn events_are_sorted_by_time_and_comments_are_no_words() {
        let text =
            "group edge 1..2 capacity 1 step 3 # three\nat 2m30s mute\nat 5s restart\nend 3m";
        let script: Script = text.parse().expect("it is right");
        let events = [(5, Event::Restart), (150, Event::Mute)];
        let events = events.map(|(at, event)| (DurationMs::secs(at), event));
        assert_eq!(script.events, events);
        assert!(matches!(script.setup[..], [Setting::Group { step: 3, .. }]));
    }

    #[test]
    fn a_wrong_word_is_named_with_its_line_and_what_may_stand_there() {
        assert!(wrong("\nat 5s explode\nend 1m").starts_with("2: \"explode\" is none of launch,"));
        assert!(wrong("groups\nend 1m").starts_with("1: \"groups\" is none of group, threshold,"));
        assert_eq!(
            wrong("at soon mute"),
            "1: \"soon\" is no time: write 30s, 5m or 2m30s"
        );
        assert_eq!(wrong("at 5s clients edge1"), "1: a number is missing");
        assert_eq!(wrong("end 5s 6s"), "1: \"6s\" is one word too many");
        assert_eq!(wrong("boot 5s"), "1: a script ends with `end TIME`");
    }
}
