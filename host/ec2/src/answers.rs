//! Answers that break off are refused: the SDK's reader takes an XML document that ends early for a whole one, and a
//! listing cut in the middle would pass for a short list.

use aws_sdk_ec2::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_ec2::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ec2::error::BoxError;

/// Looks at every successful answer after it was read.
#[derive(Debug)]
pub(crate) struct WholeAnswers;

/// The answer is no whole document.
#[derive(Debug, thiserror::Error)]
#[error("the answer breaks off after {0} bytes")]
struct BrokenOff(usize);

impl Intercept for WholeAnswers {
    fn name(&self) -> &'static str {
        "WholeAnswers"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response();
        // A refusal has its code, or is unusable anyhow.
        if !answer.status().is_success() {
            return Ok(());
        }
        let body = answer.body().bytes().unwrap_or_default();
        if is_whole(body) {
            Ok(())
        } else {
            Err(BrokenOff(body.len()).into())
        }
    }
}

/// The document's last tag closes its first element.
fn is_whole(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let after_prolog = match text.strip_prefix("<?") {
        Some(rest) => rest.split_once("?>").map_or("", |(_, rest)| rest),
        None => text,
    };
    let root = after_prolog.trim_start().strip_prefix('<').unwrap_or("");
    let ends = |letter: char| letter.is_whitespace() || letter == '>' || letter == '/';
    let name = root.split(ends).next().unwrap_or("");
    !name.is_empty() && text.ends_with(&format!("</{name}>"))
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn a_document_is_whole_when_its_root_is_closed() {
        for (body, whole) in [
            ("<?xml version=\"1.0\"?>\n<A xmlns=\"x\"><b/></A>\n", true),
            ("<A></A>", true),
            ("<A><b></b>", false),
            ("<A><b></A", false),
            ("<?xml version=\"1.0\"?>", false),
            ("", false),
            ("an error page", false),
        ] {
            assert_eq!(is_whole(body.as_bytes()), whole, "{body}");
        }
    }
}
