//! What a new instance is told: who it is, the key it signs with, where its manager is, and the operator's own data.
//!
//! Without data of the operator's it is plain lines `WEIR_NODE=…`, `WEIR_NODE_KEY=…` (only when nodes sign),
//! `WEIR_MANAGER=…`. With such data it is a MIME archive as cloud-init reads it: the first part is a script that writes
//! the same lines to [`FILE`], the second is the operator's as it is. A reader finds our lines in both by their first
//! word.
//!
//! The script is a boothook, which cloud-init runs before anything of the operator's. A second `#cloud-config` would not
//! do: cloud-init lets the `write_files` of the last one replace those before it
//! (cloudinit.readthedocs.io, "User data formats" and "Merging user data sections").

use std::path::{Component, Path, PathBuf};

use weir_cloud::node_auth::NodeKey;

/// File that our script writes our lines to.
pub const FILE: &str = "/etc/weir/node.env";
/// Longest user data EC2 takes, bytes before encoding.
pub const LONGEST: usize = 16 * 1024;
const BOUNDARY: &str = "==weir-user-data==";
/// Ends the lines in the script; no line of ours is this.
const END: &str = "WEIR_END";

/// Why user data cannot be made; each names the property and the mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserDataError {
    /// A form we do not know.
    #[error("property UserData must be file:/path or base64:TEXT")]
    Form,
    /// Not base64.
    #[error("property UserData: what follows base64: is no base64")]
    Base64,
    /// Reading files is not allowed.
    #[error(
        "property UserData=file: needs the setting cloud.ec2.user_data_dir, the folder it may read from"
    )]
    NoFolder,
    /// Outside the folder.
    #[error("property UserData: {0} is not below cloud.ec2.user_data_dir; put it there")]
    Outside(PathBuf),
    /// Cannot be read.
    #[error("property UserData: {0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::ErrorKind),
    /// No text.
    #[error("property UserData must be text in UTF-8")]
    NoText,
    /// Too long.
    #[error("user data is {0} bytes with our lines, EC2 takes 16384: shorten property UserData")]
    TooLong(usize),
}

/// The lines that tell a node who it is.
pub(crate) fn lines(node: &str, manager: &str, cluster_password: Option<&str>) -> String {
    let key = cluster_password.map(|password| NodeKey::derive(password, node).to_hex());
    let key = key.map_or(String::new(), |key| format!("WEIR_NODE_KEY={key}\n"));
    format!("WEIR_NODE={node}\n{key}WEIR_MANAGER={manager}\n")
}

/// The whole of it, before encoding.
pub(crate) fn whole(lines: &str, own: Option<&str>) -> Result<String, UserDataError> {
    let text = match own {
        None => lines.to_owned(),
        Some(own) => archive(lines, own),
    };
    if text.len() > LONGEST {
        return Err(UserDataError::TooLong(text.len()));
    }
    Ok(text)
}

fn archive(lines: &str, own: &str) -> String {
    let mut boundary = BOUNDARY.to_owned();
    while own.contains(&boundary) {
        boundary.push('=');
    }
    let folder = FILE.rsplit_once('/').map_or("/", |(folder, _)| folder);
    let part = part(own);
    format!(
        "Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n\n\
         --{boundary}\nContent-Type: text/cloud-boothook; charset=\"utf-8\"\n\n\
         #cloud-boothook\n#!/bin/sh\nset -e\nmkdir -p {folder}\numask 077\ncat >{FILE} <<'{END}'\n{lines}{END}\n\
         --{boundary}\n{part}\n--{boundary}--\n"
    )
}

/// The operator's data as a part of an archive. An archive of its own has its heading already.
fn part(own: &str) -> String {
    let first = own.lines().next().unwrap_or_default().to_ascii_lowercase();
    let kind = match first.as_str() {
        heading if heading.starts_with("content-type:") || heading.starts_with("mime-version:") => {
            return own.to_owned();
        }
        script if script.starts_with("#!") => "text/x-shellscript",
        config if config.starts_with("#cloud-config") => "text/cloud-config",
        // cloud-init looks at the first line itself.
        _ => "text/plain",
    };
    format!("Content-Type: {kind}; charset=\"utf-8\"\n\n{own}")
}

/// The operator's own data: property `UserData` of the launch document. Files are read below `folder` only, links
/// followed before that is decided.
///
/// # Errors
/// See [`UserDataError`].
pub(crate) async fn own(
    properties: &[(String, String)],
    folder: Option<&Path>,
) -> Result<Option<String>, UserDataError> {
    let mut given = properties.iter().rev();
    let Some((_, value)) = given.find(|(name, _)| name == "UserData") else {
        return Ok(None);
    };
    let bytes = if let Some(path) = value.strip_prefix("file:") {
        read(Path::new(path), folder.ok_or(UserDataError::NoFolder)?).await?
    } else if let Some(text) = value.strip_prefix("base64:") {
        aws_smithy_types::base64::decode(text.trim()).map_err(|_| UserDataError::Base64)?
    } else {
        return Err(UserDataError::Form);
    };
    let text = String::from_utf8(bytes).map_err(|_| UserDataError::NoText)?;
    Ok(Some(text))
}

async fn read(path: &Path, folder: &Path) -> Result<Vec<u8>, UserDataError> {
    let unreadable =
        |at: &Path, error: std::io::Error| UserDataError::Unreadable(at.to_owned(), error.kind());
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(UserDataError::Outside(path.to_owned()));
    }
    let folder = tokio::fs::canonicalize(folder)
        .await
        .map_err(|error| unreadable(folder, error))?;
    let wanted = folder.join(path);
    // Before the file is looked at: an answer must not tell what exists elsewhere.
    if !wanted.starts_with(&folder) {
        return Err(UserDataError::Outside(path.to_owned()));
    }
    let real = tokio::fs::canonicalize(&wanted)
        .await
        .map_err(|error| unreadable(path, error))?;
    if !real.starts_with(&folder) {
        return Err(UserDataError::Outside(path.to_owned()));
    }
    let length = tokio::fs::metadata(&real)
        .await
        .map_err(|error| unreadable(path, error))?;
    if !length.is_file() || length.len() > LONGEST as u64 {
        return Err(UserDataError::TooLong(
            usize::try_from(length.len()).unwrap_or(usize::MAX),
        ));
    }
    tokio::fs::read(&real)
        .await
        .map_err(|error| unreadable(path, error))
}

#[cfg(test)]
mod tests;
