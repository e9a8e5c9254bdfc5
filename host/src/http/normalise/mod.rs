//! Mends the URLs that published instructions and old clients spell wrong, before anything is routed.
//!
//! Blanks (`%20`, `+`) round path segments and query values go, a later `?` stands for `&`, the last non-empty
//! `accessToken` wins, a trailing slash is ignored, the API's own words compare without case. Names of groups, nodes
//! and streams stay exactly as sent. The slash after a token is the token check's business: a token may end in one.

use axum::http::uri::PathAndQuery;
use axum::http::{Request, Uri};
use percent_encoding::percent_decode_str;

#[cfg(test)]
mod tests;

/// The API's paths word by word; `*` is a name. A word is compared without case only where a path of this table has
/// it, so a stream called `Stats` keeps its capital.
const SHAPES: &[&[&str]] = &[
    &["streammanager", "cloudwatch"],
    &["streammanager", "api", "*", "event", "list", "stats"],
    &["streammanager", "api", "*", "event", "test"],
    &["streammanager", "api", "*", "media", "list", "stats"],
    &[
        "streammanager",
        "api",
        "*",
        "admin",
        "configurations",
        "scalepolicy",
        "*",
        "copy",
        "*",
    ],
    &[
        "streammanager",
        "api",
        "*",
        "admin",
        "configurations",
        "launchconfig",
        "*",
        "copy",
        "*",
    ],
    &[
        "streammanager",
        "api",
        "*",
        "admin",
        "configurations",
        "launchpolicy",
        "*",
        "copy",
        "*",
    ],
    &[
        "streammanager",
        "api",
        "*",
        "admin",
        "nodegroup",
        "*",
        "node",
        "relations",
    ],
    &[
        "streammanager",
        "api",
        "*",
        "admin",
        "nodegroup",
        "*",
        "node",
        "map",
    ],
    &[
        "streammanager",
        "api",
        "*",
        "admin",
        "nodegroup",
        "*",
        "node",
        "origin",
    ],
    &[
        "streammanager",
        "api",
        "*",
        "admin",
        "nodegroup",
        "*",
        "node",
        "edge",
    ],
    &[
        "streammanager",
        "api",
        "*",
        "admin",
        "nodegroup",
        "*",
        "node",
        "relay",
    ],
    &[
        "streammanager",
        "api",
        "*",
        "admin",
        "nodegroup",
        "*",
        "node",
        "transcoder",
    ],
    &[
        "streammanager",
        "api",
        "*",
        "admin",
        "nodegroup",
        "*",
        "stats",
    ],
    &["streammanager", "api", "*", "admin", "node", "sunset"],
    &["streammanager", "api", "*", "admin", "node", "*", "stats"],
    &[
        "streammanager",
        "api",
        "*",
        "admin",
        "alarm",
        "scaleout",
        "default",
    ],
    &["streammanager", "api", "*", "admin", "event"],
    &[
        "streammanager",
        "api",
        "*",
        "admin",
        "debug",
        "cloudcontroller",
    ],
    &["streammanager", "api", "*", "admin", "log", "*"],
];

/// Other spellings of a word, where the path has it.
const ALIASES: &[(&str, &str)] = &[("launchpolicy", "launchconfig")];

/// Gives the request the URL it meant.
pub(super) fn mend<B>(mut request: Request<B>) -> Request<B> {
    if let Some(uri) = mended_uri(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn mended_uri(uri: &Uri) -> Option<Uri> {
    if is_plain(uri.path(), uri.query()) {
        return None;
    }
    let meant = normalise(uri.path(), uri.query());
    if Some(meant.as_str()) == uri.path_and_query().map(PathAndQuery::as_str) {
        return None;
    }
    let mut parts = uri.clone().into_parts();
    // What does not parse is left as it was sent: the router will not know it either.
    parts.path_and_query = Some(PathAndQuery::try_from(meant).ok()?);
    Uri::from_parts(parts).ok()
}

/// A question or a report with nothing to mend, told without building the URL anew: these come by the thousand. It may
/// say no where there is nothing to mend, never the reverse.
fn is_plain(path: &str, query: Option<&str>) -> bool {
    let is_bare = |text: &str| !text.contains(['%', '+', ' ']);
    let plain_query = query.is_none_or(|query| {
        let pairs = || query.split('&');
        let is_pair = |pair: &str| !pair.is_empty() && pair != "=" && !is_token(key_of(pair));
        is_bare(query) && !query.contains('?') && pairs().all(is_pair)
    });
    plain_query && is_bare(path) && (path == "/streammanager/cloudwatch" || is_question(path))
}

/// `/streammanager/api/{version}/event/{scope…}/{stream}`, where the scope is none of the API's words.
fn is_question(path: &str) -> bool {
    let Some(below) = path.strip_prefix("/streammanager/api/") else {
        return false;
    };
    let mut segments = below.split('/');
    let mut next = || segments.next().filter(|segment| !segment.is_empty());
    let (version, event, first) = (next(), next(), next());
    let is_word = |segment: &str| {
        ["list", "test"]
            .iter()
            .any(|word| segment.eq_ignore_ascii_case(word))
    };
    version.is_some()
        && event == Some("event")
        && first.is_some_and(|first| !is_word(first))
        && segments.all(|segment| !segment.is_empty())
}

/// The path and query that were meant. Idempotent; never fails.
pub fn normalise(path: &str, query: Option<&str>) -> String {
    let mut meant = mend_path(path);
    if let Some(query) = query {
        let query = mend_query(query);
        if !query.is_empty() {
            meant.push('?');
            meant.push_str(&query);
        }
    }
    meant
}

fn mend_path(path: &str) -> String {
    let mut meant = String::with_capacity(path.len() + 1);
    let mut shapes: Vec<&[&str]> = SHAPES.to_vec();
    let segments = path.split('/').map(trim_blanks).filter(|s| !s.is_empty());
    for (position, segment) in segments.enumerate() {
        meant.push('/');
        meant.push_str(match fixed_word(&mut shapes, position, segment) {
            Some(word) => word,
            None => segment,
        });
    }
    if meant.is_empty() {
        meant.push('/');
    }
    meant
}

/// The API's own word at this position if the segment is one, and narrows the shapes to those that still fit.
fn fixed_word(
    shapes: &mut Vec<&'static [&'static str]>,
    position: usize,
    segment: &str,
) -> Option<&'static str> {
    let word = shapes.iter().find_map(|shape| {
        let word = *shape.get(position)?;
        (word != "*" && is_word(segment, word)).then_some(word)
    });
    let fits = word.unwrap_or("*");
    shapes.retain(|shape| shape.get(position) == Some(&fits));
    let word = word?;
    let alias = ALIASES.iter().find(|(other, _)| *other == word);
    Some(alias.map_or(word, |(_, meant)| meant))
}

fn is_word(segment: &str, word: &str) -> bool {
    if !segment.contains('%') {
        return segment.eq_ignore_ascii_case(word);
    }
    percent_decode_str(segment)
        .decode_utf8()
        .is_ok_and(|text| text.trim().eq_ignore_ascii_case(word))
}

fn mend_query(query: &str) -> String {
    let pairs: Vec<(&str, Option<&str>)> = query
        .split(['&', '?'])
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) => (trim_blanks(key), Some(trim_blanks(value))),
            None => (trim_blanks(pair), None),
        })
        .filter(|(key, value)| !key.is_empty() || value.is_some_and(|v| !v.is_empty()))
        .collect();
    let last_token = pairs
        .iter()
        .rposition(|(key, value)| is_token(key) && value.is_some_and(|v| !v.is_empty()));
    let mut meant = String::with_capacity(query.len());
    for (at, (key, value)) in pairs.iter().enumerate() {
        if is_token(key) && last_token != Some(at) {
            continue;
        }
        if !meant.is_empty() {
            meant.push('&');
        }
        meant.push_str(key);
        if let Some(value) = value {
            meant.push('=');
            meant.push_str(value);
        }
    }
    meant
}

fn is_token(key: &str) -> bool {
    key.eq_ignore_ascii_case("accessToken")
}

fn key_of(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(key, _)| key)
}

/// Without blanks at its ends, in any spelling a URL has for them.
fn trim_blanks(mut text: &str) -> &str {
    const BLANKS: [&str; 4] = ["%20", "+", " ", "%09"];
    while let Some(rest) = BLANKS.iter().find_map(|blank| text.strip_prefix(blank)) {
        text = rest;
    }
    while let Some(rest) = BLANKS.iter().find_map(|blank| text.strip_suffix(blank)) {
        text = rest;
    }
    text
}
