use super::*;

fn property(value: &str) -> Vec<(String, String)> {
    vec![("UserData".to_owned(), value.to_owned())]
}

#[test]
fn a_node_is_told_its_name_its_key_and_its_manager() {
    let told = lines("node-a-1", "http://m:5080", Some("secret"));
    let key = NodeKey::derive("secret", "node-a-1").to_hex();
    assert_eq!(
        told,
        format!("WEIR_NODE=node-a-1\nWEIR_NODE_KEY={key}\nWEIR_MANAGER=http://m:5080\n")
    );
    assert!(!told.contains("secret"), "the password itself never leaves");
    assert!(!lines("n", "m", None).contains("KEY"));
    assert_eq!(whole(&told, None), Ok(told));
}

#[test]
fn the_operators_script_keeps_its_kind_beside_our_lines() {
    let told = whole("WEIR_NODE=n\n", Some("#!/bin/sh\necho hi")).expect("short enough");
    for part in [
        "multipart/mixed",
        "      WEIR_NODE=n\n",
        "text/x-shellscript",
        "#!/bin/sh\necho hi\n",
        FILE,
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let long = "x".repeat(LONGEST);
    assert!(matches!(
        whole("", Some(&long)),
        Err(UserDataError::TooLong(_))
    ));
}

#[tokio::test]
async fn own_data_comes_from_text_or_from_below_the_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("init.sh");
    std::fs::write(&file, "#!/bin/sh").expect("it can be written");
    let some = Some(folder.path());
    assert_eq!(own(&[], some).await, Ok(None));
    assert_eq!(
        own(&property("base64:aGk="), None).await,
        Ok(Some("hi".to_owned()))
    );
    assert_eq!(
        own(&property("base64:?"), None).await,
        Err(UserDataError::Base64)
    );
    assert_eq!(
        own(&property("plain"), some).await,
        Err(UserDataError::Form)
    );
    let named = format!("file:{}", file.display());
    for value in ["file:init.sh", &named] {
        assert_eq!(
            own(&property(value), some).await,
            Ok(Some("#!/bin/sh".to_owned()))
        );
    }
    assert_eq!(
        own(&property(&named), None).await,
        Err(UserDataError::NoFolder)
    );
}

#[cfg(unix)]
#[tokio::test]
async fn no_way_leads_out_of_the_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let secret = tempfile::NamedTempFile::new().expect("a temporary file");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(secret.path(), &link).expect("a link can be made");
    let outside = format!("file:{}", secret.path().display());
    for value in [
        "file:link",
        "file:../x",
        "file:a/../../x",
        "file:/no/such/file",
        &outside,
    ] {
        let told = own(&property(value), Some(folder.path())).await;
        assert!(
            matches!(told, Err(UserDataError::Outside(_))),
            "{value}: {told:?}"
        );
    }
    let told = own(&property("file:missing"), Some(folder.path())).await;
    assert!(
        matches!(told, Err(UserDataError::Unreadable(..))),
        "{told:?}"
    );
}
