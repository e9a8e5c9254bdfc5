//! The demo on a terminal.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Gauge, Paragraph, Row, Sparkline, Table};

use super::api::RoleStatus;
use super::picture::{NodeLine, Picture};

/// Draws everything. `links`: lines of the footer.
pub(super) fn draw(frame: &mut Frame<'_>, picture: &Picture, links: &[String]) {
    let gauges = u16::try_from(picture.group.roles.len())
        .unwrap_or(4)
        .clamp(1, 4);
    let footer = u16::try_from(links.len()).unwrap_or(3);
    let [title, top, middle, bottom, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(gauges + 5),
        Constraint::Fill(3),
        Constraint::Fill(2),
        Constraint::Length(footer),
    ])
    .areas(frame.area());
    frame.render_widget(headline(picture), title);
    draw_load(frame, picture, top);
    draw_nodes(frame, picture, middle);
    draw_decisions(frame, picture, bottom);
    let links: Vec<Line<'_>> = links.iter().map(|link| Line::from(link.as_str())).collect();
    frame.render_widget(Paragraph::new(links).dim(), foot);
}

fn headline(picture: &Picture) -> Line<'static> {
    let air = if picture.on_air {
        "on the air"
    } else {
        "off the air"
    };
    Line::from(vec![
        Span::from(" weir demo ").bold().reversed(),
        Span::from(format!(
            "  group {}, stream {air}, {:.0} s, {} times as fast as life   (q ends)",
            picture.group.state,
            picture.real.as_secs_f64(),
            super::SPEED,
        )),
    ])
}

fn draw_load(frame: &mut Frame<'_>, picture: &Picture, area: Rect) {
    let [left, right] =
        Layout::horizontal([Constraint::Fill(3), Constraint::Length(34)]).areas(area);
    let block = Block::bordered().title(" viewers and load ");
    let inner = block.inner(left);
    frame.render_widget(block, left);
    let [curve, gauges] =
        Layout::vertical([Constraint::Length(3), Constraint::Fill(1)]).areas(inner);
    let newest = picture.curve.len().saturating_sub(usize::from(curve.width));
    let sparkline = Sparkline::default()
        .data(picture.curve[newest..].iter().copied())
        .style(Style::new().fg(Color::Cyan));
    frame.render_widget(sparkline, curve);
    let lines = Layout::vertical(picture.group.roles.iter().map(|_| Constraint::Length(1)));
    for (role, line) in picture.group.roles.iter().zip(lines.split(gauges).iter()) {
        frame.render_widget(gauge(role), *line);
    }
    let counters = Block::bordered().title(" counters ");
    frame.render_widget(Paragraph::new(counts(picture)).block(counters), right);
}

fn gauge(role: &RoleStatus) -> Gauge<'static> {
    let load = role.load_percent.unwrap_or(0.0);
    let colour = match load {
        load if load > 80.0 => Color::Red,
        load if load > 60.0 => Color::Yellow,
        _ => Color::Green,
    };
    let label = format!(
        "{} {}: {} of {} in service, {} on {} places, {load:.0} %",
        role.role, role.region, role.in_service, role.nodes, role.connections, role.capacity
    );
    Gauge::default()
        .ratio((load / 100.0).clamp(0.0, 1.0))
        .gauge_style(Style::new().fg(colour).bg(Color::Black))
        .label(label)
}

fn counts(picture: &Picture) -> Vec<Line<'static>> {
    let crowd = &picture.crowd;
    let line = |name: &str, value: String| Line::from(format!("{name:<10}{value:>20}"));
    vec![
        line("viewers", format!("{} of {}", crowd.watching, crowd.wanted)),
        line("peak", crowd.peak.to_string()),
        line("launched", picture.cloud.launched.to_string()),
        line("retired", picture.cloud.terminated.to_string()),
        line("refused", crowd.refused.to_string()),
        line("cut", picture.cloud.viewers_cut.to_string()),
    ]
}

fn draw_nodes(frame: &mut Frame<'_>, picture: &Picture, area: Rect) {
    let header = Row::new(["role", "state", "clients", "node", "zone", "address"]);
    let widths = [
        Constraint::Length(10),
        Constraint::Length(13),
        Constraint::Length(11),
        Constraint::Fill(2),
        Constraint::Fill(1),
        Constraint::Length(15),
    ];
    let table = Table::new(picture.nodes.iter().map(row), widths)
        .header(header.style(Style::new().add_modifier(Modifier::BOLD)))
        .block(Block::bordered().title(format!(" nodes: {} ", states(picture))));
    frame.render_widget(table, area);
}

fn states(picture: &Picture) -> String {
    let mut by_state = std::collections::BTreeMap::new();
    for line in &picture.nodes {
        *by_state.entry(line.state()).or_insert(0_u32) += 1;
    }
    let words: Vec<String> = by_state
        .into_iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    words.join(", ")
}

fn row(line: &NodeLine) -> Row<'_> {
    let colour = match line.state() {
        "inservice" => Color::Green,
        "draining" => Color::Yellow,
        "unresponsive" => Color::Red,
        "terminating" => Color::DarkGray,
        _ => Color::Blue,
    };
    let cells = [
        line.node.role.clone(),
        line.state().to_owned(),
        format!("{} / {}", line.clients, line.node.capacity),
        line.node.identifier.clone(),
        line.node.availability_zone.clone(),
        line.node.address.clone().unwrap_or_default(),
    ];
    Row::new(cells).style(Style::new().fg(colour))
}

fn draw_decisions(frame: &mut Frame<'_>, picture: &Picture, area: Rect) {
    let mut lines = Vec::new();
    if let Some(last) = &picture.group.latest_decision {
        let reasons = last.reasons.join("; ");
        lines.push(Line::from(format!("now   {}: {reasons}", last.who())).dim());
    }
    for act in &picture.acts {
        let said = format!("{}: {} ", act.who(), act.summary);
        let why = Span::from(act.reasons.join("; ")).dim();
        lines.push(Line::from(vec![Span::from(said), why]));
    }
    let block = Block::bordered().title(" decisions, newest first ");
    frame.render_widget(Paragraph::new(lines).block(block), area);
}
