#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn meant(url: &str) -> String {
    let uri: Uri = url.parse().unwrap();
    normalise(uri.path(), uri.query())
}

fn check(cases: &[(&str, &str)]) {
    let api = "/streammanager/api/3.1";
    for (sent, wanted) in cases {
        let wanted = format!("{api}{wanted}");
        assert_eq!(meant(&format!("{api}{sent}")), wanted, "{sent}");
    }
}

#[test]
fn broken_urls_of_published_instructions_are_mended() {
    let cases = [
        // Blanks in the path and in the value.
        (
            "/admin/%20configurations/launchconfig?accessToken=%20T",
            "/admin/configurations/launchconfig?accessToken=T",
        ),
        (
            "/admin/nodegroup/+group-1/node/origin?accessToken=T",
            "/admin/nodegroup/group-1/node/origin?accessToken=T",
        ),
        // A second question mark, and a blank before the number.
        (
            "/admin/alarm/scaleout/default?type=edge&threshold=%2060?accessToken=T",
            "/admin/alarm/scaleout/default?type=edge&threshold=60&accessToken=T",
        ),
        (
            "/admin/alarm/scaleout/default?threshold=+60+",
            "/admin/alarm/scaleout/default?threshold=60",
        ),
        // The last well-formed token wins.
        (
            "/admin/event?accessToken=T?accessToken=U",
            "/admin/event?accessToken=U",
        ),
        (
            "/admin/event?accessToken=T&accessToken=",
            "/admin/event?accessToken=T",
        ),
        // The slash after a token stays: the token check decides.
        (
            "/admin/nodegroup?accessToken=T/",
            "/admin/nodegroup?accessToken=T/",
        ),
        // Words without case, names with.
        (
            "/admin/configurations/ScalePolicy/Scale1",
            "/admin/configurations/scalepolicy/Scale1",
        ),
        (
            "/Admin/NodeGroup/Group-A/Node/Origin",
            "/admin/nodegroup/Group-A/node/origin",
        ),
        (
            "/admin/configurations/scalepolicy/Copy/COPY/Copy",
            "/admin/configurations/scalepolicy/Copy/copy/Copy",
        ),
        (
            "/admin/configurations/launchpolicy/a",
            "/admin/configurations/launchconfig/a",
        ),
        (
            "/admin/configurations/LaunchPolicy",
            "/admin/configurations/launchconfig",
        ),
        (
            "/admin/configurations/launchconfig/launchpolicy",
            "/admin/configurations/launchconfig/launchpolicy",
        ),
        // Trailing and doubled slashes.
        (
            "/admin/nodegroup/?accessToken=T",
            "/admin/nodegroup?accessToken=T",
        ),
        ("//admin//nodegroup//", "/admin/nodegroup"),
    ];
    check(&cases);
}

#[test]
fn stream_names_stay_as_sent() {
    let cases = [
        // Streams: scopes of many segments, names that look like words, escapes as sent.
        ("/event/live/Room/Stats", "/event/live/Room/Stats"),
        (
            "/event/live/my%20stream?action=subscribe",
            "/event/live/my%20stream?action=subscribe",
        ),
        ("/event/live/a%2Fb", "/event/live/a%2Fb"),
        (
            "/Event/List/Stats?aggregate=false",
            "/event/list/stats?aggregate=false",
        ),
        ("/event/live/admin", "/event/live/admin"),
    ];
    check(&cases);
}

#[test]
fn other_paths_keep_their_words() {
    assert_eq!(meant("/weir/v1/groups/Event/"), "/weir/v1/groups/Event");
    assert_eq!(meant("/"), "/");
    assert_eq!(
        meant("/StreamManager/CloudWatch"),
        "/streammanager/cloudwatch"
    );
}

#[test]
fn usual_questions_and_reports_are_plain() {
    let api = "/streammanager/api/3.1/event";
    assert!(is_plain("/streammanager/cloudwatch", None));
    assert!(is_plain(
        &format!("{api}/live/s"),
        Some("action=subscribe&region=eu")
    ));
    assert!(!is_plain(&format!("{api}/list"), None));
    assert!(!is_plain(
        &format!("{api}/live/s"),
        Some("action=subscribe?accessToken=T")
    ));
}

#[test]
fn the_request_is_rewritten_in_place() {
    let request = Request::get("/streammanager/api/3.1/EVENT/test/?a=1")
        .body(())
        .unwrap();
    assert_eq!(mend(request).uri(), "/streammanager/api/3.1/event/test?a=1");
}

proptest! {
    #[test]
    fn mending_twice_changes_nothing_more(path in "(/[a-zA-Z0-9%+. ]{0,8}){0,8}", query in "[a-zA-Z&?=+%0-9/]{0,40}") {
        let once = normalise(&path, Some(&query));
        let (path, query) = match once.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (once.as_str(), None),
        };
        prop_assert_eq!(normalise(path, query), once.clone());
    }

    #[test]
    fn what_is_called_plain_needs_no_mending(
        path in "/streammanager/(cloudwatch|api/3.1/event|api/3.1/Event|api//event)(/(list|Test|live|a|%20a|a\\+|)){0,3}",
        query in "(&|\\?|=|action=subscribe|%20|\\+|accessToken=|AccessToken=T|a){0,4}",
    ) {
        if is_plain(&path, Some(&query)) {
            prop_assert_eq!(normalise(&path, Some(&query)), format!("{path}?{query}"));
        }
        if is_plain(&path, None) {
            prop_assert_eq!(normalise(&path, None), path);
        }
    }

    #[test]
    fn names_are_never_changed(scope in "[a-zA-Z0-9_-]{1,12}", name in "[a-zA-Z0-9_-]{1,12}") {
        prop_assume!(!scope.eq_ignore_ascii_case("list") && !scope.eq_ignore_ascii_case("test"));
        let path = format!("/streammanager/api/3.1/event/{scope}/{name}");
        prop_assert_eq!(normalise(&path, None), path);
    }
}
