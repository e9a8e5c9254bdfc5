//! The running show: looks at the server a few times a second and tells it on a screen or in lines. Made to be dropped
//! at any moment.

#![expect(
    clippy::disallowed_methods,
    reason = "the show runs before people: in real time, not on the simulated clock"
)]

use std::io::{IsTerminal, stdout};
use std::time::Duration;

use anyhow::Context;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use tokio::time::Instant;

use super::api::Api;
use super::lines::Lines;
use super::picture::Picture;
use super::summary::Summary;
use super::{Audience, DemoServer, screen};

const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Plain lines come once in so many looks.
const LOOKS_PER_LINE: u32 = 10;
/// Looks in a row that may fail before the server is given up.
const PATIENCE: u32 = 25;

/// All there is to look at.
pub(super) struct Stage<'a> {
    pub(super) api: &'a Api,
    pub(super) group: &'a str,
    pub(super) server: &'a DemoServer,
    pub(super) audience: &'a Audience,
    pub(super) started: Instant,
}

/// Shows until somebody closes the screen, adding to the summary what is seen.
pub(super) async fn play(
    stage: &Stage<'_>,
    plain: bool,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let mut view = View::open(plain, stage)?;
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let mut picture = Picture::default();
    let mut failed = 0;
    loop {
        looks.tick().await;
        match picture.refresh(stage).await {
            Ok(()) => failed = 0,
            Err(error) if failed >= PATIENCE => return Err(error),
            Err(_) => failed += 1,
        }
        summary.add(&picture);
        view.show(&picture)?;
        if view.is_closed()? {
            return Ok(());
        }
    }
}

enum View {
    Screen {
        terminal: ratatui::DefaultTerminal,
        links: Vec<String>,
    },
    Lines {
        lines: Lines,
        looks: u32,
    },
}

impl View {
    fn open(plain: bool, stage: &Stage<'_>) -> anyhow::Result<Self> {
        if plain || !stdout().is_terminal() {
            return Ok(Self::Lines {
                lines: Lines::default(),
                looks: 0,
            });
        }
        let base = &stage.api.base_url;
        let links = vec![
            format!(" curl '{base}/streammanager/api/4.0/event/live/show?action=subscribe'"),
            format!(
                " curl '{}'",
                stage
                    .api
                    .admin_url(&format!("nodegroup/{}/node", stage.group), "")
            ),
            format!(
                " curl -H 'Authorization: Bearer {}' '{}'",
                stage.api.token,
                stage.api.group_url(stage.group)
            ),
        ];
        // Also makes a panic restore the terminal first.
        let terminal = ratatui::try_init().context("cannot draw on this terminal; try --plain")?;
        Ok(Self::Screen { terminal, links })
    }

    fn show(&mut self, picture: &Picture) -> anyhow::Result<()> {
        match self {
            Self::Screen { terminal, links } => {
                terminal.draw(|frame| screen::draw(frame, picture, links))?;
            }
            Self::Lines { lines, looks } => {
                if looks.is_multiple_of(LOOKS_PER_LINE) {
                    lines.tell(picture)?;
                }
                *looks = looks.wrapping_add(1);
            }
        }
        Ok(())
    }

    /// Whether somebody asked for the end on the keyboard. (A drawn terminal hands us Ctrl-C as a key.)
    fn is_closed(&self) -> anyhow::Result<bool> {
        if matches!(self, Self::Lines { .. }) {
            return Ok(false);
        }
        while event::poll(Duration::ZERO)? {
            if let Event::Key(key) = event::read()? {
                let control = key.modifiers.contains(KeyModifiers::CONTROL);
                let ends = match key.code {
                    KeyCode::Char('c') => control,
                    KeyCode::Char('q') | KeyCode::Esc => true,
                    _ => false,
                };
                if ends && key.kind == KeyEventKind::Press {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

impl Drop for View {
    fn drop(&mut self) {
        if matches!(self, Self::Screen { .. }) {
            ratatui::restore();
        }
    }
}
