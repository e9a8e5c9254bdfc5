//! The demo on a terminal.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Gauge, Paragraph, Row, Sparkline, Table, Wrap};

use super::api::RoleStatus;
use super::lines::seconds;
use super::picture::{NodeLine, Picture};
use super::words::ending;

/// Columns and lines below which nothing sensible can be shown.
const LEAST: (u16, u16) = (72, 18);
/// Widths of the node table's columns but for the identifier, which takes what is left.
const COLUMNS: [u16; 4] = [10, 13, 11, 15];

/// Draws everything. `links`: lines of the footer.
pub(super) fn draw(frame: &mut Frame<'_>, picture: &Picture, links: &[String]) {
    let gauges = u16::try_from(picture.group.roles.len())
        .unwrap_or(4)
        .clamp(1, 4);
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return draw_too_small(frame);
    }
    // A call cut in two is no call: those that are too long for a line are left out.
    let links: Vec<Line<'_>> = links
        .iter()
        .map(|link| Line::from(link.as_str()))
        .filter(|link| link.width() <= usize::from(area.width))
        .collect();
    let footer = u16::try_from(links.len()).unwrap_or(3);
    let [title, top, middle, bottom, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(gauges + 5),
        Constraint::Fill(3),
        Constraint::Fill(2),
        Constraint::Length(footer),
    ])
    .areas(area);
    frame.render_widget(headline(picture), title);
    draw_load(frame, picture, top);
    draw_nodes(frame, picture, middle);
    draw_decisions(frame, picture, bottom);
    frame.render_widget(Paragraph::new(links).dim(), foot);
}

fn draw_too_small(frame: &mut Frame<'_>) {
    let (width, height) = LEAST;
    let area = frame.area();
    let text = format!(
        "too small: {} x {} of {width} x {height} (q ends; --plain prints lines)",
        area.width, area.height
    );
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
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
    let header = Row::new(["role", "state", "clients", "address", "node"]);
    let [role, state, clients, address] = COLUMNS.map(Constraint::Length);
    let widths = [role, state, clients, address, Constraint::Fill(1)];
    // Two lines of border, one of header; two columns of border, one between columns each.
    let places = usize::from(area.height.saturating_sub(3));
    let taken = COLUMNS.iter().sum::<u16>() + 4 + 2;
    let width = usize::from(area.width.saturating_sub(taken));
    let shown = if picture.nodes.len() > places {
        places.saturating_sub(1)
    } else {
        picture.nodes.len()
    };
    let mut rows: Vec<Row<'_>> = picture.nodes[..shown]
        .iter()
        .map(|line| row(line, width))
        .collect();
    if shown < picture.nodes.len() {
        rows.push(Row::new([format!(
            "… {} more",
            picture.nodes.len() - shown
        )]));
    }
    let table = Table::new(rows, widths)
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

fn row(line: &NodeLine, width: usize) -> Row<'_> {
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
        line.node.address.clone().unwrap_or_default(),
        ending(&line.node.identifier, width),
    ];
    Row::new(cells).style(Style::new().fg(colour))
}

fn draw_decisions(frame: &mut Frame<'_>, picture: &Picture, area: Rect) {
    let mut lines = Vec::new();
    if let Some(last) = &picture.group.latest_decision {
        let (now, reasons) = (seconds(picture.real), last.why().join("; "));
        lines.push(Line::from(format!("{now}  now, {}: {reasons}", last.who())).dim());
    }
    for act in &picture.acts {
        let said = format!("{}  {}: {}  ", seconds(act.seen), act.who(), act.said());
        let why = Span::from(act.why().join("; ")).dim();
        lines.push(Line::from(vec![Span::from(said), why]));
    }
    let block = Block::bordered().title(" decisions, newest first ");
    frame.render_widget(Paragraph::new(lines).block(block), area);
}
