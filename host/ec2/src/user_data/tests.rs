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
fn our_script_comes_first_and_the_operators_data_keeps_its_kind() {
    let cases = [
        ("#!/bin/sh\necho hi", "text/x-shellscript"),
        ("#cloud-config\nwrite_files: []", "text/cloud-config"),
        ("## template: jinja\n#cloud-config\n", "text/plain"),
    ];
    for (own, kind) in cases {
        let told = whole("WEIR_NODE=n\n", Some(own)).expect("short enough");
        let (ours, theirs) = told
            .split_once(&format!("Content-Type: {kind};"))
            .expect(kind);
        assert!(
            ours.contains("text/cloud-boothook") && ours.contains(FILE),
            "{ours}"
        );
        assert!(ours.contains("\nWEIR_NODE=n\n"), "{ours}");
        assert!(theirs.contains(&format!("\n\n{own}\n--")), "{theirs}");
        assert!(
            !ours.contains("#cloud-config"),
            "it would be merged with theirs"
        );
    }
    let long = "x".repeat(LONGEST);
    assert!(matches!(
        whole("", Some(&long)),
        Err(UserDataError::TooLong(_))
    ));
}

#[test]
fn an_archive_of_the_operators_is_a_part_as_it_is() {
    let own = format!("Content-Type: multipart/mixed; boundary=\"x\"\n\n--x\n{BOUNDARY}\n--x--");
    let told = whole("", Some(&own)).expect("short enough");
    assert!(
        told.contains(&format!("--{BOUNDARY}=\n{own}\n--{BOUNDARY}=--\n")),
        "{told}"
    );
}

/// The script as a machine runs it, but into a folder of the test's.
#[cfg(unix)]
#[test]
fn the_script_writes_our_lines_for_root_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let told =
        whole("A=1\nWEIR_MANAGER=http://m/$HOME'`\n", Some("#!/bin/sh")).expect("short enough");
    let from = told.find("#!/bin/sh").expect("a script");
    let to = told[from..].find("\n--").expect("its end") + from;
    let file = folder.path().join("weir/node.env");
    let inside = |path: &str| folder.path().join(path).display().to_string();
    let script = told[from..to].replace(FILE, &inside("weir/node.env"));
    let script = script.replace(
        "mkdir -p /etc/weir",
        &format!("mkdir -p {}", inside("weir")),
    );
    let ran = std::process::Command::new("sh")
        .arg("-c")
        .arg(script)
        .status();
    assert!(ran.expect("a shell").success());
    let written = std::fs::read_to_string(&file).expect("it is there");
    assert_eq!(written, "A=1\nWEIR_MANAGER=http://m/$HOME'`\n");
    let mode = std::fs::metadata(&file)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
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
