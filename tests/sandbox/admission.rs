//! What does not get in at all.

use weir::policy::{
    AdmitError, Blame, EngineSettings, Limits, PolicyEngine, PolicyFault, WasmEngine,
};

use crate::{admit, guests, inputs, others_go_on, shared};

/// The fault of the trial that kept the guest out.
async fn trial_of(name: &str) -> (String, PolicyFault) {
    let refused = admit(name).await.err().unwrap();
    others_go_on();
    match refused {
        AdmitError::Trial { export, fault } => {
            assert_eq!(fault.blame(), Blame::Guest);
            (export, fault)
        }
        other => panic!("{other}"),
    }
}

async fn refusal(bytes: &[u8]) -> AdmitError {
    shared().0.admit("refused", bytes).await.err().unwrap()
}

#[tokio::test]
async fn an_honest_guest_is_admitted() {
    let policy = shared()
        .0
        .admit("honest", &guests::module(""))
        .await
        .unwrap();
    assert!(policy.scales() && policy.places());
    assert_eq!(policy.digest().len(), 64);
    let answer = policy.propose(&inputs::snapshot(666), "{}", &[]).answer;
    assert_eq!(answer.unwrap(), weir_core::proposal::Proposal::default());
}

#[tokio::test]
async fn a_guest_that_never_answers_is_kept_out() {
    let (export, fault) = trial_of("always_loops").await;
    assert_eq!(export, "propose");
    assert!(matches!(fault, PolicyFault::OutOfFuel { .. }));
}

#[tokio::test]
async fn a_guest_that_never_starts_is_kept_out() {
    let (export, fault) = trial_of("loops_at_start").await;
    assert_eq!(export, "describe");
    assert!(matches!(fault, PolicyFault::OutOfFuel { .. }));
}

#[tokio::test]
async fn a_guest_that_starts_with_too_much_memory_is_kept_out() {
    let refused = refusal(&guests::module_of(2_000, "")).await;
    assert!(
        matches!(&refused, AdmitError::Compile { problem } if problem.contains("memory")),
        "{refused}"
    );
    others_go_on();
}

#[tokio::test]
async fn a_name_that_is_no_text_is_kept_out() {
    let (export, fault) = trial_of("lies_in_describe").await;
    assert_eq!(export, "describe");
    assert!(matches!(fault, PolicyFault::BadAnswer { .. }), "{fault}");
}

#[tokio::test]
async fn a_foreign_import_is_named_with_the_mend() {
    let AdmitError::Imports { import, mend } = admit("imports_wasi").await.err().unwrap() else {
        panic!("another error");
    };
    assert_eq!(import, "wasi_snapshot_preview1/fd_write");
    assert!(mend.contains("--stub-wasi"), "{mend}");
    let component =
        wat::parse_str(r#"(component (import "wasi:cli/environment@0.2.0" (instance)))"#);
    let AdmitError::Imports { import, .. } = refusal(&component.unwrap()).await else {
        panic!("another error");
    };
    assert_eq!(import, "wasi:cli/environment@0.2.0");
}

#[tokio::test]
async fn a_function_behind_the_contracts_types_is_a_foreign_import() {
    let text = r#"(component (import "weir:policy/types@0.1.0" (instance (export "now" (func (result u64))))))"#;
    let refused = refusal(&wat::parse_str(text).unwrap()).await;
    assert!(matches!(refused, AdmitError::Imports { .. }), "{refused}");
}

#[tokio::test]
async fn a_component_that_is_no_policy_is_told_what_it_lacks() {
    let refused = refusal(&wat::parse_str("(component)").unwrap()).await;
    let AdmitError::Exports { export, .. } = refused else {
        panic!("{refused}");
    };
    assert_eq!(export, "about");
}

#[tokio::test]
async fn what_is_no_webassembly_is_refused() {
    for bytes in [
        &b""[..],
        b"hello",
        b"\0asm\x01\0\0\0garbage",
        b"\0asm\x0d\0\x01\0\xff\xff",
    ] {
        let refused = refusal(bytes).await;
        assert!(
            matches!(refused, AdmitError::NotAComponent { .. }),
            "{refused}"
        );
    }
    let plain = wat::parse_str("(module)").unwrap();
    assert!(matches!(
        refusal(&plain).await,
        AdmitError::NotAComponent { .. } | AdmitError::Exports { .. }
    ));
}

#[tokio::test]
async fn an_upload_over_the_cap_is_not_even_looked_at() {
    let settings = EngineSettings {
        limits: Limits {
            upload_bytes: 1_000,
            ..Limits::default()
        },
        instances: 10,
        ..EngineSettings::default()
    };
    let engine = WasmEngine::new(settings).unwrap();
    let refused = engine.admit("large", &[0; 1_001]).await.err().unwrap();
    assert_eq!(
        refused,
        AdmitError::TooLarge {
            size: 1_001,
            limit: 1_000
        }
    );
}
