//! Tags of an instance: what is known of it when nothing else is.

use weir_cloud::LaunchRequest;

/// Tag with the node's identifier.
pub const IDENTIFIER: &str = "identifier";
/// Tag with the node's role.
pub const ROLE: &str = "role";
/// Tag with the connections that count as 100 %.
pub const CAPACITY: &str = "connectionCapacity";
/// Tag with the store's environment id: an instance without this exact value is not ours. A name of its own, because
/// operators use `environment` themselves.
pub const ENVIRONMENT: &str = "weir-environment";
/// Tag the console shows.
pub const NAME: &str = "Name";

const OURS: [&str; 4] = [IDENTIFIER, ROLE, CAPACITY, ENVIRONMENT];

/// Every tag of a launch, each key once: ours win over the document's, a `Name` of the document over ours.
pub(crate) fn of_launch(request: &LaunchRequest, environment: &str) -> Vec<(String, String)> {
    let id = request.id.as_str();
    let mut tags: Vec<(String, String)> = [
        (IDENTIFIER, id.to_owned()),
        (ROLE, request.role.as_str().to_owned()),
        (CAPACITY, request.capacity.to_string()),
        (ENVIRONMENT, environment.to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    for (key, value) in &request.tags {
        if !OURS.contains(&key.as_str()) {
            // Of a key that is given twice the last value counts, as in the document.
            tags.retain(|(known, _)| known != key);
            tags.push((key.clone(), value.clone()));
        }
    }
    if !tags.iter().any(|(key, _)| key == NAME) {
        tags.push((NAME.to_owned(), id.to_owned()));
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::node::Role;

    fn tags(given: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let request = LaunchRequest {
            id: "node-a-1".into(),
            role: Role::Edge,
            region: "a".into(),
            zone: "a1".into(),
            instance_type: "t2.medium".into(),
            image: "image".to_owned(),
            capacity: 7,
            tags: given.iter().map(owned).collect(),
            properties: Vec::new(),
        };
        of_launch(&request, "env-1")
    }

    #[test]
    fn ours_come_first_and_win() {
        let told = tags(&[
            ("environment", "tutorial"),
            ("role", "king"),
            ("weir-environment", "x"),
        ]);
        let told: Vec<_> = told
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("identifier", "node-a-1"),
                ("role", "edge"),
                ("connectionCapacity", "7"),
                ("weir-environment", "env-1"),
                ("environment", "tutorial"),
                ("Name", "node-a-1"),
            ]
        );
    }

    #[test]
    fn a_name_of_the_document_is_kept_and_no_key_comes_twice() {
        let told = tags(&[("Name", "mine"), ("a", "1"), ("a", "2")]);
        assert_eq!(
            told[4..],
            [
                ("Name".to_owned(), "mine".to_owned()),
                ("a".to_owned(), "2".to_owned())
            ]
        );
    }
}
