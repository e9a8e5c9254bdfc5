//! Real parts that tests run against: where they are installed. One that is missing fails its tests, with the line to
//! run; nothing is skipped.

use std::path::PathBuf;

/// The version that `tests/run` installs; its dependencies stand in `tests/support/moto.txt`.
const MOTO: &str = "moto-5.2.5";

/// The Python that has moto.
///
/// # Panics
/// It is not installed.
pub fn moto_python() -> PathBuf {
    installed(&format!("{MOTO}/bin/python"))
}

/// A file below `tools/` of the target folder, which is one of those above this program.
fn installed(path: &str) -> PathBuf {
    let program = std::env::current_exe().expect("a running program has a path");
    let places = program
        .ancestors()
        .map(|folder| folder.join("tools").join(path));
    let mut found = places.filter(|place| place.exists());
    found.next().unwrap_or_else(|| {
        panic!(
            "tools/{path} is missing in the target folder {}: run \"tests/run --parts\" (with the same CARGO_TARGET_DIR)",
            program.display()
        )
    })
}

/// Where systems keep programs of administrators; not in everybody's `PATH`.
const SYSTEM: [&str; 4] = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];

/// A program of a package of the system.
///
/// # Panics
/// It is not installed.
pub fn installed_by_system(program: &str) -> PathBuf {
    let mut places = SYSTEM
        .map(|folder| PathBuf::from(folder).join(program))
        .into_iter();
    places.find(|place| place.exists()).unwrap_or_else(|| {
        panic!("{program} is missing: run \"tests/run --parts\", which installs it on Debian, or install MariaDB 10.11 or newer")
    })
}
