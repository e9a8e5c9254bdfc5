//! What a token opens.

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    Admin,
    /// Everything but tokens.
    Operator,
    /// Reading, but for tokens.
    ReadOnly,
    /// Reports of nodes, and nothing else.
    Node,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Operator, Self::ReadOnly, Self::Node];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::ReadOnly => "read-only",
            Self::Node => "node",
        }
    }

    /// The scope of a word.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// Whether it opens a call of the administrators' API. `changes`: it may change something; `tokens`: it is about
    /// tokens.
    pub fn opens(self, changes: bool, tokens: bool) -> bool {
        match self {
            Self::Admin => true,
            Self::Operator => !tokens,
            Self::ReadOnly => !changes && !tokens,
            Self::Node => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_opens_less_than_the_one_before() {
        let opened = |scope: Scope| {
            let calls = [(false, false), (true, false), (false, true), (true, true)];
            calls.map(|(changes, tokens)| scope.opens(changes, tokens))
        };
        assert_eq!(opened(Scope::Admin), [true, true, true, true]);
        assert_eq!(opened(Scope::Operator), [true, true, false, false]);
        assert_eq!(opened(Scope::ReadOnly), [true, false, false, false]);
        assert_eq!(opened(Scope::Node), [false; 4]);
    }

    #[test]
    fn words_read_back() {
        for scope in Scope::ALL {
            assert_eq!(Scope::read(scope.as_str()), Some(scope));
        }
        assert_eq!(Scope::read("root"), None);
    }
}
