use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::config::Secret;
use crate::config::auth::{Origin, admin_token, cluster_password};

#[test]
fn token_is_made_once_kept_private_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = defaults();
    config.server.data_dir = folder.path().join("data");
    let made = admin_token(&config).unwrap();
    let Origin::Made(path) = &made.origin else {
        panic!("{:?}", made.origin);
    };
    assert_eq!(made.secret.reveal().len(), 64);
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!format!("{made:?}").contains(made.secret.reveal()));

    let kept = admin_token(&config).unwrap();
    assert_eq!(kept.secret, made.secret);
    assert_eq!(kept.origin, Origin::Kept(path.clone()));

    let password = cluster_password(&config).unwrap();
    assert_ne!(password.secret, made.secret);
    let text = password.secret.reveal();
    assert_eq!(text, text.to_lowercase(), "nodes take no capitals");
}

#[test]
fn configured_token_needs_no_file() {
    let mut config = defaults();
    config.server.data_dir = "/absent/and/not/to/be/made".into();
    config.auth.admin_token = Secret::new("configured-token");
    let credential = admin_token(&config).unwrap();
    assert_eq!(credential.origin, Origin::Configured);
    assert!(credential.secret.matches("configured-token"));
}

#[test]
fn half_written_token_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = defaults();
    config.server.data_dir = folder.path().to_owned();
    file(&folder, "admin-token", "\n");
    assert!(admin_token(&config).unwrap().secret.is_set());
}

#[test]
fn unusable_folder_is_named_with_the_mend() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = defaults();
    config.server.data_dir = file(&folder, "not-a-folder", "").join("data");
    let error = admin_token(&config).unwrap_err().to_string();
    assert!(error.contains("admin-token"), "{error}");
    assert!(error.contains("auth.admin_token"), "{error}");
}

#[test]
fn unset_secret_matches_nothing() {
    assert!(!Secret::default().matches(""));
    assert!(!Secret::new("token").matches("toke"));
    assert!(!Secret::new("token").matches("tokens"));
    assert!(Secret::new(" token ").matches("token"));
}
