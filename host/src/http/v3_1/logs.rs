//! Log files by the API, row 28 of its index: listed, and fetched under a name that lives for a minute.

use std::io;
use std::path::Path as FilePath;
use std::time::UNIX_EPOCH;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tokio::io::AsyncReadExt;
use utoipa::ToSchema;

use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::settings::LogAccess;

/// A log file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogFile {
    name: String,
    /// ms.
    last_modified: u64,
    /// Bytes.
    size: u64,
}

/// Where a log file can be fetched.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LogDownload {
    /// The file is at this path, followed by its name.
    path: String,
    comment: String,
    #[serde(flatten)]
    file: LogFile,
}

/// Names of the log files.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/log", tag = "logs", responses((status = 200, body = [LogFile])))]
pub(super) async fn list(State(app): State<AppState>) -> Result<Json<Vec<LogFile>>, ApiError> {
    let access = access(&app)?;
    let listed = read_folder(&access.dir).await;
    listed
        .map(Json)
        .map_err(|problem| ApiError::internal("the log folder cannot be read", &problem))
}

/// Makes a log file ready to be fetched.
#[utoipa::path(get, path = "/streammanager/api/3.1/admin/log/{file}", tag = "logs",
    params(("file" = String, Path)), responses((status = 200, body = LogDownload)))]
pub(super) async fn offer(
    State(app): State<AppState>,
    Path(name): Path<String>,
) -> Result<Json<LogDownload>, ApiError> {
    let access = access(&app)?;
    if !is_plain(&name) {
        return Err(ApiError::bad_input(format!(
            "{name:?} must be the plain name of a log file"
        )));
    }
    let path = access.dir.join(&name);
    let file = describe(&path, name.clone()).await.ok().flatten();
    let file = file.ok_or_else(|| ApiError::not_found("log", &name))?;
    let random = app.downloads.offer(path, app.clock.now(), access.expiry);
    Ok(Json(LogDownload {
        path: format!("/tmplogs/{random}/"),
        comment: format!(
            "This download will expire in {} seconds.",
            access.expiry.0 / 1_000
        ),
        file,
    }))
}

/// The file itself. The name in the path is the secret: no token is asked.
pub(in crate::http) async fn download(
    State(app): State<AppState>,
    Path((random, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    access(&app)?;
    let gone = || ApiError::not_found("download", &name);
    let path = app
        .downloads
        .file(&random, app.clock.now())
        .ok_or_else(gone)?;
    if path.file_name().and_then(|own| own.to_str()) != Some(name.as_str()) {
        return Err(gone());
    }
    let opened = async {
        let file = tokio::fs::File::open(&path).await?;
        let size = file.metadata().await?.len();
        io::Result::Ok((file, size))
    };
    let (file, size) = opened.await.map_err(|_| gone())?;
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (CONTENT_LENGTH, size.to_string()),
    ];
    // The file may grow meanwhile: what was promised is what is sent.
    Ok((headers, chunks(file.take(size))).into_response())
}

fn chunks(file: tokio::io::Take<tokio::fs::File>) -> Body {
    Body::from_stream(stream::try_unfold(file, async |mut file| {
        let mut chunk = Vec::with_capacity(64 * 1024);
        let read = (&mut file).take(64 * 1024).read_to_end(&mut chunk).await?;
        io::Result::Ok((read > 0).then_some((chunk, file)))
    }))
}

fn access(app: &AppState) -> Result<LogAccess, ApiError> {
    app.settings.load().log_access.clone().ok_or_else(|| {
        ApiError::bad_input(
            "log files are not open to the API: set log.access = true in weir.toml (debug.logaccess=true in a \
             properties file)",
        )
    })
}

/// A name without a way to anywhere else.
fn is_plain(name: &str) -> bool {
    let odd = |c: char| c.is_control() || "/\\:".contains(c);
    !name.is_empty()
        && !name.starts_with('.')
        && !name.contains(odd)
        && FilePath::new(name).components().count() == 1
}

async fn read_folder(dir: &FilePath) -> io::Result<Vec<LogFile>> {
    let mut entries = tokio::fs::read_dir(dir).await?;
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if is_plain(&name) {
            files.extend(describe(&entry.path(), name).await?);
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// `None` for anything but a regular file: links could lead out of the folder.
async fn describe(path: &FilePath, name: String) -> io::Result<Option<LogFile>> {
    let metadata = tokio::fs::symlink_metadata(path).await?;
    let age = metadata
        .modified()?
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let last_modified = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    Ok(metadata.is_file().then_some(LogFile {
        name,
        last_modified,
        size: metadata.len(),
    }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn names_with_a_way_elsewhere_are_refused() {
        for name in [
            "..",
            "../x",
            "a/b",
            "/etc/passwd",
            "a\\b",
            ".hidden",
            "",
            "c:x",
            "a\nb",
        ] {
            assert!(!is_plain(name), "{name:?}");
        }
        assert!(is_plain("weir.log") && is_plain("weir-2026-01-01.log"));
    }

    #[tokio::test]
    async fn links_are_not_listed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("weir.log"), "line\n").unwrap();
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join("link.log")).unwrap();
        std::fs::create_dir(dir.path().join("folder")).unwrap();
        let names: Vec<String> = read_folder(dir.path())
            .await
            .unwrap()
            .into_iter()
            .map(|file| file.name)
            .collect();
        assert_eq!(names, ["weir.log"]);
    }
}
