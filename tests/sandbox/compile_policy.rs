//! The compiling child, as a program of its own for the tests.

fn main() -> std::process::ExitCode {
    weir::policy::compile_child_main()
}
