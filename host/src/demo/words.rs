//! Small things of English and of narrow columns.

/// `1 edge`, `2 edges`.
pub(super) fn counted(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// A policy's words with `1 connections` and its like made singular.
pub(super) fn singular(text: &str) -> String {
    const THINGS: [&str; 4] = ["connections", "nodes", "edges", "places"];
    let words: Vec<&str> = text.split(' ').collect();
    let mended = words.iter().enumerate().map(|(at, word)| {
        let bare = word.trim_end_matches([',', ';', ':', '.']);
        let is_one = at > 0 && words[at - 1].trim_start_matches('(') == "1";
        if is_one && THINGS.contains(&bare) {
            format!("{}{}", &bare[..bare.len() - 1], &word[bare.len()..])
        } else {
            (*word).to_owned()
        }
    });
    mended.collect::<Vec<_>>().join(" ")
}

/// At most `width` characters, shortened at the front: ends of identifiers tell them apart.
pub(super) fn ending(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let kept = text
        .chars()
        .skip(length - width.saturating_sub(1).min(length));
    std::iter::once('…').chain(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!(counted(1, "edge"), "1 edge");
        assert_eq!(counted(2, "edge"), "2 edges");
        assert_eq!(
            singular("edge: 1 connections, 21 connections on 1 nodes"),
            "edge: 1 connection, 21 connections on 1 node"
        );
    }

    #[test]
    fn identifiers_are_cut_at_the_front() {
        assert_eq!(ending("node-a-17", 9), "node-a-17");
        assert_eq!(ending("node-a-17", 5), "…a-17");
        assert_eq!(ending("node", 0), "…");
    }
}
