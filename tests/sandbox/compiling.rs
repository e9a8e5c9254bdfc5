//! The compiling child: what strangers wrote is compiled by a process that is poor in everything.

use weir::policy::{
    AdmitError, BUILTINS, Compiler, EngineSettings, Limits, PolicyEngine, SharedPolicy, WasmEngine,
};

use crate::{guests, inputs};

fn child() -> Compiler {
    Compiler::Child {
        program: env!("CARGO_BIN_EXE_compile-policy").into(),
        arguments: vec!["compile-policy".to_owned()],
    }
}

async fn admit(
    compiler: Compiler,
    limits: Limits,
    bytes: &[u8],
) -> Result<SharedPolicy, AdmitError> {
    let engine = WasmEngine::new(EngineSettings {
        limits,
        compiler,
        cache: None,
        instances: 20,
    });
    engine.unwrap().admit("p", bytes).await
}

#[tokio::test]
async fn a_component_compiled_by_the_child_runs_here() {
    let policy = admit(child(), Limits::default(), BUILTINS[0].1)
        .await
        .unwrap();
    let proposal = policy
        .propose(&inputs::snapshot(1), "{}", &[])
        .answer
        .unwrap();
    assert_eq!(proposal.launches.len(), 1);
    let module = guests::module("");
    assert!(admit(child(), Limits::default(), &module).await.is_ok());
}

#[tokio::test]
async fn what_the_compiler_refuses_is_the_components_fault() {
    let invalid = b"\0asm\x0d\0\x01\0\x01\x0a\0asm\x01\0\0\0\x01\x05";
    let refused = admit(child(), Limits::default(), invalid)
        .await
        .err()
        .unwrap();
    assert!(
        matches!(refused, AdmitError::NotAComponent { .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn a_compilation_without_memory_fails_alone() {
    let limits = Limits {
        compile_bytes: 4 * 1024 * 1024,
        ..Limits::default()
    };
    let refused = admit(child(), limits, BUILTINS[0].1).await.err().unwrap();
    assert!(matches!(refused, AdmitError::Compile { .. }), "{refused}");
}

#[tokio::test]
async fn a_compilation_without_time_is_ended() {
    let limits = Limits {
        compile_ms: 1,
        ..Limits::default()
    };
    let refused = admit(child(), limits, BUILTINS[0].1).await.err().unwrap();
    assert_eq!(
        refused,
        AdmitError::Compile {
            problem: "it took longer than 1 ms".to_owned()
        }
    );
}

#[tokio::test]
async fn a_compiler_that_does_not_start_is_our_own_fault() {
    let nothing = Compiler::Child {
        program: "/no/such/program".into(),
        arguments: Vec::new(),
    };
    let refused = admit(nothing, Limits::default(), BUILTINS[0].1)
        .await
        .err()
        .unwrap();
    assert!(matches!(refused, AdmitError::Engine { .. }), "{refused}");
}
