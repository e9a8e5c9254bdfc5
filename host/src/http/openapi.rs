//! `/openapi.json`: what is served, from the annotations of the handlers.

use std::sync::LazyLock;

use axum::Json;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, ContentBuilder, PathItem, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::error::ErrorBody;
use super::{health, reports, v3_1, v4_0, weir_v1};

/// What every operation may answer besides its own.
const FAILURES: [(&str, &str); 5] = [
    (
        "400",
        "the request is wrong or cannot be met as things stand",
    ),
    ("404", "the addressed thing does not exist"),
    ("429", "asked too often; see Retry-After"),
    ("500", "a mistake of the server"),
    ("503", "not now; see Retry-After"),
];

static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(|| {
    let mut document = Whole::openapi();
    document.merge(v3_1::Api::openapi());
    serve_as_4_0_too(&mut document);
    document.merge(v4_0::Api::openapi());
    document.merge(weir_v1::Api::openapi());
    Common.modify(&mut document);
    document
});

/// The description itself.
pub(super) async fn document() -> Json<&'static utoipa::openapi::OpenApi> {
    Json(&DOCUMENT)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Weir",
        description = "Manager of autoscaling clusters of live-streaming nodes."
    ),
    paths(
        reports::greet,
        reports::receive,
        health::alive,
        health::ready,
        health::figures
    ),
    components(schemas(ErrorBody))
)]
struct Whole;

/// Version 4.0 serves all of 3.1.
fn serve_as_4_0_too(document: &mut utoipa::openapi::OpenApi) {
    let in_4_0: Vec<(String, PathItem)> = document
        .paths
        .paths
        .iter()
        .filter(|(path, _)| path.contains("/api/3.1/"))
        .map(|(path, item)| (path.replace("/api/3.1/", "/api/4.0/"), item.clone()))
        .collect();
    document.paths.paths.extend(in_4_0);
}

/// Errors, tokens and unique operation ids, the same for all.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Components::new);
        let query = ApiKey::Query(ApiKeyValue::new("accessToken"));
        components.add_security_scheme("accessToken", SecurityScheme::ApiKey(query));
        components.add_security_scheme(
            "bearer",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        );
        for (path, item) in &mut document.paths.paths {
            let guarded = path.contains("/admin/") || path.starts_with("/weir/");
            for (method, operation) in operations(item) {
                operation.operation_id = Some(operation_id(method, path));
                fail(operation, &FAILURES);
                if guarded {
                    fail(operation, &[("401", "the admin token is missing or wrong")]);
                    operation.security = Some(
                        ["accessToken", "bearer"]
                            .map(|scheme| SecurityRequirement::new(scheme, [""; 0]))
                            .to_vec(),
                    );
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("delete", &mut item.delete),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn operation_id(method: &str, path: &str) -> String {
    let words = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.fold(method.to_owned(), |id, word| format!("{id}_{word}"))
}

fn fail(operation: &mut Operation, failures: &[(&str, &str)]) {
    for (status, why) in failures {
        let body = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("ErrorBody")))
            .build();
        let response = ResponseBuilder::new()
            .description(*why)
            .content("application/json", body)
            .build();
        operation
            .responses
            .responses
            .entry((*status).to_owned())
            .or_insert(response.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_described_and_ids_are_unique() {
        let mut document = DOCUMENT.clone();
        assert!(
            document
                .paths
                .paths
                .contains_key("/streammanager/api/4.0/admin/nodegroup")
        );
        assert!(
            document
                .paths
                .paths
                .contains_key("/streammanager/api/4.0/admin/node/sunset")
        );
        assert!(
            !document
                .paths
                .paths
                .contains_key("/streammanager/api/3.1/admin/node/sunset")
        );
        let mut ids = std::collections::BTreeSet::new();
        for item in document.paths.paths.values_mut() {
            for (_, operation) in operations(item) {
                assert!(
                    ids.insert(operation.operation_id.clone()),
                    "{:?}",
                    operation.operation_id
                );
            }
        }
    }
}
