//! temporary
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut t = error.to_string();
    let mut s = error.source();
    while let Some(e) = s {
        t.push_str(": ");
        t.push_str(&e.to_string());
        s = e.source();
    }
    t
}
